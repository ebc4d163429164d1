"""How are the differences between two revisions shown?

Removed words are red and struck through, added ones green; where there are no colours (no terminal, NO_COLOR) they
stand in [-...-] and {+...+}. Text is as hostile as everywhere: each stretch is cleaned before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from monitor.cli.output import counted, short
from monitor.errors import NotFoundError, UsageError
from monitor.text.normalise import clean_line
from monitor.text.word_diff import Segment, diff_words, shortened

_STYLES = {"removed": "red strike", "added": "green", "same": "", "left_out": "dim"}
_MARKS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "same": ("", ""), "left_out": ("", "")}

Revision = Mapping[str, Any]


def choose_pairs(
    revisions: Sequence[Revision], from_no: int | None, to_no: int | None
) -> list[tuple[Revision, Revision]]:
    """Which revisions are compared: the two that are named, else each with the one before, newest first.

    A missing end is the newest one, a missing beginning the one before the end. Raises NotFoundError and UsageError.
    """
    if from_no is None and to_no is None:
        return [(revisions[number - 1], revisions[number]) for number in range(len(revisions) - 1, 0, -1)]
    by_no = {revision["revision_no"]: revision for revision in revisions}
    end = max(by_no, default=0) if to_no is None else to_no
    start = max((no for no in by_no if no < end), default=end) if from_no is None else from_no
    for number in (start, end):
        if number not in by_no:
            there = f"1 to {max(by_no)}" if by_no else "none yet"
            raise NotFoundError(f"the article has no revision {number}; it has {there}")
    if start == end:
        raise UsageError(f"revision {end} cannot be compared with itself; name another one with --from")
    return [(by_no[start], by_no[end])]


def described_difference(before: Revision, after: Revision) -> dict[str, Any]:
    """One comparison for programs; segments in order, each {kind, text}."""

    def segments(name: str) -> list[dict[str, str]]:
        return [{"kind": one.kind, "text": one.text} for one in diff_words(before[name], after[name])]

    return {
        "from": before["revision_no"],
        "to": after["revision_no"],
        "seen_at": after["seen_at"],
        "kind": after["kind"],
        "title": segments("title"),
        "text": segments("text"),
    }


def print_difference(before: Revision, after: Revision, console: Console) -> None:
    """One comparison for people: what happened when, the title, the paragraphs."""
    title = shortened(diff_words(before["title"], after["title"]), n_context=100)
    text = shortened(diff_words(before["text"], after["text"]))
    console.print()
    console.print(Text(clean_line(_told(before, after, (*title, *text))), style="bold"))
    if title:
        _print_segments(console, title, "title: ")
    _print_segments(console, text)
    if not title and not text:
        console.print(Text("the same words", style="dim"))


def _told(before: Revision, after: Revision, segments: Sequence[Segment]) -> str:
    is_next = after["revision_no"] == before["revision_no"] + 1
    compared = "" if is_next else f" against {before['revision_no']}"
    n_added, n_removed = (
        sum(len(one.text.split()) for one in segments if one.kind == kind) for kind in ("added", "removed")
    )
    counts = (after["n_words_added"], after["n_words_removed"]) if is_next else (n_added, n_removed)
    told = f"{counted(counts[0], 'word')} added, {counts[1]} removed"
    return f"revision {after['revision_no']}{compared}, {short(after['seen_at'])} UTC: {after['kind']}, {told}"


def _print_segments(console: Console, segments: Iterable[Segment], label: str = "") -> None:
    is_plain = console.no_color or console.color_system is None
    line = Text(label)
    for segment in segments:
        stretches = segment.text.split("\n")
        if segment.kind == "left_out":
            stretches = ["..."] * (2 if segment.text and line.plain.strip() else 1)
        for number, stretch in enumerate(stretches):
            if number:
                _print_line(console, line)
                line = Text()
            _append(line, segment.kind, stretch, is_plain=is_plain)
    _print_line(console, line)


def _append(line: Text, kind: str, stretch: str, *, is_plain: bool) -> None:
    words = clean_line(stretch)
    if not words:
        return
    opening, closing = _MARKS[kind] if is_plain else ("", "")
    is_apart = stretch[0].isspace() or _asks_for_space(line, kind, is_plain=is_plain)
    if is_apart and line.plain and not line.plain.endswith(" "):
        line.append(" ")
    line.append(f"{opening}{words}{closing}", style=_STYLES[kind])
    if stretch[-1].isspace():
        line.append(" ")


def _asks_for_space(line: Text, kind: str, *, is_plain: bool) -> bool:
    """Beside what is left out; between what was removed and what stands there now, where no mark tells them apart."""
    if kind == "left_out" or line.plain.endswith("..."):
        return True
    last_style = str(line.spans[-1].style) if line.spans else ""
    return not is_plain and kind == "added" and last_style == _STYLES["removed"]


def _print_line(console: Console, line: Text) -> None:
    if line.plain.strip():
        line.rstrip()
        console.print(line)

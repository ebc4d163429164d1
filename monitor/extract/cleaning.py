"""Which lines of a page are the article, who wrote it, and who is credited?

Takes the paragraphs an extractor or a feed gives and hands back the body without advertisement markers, related
links, share bars, newsletter boxes and cookie notices; bylines and credit lines at either end become `authors` and
`credit`. The dateline is recorded and stays in the text. Knows nothing of any outlet: see monitor.extract.lines for
how a line is judged. Never looks at lines in the middle for bylines or credits: there they are part of the report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.extract import phrases
from monitor.extract.agencies import agency_by_form, agency_of_dateline, is_known_agency, known_agencies
from monitor.extract.lines import (
    byline_of,
    credit_of,
    is_copyright,
    is_date_line,
    is_noise,
    is_sentence,
    opens_a_report,
)
from monitor.text.dateline import split_dateline
from monitor.text.normalise import fold, normal_text
from monitor.types import Origin

_N_START_LINES = 5
_N_END_LINES = 8
_STANDFIRST_WORDS = 40
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")
_TAIL_IN_BRACKETS = re.compile(r"(?<=[.!?”\"’。])\s*[(\[（]([^()\[\]（）]{2,40})[)\]）]\.?$")
_TAIL_AFTER_DASH = re.compile(r"(?<=[.!?”\"’])\s*[—–-]{1,2}\s*([^\W\d_][\w'’ /,&-]{1,40})\.?$")
_CAPITALS = re.compile(r"[^\W\d_a-z]{2,8}")
_CHINESE_DATELINE = re.compile(
    r"^[(（【]?\s*(新华社|新華社|中新社|中新网|法新社|路透社|美联社)(?:[^，。,]{0,20}?电|[)）】])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The body and what its edges said. `credit` joins several credit lines with "; "."""

    paragraphs: tuple[str, ...]
    authors: tuple[str, ...] = ()
    credit: str | None = None
    dateline: str | None = None
    agency: str | None = None
    origin: Origin = Origin.OWN


@dataclass(slots=True)
class _Edges:
    """What is collected while both ends are looked at; authors of the start come before those of the end."""

    authors: list[str] = field(default_factory=list)
    credits: list[str] = field(default_factory=list)

    def take(self, line: str) -> bool:
        """Does the line say who wrote or whom to credit? Then it is recorded, and leaves the body."""
        if byline := byline_of(line):
            self.authors.extend(byline.authors)
            self.credits.extend([byline.credit] if byline.credit else [])
            return True
        if credit := credit_of(line):
            self.credits.append(credit)
            return True
        return False


def clean_paragraphs(
    paragraphs: Sequence[str], *, title: str = "", known_authors: Sequence[str] = (), known_credits: Sequence[str] = ()
) -> Cleaned:
    """The cleaned body. `title` repeated as a first line leaves, and so do lines that only name a known author."""
    lines = [line for paragraph in paragraphs if (line := _tidy(paragraph)) and not is_noise(line)]
    edges = _Edges(credits=[credit for credit in known_credits if credit])
    by_name = {normal_text(name) for name in known_authors if name}
    lines = _without_start(lines, edges, title=title, by_name=by_name)
    lines = _without_end(lines, edges, by_name=by_name)
    dateline = split_dateline(lines[0]) if lines else None
    credit = "; ".join(dict.fromkeys(edges.credits)) or None
    agency = _agency(edges.credits, dateline.agency if dateline else None, lines[0] if lines else "")
    return Cleaned(
        paragraphs=tuple(lines),
        authors=tuple(dict.fromkeys(_spelled(author) for author in edges.authors)),
        credit=credit,
        dateline=dateline.dateline if dateline else None,
        agency=agency,
        origin=_origin(credit, agency, lines),
    )


def _tidy(paragraph: str) -> str:
    return " ".join(_INVISIBLE.sub("", paragraph).split())


def _without_start(lines: list[str], edges: _Edges, *, title: str, by_name: set[str]) -> list[str]:
    """Looks at the first lines until the report begins; a standfirst before the byline stays."""
    kept: list[str] = []
    for index, line in enumerate(lines[:_N_START_LINES]):
        if _repeats(line, title) or is_date_line(line) or normal_text(line) in by_name:
            continue
        if (byline_of(line) or opens_a_report(line)) and edges.take(line):
            continue
        kept.append(line)
        if len(line.split()) > _STANDFIRST_WORDS or len([k for k in kept if is_sentence(k)]) > 1:
            return kept + lines[index + 1 :]
    return kept + lines[_N_START_LINES:]


def _repeats(line: str, title: str) -> bool:
    given, heading = normal_text(line), normal_text(title)
    if not given or not heading:
        return False
    return given == heading or (len(given.split()) > 3 and heading.startswith(f"{given} "))


def _without_end(lines: list[str], edges: _Edges, *, by_name: set[str]) -> list[str]:
    lines = list(lines)
    found = _Edges()
    for _ in range(_N_END_LINES):
        if not lines:
            break
        line = lines[-1]
        if is_copyright(line):
            found.credits.extend(known_agencies(line)[:1])
        elif _is_after_list(lines) or not (found.take(line) or is_date_line(line) or normal_text(line) in by_name):
            break
        lines.pop()
    if lines:
        lines[-1], credit = _without_tail(lines[-1])
        found.credits.extend([credit] if credit else [])
    edges.authors.extend(found.authors)
    edges.credits.extend(reversed(found.credits))
    return [line for line in lines if line]


def _is_after_list(lines: list[str]) -> bool:
    """Is the last line one of several list items ("- Germany")?"""
    return len(lines) > 1 and lines[-1].startswith("- ") and lines[-2].startswith("- ")


def _without_tail(line: str) -> tuple[str, str | None]:
    """An agency after the last sentence leaves it: "... on Monday. (AFP)", "... on Monday. – Reuters"."""
    if found := _TAIL_IN_BRACKETS.search(line):
        name = found[1].strip()
        if known_agencies(name) or _CAPITALS.fullmatch(name) or agency_by_form(name) == name:
            return line[: found.start()].rstrip(), name
    if found := _TAIL_AFTER_DASH.search(line):
        name = found[1].strip()
        if (
            all(is_known_agency(part) for part in re.split(r"\s*[/,&]\s*|\s+and\s+", name))
            or agency_by_form(name) == name
        ):
            return line[: found.start()].rstrip(), name
    return line, None


def _agency(credit_lines: Sequence[str], in_dateline: str | None, first_line: str) -> str | None:
    for credit in credit_lines:
        if known := known_agencies(credit):
            return known[0]
    if in_dateline and (agency := agency_of_dateline(in_dateline)):
        return agency
    if found := _CHINESE_DATELINE.match(first_line):
        return known_agencies(found[1])[0]
    for credit in credit_lines:
        if _CAPITALS.fullmatch(credit):
            return credit
        if agency := agency_by_form(credit):
            return agency
    return None


def _origin(credit: str | None, agency: str | None, lines: Sequence[str]) -> Origin:
    folded = fold(credit or "")
    edges = [fold(line[:200]) for line in (*lines[:1], *lines[-1:])]
    if any(_names_release(text, name) for text in (folded, *edges) for name in phrases.PRESS_RELEASE_NAMES):
        return Origin.PRESS_RELEASE
    if any(re.search(rf"(?<!\w){re.escape(word)}", folded) for word in phrases.AGGREGATOR_WORDS):
        return Origin.AGGREGATOR
    return Origin.AGENCY if agency else Origin.OWN


def _names_release(text: str, name: str) -> bool:
    """Is a press release service named as one: in brackets or slashes of the first line, or alone in the credit?"""
    return text == name or any(mark in text for mark in (f"({name})", f"/{name}/", f"({name} -", f"({name}/"))


def _spelled(author: str) -> str:
    """Capital letters throughout are a matter of design: "ANN LEE" is Ann Lee."""
    return author.title() if author.isupper() and author.isascii() else author

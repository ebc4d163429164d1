"""Which words were removed from a text and which were added?

Paragraphs are compared first, then the words of those that changed. Words are compared as they are written, a capital
or a comma more is a change; white space within a paragraph is none. Chinese, Japanese, Thai, Lao, Khmer and Burmese
are compared by characters. What is common to both is a longest common subsequence (see monitor.text.subsequences), so
time grows with the product of the two lengths divided by some thousands whatever stands in them, and
memory is bounded by Hirschberg's halving. Above `MAX_CELLS` everything between the first and the last change counts as
changed. A few words that happen to be common within a larger change are told as part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Literal

from monitor.text.normalise import LETTER
from monitor.text.subsequences import last_row, subsequence_rows

MAX_CELLS = 20_000_000_000
"""Two changed stretches of 140,000 words each: some seconds."""
MAX_TABLE_CELLS = 64_000_000
"""As many bits are kept at a time: 8 MB."""
N_CONTEXT = 12
"""How many unchanged words are shown beside a change."""

Kind = Literal["same", "removed", "added", "left_out"]

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
_MARK = rf"(?:(?!\w){LETTER})"
_TOKEN = re.compile(
    rf"\n|(?:[{_UNSPACED}]{_MARK}*|(?:(?![{_UNSPACED}]){LETTER})+(?:[.,:'’-](?:(?![{_UNSPACED}]){LETTER})+)*|[^\s])[^\S\n]*"
)
_MIN_COMMON_CHARS = 4
"""Common words with fewer characters between two changes do not divide them, nor do those shorter than these."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one text or of both; "left_out" stands for unchanged words that are not told.

    Its text is a line break where the end of a paragraph is left out, else "".
    """

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class _Run:
    """What stands in both texts, or what of the first was replaced by what of the second; token by token."""

    before: Sequence[str]
    after: Sequence[str]
    is_same: bool


def diff_words(before: str, after: str, *, max_cells: int = MAX_CELLS) -> tuple[Segment, ...]:
    """The segments that make `before` without the added ones, and `after` without the removed ones.

    White space of unchanged words is that of `after`.
    """
    runs: list[_Run] = []
    for lines in _runs(before.splitlines(), after.splitlines(), max_cells):
        tokens = _tokens(lines.before), _tokens(lines.after)
        if lines.is_same:
            runs.append(_Run(*tokens, is_same=True))
        else:
            runs += _slid(_without_chance(list(_runs(*tokens, max_cells))))
    return tuple(_segments(runs))


def shortened(segments: Sequence[Segment], n_context: int = N_CONTEXT) -> tuple[Segment, ...]:
    """The segments with unchanged stretches cut to `n_context` words beside each change; () where nothing changed."""
    if all(segment.kind == "same" for segment in segments):
        return ()
    short: list[Segment] = []
    for number, segment in enumerate(segments):
        tokens = _TOKEN.findall(segment.text) if segment.kind == "same" else []
        n_head = n_context if number > 0 else 0
        n_tail = n_context if number < len(segments) - 1 else 0
        if len(tokens) <= n_head + n_tail + n_context // 2:
            short.append(segment)
            continue
        pieces = ("".join(tokens[:n_head]), "".join(tokens[len(tokens) - n_tail :]))
        middle = tokens[n_head : len(tokens) - n_tail]
        between = Segment("left_out", "\n" if "\n" in middle else "")
        short += [Segment("same", pieces[0]), between] if pieces[0] else [between]
        short += [Segment("same", pieces[1])] if pieces[1] else []
    return tuple(short)


def _tokens(lines: Iterable[str]) -> list[str]:
    """The words of paragraphs, each with the white space after it; a paragraph ends in a token of its own."""
    return [token for line in lines for token in _TOKEN.findall(f"{line.strip()}\n")]


def _segments(runs: Iterable[_Run]) -> Iterator[Segment]:
    parts: list[tuple[Kind, str]] = []
    for run in runs:
        if run.is_same:
            parts.append(("same", "".join(run.after)))
        else:
            parts += [("removed", "".join(run.before)), ("added", "".join(run.after))]
    told = [(kind, text) for kind, text in parts if text]
    if told:  # the text itself does not end in a line break
        kind, text = told[-1]
        told[-1] = (kind, text.removesuffix("\n"))
        if kind == "added" and len(told) > 1 and told[-2][0] == "removed":
            told[-2] = ("removed", told[-2][1].removesuffix("\n"))
    for kind, group in groupby(told, key=lambda one: one[0]):
        joined = "".join(text for _, text in group)
        if joined:
            yield Segment(kind, joined)


def _without_chance(runs: Sequence[_Run]) -> list[_Run]:
    """The runs with changes joined where too little stands unchanged between them to be read as such."""
    joined: list[_Run] = []
    for number, run in enumerate(runs):
        is_between = 0 < number < len(runs) - 1
        is_chance = run.is_same and is_between and _is_chance(run, runs[number - 1], runs[number + 1])
        one = replace(run, is_same=False) if is_chance else run
        joined.append(_joined(joined.pop(), one) if joined and not one.is_same and not joined[-1].is_same else one)
    return joined


def _is_chance(same: _Run, left: _Run, right: _Run) -> bool:
    n_chars = sum(len(token.strip()) for token in same.after)
    if "\n" in same.after or min(map(_n_replaced, (left, right))) < 2:
        return False
    n_around = min(sum(map(len, (*one.before, *one.after))) for one in (left, right))
    return n_chars < _MIN_COMMON_CHARS or (len(same.after) < 3 and n_chars * 4 < n_around)


def _slid(runs: Sequence[_Run]) -> list[_Run]:
    """The runs with whole paragraphs inserted or removed as such: ". New paragraph" before "." is as true, and odd."""
    slid = list(runs)
    for number in range(1, len(slid) - 1):
        change, following = slid[number], slid[number + 1]
        if change.is_same or (change.before and change.after) or not slid[number - 1].is_same:
            continue
        tokens, same = [*change.before, *change.after], following.after
        n = 0
        while n < min(len(same), len(tokens)) and tokens[n] == same[n] and tokens[n - 1] != "\n":
            n += 1
        if n and tokens[n - 1] == "\n":
            moved = tokens[n:] + tokens[:n]
            slid[number - 1] = _joined(slid[number - 1], _Run(same[:n], same[:n], is_same=True))
            slid[number] = replace(change, before=moved) if change.before else replace(change, after=moved)
            slid[number + 1] = _Run(following.before[n:], same[n:], is_same=True)
    return [run for run in slid if run.before or run.after]


def _joined(one: _Run, other: _Run) -> _Run:
    return _Run([*one.before, *other.before], [*one.after, *other.after], is_same=one.is_same)


def _n_replaced(run: _Run) -> int:
    return max(len(run.before), len(run.after))


# --- what two sequences have in common -----------------------------------------------------------------------------


def _runs(before: Sequence[str], after: Sequence[str], max_cells: int) -> Iterator[_Run]:
    """The two sequences in runs that are equal and runs that were replaced, in turns."""
    keys = [token.rstrip(" \t") or token for token in before], [token.rstrip(" \t") or token for token in after]
    i = j = 0
    pairs = [*common(*keys, max_cells=max_cells), (len(before), len(after))]
    position = 0
    while position < len(pairs):
        next_i, next_j = pairs[position]
        if (i, j) != (next_i, next_j):
            yield _Run(before[i:next_i], after[j:next_j], is_same=False)
        n_equal = 0
        while position + n_equal < len(pairs) - 1 and pairs[position + n_equal] == (next_i + n_equal, next_j + n_equal):
            n_equal += 1
        if n_equal:
            yield _Run(before[next_i : next_i + n_equal], after[next_j : next_j + n_equal], is_same=True)
        i, j = next_i + n_equal, next_j + n_equal
        position += max(1, n_equal)


def common(
    a: Sequence[str], b: Sequence[str], *, max_cells: int = MAX_CELLS, max_table_cells: int = MAX_TABLE_CELLS
) -> list[tuple[int, int]]:
    """Positions of a longest common subsequence, in order; where there is more to compare, of both ends alone."""
    n_shorter = min(len(a), len(b))
    start = next((k for k in range(n_shorter) if a[k] != b[k]), n_shorter)
    n_left = n_shorter - start
    n_end = next((k for k in range(n_left) if a[-1 - k] != b[-1 - k]), n_left)
    inner_a, inner_b = a[start : len(a) - n_end], b[start : len(b) - n_end]
    found = [(k, k) for k in range(start)]
    if len(inner_a) * len(inner_b) <= max_cells:
        found += [(start + i, start + j) for i, j in _halved(inner_a, inner_b, max_table_cells)]
    found += [(len(a) - k, len(b) - k) for k in range(n_end, 0, -1)]
    return found


def _halved(a: Sequence[str], b: Sequence[str], max_table_cells: int) -> list[tuple[int, int]]:
    """By Hirschberg: where the best path crosses the middle of `a` is found with two rows, and each half is smaller."""
    if not a or not b:
        return []
    if len(a) * len(b) <= max_table_cells or len(a) == 1:
        return _traced(a, b)
    middle = len(a) // 2
    n_above = _lengths(last_row(a[:middle], b), len(b))
    n_below = _lengths(last_row(a[middle:][::-1], b[::-1]), len(b))[::-1]
    cut = max(range(len(b) + 1), key=lambda j: n_above[j] + n_below[j])
    left = _halved(a[:middle], b[:cut], max_table_cells)
    return left + [(middle + i, cut + j) for i, j in _halved(a[middle:], b[cut:], max_table_cells)]


def _lengths(row: int, n: int) -> list[int]:
    """How long the common part is with the first 0, 1, ... n elements of `b`."""
    lengths = [0]
    for bit in islice(reversed(f"{row:0{n}b}"), n):
        lengths.append(lengths[-1] + (bit == "0"))
    return lengths


def _traced(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    rows = list(subsequence_rows(a, b))
    found: list[tuple[int, int]] = []
    i, j = len(a), len(b)
    while i and j:
        if rows[i - 1] >> (j - 1) & 1:
            j -= 1
        else:
            i -= 1
            if not i or rows[i - 1] >> (j - 1) & 1:
                j -= 1
                found.append((i, j))
    return found[::-1]

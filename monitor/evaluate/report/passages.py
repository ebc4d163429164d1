"""Which stretches of two texts stand in both, and which numbers and names in one alone?

Stretches are runs of at least three words, as fingerprints compare them; scripts without spaces go by characters. For
people to look at: what counts is decided by `monitor.dedup.matching`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from monitor.text.normalise import clean_line, fold
from monitor.text.tokens import names, words

MAX_SHOWN_CHARS = 4_000
MAX_FACTS = 24
_RUN = 3
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a paragraph; `is_shared`: the other text has it too."""

    text: str
    is_shared: bool


Paragraphs = tuple[tuple[Passage, ...], ...]


def shared_passages(a: str, b: str) -> tuple[Paragraphs, Paragraphs]:
    """Both texts in paragraphs, as far as they are shown, with what they share marked."""
    text_a, text_b = _shown(a), _shown(b)
    both = _runs(_folded(text_a)) & _runs(_folded(text_b))
    return _marked(text_a, both), _marked(text_b, both)


def facts_apart(a: str, b: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Numbers and names that stand in one of two texts alone, numbers first."""
    facts_a, facts_b = _facts(a), _facts(b)
    return _ordered(facts_a - facts_b), _ordered(facts_b - facts_a)


def _facts(text: str) -> set[str]:
    return {*names(text), *(word for word in words(text) if word[0].isdigit())}


def _ordered(facts: set[str]) -> tuple[str, ...]:
    return tuple(sorted(facts, key=lambda fact: (not fact[0].isdigit(), fact))[:MAX_FACTS])


def _shown(text: str) -> str:
    lines = [clean_line(line) for line in text[: 4 * MAX_SHOWN_CHARS].splitlines()]
    whole = "\n".join(line for line in lines if line)
    return whole if len(whole) <= MAX_SHOWN_CHARS else whole[:MAX_SHOWN_CHARS].rsplit(" ", 1)[0] + " …"


def _folded(text: str) -> list[str]:
    return [fold(found[0]) for found in _WORD.finditer(text)]


def _runs(spelled: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(spelled[start : start + _RUN]) for start in range(len(spelled) - _RUN + 1)}


def _marked(text: str, both: set[tuple[str, ...]]) -> Paragraphs:
    found = list(_WORD.finditer(text))
    spelled = [fold(one[0]) for one in found]
    is_shared = [False] * len(text)
    for start in range(len(spelled) - _RUN + 1):
        if tuple(spelled[start : start + _RUN]) in both:
            first, last = found[start].start(), found[start + _RUN - 1].end()
            is_shared[first:last] = [True] * (last - first)
    paragraphs = []
    position = 0
    for line in text.split("\n"):
        paragraphs.append(_passages(line, is_shared[position : position + len(line)]))
        position += len(line) + 1
    return tuple(paragraphs)


def _passages(line: str, is_shared: Sequence[bool]) -> tuple[Passage, ...]:
    stretches = groupby(zip(line, is_shared, strict=True), key=lambda each: each[1])
    return tuple(Passage("".join(char for char, _ in stretch), shared) for shared, stretch in stretches)

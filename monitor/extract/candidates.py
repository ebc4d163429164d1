"""Which of the texts at hand is the article?

A ladder of candidates: what the page declares (JSON-LD articleBody), what the extractor finds, what it finds when told
to rather take too much, the feed's content, the feed's summary. Each is measured by its characters that stand in
running text: short lines without a full stop, as menus and link lists have them, count for nothing. The extractor's
text stands unless another is worth clearly more; a declared text only where it is of this article.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from monitor.extract.cleaning import Cleaned
from monitor.extract.lines import is_sentence
from monitor.text.normalise import fold
from monitor.types import Method

#: In this order they challenge each other, and are worth so many times the one that stands if they are to replace it:
#: feeds add a line or two of their own, declared bodies captions, and a greedy extractor anything.
_TO_REPLACE = {
    Method.PAGE: 1.0,
    Method.JSON_LD: 1.1,
    Method.FEED_CONTENT: 1.1,
    Method.PAGE_RECALL: 1.5,
    Method.FEED_SUMMARY: 1.1,
}
_ORDER = tuple(_TO_REPLACE)
_SHORT_LINE_WORDS = 10
_FEW_CHARS = 400
_MUCH_SHORTER = 0.6
_AGREEING = 0.5
_N_COMPARED = 400


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A text that may be the article's, cleaned."""

    cleaned: Cleaned
    method: Method

    @cached_property
    def text(self) -> str:
        return "\n".join(self.cleaned.paragraphs)

    @cached_property
    def worth(self) -> int:
        """Characters in running text; of a text that has none, a thirtieth of its characters."""
        n_running = sum(len(line) for line in self.cleaned.paragraphs if is_running(line))
        return n_running or -(-len(self.text) // 30)


def is_running(line: str) -> bool:
    """Is the line of a text, and not of a menu, list or heading? Scripts without spaces count by characters."""
    return (
        is_sentence(line)
        or len(line.split(maxsplit=_SHORT_LINE_WORDS)) >= _SHORT_LINE_WORDS
        or (" " not in line and len(line) >= 20)
    )


def choose(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one to take; None when none of them has a text."""
    chosen: Candidate | None = None
    for other in sorted(candidates, key=lambda one: _ORDER.index(one.method)):
        if other.worth and (chosen is None or other.worth > _TO_REPLACE[other.method] * chosen.worth):
            chosen = other
    return chosen


def is_suspicious(best: Candidate | None, n_paragraph_chars: Callable[[], int]) -> bool:
    """Should the extractor be asked again, for more? When all is short, or much less than the page has paragraphs.

    `n_paragraph_chars`: characters in what the page marks up as paragraphs, links excepted.
    """
    return best is None or best.worth < _FEW_CHARS or best.worth < _MUCH_SHORTER * n_paragraph_chars()


def agree(one: str, other: str) -> bool:
    """Are two texts of the same article: does the longer hold half of the shorter's pairs of words?

    Compared by the first 400 words of the shorter. A text without a word agrees with nothing.
    """
    shorter, longer = sorted((fold(one).split(), fold(other).split()), key=len)
    pairs = list(pairwise(shorter[:_N_COMPARED]))
    known = set(pairwise(longer))
    return bool(pairs) and sum(pair in known for pair in pairs) >= _AGREEING * len(pairs)

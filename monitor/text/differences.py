"""How do two wordings of one article differ?

The words of title and text are compared in their order: what both have is their longest common subsequence, what only
one of them has was added or removed, so that a paragraph that moved counts as removed here and added there. Case,
typography, punctuation and white space are no words. Refuses nothing; beyond MAX_WORDS (without what both begin and end
with) the rest is compared by how often each word occurs, which bounds the time to some tenths of a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitor.text.subsequences import n_common
from monitor.text.tokens import words

MAX_WORDS = 10_000


class Wording(NamedTuple):
    """What an article is called and what it says."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Words of title and text that came and went. `similarity`: 0..1, twice the common words by all words of both."""

    n_words_added: int
    n_words_removed: int
    similarity: float
    title_changed: bool


def difference(before: Wording, after: Wording) -> Difference:
    """What became of `before`; two wordings without any word are equal."""
    old_title, new_title = words(before.title), words(after.title)
    old, new = [*old_title, *words(before.text)], [*new_title, *words(after.text)]
    n_same = n_common_in_order(old, new)
    n_all = len(old) + len(new)
    return Difference(
        n_words_added=len(new) - n_same,
        n_words_removed=len(old) - n_same,
        similarity=2 * n_same / n_all if n_all else 1.0,
        title_changed=old_title != new_title,
    )


def n_common_in_order(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence; for what is longer than MAX_WORDS an upper bound of its rest."""
    n_edges, a, b = _without_edges(a, b)
    n_rest = (Counter(a[MAX_WORDS:]) & Counter(b[MAX_WORDS:])).total()
    return n_edges + n_rest + n_common(a[:MAX_WORDS], b[:MAX_WORDS])


def _without_edges(a: Sequence[str], b: Sequence[str]) -> tuple[int, Sequence[str], Sequence[str]]:
    shorter, start = min(len(a), len(b)), 0
    while start < shorter and a[start] == b[start]:
        start += 1
    end = 0
    while end < shorter - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return start + end, a[start : len(a) - end], b[start : len(b) - end]

"""How much of a labelled text does an extracted one hold, and how much else?

Counted in runs of four words (shingles), as the article-extraction-benchmark of Zyte does (its evaluate.py): case and
repeats count, punctuation does not; each page's counts are shares, so that long texts weigh no more than short ones;
precision and recall are means over the pages, and F1 is made of these two means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

N_WORDS = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shares of one page's shingles, 0..1, which come to 1: in both texts, too much, missing; all 0 without a word."""

    both: float
    extra: float
    missing: float

    @property
    def precision(self) -> float:
        return self.both / (self.both + self.extra) if self.both + self.extra else 0.0

    @property
    def recall(self) -> float:
        return self.both / (self.both + self.missing) if self.both + self.missing else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.both / (2 * self.both + self.extra + self.missing) if self.both else 0.0


def overlap(gold: str, found: str) -> Overlap:
    """Of one page. A text of fewer than four words is one shingle."""
    wanted, given = _shingles(gold), _shingles(found)
    n_both = (wanted & given).total()
    n_all = wanted.total() + given.total() - n_both
    if not n_all:
        return Overlap(0.0, 0.0, 0.0)
    return Overlap(n_both / n_all, (given.total() - n_both) / n_all, (wanted.total() - n_both) / n_all)


def mean_scores(overlaps: Sequence[Overlap]) -> dict[str, float]:
    """{f1, precision, recall} of some pages; one without any text says nothing of precision, as in the benchmark."""
    precisions = [one.precision for one in overlaps if one.both + one.extra]
    recalls = [one.recall for one in overlaps if one.both + one.missing]
    precision, recall = mean(precisions or [0.0]), mean(recalls or [0.0])
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def words_of(text: str) -> list[str]:
    """The words as they are compared."""
    return _WORD.findall(text)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = words_of(text)
    runs = (tuple(words[start : start + N_WORDS]) for start in range(max(1, len(words) - N_WORDS + 1)))
    return Counter(run for run in runs if run)

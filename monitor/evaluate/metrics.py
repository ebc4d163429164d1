"""How good is a partition, or a set of verdicts, measured against labels?

BCubed: Bagga and Baldwin 1998, Amigo et al. 2009: per article precision |predicted and gold| / |predicted| and recall
|predicted and gold| / |gold|, averaged over articles, F1 of the two means. Pairwise: precision and recall of the pairs
that lie together. ARI: Hubert and Arabie 1985, from pair counts, 1 for equal partitions, about 0 for chance. All take
two labels for each article, in the same order, and are undefined (ValueError) for none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, 0..1."""

    p: float
    r: float
    f1: float

    def as_dict(self) -> dict[str, float]:
        """Its three figures by name."""
        return {"p": self.p, "r": self.r, "f1": self.f1}

    def rounded(self) -> dict[str, float]:
        """For output: four decimals."""
        return {name: round(value, 4) for name, value in self.as_dict().items()}


def f_score(precision: float, recall: float) -> Score:
    """The score with its F1; 0 when both are 0."""
    total = precision + recall
    return Score(precision, recall, 2 * precision * recall / total if total else 0.0)


def bcubed(predicted: Sequence[Hashable], gold: Sequence[Hashable]) -> Score:
    """BCubed over all articles."""
    n = _n_articles(predicted, gold)
    n_predicted, n_gold, n_both = Counter(predicted), Counter(gold), Counter(zip(predicted, gold, strict=True))
    precision = math.fsum(count * count / n_predicted[p] for (p, _), count in n_both.items()) / n
    recall = math.fsum(count * count / n_gold[g] for (_, g), count in n_both.items()) / n
    return f_score(precision, recall)


def pairwise(predicted: Sequence[Hashable], gold: Sequence[Hashable]) -> Score:
    """Pairs put together rightly, of those put together and of those that belong together; 1 where there is no pair."""
    _n_articles(predicted, gold)
    together, right, belonging = _pair_counts(predicted, gold)
    return f_score(right / together if together else 1.0, right / belonging if belonging else 1.0)


def ari(predicted: Sequence[Hashable], gold: Sequence[Hashable]) -> float:
    """Adjusted Rand index; 1 when both partitions are the same trivial one."""
    n = _n_articles(predicted, gold)
    together, right, belonging = _pair_counts(predicted, gold)
    n_pairs = math.comb(n, 2)
    expected = together * belonging / n_pairs if n_pairs else 0.0
    largest = (together + belonging) / 2
    return 1.0 if largest == expected else (right - expected) / (largest - expected)


def _pair_counts(predicted: Sequence[Hashable], gold: Sequence[Hashable]) -> tuple[int, int, int]:
    both = Counter(zip(predicted, gold, strict=True))
    return _n_pairs(Counter(predicted)), _n_pairs(both), _n_pairs(Counter(gold))


def _n_pairs(sizes: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(math.comb(size, 2) for size in sizes.values())


def _n_articles(predicted: Sequence[Hashable], gold: Sequence[Hashable]) -> int:
    if not predicted or len(predicted) != len(gold):
        raise ValueError("a partition is measured on at least one article, with two labels for each")
    return len(predicted)

"""How probable is it that an article belongs to a story?

One vector of evidence for each story in question (`EVIDENCE`: how near its members are by field, how far its
similarity stands above that of unrelated stories, how the moments lie), a linear model over it, and the logistic
function: Priberam's recipe (Miranda et al. 2018) with what the lack of a field means learned too. The model has one
column of weights for every pair, and one each that is added where one of the two is a headline alone or has no date
(`CASES`), so that headlines and whole articles are served by one model.

The level of unrelated stories is measured on the article's own candidates (the eighth to the twentieth best), so that
every language, subject and density calibrates itself and no state has to be kept.

The weights lie in weights.json beside this module; `python -m monitor.evaluate.training` makes them. Refuses to score
by weights made for other evidence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

LINKS = ("title", "lead", "body", "names", "all", "title_told", "names_shared", "terms_shared", "rarest_shared")
"""What is measured of two articles, each 0..1: cosines of title, lead, body, names and all text; the share of one's
title that the other tells; the overlap of names, and of all terms, with the smaller set; how rare the rarest terms are
that both have."""
MEANS = ("title", "names", "all")
"""Of these the mean over a story's members counts too."""
EVIDENCE = (
    *(f"nearest_{name}" for name in LINKS),
    *(f"mean_{name}" for name in MEANS),
    "similarity",
    "root_all",
    "unrelated",
    "above_unrelated",
    "soon",
    "same_day",
    "near_mean_moment",
    "n_rare",
    "constant",
)
CASES = ("always", "headline", "undated")
DAY_S = 86_400.0
_UNRELATED_RANKS = (7, 20)
_FLOOR = 0.02
"""Added to similarities before their ratio is taken: below it all are alike."""
TYPICAL_UNRELATED = 0.03
"""What unrelated stories reach on a usual day; stands in where a pair is judged without a stream around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvidence:
    """One story beside an article. `links`: a row for each member compared; gaps in seconds, NaN where unknown."""

    links: Matrix
    n_members: int
    similarity: float
    gap_s: float
    mean_gap_s: float
    n_shared_rare: int
    is_headline: bool


@dataclass(frozen=True, slots=True)
class Scorer:
    """Learned weights: a row for each of `EVIDENCE`, a column for each of `CASES`."""

    weights: Matrix

    def contributions(self, evidence: Matrix, cases: Matrix) -> Matrix:
        """What each evidence adds to the logit of each story; rows are stories."""
        added: Matrix = evidence * (cases[:, np.newaxis, :] * self.weights).sum(axis=2)
        return added

    def logits(self, evidence: Matrix, cases: Matrix) -> list[float]:
        """Log-odds of each story, rounded to 6 decimals; sums run in the order of `EVIDENCE`."""
        return [round(math.fsum(row), 6) for row in self.contributions(evidence, cases).tolist()]


def probability(logit: float) -> float:
    """0..1, rounded to 6 decimals."""
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit)))), 6)


def unrelated_level(similarities: Sequence[float]) -> float:
    """Mean similarity of the stories that certainly tell of something else; ranks that are missing count as 0."""
    first, last = _UNRELATED_RANKS
    return round(math.fsum(sorted(similarities, reverse=True)[first:last]) / (last - first), 6)


def weigh(stories: Sequence[StoryEvidence], unrelated: float, n_mean: int) -> tuple[Matrix, Matrix]:
    """Evidence and cases of each story (at least one): matrices with columns as in `EVIDENCE` and `CASES`."""
    lengths = np.array([len(story.links) for story in stories])
    links, starts = np.concatenate([story.links for story in stories]), np.cumsum(lengths) - lengths
    nearest = np.maximum.reduceat(links, starts, axis=0)
    n_counted = np.maximum(lengths, np.minimum([story.n_members for story in stories], n_mean))
    means = np.add.reduceat(links[:, _MEAN_COLUMNS], starts, axis=0) / n_counted[:, np.newaxis]
    alike = np.column_stack([nearest, means]).tolist()
    evidence = np.array([_row(story, row, unrelated) for story, row in zip(stories, alike, strict=True)])
    cases = np.array([(1.0, story.is_headline, math.isnan(story.gap_s)) for story in stories])
    return np.round(evidence, 6), cases


def _row(story: StoryEvidence, alike: Sequence[float], unrelated: float) -> list[float]:
    """The evidence of a story whose members are so much `alike`: what is nearest of each link, then the means."""
    gap, mean_gap = abs(story.gap_s) / DAY_S, abs(story.mean_gap_s) / DAY_S
    return [
        *alike,
        story.similarity,
        math.sqrt(max(0.0, alike[LINKS.index("all")])),
        unrelated,
        math.log((story.similarity + _FLOOR) / (unrelated + _FLOOR)),
        0.0 if math.isnan(gap) else math.exp(-gap / 2),
        0.0 if math.isnan(gap) else math.exp(-gap / 0.3),
        0.0 if math.isnan(mean_gap) else math.exp(-mean_gap / 2),
        math.log1p(story.n_shared_rare) / 4,
        1.0,
    ]


_MEAN_COLUMNS = [LINKS.index(name) for name in MEANS]


def read_scorer(text: str) -> Scorer:
    """A scorer from {"cases": [...], "weights": {evidence: [a number a case]}}. ValueError for other evidence."""
    table = json.loads(text)
    if table["cases"] != list(CASES) or list(table["weights"]) != list(EVIDENCE):
        raise ValueError("these weights were learned for other evidence: learn them again")
    return Scorer(np.array([table["weights"][name] for name in EVIDENCE], dtype=np.float64))


@cache
def shipped_scorer() -> Scorer:
    """The scorer of weights.json, read once."""
    return read_scorer(files("monitor.cluster").joinpath("weights.json").read_text("utf-8"))

"""Plain data of the index: an article in memory, a question about a new one, and a story that came into question."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import AssignPolicy, Comparison, Member, StoryScore, is_template
from monitor.cluster.guards import Kind, n_rare_needed, story_bar
from monitor.cluster.statistics import Weights
from monitor.cluster.vectors import Vector
from monitor.types import ArticleId, StoryId

Slots = NDArray[np.intp]
_NO_DATE = math.nan


@dataclass(frozen=True, slots=True)
class Held:
    """One article in memory; moments as seconds since 1970, NaN when unknown."""

    story_id: StoryId
    article_id: ArticleId
    vector: Vector
    event_s: float
    seen_s: float
    family: str
    kind: Kind
    series: str
    """What its title shares with others of a series; "" where it has none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A story in question: which of the compared articles speak for it, the nearest of them, all its young members."""

    story_id: StoryId
    positions: Sequence[int]
    nearest: int
    members: Slots
    families: Sequence[str]
    similarity: float
    is_weak: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A new article beside those it is compared with, at `slots`; `near`: how similar each is, time counted."""

    article: Member
    query: Vector
    slots: Slots
    compared: Comparison
    near: Sequence[float]


def guarded(asked: Question, found: Found, held: Held, event_s: array[float], *, policy: AssignPolicy) -> StoryScore:
    """What the guards say of a story whose nearest member is `held`; the scorer's figures are still missing."""
    needed = int(asked.compared.n_rare_needed[found.nearest])
    is_near = found.similarity >= policy.min_score
    return StoryScore(
        story_id=found.story_id,
        score=0.0,
        nearest_id=held.article_id,
        n_shared_rare=int(asked.compared.n_shared_rare[found.nearest]),
        n_rare_needed=n_rare_needed(needed, asked.article.family, found.families, policy.guards),
        is_template=is_near and is_template(asked.query, held.vector, policy),
        bar=story_bar(np.frombuffer(event_s)[found.members], found.families, policy.guards),
        is_weak=found.is_weak,
    )


def strongest(slots: Slots, values: Weights, n: int) -> Slots:
    """The `n` slots of the highest values, the earlier slot first among equals, returned in arrival order."""
    if len(slots) > n:
        is_high = values >= lowest_of(values, n)
        slots, values = slots[is_high], values[is_high]
    order = np.argsort(-values, kind="stable")[:n]
    return np.sort(slots[order])


def lowest_of(values: Weights, n: int) -> float:
    """The lowest of the `n` highest values; where there are fewer, lower than any."""
    return float(np.partition(values, len(values) - n)[len(values) - n]) if len(values) >= n else -math.inf


def rarest_within(counts: Weights, most: int) -> Slots:
    """Positions of the lowest counts that together stay within `most`, at least one, the earlier first among equals."""
    order = np.argsort(counts, kind="stable")
    n_kept = int(np.searchsorted(np.cumsum(counts[order]), most, side="right"))
    return order[: max(1, n_kept)]


def mean_known(values: Weights) -> float:
    """The mean of what is no NaN; NaN where nothing is known."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def moments(article: Member) -> tuple[float, float]:
    event_s = article.event_at.timestamp() if article.event_at else _NO_DATE
    seen_s = article.seen_at.timestamp() if article.seen_at else _NO_DATE
    return event_s, seen_s

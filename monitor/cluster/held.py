"""An article in memory, and what is asked of rows of figures about many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import Member
from monitor.cluster.guards import Kind
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

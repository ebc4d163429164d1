"""Why are two articles one story, or why not? The same functions as assignment, on a pair, shown with their parts.

The threshold shown is the least that any article has to reach; what applied to an article when it was assigned also
held the rivals of that day and is stored with its membership.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import AssignPolicy, Member, compare, decay, is_template, shared_terms, vector
from monitor.cluster.guards import Kind
from monitor.cluster.statistics import Statistics, Weights
from monitor.types import TermWeight

_TEMPLATE = "they fill in one template with other names and figures"
_ROUNDUP = "a round-up or regular feature tells of no single event and joins no story"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryExplanation:
    """Similarity of two articles: fields (text), what time left of it (decay), and the terms that weigh most."""

    score: float
    threshold: float
    text: float
    decay: float
    n_shared_rare: int
    n_rare_needed: int
    is_template: bool
    terms: tuple[TermWeight, ...]
    because: str


def explain_story(
    a: Member, b: Member, statistics: Statistics, *, policy: AssignPolicy | None = None, n_terms: int = 12
) -> StoryExplanation:
    """How near two articles are, weighed by the statistics given; symmetric up to the order of its sums."""
    policy = policy or AssignPolicy()
    vector_a, vector_b = vector(a.features, statistics), vector(b.features, statistics)
    compared = compare(vector_a, [vector_b], statistics=statistics, policy=policy)
    text, left = float(compared.scores[0]), _decay(a, b, policy)
    rare, needed = int(compared.n_shared_rare[0]), int(compared.n_rare_needed[0])
    score = round(text * left, 6)
    template = is_template(vector_a, vector_b, policy)
    return StoryExplanation(
        score=score,
        threshold=policy.min_score,
        text=round(text, 6),
        decay=round(left, 6),
        n_shared_rare=rare,
        n_rare_needed=needed,
        is_template=template,
        terms=strongest_terms(a, shared_terms(vector_a, vector_b, statistics), n_terms),
        because=_guarded(a, b) or (_TEMPLATE if template else _because(score, rare - needed, policy)),
    )


def strongest_terms(article: Member, shared: tuple[NDArray[np.int32], Weights], n_terms: int) -> tuple[TermWeight, ...]:
    """The shared terms that weigh most, heaviest first, equal ones in the order of the alphabet."""
    positions, gains = shared
    order = np.argsort(-np.round(gains, 6), kind="stable")[:n_terms]
    terms = article.features.terms
    return tuple(TermWeight(term=terms[positions[i]], weight=round(float(gains[i]), 6)) for i in order)


def _decay(a: Member, b: Member, policy: AssignPolicy) -> float:
    gap_s = np.nan
    if a.event_at is not None and b.event_at is not None:
        gap_s = (a.event_at - b.event_at).total_seconds()
    return float(decay(np.array([gap_s]), policy)[0])


def _guarded(a: Member, b: Member) -> str:
    """Why the guards keep an article out of the story of another, whatever their similarity; "" if they do not."""
    return _ROUNDUP if Kind.ROUNDUP in (a.features.kind, b.features.kind) else ""


def _because(score: float, n_spare: int, policy: AssignPolicy) -> str:
    if score < policy.min_score:
        return f"their similarity {score:.2f} is below {policy.min_score:.2f}, which a story needs at least"
    if n_spare < 0:
        return "they share common terms only"
    return f"their similarity {score:.2f} reaches the least that a story needs, {policy.min_score:.2f}"

"""Why are two articles one story, or why not? The same functions as assignment, on a pair, shown with their parts.

The second article is taken as a story of its own, on a usual day: what applied when an article was assigned also held
the other members and the unrelated stories of that day, and its score is stored with its membership.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import AssignPolicy, Member, decay
from monitor.cluster.comparing import compare, evidence_of, is_template, shared_terms
from monitor.cluster.guards import Kind
from monitor.cluster.scorer import EVIDENCE, TYPICAL_UNRELATED, Scorer, probability, shipped_scorer, weigh
from monitor.cluster.statistics import Statistics, Weights
from monitor.cluster.vectors import vector
from monitor.types import TermWeight

EVIDENCE_WORDS = {
    "title": "headlines alike",
    "lead": "openings alike",
    "body": "texts alike",
    "names": "names and figures alike",
    "all": "all words alike",
    "title_told": "one tells the other's headline",
    "names_shared": "names of the shorter that both have",
    "terms_shared": "terms of the shorter that both have",
    "rarest_shared": "how rare the rarest shared terms are",
}
"""What `LINKS` of the scorer say, for people."""
_OTHER_WORDS = {
    "similarity": "similarity to the whole story, time counted",
    "root_all": "all words alike, small values stretched",
    "unrelated": "how near unrelated stories come",
    "above_unrelated": "how far above unrelated stories",
    "soon": "within days of the nearest article",
    "same_day": "within hours of the nearest article",
    "near_mean_moment": "within days of the middle of the story",
    "n_rare": "number of rare terms shared",
    "constant": "what any story starts from",
}
_TEMPLATE = "they fill in one template with other names and figures"
_ROUNDUP = "a round-up or regular feature tells of no single event and joins no story"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One evidence as in `EVIDENCE`: its value, and what it adds to the log-odds of the two being one story."""

    name: str
    value: float
    added: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryExplanation:
    """How probable it is that two articles are one story: `score` beside `threshold`, and what makes it up.

    `text` is their similarity by fields, `decay` what time leaves of it; `contributions` the heaviest first.
    """

    score: float
    threshold: float
    text: float
    decay: float
    n_shared_rare: int
    n_rare_needed: int
    is_template: bool
    terms: tuple[TermWeight, ...]
    contributions: tuple[Contribution, ...]
    because: str


def explain_story(
    a: Member,
    b: Member,
    statistics: Statistics,
    *,
    policy: AssignPolicy | None = None,
    scorer: Scorer | None = None,
    n_terms: int = 12,
) -> StoryExplanation:
    """How near two articles are, weighed by the statistics given; symmetric up to the order of its sums."""
    policy, scorer = policy or AssignPolicy(), scorer or shipped_scorer()
    vector_a, vector_b = vector(a.features, statistics), vector(b.features, statistics)
    compared = compare(vector_a, [vector_b], statistics=statistics, policy=policy)
    text, gap_s = float(compared.scores[0]), _gap_s(a, b)
    left = float(decay(np.array([gap_s]), policy)[0])
    alone = evidence_of(
        compared,
        [0],
        nearest=0,
        n_members=1,
        similarity=round(text * left, 6),
        gap_s=gap_s,
        mean_gap_s=gap_s,
    )
    evidence, cases = weigh([alone], TYPICAL_UNRELATED, 1)
    score = probability(scorer.logits(evidence, cases)[0])
    rare, needed = int(compared.n_shared_rare[0]), int(compared.n_rare_needed[0])
    template = is_template(vector_a, vector_b, policy)
    return StoryExplanation(
        score=score,
        threshold=policy.min_probability,
        text=round(text, 6),
        decay=round(left, 6),
        n_shared_rare=rare,
        n_rare_needed=needed,
        is_template=template,
        terms=strongest_terms(a, shared_terms(vector_a, vector_b, statistics), n_terms),
        contributions=contributions_of(tuple(evidence[0].tolist()), tuple(cases[0].tolist()), scorer),
        because=_guarded(a, b) or (_TEMPLATE if template else _because(score, rare - needed, policy)),
    )


def strongest_terms(article: Member, shared: tuple[NDArray[np.int32], Weights], n_terms: int) -> tuple[TermWeight, ...]:
    """The shared terms that weigh most, heaviest first, equal ones in the order of the alphabet."""
    positions, gains = shared
    order = np.argsort(-np.round(gains, 6), kind="stable")[:n_terms]
    stems = [article.features.stems[positions[i]] for i in order]
    written = article.features.written(set(stems))
    return tuple(
        TermWeight(term=written[each], weight=round(float(gains[i]), 6)) for each, i in zip(stems, order, strict=True)
    )


def contributions_of(evidence: tuple[float, ...], cases: tuple[float, ...], scorer: Scorer) -> tuple[Contribution, ...]:
    """What each evidence of a scored story adds to its log-odds, the heaviest first."""
    added = scorer.contributions(np.array([evidence]), np.array([cases]))[0].tolist()
    found = [Contribution(*each) for each in zip(EVIDENCE, evidence, np.round(added, 6).tolist(), strict=True)]
    return tuple(sorted(found, key=lambda each: -abs(each.added)))


def words_of_evidence(name: str) -> str:
    """An evidence as people read it."""
    if name in _OTHER_WORDS:
        return _OTHER_WORDS[name]
    whose, _, link = name.partition("_")
    return f"{EVIDENCE_WORDS[link]}, {'at the nearest article' if whose == 'nearest' else 'on average'}"


def _gap_s(a: Member, b: Member) -> float:
    if a.event_at is None or b.event_at is None:
        return float("nan")
    return (a.event_at - b.event_at).total_seconds()


def _guarded(a: Member, b: Member) -> str:
    """Why the guards keep an article out of the story of another, whatever their similarity; "" if they do not."""
    return _ROUNDUP if Kind.ROUNDUP in (a.features.kind, b.features.kind) else ""


def _because(score: float, n_spare: int, policy: AssignPolicy) -> str:
    needed = f"{policy.min_probability:.2f}"
    if score < policy.min_probability:
        return f"that they are one story has a probability of {score:.2f}, below the {needed} that joining needs"
    if n_spare < 0:
        return "they share common terms only"
    return f"that they are one story has a probability of {score:.2f} and reaches the {needed} that joining needs"

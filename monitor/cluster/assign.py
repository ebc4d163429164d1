"""To which story does an article belong, or does it open a new one?

The similarity of two articles is a weighted mean of the cosines of their fields (title, lead, names, and all text with
the title counted twice), TF-IDF weighted by the language's statistics, times a decay with the time between them. Lead
and names do not count where one of the two has none; a missing title counts as one that differs.

A story scores half its nearest member and half the mean of its members. An article joins the best story if that stands
out: its score must exceed by a margin what the article scores with unrelated stories (the third to the seventh best),
which rises with how dense the stream is and differs between languages; and it must share rare terms with the nearest
member. Two articles made from one template are never one story. Copies go where their original is.

Everything is a function of stored features, stored membership and stored counts, rounded to 6 decimals, ties by the
lowest story id: a replay, a restart and any number of workers give the same partition. Refuses to look at the clock.

Source of the numbers: measured on labelled English sets and a dense stream of 1,100 articles a day. The margin over
rival stories took false company from 44 to 30 % of stories at the same BCubed F1; see docs/decisions.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.features import Features
from monitor.cluster.guards import GuardPolicy, family_weights
from monitor.cluster.statistics import Ids, Statistics, Weights
from monitor.types import ArticleId, StoryId, TermWeight

SCHEME = "stories-1"

Counts = NDArray[np.uint8]
_TITLE, _LEAD, _BODY, _NAMES, _ALL = range(5)
_DAMPED = np.concatenate([[0.0], 1.0 + np.log(np.arange(1, 1025))])
"""A term's weight grows with the logarithm of its count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPolicy:
    """What makes an article join. Scores are 0..1; the one default serves every language."""

    title_weight: float = 0.2
    lead_weight: float = 0.1
    names_weight: float = 0.1
    all_weight: float = 0.6
    margin: float = 0.07
    """By how much the best story must exceed the mean of its rivals times `rival_weight`."""
    rival_weight: float = 1.2
    min_score: float = 0.10
    """Below this nothing joins, however empty the stream."""
    rivals: tuple[int, int] = (2, 7)
    """Ranks, from 0, of the stories that count as unrelated: [first, last)."""
    nearest_share: float = 0.5
    n_mean: int = 30
    """The mean is taken over this many of a story's members at most, the nearest ones."""
    decay_s: float = 48 * 3600.0
    decay_floor: float = 0.3
    """What remains of the similarity of two articles that lie far apart in time."""
    undated_decay: float = 0.75
    template_wording: float = 0.1
    """Articles that share this much of their wording (Jaccard of three-word shingles) ..."""
    template_facts: float = 0.8
    """... must share that times their wording of names and figures, or they only fill in one template."""
    min_shared_rare: int = 3
    min_shared_rare_of_headlines: int = 1
    window: timedelta = timedelta(days=14)
    """Articles first seen longer ago take no part: a story without younger ones is closed."""
    n_candidates: int = 64
    n_query_terms: int = 80
    guards: GuardPolicy = field(default_factory=GuardPolicy)


@dataclass(frozen=True, slots=True)
class Member:
    """An article as stories see it. `event_at` is the moment compared, `seen_at` the one that ages; None: unknown.

    `family`: its publisher family, "" where that is unknown.
    """

    article_id: ArticleId
    features: Features
    event_at: datetime | None
    seen_at: datetime | None
    family: str = ""


@dataclass(frozen=True, slots=True)
class StoryScore:
    """How near an article is to one story; rare terms shared with its nearest member, and how many are needed.

    `bar` multiplies the threshold; `is_weak`: nothing but live blogs speaks for it.
    """

    story_id: StoryId
    score: float
    nearest_id: ArticleId
    n_shared_rare: int
    n_rare_needed: int
    is_template: bool = False
    bar: float = 1.0
    is_weak: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """The story an article joins, or None for a new one; the score reached and the threshold that applied."""

    story_id: StoryId | None
    score: float
    threshold: float
    because: str
    nearest_id: ArticleId | None = None
    terms: tuple[TermWeight, ...] = ()
    also: tuple[StoryScore, ...] = ()
    """Other stories that it could have joined, best first."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Features against a vocabulary: term ids in the order of the sorted terms, counts of the four fields, sketch."""

    ids: Ids
    counts: Counts
    sketch: NDArray[np.uint32]


BELIEVED = timedelta(days=3)


def event_time(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """The moment that stories compare: the publisher's date where it is believable, never later than first seen.

    A date older than `BELIEVED` before we first saw the article is held to be wrong or a re-post, so that a back-dated
    article cannot slip into an old story, nor a future-dated one sit on top of all.
    """
    if published_at is None:
        return first_seen_at
    return min(max(published_at, first_seen_at - BELIEVED), first_seen_at)


def vector(features: Features, statistics: Statistics) -> Vector:
    """Looks the terms up; new ones get an id in the vocabulary of `statistics`."""
    rows = [[field.get(term, 0) for term in features.terms] for field in features.by_field()]
    counts = np.array(rows, dtype=np.uint8).reshape(4, len(features.terms))
    return Vector(statistics.ids(features.terms), counts, np.array(features.sketch, dtype=np.uint32))


def field_weights(counts: Counts, idf: Weights) -> Weights:
    """TF-IDF weights of five rows: title, lead, body, names, and all text with the title twice."""
    wide = counts.astype(np.int16)
    everything = np.minimum(2 * wide[_TITLE] + wide[_LEAD] + wide[_BODY], 1024)
    weights: Weights = _DAMPED[np.vstack([wide, everything])] * idf
    return weights


@dataclass(frozen=True, slots=True)
class Comparison:
    """One article beside each of several others: similarity without time, rare terms shared, rare terms needed."""

    scores: Weights
    n_shared_rare: NDArray[np.int64]
    n_rare_needed: NDArray[np.int64]


def compare(article: Vector, others: Sequence[Vector], *, statistics: Statistics, policy: AssignPolicy) -> Comparison:
    """Weighted cosines of one article with each of `others` (at least one). Sums run in term order: reproducible."""
    n = len(others)
    ids = np.concatenate([other.ids for other in others])
    counts = np.concatenate([other.counts for other in others], axis=1)
    segments = np.repeat(np.arange(n), [len(other.ids) for other in others])
    positions = np.zeros(len(statistics), dtype=np.int32)
    positions[article.ids] = np.arange(1, len(article.ids) + 1)
    shared = np.flatnonzero(positions[ids])
    beside, owners = positions[ids[shared]] - 1, segments[shared]
    own = field_weights(article.counts, statistics.idf(article.ids))
    weights = field_weights(counts, statistics.idf(ids))
    total, present = np.zeros(n), np.zeros(n)
    for row, share in _shares(policy):
        own_norm = math.sqrt(math.fsum(own[row] ** 2))
        norms = np.sqrt(np.bincount(segments, weights[row] ** 2, n)) * own_norm
        dots = np.bincount(owners, weights[row, shared] * own[row, beside], n)
        total += share * np.divide(dots, norms, out=np.zeros(n), where=norms > 0)
        present += share * ((norms > 0) | (row == _TITLE))
    rare = np.bincount(owners[statistics.rare(ids[shared])], minlength=n)
    has_body = np.bincount(segments, counts[_BODY], n) > 0 if article.counts[_BODY].any() else np.zeros(n, dtype=bool)
    needed = np.where(has_body, policy.min_shared_rare, policy.min_shared_rare_of_headlines)
    return Comparison(np.divide(total, present, out=np.zeros(n), where=present > 0), rare, needed)


def is_template(a: Vector, b: Vector, policy: AssignPolicy) -> bool:
    """Do two articles share wording without the names and figures that the same passages would bring along?

    Such are the weather of two days, market closes, results: one form with other contents. Reports on one event share
    names and hardly any wording, copies and rewrites share both. Never true of headlines alone.
    """
    least = np.union1d(a.sketch, b.sketch)[: min(len(a.sketch), len(b.sketch))]
    n_both = len(np.intersect1d(np.intersect1d(a.sketch, b.sketch, assume_unique=True), least, assume_unique=True))
    wording = n_both / max(1, len(least))
    if wording < policy.template_wording:
        return False
    n_words_a, n_words_b = float(a.counts[_BODY].sum()), float(b.counts[_BODY].sum())
    containment = wording / (1 + wording) * (n_words_a + n_words_b) / min(n_words_a, n_words_b)
    facts_a, facts_b = a.ids[a.counts[_NAMES] > 0], b.ids[b.counts[_NAMES] > 0]
    n_facts = min(len(facts_a), len(facts_b))
    n_shared = len(np.intersect1d(facts_a, facts_b, assume_unique=True))
    return n_shared < policy.template_facts * containment * n_facts


def _shares(policy: AssignPolicy) -> tuple[tuple[int, float], ...]:
    return (
        (_TITLE, policy.title_weight),
        (_LEAD, policy.lead_weight),
        (_NAMES, policy.names_weight),
        (_ALL, policy.all_weight),
    )


def decay(gaps_s: Weights, policy: AssignPolicy) -> Weights:
    """What time leaves of a similarity, by seconds between two articles; NaN stands for an unknown gap."""
    left: Weights = policy.decay_floor + (1 - policy.decay_floor) * np.exp(-np.abs(gaps_s) / policy.decay_s)
    return np.where(np.isnan(gaps_s), policy.undated_decay, left)


def story_score(similarities: Sequence[float], families: Sequence[str], policy: AssignPolicy) -> float:
    """Nearest link and mean, 0..1, over all members of a story with their publisher families, at least one.

    Members that were not among the candidates count as 0. No family outweighs the others in the mean.
    """
    nearest = sorted(zip(similarities, families, strict=True), key=lambda pair: -pair[0])[: policy.n_mean]
    weights = family_weights([family for _, family in nearest], policy.guards)
    mean = math.fsum(weight * similarity for weight, (similarity, _) in zip(weights, nearest, strict=True))
    return round(policy.nearest_share * nearest[0][0] + (1 - policy.nearest_share) * mean, 6)


def decide_assignment(
    candidates: Sequence[StoryScore], policy: AssignPolicy, *, must_join: StoryId | None = None
) -> Assignment:
    """Joins the best story that stands out from its rivals, or `must_join` (the story of the article's original)."""
    ranked = sorted(candidates, key=lambda candidate: (-candidate.score, candidate.story_id))
    threshold = join_threshold([candidate.score for candidate in ranked if not candidate.is_template], policy)
    if must_join is not None:
        score = next((candidate.score for candidate in ranked if candidate.story_id == must_join), 1.0)
        return Assignment(must_join, score, threshold, "copy")
    if not ranked:
        return Assignment(None, 0.0, threshold, "nothing like it")
    best = next((one for one in ranked if not (one.is_template or one.is_weak)), ranked[0])
    if best.is_template or best.is_weak or best.score < threshold:
        first = ranked[0]
        because = "one template" if first.is_template else "live blogs only" if first.is_weak else "too far"
        return Assignment(None, first.score, threshold, because, first.nearest_id)
    if best.score < round(threshold * best.bar, 6):
        return Assignment(None, best.score, round(threshold * best.bar, 6), "a topic", best.nearest_id)
    if best.n_shared_rare < best.n_rare_needed:
        return Assignment(None, best.score, threshold, "only common terms", best.nearest_id)
    return Assignment(best.story_id, best.score, threshold, "similar", best.nearest_id)


def could_join(candidates: Sequence[StoryScore], decision: Assignment) -> tuple[StoryScore, ...]:
    """The stories that reach the threshold of a decision beside the one that was chosen, best first."""
    found = [
        each
        for each in candidates
        if each.story_id != decision.story_id
        and each.score >= decision.threshold
        and not each.is_template
        and each.n_shared_rare >= each.n_rare_needed
    ]
    return tuple(sorted(found, key=lambda each: (-each.score, each.story_id)))


def join_threshold(ranked_scores: Sequence[float], policy: AssignPolicy) -> float:
    """The score that the best of these stories has to reach. `ranked_scores` in falling order; missing rivals are 0."""
    first, last = policy.rivals
    rivals = math.fsum(ranked_scores[first:last]) / (last - first)
    return round(max(policy.min_score, policy.margin + policy.rival_weight * rivals), 6)


def shared_terms(a: Vector, b: Vector, statistics: Statistics) -> tuple[NDArray[np.int32], Weights]:
    """Positions in `a` of terms that both have, and what each adds to the cosine of all text."""
    _, in_a, in_b = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    in_term_order = np.argsort(in_a)  # ids depend on what the process met first; terms do not
    in_a, in_b = in_a[in_term_order], in_b[in_term_order]
    weights_a = field_weights(a.counts, statistics.idf(a.ids))[_ALL]
    weights_b = field_weights(b.counts, statistics.idf(b.ids))[_ALL]
    scale = math.sqrt(float(np.sum(weights_a**2)) * float(np.sum(weights_b**2))) or 1.0
    return in_a.astype(np.int32), weights_a[in_a] * weights_b[in_b] / scale

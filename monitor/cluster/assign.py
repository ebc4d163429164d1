"""To which story does an article belong, or does it open a new one?

The similarity of two articles is that of their fields (`monitor.cluster.comparing`) times a decay with the time that
lies between them.

Stories are ranked by half their nearest member and half the mean of their members. A learned scorer says of the first
of them how probable each is (`monitor.cluster.scorer`): by what the article shares with the members in each field, how
far that stands above what unrelated stories of the same stream reach, and when they happened. An article joins the most
probable story if that is probable enough, and if it shares rare terms with the nearest member. Two articles made from
one template are never one story. Copies go where their original is.

Everything is a function of stored features, stored membership and stored counts, rounded to 6 decimals, ties by the
lowest story id: a replay, a restart and any number of workers give the same partition. Refuses to look at the clock.

Source of the numbers: learned from labelled sets and a dense stream of 1,100 articles a day; docs/quality.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from monitor.cluster.features import Features, features
from monitor.cluster.guards import GuardPolicy, family_weights
from monitor.cluster.statistics import Weights
from monitor.cluster.vectors import ALL, LEAD, NAMES, TITLE
from monitor.types import Article, ArticleId, StoryId, TermWeight

SCHEME = "stories-3"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPolicy:
    """What makes an article join. Scores are 0..1; the one default serves every language."""

    min_probability: float = 0.5
    """From here on an article joins the most probable story."""
    title_weight: float = 0.2
    lead_weight: float = 0.1
    names_weight: float = 0.1
    all_weight: float = 0.6
    """Shares of the cosines in the similarity by which stories are ranked before they are scored."""
    n_scored: int = 12
    """So many of the most similar stories are scored."""
    min_score: float = 0.10
    """Stories less similar than this are not compared for templates."""
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
    told_headline: float = 0.6
    told_weight: float = 6.0
    """Headlines of which one tells this share of the other need no rare term where what they share weighs (IDF) as much
    as two rare terms: the words together are rare."""
    window: timedelta = timedelta(days=14)
    """Articles first seen longer ago take no part: a story without younger ones is closed."""
    n_candidates: int = 64
    n_query_terms: int = 80
    guards: GuardPolicy = field(default_factory=GuardPolicy)
    max_postings: int = 20_000
    """So many entries of the inverted index are looked at for one article: rare terms first."""

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """The rows of `field_weights` that make up the similarity, with their shares."""
        return (
            (TITLE, self.title_weight),
            (LEAD, self.lead_weight),
            (NAMES, self.names_weight),
            (ALL, self.all_weight),
        )


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
    """How probable one story is; rare terms shared with its nearest member, and how many are needed.

    `score` is the probability, 0..1, `logit` its log-odds, made of `evidence`. `bar`: what joining may err is divided
    by it, 1 or more; `is_weak`: nothing but live blogs speaks for it.
    """

    story_id: StoryId
    score: float
    nearest_id: ArticleId
    n_shared_rare: int
    n_rare_needed: int
    is_template: bool = False
    bar: float = 1.0
    is_weak: bool = False
    logit: float = 0.0
    evidence: tuple[float, ...] = ()
    cases: tuple[float, ...] = ()
    """As in `EVIDENCE` and `CASES` of the scorer."""


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


BELIEVED = timedelta(days=3)


def event_time(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """The moment that stories compare: the publisher's date where it is believable, never later than first seen.

    A date older than `BELIEVED` before we first saw the article is held to be wrong or a re-post, so that a back-dated
    article cannot slip into an old story, nor a future-dated one sit on top of all.
    """
    if published_at is None:
        return first_seen_at
    return min(max(published_at, first_seen_at - BELIEVED), first_seen_at)


def member_of(article: Article) -> Member:
    """A stored article as stories compare it."""
    return Member(
        article_id=article.id,
        features=features(article.title, article.text, article.language),
        event_at=event_time(article.published_at, article.first_seen_at),
        seen_at=article.first_seen_at,
        family=article.family,
    )


def decay(gaps_s: Weights, policy: AssignPolicy) -> Weights:
    """What time leaves of a similarity, by seconds between two articles; NaN stands for an unknown gap."""
    left: Weights = policy.decay_floor + (1 - policy.decay_floor) * np.exp(-np.abs(gaps_s) / policy.decay_s)
    return np.where(np.isnan(gaps_s), policy.undated_decay, left)


def story_score(similarities: Sequence[float], families: Sequence[str], policy: AssignPolicy) -> float:
    """Nearest link and mean, 0..1, over all members of a story with their publisher families, at least one.

    Members that were not among the candidates count as 0. No family outweighs the others in the mean.
    """
    if len(similarities) == 1:
        return round(policy.nearest_share * similarities[0] + (1 - policy.nearest_share) * similarities[0], 6)
    nearest = sorted(zip(similarities, families, strict=True), key=lambda pair: -pair[0])[: policy.n_mean]
    weights = family_weights([family for _, family in nearest], policy.guards)
    mean = math.fsum(weight * similarity for weight, (similarity, _) in zip(weights, nearest, strict=True))
    return round(policy.nearest_share * nearest[0][0] + (1 - policy.nearest_share) * mean, 6)


def decide_assignment(
    candidates: Sequence[StoryScore], policy: AssignPolicy, *, must_join: StoryId | None = None
) -> Assignment:
    """Joins the most probable story if it is probable enough, or `must_join` (the story of the article's original)."""
    ranked = sorted(candidates, key=lambda candidate: (-candidate.score, -candidate.logit, candidate.story_id))
    threshold = policy.min_probability
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
    raised = raised_bar(threshold, best.bar)
    if best.score < raised:
        return Assignment(None, best.score, raised, "a topic", best.nearest_id)
    if best.n_shared_rare < best.n_rare_needed:
        return Assignment(None, best.score, threshold, "only common terms", best.nearest_id)
    return Assignment(best.story_id, best.score, threshold, "similar", best.nearest_id)


def raised_bar(threshold: float, bar: float) -> float:
    """The probability that joining a story needs whose chance of an error is to be `bar` times smaller."""
    return round(1 - (1 - threshold) / bar, 6)


def could_join(candidates: Sequence[StoryScore], decision: Assignment) -> tuple[StoryScore, ...]:
    """The stories that reach the threshold of a decision beside the one that was chosen, best first."""
    found = [
        each
        for each in candidates
        if each.story_id != decision.story_id
        and each.score >= decision.threshold
        and not (each.is_template or each.is_weak)
        and each.n_shared_rare >= each.n_rare_needed
    ]
    return tuple(sorted(found, key=lambda each: (-each.score, each.story_id)))

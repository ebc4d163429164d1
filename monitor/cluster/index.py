"""Which open stories come into question for an article, and how near are they?

Holds the articles of one language that are young enough to matter, with an inverted index over their terms. `assign`
asks and changes nothing; `add` enters an article into a story and teaches the statistics; `restore` enters one whose
terms the stored statistics already know; `remove` takes one out that is to arrive again. An index restored from stored
rows in arrival order behaves from then on exactly like the one that was lost: nothing is kept here that does not follow
from those rows.

Refuses: articles of other languages are other indexes; stories without a young member are not seen (closed).
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import (
    Assignment,
    AssignPolicy,
    Member,
    StoryScore,
    Vector,
    compare,
    decay,
    decide_assignment,
    evidence_of,
    field_weights,
    is_template,
    shared_terms,
    story_score,
    vector,
)
from monitor.cluster.explain import strongest_terms
from monitor.cluster.scorer import Scorer, probability, shipped_scorer, unrelated_level, weigh
from monitor.cluster.statistics import Statistics, Weights
from monitor.types import ArticleId, StoryId

_NAMES, _ALL = 3, 4
_NAMES_BONUS = 0.5
_N_SHOWN_TERMS = 8
_NO_DATE = math.nan
_GONE_S = -math.inf
"""Older than any window: the moment of a slot whose article was taken out."""

Slots = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Held:
    """One article in memory; moments as seconds since 1970, NaN when unknown."""

    story_id: StoryId
    article_id: ArticleId
    vector: Vector
    event_s: float
    seen_s: float


class StoryIndex:
    """Open stories of one language in memory: about 2 kB an article; 2-3 ms for one question among 10,000."""

    def __init__(
        self,
        language: str,
        statistics: Statistics,
        policy: AssignPolicy | None = None,
        scorer: Scorer | None = None,
    ) -> None:
        self.language = language
        self.statistics = statistics
        self.policy = policy or AssignPolicy()
        self.scorer = scorer or shipped_scorer()
        self._clear()

    def __len__(self) -> int:
        """How many articles are held."""
        return len(self._slots)

    def story_of(self, article_id: ArticleId) -> StoryId | None:
        """The story of a held article."""
        slot = self._slots.get(article_id)
        return None if slot is None else self._held[slot].story_id

    def assign(self, article: Member, *, must_join: StoryId | None = None) -> Assignment:
        """Where the article belongs, weighed by what came before it. Changes nothing."""
        query = vector(article.features, self.statistics)
        candidates = self._scored(query, article)
        assignment = decide_assignment(candidates, self.policy, must_join=must_join)
        if assignment.story_id is None or assignment.nearest_id is None:
            return assignment
        nearest = self._held[self._slots[assignment.nearest_id]].vector
        shared = shared_terms(query, nearest, self.statistics)
        return replace(assignment, terms=strongest_terms(article, shared, _N_SHOWN_TERMS))

    def scored(self, article: Member) -> list[StoryScore]:
        """The stories that come into question for an article, with the evidence for each. Changes nothing."""
        return self._scored(vector(article.features, self.statistics), article)

    def _scored(self, query: Vector, article: Member) -> list[StoryScore]:
        slots = self._candidates(query, article)
        return self._story_scores(query, article, slots) if len(slots) else []

    def add(self, story_id: StoryId, article: Member) -> None:
        """Enters an article, in arrival order, and counts its terms."""
        self.restore(story_id, article)
        self.statistics.learn(article.features.terms)

    def restore(self, story_id: StoryId, article: Member) -> None:
        """Enters an article that the statistics know already. Call in arrival order."""
        known = vector(article.features, self.statistics)
        self._enter(_Held(story_id, article.article_id, known, *_moments(article)))

    def remove(self, article_id: ArticleId) -> None:
        """Takes a held article out of its story; the statistics remember it. From then on as if it had never come."""
        slot = self._slots.pop(article_id, None)
        if slot is None:
            return
        self._seen_s[slot] = _GONE_S
        story_id = self._held[slot].story_id
        self._by_story[story_id].remove(slot)
        if not self._by_story[story_id]:
            del self._by_story[story_id]

    def forget(self, before: datetime) -> int:
        """Drops what was first seen before a moment, to free memory; how many. Beyond the window no answer changes."""
        limit_s, n_before = before.timestamp(), len(self)
        kept = [self._held[slot] for slot in sorted(self._slots.values()) if not self._held[slot].seen_s < limit_s]
        n_dropped = n_before - len(kept)
        if n_dropped or len(kept) < len(self._held):
            self._clear()
            for held in kept:
                self._enter(held)
        return n_dropped

    def _clear(self) -> None:
        self._held: list[_Held] = []
        self._slots: dict[ArticleId, int] = {}
        self._by_story: dict[StoryId, array[int]] = {}
        self._postings: dict[int, array[int]] = {}
        self._seen_s = array("d")
        self._event_s = array("d")
        self._lengths = array("d")

    def _enter(self, held: _Held) -> None:
        slot = len(self._held)
        self._held.append(held)
        self._slots[held.article_id] = slot
        self._by_story.setdefault(held.story_id, array("i")).append(slot)
        self._event_s.append(held.event_s)
        self._seen_s.append(held.seen_s)
        self._lengths.append(math.sqrt(len(held.vector.ids) + 1))
        for term_id in held.vector.ids.tolist():
            posting = self._postings.get(term_id)
            if posting is None:
                self._postings[term_id] = array("i", (slot,))
            else:
                posting.append(slot)

    def _candidates(self, query: Vector, article: Member) -> Slots:
        """Slots of the articles that share most weight, by a coarse count over the heaviest terms of the article."""
        rows = field_weights(query.counts, self.statistics.idf(query.ids))
        weights = rows[_ALL] + _NAMES_BONUS * rows[_NAMES]
        heaviest = self._telling(query, weights)
        postings = [self._postings.get(int(query.ids[i])) for i in heaviest]
        found = [(p, float(weights[i])) for p, i in zip(postings, heaviest, strict=True) if p]
        if not found:
            return np.zeros(0, dtype=np.intp)
        slots = np.concatenate([np.frombuffer(posting, dtype=np.int32) for posting, _ in found])
        gains = np.repeat([weight**2 for _, weight in found], [len(posting) for posting, _ in found])
        coarse = np.bincount(slots, gains)
        slots = np.flatnonzero(coarse)
        slots = slots[self._is_young(article, slots)]
        near = coarse[slots] / np.frombuffer(self._lengths)[slots] * decay(self._gaps_s(article, slots), self.policy)
        return _strongest(slots, np.round(near, 6), self.policy.n_candidates)

    def _telling(self, query: Vector, weights: Weights) -> Slots:
        """Positions of the heaviest terms, in term order, whose postings together stay within `max_postings`.

        By the counts of the statistics, which a restart brings back, not by the postings, which it shortens.
        """
        heaviest = np.argsort(-np.round(weights, 6), kind="stable")[: self.policy.n_query_terms]
        n_postings = np.cumsum(np.sort(self.statistics.n_with(query.ids[heaviest])))
        n_kept = max(1, int(np.searchsorted(n_postings, self.policy.max_postings, side="right")))
        rarest = np.argsort(self.statistics.n_with(query.ids[heaviest]), kind="stable")[:n_kept]
        return np.sort(heaviest[rarest])

    def _is_young(self, article: Member, slots: Slots) -> NDArray[np.bool_]:
        """Held, and within the window before the article; what has no date never ages."""
        seen_s = np.frombuffer(self._seen_s)[slots]
        if article.seen_at is None:
            return np.not_equal(seen_s, _GONE_S)
        oldest_s = article.seen_at.timestamp() - self.policy.window.total_seconds()
        return ~(seen_s < oldest_s)

    def _gaps_s(self, article: Member, slots: Slots) -> Weights:
        return np.frombuffer(self._event_s)[slots] - _moments(article)[0]

    def _story_scores(self, query: Vector, article: Member, slots: Slots) -> list[StoryScore]:
        """The stories that are most similar, scored; the others only tell what unrelated ones reach."""
        compared = compare(
            query, [self._held[slot].vector for slot in slots], statistics=self.statistics, policy=self.policy
        )
        near = np.round(compared.scores * decay(self._gaps_s(article, slots), self.policy), 6).tolist()
        by_story: dict[StoryId, list[int]] = {}
        for position, slot in enumerate(slots):
            by_story.setdefault(self._held[slot].story_id, []).append(position)
        members = {
            story_id: slots[positions]
            if len(positions) == len(self._by_story[story_id])
            else self._members(story_id, article)
            for story_id, positions in by_story.items()
        }
        similarity = {
            story_id: story_score([near[position] for position in positions], len(members[story_id]), self.policy)
            for story_id, positions in by_story.items()
        }
        ranked = sorted(by_story, key=lambda story_id: (-similarity[story_id], story_id))[: self.policy.n_scored]
        nearest = [min(by_story[story_id], key=lambda position: (-near[position], position)) for story_id in ranked]
        found = [
            evidence_of(
                query,
                self._held[slots[position]].vector,
                compared,
                by_story[story_id],
                nearest=position,
                n_members=len(members[story_id]),
                similarity=similarity[story_id],
                gap_s=float(self._gaps_s(article, slots[[position]])[0]),
                mean_gap_s=self._mean_gap_s(article, members[story_id]),
            )
            for story_id, position in zip(ranked, nearest, strict=True)
        ]
        evidence, cases = weigh(found, unrelated_level(list(similarity.values())), self.policy.n_mean)
        logits = self.scorer.logits(evidence, cases)
        return [
            StoryScore(
                story_id=story_id,
                score=probability(logit),
                nearest_id=self._held[slots[position]].article_id,
                n_shared_rare=int(compared.n_shared_rare[position]),
                n_rare_needed=int(compared.n_rare_needed[position]),
                is_template=similarity[story_id] >= self.policy.min_score
                and is_template(query, self._held[slots[position]].vector, self.policy),
                logit=logit,
                evidence=tuple(evidence[row].tolist()),
                cases=tuple(cases[row].tolist()),
            )
            for row, (story_id, position, logit) in enumerate(zip(ranked, nearest, logits, strict=True))
        ]

    def _members(self, story_id: StoryId, article: Member) -> Slots:
        """The young members of a story."""
        members = np.array(self._by_story[story_id], dtype=np.intp)
        return members[self._is_young(article, members)]

    def _mean_gap_s(self, article: Member, members: Slots) -> float:
        """Seconds from an article to the mean moment of a story; NaN where either is unknown."""
        gaps_s = self._gaps_s(article, members)
        known = gaps_s[~np.isnan(gaps_s)]
        return float(known.mean()) if len(known) else math.nan


def _strongest(slots: Slots, values: Weights, n: int) -> Slots:
    """The `n` slots of the highest values, the earlier slot first among equals, returned in arrival order."""
    if len(slots) > n:
        cut = np.partition(values, len(values) - n)[len(values) - n]
        slots, values = slots[values >= cut], values[values >= cut]
    order = np.argsort(-values, kind="stable")[:n]
    return np.sort(slots[order])


def _moments(article: Member) -> tuple[float, float]:
    event_s = article.event_at.timestamp() if article.event_at else _NO_DATE
    seen_s = article.seen_at.timestamp() if article.seen_at else _NO_DATE
    return event_s, seen_s

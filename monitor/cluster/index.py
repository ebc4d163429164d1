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
from collections.abc import Collection, Sequence
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
    could_join,
    decay,
    decide_assignment,
    field_weights,
    is_template,
    shared_terms,
    story_score,
    vector,
)
from monitor.cluster.explain import strongest_terms
from monitor.cluster.guards import DAY_S, Kind, is_series, n_rare_needed, series_key, story_bar
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
    family: str
    kind: Kind
    series: str
    """What its title shares with others of a series; "" where it has none."""


class StoryIndex:
    """Open stories of one language in memory: about 2 kB an article; 2-3 ms for one question among 10,000."""

    def __init__(self, language: str, statistics: Statistics, policy: AssignPolicy | None = None) -> None:
        self.language = language
        self.statistics = statistics
        self.policy = policy or AssignPolicy()
        self._clear()

    def __len__(self) -> int:
        """How many articles are held."""
        return len(self._slots)

    def story_of(self, article_id: ArticleId) -> StoryId | None:
        """The story of a held article."""
        slot = self._slots.get(article_id)
        return None if slot is None else self._held[slot].story_id

    def assign(
        self, article: Member, *, must_join: StoryId | None = None, barred: Collection[StoryId] = ()
    ) -> Assignment:
        """Where the article belongs, weighed by what came before it; never in a `barred` story. Changes nothing."""
        query = vector(article.features, self.statistics)
        standing = self._stands_alone(article)
        slots = np.zeros(0, dtype=np.intp) if standing else self._candidates(query, article)
        candidates = self._story_scores(query, article, slots) if len(slots) else []
        candidates = [each for each in candidates if each.story_id not in barred]
        assignment = decide_assignment(candidates, self.policy, must_join=must_join)
        assignment = replace(assignment, also=could_join(candidates, assignment))
        if standing and must_join is None:
            return replace(assignment, because=standing)
        if assignment.story_id is None or assignment.nearest_id is None:
            return assignment
        nearest = self._held[self._slots[assignment.nearest_id]].vector
        shared = shared_terms(query, nearest, self.statistics)
        return replace(assignment, terms=strongest_terms(article, shared, _N_SHOWN_TERMS))

    def scored(self, article: Member, *, beside: StoryId | None = None) -> list[StoryScore]:
        """The stories that come into question for an article, and that of `beside` whether it does or not."""
        query = vector(article.features, self.statistics)
        slots = self._candidates(query, article)
        if beside is not None:
            slots = np.union1d(slots, [self._slots[one] for one in self.members(beside, beside=article)]).astype(
                np.intp
            )
        return self._story_scores(query, article, slots) if len(slots) else []

    def add(self, story_id: StoryId, article: Member) -> bool:
        """Enters an article, in arrival order, and counts its terms; whether all counts were halved after it."""
        self.restore(story_id, article)
        return self.statistics.learn(article.features.terms)

    def restore(self, story_id: StoryId, article: Member) -> None:
        """Enters an article that the statistics know already. Call in arrival order."""
        known = vector(article.features, self.statistics)
        series = series_key(article.family, article.features.title)
        held = _Held(
            story_id, article.article_id, known, *_moments(article), article.family, article.features.kind, series
        )
        self._enter(held)

    def remove(self, article_id: ArticleId) -> None:
        """Takes a held article out of its story; the statistics remember it. From then on as if it had never come."""
        slot = self._slots.pop(article_id, None)
        if slot is None:
            return
        self._seen_s[slot] = _GONE_S
        self._leave(self._held[slot].story_id, slot)

    def _leave(self, story_id: StoryId, slot: int) -> None:
        self._by_story[story_id].remove(slot)
        if not self._by_story[story_id]:
            del self._by_story[story_id]

    def move(self, ids: Collection[ArticleId], story_id: StoryId) -> None:
        """Held articles change to another story, as if they had always been in it; others are passed over."""
        for slot in sorted(self._slots[one] for one in ids if one in self._slots):
            held = self._held[slot]
            self._leave(held.story_id, slot)
            self._held[slot] = replace(held, story_id=story_id)
            self._by_story[story_id] = array("i", sorted((*self._by_story.get(story_id, ()), slot)))

    def members(self, story_id: StoryId, *, beside: Member | None = None) -> list[ArticleId]:
        """The held articles of a story in arrival order; with `beside` those within the window before that one."""
        slots = np.frombuffer(self._by_story.get(story_id, array("i")), dtype=np.int32).astype(np.intp)
        if beside is not None and len(slots):
            slots = slots[self._is_young(beside, slots)]
        return [self._held[slot].article_id for slot in slots]

    def vector_of(self, article_id: ArticleId) -> tuple[Vector, Kind]:
        """The terms of a held article, by the vocabulary of the statistics, and its kind."""
        held = self._held[self._slots[article_id]]
        return held.vector, held.kind

    def similarities(self, article_id: ArticleId, others: Sequence[ArticleId]) -> Weights:
        """How near a held article is to other held ones, time included, weighed by the statistics of now."""
        held, slots = self._held[self._slots[article_id]], [self._slots[other] for other in others]
        vectors = [self._held[slot].vector for slot in slots]
        compared = compare(held.vector, vectors, statistics=self.statistics, policy=self.policy)
        gaps_s = np.array([self._held[slot].event_s for slot in slots]) - held.event_s
        near: Weights = np.round(compared.scores * decay(gaps_s, self.policy), 6)
        return near

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
        self._by_series: dict[str, array[int]] = {}
        self._recurring: set[int] = set()
        """Slots of titles that were used on several days, whether or not that makes a series today."""

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
        if held.series:
            same = self._by_series.setdefault(held.series, array("i"))
            same.append(slot)
            if len(same) > self.policy.guards.series_days:
                self._recurring.update(same)

    def _stands_alone(self, article: Member) -> str:
        """Why an article belongs to no single event; "" for one that may join a story."""
        if article.features.kind is Kind.ROUNDUP:
            return "round-up"
        key = series_key(article.family, article.features.title)
        return "series" if self._is_series(key, _moments(article)[0], article) else ""

    def _is_series(self, key: str, event_s: float, article: Member) -> bool:
        """Whether the title of something that happened at `event_s` is one of a series, when an article arrives."""
        slots = np.array(self._by_series.get(key, ()), dtype=np.intp)
        if len(slots) < self.policy.guards.series_days:
            return False
        days = np.frombuffer(self._event_s)[slots[self._is_young(article, slots)]] // DAY_S
        return is_series(event_s // DAY_S, days.tolist(), self.policy.guards)

    def _attracts(self, slot: int, article: Member) -> bool:
        held = self._held[slot]
        if held.kind is Kind.ROUNDUP:
            return False
        return slot not in self._recurring or not self._is_series(held.series, held.event_s, article)

    def _candidates(self, query: Vector, article: Member) -> Slots:
        """Slots of the articles that share most weight, by a coarse count over the heaviest terms of the article."""
        rows = field_weights(query.counts, self.statistics.idf(query.ids))
        weights = rows[_ALL] + _NAMES_BONUS * rows[_NAMES]
        heaviest = np.sort(np.argsort(-weights, kind="stable")[: self.policy.n_query_terms])
        postings = [self._postings.get(int(query.ids[i])) for i in heaviest]
        found = [(p, float(weights[i])) for p, i in zip(postings, heaviest, strict=True) if p]
        if not found:
            return np.zeros(0, dtype=np.intp)
        slots = np.concatenate([np.frombuffer(posting, dtype=np.int32) for posting, _ in found])
        gains = np.repeat([weight**2 for _, weight in found], [len(posting) for posting, _ in found])
        coarse = np.bincount(slots, gains)
        slots = np.flatnonzero(coarse)
        slots = slots[self._is_young(article, slots)]
        slots = slots[[self._attracts(slot, article) for slot in slots.tolist()]]
        near = coarse[slots] / np.frombuffer(self._lengths)[slots] * decay(self._gaps_s(article, slots), self.policy)
        return _strongest(slots, np.round(near, 6), self.policy.n_candidates)

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
        compared = compare(
            query, [self._held[slot].vector for slot in slots], statistics=self.statistics, policy=self.policy
        )
        scores = np.round(compared.scores * decay(self._gaps_s(article, slots), self.policy), 6).tolist()
        by_story: dict[StoryId, list[int]] = {}
        for position, slot in enumerate(slots):
            by_story.setdefault(self._held[slot].story_id, []).append(position)
        found = []
        for story_id, all_positions in by_story.items():
            positions = [position for position in all_positions if self._is_evidence(slots[position], article)]
            is_weak, positions = not positions, positions or all_positions
            members = self._members(story_id, article)
            nearest = min(positions, key=lambda position: (-scores[position], position))
            similarities = dict.fromkeys(members.tolist(), 0.0) | {int(slots[at]): scores[at] for at in positions}
            families = [self._held[slot].family for slot in similarities]
            score = story_score(list(similarities.values()), families, self.policy)
            rare, needed = int(compared.n_shared_rare[nearest]), int(compared.n_rare_needed[nearest])
            held = self._held[slots[nearest]]
            found.append(
                StoryScore(
                    story_id=story_id,
                    score=score,
                    nearest_id=held.article_id,
                    n_shared_rare=rare,
                    n_rare_needed=n_rare_needed(needed, article.family, families, self.policy.guards),
                    is_template=score >= self.policy.min_score and is_template(query, held.vector, self.policy),
                    bar=story_bar(np.frombuffer(self._event_s)[members], families, self.policy.guards),
                    is_weak=is_weak,
                )
            )
        return found

    def _members(self, story_id: StoryId, article: Member) -> Slots:
        """The young members of a story that speak for it: all but live blogs, or these where there is nothing else."""
        members = np.array(self._by_story[story_id], dtype=np.intp)
        members = members[self._is_young(article, members)]
        speaking = [self._is_evidence(slot, article) for slot in members.tolist()]
        return members[speaking] if any(speaking) else members

    def _is_evidence(self, slot: int, article: Member) -> bool:
        """A live blog tells of too much to vouch for anything but another one."""
        return self._held[slot].kind is not Kind.LIVE or article.features.kind is Kind.LIVE


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

"""Which open stories come into question for an article, and how near are they?

Holds the articles of one language that are young enough to matter, with an inverted index over their terms. `assign`
asks and changes nothing; `add` enters an article into a story and teaches the statistics; `restore` enters one whose
terms the stored statistics already know; `remove` takes one out that is to arrive again. An index restored from stored
rows in arrival order behaves from then on exactly like the one that was lost: nothing is kept here that does not follow
from those rows.

Refuses: articles of other languages are other indexes; stories without a young member are not seen (closed).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import (
    Assignment,
    AssignPolicy,
    Member,
    StoryScore,
    could_join,
    decay,
    decide_assignment,
)
from monitor.cluster.comparing import compare, shared_terms
from monitor.cluster.explain import strongest_terms
from monitor.cluster.features import Features
from monitor.cluster.guards import DAY_S, Kind, is_series, series_key
from monitor.cluster.held import (
    Held,
    Slots,
    lowest_of,
    moments,
    rarest_within,
    strongest,
)
from monitor.cluster.scorer import Scorer, shipped_scorer
from monitor.cluster.shelf import Shelf
from monitor.cluster.statistics import Statistics, Weights
from monitor.cluster.vectors import ALL, NAMES, Vector, field_weights, vector
from monitor.cluster.weighing import weigh_stories
from monitor.types import ArticleId, StoryId

_NAMES_BONUS = 0.5
_N_SHOWN_TERMS = 8
_N_SAMPLED = 16
"""Of so many articles one is looked at for how near the nearest are at least, so that most others need no look."""
_ROUNDED = 1e-6


class StoryIndex:
    """Open stories of one language in memory: 7 to 9 kB an article with its share of the vocabulary."""

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
        self._shelf = Shelf(self.policy.guards.series_days)
        self._window_s = self.policy.window.total_seconds()
        self._latest: tuple[Features, Vector] | None = None

    def __len__(self) -> int:
        """How many articles are held."""
        return len(self._shelf)

    def story_of(self, article_id: ArticleId) -> StoryId | None:
        """The story of a held article."""
        slot = self._shelf.slot_of(article_id)
        return None if slot is None else self._shelf[slot].story_id

    def assign(
        self, article: Member, *, must_join: StoryId | None = None, barred: Collection[StoryId] = ()
    ) -> Assignment:
        """Where the article belongs, weighed by what came before it; never in a `barred` story. Changes nothing."""
        query = self._vector(article.features)
        standing = self._stands_alone(article)
        candidates = [] if standing else self._scored(query, article)
        candidates = [each for each in candidates if each.story_id not in barred]
        assignment = decide_assignment(candidates, self.policy, must_join=must_join)
        assignment = replace(assignment, also=could_join(candidates, assignment))
        if standing and must_join is None:
            return replace(assignment, because=standing)
        if assignment.story_id is None or assignment.nearest_id is None:
            return assignment
        shared = shared_terms(query, self._held(assignment.nearest_id).vector, self.statistics)
        return replace(assignment, terms=strongest_terms(article, shared, _N_SHOWN_TERMS))

    def scored(self, article: Member, *, beside: StoryId | None = None) -> list[StoryScore]:
        """The stories that come into question, with the evidence for each, and `beside` whether it does or not."""
        return self._scored(self._vector(article.features), article, beside)

    def _scored(self, query: Vector, article: Member, beside: StoryId | None = None) -> list[StoryScore]:
        slots = self._candidates(query, article)
        if beside is not None:
            slots = np.union1d(slots, self._young_of(beside, article)).astype(np.intp)
        if not len(slots):
            return []
        return weigh_stories(
            self._shelf,
            query,
            article,
            slots,
            statistics=self.statistics,
            scorer=self.scorer,
            policy=self.policy,
            beside=beside,
        )

    def add(self, story_id: StoryId, article: Member) -> None:
        """Enters an article, in arrival order, and counts its terms."""
        self.restore(story_id, article)
        self.statistics.learn(self._vector(article.features).ids)

    def restore(self, story_id: StoryId, article: Member) -> None:
        """Enters an article that the statistics know already. Call in arrival order."""
        known = self._vector(article.features)
        series = series_key(article.family, article.features.title)
        held = Held(
            story_id, article.article_id, known, *moments(article), article.family, article.features.kind, series
        )
        self._shelf.put(held)

    def _vector(self, features: Features) -> Vector:
        """Of features that are asked for twice in a row, when an article is decided and when it is added."""
        if self._latest is None or self._latest[0] is not features:
            self._latest = features, vector(features, self.statistics)
        return self._latest[1]

    def remove(self, article_id: ArticleId) -> None:
        """Takes a held article out of its story; the statistics remember it. From then on as if it had never come."""
        if self._shelf.slot_of(article_id) is not None:
            self._shelf.drop([article_id])

    def move(self, ids: Collection[ArticleId], story_id: StoryId) -> None:
        """Held articles change to another story, as if they had always been in it; others are passed over."""
        for one in ids:
            if self._shelf.slot_of(one) is not None:
                self._shelf.move(one, story_id)

    def members(self, story_id: StoryId, *, beside: Member | None = None) -> list[ArticleId]:
        """The held articles of a story in arrival order; with `beside` those within the window before that one."""
        slots = self._shelf.of_story(story_id) if beside is None else self._young_of(story_id, beside)
        return [self._shelf[slot].article_id for slot in slots.tolist()]

    def vector_of(self, article_id: ArticleId) -> tuple[Vector, Kind]:
        """The terms of a held article, by the vocabulary of the statistics, and its kind."""
        held = self._held(article_id)
        return held.vector, held.kind

    def similarities(self, article_id: ArticleId, others: Sequence[ArticleId]) -> Weights:
        """How near a held article is to other held ones, time included, weighed by the statistics of now."""
        held, beside = self._held(article_id), [self._held(other) for other in others]
        vectors = [other.vector for other in beside]
        compared = compare(held.vector, vectors, statistics=self.statistics, policy=self.policy)
        gaps_s = np.array([other.event_s for other in beside]) - held.event_s
        near: Weights = np.round(compared.scores * decay(gaps_s, self.policy), 6)
        return near

    def forget(self, before: datetime) -> int:
        """Drops what was first seen before a moment, to free memory; how many. Beyond the window no answer changes."""
        return self._shelf.drop_before(before.timestamp())

    def _held(self, article_id: ArticleId) -> Held:
        slot = self._shelf.slot_of(article_id)
        if slot is None:
            raise KeyError(f"article {article_id} is not held")
        return self._shelf[slot]

    def _stands_alone(self, article: Member) -> str:
        """Why an article belongs to no single event; "" for one that may join a story."""
        if article.features.kind is Kind.ROUNDUP:
            return "round-up"
        key = series_key(article.family, article.features.title)
        event_s, seen_s = moments(article)
        return "series" if self._is_series(key, event_s, seen_s) else ""

    def _is_series(self, key: str, event_s: float, seen_s: float) -> bool:
        """Whether the title of something that happened at `event_s` is one of a series for who was seen at `seen_s`."""
        slots = self._shelf.of_series(key)
        if len(slots) < self.policy.guards.series_days:
            return False
        days = self._shelf.event_s(slots[self._shelf.is_young(slots, seen_s, self._window_s)]) // DAY_S
        return is_series(event_s // DAY_S, days.tolist(), self.policy.guards)

    def _attracting(self, slots: Slots, near: Weights, seen_s: float) -> NDArray[np.bool_]:
        """Which of these an article may join: nothing that is one of a series when it arrives.

        Of recurring titles only those are looked at that are nearer than enough others.
        """
        attracting = ~self._shelf.is_recurring(slots)
        bar = lowest_of(near[attracting], self.policy.n_candidates)
        for position in np.flatnonzero(~attracting & (near >= bar)).tolist():
            held = self._shelf[slots[position]]
            attracting[position] = not self._is_series(held.series, held.event_s, seen_s)
        return attracting

    def _candidates(self, query: Vector, article: Member) -> Slots:
        """Slots of the articles that share most weight, by a coarse count over the heaviest terms of the article."""
        rows = field_weights(query.counts, self.statistics.idf(query.ids))
        weights = rows[ALL] + _NAMES_BONUS * rows[NAMES]
        heaviest = self._telling(query, weights, article)
        slots, at_most = self._shelf.sharing(query.ids[heaviest].tolist(), (weights[heaviest] ** 2).tolist())
        sampled, near = self._near(slots[::_N_SAMPLED], at_most[::_N_SAMPLED], article)
        near = near[~self._shelf.is_recurring(sampled)]
        bar = max(_ROUNDED, lowest_of(near, self.policy.n_candidates)) - _ROUNDED
        is_high = at_most >= bar
        slots, near = self._near(slots[is_high], at_most[is_high], article)
        attracting = self._attracting(slots, near, moments(article)[1])
        return strongest(slots[attracting], near[attracting], self.policy.n_candidates)

    def _near(self, slots: Slots, at_most: Weights, article: Member) -> tuple[Slots, Weights]:
        """The young ones that are no round-ups, and how near they are, when time takes its share of `at_most`."""
        event_s, seen_s = moments(article)
        is_open = self._shelf.is_young(slots, seen_s, self._window_s) & ~self._shelf.is_roundup(slots)
        slots, at_most = slots[is_open], at_most[is_open]
        return slots, np.round(at_most * decay(self._shelf.event_s(slots) - event_s, self.policy), 6)

    def _telling(self, query: Vector, weights: Weights, article: Member) -> Slots:
        """Positions of the terms to look up, in term order: the heaviest ones, as far as they are rare enough.

        By the counts of the statistics, which a restart brings back, not by the postings, which it shortens. They stand
        for fewer articles than the window holds where they were halved meanwhile.
        """
        heaviest = np.argsort(-np.round(weights, 6), kind="stable")[: self.policy.n_query_terms]
        n_with = self.statistics.n_with(query.ids[heaviest]) * self._n_held_a_counted(article)
        return np.sort(heaviest[rarest_within(n_with, self.policy.max_postings)])

    def _n_held_a_counted(self, article: Member) -> float:
        """Articles in the window for each that the statistics count, 1 or more."""
        n_counted = max(1, self.statistics.n_articles)
        return max(1.0, self._shelf.n_young(moments(article)[1], self._window_s) / n_counted)

    def _young_of(self, story_id: StoryId, article: Member) -> Slots:
        return self._shelf.young_of(story_id, moments(article)[1], self._window_s)

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
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import (
    Assignment,
    AssignPolicy,
    Member,
    StoryScore,
    compare,
    could_join,
    decay,
    decide_assignment,
    evidence_of,
    shared_terms,
    story_score,
)
from monitor.cluster.explain import strongest_terms
from monitor.cluster.features import Features
from monitor.cluster.guards import DAY_S, Kind, is_series, series_key
from monitor.cluster.held import (
    Found,
    Held,
    Question,
    Slots,
    guarded,
    lowest_of,
    mean_known,
    moments,
    rarest_within,
    strongest,
)
from monitor.cluster.scorer import Scorer, StoryEvidence, probability, shipped_scorer, unrelated_level, weigh
from monitor.cluster.statistics import Statistics, Weights
from monitor.cluster.vectors import ALL, NAMES, Vector, field_weights, vector
from monitor.types import ArticleId, StoryId

_NAMES_BONUS = 0.5
_N_SHOWN_TERMS = 8
_N_SAMPLED = 16
"""Of so many articles one is looked at for how near the nearest are at least, so that most others need no look."""
_ROUNDED = 1e-6
_GONE_S = -math.inf
"""Older than any window: the moment of a slot whose article was taken out."""


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
        self._latest: tuple[Features, Vector] | None = None
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
        nearest = self._held[self._slots[assignment.nearest_id]].vector
        shared = shared_terms(query, nearest, self.statistics)
        return replace(assignment, terms=strongest_terms(article, shared, _N_SHOWN_TERMS))

    def scored(self, article: Member, *, beside: StoryId | None = None) -> list[StoryScore]:
        """The stories that come into question, with the evidence for each, and `beside` whether it does or not."""
        return self._scored(self._vector(article.features), article, beside)

    def _scored(self, query: Vector, article: Member, beside: StoryId | None = None) -> list[StoryScore]:
        slots = self._candidates(query, article)
        if beside is not None:
            own = [self._slots[one] for one in self.members(beside, beside=article)]
            slots = np.union1d(slots, own).astype(np.intp)
        return self._story_scores(query, article, slots, beside) if len(slots) else []

    def add(self, story_id: StoryId, article: Member) -> bool:
        """Enters an article, in arrival order, and counts its terms; whether all counts were halved after it."""
        self.restore(story_id, article)
        return self.statistics.learn(article.features.terms)

    def restore(self, story_id: StoryId, article: Member) -> None:
        """Enters an article that the statistics know already. Call in arrival order."""
        known = self._vector(article.features)
        series = series_key(article.family, article.features.title)
        held = Held(
            story_id, article.article_id, known, *moments(article), article.family, article.features.kind, series
        )
        self._enter(held)

    def _vector(self, features: Features) -> Vector:
        """Of features that are asked for twice in a row, when an article is decided and when it is added."""
        if self._latest is None or self._latest[0] is not features:
            self._latest = features, vector(features, self.statistics)
        return self._latest[1]

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
        self._held: list[Held] = []
        self._slots: dict[ArticleId, int] = {}
        self._by_story: dict[StoryId, array[int]] = {}
        self._postings: dict[int, array[int]] = {}
        self._seen_s = array("d")
        self._event_s = array("d")
        self._lengths = array("d")
        self._is_roundup = array("b")
        self._by_series: dict[str, array[int]] = {}
        self._is_recurring = array("b")
        """Whether a title was used on several days, whether or not that makes it one of a series today."""

    def _enter(self, held: Held) -> None:
        slot = len(self._held)
        self._held.append(held)
        self._slots[held.article_id] = slot
        self._by_story.setdefault(held.story_id, array("i")).append(slot)
        self._event_s.append(held.event_s)
        self._seen_s.append(held.seen_s)
        self._lengths.append(math.sqrt(len(held.vector.ids) + 1))
        self._is_roundup.append(held.kind is Kind.ROUNDUP)
        self._is_recurring.append(False)
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
                for other in same:
                    self._is_recurring[other] = True

    def _stands_alone(self, article: Member) -> str:
        """Why an article belongs to no single event; "" for one that may join a story."""
        if article.features.kind is Kind.ROUNDUP:
            return "round-up"
        key = series_key(article.family, article.features.title)
        return "series" if self._is_series(key, moments(article)[0], article) else ""

    def _is_series(self, key: str, event_s: float, article: Member) -> bool:
        """Whether the title of something that happened at `event_s` is one of a series, when an article arrives."""
        slots = np.array(self._by_series.get(key, ()), dtype=np.intp)
        if len(slots) < self.policy.guards.series_days:
            return False
        days = np.frombuffer(self._event_s)[slots[self._is_young(article, slots)]] // DAY_S
        return is_series(event_s // DAY_S, days.tolist(), self.policy.guards)

    def _attracting(self, slots: Slots, near: Weights, article: Member) -> NDArray[np.bool_]:
        """Which of these an article may join: nothing that is one of a series when it arrives.

        Of recurring titles only those are looked at that are nearer than enough others.
        """
        attracting: NDArray[np.bool_] = np.equal(np.frombuffer(self._is_recurring, dtype=np.int8)[slots], 0)
        bar = lowest_of(near[attracting], self.policy.n_candidates)
        for position in np.flatnonzero(~attracting & (near >= bar)).tolist():
            held = self._held[slots[position]]
            attracting[position] = not self._is_series(held.series, held.event_s, article)
        return attracting

    def _candidates(self, query: Vector, article: Member) -> Slots:
        """Slots of the articles that share most weight, by a coarse count over the heaviest terms of the article."""
        rows = field_weights(query.counts, self.statistics.idf(query.ids))
        weights = rows[ALL] + _NAMES_BONUS * rows[NAMES]
        heaviest = self._telling(query, weights, article)
        postings = [self._postings.get(int(query.ids[i])) for i in heaviest]
        found = [(p, float(weights[i])) for p, i in zip(postings, heaviest, strict=True) if p]
        if not found:
            return np.zeros(0, dtype=np.intp)
        slots = np.concatenate([np.frombuffer(posting, dtype=np.int32) for posting, _ in found])
        gains = np.repeat([weight**2 for _, weight in found], [len(posting) for posting, _ in found])
        coarse = np.bincount(slots, gains)
        at_most = coarse / np.frombuffer(self._lengths)[: len(coarse)]
        sampled = np.flatnonzero(at_most[::_N_SAMPLED]) * _N_SAMPLED
        sampled, near = self._near(sampled, at_most[sampled], article)
        is_sure = np.equal(np.frombuffer(self._is_recurring, dtype=np.int8)[sampled], 0)
        bar = max(_ROUNDED, lowest_of(near[is_sure], self.policy.n_candidates)) - _ROUNDED
        slots = np.flatnonzero((at_most > 0) & (at_most >= bar))
        slots, near = self._near(slots, at_most[slots], article)
        attracting = self._attracting(slots, near, article)
        return strongest(slots[attracting], near[attracting], self.policy.n_candidates)

    def _near(self, slots: Slots, at_most: Weights, article: Member) -> tuple[Slots, Weights]:
        """The young ones that are no round-ups, and how near they are, when time takes its share of `at_most`."""
        is_open = self._is_young(article, slots) & (np.frombuffer(self._is_roundup, dtype=np.int8)[slots] == 0)
        slots, at_most = slots[is_open], at_most[is_open]
        return slots, np.round(at_most * decay(self._gaps_s(article, slots), self.policy), 6)

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
        if len(self._held) <= n_counted:
            return 1.0
        n_young = np.count_nonzero(self._is_young(article, slice(None)))
        return max(1.0, float(n_young) / n_counted)

    def _is_young(self, article: Member, slots: Slots | slice) -> NDArray[np.bool_]:
        """Held, and within the window of the article: before it, or after it where an archive comes late."""
        seen_s = np.frombuffer(self._seen_s)[slots]
        if article.seen_at is None:
            return np.not_equal(seen_s, _GONE_S)
        window_s = self.policy.window.total_seconds()
        return ~(np.abs(seen_s - article.seen_at.timestamp()) > window_s)

    def _gaps_s(self, article: Member, slots: Slots) -> Weights:
        return np.frombuffer(self._event_s)[slots] - moments(article)[0]

    def _story_scores(
        self, query: Vector, article: Member, slots: Slots, beside: StoryId | None = None
    ) -> list[StoryScore]:
        """The most similar stories, and `beside`, scored; the others only tell what unrelated ones reach."""
        compared = compare(
            query, [self._held[slot].vector for slot in slots], statistics=self.statistics, policy=self.policy
        )
        near = np.round(compared.scores * decay(self._gaps_s(article, slots), self.policy), 6).tolist()
        by_story: dict[StoryId, list[int]] = {}
        for position, slot in enumerate(slots):
            by_story.setdefault(self._held[slot].story_id, []).append(position)
        asked = Question(article, query, slots, compared, near)
        found = [self._found(asked, story_id, own) for story_id, own in by_story.items()]
        level = unrelated_level([each.similarity for each in found])
        found.sort(key=lambda each: (-each.similarity, each.story_id))
        n_scored = self.policy.n_scored
        found = [each for rank, each in enumerate(found) if rank < n_scored or each.story_id == beside]
        evidence, cases = weigh([self._evidence(asked, each) for each in found], level, self.policy.n_mean)
        logits = self.scorer.logits(evidence, cases)
        return [
            replace(
                guarded(asked, each, self._held[slots[each.nearest]], self._event_s, policy=self.policy),
                score=probability(logit),
                logit=logit,
                evidence=tuple(evidence[row].tolist()),
                cases=tuple(cases[row].tolist()),
            )
            for row, (each, logit) in enumerate(zip(found, logits, strict=True))
        ]

    def _found(self, asked: Question, story_id: StoryId, own: Sequence[int]) -> Found:
        """A story by those of its members that stand at `own` among the compared ones."""
        near, slots = asked.near, asked.slots
        if len(self._by_story[story_id]) == 1:
            return self._found_alone(asked, story_id, own[0])
        positions = [position for position in own if self._is_evidence(slots[position], asked.article)]
        is_weak, positions = not positions, positions or list(own)
        members = self._members(story_id, asked.article)
        similarities = dict.fromkeys(members.tolist(), 0.0) | {int(slots[at]): near[at] for at in positions}
        families = [self._held[slot].family for slot in similarities]
        return Found(
            story_id=story_id,
            positions=positions,
            nearest=min(positions, key=lambda position: (-near[position], position)),
            members=members,
            families=families,
            similarity=story_score(list(similarities.values()), families, self.policy),
            is_weak=is_weak,
        )

    def _found_alone(self, asked: Question, story_id: StoryId, position: int) -> Found:
        """The same for a story of one article, as most are."""
        slot = asked.slots[position]
        families = [self._held[slot].family]
        return Found(
            story_id=story_id,
            positions=[position],
            nearest=position,
            members=asked.slots[position : position + 1],
            families=families,
            similarity=story_score([asked.near[position]], families, self.policy),
            is_weak=not self._is_evidence(slot, asked.article),
        )

    def _evidence(self, asked: Question, found: Found) -> StoryEvidence:
        slot = asked.slots[found.nearest]
        return evidence_of(
            asked.query,
            self._held[slot].vector,
            asked.compared,
            found.positions,
            nearest=found.nearest,
            n_members=len(found.members),
            similarity=found.similarity,
            gap_s=float(self._gaps_s(asked.article, np.array([slot]))[0]),
            mean_gap_s=mean_known(self._gaps_s(asked.article, found.members)),
        )

    def _members(self, story_id: StoryId, article: Member) -> Slots:
        """The young members of a story that speak for it: all but live blogs, or these where there is nothing else."""
        members = np.array(self._by_story[story_id], dtype=np.intp)
        members = members[self._is_young(article, members)]
        speaking = [self._is_evidence(slot, article) for slot in members.tolist()]
        return members[speaking] if any(speaking) else members

    def _is_evidence(self, slot: int, article: Member) -> bool:
        """A live blog tells of too much to vouch for anything but another one."""
        return self._held[slot].kind is not Kind.LIVE or article.features.kind is Kind.LIVE

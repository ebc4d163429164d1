"""The articles of one language in memory, in arrival order: which share a term, a story, a title, how old is each?

Each has a slot, a number that rises with its arrival and never changes. What is asked of many at once lies in tables
by slot; an inverted index leads from a term to the slots of the articles that have it. What is taken out leaves
nothing behind but an empty slot, and that goes with the slots before it.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.guards import Kind
from monitor.cluster.held import Held, Slots
from monitor.cluster.statistics import Ids, Weights
from monitor.types import ArticleId, StoryId

_Key = TypeVar("_Key")


class Shelf:
    """Articles by slot. A title used by more than `series_days` of them makes these recurring."""

    def __init__(self, series_days: int) -> None:
        self._series_days = series_days
        self._first = 0
        """The slot that the tables begin with."""
        self._held: list[Held | None] = []
        self._slots: dict[ArticleId, int] = {}
        self._by_story: dict[StoryId, array[int]] = {}
        self._by_series: dict[str, array[int]] = {}
        self._postings: list[array[int] | None] = []
        """By the id of a term, which are consecutive numbers."""
        self._seen_s = array("d")
        self._event_s = array("d")
        self._lengths = array("d")
        self._is_roundup = array("b")
        self._is_recurring = array("b")
        self._moments_s = array("d")
        """Of all articles, known ones in order: when they were seen."""
        self._n_undated = 0

    def __len__(self) -> int:
        """How many articles are held."""
        return len(self._slots)

    def __getitem__(self, slot: int) -> Held:
        held = self._held[slot - self._first]
        if held is None:
            raise KeyError(f"nothing is held at {slot}")
        return held

    def slot_of(self, article_id: ArticleId) -> int | None:
        """Where an article is; None for one that is not held."""
        return self._slots.get(article_id)

    def n_of(self, story_id: StoryId) -> int:
        """How many articles of a story are held."""
        return len(self._by_story.get(story_id, ()))

    def of_story(self, story_id: StoryId) -> Slots:
        """The slots of a story in arrival order."""
        return np.array(self._by_story.get(story_id, ()), dtype=np.intp)

    def young_of(self, story_id: StoryId, seen_s: float, window_s: float) -> Slots:
        """Those of a story that were seen within a window before or after a moment."""
        slots = self.of_story(story_id)
        return slots[self.is_young(slots, seen_s, window_s)]

    def of_series(self, series: str) -> Slots:
        """The slots of articles whose titles have this key, in arrival order."""
        return np.array(self._by_series.get(series, ()), dtype=np.intp)

    # --- tables ------------------------------------------------------------------------------------------------------

    def event_s(self, slots: Slots) -> Weights:
        """When each happened, in seconds since 1970; NaN where unknown."""
        return np.frombuffer(self._event_s).take(slots - self._first)

    def is_young(self, slots: Slots, seen_s: float, window_s: float) -> NDArray[np.bool_]:
        """Whether each was seen within a window before or after a moment; what is unknown counts as within."""
        return ~(np.abs(np.frombuffer(self._seen_s).take(slots - self._first) - seen_s) > window_s)

    def n_young(self, seen_s: float, window_s: float) -> int:
        """How many articles were seen within a window before or after a moment."""
        if math.isnan(seen_s):
            return len(self)
        first = bisect_left(self._moments_s, seen_s - window_s)
        return bisect_right(self._moments_s, seen_s + window_s) - first + self._n_undated

    def is_roundup(self, slots: Slots) -> NDArray[np.bool_]:
        """Which are round-ups."""
        return np.frombuffer(self._is_roundup, dtype=np.bool_).take(slots - self._first)

    def is_recurring(self, slots: Slots) -> NDArray[np.bool_]:
        """Which have a title that was used several times, whether or not that makes it one of a series today."""
        return np.frombuffer(self._is_recurring, dtype=np.bool_).take(slots - self._first)

    def sharing(self, term_ids: Sequence[int], gains: Sequence[float]) -> tuple[Slots, Weights]:
        """The slots that have any of these terms, ascending; what they gain, by the root of their length."""
        n_known = len(self._postings)
        postings = (self._postings[term_id] if term_id < n_known else None for term_id in term_ids)
        found = [(posting, gain) for posting, gain in zip(postings, gains, strict=True) if posting is not None]
        if not found:
            return np.zeros(0, dtype=np.intp), np.zeros(0)
        places = np.concatenate([np.frombuffer(posting, dtype=np.int32) for posting, _ in found]) - self._first
        gained = np.bincount(places, np.repeat([gain for _, gain in found], [len(posting) for posting, _ in found]))
        touched = np.flatnonzero(gained != 0)
        return touched + self._first, gained.take(touched) / np.frombuffer(self._lengths).take(touched)

    # --- what comes, changes and goes --------------------------------------------------------------------------------

    def put(self, held: Held) -> None:
        """One more article, the latest of all."""
        slot = self._first + len(self._held)
        self._held.append(held)
        self._slots[held.article_id] = slot
        self._by_story.setdefault(held.story_id, array("i")).append(slot)
        self._event_s.append(held.event_s)
        self._seen_s.append(held.seen_s)
        self._lengths.append(math.sqrt(len(held.vector.ids) + 1))
        self._is_roundup.append(held.kind is Kind.ROUNDUP)
        self._is_recurring.append(False)
        if math.isnan(held.seen_s):
            self._n_undated += 1
        else:
            insort(self._moments_s, held.seen_s)
        self._post(held.vector.ids, slot)
        if held.series:
            same = self._by_series.setdefault(held.series, array("i"))
            same.append(slot)
            if len(same) > self._series_days:
                for other in same:
                    self._is_recurring[other - self._first] = True

    def _post(self, term_ids: Ids, slot: int) -> None:
        postings = self._postings
        postings.extend(repeat(None, int(term_ids.max(initial=-1)) + 1 - len(postings)))
        for term_id in term_ids.tolist():
            posting = postings[term_id]
            if posting is None:
                postings[term_id] = array("i", (slot,))
            else:
                posting.append(slot)

    def move(self, article_id: ArticleId, story_id: StoryId) -> None:
        """A held article changes to another story, as if it had always been in it."""
        slot = self._slots[article_id]
        held = self[slot]
        _leave(self._by_story, held.story_id, slot)
        self._held[slot - self._first] = replace(held, story_id=story_id)
        insort(self._by_story.setdefault(story_id, array("i")), slot)

    def drop_before(self, seen_s: float) -> int:
        """Takes out what was seen before a moment; how many."""
        table = np.frombuffer(self._seen_s)
        old = [held for place in np.flatnonzero(table < seen_s).tolist() if (held := self._held[place]) is not None]
        del table
        self.drop(held.article_id for held in old)
        return len(old)

    def drop(self, ids: Iterable[ArticleId]) -> None:
        """Takes held articles out."""
        slots = [self._slots.pop(one) for one in ids]
        term_ids: set[int] = set()
        for slot in slots:
            held = self[slot]
            _leave(self._by_story, held.story_id, slot)
            if held.series:
                _leave(self._by_series, held.series, slot)
            if math.isnan(held.seen_s):
                self._n_undated -= 1
            else:
                del self._moments_s[bisect_left(self._moments_s, held.seen_s)]
            term_ids.update(held.vector.ids.tolist())
            self._held[slot - self._first] = None
        self._drop_postings(term_ids, slots)
        self._drop_empty()

    def _drop_postings(self, term_ids: Collection[int], slots: Sequence[int]) -> None:
        is_left = np.ones(len(self._held), dtype=np.bool_)
        is_left[np.array(slots, dtype=np.intp) - self._first] = False
        for term_id in term_ids:
            posting = np.array(self._postings[term_id], dtype=np.int32)
            left = posting[is_left.take(posting - self._first)]
            self._postings[term_id] = array("i", left.tobytes()) if len(left) else None

    def _drop_empty(self) -> None:
        n_empty = next((n for n, held in enumerate(self._held) if held is not None), len(self._held))
        for table in (self._held, self._seen_s, self._event_s, self._lengths, self._is_roundup, self._is_recurring):
            del table[:n_empty]
        self._first += n_empty


def _leave(groups: dict[_Key, array[int]], key: _Key, slot: int) -> None:
    groups[key].remove(slot)
    if not groups[key]:
        del groups[key]

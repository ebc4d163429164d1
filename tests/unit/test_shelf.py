"""Whatever comes, changes its story and goes: the shelf answers as one on which only what is left was ever put."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.cluster.guards import Kind
from monitor.cluster.held import Held, Slots
from monitor.cluster.shelf import Shelf
from monitor.cluster.vectors import Vector
from monitor.types import ArticleId, StoryId

N_TERMS = 12
SERIES_DAYS = 3

term_ids = st.sets(st.integers(0, N_TERMS - 1), max_size=6)
moments = st.one_of(st.just(math.nan), st.integers(0, 50).map(float))
comes = st.tuples(st.just("comes"), term_ids, st.integers(1, 4), moments, st.sampled_from(["", "markets"]))
moves = st.tuples(st.just("moves"), st.integers(0, 30), st.integers(1, 4))
goes = st.tuples(st.just("goes"), st.integers(0, 30))
ages = st.tuples(st.just("ages"), st.integers(0, 50))


def held(number: int, terms: set[int], story: int, seen_s: float, series: str) -> Held:
    ids = np.array(sorted(terms), dtype=np.int32)
    vector = Vector(ids, np.ones((4, len(ids)), dtype=np.uint8), np.zeros(0, dtype=np.uint32))
    kind = Kind.ROUNDUP if number % 5 == 0 else Kind.REPORT
    return Held(StoryId(story), ArticleId(number), vector, seen_s, seen_s, "family", kind, series)


def answers(shelf: Shelf) -> list[object]:
    def shown(slots: Slots) -> list[ArticleId]:
        return [shelf[slot].article_id for slot in slots.tolist()]

    asked = range(N_TERMS + 3)
    slots, gained = shelf.sharing(asked, [1.0 + term_id for term_id in asked])
    return [
        len(shelf),
        (shown(slots), gained.tolist()),
        [shown(shelf.of_story(StoryId(story))) for story in range(1, 5)],
        shown(shelf.of_series("markets")),
        [shelf.n_young(at, 7.0) for at in (0.0, 20.0, 50.0, math.nan)],
        [repr(table.tolist()) for table in (shelf.event_s(slots), shelf.is_roundup(slots))],
        shelf.is_young(slots, 20.0, 7.0).tolist(),
    ]


@given(st.lists(st.one_of(comes, comes, moves, goes, ages), max_size=40))
def test_what_was_taken_out_leaves_nothing_behind(steps: list[tuple[object, ...]]) -> None:
    shelf, left = Shelf(SERIES_DAYS), dict[ArticleId, Held]()
    for number, step in enumerate(steps, start=1):
        match step:
            case ("comes", set() as terms, int() as story, float() as seen_s, str() as series):
                left[ArticleId(number)] = held(number, terms, story, seen_s, series)
                shelf.put(left[ArticleId(number)])
            case ("moves", int() as which, int() as story) if ArticleId(which) in left:
                left[ArticleId(which)] = replace(left[ArticleId(which)], story_id=StoryId(story))
                shelf.move(ArticleId(which), StoryId(story))
            case ("goes", int() as which) if ArticleId(which) in left:
                del left[ArticleId(which)]
                shelf.drop([ArticleId(which)])
            case ("ages", int() as before):
                old = [one for one, each in left.items() if each.seen_s < before]
                assert shelf.drop_before(float(before)) == len(old)
                for one in old:
                    del left[one]
    never = Shelf(SERIES_DAYS)
    for each in left.values():
        never.put(each)
    ids = map(ArticleId, range(1, len(steps) + 1))
    assert [one for one in ids if shelf.slot_of(one) is not None] == list(left)
    assert answers(shelf) == answers(never)

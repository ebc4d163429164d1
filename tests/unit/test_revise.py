"""What people decided binds assignment; what two groups of articles are; which id a rebuilt story carries on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from monitor.cluster.assign import Member
from monitor.cluster.facts import Bounds, Facts, Pair
from monitor.cluster.features import features
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import BY_HAND, Placement, StoryKeeper
from monitor.cluster.revise import Merge, RevisePolicy, Split
from monitor.cluster.statistics import Statistics
from monitor.cluster.succession import compare_stories, match_ids
from monitor.types import ArticleId, StoryId
from tests.stages.events import report

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
A, B, C, D, E = (ArticleId(number) for number in range(1, 6))
ids = st.integers(1, 8).map(ArticleId)
pairs = st.lists(st.tuples(ids, ids), max_size=8)


def story(number: int) -> StoryId:
    return StoryId(number)


# --- facts ---------------------------------------------------------------------------------------------------------


def test_must_links_hold_in_chains_and_cannot_links_for_whole_chains() -> None:
    facts = Facts.of(must=[(A, B), (B, C)], cannot=[(C, D)])
    assert facts.chain(A) == {A, B, C}
    assert facts.apart(A) == {D}
    assert facts.apart(D) == {A, B, C}
    assert facts.concerned(A) == {B, C, D}
    assert facts.concerned(E) == set()


def test_people_come_before_copies_and_a_locked_story_takes_only_what_people_put_there() -> None:
    facts = Facts.of(must=[(A, B)], cannot=[(C, D)], locked=[story(1)])
    assert facts.bounds(A, {B: story(1)}, follows=story(2)) == Bounds(story(1), frozenset(), is_by_hand=True)
    assert facts.bounds(E, {}, follows=story(1)) == Bounds(None, frozenset({story(1)}))
    assert facts.bounds(E, {}, follows=story(2)).must_join == story(2)
    assert facts.bounds(C, {D: story(2)}, follows=story(2)) == Bounds(None, frozenset({story(1), story(2)}))


@given(must=pairs, cannot=pairs)
def test_facts_are_the_same_in_any_order(must: list[Pair], cannot: list[Pair]) -> None:
    facts, backwards = Facts.of(must=must, cannot=cannot), Facts.of(must=must[::-1], cannot=[(b, a) for a, b in cannot])
    for one in map(ArticleId, range(1, 9)):
        assert (facts.chain(one), facts.apart(one)) == (backwards.chain(one), backwards.apart(one))
        assert all(one in facts.chain(other) for other in facts.chain(one))
        assert all(one in facts.apart(other) for other in facts.apart(one))


# --- keeping -------------------------------------------------------------------------------------------------------


def keep(
    told: Sequence[str | tuple[str, ...]], *, policy: RevisePolicy | None = None, facts: Facts | None = None
) -> tuple[StoryKeeper, list[Placement]]:
    """Reports on these events, after a few on others."""
    keeper = StoryKeeper(StoryIndex("en", Statistics("en")), policy=policy, facts=facts)
    numbers = count(1)
    placed = []
    for number, event in enumerate([*(f"other{n}" for n in range(16)), *told], start=1):
        moment = START + timedelta(minutes=number)
        member = Member(ArticleId(number), features(*report(event, number), "en"), moment, moment)
        placed.append(keeper.place(member, new_id=lambda: StoryId(next(numbers))))
    return keeper, placed[16:]


MIXED = [("ferry", "budget"), "ferry", "budget", "ferry", "budget", "ferry", "budget", "ferry", "budget"]


def test_a_story_of_two_events_is_split_where_they_part() -> None:
    keeper, placed = keep(MIXED)
    (split,) = (one.change for one in placed if one.change)
    assert isinstance(split, Split)
    assert split.between < split.bar
    assert len({keeper.index.story_of(ArticleId(number)) for number in (18, 20, 22)}) == 1
    assert keeper.index.story_of(ArticleId(18)) != keeper.index.story_of(ArticleId(19))
    assert keeper.index.story_of(ArticleId(17)) == placed[0].story_id


def test_a_story_of_one_event_is_never_split() -> None:
    _, placed = keep(["ferry"] * 20)
    assert [one.change for one in placed] == [None] * 20
    assert len({one.story_id for one in placed}) == 1


def test_neither_locked_nor_linked_articles_are_split() -> None:
    linked = Facts.of(must=[(ArticleId(18), ArticleId(19)), *((ArticleId(n), ArticleId(n + 2)) for n in range(17, 24))])
    for facts in (Facts.of(locked=[story(17)]), linked):
        keeper, placed = keep(MIXED[:1], facts=Facts(set()))
        keeper.facts = facts
        _, placed = keep(MIXED, facts=facts)
        assert [one.change for one in placed] == [None] * len(placed)


def test_articles_stay_with_one_they_are_linked_to_that_is_not_looked_at_any_more() -> None:
    few = RevisePolicy(n_split=6)
    _, placed = keep(MIXED, policy=few)
    (split,) = (one.change for one in placed if isinstance(one.change, Split))
    assert ArticleId(17) not in split.moved_ids
    linked = Facts.of(must=[(ArticleId(17), split.moved_ids[-1])])
    _, placed = keep(MIXED, policy=few, facts=linked)
    assert not any(isinstance(one.change, Split) for one in placed)


def test_stories_that_an_article_brings_together_merge_and_the_earlier_id_stays() -> None:
    def apart(
        policy: RevisePolicy, facts: Facts | None = None, story_of: dict[ArticleId, StoryId] | None = None
    ) -> tuple[StoryKeeper, Placement]:
        keeper, _ = keep(["ferry", "ferry"])
        moment = START + timedelta(hours=1)
        for number in (30, 31):
            keeper.add(story(90), Member(ArticleId(number), features(*report("ferry", number), "en"), moment, moment))
        keeper.policy, keeper.facts = policy, facts or Facts()
        member = Member(ArticleId(40), features(*report("ferry", 40), "en"), moment, moment)
        return keeper, keeper.place(member, new_id=lambda: story(99), story_of=story_of)

    keeper, placed = apart(RevisePolicy())
    assert placed.change == Merge(story(17), story(90), placed.change.between, placed.change.bar)  # type: ignore[union-attr]
    assert keeper.index.members(story(90)) == []
    assert keeper.index.members(story(17)) == [17, 18, 30, 31, 40]
    for facts in (Facts.of(cannot=[(ArticleId(18), ArticleId(31))]), Facts.of(locked=[story(90)])):
        assert apart(RevisePolicy(), facts)[1].change is None
    old = ArticleId(7000)  # long out of memory
    facts = Facts.of(cannot=[(old, ArticleId(31))])
    assert apart(RevisePolicy(), facts, {old: story(17)})[1].change is None
    assert apart(RevisePolicy(), facts, {old: story(5)})[1].change is not None
    assert apart(RevisePolicy(merge_share=50.0))[1].change is None


def test_an_article_joins_whom_it_must_and_none_that_it_must_not() -> None:
    keeper, _ = keep(["ferry", "ferry", "budget"])
    moment = START + timedelta(hours=1)
    late = Member(ArticleId(40), features(*report("ferry", 40), "en"), moment, moment)
    assert keeper.decide(late).story_id == story(17)
    keeper.facts = Facts.of(must=[(ArticleId(40), ArticleId(19))])
    decision = keeper.decide(late, story_of={ArticleId(19): story(18)})
    assert (decision.story_id, decision.because) == (story(18), BY_HAND)
    keeper.facts = Facts.of(cannot=[(ArticleId(40), ArticleId(17))])
    assert keeper.decide(late, story_of={ArticleId(17): story(17)}).story_id is None


def test_articles_that_moved_are_like_articles_that_were_always_there() -> None:
    keeper, _ = keep(["ferry", "ferry", "budget", "budget"])
    other, _ = keep(["ferry", "ferry", "budget", "budget"])
    keeper.move([ArticleId(17), ArticleId(999)], story(18))
    keeper.move([ArticleId(17)], story(17))
    moment = START + timedelta(hours=1)
    late = Member(ArticleId(40), features(*report("ferry", 40), "en"), moment, moment)
    assert keeper.decide(late) == other.decide(late)
    assert keeper.index.members(story(17)) == other.index.members(story(17))


# --- ids of rebuilt stories ----------------------------------------------------------------------------------------


def test_an_id_stays_with_most_members_then_with_the_anchor() -> None:
    stored = {A: story(7), B: story(7), C: story(7), D: story(8)}
    assert match_ids([{A}, {B, C}, {D}], stored, {story(7): A}) == [-1, 7, 8]
    assert match_ids([{B}, {A}], {A: story(7), B: story(7)}, {story(7): A}) == [-1, 7]
    assert match_ids([{A, B, C, D}], stored, {}) == [7]


def test_each_stored_story_is_told_by_what_became_of_it() -> None:
    stored = {A: story(1), B: story(2), C: story(3), D: story(3), E: story(5)}
    found = compare_stories([[A, B], [C], [D], [E]], stored, {story(3): C})
    assert (found.n_unchanged, found.changed, found.merged, found.split, found.n_new) == (1, (1,), (2,), (3,), 1)
    assert (found.left, found.placed) == ({B: 2, D: 3}, {B: 1, D: -1})


@given(st.dictionaries(ids, st.integers(1, 4).map(StoryId), min_size=1), st.data())
def test_no_id_is_carried_on_twice_nor_given_up_where_a_story_could_carry_it_on(
    stored: dict[ArticleId, StoryId], data: st.DataObject
) -> None:
    new = {one: data.draw(st.integers(1, 4)) for one in stored}
    groups = [[one for one in stored if new[one] == number] for number in sorted(set(new.values()))]
    found = match_ids(groups, stored, {})
    assert len(set(found)) == len(found)
    for number, group in zip(found, groups, strict=True):
        assert any(stored[one] == number for one in group) if number > 0 else all(stored[one] in found for one in group)

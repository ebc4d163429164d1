"""Stories after assignment: merged, split, moved and locked, by themselves and by hand; and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import select, update

from monitor.cluster.placing import BY_HAND
from monitor.errors import NotFoundError, UsageError
from monitor.store import correcting, erasing, stories, story_log
from monitor.store import tables as t
from monitor.store.correcting import Corrected, Order
from monitor.store.engine import Store, open_store
from monitor.store.holding import hold_to_take_away
from monitor.store.rearranging import rearrange
from monitor.store.story_log import ASSIGNER, LOCKED, UNLOCKED, LogEntry
from monitor.types import ArticleId, StoryId
from tests.stages.test_saving_together import somebody_waits
from tests.stages.told import (
    Events,
    anchor_of,
    app_of,
    assert_replayed,
    assign,
    compare,
    leads_to,
    places,
    tell,
    tell_all,
    tell_others,
    together,
)
from tests.store.rows import DAY, NOW

ORDER = Order(who="ann", because="seen", now=NOW)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def do(store: Store, work: Callable[..., Corrected], *arguments: object, **more: object) -> Corrected:
    with store.begin() as conn:
        return work(conn, *arguments, ORDER, **more)


def two_stories(store: Store) -> tuple[list[ArticleId], list[ArticleId]]:
    """Three reports on each of two events, assigned."""
    tell_others(store)
    told = tell_all(store, [(event, number) for number in range(3) for event in ("ferry", "budget")])
    assign(app_of(store))
    return told[::2], told[1::2]


def log_of(store: Store, story_id: int | None = None) -> list[LogEntry]:
    with store.read() as conn:
        return story_log.load_log(conn, None if story_id is None else StoryId(story_id))


# --- by themselves -------------------------------------------------------------------------------------------------


def mixed_story(store: Store) -> list[ArticleId]:
    """A report on two events at once, and what follows on either, until the story falls apart."""
    tell_others(store)
    both: list[tuple[Events, int]] = [(("ferry", "budget"), 0)]
    ids = tell_all(store, both + [(("budget", "ferry")[number % 2], number) for number in range(1, 9)])
    assign(app_of(store))
    return ids


def test_a_story_of_two_events_falls_apart_and_the_first_part_keeps_the_id(store: Store) -> None:
    ids = mixed_story(store)
    found = places(store)
    assert together(store, *ids[1:]) == {frozenset(ids[1::2]), frozenset(ids[2::2])}
    (split,) = (entry for entry in log_of(store) if entry.action == "split")
    (moved,) = split.moves
    assert (split.who, split.story_id, moved.left_id) == (ASSIGNER, found[ids[0]], found[ids[0]])
    assert (moved.joined_id, anchor_of(store, found[ids[0]])) == (max(found.values()), ids[0])
    assert split.arrival_no is not None
    assert {entry.action for entry in log_of(store, moved.joined_id)} == {"split"}
    assert_replayed(store)


def test_a_split_that_was_taken_back_is_not_made_again(sqlite: Store) -> None:
    ids = mixed_story(sqlite)
    (split,) = (entry for entry in log_of(sqlite) if entry.action == "split")
    do(sqlite, correcting.undo, split.id)
    members = {ids[0], *split.moves[0].ids}
    assert {places(sqlite)[one] for one in members} == {split.story_id}
    tell_all(sqlite, [(("budget", "ferry")[number % 2], number) for number in range(9, 24)])
    assign(app_of(sqlite))
    assert {places(sqlite)[one] for one in members} == {split.story_id}
    assert_replayed(sqlite)


def converged(store: Store) -> tuple[list[ArticleId], list[ArticleId], list[ArticleId]]:
    """Two stories of one event, the first of which was locked while the second grew; then both are free."""
    tell_others(store)
    first = tell_all(store, [("ferry", number) for number in range(3)])
    assign(app_of(store))
    do(store, correcting.set_lock, places(store)[first[0]], action=LOCKED)
    second = tell_all(store, [("ferry", number) for number in range(3, 6)])
    assign(app_of(store))
    assert together(store, *first, *second) == {frozenset(first), frozenset(second)}
    do(store, correcting.set_lock, places(store)[first[0]], action=UNLOCKED)
    more = tell_all(store, [("ferry", number) for number in range(6, 9)])
    assign(app_of(store))
    return first, second, more


def test_stories_that_converge_become_one_and_the_later_id_leads_to_the_earlier_one(store: Store) -> None:
    first, second, more = converged(store)
    assert together(store, *first, *second, *more) == {frozenset((*first, *second, *more))}
    (merged,) = (entry for entry in log_of(store) if entry.action == "merged")
    kept, gone = merged.story_id, next(move.left_id for move in merged.moves)
    assert kept < gone
    assert (leads_to(store, gone), anchor_of(store, kept), merged.who) == (kept, first[0], ASSIGNER)
    assert_replayed(store)


def test_a_merge_that_was_taken_back_gives_the_old_ids_again_and_is_not_repeated(store: Store) -> None:
    first, second, _ = converged(store)
    (merged,) = (entry for entry in log_of(store) if entry.action == "merged")
    moved = merged.moves[0]
    do(store, correcting.undo, merged.id)
    assert set(moved.ids) < {*second, *first, ArticleId(max(second) + 1)}
    assert {places(store)[one] for one in moved.ids} == {moved.left_id}
    assert leads_to(store, moved.left_id) == moved.left_id
    tell(store, "ferry", 5)
    assign(app_of(store))
    assert together(store, first[0], second[0]) == {frozenset(first[:1]), frozenset(second[:1])}
    assert_replayed(store)


# --- by hand -------------------------------------------------------------------------------------------------------


def test_the_latest_entries_of_the_log_come_first_and_hostile_words_are_kept_as_far_as_can_be(store: Store) -> None:
    ferry, _ = two_stories(store)
    hostile = Order(who="\udcff\x00x", because="\ud800\x00y", now=NOW)
    for action in (LOCKED, UNLOCKED, LOCKED):
        with store.begin() as conn:
            correcting.set_lock(conn, places(store)[ferry[0]], hostile, action=action)
    with store.read() as conn:
        found = story_log.load_log(conn, limit=2)
    assert [(one.action, one.who[-1], one.because[-1]) for one in found] == [(LOCKED, "x", "y"), (UNLOCKED, "x", "y")]


def test_merge_then_split_then_undo_gives_the_same_members(store: Store) -> None:
    ferry, budget = two_stories(store)
    before = places(store)
    merged = do(store, correcting.merge_stories, before[budget[0]], before[ferry[0]])
    assert together(store, *ferry, *budget) == {frozenset((*ferry, *budget))}
    one = places(store)
    split = do(store, correcting.split_story, before[budget[0]], budget)
    assert together(store, *ferry, *budget) == {frozenset(ferry), frozenset(budget)}
    do(store, correcting.undo, split.log_id)
    assert places(store) == one
    do(store, correcting.undo, merged.log_id)
    assert places(store) == before
    assert leads_to(store, before[budget[0]]) == before[budget[0]]
    assert_replayed(store)


def test_the_id_stays_with_the_anchor_whichever_part_is_named(sqlite: Store) -> None:
    ferry, _ = two_stories(sqlite)
    story_id = places(sqlite)[ferry[0]]
    done = do(sqlite, correcting.split_story, story_id, ferry[:2])
    assert (places(sqlite)[ferry[0]], done.moves[0].ids) == (story_id, (ferry[2],))


def test_later_articles_and_copies_respect_what_people_decided(store: Store) -> None:
    ferry, budget = two_stories(store)
    found = places(store)
    do(store, correcting.move_article, ferry[2], found[budget[0]])
    late = tell(store, "ferry", 7)
    assign(app_of(store))
    assert together(store, *ferry, *budget, late) == {frozenset((*ferry[:2], late)), frozenset((*budget, ferry[2]))}
    with store.begin() as conn:  # its text becomes another one: it is decided again, by the same facts
        row = conn.execute(select(t.articles.c.title, t.articles.c.text).where(t.articles.c.id == ferry[0])).one()
        new_no = 1_000
        again = {"title": row.title, "text": row.text + " " + "Wholly new words. " * 30, "arrival_no": new_no}
        moved = update(t.articles).where(t.articles.c.id == ferry[2]).values(**again, assign_due_at=NOW)
        conn.execute(moved)
        conn.execute(update(t.counters).where(t.counters.c.name == "arrival").values(value=new_no))
    assign(app_of(store))
    assert places(store)[ferry[2]] == found[budget[0]]
    with store.read() as conn:
        because = select(t.story_members.c.because).where(t.story_members.c.article_id == ferry[2])
        assert conn.execute(because).scalar_one() == BY_HAND
    assert_replayed(store)


def test_nothing_joins_a_locked_story_by_itself_not_even_a_copy(store: Store) -> None:
    ferry, _ = two_stories(store)
    story_id = places(store)[ferry[0]]
    do(store, correcting.set_lock, story_id, action=LOCKED)
    copy = tell(store, "ferry", 0, host="copyist")
    compare(app_of(store))
    assign(app_of(store))
    assert places(store)[copy] != story_id
    with pytest.raises(UsageError, match="locked"):
        do(store, correcting.move_article, copy, story_id)
    do(store, correcting.set_lock, story_id, action=UNLOCKED)
    more = tell(store, "ferry", 10)
    assign(app_of(store))
    assert places(store)[more] == story_id
    assert_replayed(store)


def test_the_latest_word_counts_and_undoing_it_brings_the_earlier_one_back(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    split = do(sqlite, correcting.split_story, found[ferry[0]], [ferry[2]])
    merged = do(sqlite, correcting.merge_stories, found[ferry[0]], split.moves[0].joined_id)
    assert holding(sqlite, "cannot") == set()
    do(sqlite, correcting.undo, merged.log_id)
    assert holding(sqlite, "cannot") == {(ferry[0], ferry[2]), (ferry[1], ferry[2])}
    do(sqlite, correcting.undo, split.log_id)
    assert places(sqlite) == found
    assert budget
    assert_replayed(sqlite)


def holding(store: Store, kind: str) -> set[tuple[int, int]]:
    c = t.story_constraints.c
    with store.read() as conn:
        rows = conn.execute(select(c.article_a_id, c.article_b_id).where(c.kind == kind, c.lifted_at.is_(None)))
        return {(row[0], row[1]) for row in rows}


def test_what_later_changes_have_overtaken_is_not_taken_back(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    moved = do(sqlite, correcting.move_article, ferry[2], found[budget[0]])
    again = do(sqlite, correcting.split_story, found[budget[0]], [ferry[2]])
    with pytest.raises(UsageError, match=f"article {ferry[2]} went on to story {again.moves[0].joined_id}"):
        do(sqlite, correcting.undo, moved.log_id)
    do(sqlite, correcting.undo, again.log_id)
    do(sqlite, correcting.undo, moved.log_id)
    assert places(sqlite) == found
    with pytest.raises(UsageError, match="taken back already"):
        do(sqlite, correcting.undo, moved.log_id)
    with pytest.raises(NotFoundError):
        do(sqlite, correcting.undo, 10**30)
    started = log_of(sqlite, found[budget[0]])[-1]
    with pytest.raises(UsageError, match="nothing to take back"):
        do(sqlite, correcting.undo, started.id)


def test_a_merge_is_not_taken_back_where_nothing_else_is_left_in_the_story(store: Store) -> None:
    ferry, budget = two_stories(store)
    found = places(store)
    merged = do(store, correcting.merge_stories, found[ferry[0]], found[budget[0]])
    erase(store, *ferry)
    with pytest.raises(UsageError, match="nothing but its articles is left"):
        do(store, correcting.undo, merged.log_id)
    assert {places(store)[one] for one in budget} == {found[ferry[0]]}


def test_nothing_is_taken_back_into_a_locked_story(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    moved = do(sqlite, correcting.move_article, ferry[2], found[budget[0]])
    do(sqlite, correcting.set_lock, found[ferry[0]], action=LOCKED)
    with pytest.raises(UsageError, match="is locked"):
        do(sqlite, correcting.undo, moved.log_id)


def test_what_was_decided_holds_among_those_that_are_left_when_an_article_is_erased(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    do(sqlite, correcting.split_story, found[ferry[0]], ferry[1:])
    do(sqlite, correcting.merge_stories, places(sqlite)[ferry[1]], found[budget[0]])
    first, second, third = budget[0], *ferry[1:]
    assert holding(sqlite, "must") == {(first, second), (first, third), (second, third)}
    assert holding(sqlite, "cannot") == {(ferry[0], second)}
    erase(sqlite, second)
    assert (holding(sqlite, "must"), holding(sqlite, "cannot")) == ({(first, third)}, {(ferry[0], first)})
    erase(sqlite, first)
    assert (holding(sqlite, "must"), holding(sqlite, "cannot")) == ({(budget[1], third)}, {(ferry[0], third)})


def test_a_merge_holds_on_when_the_article_that_spoke_for_the_story_is_erased(store: Store) -> None:
    ferry, budget = two_stories(store)
    strike = tell(store, "strike", 30)
    assign(app_of(store))
    found = places(store)
    do(store, correcting.merge_stories, found[ferry[0]], found[strike])
    assert holding(store, "must") == {(ferry[0], strike)}
    erase(store, ferry[0])
    assert holding(store, "must") == {(ferry[1], strike)}
    erase(store, strike)  # it was meant itself: nothing can speak for it
    assert holding(store, "must") == set()
    assert places(store).keys() >= {*ferry[1:], *budget}


def test_a_split_holds_on_as_long_as_both_stories_have_an_article(store: Store) -> None:
    ferry, _ = two_stories(store)
    do(store, correcting.split_story, places(store)[ferry[0]], ferry[2:])
    assert holding(store, "cannot") == {(ferry[0], ferry[2]), (ferry[1], ferry[2])}
    erase(store, ferry[0])
    assert holding(store, "cannot") == {(ferry[1], ferry[2])}
    late = tell(store, "ferry", 40)
    with store.begin() as conn:
        correcting.set_lock(conn, places(store)[ferry[1]], ORDER, action=LOCKED)
    assign(app_of(store))
    assert places(store)[late] == places(store)[ferry[2]]
    erase(store, ferry[2])
    assert holding(store, "cannot") == {(ferry[1], late)}
    erase(store, late)
    assert holding(store, "cannot") == set()


def test_who_moved_an_article_that_is_erased_said_nothing_of_the_others(store: Store) -> None:
    ferry, budget = two_stories(store)
    do(store, correcting.move_article, ferry[2], places(store)[budget[0]])
    erase(store, ferry[2])
    assert holding(store, "must") == set()


@pytest.mark.parametrize("is_theirs_kept", [True, False])
def test_nobody_said_anything_of_what_came_into_the_story_later(store: Store, *, is_theirs_kept: bool) -> None:
    tell_others(store)
    early, first, second, other = tell_all(store, [("strike", 0), ("ferry", 1), ("ferry", 2), ("budget", 3)])
    assign(app_of(store))
    found = places(store)
    do(store, correcting.merge_stories, found[first], found[other])
    assert holding(store, "must") == {(first, other)}
    come, to = ([first, second, other], early) if is_theirs_kept else ([early], first)
    with store.begin() as conn:  # as the assigner merges two stories that converge
        done = rearrange(conn, dict.fromkeys(come, found[to]), now=NOW)
        number = stories.disturb(conn, ["en"])["en"]
        story_log.log_moves(
            conn, found[to], done.moves, action="merged", who=ASSIGNER, details={}, now=NOW, arrival_no=number
        )
    assert len({places(store)[one] for one in (early, first, second, other)}) == 1
    erase(store, first)
    assert holding(store, "must") == {(second, other)}
    erase(store, second)
    assert holding(store, "must") == set()


def erase(store: Store, *ids: ArticleId) -> None:
    with store.begin() as conn:
        erasing.erase(conn, erasing.Order(article_ids=ids, who="op", because="court"), NOW)


def test_corrections_that_make_no_sense_are_refused(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    one, other = found[ferry[0]], found[budget[0]]
    french = tell(sqlite, "ferry", 20, language="fr")
    waiting = tell(sqlite, "ferry", 21, language="de")
    with sqlite.begin() as conn:
        conn.execute(update(t.articles).where(t.articles.c.id == waiting).values(assign_due_at=NOW + DAY))
    assign(app_of(sqlite))
    for work, arguments, message in (
        (correcting.merge_stories, (one, one), "one story already"),
        (correcting.merge_stories, (one, places(sqlite)[french]), "two languages"),
        (correcting.split_story, (one, ferry), "not all"),
        (correcting.split_story, (one, []), "name some"),
        (correcting.split_story, (one, budget), "is not in story"),
        (correcting.move_article, (ferry[0], one), "already"),
        (correcting.move_article, (waiting, one), "no story yet"),
    ):
        with pytest.raises(UsageError, match=message):
            do(sqlite, work, *arguments)
    for strange in (0, -1, 999, 10**30):
        with pytest.raises(NotFoundError):
            do(sqlite, correcting.merge_stories, strange, other)
    with pytest.raises(UsageError, match="not locked"):
        do(sqlite, correcting.set_lock, one, action=UNLOCKED)
    assert places(sqlite).items() >= found.items()


def test_ids_that_led_to_a_story_lead_to_it_again_when_its_merge_is_taken_back(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    third = tell(sqlite, "strike", 30)
    assign(app_of(sqlite))
    strike = places(sqlite)[third]
    do(sqlite, correcting.merge_stories, found[budget[0]], strike)
    merged = do(sqlite, correcting.merge_stories, found[ferry[0]], strike)
    assert leads_to(sqlite, strike) == found[ferry[0]]
    do(sqlite, correcting.undo, merged.log_id)
    assert leads_to(sqlite, strike) == found[budget[0]]


def test_who_assigns_just_now_loses_the_lease_to_a_correction(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    tell(sqlite, "ferry", 8)
    with sqlite.begin() as conn:
        claimed = stories.claim_language(conn, now=NOW + DAY, lease_s=600)
    assert claimed is not None
    do(sqlite, correcting.merge_stories, places(sqlite)[ferry[0]], places(sqlite)[budget[0]])
    with sqlite.begin() as conn:
        assert stories.take_language(conn, "en", now=NOW, lease_s=1, mine=claimed[1]) is None
    app = app_of(sqlite)
    assign(app)
    assert_replayed(sqlite)


def test_a_correction_and_who_takes_an_article_away_do_not_wait_for_each_other(postgresql_url: str) -> None:
    with closing(open_store(postgresql_url)) as store:
        ferry, _ = two_stories(store)
        story_id = places(store)[ferry[0]]
        with ThreadPoolExecutor(1) as pool, store.begin() as conn:
            hold_to_take_away(conn, ferry[:1])  # as erasing and merging articles begin
            split = pool.submit(do, store, correcting.split_story, story_id, ferry[2:])
            somebody_waits(store)
            order = erasing.Order(article_ids=(ferry[0],), who="op", because="court")
            erasing.erase(conn, order, NOW)
        assert split.result().story_id == story_id


# --- dates that lie, and stories that are over -----------------------------------------------------------------------


@pytest.mark.parametrize("published_at", [NOW - 900 * DAY, NOW + 900 * DAY])
def test_a_false_date_does_not_take_a_story_over(sqlite: Store, published_at: object) -> None:
    ferry, _ = two_stories(sqlite)
    story_id = places(sqlite)[ferry[0]]
    liar = tell(sqlite, "ferry", 11, published_at=published_at)
    more = tell(sqlite, "ferry", 12)
    assign(app_of(sqlite))
    assert places(sqlite)[liar] == places(sqlite)[more] == story_id
    assert anchor_of(sqlite, story_id) == ferry[0]
    with sqlite.read() as conn:
        assert stories.get_story(conn, story_id).last_seen_at <= NOW + DAY
    do(sqlite, correcting.split_story, story_id, [liar, more])
    assert places(sqlite)[ferry[0]] == story_id


def test_a_late_article_opens_a_closed_story_again_within_the_window_and_a_copy_beyond_it(sqlite: Store) -> None:
    ferry, _ = two_stories(sqlite)
    story_id = places(sqlite)[ferry[0]]
    assign(app_of(sqlite, at=NOW + 13 * DAY))
    assert not is_open(sqlite, story_id)
    late = tell(sqlite, "ferry", 13, seen_at=NOW + 13 * DAY)
    assign(app_of(sqlite, at=NOW + 13 * DAY))
    assert (places(sqlite)[late], is_open(sqlite, story_id)) == (story_id, True)
    other = tell(sqlite, "ferry", 14, seen_at=NOW + 50 * DAY)
    assign(app_of(sqlite, at=NOW + 50 * DAY))
    assert places(sqlite)[other] != story_id
    copy = tell(sqlite, "ferry", 0, host="copyist", seen_at=NOW + 55 * DAY)
    compare(app_of(sqlite, at=NOW + 55 * DAY))
    assign(app_of(sqlite, at=NOW + 55 * DAY))
    assert (places(sqlite)[copy], is_open(sqlite, story_id)) == (story_id, True)
    assert_replayed(sqlite)


def is_open(store: Store, story_id: int) -> bool:
    with store.read() as conn:
        return stories.get_story(conn, story_id).is_open

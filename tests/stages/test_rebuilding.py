"""Stories decided anew beside the stored ones, and what happens when the scheme of features is another one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from monitor.cluster.features import SCHEME as FEATURES
from monitor.errors import UsageError
from monitor.rebuilding import Rebuilt, rebuild
from monitor.store import correcting, stories, story_log
from monitor.store import tables as t
from monitor.store.correcting import Order
from monitor.store.engine import Store, open_store
from monitor.store.story_log import LOCKED
from monitor.types import ArticleId
from tests.stages.events import report
from tests.stages.told import app_of, assert_replayed, assign, leads_to, places, tell, tell_all, tell_others, together
from tests.store.rows import DAY, NOW, mark_matched, save_text

ORDER = Order(who="ann", because="", now=NOW)
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def two_stories(store: Store) -> tuple[list[ArticleId], list[ArticleId]]:
    tell_others(store)
    told = tell_all(store, [(event, number) for number in range(4) for event in ("ferry", "budget")])
    assign(app_of(store))
    return told[::2], told[1::2]


def again(store: Store, since: datetime = NOW - DAY, *, who: str | None = None) -> Rebuilt:
    return rebuild(app_of(store, at=LATER), "en", since, who=who)


def mix_up(store: Store, some: list[ArticleId], others: list[ArticleId]) -> None:
    """As an older scheme might have decided: one article in the wrong story, one alone, without any fact."""
    found = places(store)
    with store.begin() as conn:
        for article_id in (some[1], some[3]):
            correcting.move_article(conn, article_id, found[others[0]], ORDER)
        correcting.split_story(conn, found[others[0]], [some[3]], ORDER)
        conn.execute(delete(t.story_constraints))
    assert together(store, *some, *others) != {frozenset(some), frozenset(others)}


def test_without_a_change_of_scheme_deciding_anew_changes_nothing(store: Store) -> None:
    ferry, _ = two_stories(store)
    before = places(store)
    done = again(store)
    assert (done.n_articles, done.difference.placed, done.difference.n_unchanged) == (24, {}, 18)
    assert again(store, who="ann").applied_as is None
    assert places(store) == before
    half = again(store, NOW + DAY)
    assert (half.n_articles, half.difference.placed) == (0, {})
    assert ferry


def test_the_difference_is_shown_first_and_applied_on_demand_as_one_entry_that_can_be_undone(store: Store) -> None:
    ferry, budget = two_stories(store)
    good = places(store)
    mix_up(store, ferry, budget)
    before, alone = places(store), places(store)[ferry[3]]
    shown = again(store).difference
    assert places(store) == before
    assert shown.placed == {ferry[1]: good[ferry[0]], ferry[3]: good[ferry[0]]}
    assert shown.left == {ferry[1]: good[budget[0]], ferry[3]: alone}
    assert (shown.changed, shown.merged, shown.split) == ((good[ferry[0]],), (alone,), (good[budget[0]],))
    done = again(store, who="ann")
    assert places(store) == good
    assert leads_to(store, alone) == good[ferry[0]]
    with store.read() as conn:
        (entry,) = (one for one in story_log.load_log(conn) if one.action == "rebuilt")
    assert (entry.id, entry.who) == (done.applied_as, "ann")
    assert_replayed(store)
    with store.begin() as conn:
        correcting.undo(conn, entry.id, ORDER)
    assert places(store) == before
    assert leads_to(store, alone) == alone
    assert_replayed(store)


def test_what_people_decided_survives_deciding_anew(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    found = places(sqlite)
    with sqlite.begin() as conn:
        correcting.move_article(conn, ferry[1], found[budget[0]], ORDER)
        apart = correcting.split_story(conn, found[budget[0]], [budget[3]], ORDER)
    before = places(sqlite)
    assert again(sqlite, who="ann").difference.placed == {}
    assert places(sqlite) == before
    with sqlite.begin() as conn:
        correcting.undo(conn, apart.log_id, ORDER)
    assert again(sqlite).difference.placed == {}


def test_a_locked_story_stays_as_it_is(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    mix_up(sqlite, ferry, budget)
    before = places(sqlite)
    with sqlite.begin() as conn:
        correcting.set_lock(conn, before[ferry[1]], ORDER, action=LOCKED)
    done = again(sqlite, who="ann").difference.placed
    assert ferry[1] not in done
    assert {one: story for one, story in places(sqlite).items() if story == before[ferry[1]]} == {
        one: story for one, story in before.items() if story == before[ferry[1]]
    }


def test_what_readers_were_told_of_a_story_is_told_of_the_one_it_became(sqlite: Store) -> None:
    ferry, budget = two_stories(sqlite)
    mix_up(sqlite, ferry, budget)
    alone = places(sqlite)[ferry[3]]
    with sqlite.begin() as conn:
        row = {"name": "Morning", "hour": 7, "zone": "UTC", "updated_at": NOW}
        subscription = conn.execute(t.subscriptions.insert().values(**row)).inserted_primary_key[0]
        mail = {"window_start": NOW, "window_end": LATER, "subject": "s", "text": "t", "html": "h", "message_id": "<1>",
                "headers": {}, "n_stories": 1, "rendered_at": NOW}  # fmt: skip
        digest = conn.execute(t.digests.insert().values(subscription_id=subscription, **mail)).inserted_primary_key[0]
        figures = dict.fromkeys(("position", "n_new", "n_articles", "n_publishers", "n_independent", "n_copies"), 1)
        item = {"digest_id": digest, "story_id": alone}
        conn.execute(t.digest_items.insert().values(**item, is_update=False, **figures))
        conn.execute(t.digest_item_articles.insert().values(**item, article_id=ferry[3]))
    again(sqlite, who="ann")
    with sqlite.read() as conn:
        for table in (t.digest_items, t.digest_item_articles):
            assert conn.execute(select(table.c.story_id)).scalars().all() == [places(sqlite)[ferry[0]]]


def test_it_is_not_applied_beside_an_assigner(sqlite: Store) -> None:
    two_stories(sqlite)
    tell(sqlite, "ferry", 9)
    with sqlite.begin() as conn:
        assert stories.claim_language(conn, now=LATER, lease_s=600) is not None
    with pytest.raises(UsageError, match="try again"):
        again(sqlite, who="ann")
    assert again(sqlite).difference.placed == {}


def test_features_of_an_older_scheme_are_computed_anew_once_and_nothing_is_decided_otherwise(store: Store) -> None:
    ferry, budget = two_stories(store)
    before = places(store)
    with store.begin() as conn:
        conn.execute(update(t.features).values(scheme="features-0", body=b"of another scheme"))
    more = [tell(store, "ferry", 7), tell(store, "budget", 8)]
    assign(app_of(store))
    found = places(store)
    assert [found[one] for one in more] == [before[ferry[0]], before[budget[0]]]
    with store.read() as conn:
        counts = select(t.features.c.scheme, func.count()).group_by(t.features.c.scheme)
        assert dict(conn.execute(counts).all()) == {"features-0": 24, FEATURES: 26}
    assert again(store).difference.placed == {}


def test_a_change_that_waits_while_features_are_computed_anew_is_decided_in_its_turn(store: Store) -> None:
    ferry, budget = two_stories(store)
    title, body = report("budget", 9)
    with store.begin() as conn:
        save_text(conn, ferry[1], now=NOW + 2 * timedelta(hours=1), title=title, body=body)
        mark_matched(conn, ferry[1])
        conn.execute(update(t.features).values(scheme="features-0", body=b"of another scheme"))
    assign(app_of(store, at=LATER + timedelta(hours=1)))
    found = places(store)
    assert found[ferry[1]] == found[budget[0]] != found[ferry[0]]
    assert_replayed(store)

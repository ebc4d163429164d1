"""Watchlists, subscriptions, digests and deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from monitor.errors import LeaseLostError, NotFoundError
from monitor.store import claims, digests, subscriptions, watchlists
from monitor.store import tables as t
from monitor.store.digests import DueDelivery
from monitor.store.engine import Connection, Store
from monitor.store.subscriptions import DIGESTS, DeclaredSubscription
from monitor.types import (
    ArticleId,
    Digest,
    DigestId,
    DigestItem,
    Hit,
    Origin,
    Reason,
    RenderedMail,
    Story,
    StoryId,
    StoryMember,
    Subscription,
    SubscriptionId,
    ToldStory,
    WatchlistId,
)
from tests.store.rows import DAY, HOUR, NOW, add_article, count, make_article, mark_matched
from tests.store.test_stories import assign

LEASE_S = 600.0
DAILY = DeclaredSubscription(name="daily", recipients=("b@x.example", "a@x.example"), hour=7, zone="Europe/Paris")


# --- watchlists ----------------------------------------------------------------------------------------------------


def declare(conn: Connection, **queries: str) -> dict[str, WatchlistId]:
    watchlists.save_declared(conn, queries, NOW)
    return {one.name: one.id for one in watchlists.list_active(conn)}


def hit(watchlist_id: int, article_id: int, **values: Any) -> Hit:
    given = {"terms": ("a", "é"), "prominence": "title", "sentence": "S."}
    return Hit(watchlist_id=WatchlistId(watchlist_id), article_id=ArticleId(article_id), **{**given, **values})


def save_hits(conn: Connection, article_id: ArticleId, *found: Hit) -> None:
    claimed = claims.claim(conn, watchlists.WATCHES, now=NOW, lease_s=60, limit=1, among=[article_id])
    watchlists.save_hits(conn, article_id, found, leased_until=claimed.leased_until, now=NOW)


def test_the_watchlists_of_a_file_are_the_active_ones(store: Store) -> None:
    with store.begin() as conn:
        first = declare(conn, a="one", b="two")
        assert declare(conn, a="one", b="three") == first
        assert [one.query for one in watchlists.list_active(conn)] == ["one", "three"]
        assert list(declare(conn, b="three")) == ["b"]
        assert declare(conn, a="one", b="three") == first
        assert count(conn, "watchlists") == 2


def test_a_file_takes_over_a_watchlist_of_a_user_and_leaves_the_others(store: Store) -> None:
    with store.begin() as conn:
        for name in ("mine", "taken"):
            values = {"name": name, "query": "q", "managed_by": "user", "updated_at": NOW}
            conn.execute(t.watchlists.insert().values(values))
        declare(conn, taken="q")
        assert list(declare(conn)) == ["mine"]


def test_hits_of_an_article_are_replaced_by_those_of_its_newest_text(store: Store) -> None:
    with store.begin() as conn:
        ids = declare(conn, a="one", b="two")
        article_id = make_article(conn)
        save_hits(conn, article_id, hit(ids["b"], article_id), hit(ids["a"], article_id, prominence="lead"))
        found = watchlists.load_hits(conn, [article_id])
        assert found == {article_id: [hit(ids["a"], article_id, prominence="lead"), hit(ids["b"], article_id)]}
        assert watchlists.claim_unwatched(conn, now=NOW, lease_s=60, limit=9)[0] == []
        conn.execute(update(t.articles).values(watch_due_at=NOW))
        save_hits(conn, article_id)
        assert watchlists.load_hits(conn, [article_id]) == {}


def test_hits_of_a_paused_watchlist_are_kept_and_not_shown(store: Store) -> None:
    with store.begin() as conn:
        ids = declare(conn, a="one")
        article_id = make_article(conn)
        save_hits(conn, article_id, hit(ids["a"], article_id))
        declare(conn)
        assert watchlists.load_hits(conn, [article_id]) == {}
        declare(conn, a="one")
        assert len(watchlists.load_hits(conn, [article_id])[article_id]) == 1


def watch_due(conn: Connection) -> set[ArticleId]:
    return set(conn.execute(select(t.articles.c.id).where(t.articles.c.watch_due_at.is_not(None))).scalars())


def test_a_changed_query_loses_its_hits_and_recent_articles_are_compared_again(store: Store) -> None:
    with store.begin() as conn:
        ids = declare(conn, a="one", b="two")
        new, old = make_article(conn), make_article(conn, "https://one.example/2", seen_at=NOW - 15 * DAY)
        waiting = add_article(conn, "https://one.example/3")
        for one in (new, old):
            save_hits(conn, one, hit(ids["a"], one), hit(ids["b"], one))
        declare(conn, a="one", b="two")
        assert watch_due(conn) == set()
        declare(conn, a="three", b="two")
        assert watch_due(conn) == {new}
        assert waiting not in watch_due(conn)
        assert watchlists.load_hits(conn, [new, old]) == {one: [hit(ids["b"], one)] for one in (new, old)}


def test_a_comparison_with_the_query_before_does_not_count(store: Store) -> None:
    with store.begin() as conn:
        ids = declare(conn, a="one")
        article_id = make_article(conn)
        _, leased_until = watchlists.claim_unwatched(conn, now=NOW, lease_s=60, limit=9)
        declare(conn, a="two")
        with pytest.raises(LeaseLostError):
            watchlists.save_hits(conn, article_id, [hit(ids["a"], article_id)], leased_until=leased_until, now=NOW)
        assert watch_due(conn) == {article_id}


def test_more_articles_may_be_asked_for_than_a_statement_takes_parameters(store: Store) -> None:
    with store.begin() as conn:
        ids = declare(conn, a="one")
        article_id = make_article(conn)
        save_hits(conn, article_id, hit(ids["a"], article_id))
        found = watchlists.load_hits(conn, [ArticleId(number) for number in range(70_000)])
    assert list(found) == [article_id]


def test_hits_of_a_worker_that_overran_its_lease_are_not_saved(store: Store) -> None:
    with store.begin() as conn:
        ids = declare(conn, a="one")
        article_id = make_article(conn)
        _, leased_until = watchlists.claim_unwatched(conn, now=NOW, lease_s=60, limit=9)
    late = leased_until - timedelta(seconds=1)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        watchlists.save_hits(conn, article_id, [hit(ids["a"], article_id)], leased_until=late, now=NOW)
    with store.read() as conn:
        assert count(conn, "hits") == 0


# --- subscriptions -------------------------------------------------------------------------------------------------


def subscribe(conn: Connection, *declared: DeclaredSubscription, now: datetime = NOW) -> list[Subscription]:
    subscriptions.save_declared(conn, declared, now)
    return subscriptions.list_active(conn)


def due_at(conn: Connection) -> dict[str, datetime | None]:
    rows = conn.execute(select(t.subscriptions.c.name, t.subscriptions.c.next_digest_at))
    return dict(rows.all())


def test_a_declared_subscription_is_due_and_knows_its_readers_and_watchlists(store: Store) -> None:
    with store.begin() as conn:
        declare(conn, w="one")
        (one,) = subscribe(conn, replace(DAILY, watchlists=("w", "unknown"), max_stories=5))
        claimed = subscriptions.claim_due(conn, now=NOW, lease_s=LEASE_S)
        assert claimed is not None
        assert claimed[0] == one == subscriptions.get_subscription(conn, "daily")
        assert subscriptions.get_subscription(conn, str(one.id)) == one
        assert subscriptions.claim_due(conn, now=NOW, lease_s=LEASE_S) is None
    assert (one.recipients, one.hour, one.zone) == (("a@x.example", "b@x.example"), 7, "Europe/Paris")
    assert (one.watchlists, one.max_stories) == (("w",), 5)


def test_a_subscription_that_stays_the_same_keeps_its_plan_and_a_changed_one_is_planned_anew(store: Store) -> None:
    with store.begin() as conn:
        subscribe(conn, DAILY)
        plan(conn, NOW + DAY)
        subscribe(conn, replace(DAILY, recipients=("c@x.example",)), now=NOW + HOUR)
        assert due_at(conn) == {"daily": NOW + DAY}
        assert subscriptions.get_subscription(conn, "daily").recipients == ("c@x.example",)
        subscribe(conn, replace(DAILY, hour=9), now=NOW + HOUR)
        assert due_at(conn) == {"daily": NOW + HOUR}
        assert count(conn, "recipients") == 3


def plan(conn: Connection, next_at: datetime) -> None:
    claimed = subscriptions.claim_due(conn, now=NOW, lease_s=LEASE_S)
    assert claimed is not None
    subscriptions.plan_next(conn, claimed[0].id, leased_until=claimed[1], next_digest_at=next_at)


def test_a_subscription_that_its_file_no_longer_lists_rests_until_it_does(store: Store) -> None:
    with store.begin() as conn:
        subscribe(conn, DAILY, replace(DAILY, name="other"))
        assert [one.name for one in subscribe(conn, DAILY)] == ["daily"]
        assert due_at(conn) == {"daily": NOW, "other": None}
        with pytest.raises(NotFoundError, match=r"no active subscription 'other'; there are: daily"):
            subscriptions.get_subscription(conn, "other")
        subscribe(conn, DAILY, replace(DAILY, name="other"), now=NOW + HOUR)
        assert due_at(conn) == {"daily": NOW, "other": NOW + HOUR}


def test_a_pause_is_not_undone_by_the_digest_that_is_under_way(store: Store) -> None:
    with store.begin() as conn:
        subscribe(conn, DAILY)
        claimed = subscriptions.claim_due(conn, now=NOW, lease_s=LEASE_S)
        assert claimed is not None
        subscribe(conn)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        subscriptions.plan_next(conn, claimed[0].id, leased_until=claimed[1], next_digest_at=NOW + DAY)
    with store.read() as conn:
        assert due_at(conn) == {"daily": None}


def test_a_subscription_can_be_kept_from_the_other_workers(store: Store) -> None:
    with store.begin() as conn:
        (one,) = subscribe(conn, DAILY)
    with store.begin() as conn:
        subscriptions.lock(conn, one.id)
        if store.engine.dialect.name == "postgresql":
            with pytest.raises(OperationalError, match="could not obtain lock"), store.begin() as other:
                other.execute(select(t.subscriptions).with_for_update(nowait=True))
    with store.begin() as conn:
        claimed = subscriptions.claim_due(conn, now=NOW, lease_s=LEASE_S)
        assert claimed is not None
        subscriptions.hold(conn, one.id, claimed[1])
        with pytest.raises(LeaseLostError):
            subscriptions.hold(conn, one.id, claimed[1] - HOUR)


def test_a_file_takes_over_a_subscription_of_a_user_and_leaves_the_others(store: Store) -> None:
    with store.begin() as conn:
        for name in ("mine", "taken"):
            values = {"name": name, "hour": 7, "zone": "Europe/Paris", "managed_by": "user", "updated_at": NOW}
            conn.execute(t.subscriptions.insert().values(values))
        subscribe(conn, replace(DAILY, name="taken"))
        assert [one.name for one in subscribe(conn)] == ["mine"]


def test_a_recipient_who_is_not_active_gets_nothing(store: Store) -> None:
    with store.begin() as conn:
        subscribe(conn, DAILY)
        gone = update(t.recipients).where(t.recipients.c.address == "a@x.example")
        conn.execute(gone.values(state="unsubscribed"))
        assert subscribe(conn, DAILY)[0].recipients == ("b@x.example",)


def test_a_digest_that_cannot_be_made_is_tried_again_later(store: Store) -> None:
    with store.begin() as conn:
        (one,) = subscribe(conn, DAILY)
        assert subscriptions.set_aside_crashed(conn, NOW, NOW + HOUR) == []
        for _ in range(claims.MAX_TRIES):
            claims.claim(conn, DIGESTS, now=NOW, lease_s=0, limit=1)
        assert subscriptions.set_aside_crashed(conn, NOW, NOW + HOUR) == [one.id]
        assert due_at(conn) == {"daily": NOW + HOUR}
        assert subscriptions.claim_due(conn, now=NOW, lease_s=60) is None
        assert subscriptions.claim_due(conn, now=NOW + HOUR, lease_s=60) is not None


# --- digests -------------------------------------------------------------------------------------------------------


def make_story(conn: Connection, *urls: str, story_id: StoryId | None = None) -> StoryId:
    for url in urls:
        article_id = make_article(conn, f"https://one.example/{url}")
        mark_matched(conn, article_id)
        story_id = assign(conn, article_id, story_id)
    assert story_id is not None
    return story_id


def story(story_id: StoryId, *article_ids: int, n_independent: int = 1) -> Story:
    members = tuple(
        StoryMember(
            id=ArticleId(article_id),
            title="T",
            source="s",
            family="f",
            url=f"https://one.example/{article_id}",
            language="en",
            published_at=None,
            first_seen_at=NOW,
            origin=Origin.OWN,
            agency=None,
        )
        for article_id in article_ids
    )
    return Story(
        id=story_id,
        title="T",
        lead="",
        language="en",
        first_seen_at=NOW,
        last_seen_at=NOW,
        is_open=True,
        n_articles=len(members),
        n_publishers=1,
        n_independent=n_independent,
        n_copies=0,
        members=members,
    )


def digest(subscription: Subscription, *told: Story, start: datetime = NOW, **values: Any) -> Digest:
    items = tuple(DigestItem(story=one, is_update=False, n_new=len(one.members)) for one in told)
    given = {"window_start": start, "window_end": start + DAY, "items": items}
    return Digest(subscription=subscription, **{**given, **values})


def mail(message_id: str = "<1@x.example>") -> RenderedMail:
    return RenderedMail(subject="S", text="T", html="<p>H", message_id=message_id, headers={"List-Id": "é"})


def save(conn: Connection, one: Digest, message_id: str = "<1@x.example>", now: datetime = NOW) -> DigestId | None:
    return digests.save_digest(conn, one, mail(message_id), now)


def sending(store: Store, *, now: datetime = NOW, lease_s: float = LEASE_S) -> DueDelivery | None:
    with store.begin() as conn:
        return digests.mark_sending(conn, now=now, lease_s=lease_s)


def states(store: Store) -> Sequence[str]:
    with store.read() as conn:
        return conn.execute(select(t.deliveries.c.state).order_by(t.deliveries.c.id)).scalars().all()


@pytest.fixture
def waiting(store: Store) -> Store:
    """A store with one digest and two deliveries that are due."""
    with store.begin() as conn:
        (one,) = subscribe(conn, DAILY)
        save(conn, digest(one, story(make_story(conn, "1"), 1)))
    return store


def test_a_digest_is_stored_with_its_ledger_and_a_delivery_for_each_reader(waiting: Store) -> None:
    with waiting.read() as conn:
        (listed,) = digests.list_digests(conn)
        (item,) = conn.execute(t.digest_items.select()).mappings().all()
        (stored,) = digests.load_mails(conn)
        assert digests.last_window_end(conn, SubscriptionId(1)) == NOW + DAY
        assert digests.last_window_end(conn, SubscriptionId(2)) is None
    assert (listed["subject"], listed["subscription"], listed["n_stories"]) == ("S", "daily", 1)
    assert [one["recipient"] for one in listed["deliveries"]] == ["a@x.example", "b@x.example"]
    assert {one["state"] for one in listed["deliveries"]} == {"pending"}
    assert (item["position"], item["n_articles"], item["n_new"]) == (1, 1, 1)
    assert (stored["text"], stored["headers"]) == ("T", {"List-Id": "é"})


@pytest.mark.parametrize("message_id", ["<1@x.example>", "<2@x.example>"])
def test_a_window_has_one_digest_whatever_the_mail(waiting: Store, message_id: str) -> None:
    with waiting.begin() as conn:
        (one,) = subscriptions.list_active(conn)
        assert save(conn, digest(one), message_id) is None
        assert save(conn, digest(one, window_end=NOW + 2 * DAY), message_id) is None
        assert (count(conn, "digests"), count(conn, "deliveries")) == (1, 2)
        assert save(conn, digest(one, start=NOW + DAY), "<3@x.example>") is not None


def test_what_was_told_is_the_newest_figures_and_every_article_ever_shown(store: Store) -> None:
    with store.begin() as conn:
        daily, other = subscribe(conn, DAILY, replace(DAILY, name="other"))
        first, second = make_story(conn, "1", "2"), make_story(conn, "3")
        make_story(conn, "4", story_id=first)
        save(conn, digest(daily, story(first, 1, 2, 4, n_independent=3), start=NOW + DAY), "<later@x.example>")
        save(conn, digest(daily, story(first, 1, 2), story(second, 3)), "<first@x.example>")
        save(conn, digest(other, story(first, 1), start=NOW + 5 * DAY), "<other@x.example>")
        told = digests.load_told(conn, daily.id, [first])
        everything = digests.load_told(conn, daily.id, [first, second, StoryId(99)])
        nothing = digests.load_told(conn, daily.id, [])
        many = digests.load_told(conn, daily.id, [StoryId(number) for number in range(70_000)])
    assert told == {
        first: ToldStory(
            story_id=first, n_articles=3, n_independent=3, article_ids=frozenset({ArticleId(n) for n in (1, 2, 4)})
        )
    }
    assert everything.keys() == {first, second}
    assert nothing == {}
    assert many == everything


def test_each_mail_is_taken_once_and_carries_what_was_rendered(waiting: Store) -> None:
    first, second = sending(waiting), sending(waiting)
    assert first is not None
    assert second is not None
    assert sending(waiting) is None
    assert {first.recipient, second.recipient} == {"a@x.example", "b@x.example"}
    assert first.mail == mail()
    assert (first.subscription, first.rendered_at, first.n_tries) == ("daily", NOW, 1)
    assert states(waiting) == ["sending", "sending"]


def test_workers_that_ask_at_once_never_take_the_same_mail(waiting: Store) -> None:
    barrier = Barrier(6)

    def take(_: int) -> int | None:
        barrier.wait(30)
        taken = sending(waiting)
        return taken and taken.id

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, range(6)))
    # On PostgreSQL a worker may find both rows locked by others, but no row is lost.
    taken += [take.id if (take := sending(waiting)) else None]
    assert sorted(filter(None, taken)) == [1, 2]


def test_one_mail_of_many_is_taken_although_postgresql_has_no_statistics_of_the_table(own_store: Store) -> None:
    with own_store.begin() as conn:
        readers = tuple(f"{number}@x.example" for number in range(150))
        (one,) = subscribe(conn, replace(DAILY, recipients=readers))
        save(conn, digest(one))
    assert sending(own_store) is not None
    assert sorted(states(own_store)).count("sending") == 1


def test_a_mail_that_was_sent_is_done(waiting: Store) -> None:
    taken = sending(waiting)
    assert taken is not None
    with waiting.begin() as conn:
        digests.save_outcome(conn, taken, state="sent", now=NOW + HOUR)
        row = conn.execute(t.deliveries.select().where(t.deliveries.c.id == taken.id)).mappings().one()
    assert (row["state"], row["sent_at"], row["leased_until"], row["next_try_at"]) == ("sent", NOW + HOUR, None, None)


def test_a_mail_refused_for_now_is_taken_again_when_its_time_comes(waiting: Store) -> None:
    sending(waiting, now=NOW)
    taken = sending(waiting)
    assert taken is not None
    with waiting.begin() as conn:
        digests.save_outcome(
            conn,
            taken,
            state="pending",
            now=NOW,
            reason=Reason.TEMPORARY,
            detail="x" * 5_000,
            next_try_at=NOW + HOUR,
        )
    assert sending(waiting, now=NOW + HOUR - timedelta(seconds=1)) is None
    again = sending(waiting, now=NOW + HOUR)
    assert again is not None
    assert (again.id, again.n_tries) == (taken.id, 2)


def test_a_mail_whose_worker_vanished_is_of_unknown_outcome_and_never_sent_by_itself(waiting: Store) -> None:
    taken = sending(waiting, lease_s=0)
    assert taken is not None
    with waiting.begin() as conn:
        assert digests.mark_lost(conn, NOW) == 1
        assert digests.mark_lost(conn, NOW) == 0
    assert sorted(states(waiting)) == ["pending", "unknown"]
    other = sending(waiting)
    assert other is not None
    assert other.id != taken.id
    assert sending(waiting, now=NOW + 9 * DAY) is None


def test_a_mail_being_sent_is_not_lost_while_its_lease_lasts(waiting: Store) -> None:
    sending(waiting)
    with waiting.begin() as conn:
        assert digests.mark_lost(conn, NOW) == 0
        assert digests.next_delivery_at(conn, NOW) is not None


def test_a_process_that_is_alone_knows_that_what_was_being_sent_is_lost(waiting: Store) -> None:
    sending(waiting)
    with waiting.begin() as conn:
        assert digests.release_lost(conn) == 1
    assert sorted(states(waiting)) == ["pending", "unknown"]


def test_the_word_of_a_worker_that_was_given_up_does_not_count(waiting: Store) -> None:
    taken = sending(waiting, lease_s=0)
    assert taken is not None
    with waiting.begin() as conn:
        digests.mark_lost(conn, NOW)
        digests.save_outcome(conn, taken, state="sent", now=NOW)
        assert conn.execute(select(func.count()).where(t.deliveries.c.state == "sent")).scalar_one() == 0
        # a person has it sent again
        mine = update(t.deliveries).where(t.deliveries.c.id == taken.id)
        conn.execute(mine.values(state="pending", next_try_at=NOW - DAY))
    again = sending(waiting)
    assert again is not None
    assert again.id == taken.id
    with waiting.begin() as conn:
        digests.save_outcome(conn, taken, state="sent", now=NOW)
    assert "sent" not in states(waiting)

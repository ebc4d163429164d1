from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from monitor.errors import LeaseLostError
from monitor.store import feeds, listed_feeds, polls
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.feeds import NewFeed
from monitor.types import DueFeed, FeedId, PollLogRow, PollResult
from tests.store.rows import DAY, HOUR, MANNERS, NOW, add_feed, claim_feed, count

URL = "https://news.one.example/feed"
OK = PollLogRow(outcome="ok", status=200, n_entries=3, n_new=2)
SAME = PollLogRow(outcome="not_modified", status=304)
UNCHANGED = {"state": "active", "next_poll_at": NOW + HOUR, "last_good_poll_at": NOW, "n_unchanged": 1}


def good(feed: DueFeed, **values: Any) -> PollResult:
    """A poll that read two new entries."""
    given = {"next_poll_at": NOW + HOUR, "state": "active", **values}
    return PollResult(feed=feed, values=given, log=OK)


def days(conn: Connection) -> list[tuple[Any, ...]]:
    columns = ("day_on", "n_polls_ok", "n_polls_failed", "n_new", "n_gaps")
    rows = conn.execute(select(*[t.source_days.c[name] for name in columns]).order_by(t.source_days.c.source_id))
    return [tuple(row) for row in rows]


def test_a_poll_writes_the_feed_its_log_and_the_day_of_its_source(store: Store) -> None:
    with store.begin() as conn:
        feed = claim_feed(conn, add_feed(conn, URL))
        polls.save_polls(conn, [good(feed, etag='"v1"', last_good_poll_at=NOW)], NOW)
        row = feeds.get_feed(conn, URL)
        (log,) = polls.list_polls(conn, feed.id)
        assert days(conn) == [(NOW.date(), 1, 0, 2, 0)]
        again = claim_feed(conn, feed.id, now=NOW + HOUR)
    assert (row.last_poll_at, row.last_good_poll_at, row.next_poll_at) == (NOW, NOW, NOW + HOUR)
    assert (log["outcome"], log["n_new"], log["polled_at"]) == ("ok", 2, NOW)
    assert again.etag == '"v1"'


def test_an_unchanged_feed_counts_as_polled_well(store: Store) -> None:
    with store.begin() as conn:
        feed = claim_feed(conn, add_feed(conn, URL))
        polls.save_polls(conn, [PollResult(feed=feed, values=UNCHANGED, log=SAME)], NOW)
        row = feeds.get_feed(conn, URL)
        assert (count(conn, "poll_log"), days(conn)) == (1, [(NOW.date(), 1, 0, 0, 0)])
    assert (row.last_poll_at, row.last_good_poll_at) == (NOW, NOW)


def test_many_results_of_all_kinds_are_saved_together(store: Store) -> None:
    with store.begin() as conn:
        claimed = [claim_feed(conn, add_feed(conn, f"https://h{n % 3}.example/{n}")) for n in range(12)]
        failed = PollLogRow(outcome="timeout")
        results = [
            PollResult(feed=feed, values={"reason": "timeout", "next_poll_at": NOW + DAY}, log=failed)
            if n % 4 == 0
            else PollResult(feed=feed, values=UNCHANGED, log=SAME, has_gap=n == 7)
            for n, feed in enumerate(claimed)
        ]
        polls.save_polls(conn, results, NOW)
        rows = {row.id: row for row in feeds.list_feeds(conn)}
        assert days(conn) == [(NOW.date(), 3, 1, 0, 0), (NOW.date(), 3, 1, 0, 1), (NOW.date(), 3, 1, 0, 0)]
        assert count(conn, "poll_log") == 12
    assert [rows[feed.id].reason for feed in claimed] == ["timeout", None, None, None] * 3
    assert {rows[feed.id].last_poll_at for feed in claimed} == {NOW}


def test_polls_of_a_day_add_up_and_failures_are_counted_apart(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, URL)
        for hour, outcome in enumerate(("ok", "not_modified", "timeout", "ok")):
            now = NOW + hour * HOUR
            feed = claim_feed(conn, feed_id, now=now)
            values = {"next_poll_at": now + HOUR}
            log = PollLogRow(outcome=outcome, n_new=5)
            polls.save_polls(conn, [PollResult(feed=feed, values=values, log=log)], now)
        assert days(conn) == [(NOW.date(), 3, 1, 20, 0)]


def test_a_poll_whose_lease_was_lost_is_not_saved_and_no_other_with_it(store: Store) -> None:
    with store.begin() as conn:
        lost = claim_feed(conn, add_feed(conn, "https://a.example/feed"))
        kept = claim_feed(conn, add_feed(conn, "https://b.example/feed"))
        taken = t.feeds.update().where(t.feeds.c.id == lost.id)
        conn.execute(taken.values(leased_until=lost.leased_until + HOUR))
    with pytest.raises(LeaseLostError), store.begin() as conn:
        polls.save_polls(conn, [good(lost), good(kept)], NOW)
    with store.begin() as conn:
        assert (count(conn, "poll_log"), days(conn)) == (0, [])
        polls.save_polls(conn, [good(kept)], NOW)
        assert feeds.get_feed(conn, str(kept.id)).last_poll_at == NOW


@pytest.mark.parametrize("way", ["by a person", "by its file"])
def test_a_pause_is_not_undone_by_the_poll_that_is_under_way(store: Store, way: str) -> None:
    with store.begin() as conn:
        feeds.add_feed(conn, NewFeed(url=URL, managed_by="file"), now=NOW, interval_s=900)
        feed_id = feeds.find_feed(conn, URL)
        assert feed_id is not None
        feed = claim_feed(conn, feed_id)
        if way == "by a person":
            feeds.pause_feed(conn, feed_id, "because")
        else:
            assert listed_feeds.pause_missing(conn, []) == 1
    with pytest.raises(LeaseLostError), store.begin() as conn:
        polls.save_polls(conn, [good(feed)], NOW)
    with store.begin() as conn:
        assert feeds.get_feed(conn, URL).state == "paused"
        assert polls.claim_due(conn, now=NOW + DAY, lease_s=60, limit=5, manners=MANNERS) == []


def test_poll_log_lines_expire_and_the_days_of_sources_remain(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, URL)
        for day in range(4):
            now = NOW + day * DAY
            polls.save_polls(conn, [good(claim_feed(conn, feed_id, now=now), next_poll_at=now)], now)
        assert polls.expire_polls(conn, NOW + 2 * DAY) == 2
        assert [log["polled_at"] for log in polls.list_polls(conn, feed_id)] == [NOW + 3 * DAY, NOW + 2 * DAY]
        assert len(polls.list_polls(conn, feed_id, limit=1)) == 1
        assert len(days(conn)) == 4


def test_another_feed_is_found_where_it_is_polled_and_nowhere_else(store: Store) -> None:
    with store.begin() as conn:
        moving = add_feed(conn, "https://a.example/old")
        there = add_feed(conn, "https://b.example/first")
        conn.execute(t.feeds.update().where(t.feeds.c.id == there).values(current_url="https://b.example/now"))
        found = [polls.find_at(conn, f"https://b.example/{name}", other_than=moving) for name in ("first", "now", "x")]
        itself = polls.find_at(conn, "https://b.example/now", other_than=FeedId(there))
        feeds.pause_feed(conn, there, "by hand")
        resting = polls.find_at(conn, "https://b.example/now", other_than=moving)
    assert found == [None, there, None]
    assert (itself, resting) == (None, None)


def test_a_feed_that_takes_anothers_place_gets_its_tags_too(store: Store) -> None:
    with store.begin() as conn:
        old, _ = feeds.add_feed(conn, NewFeed(url=URL, tags=("a", "b")), now=NOW, interval_s=900)
        new, _ = feeds.add_feed(conn, NewFeed(url=f"{URL}/2", tags=("b", "c")), now=NOW, interval_s=900)
        polls.pass_on_tags(conn, old, new)
        assert feeds.get_feed(conn, str(new)).tags == ("a", "b", "c")

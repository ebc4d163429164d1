from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from monitor.store import feeds, polls, source_days
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.types import DayVerdict, GoodPoll, PollLogRow, PollResult, SourceDay, SourceId
from tests.store.rows import DAY, HOUR, NOW, add_day, add_feed, claim_feed, count

TODAY = NOW.date()


def day(n_back: int, **values: Any) -> SourceDay:
    given = {"n_polls_ok": 24, "n_new": 5, "verdict": DayVerdict.COMPLETE}
    return SourceDay(day_on=TODAY - n_back * DAY, **{**given, **values})


def poll(conn: Connection, feed_id: Any, at: Any, outcome: str = "ok", n_new: int = 2) -> None:
    feed = claim_feed(conn, feed_id, now=at)
    log = PollLogRow(outcome=outcome, n_entries=20, n_new=n_new)
    polls.save_polls(conn, [PollResult(feed=feed, values={"next_poll_at": at}, log=log)], at)


def test_the_days_of_sources_are_those_that_polls_counted(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, now=NOW - 3 * DAY)
        for at, outcome in ((NOW - DAY, "ok"), (NOW, "not_modified"), (NOW + HOUR, "timeout")):
            poll(conn, feed_id, at, outcome)
        (found,) = source_days.load_days(conn, TODAY - DAY, TODAY).values()
    assert found == [
        SourceDay(day_on=TODAY - DAY, n_polls_ok=1, n_new=2),
        SourceDay(day_on=TODAY, n_polls_ok=1, n_polls_failed=1, n_new=4),
    ]


def test_days_are_loaded_of_some_sources_or_of_all_in_order(store: Store) -> None:
    with store.begin() as conn:
        for n_back in (1, 3, 2):
            one = add_day(conn, "one.example", day(n_back))
        two = add_day(conn, "two.example", day(2, n_expected=0.5, verdict=None))
        everything = source_days.load_days(conn, TODAY - 2 * DAY, TODAY)
        assert everything == {one: [day(2), day(1)], two: [day(2, n_expected=0.5, verdict=None)]}
        assert source_days.load_days(conn, TODAY - 3 * DAY, TODAY, [one]) == {one: [day(3), day(2), day(1)]}
        assert source_days.load_days(conn, TODAY - 3 * DAY, TODAY, []) == {}


def test_good_polls_are_loaded_for_the_feeds_of_sources(store: Store) -> None:
    with store.begin() as conn:
        first, second = add_feed(conn), add_feed(conn, "https://two.example/feed")
        for at, outcome in ((NOW, "ok"), (NOW + HOUR, "not_modified"), (NOW + 2 * HOUR, "not_found")):
            poll(conn, first, at, outcome)
        poll(conn, second, NOW)
        source_id = feeds.get_feed(conn, str(first)).source_id
        assert source_days.load_good_polls(conn, [source_id], NOW, NOW + DAY) == {
            first: [GoodPoll(NOW, 20, 2), GoodPoll(NOW + HOUR, 20, 2)]
        }
        assert source_days.load_good_polls(conn, [source_id], NOW + HOUR, NOW + 2 * HOUR) == {
            first: [GoodPoll(NOW + HOUR, 20, 2)]
        }


def test_feeds_of_sources_are_loaded_with_whether_they_are_to_be_polled(store: Store) -> None:
    with store.begin() as conn:
        for name in ("a", "b", "c"):
            add_feed(conn, f"https://one.example/{name}")
        paused = add_feed(conn, "https://one.example/d")
        feeds.pause_feed(conn, paused, "enough")
        conn.execute(update(t.feeds).where(t.feeds.c.id == 1).values(ttl_s=60, skip_hours=[0, 1], skip_days=[6]))
        source_id = feeds.get_feed(conn, "1").source_id
        found = source_days.load_feeds(conn, [source_id])[source_id]
    assert [feed.is_due for feed in found] == [True, True, True, False]
    assert (found[0].ttl_s, found[0].skip_hours, found[0].skip_days, found[0].created_at) == (60, (0, 1), (6,), NOW)
    assert (found[1].ttl_s, found[1].skip_hours, found[1].interval_s) == (None, (), 1800)


def test_sources_are_to_be_judged_that_have_a_feed_to_poll_or_a_day_without_a_verdict(store: Store) -> None:
    with store.begin() as conn:
        add_feed(conn, "https://active.example/feed")
        feeds.pause_feed(conn, add_feed(conn, "https://paused.example/feed"), "enough")
        add_day(conn, "judged.example", day(1))
        unjudged = add_day(conn, "unjudged.example", day(1, verdict=None))
        add_day(conn, "earlier.example", day(9, verdict=None))
        active = feeds.get_feed(conn, "https://active.example/feed").source_id
        assert source_days.list_to_judge(conn, TODAY - 2 * DAY, TODAY) == [active, unjudged]


def test_a_verdict_is_written_once_and_makes_its_row_where_nothing_was_polled(store: Store) -> None:
    with store.begin() as conn:
        source_id = add_day(conn, "one.example", day(1, verdict=None))
        judged = day(1, n_new=99, n_expected=4.5, verdict=DayVerdict.COMPLETE)
        missed = SourceDay(day_on=TODAY - 2 * DAY, verdict=DayVerdict.NOT_POLLED)
        for _ in range(2):
            source_days.save_verdicts(conn, {source_id: [judged, missed], SourceId(99): []})
            # Counts are the polls', and the first verdict stands.
            assert source_days.load_days(conn, TODAY - 2 * DAY, TODAY) == {
                source_id: [missed, day(1, n_expected=4.5, verdict=DayVerdict.COMPLETE)]
            }
            judged = replace(judged, verdict=DayVerdict.FAILED)
        source_days.save_verdicts(conn, {})


def test_the_day_up_to_which_all_is_judged_only_moves_on(store: Store) -> None:
    with store.begin() as conn:
        assert source_days.find_judged_on(conn) is None
        for day_on in (date(2026, 3, 1), date(2026, 2, 1)):
            source_days.save_judged_on(conn, day_on)
            assert source_days.find_judged_on(conn) == date(2026, 3, 1)
        source_days.save_judged_on(conn, date(2026, 3, 2))
        assert source_days.find_judged_on(conn) == date(2026, 3, 2)


def test_the_days_on_which_anything_was_polled(store: Store) -> None:
    with store.begin() as conn:
        assert source_days.find_first_day(conn) is None
        add_day(conn, "one.example", day(1))
        add_day(conn, "two.example", day(2, n_polls_ok=0, n_polls_failed=3))
        add_day(conn, "two.example", day(3, n_polls_ok=0))
        assert source_days.find_first_day(conn) == TODAY - 3 * DAY
        assert source_days.load_polled_days(conn, TODAY - 5 * DAY, TODAY) == {TODAY - DAY, TODAY - 2 * DAY}


def test_silent_sources_are_those_that_usually_bring_much_and_are_still_polled(store: Store) -> None:
    with store.begin() as conn:
        for name, n_expected, verdict in (
            ("big", 40.0, DayVerdict.SILENT),
            ("small", 2.0, DayVerdict.SILENT),
            ("tiny", 0.2, DayVerdict.SILENT),
            ("fine", 40.0, DayVerdict.COMPLETE),
            ("paused", 40.0, DayVerdict.SILENT),
        ):
            feed_id = add_feed(conn, f"https://{name}.example/feed")
            add_day(conn, f"{name}.example", day(1, n_new=0, n_expected=n_expected, verdict=verdict))
        feeds.pause_feed(conn, feed_id, "enough")
        add_day(conn, "big.example", day(4))
        assert source_days.list_silent(conn, n_expected=1, limit=9) == []
        source_days.save_judged_on(conn, TODAY - DAY)
        found = source_days.list_silent(conn, n_expected=1, limit=9)
        assert [(one.source, one.n_expected, one.last_new_on) for one in found] == [
            ("big.example", 40.0, TODAY - 4 * DAY),
            ("small.example", 2.0, None),
        ]
        assert [one.source for one in source_days.list_silent(conn, n_expected=1, limit=1)] == ["big.example"]


def test_the_days_outlive_the_poll_log(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, now=NOW - 3 * DAY)
        for n_back in (2, 1):
            poll(conn, feed_id, NOW - n_back * DAY)
        before = source_days.load_days(conn, TODAY - 9 * DAY, TODAY)
        assert polls.expire_polls(conn, NOW + timedelta(days=400)) == 2
        assert count(conn, "poll_log") == 0
        assert source_days.load_days(conn, TODAY - 9 * DAY, TODAY) == before
        assert conn.execute(select(t.source_days.c.n_new)).scalars().all() == [2, 2]

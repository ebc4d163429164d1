from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.completeness import ASSUMED_SHOWN, DAY_S, FeedDay, feed_day, judge_day
from monitor.types import DayVerdict, FeedId, GoodPoll, SourceDay, SourceId, WatchedFeed
from tests.unit.test_usual import days_before

DAY_ON = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: When the day is judged.
NOW = MIDNIGHT + 25 * HOUR
HOURLY = 3_600


def polls(*hours: float, n_entries: int = 30, n_new: int = 1) -> list[GoodPoll]:
    return [GoodPoll(MIDNIGHT + hour * HOUR, n_entries, n_new) for hour in hours]


def watched(**values: Any) -> WatchedFeed:
    given: dict[str, Any] = {
        "id": FeedId(1),
        "source_id": SourceId(1),
        "interval_s": HOURLY,
        "created_at": MIDNIGHT - timedelta(days=90),
        "last_good_poll_at": NOW,
    }
    return WatchedFeed(**{**given, **values})


def watch(*hours: float, **values: Any) -> FeedDay:
    return feed_day(watched(**values), polls(*hours), day_on=DAY_ON, now=NOW)


def counted(**values: Any) -> SourceDay:
    return SourceDay(**{"day_on": DAY_ON, "n_polls_ok": 24, "n_new": 38, **values})


HISTORY = days_before(DAY_ON, [40, 35, 45, 40, 42, 38, 40] * 5)
WELL = watch(*range(26))


def verdict(day: SourceDay, *feeds: FeedDay, **values: Any) -> DayVerdict:
    return judge_day(day, HISTORY, feeds=feeds, **values).verdict


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (counted(), DayVerdict.COMPLETE),
        (counted(n_new=900), DayVerdict.COMPLETE),
        (counted(n_new=0), DayVerdict.SILENT),
        (counted(n_new=3), DayVerdict.SILENT),
        (counted(n_new=20), DayVerdict.COMPLETE),
        (counted(n_polls_failed=40), DayVerdict.COMPLETE),  # the polls between them saw all there was
        (counted(n_gaps=1), DayVerdict.NO_OVERLAP),
        (counted(n_gaps=1, n_new=0), DayVerdict.NO_OVERLAP),
        (counted(n_polls_ok=0, n_polls_failed=5, n_new=0), DayVerdict.FAILED),
    ],
)
def test_the_counts_of_a_day_that_was_polled_every_hour(day: SourceDay, expected: DayVerdict) -> None:
    assert verdict(day, WELL) is expected


def test_what_is_usual_is_told_also_of_a_blind_day() -> None:
    judgement = judge_day(counted(n_polls_ok=0, n_new=0), HISTORY, was_running=False)
    assert (judgement.verdict, judgement.n_expected) == (DayVerdict.NOT_POLLED, 40)


def test_a_young_source_is_unknown_and_its_gaps_are_known_all_the_same() -> None:
    young = HISTORY[-10:]
    assert judge_day(counted(n_new=0), young, feeds=[WELL]).verdict is DayVerdict.UNKNOWN
    assert judge_day(counted(n_new=0), young, feeds=[WELL]).n_expected is None
    assert judge_day(counted(n_gaps=1), young, feeds=[WELL]).verdict is DayVerdict.NO_OVERLAP


def test_blind_days_do_not_tell_what_is_usual() -> None:
    blind = days_before(DAY_ON, [0] * 20, DayVerdict.NOT_POLLED)
    assert judge_day(counted(), [*HISTORY[:-20], *blind], feeds=[WELL]).n_expected == 40


NOTHING = counted(n_polls_ok=0, n_new=0)


@pytest.mark.parametrize(
    ("feeds", "was_running", "expected"),
    [
        # Ours: nothing at all was polled, or this source was not although it was due.
        ([watch()], False, DayVerdict.NOT_POLLED),
        ([watch()], True, DayVerdict.NOT_POLLED),
        ([], True, DayVerdict.NOT_POLLED),
        # Theirs: the feed has failed since before, and waits longer than a day for its next try.
        ([watch(n_failures=40, last_good_poll_at=MIDNIGHT - 48 * HOUR)], True, DayVerdict.FAILED),
        ([watch(n_failures=40, last_good_poll_at=None)], True, DayVerdict.FAILED),
        ([watch(n_failures=40, last_good_poll_at=MIDNIGHT - 48 * HOUR), watch()], True, DayVerdict.NOT_POLLED),
        # Nobody's: it is asked once a day or more rarely, or not on Mondays; and it is not expected to bring much.
        ([watch(interval_s=86_400)], True, DayVerdict.COMPLETE),
        ([watch(ttl_s=86_400)], True, DayVerdict.COMPLETE),
        ([watch(skip_days=[0])], True, DayVerdict.COMPLETE),
        ([watch(skip_hours=range(20))], True, DayVerdict.COMPLETE),
        ([watch(skip_days=[3])], True, DayVerdict.NOT_POLLED),
        ([watch(interval_s=86_400)], False, DayVerdict.NOT_POLLED),
    ],
)
def test_a_day_on_which_nothing_was_read(feeds: list[FeedDay], was_running: bool, expected: DayVerdict) -> None:
    slow = days_before(DAY_ON, [0, 0, 0, 1] * 10)
    assert judge_day(NOTHING, slow, feeds=feeds, was_running=was_running).verdict is expected


@pytest.mark.parametrize(
    ("hours", "per_day", "expected"),
    [
        # A hole of seven hours: some 40 of 40 entries in busy hours, and the feed shows 30.
        ([*range(8), *range(15, 26)], 40, DayVerdict.PARTIAL),
        # The same of a feed that brings ten a day, or for two hours: what came meanwhile was still shown after it.
        ([*range(8), *range(15, 26)], 10, DayVerdict.COMPLETE),
        ([*range(8), *range(11, 26)], 40, DayVerdict.COMPLETE),
        # From midnight on, and until the next day, in full length.
        ([*range(9, 26)], 40, DayVerdict.PARTIAL),
        ([*range(22), 24.9], 40, DayVerdict.COMPLETE),
        ([*range(17), 24.9], 40, DayVerdict.PARTIAL),
        # The end was never seen: however slow the feed is, nobody knows what it showed since.
        ([*range(17)], 10, DayVerdict.PARTIAL),
        # The next poll is not due yet.
        ([*range(24)], 40, DayVerdict.COMPLETE),
        # Once a day, as cron does it: enough for a slow feed.
        ([6, 30], 10, DayVerdict.COMPLETE),
        ([6, 30], 40, DayVerdict.PARTIAL),
    ],
)
def test_a_hole_matters_where_the_feed_may_have_turned_over(
    hours: list[float], per_day: int, expected: DayVerdict
) -> None:
    history = days_before(DAY_ON, [per_day] * 35)
    feed = feed_day(watched(), polls(*hours), day_on=DAY_ON, now=max(NOW, MIDNIGHT + max(hours) * HOUR))
    day = counted(n_polls_ok=len(hours), n_new=per_day)
    assert judge_day(day, history, feeds=[feed]).verdict is expected


def test_a_feed_of_which_only_not_modified_was_heard_is_taken_for_a_short_one() -> None:
    unchanged = [GoodPoll(MIDNIGHT + hour * HOUR, 0, 0) for hour in (*range(8), *range(20, 26))]
    feed = feed_day(watched(), unchanged, day_on=DAY_ON, now=NOW)
    for per_day, expected in ((ASSUMED_SHOWN + 1, DayVerdict.PARTIAL), (ASSUMED_SHOWN - 1, DayVerdict.COMPLETE)):
        history = days_before(DAY_ON, [per_day] * 35)
        assert judge_day(counted(n_new=per_day), history, feeds=[feed]).verdict is expected


def test_a_feed_that_asks_for_long_waits_has_no_holes_by_waiting() -> None:
    assert verdict(counted(), watch(0.5, 12, 23.9, ttl_s=12 * HOURLY)) is DayVerdict.COMPLETE
    assert verdict(counted(), watch(0.5, 12, 23.9)) is DayVerdict.PARTIAL


def test_of_several_feeds_one_that_was_not_read_makes_the_day_partial() -> None:
    assert verdict(counted(), WELL, watch()) is DayVerdict.PARTIAL


@pytest.mark.parametrize("read_at", [None, MIDNIGHT - timedelta(days=40)])
def test_a_dead_feed_beside_living_ones_does_not(read_at: datetime | None) -> None:
    assert verdict(counted(), WELL, watch(last_good_poll_at=read_at, n_failures=9)) is DayVerdict.COMPLETE


def test_the_rate_of_a_source_is_shared_by_its_feeds() -> None:
    hours = (*range(8), *range(15, 26))
    assert verdict(counted(), watch(*hours)) is DayVerdict.PARTIAL
    assert verdict(counted(), watch(*hours), *[WELL] * 9) is DayVerdict.COMPLETE


def test_a_feed_added_at_noon_was_not_blind_in_the_morning() -> None:
    assert watch(*range(12, 26), created_at=MIDNIGHT + 12 * HOUR).hole_s == 3_600
    assert watch(*range(12, 26)).hole_s == 12 * 3_600


def test_without_the_poll_log_the_counts_alone_are_judged() -> None:
    assert verdict(counted()) is DayVerdict.COMPLETE
    assert verdict(counted(n_new=0)) is DayVerdict.SILENT


def test_silence_needs_the_evening_to_be_seen() -> None:
    few = days_before(DAY_ON, [8] * 35)
    day = counted(n_new=0)
    morning = FeedDay(planned_s=HOURLY, hole_s=HOURLY, watched_share=0.3, n_shown=30)
    assert judge_day(day, few, feeds=[WELL]).verdict is DayVerdict.SILENT
    assert judge_day(day, few, feeds=[morning]).verdict is DayVerdict.COMPLETE


def test_only_what_hides_entries_is_blind() -> None:
    assert {verdict for verdict in DayVerdict if verdict.is_blind} == {"no_overlap", "partial", "failed", "not_polled"}


MOMENTS = st.lists(st.floats(0, 48), max_size=30).map(sorted)


@given(MOMENTS, st.floats(0, 48))
def test_one_more_poll_never_makes_a_hole_longer(hours: list[float], more: float) -> None:
    now = MIDNIGHT + 48 * HOUR
    fewer = feed_day(watched(), polls(*hours), day_on=DAY_ON, now=now)
    feed = feed_day(watched(), polls(*sorted([*hours, more])), day_on=DAY_ON, now=now)
    if more < 24 and any(hour < 24 for hour in hours):
        assert feed.hole_s <= fewer.hole_s or feed.open_s < fewer.open_s
    assert 0 <= feed.watched_share <= 1
    assert feed.hole_s <= 2 * DAY_S


@given(
    st.integers(0, 50), st.integers(0, 50), st.integers(0, 500), st.integers(0, 3),
    st.lists(st.integers(0, 500), max_size=90), MOMENTS, st.booleans(),
)  # fmt: skip
def test_every_day_has_a_verdict_that_its_counts_allow(
    n_ok: int, n_failed: int, n_new: int, n_gaps: int, counts: list[int], hours: list[float], was_running: bool
) -> None:
    day = counted(n_polls_ok=n_ok, n_polls_failed=n_failed, n_new=n_new, n_gaps=n_gaps)
    feed = feed_day(watched(), polls(*hours), day_on=DAY_ON, now=MIDNIGHT + 48 * HOUR)
    judgement = judge_day(day, days_before(DAY_ON, counts), feeds=[feed], was_running=was_running)
    assert (judgement.verdict in {DayVerdict.NOT_POLLED, DayVerdict.FAILED}) <= (n_ok == 0)
    assert (judgement.verdict is DayVerdict.NO_OVERLAP) == (n_ok > 0 and n_gaps > 0)
    assert (judgement.verdict is DayVerdict.UNKNOWN) <= (judgement.n_expected is None)
    if judgement.verdict is DayVerdict.SILENT:
        assert judgement.n_expected is not None
        assert n_new <= judgement.n_expected / 4 + 0.01

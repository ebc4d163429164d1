from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.failures import explain_failure
from monitor.fetch.polling import (
    FeedFailed,
    FeedRead,
    FeedUnchanged,
    PollOutcome,
    PollPlan,
    PollPolicy,
    Wishes,
    plan_at_new_address,
    plan_poll,
)
from monitor.types import PollState, Reason

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
POLICY = PollPolicy()
HOUR, DAY = 3_600, 86_400
STEADY = PollState(interval_s=HOUR, last_good_poll_at=NOW - timedelta(hours=1), next_poll_at=NOW)


def plan(outcome: PollOutcome, state: PollState = STEADY, *, jitter: float = 0.5, now: datetime = NOW) -> PollPlan:
    return plan_poll(state, outcome, now=now, jitter=jitter, policy=POLICY)


def wait_s(poll_plan: PollPlan, now: datetime = NOW) -> float:
    assert poll_plan.next_poll_at is not None
    return (poll_plan.next_poll_at - now).total_seconds()


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def every(interval_s: int, **known: Any) -> PollState:
    """The state of a feed whose last good poll was one interval ago."""
    return replace(STEADY, interval_s=interval_s, last_good_poll_at=NOW - timedelta(seconds=interval_s), **known)


def test_a_feed_of_which_a_quarter_is_new_keeps_its_interval() -> None:
    decided = plan(FeedRead(n_new=5, n_known=15))
    assert (decided.interval_s, decided.state, decided.n_failures) == (HOUR, "active", 0.0)
    assert wait_s(decided) == HOUR
    assert decided.because == "5 of 20 entries were new; polled every hour."


def test_a_feed_with_mostly_new_entries_is_polled_twice_as_often() -> None:
    assert plan(FeedRead(n_new=18, n_known=2)).interval_s == HOUR // 2


def test_a_feed_with_many_new_entries_is_polled_so_often_that_a_quarter_will_be_new() -> None:
    assert plan(FeedRead(n_new=8, n_known=12)).interval_s == HOUR * 5 // 8


def test_a_fast_feed_with_little_news_slows_down_by_a_quarter_up_to_the_default() -> None:
    state, intervals = every(1_200), []
    for _ in range(6):
        intervals.append(plan(FeedRead(n_new=1, n_known=19), state).interval_s)
        state = every(intervals[-1])
    assert intervals == [1_500, 1_875, 2_343, 2_928, 3_528, HOUR]


def test_an_interval_never_grows_to_where_more_than_a_quarter_would_be_new() -> None:
    assert plan(FeedRead(n_new=11, n_known=39), every(2_400)).interval_s == 2_400 * 50 // 44


def test_a_feed_without_news_is_polled_more_rarely_up_to_the_maximum() -> None:
    intervals = []
    state = every(HOUR, last_new_at=hours_ago(7))
    for _ in range(160):
        intervals.append(plan(FeedUnchanged(), state).interval_s)
        state = every(intervals[-1], last_new_at=hours_ago(7))
    assert intervals[:2] == [HOUR + 600, HOUR + 1_200]
    assert intervals[-1] == DAY


def test_a_feed_without_news_for_a_month_slows_down_by_an_hour_each_time() -> None:
    assert plan(FeedUnchanged(), every(HOUR, last_new_at=NOW - timedelta(days=32))).interval_s == 2 * HOUR
    assert plan(FeedUnchanged(), every(HOUR, last_new_at=NOW - timedelta(days=30))).interval_s == HOUR + 600


def test_an_hour_or_two_without_news_does_not_slow_a_feed_down() -> None:
    assert plan(FeedUnchanged(), every(HOUR, last_new_at=hours_ago(5))).interval_s == HOUR
    assert plan(FeedRead(n_new=0, n_known=9), every(HOUR, last_new_at=hours_ago(5))).interval_s == HOUR
    assert plan(FeedUnchanged(), every(1_200, last_new_at=hours_ago(1))).interval_s == 1_500


def test_a_feed_with_no_entries_is_one_without_news() -> None:
    assert plan(FeedRead(n_new=0, n_known=0)).interval_s == HOUR + 600


def test_a_slow_feed_that_brings_news_returns_to_the_default_at_once() -> None:
    assert plan(FeedRead(n_new=1, n_known=19), every(DAY)).interval_s == HOUR
    assert plan(FeedRead(n_new=20, n_known=0), every(DAY)).interval_s == HOUR


def test_the_second_poll_comes_soon_for_nothing_is_known_about_the_feed_yet() -> None:
    decided = plan(FeedRead(n_new=20, n_known=0), replace(STEADY, last_good_poll_at=None))
    assert decided.interval_s == HOUR // 3
    assert decided.because == "20 of 20 entries were new; it is the first good poll; polled every 20 minutes."


@pytest.mark.parametrize("n_failures", [0.0, 2.0])
def test_a_poll_that_came_late_had_more_time_to_find_new_entries(n_failures: float) -> None:
    state = replace(STEADY, last_good_poll_at=hours_ago(4), n_failures=n_failures)
    assert plan(FeedRead(n_new=15, n_known=5), state).interval_s == HOUR
    assert plan(FeedRead(n_new=20, n_known=0), replace(state, interval_s=1_200)).interval_s == 1_200


def test_a_poll_that_came_early_lengthens_nothing() -> None:
    state = replace(STEADY, last_good_poll_at=NOW - timedelta(minutes=5))
    assert plan(FeedUnchanged(), state).interval_s == HOUR
    assert plan(FeedRead(n_new=1, n_known=19), state).interval_s == HOUR
    assert plan(FeedRead(n_new=1, n_known=19), replace(state, interval_s=2_400)).interval_s == 2_400
    assert "the poll came early" in plan(FeedUnchanged(), state).because
    assert plan(FeedRead(n_new=10, n_known=10), state).interval_s == HOUR // 2


def test_a_poll_before_the_last_one_by_a_clock_that_was_set_back_is_an_early_one() -> None:
    assert plan(FeedUnchanged(), replace(STEADY, last_good_poll_at=NOW + timedelta(days=3))).interval_s == HOUR


def test_a_gap_halves_the_time_between_polls_at_once() -> None:
    decided = plan(FeedRead(n_new=20, n_known=0, n_shared=0), replace(STEADY, last_good_poll_at=hours_ago(0.95)))
    assert (decided.has_gap, decided.interval_s) == (True, int(0.95 * HOUR / 2))
    assert decided.because == (
        "20 of 20 entries were new; it shares nothing with the poll before: entries were probably missed; "
        "polled every 28.5 minutes."
    )


def test_a_gap_never_asks_for_more_than_the_minimum() -> None:
    assert plan(FeedRead(n_new=20, n_known=0, n_shared=0), every(700)).interval_s == POLICY.min_interval_s


def test_a_gap_after_a_pause_of_ours_is_told_but_does_not_hasten_the_feed() -> None:
    decided = plan(FeedRead(n_new=20, n_known=0, n_shared=0), replace(STEADY, last_good_poll_at=hours_ago(48)))
    assert (decided.has_gap, decided.interval_s) == (True, HOUR)


@pytest.mark.parametrize(
    "outcome",
    [
        FeedRead(n_new=20, n_known=0),
        FeedRead(n_new=19, n_known=1, n_shared=1),
        FeedRead(n_new=0, n_known=3, n_shared=0),
        FeedUnchanged(),
    ],
    ids=["nothing to compare with", "one entry shared", "only old entries", "not modified"],
)
def test_there_is_no_gap_without_new_entries_that_share_nothing(outcome: FeedRead | FeedUnchanged) -> None:
    decided = plan(outcome)
    assert not decided.has_gap
    assert "missed" not in decided.because


def test_what_a_publisher_asks_for_is_a_lower_bound_up_to_a_day() -> None:
    quarter = {"n_new": 1, "n_known": 3}
    for wishes in (Wishes(ttl_s=4 * HOUR), Wishes(cache_s=4 * HOUR), Wishes(ttl_s=HOUR, cache_s=4 * HOUR)):
        decided = plan(FeedRead(**quarter, wishes=wishes), jitter=0.0)
        assert (wait_s(decided), decided.interval_s) == (4 * HOUR, HOUR)
        assert wait_s(plan(FeedRead(**quarter, wishes=wishes), jitter=1.0)) == pytest.approx(4.4 * HOUR)
    assert wait_s(plan(FeedUnchanged(wishes=Wishes(ttl_s=10**9)), jitter=0.0)) == DAY
    assert wait_s(plan(FeedUnchanged(wishes=Wishes(cache_s=10**9)), jitter=0.0)) == DAY
    assert wait_s(plan(FeedRead(**quarter, wishes=Wishes(ttl_s=-5, cache_s=-5)))) == HOUR


def test_the_wish_that_decides_is_named() -> None:
    ttl = plan(FeedUnchanged(wishes=Wishes(ttl_s=4 * HOUR, cache_s=2 * HOUR))).because
    assert "the feed asks to wait 4 hours" in ttl
    assert "Cache-Control" not in ttl
    cache = plan(FeedUnchanged(wishes=Wishes(ttl_s=2 * HOUR, cache_s=4 * HOUR))).because
    assert "the server says that the answer holds for 4 hours (Cache-Control)" in cache
    assert "asks" not in cache
    assert "(Cache-Control)" in plan(FeedUnchanged(wishes=Wishes(cache_s=4 * HOUR))).because
    short = plan(FeedUnchanged(wishes=Wishes(ttl_s=60, cache_s=60))).because
    assert short == "Nothing has changed; polled every 70 minutes."


def test_for_a_week_after_a_gap_wishes_count_for_the_default_interval_at_most() -> None:
    wishes = Wishes(ttl_s=6 * HOUR, cache_s=6 * HOUR)
    gap = plan(FeedRead(n_new=20, n_known=0, n_shared=0, wishes=wishes), every(HOUR), jitter=0.0)
    assert wait_s(gap) == HOUR
    assert "it asks for more, but entries were missed lately" in gap.because
    calm = FeedRead(n_new=1, n_known=3, wishes=wishes)
    assert wait_s(plan(calm, replace(STEADY, last_gap_at=NOW - timedelta(days=6)), jitter=0.0)) == HOUR
    assert wait_s(plan(calm, replace(STEADY, last_gap_at=NOW - timedelta(days=8)), jitter=0.0)) == 6 * HOUR


def test_skipped_hours_move_the_poll_to_the_first_allowed_one() -> None:
    decided = plan(FeedRead(n_new=1, n_known=3, wishes=Wishes(skip_hours=(12, 13, 14, 15))), jitter=0.0)
    assert decided.next_poll_at == datetime(2026, 1, 5, 16, 0, tzinfo=UTC)
    assert "the feed asks not to be polled before Mon 16:00 UTC" in decided.because
    late = plan(FeedRead(n_new=1, n_known=3, wishes=Wishes(skip_hours=(12, 13, 14, 15))), jitter=1.0)
    assert late.next_poll_at == datetime(2026, 1, 5, 16, 10, tzinfo=UTC)


def test_skipped_days_and_hours_add_up() -> None:
    night = (22, 23, 0, 1, 2, 3, 4, 5)
    wishes = Wishes(skip_hours=night, skip_days=(0, 1, 2, 3, 4, 6))
    decided = plan(FeedUnchanged(wishes=wishes), jitter=0.0)
    assert decided.next_poll_at == datetime(2026, 1, 10, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(skip_hours=tuple(range(24))),
        Wishes(skip_days=tuple(range(7))),
        Wishes(skip_hours=(24, -1, 99), skip_days=(7, -1)),
        Wishes(skip_hours=(3,), skip_days=(6,)),
    ],
    ids=["all hours", "all days", "no hours at all", "other hours"],
)
def test_skipping_everything_is_nonsense_and_skipping_something_else_does_not_matter(wishes: Wishes) -> None:
    for hour in range(13):
        now, state = NOW + timedelta(hours=hour), replace(STEADY, last_good_poll_at=NOW + timedelta(hours=hour - 1))
        assert wait_s(plan(FeedRead(n_new=1, n_known=3, wishes=wishes), state, now=now), now) == HOUR


@pytest.mark.parametrize("wanted_s", [120, 5 * HOUR, 3 * DAY])
def test_an_interval_that_somebody_wants_is_kept_whatever_is_found_or_asked(wanted_s: int) -> None:
    state = replace(STEADY, wanted_interval_s=wanted_s)
    wishes = Wishes(ttl_s=8 * HOUR, cache_s=9 * HOUR, skip_hours=(12, 13, 17))
    for outcome in (
        FeedUnchanged(wishes=wishes),
        FeedRead(n_new=20, n_known=0, n_shared=0, wishes=wishes),
        FeedRead(n_new=1, n_known=99, n_shared=99, wishes=wishes),
    ):
        decided = plan(outcome, state)
        assert (decided.interval_s, wait_s(decided)) == (wanted_s, wanted_s)
        assert decided.because.endswith("as somebody wants it.")
        assert wait_s(plan(outcome, state, jitter=0.0)) == pytest.approx(0.9 * wanted_s)
    assert plan(FeedRead(n_new=20, n_known=0, n_shared=0), state).has_gap


def test_a_wanted_interval_is_held_between_a_minute_and_thirty_days() -> None:
    assert wait_s(plan(FeedUnchanged(), replace(STEADY, wanted_interval_s=-1), jitter=0.0)) == 60
    assert wait_s(plan(FeedUnchanged(), replace(STEADY, wanted_interval_s=10**9), jitter=1.0)) == 30 * DAY


def test_a_feed_with_a_wanted_interval_backs_off_from_it_and_obeys_retry_after() -> None:
    state = replace(STEADY, wanted_interval_s=2 * HOUR)
    assert wait_s(plan(FeedFailed(reason=Reason.TIMEOUT), state)) == 2 * HOUR
    assert wait_s(plan(FeedFailed(reason=Reason.DNS), replace(state, n_failures=2.5))) == 6 * HOUR
    for n_failures in (0.0, 20.0, 31.0):
        rare = replace(state, wanted_interval_s=3 * DAY, n_failures=n_failures)
        assert wait_s(plan(FeedFailed(reason=Reason.TIMEOUT), rare)) == 3 * DAY
    asked_at = NOW + timedelta(hours=30)
    busy = FeedFailed(reason=Reason.RATE_LIMITED, status=429, retry_after_at=asked_at)
    assert plan(busy, state, jitter=0.0).next_poll_at == asked_at


def test_an_interval_outside_the_policy_is_brought_back() -> None:
    assert plan(FeedRead(n_new=20, n_known=0), replace(STEADY, interval_s=1)).interval_s == POLICY.min_interval_s


def test_chance_spreads_polls_by_a_tenth() -> None:
    outcome = FeedRead(n_new=1, n_known=3)
    assert wait_s(plan(outcome, jitter=0.0)) == pytest.approx(0.9 * HOUR)
    assert wait_s(plan(outcome, jitter=1.0)) == pytest.approx(1.1 * HOUR)


@pytest.mark.parametrize(
    ("reason", "weight"),
    [
        (Reason.FORBIDDEN, 1.0),
        (Reason.BAD_URL, 1.0),
        (Reason.NOT_FOUND, 0.5),
        (Reason.SERVER_ERROR, 0.5),
        (Reason.DNS, 0.5),
        (Reason.NOT_A_FEED, 0.5),
        (Reason.TIMEOUT, 0.25),
        (Reason.CHALLENGE, 0.5),
        (Reason.ROBOTS, 1.0),
        (Reason.ROBOTS_UNREACHABLE, 0.25),
        (Reason.STOPPED, 0.0),
    ],
)
def test_failures_weigh_by_their_kind(reason: Reason, weight: float) -> None:
    assert plan(FeedFailed(reason=reason)).n_failures == weight


def test_failures_lengthen_the_wait_linearly_up_to_a_day() -> None:
    waits = [wait_s(plan(FeedFailed(reason=Reason.FORBIDDEN), replace(STEADY, n_failures=float(n)))) for n in range(30)]
    assert waits[:3] == [HOUR, 2 * HOUR, 3 * HOUR]
    assert waits[-1] == DAY


def test_a_lost_connection_is_tried_again_before_the_interval_is_over() -> None:
    decided = plan(FeedFailed(reason=Reason.TIMEOUT), replace(STEADY, interval_s=DAY))
    assert wait_s(decided) == HOUR / 4
    assert decided.interval_s == DAY
    assert decided.state == "failing"


def test_a_feed_answering_429_waits_as_long_as_it_asks() -> None:
    asked_at = NOW + timedelta(hours=30)
    decided = plan(FeedFailed(reason=Reason.RATE_LIMITED, status=429, retry_after_at=asked_at), jitter=0.0)
    assert decided.next_poll_at == asked_at
    assert "2026-01-06 18:00 UTC" in decided.because


def test_a_feed_answering_429_without_a_time_waits_a_whole_interval() -> None:
    assert (
        wait_s(plan(FeedFailed(reason=Reason.RATE_LIMITED, status=429), replace(STEADY, interval_s=2 * HOUR)))
        == 2 * HOUR
    )


def test_a_wait_of_years_that_a_server_asks_for_is_cut_to_a_week() -> None:
    asked_at = NOW + timedelta(days=3_000)
    decided = plan(FeedFailed(reason=Reason.SERVER_ERROR, status=503, retry_after_at=asked_at), jitter=0.0)
    assert decided.next_poll_at == NOW + timedelta(days=7)


def test_a_server_in_trouble_that_names_a_moment_is_left_alone_until_then_whatever_its_status() -> None:
    asked_at = NOW + timedelta(hours=9)
    for reason, status in ((Reason.SERVER_ERROR, 503), (Reason.FORBIDDEN, 403), (Reason.NOT_FOUND, 404)):
        decided = plan(FeedFailed(reason=reason, status=status, retry_after_at=asked_at), jitter=0.0)
        assert decided.next_poll_at == asked_at


@pytest.mark.parametrize(("reason", "least_s"), [(Reason.CHALLENGE, 6 * HOUR), (Reason.ROBOTS, DAY)])
def test_where_asking_again_soon_cannot_help_the_first_failure_already_takes_long(reason: Reason, least_s: int) -> None:
    assert wait_s(plan(FeedFailed(reason=reason), every(1_200))) == least_s


@pytest.mark.parametrize(
    ("failed", "because"),
    [
        (
            FeedFailed(reason=Reason.GONE, status=410),
            "The server says that this page has been taken away for good (410): it is not polled any more.",
        ),
        (
            FeedFailed(reason=Reason.MERGED),
            "The feed moved to an address that is polled already: it is not polled any more.",
        ),
    ],
    ids=["gone", "merged"],
)
def test_a_feed_that_is_gone_or_merged_is_never_polled_again(failed: FeedFailed, because: str) -> None:
    decided = plan(failed)
    assert (decided.next_poll_at, decided.state, decided.because) == (None, "ended", because)


def test_a_wall_against_robots_ends_no_feed_whatever_its_status() -> None:
    assert plan(FeedFailed(reason=Reason.CHALLENGE, status=410)).state == "failing"


def test_a_feed_that_ended_where_it_moved_to_another_address_is_asked_there_soon() -> None:
    ended = plan(FeedFailed(reason=Reason.GONE, status=410), replace(STEADY, n_failures=4.0))
    decided = plan_at_new_address(ended, now=NOW, jitter=0.5, policy=POLICY)
    assert (decided.state, decided.n_failures, decided.interval_s) == ("active", 0.0, HOUR)
    assert wait_s(decided) == POLICY.min_interval_s


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_words_for_people(reason: Reason) -> None:
    words = explain_failure(reason, None)
    assert len(words) > 15
    assert words[0].islower()
    assert "_" not in words
    assert not words.endswith(".")


def test_the_words_for_each_reason_are_its_own() -> None:
    assert len({explain_failure(reason, None) for reason in Reason}) == len(Reason)


def test_a_status_of_failure_is_told() -> None:
    assert explain_failure(Reason.NOT_FOUND, 404) == "the server says that there is no such page (404)"
    assert explain_failure(Reason.NOT_A_FEED, 200) == "what the server sends is no feed that can be read"
    because = plan(FeedFailed(reason=Reason.NOT_FOUND, status=404)).because
    assert because == (
        "The server says that there is no such page (404); failures weigh 0.5: tried again after 30 minutes."
    )


def test_a_dormant_feed_says_so() -> None:
    because = plan(FeedFailed(reason=Reason.DNS), replace(STEADY, n_failures=45.0)).because
    assert because == (
        "The name of the server is not known; it has failed for so long that it is only tried after 16.5 days."
    )


def test_a_feed_that_keeps_failing_is_probed_ever_more_rarely_but_never_given_up() -> None:
    state, waits, states = STEADY, [], []
    for _ in range(120):
        decided = plan(FeedFailed(reason=Reason.DNS), state)
        waits.append(wait_s(decided))
        states.append(decided.state)
        state = replace(state, n_failures=decided.n_failures)
    assert waits == sorted(waits)
    assert waits[-1] == 30 * DAY
    assert states[0] == "failing"
    assert states[-1] == "dormant"


def test_a_dormant_feed_that_answers_again_is_active_as_before() -> None:
    dormant = replace(STEADY, n_failures=80.0, last_good_poll_at=NOW - timedelta(days=60))
    decided = plan(FeedRead(n_new=20, n_known=0), dormant)
    assert (decided.state, decided.n_failures, decided.interval_s) == ("active", 0.0, HOUR)
    assert wait_s(decided) == HOUR


def test_stopping_the_program_is_not_held_against_a_feed() -> None:
    decided = plan(FeedFailed(reason=Reason.STOPPED))
    assert (decided.state, decided.n_failures) == ("active", 0.0)
    assert wait_s(decided) == POLICY.min_interval_s


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - with a zone
states = st.builds(
    PollState,
    interval_s=st.integers(-10, 10**9),
    n_failures=st.floats(0, 1e6),
    next_poll_at=st.none() | moments,
    last_good_poll_at=st.none() | moments,
    last_new_at=st.none() | moments,
    last_gap_at=st.none() | moments,
)
wanted = st.builds(replace, states, wanted_interval_s=st.integers(-10, 10**10))
asked_s = st.none() | st.integers(-10, 10**10) | st.integers(0, 2 * DAY)
wishes_of_any_kind = st.builds(
    Wishes,
    ttl_s=asked_s,
    cache_s=asked_s,
    skip_hours=st.lists(st.integers(-1, 25), max_size=40).map(tuple),
    skip_days=st.lists(st.integers(-1, 8), max_size=12).map(tuple),
)
counts = st.integers(0, 3_000)
good = st.builds(
    FeedRead, n_new=counts, n_known=counts, n_shared=st.none() | counts, wishes=wishes_of_any_kind
) | st.builds(FeedUnchanged, wishes=wishes_of_any_kind)
failed = st.builds(
    FeedFailed,
    reason=st.sampled_from(Reason),
    status=st.none() | st.integers(100, 599),
    retry_after_at=st.none() | moments,
)


@given(states, good | failed, moments, st.floats(0, 1))
def test_no_poll_comes_before_the_minimum_or_after_thirty_days(
    state: PollState, outcome: PollOutcome, now: datetime, jitter: float
) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    assert POLICY.min_interval_s <= decided.interval_s <= POLICY.max_interval_s
    assert decided.because.endswith(".")
    assert (decided.next_poll_at is None) == (decided.state == "ended")
    if decided.next_poll_at is not None:
        assert POLICY.min_interval_s <= wait_s(decided, now) <= POLICY.max_wait_s


@given(wanted, good | failed, moments, st.floats(0, 1))
def test_a_feed_with_any_wanted_interval_is_polled_within_thirty_days_and_never_in_the_past(
    state: PollState, outcome: PollOutcome, now: datetime, jitter: float
) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    if decided.next_poll_at is not None:
        assert 60 <= wait_s(decided, now) <= POLICY.max_wait_s


@given(states, good, moments, st.floats(0, 1))
def test_no_poll_comes_before_what_the_publisher_asks_for(
    state: PollState, outcome: FeedRead | FeedUnchanged, now: datetime, jitter: float
) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    wishes = outcome.wishes
    was_gap = decided.has_gap or (state.last_gap_at is not None and now - state.last_gap_at <= timedelta(days=7))
    most_s = POLICY.default_interval_s if was_gap else POLICY.max_interval_s
    assert wait_s(decided, now) >= min(max(wishes.ttl_s or 0, wishes.cache_s or 0), most_s)
    assert decided.next_poll_at is not None
    if not set(range(24)) <= set(wishes.skip_hours):
        assert decided.next_poll_at.hour not in wishes.skip_hours
    if not set(range(7)) <= set(wishes.skip_days):
        assert decided.next_poll_at.weekday() not in wishes.skip_days
    without = plan(replace(outcome, wishes=replace(wishes, skip_hours=(), skip_days=())), state, jitter=jitter, now=now)
    assert wait_s(decided, now) <= wait_s(without, now) + 7 * DAY


@given(states, good, moments, st.floats(0, 1))
def test_a_success_forgets_all_failures(state: PollState, outcome: PollOutcome, now: datetime, jitter: float) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    assert (decided.n_failures, decided.state) == (0.0, "active")
    assert wait_s(decided, now) <= POLICY.max_interval_s * (1 + POLICY.jitter_share) + 7 * DAY


@given(states, counts.filter(bool), counts, moments, st.floats(0, 1))
def test_a_gap_at_least_halves_the_time_between_polls_down_to_the_minimum(
    state: PollState, n_new: int, n_known: int, now: datetime, jitter: float
) -> None:
    decided = plan(FeedRead(n_new=n_new, n_known=n_known, n_shared=0), state, jitter=jitter, now=now)
    assert decided.has_gap
    if state.last_good_poll_at is not None and state.last_good_poll_at <= now:
        elapsed_s = (now - state.last_good_poll_at).total_seconds()
        assert decided.interval_s <= max(elapsed_s / 2, POLICY.min_interval_s)


@given(states, failed, moments, st.floats(0, 1))
def test_what_a_server_asks_for_is_honoured_up_to_a_week(
    state: PollState, outcome: FeedFailed, now: datetime, jitter: float
) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    if outcome.retry_after_at is not None and decided.next_poll_at is not None:
        assert decided.next_poll_at >= min(outcome.retry_after_at, now + timedelta(days=7))


@given(states, st.sampled_from(sorted(set(Reason) - {Reason.GONE, Reason.MERGED})), st.floats(0, 1))
def test_one_more_failure_never_shortens_the_wait(state: PollState, reason: Reason, jitter: float) -> None:
    outcome = FeedFailed(reason=reason)
    first = plan(outcome, state, jitter=jitter)
    second = plan(outcome, replace(state, n_failures=first.n_failures), jitter=jitter)
    assert wait_s(second) >= wait_s(first)

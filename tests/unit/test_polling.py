from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.polling import FeedFailed, FeedRead, FeedUnchanged, PollOutcome, PollPlan, PollPolicy, plan_poll
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


def test_a_feed_with_some_news_keeps_its_interval() -> None:
    decided = plan(FeedRead(n_new=10, n_known=10))
    assert (decided.interval_s, decided.state, decided.n_failures) == (HOUR, "active", 0.0)
    assert wait_s(decided) == HOUR


def test_a_feed_with_mostly_new_entries_is_polled_twice_as_often() -> None:
    assert plan(FeedRead(n_new=18, n_known=2)).interval_s == HOUR // 2


def test_a_feed_without_news_is_polled_more_rarely_up_to_the_maximum() -> None:
    state = STEADY
    intervals = []
    for _ in range(60):
        decided = plan(FeedUnchanged(), state)
        intervals.append(decided.interval_s)
        state = replace(state, interval_s=decided.interval_s)
    assert intervals == sorted(intervals)
    assert intervals[0] == HOUR + 600
    assert intervals[-1] == DAY


def test_a_slow_feed_that_brings_news_returns_to_the_default_at_once() -> None:
    assert plan(FeedRead(n_new=1, n_known=19), replace(STEADY, interval_s=DAY)).interval_s == HOUR


def test_a_fast_feed_with_little_news_slows_down_to_the_default() -> None:
    assert plan(FeedRead(n_new=1, n_known=19), replace(STEADY, interval_s=1_200)).interval_s == 1_800


@pytest.mark.parametrize(
    "state",
    [
        replace(STEADY, last_good_poll_at=None),
        replace(STEADY, n_failures=2.0),
        replace(STEADY, next_poll_at=NOW - timedelta(hours=3)),
    ],
    ids=["first good poll", "after failures", "late poll"],
)
def test_a_poll_that_had_to_bring_many_new_entries_does_not_change_the_interval(state: PollState) -> None:
    assert plan(FeedRead(n_new=20, n_known=0), state).interval_s == HOUR


def test_the_ttl_of_a_feed_is_a_lower_bound_up_to_a_day() -> None:
    assert wait_s(plan(FeedRead(n_new=1, n_known=1, ttl_s=4 * HOUR), jitter=0.0)) == 4 * HOUR
    assert wait_s(plan(FeedUnchanged(ttl_s=10**9))) == DAY
    assert plan(FeedRead(n_new=1, n_known=1, ttl_s=4 * HOUR)).interval_s == HOUR


def test_an_interval_outside_the_policy_is_brought_back() -> None:
    assert plan(FeedRead(n_new=1, n_known=1), replace(STEADY, interval_s=1)).interval_s == POLICY.min_interval_s


def test_chance_spreads_polls_by_a_tenth() -> None:
    outcome = FeedRead(n_new=1, n_known=1)
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


def test_a_feed_that_is_gone_is_never_polled_again() -> None:
    decided = plan(FeedFailed(reason=Reason.GONE, status=410))
    assert (decided.next_poll_at, decided.state) == (None, "ended")


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
    decided = plan(FeedRead(n_new=20, n_known=0), replace(STEADY, n_failures=80.0))
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
)
ttls = st.none() | st.integers(0, 10**9)
good = st.builds(FeedRead, n_new=st.integers(0, 3_000), n_known=st.integers(0, 3_000), ttl_s=ttls) | st.builds(
    FeedUnchanged, ttl_s=ttls
)
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


@given(states, good, moments, st.floats(0, 1))
def test_a_success_forgets_all_failures(state: PollState, outcome: PollOutcome, now: datetime, jitter: float) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    assert (decided.n_failures, decided.state) == (0.0, "active")
    assert wait_s(decided, now) <= POLICY.max_interval_s * (1 + POLICY.jitter_share)


@given(states, failed, moments, st.floats(0, 1))
def test_what_a_server_asks_for_is_honoured_up_to_a_week(
    state: PollState, outcome: FeedFailed, now: datetime, jitter: float
) -> None:
    decided = plan(outcome, state, jitter=jitter, now=now)
    if outcome.retry_after_at is not None and decided.next_poll_at is not None:
        assert decided.next_poll_at >= min(outcome.retry_after_at, now + timedelta(days=7))


@given(states, st.sampled_from(sorted(set(Reason) - {Reason.GONE})), st.floats(0, 1))
def test_one_more_failure_never_shortens_the_wait(state: PollState, reason: Reason, jitter: float) -> None:
    outcome = FeedFailed(reason=reason)
    first = plan(outcome, state, jitter=jitter)
    second = plan(outcome, replace(state, n_failures=first.n_failures), jitter=jitter)
    assert wait_s(second) >= wait_s(first)

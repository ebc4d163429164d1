from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.moves import MovePlan, MovePolicy, MoveState, candidate, plan_move
from monitor.fetch.polling import FeedFailed, FeedRead, FeedUnchanged, PollOutcome
from monitor.types import Hop, Reason

NOW = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = MovePolicy()
OLD, NEW, OTHER = "https://old.example/feed", "https://new.example/rss?a=1", "https://other.example/feed"
AT_OLD = MoveState(url=OLD)
GOOD: PollOutcome = FeedRead(n_new=1, n_known=9)
MOVED = MoveState(url=OLD, current_url=NEW, moved_to=NEW, moved_since_at=NOW - 9 * DAY, n_moves_seen=6)


def plan(
    state: MoveState,
    chain: Sequence[str | int] = (),
    *,
    outcome: PollOutcome = GOOD,
    n_failures: float = 0.0,
    now: datetime = NOW,
) -> MovePlan:
    """`chain` is URL, status, URL, ...: what was asked, what it answered, where that led."""
    urls = [str(part) for part in chain[::2]]
    hops = [Hop(status=int(status), url=url) for url, status in zip(urls, chain[1::2], strict=False)]
    return plan_move(
        state,
        hops=hops,
        final_url=urls[-1] if urls else None,
        outcome=outcome,
        n_failures=n_failures,
        now=now,
        policy=POLICY,
    )


def after(state: MoveState, made: MovePlan) -> MoveState:
    return replace(
        state,
        current_url=made.current_url,
        moved_to=made.moved_to,
        moved_since_at=made.moved_since_at,
        n_moves_seen=made.n_moves_seen,
    )


def see(state: MoveState, chain: Sequence[str | int], times: int, every: timedelta = DAY) -> list[MovePlan]:
    plans = []
    for number in range(times):
        plans.append(plan(state, chain, now=NOW + number * every))
        state = after(state, plans[-1])
    return plans


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_is_believed_when_seen_five_times_over_days(status: int) -> None:
    plans = see(AT_OLD, (OLD, status, NEW), 5)
    assert [one.current_url for one in plans] == [None, None, None, None, NEW]
    assert [one.is_new_address for one in plans] == [False, False, False, False, True]
    assert plans[-1].because == (
        f"moved to {NEW}: the old address redirects there permanently since 12 Nov 2026, seen 5 times"
    )
    assert plans[1].because == (f"redirects permanently to {NEW} since 12 Nov 2026, seen 2 times; not yet polled there")


def test_many_sightings_within_an_hour_move_nothing() -> None:
    plans = see(AT_OLD, (OLD, 301, NEW), 40, timedelta(minutes=10))
    assert {one.current_url for one in plans} == {None}
    assert plans[-1].n_moves_seen == 40


def test_few_sightings_over_weeks_move_nothing() -> None:
    assert {one.current_url for one in see(AT_OLD, (OLD, 301, NEW), 4, 7 * DAY)} == {None}


@pytest.mark.parametrize("status", [300, 302, 303, 307])
def test_a_temporary_redirect_never_moves_a_feed(status: int) -> None:
    plans = see(AT_OLD, (OLD, status, NEW), 20)
    assert {(one.current_url, one.moved_to, one.n_moves_seen) for one in plans} == {(None, None, 0)}


def test_the_target_of_a_chain_is_where_its_first_permanent_hops_end() -> None:
    chain = (OLD, 301, NEW, 308, OTHER, 302, "https://cdn.example/x", 301, "https://far.example/")
    assert see(AT_OLD, chain, 5)[-1].current_url == OTHER


def test_behind_a_temporary_hop_nothing_counts() -> None:
    assert see(AT_OLD, (OLD, 302, NEW, 301, OTHER), 9)[-1].moved_to is None


def test_counting_starts_anew_when_the_redirect_stops() -> None:
    state = after(AT_OLD, see(AT_OLD, (OLD, 301, NEW), 4)[-1])
    made = plan(state, (OLD,), now=NOW + 5 * DAY)
    assert (made.moved_to, made.moved_since_at, made.n_moves_seen, made.because) == (None, None, 0, "")


def test_counting_starts_anew_when_the_redirect_leads_elsewhere() -> None:
    state = after(AT_OLD, see(AT_OLD, (OLD, 301, NEW), 4)[-1])
    made = plan(state, (OLD, 301, OTHER), now=NOW + 5 * DAY)
    assert (made.current_url, made.moved_to, made.n_moves_seen) == (None, OTHER, 1)
    assert made.moved_since_at == NOW + 5 * DAY


def test_a_redirect_whose_target_failed_is_no_sighting_and_ends_no_count() -> None:
    state = after(AT_OLD, see(AT_OLD, (OLD, 301, NEW), 4)[-1])
    made = plan(state, (OLD, 301, NEW), outcome=FeedFailed(reason=Reason.SERVER_ERROR, status=500), now=NOW + 9 * DAY)
    assert (made.current_url, made.moved_to, made.n_moves_seen) == (None, NEW, 4)
    made = plan(state, (OLD, 301, NEW), outcome=FeedFailed(reason=Reason.NOT_FOUND, status=404), now=NOW + 9 * DAY)
    assert (made.current_url, made.n_moves_seen) == (None, 4)


def test_not_modified_behind_a_redirect_is_a_sighting() -> None:
    assert plan(AT_OLD, (OLD, 301, NEW), outcome=FeedUnchanged()).n_moves_seen == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http://a.example/feed?x=1", "https://a.example/feed?x=1"),
        ("http://a.example", "https://a.example/"),
        ("http://a.example:80/feed", "https://A.example:443/feed"),
    ],
)
def test_https_of_the_same_address_is_taken_at_once(old: str, new: str) -> None:
    made = plan(MoveState(url=old), (old, 301, new))
    assert (made.current_url, made.is_new_address) == (new, True)
    assert "https" in made.because


@pytest.mark.parametrize(
    "new",
    [
        "https://www.a.example/feed",
        "https://a.example/feed/",
        "https://a.example/feed?x=1",
        "https://a.example:8443/feed",
        "http://a.example/feed2",
    ],
)
def test_more_than_https_is_not_taken_at_once(new: str) -> None:
    old = "http://a.example/feed"
    assert plan(MoveState(url=old), (old, 301, new)).current_url is None


def test_https_is_taken_at_once_and_what_follows_it_is_counted() -> None:
    http, https, www = "http://a.example/feed", "https://a.example/feed", "https://www.a.example/feed"
    first = plan(MoveState(url=http), (http, 301, https, 301, www))
    assert first.current_url == https
    plans = see(after(MoveState(url=http), first), (https, 301, www), 5)
    assert [one.current_url for one in plans] == [https, https, https, https, www]


def test_a_temporary_redirect_to_https_is_not_taken() -> None:
    assert plan(MoveState(url="http://a.example/"), ("http://a.example/", 302, "https://a.example/")).moved_to is None


@pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.GONE, Reason.DNS, Reason.REFUSED])
def test_an_old_address_that_is_gone_after_one_sighting_is_left_at_once(reason: Reason) -> None:
    state = after(AT_OLD, plan(AT_OLD, (OLD, 301, NEW)))
    made = plan(state, outcome=FeedFailed(reason=reason), n_failures=1.0, now=NOW + DAY)
    assert (made.current_url, made.is_new_address) == (NEW, True)
    assert made.because == (
        f"moved to {NEW}: the old address is gone, and redirected there permanently since 12 Nov 2026, seen once"
    )


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.SERVER_ERROR, Reason.FORBIDDEN, Reason.RATE_LIMITED])
def test_an_old_address_in_trouble_is_not_gone(reason: Reason) -> None:
    state = after(AT_OLD, plan(AT_OLD, (OLD, 301, NEW)))
    assert plan(state, outcome=FeedFailed(reason=reason), n_failures=9.0).current_url is None


def test_an_old_address_that_is_gone_without_a_sighting_leads_nowhere() -> None:
    made = plan(AT_OLD, (OLD,), outcome=FeedFailed(reason=Reason.NOT_FOUND, status=404), n_failures=9.0)
    assert (made.current_url, made.is_new_address, made.because) == (None, False, "")


def test_a_feed_that_moved_keeps_its_record_while_it_is_polled_there() -> None:
    made = plan(MOVED, (NEW,))
    assert after(MOVED, made) == MOVED
    assert made.because == (
        f"moved to {NEW}: the old address redirects there permanently since 3 Nov 2026, seen 6 times"
    )


def test_a_feed_that_moved_can_move_on_and_back_to_where_it_began() -> None:
    on = see(MOVED, (NEW, 301, OTHER), 5)[-1]
    assert on.current_url == OTHER
    back = see(MOVED, (NEW, 301, OLD), 5)[-1]
    assert (back.current_url, back.moved_to, back.n_moves_seen, back.is_new_address) == (None, None, 0, True)


@pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.DNS, Reason.NOT_A_FEED])
def test_a_new_address_that_fails_for_long_is_left_for_the_first_one(reason: Reason) -> None:
    failed = FeedFailed(reason=reason)
    assert plan(MOVED, (NEW,), outcome=failed, n_failures=2.5).current_url == NEW
    made = plan(MOVED, (NEW,), outcome=failed, n_failures=3.0)
    assert (made.current_url, made.moved_to, made.n_moves_seen, made.is_new_address) == (None, None, 0, True)
    assert made.because == f"moved back to {OLD}: no feed was found any more at {NEW}"


def test_a_new_address_that_is_gone_for_good_is_left_at_once() -> None:
    made = plan(MOVED, (NEW,), outcome=FeedFailed(reason=Reason.GONE, status=410), n_failures=1.0)
    assert (made.current_url, made.is_new_address) == (None, True)


@pytest.mark.parametrize("reason", [Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.FORBIDDEN, Reason.TLS])
def test_a_new_address_in_trouble_is_not_left(reason: Reason) -> None:
    made = plan(MOVED, (NEW,), outcome=FeedFailed(reason=reason), n_failures=40.0)
    assert after(MOVED, made) == MOVED


def test_a_feed_that_went_back_does_not_follow_the_same_dead_end_again() -> None:
    state = after(MOVED, plan(MOVED, (NEW,), outcome=FeedFailed(reason=Reason.DNS), n_failures=3.0))
    for number in range(40):
        made = plan(state, outcome=FeedFailed(reason=Reason.DNS), n_failures=number / 2, now=NOW + number * DAY)
        state = after(state, made)
        assert state.current_url is None


@pytest.mark.parametrize(
    "target",
    [
        "",
        "ftp://new.example/",
        "https://me:secret@new.example/",
        "https:///feed",
        f"https://new.example/{'a' * 2_048}",
        "//[",
    ],
)
def test_an_address_that_no_feed_can_be_kept_at_is_no_candidate(target: str) -> None:
    assert candidate([Hop(status=301, url=OLD)], target) is None
    assert see(AT_OLD, (OLD, 301, target), 9)[-1].current_url is None


def test_the_candidate_is_what_a_feed_would_move_to() -> None:
    hops = [Hop(status=301, url=OLD), Hop(status=308, url=NEW), Hop(status=302, url=OTHER)]
    assert candidate(hops, "https://far.example/") == OTHER
    assert candidate(hops[:1], NEW) == NEW
    assert candidate(hops[2:], NEW) is None
    assert candidate((), OLD) is None
    assert candidate(hops, None) == OTHER


def test_secrets_in_addresses_are_not_told() -> None:
    secret = "https://new.example/feed?token=abc123"
    assert "abc123" not in "".join(one.because for one in see(AT_OLD, (OLD, 301, secret), 5))


urls = st.sampled_from([OLD, NEW, OTHER, "http://old.example/feed", "https://old.example:99999/", "x"])
chains = st.lists(st.tuples(urls, st.sampled_from([301, 302, 308])), max_size=4)
outcomes = st.just(GOOD) | st.builds(FeedFailed, reason=st.sampled_from(Reason))


@given(st.lists(st.tuples(chains, urls, outcomes, st.floats(0, 40)), max_size=25))
def test_whatever_happens_a_feed_is_polled_where_it_was_subscribed_or_where_a_permanent_redirect_led(
    polls: list[tuple[list[tuple[str, int]], str, PollOutcome, float]],
) -> None:
    state, led_to = AT_OLD, {OLD}
    for number, (chain, final_url, outcome, n_failures) in enumerate(polls):
        hops = [Hop(status=status, url=url) for url, status in chain]
        now = NOW + number * DAY
        seen = candidate(hops, final_url)
        ends = [*(hop.url for hop in hops[1:]), final_url]
        led_to |= {url for hop, url in zip(hops, ends, strict=False) if hop.status != 302 and seen}
        made = plan_move(
            state, hops=hops, final_url=final_url, outcome=outcome, n_failures=n_failures, now=now, policy=POLICY
        )
        assert made.is_new_address == (made.current_url != state.current_url)
        assert (made.moved_to is None) == (made.moved_since_at is None) == (made.n_moves_seen == 0)
        assert (made.current_url or OLD) in led_to
        state = after(state, made)

"""Feeds of many kinds, polled for 30 days as plan_poll says: what is missed, and what does it cost?

Entries come at random (Poisson), for some feeds with day and night: 39 times as many at noon as at midnight. A feed
shows its newest entries only; what left it between two polls is missed. Over ten seeds, where the least possible is to
poll whenever the document is replaced, every 10 minutes is 144 polls a day and hourly is 24:

entries a day, shown      polls a day   least   missed   missed hourly   and with one poll in twenty failing
1, 20                        13.5        0.05     0            0            0
24, 50                       24.2        0.5      0            0            0
500, 50                      41          10       0            0           36 of 149,652
500 with nights, 50          46          10       0          292           35 of 149,321
500, 25                      84          20       0        3,706           15 of 149,652
24 and a burst, 50           24.4        0.6      3            2            1 of 8,358

A burst of 90 entries in three hours is caught whole. One of 120 is 40 an hour on a feed that shows 50 and is polled
hourly: where a poll comes just before it, chance and jitter make some bursts lose a few. What many failures in a row
cost cannot be had back either.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from monitor.fetch.polling import FeedFailed, FeedRead, FeedUnchanged, PollPolicy, Wishes, plan_poll
from monitor.types import PollState, Reason

START = datetime(2026, 1, 5, tzinfo=UTC)
N_DAYS, DAY_S, HOUR_S = 30, 86_400, 3_600
N_SEEDS = 10
POLICY = PollPolicy()
NO_WISHES = Wishes()
NIGHT = (22, 23, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A kind of feed: entries a day, how many of them it shows, and the entries of its one burst of three hours."""

    n_per_day: float
    n_shown: int
    n_burst: int = 0
    has_night: bool = False
    wishes: Wishes = NO_WISHES


@dataclass(frozen=True, kw_only=True)
class Course:
    """How 30 days went: all sums."""

    n_polls: int
    n_entries: int
    n_missed: int
    n_gaps: int
    delay_s: float


def publish(feed: Feed, chance: Random) -> list[float]:
    """When the entries appear, in seconds from the start."""
    moments, at = [], 0.0
    peak_per_s = feed.n_per_day * (2 if feed.has_night else 1) / DAY_S
    while (at := at + chance.expovariate(peak_per_s)) < N_DAYS * DAY_S:
        share = 0.5 - 0.475 * math.cos(2 * math.pi * at / DAY_S) if feed.has_night else 1.0
        if chance.random() < share:
            moments.append(at)
    burst_at = chance.uniform(5, N_DAYS - 2) * DAY_S
    moments += [burst_at + chance.uniform(0, 3 * HOUR_S) for _ in range(feed.n_burst)]
    return sorted(moments)


def run(feed: Feed, seed: int, *, share_failing: float = 0.0, fixed_s: float | None = None) -> Course:
    """Poll for 30 days; `fixed_s` polls at a fixed interval instead, as something to compare with."""
    chance = Random(seed)
    moments = publish(feed, chance)
    state = PollState(interval_s=POLICY.default_interval_s)
    at_s, first, last = chance.uniform(0, HOUR_S), None, 0
    shown, seen = range(0), set[int]()
    n_polls = n_gaps = 0
    delay_s = 0.0
    while at_s < N_DAYS * DAY_S:
        n_polls += 1
        now = START + timedelta(seconds=at_s)
        outcome: FeedRead | FeedUnchanged | FeedFailed
        if chance.random() < share_failing:
            outcome = FeedFailed(reason=chance.choice([Reason.TIMEOUT, Reason.SERVER_ERROR]))
        else:
            last = bisect_right(moments, at_s)
            document = range(max(0, last - feed.n_shown), last)
            new = [number for number in document if number not in seen]
            n_shared = len(range(max(document.start, shown.start), shown.stop)) if shown else None
            outcome = FeedRead(n_new=len(new), n_known=len(document) - len(new), n_shared=n_shared, wishes=feed.wishes)
            if first is not None and document == shown:
                outcome = FeedUnchanged(wishes=feed.wishes)
            delay_s += sum(at_s - moments[number] for number in new) if first is not None else 0.0
            first = document.start if first is None else first
            seen.update(new)
            shown = document
            state = replace(state, last_new_at=now if new else state.last_new_at)
        plan = plan_poll(state, outcome, now=now, jitter=chance.random(), policy=POLICY)
        assert plan.next_poll_at is not None
        n_gaps += plan.has_gap
        is_good = not isinstance(outcome, FeedFailed)
        state = replace(
            state,
            interval_s=plan.interval_s,
            n_failures=plan.n_failures,
            next_poll_at=plan.next_poll_at,
            last_good_poll_at=now if is_good else state.last_good_poll_at,
            last_gap_at=now if plan.has_gap else state.last_gap_at,
        )
        wait_s = (plan.next_poll_at - now).total_seconds() + chance.uniform(0, 30)  # nobody is there to the second
        at_s += wait_s if fixed_s is None else fixed_s * chance.uniform(0.9, 1.1)
    n_missed = sum(number not in seen for number in range(first or 0, last))
    return Course(n_polls=n_polls, n_entries=len(moments), n_missed=n_missed, n_gaps=n_gaps, delay_s=delay_s)


def run_all(feed: Feed, *, share_failing: float = 0.0, fixed_s: float | None = None) -> tuple[float, int, int, str]:
    """(polls a day, entries missed, gaps noticed, all figures in words) over all seeds."""
    courses = [run(feed, seed, share_failing=share_failing, fixed_s=fixed_s) for seed in range(N_SEEDS)]
    n_missed, n_gaps = sum(one.n_missed for one in courses), sum(one.n_gaps for one in courses)
    n_entries = sum(one.n_entries for one in courses)
    per_day = sum(one.n_polls for one in courses) / N_DAYS / N_SEEDS
    least = n_entries / N_DAYS / N_SEEDS / feed.n_shown
    delay_min = sum(one.delay_s for one in courses) / n_entries / 60
    words = (
        f"{per_day:.1f} polls a day (least possible {least:.2f}, every 10 minutes 144, hourly 24); "
        f"missed {n_missed} of {n_entries} entries, {n_gaps} gaps noticed; seen after {delay_min:.0f} minutes"
    )
    return per_day, n_missed, n_gaps, words


SLOW = Feed(n_per_day=1, n_shown=20)
HOURLY = Feed(n_per_day=24, n_shown=50)
HOURLY_BY_DAY = Feed(n_per_day=24, n_shown=50, has_night=True)
FAST = Feed(n_per_day=500, n_shown=50)
FAST_BY_DAY = Feed(n_per_day=500, n_shown=50, has_night=True)
FAST_AND_SHORT = Feed(n_per_day=500, n_shown=25)
BURST = Feed(n_per_day=24, n_shown=50, n_burst=120)
WITH_TTL = Feed(n_per_day=100, n_shown=30, wishes=Wishes(ttl_s=HOUR_S))
ASLEEP = Feed(n_per_day=24, n_shown=50, wishes=Wishes(skip_hours=NIGHT))
CASES = {
    "1 a day, shows 20": (SLOW, 12, 15),
    "24 a day, shows 50": (HOURLY, 22, 27),
    "24 a day with nights, shows 50": (HOURLY_BY_DAY, 21, 27),
    "500 a day, shows 50": (FAST, 36, 46),
    "500 a day with nights, shows 50": (FAST_BY_DAY, 41, 51),
    "500 a day, shows 25": (FAST_AND_SHORT, 75, 92),
    "24 a day and a burst of 90, shows 50": (replace(BURST, n_burst=90), 22, 27),
    "100 a day, asks for 60 minutes": (WITH_TTL, 20, 24.1),
    "24 a day, asks to skip the night": (ASLEEP, 14, 18),
}


@pytest.mark.parametrize(("feed", "fewest", "most"), CASES.values(), ids=CASES.keys())
def test_in_thirty_days_nothing_is_missed_at_a_moderate_price(feed: Feed, fewest: float, most: float) -> None:
    per_day, n_missed, n_gaps, words = run_all(feed)
    assert (n_missed, n_gaps) == (0, 0), words
    assert fewest <= per_day <= most, words


@pytest.mark.parametrize(("feed", "fewest", "most"), CASES.values(), ids=CASES.keys())
def test_when_one_poll_in_twenty_fails_next_to_nothing_is_missed(feed: Feed, fewest: float, most: float) -> None:
    per_day, n_missed, _, words = run_all(feed, share_failing=0.05)
    assert n_missed <= 0.0005 * feed.n_per_day * N_DAYS * N_SEEDS, words
    assert fewest <= per_day <= most * 1.05, words


@pytest.mark.parametrize("share_failing", [0.0, 0.05])
def test_a_burst_of_a_calm_feed_is_caught(share_failing: float) -> None:
    per_day, n_missed, _, words = run_all(BURST, share_failing=share_failing)
    assert n_missed <= 0.001 * (BURST.n_per_day * N_DAYS + BURST.n_burst) * N_SEEDS, words
    assert per_day <= 27, words


def test_a_publisher_who_asks_for_longer_than_the_feed_shows_is_obeyed_until_a_gap_is_seen() -> None:
    """The feed is replaced in under five hours and asks for six: one gap a week is the price of the wish."""
    per_day, n_missed, n_gaps, words = run_all(Feed(n_per_day=100, n_shown=20, wishes=Wishes(ttl_s=6 * HOUR_S)))
    assert n_gaps <= 6 * N_SEEDS, words
    assert n_missed <= 0.02 * 100 * N_DAYS * N_SEEDS, words
    assert per_day <= 24, words


def test_the_simulation_sees_what_a_fixed_interval_misses() -> None:
    assert run_all(FAST_AND_SHORT, fixed_s=HOUR_S)[1] > 100 * N_SEEDS
    assert run_all(FAST_BY_DAY, fixed_s=HOUR_S)[1] > 10 * N_SEEDS
    assert run_all(FAST_AND_SHORT, fixed_s=600)[1] == 0

"""When should a feed be polled again, and is it still worth polling?

Pure: the clock, chance and the policy are arguments. Does not say when the host may be asked (monitor/politeness.py)
nor whether a poll is under way (the store's lease).

After a good poll the interval follows the share of new entries. It is the loop of Media Cloud's rss-fetcher: a poll
that finds little new lengthens the interval by 10 minutes, or by an hour when nothing new came for 31 days; one that
finds much new shortens it; one that came early lengthens nothing. What differs, and why:
- The aim is an interval in which a quarter of the document is replaced, at the pace since the last good poll, and one
  poll at most halves the interval. Media Cloud shortens by an hour when two thirds are new, lengthens when one third is
  and leaves it in between. Simulated for 30 days, a feed of 500 entries a day that shows 25 lost 8 that way, and 34
  when one poll in twenty failed; now none and 1, for 84 polls a day instead of 44.
- A pace needs no rule for late polls: they just had more time. Where all is new, nothing is lengthened.
- An interval is lengthened by a quarter at the most: 10 minutes are much to an interval of 10 minutes.
- An interval above the default returns to it with the first new entry: news is to be here within the hour, and a burst
  would outrun what a slow feed shows. Beyond the default it grows only when nothing new came for six hours: an hour or
  two without news is chance.
- The second poll of a feed comes after a third of the default, and the interval climbs from there: of a feed that shows
  an hour's entries, the second poll would else miss some before anything is known about it.
A poll that shares nothing with the one before (a gap) halves the time between them at once. What a publisher asks for
(ttl, sy:updatePeriod, Cache-Control, skipHours, skipDays) is a lower bound that chance never breaks. For a week after a
gap, ttl and Cache-Control count for the default interval at most: they contradict what the document shows, and once an
hour is what is asked of everybody; more often than that, the publisher's word is worth more than completeness. An
interval that a person wants beats all of these, though not Retry-After.

Failures weigh 1, 0.5 or 0.25 and the wait grows linearly with their sum, capped at `max_interval_s`; it starts below
the interval, where Media Cloud's does not: one lost connection is no reason to wait a day. Beyond `dormant_after` the
feed is only probed, ever more rarely, but never given up: many feeds return from what looks like death. Only 410 Gone,
and a merge with another feed, end polling. Retry-After of any failed poll is obeyed, up to a week.
Sources: Media Cloud rss-fetcher, fetcher/tasks.py and config.py; RFC 9110 sections 10.2.3 and 15.5.11; RSS 2.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitor.fetch.failures import explain_failure, weight_of
from monitor.text.durations import duration, every
from monitor.types import PollState, Reason

FeedState = Literal["active", "failing", "dormant", "ended"]

#: A person may want a feed more often than the policy allows, but not as often as to be a nuisance.
MIN_WANTED_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a publisher asks of readers.

    `ttl_s` is RSS ttl or the syndication module's period, `cache_s` for how long the headers say that the answer stays
    fresh; `skip_hours` are 0..23 in UTC, `skip_days` 0..6 with Monday 0.
    """

    ttl_s: int | None = None
    cache_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRead:
    """The feed was fetched and parsed: `n_new` entries never seen before, `n_known` seen before.

    `n_shared` counts entries that the last read before had as well; None when there was none, or it had no entries.
    """

    n_new: int
    n_known: int
    n_shared: int | None = None
    wishes: Wishes = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUnchanged:
    """304 Not Modified, or the very bytes of the poll before."""

    wishes: Wishes = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFailed:
    """Why nothing was read. `status` is None where no answer came."""

    reason: Reason
    status: int | None = None
    retry_after_at: datetime | None = None
    wishes: Wishes = Wishes()


PollOutcome = FeedRead | FeedUnchanged | FeedFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """How often to poll. Shares are 0..1; `n_` and weights count failures; intervals in seconds."""

    default_interval_s: int = 3_600
    min_interval_s: int = 600
    max_interval_s: int = 86_400
    max_wait_s: int = 30 * 86_400
    max_retry_after_s: int = 7 * 86_400
    early_by_s: int = 1_200
    new_share: float = 0.25
    step_s: int = 600
    step_share: float = 0.25
    long_step_s: int = 3_600
    silent_after_s: int = 31 * 86_400
    quiet_after_s: int = 6 * 3_600
    gap_memory_s: int = 7 * 86_400
    walled_wait_s: int = 6 * 3_600
    jitter_share: float = 0.1
    dormant_after: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlan:
    """`next_poll_at` is None only in the state "ended". `interval_s` is what to remember, `because` a sentence.

    `has_gap`: this poll shared nothing with the one before, entries were probably missed.
    """

    next_poll_at: datetime | None
    interval_s: int
    n_failures: float
    state: FeedState
    because: str
    has_gap: bool = False


def plan_poll(state: PollState, outcome: PollOutcome, *, now: datetime, jitter: float, policy: PollPolicy) -> PollPlan:
    """What to do after a poll that ended at `now`. `jitter` is chance in 0..1: 0.5 keeps the interval as it is."""
    if isinstance(outcome, FeedFailed):
        return _plan_after_failure(state, outcome, now=now, jitter=jitter, policy=policy)
    has_gap = isinstance(outcome, FeedRead) and outcome.n_shared == 0 and outcome.n_new > 0
    found = _found(outcome)
    if has_gap:
        found = f"{found}; it shares nothing with the poll before: entries were probably missed"
    if state.wanted_interval_s is not None:
        interval_s = _wanted_s(state.wanted_interval_s, policy)
        next_at = now + timedelta(seconds=_spread(interval_s, jitter, policy, least_s=MIN_WANTED_S))
        because = f"{found}; polled {every(interval_s)}, as somebody wants it."
    else:
        interval_s, learnt = _learn(state, outcome, has_gap=has_gap, now=now, policy=policy)
        is_gap_recent = has_gap or _is_within(policy.gap_memory_s, state.last_gap_at, now)
        asked_s, asked = _asked(outcome.wishes, interval_s, is_gap_recent=is_gap_recent, policy=policy)
        wait_s = max(_spread(interval_s, jitter, policy), asked_s * (1 + policy.jitter_share * _chance(jitter)))
        due_at = now + timedelta(seconds=min(wait_s, policy.max_wait_s))
        next_at, skipped = _outside_skipped(due_at, outcome.wishes, now=now, jitter=jitter, policy=policy)
        because = f"{found}{learnt}{asked}{skipped}; polled {every(interval_s)}."
    return PollPlan(
        next_poll_at=next_at, interval_s=interval_s, n_failures=0.0, state="active", because=because, has_gap=has_gap
    )


def plan_at_new_address(plan: PollPlan, *, now: datetime, jitter: float, policy: PollPolicy) -> PollPlan:
    """What to do instead of `plan` when the failed poll led to another address: ask there soon, with a clean slate."""
    next_at = now + timedelta(seconds=_spread(policy.min_interval_s, jitter, policy))
    return PollPlan(
        next_poll_at=next_at,
        interval_s=plan.interval_s,
        n_failures=0.0,
        state="active",
        because="The feed is looked for at another address.",
    )


def _found(outcome: FeedRead | FeedUnchanged) -> str:
    if isinstance(outcome, FeedUnchanged):
        return "Nothing has changed"
    return f"{outcome.n_new} of {outcome.n_new + outcome.n_known} entries were new"


def _learn(
    state: PollState, outcome: FeedRead | FeedUnchanged, *, has_gap: bool, now: datetime, policy: PollPolicy
) -> tuple[int, str]:
    """The interval after a good poll, and words for what makes this poll a special one."""
    interval_s, default_s = _within(state.interval_s, policy), _within(policy.default_interval_s, policy)
    if state.last_good_poll_at is None:
        return min(interval_s, _within(policy.default_interval_s // 3, policy)), "; it is the first good poll"
    elapsed_s = max((now - state.last_good_poll_at).total_seconds(), 0.0)
    is_early = elapsed_s < interval_s * (1 - policy.jitter_share) - policy.early_by_s
    learnt = "; the poll came early" if is_early else ""
    if not isinstance(outcome, FeedRead) or not outcome.n_new:
        return interval_s if is_early else _after_nothing_new_s(state, interval_s, now=now, policy=policy), learnt
    # Of an early poll only this much is certain: in a whole interval no less is new.
    seen_s = interval_s if is_early else elapsed_s
    fit_s = int(seen_s * policy.new_share * (outcome.n_new + outcome.n_known) / outcome.n_new)
    if interval_s > default_s:
        interval_s = default_s
    elif fit_s < interval_s:
        interval_s = max(interval_s // 2, fit_s)
    elif outcome.n_known and not is_early:
        interval_s = min(interval_s + _step_s(interval_s, policy), fit_s, default_s)
    return _within(min(interval_s, int(elapsed_s / 2)) if has_gap else interval_s, policy), learnt


def _after_nothing_new_s(state: PollState, interval_s: int, *, now: datetime, policy: PollPolicy) -> int:
    """The interval after a poll, in its time, that brought nothing new."""
    is_quiet = not _is_within(policy.quiet_after_s, state.last_new_at, now)
    is_silent = state.last_new_at is not None and not _is_within(policy.silent_after_s, state.last_new_at, now)
    longest_s = policy.max_interval_s if is_quiet else max(_within(policy.default_interval_s, policy), interval_s)
    return min(interval_s + (policy.long_step_s if is_silent else _step_s(interval_s, policy)), longest_s)


def _step_s(interval_s: int, policy: PollPolicy) -> int:
    return min(policy.step_s, int(interval_s * policy.step_share))


def _asked(wishes: Wishes, interval_s: int, *, is_gap_recent: bool, policy: PollPolicy) -> tuple[int, str]:
    """How long the publisher asks to wait, and words for the wish that is longer than the interval."""
    most_s = policy.max_interval_s
    if is_gap_recent:
        most_s = min(most_s, _within(policy.default_interval_s, policy))
    ttl_s, cache_s = (max(0, min(wish or 0, most_s)) for wish in (wishes.ttl_s, wishes.cache_s))
    asked = ""
    if interval_s < ttl_s >= cache_s:
        asked = f"; the feed asks to wait {duration(ttl_s)}"
    elif cache_s > interval_s:
        asked = f"; the server says that the answer holds for {duration(cache_s)} (Cache-Control)"
    if is_gap_recent and max(wishes.ttl_s or 0, wishes.cache_s or 0) > most_s:
        asked = f"{asked}; it asks for more, but entries were missed lately"
    return max(ttl_s, cache_s), asked


def _outside_skipped(
    at: datetime, wishes: Wishes, *, now: datetime, jitter: float, policy: PollPolicy
) -> tuple[datetime, str]:
    """The first moment from `at` on in an hour and on a day that the feed does not ask to skip, and words for it."""
    hours, days = ({n for n in wishes.skip_hours if 0 <= n < 24}, {n for n in wishes.skip_days if 0 <= n < 7})
    hours = set() if len(hours) == 24 else hours
    days = set() if len(days) == 7 else days
    allowed_at = at
    while allowed_at.hour in hours or allowed_at.weekday() in days:
        allowed_at = allowed_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if allowed_at == at:
        return at, ""
    skipped = f"; the feed asks not to be polled before {allowed_at:%a %H:%M} UTC"
    # Not at the full hour, when everybody else who skips comes back.
    allowed_at += timedelta(seconds=_chance(jitter) * min(policy.min_interval_s, 1_800))
    return min(allowed_at, now + timedelta(seconds=policy.max_wait_s)), skipped


def _plan_after_failure(
    state: PollState, outcome: FeedFailed, *, now: datetime, jitter: float, policy: PollPolicy
) -> PollPlan:
    interval_s = _within(state.interval_s, policy)
    if state.wanted_interval_s is not None:
        interval_s = _wanted_s(state.wanted_interval_s, policy)
    n_failures = state.n_failures + weight_of(outcome.reason)
    said = explain_failure(outcome.reason, outcome.status)
    said = f"{said[0].upper()}{said[1:]}"
    if outcome.reason in {Reason.GONE, Reason.MERGED}:
        because = f"{said}: it is not polled any more."
        return PollPlan(next_poll_at=None, interval_s=interval_s, n_failures=n_failures, state="ended", because=because)
    wait_s = _wait_s(state, interval_s, n_failures, outcome=outcome, policy=policy)
    next_poll_at = now + timedelta(seconds=_spread(wait_s, jitter, policy))
    because = f"{said}; failures weigh {n_failures:g}: tried again after {duration(wait_s)}."
    if n_failures > policy.dormant_after:
        because = f"{said}; it has failed for so long that it is only tried after {duration(wait_s)}."
    if outcome.retry_after_at and outcome.retry_after_at > next_poll_at:
        latest = now + timedelta(seconds=policy.max_retry_after_s)
        asked_at = min(outcome.retry_after_at, latest)
        # A little later than asked, so that all feeds of a host do not come back in the same second.
        next_poll_at = max(next_poll_at, asked_at + timedelta(seconds=_chance(jitter) * policy.min_interval_s))
        because = f"{said}: the server asks to wait until {asked_at:%Y-%m-%d %H:%M} UTC."
    if state.wanted_interval_s is None:
        next_poll_at, _ = _outside_skipped(next_poll_at, outcome.wishes, now=now, jitter=jitter, policy=policy)
    return PollPlan(
        next_poll_at=next_poll_at,
        interval_s=interval_s,
        n_failures=n_failures,
        state=_state(n_failures, policy),
        because=because,
    )


def _wait_s(state: PollState, interval_s: int, n_failures: float, *, outcome: FeedFailed, policy: PollPolicy) -> float:
    """Linear in the failures, starting below the interval, but never below an interval that somebody wants."""
    if outcome.reason is Reason.STOPPED:
        return policy.min_interval_s
    if n_failures > policy.dormant_after:
        wait_s = policy.max_interval_s * (1 + n_failures - policy.dormant_after)
    elif state.wanted_interval_s is None:
        wait_s = min(min(interval_s, policy.default_interval_s) * n_failures, policy.max_interval_s)
    else:
        wait_s = min(interval_s * n_failures, policy.max_interval_s)
    least_s = max(_least_wait_s(outcome.reason, interval_s, policy), policy.min_interval_s)
    if state.wanted_interval_s is not None:
        least_s = max(least_s, interval_s)
    return min(max(wait_s, least_s), policy.max_wait_s)


def _least_wait_s(reason: Reason, interval_s: int, policy: PollPolicy) -> int:
    """What a kind of failure takes at the least: asking again sooner would make it worse, or cannot change it."""
    if reason is Reason.RATE_LIMITED:
        return interval_s
    if reason is Reason.CHALLENGE:
        return max(interval_s, policy.walled_wait_s)
    return policy.max_interval_s if reason is Reason.ROBOTS else 0  # robots.txt is read once a day


def _state(n_failures: float, policy: PollPolicy) -> FeedState:
    if n_failures > policy.dormant_after:
        return "dormant"
    return "failing" if n_failures else "active"


def _is_within(span_s: float, at: datetime | None, now: datetime) -> bool:
    return at is not None and (now - at).total_seconds() <= span_s


def _within(interval_s: int, policy: PollPolicy) -> int:
    return max(policy.min_interval_s, min(interval_s, policy.max_interval_s))


def _wanted_s(wanted_interval_s: int, policy: PollPolicy) -> int:
    return max(MIN_WANTED_S, min(wanted_interval_s, policy.max_wait_s))


def _spread(wait_s: float, jitter: float, policy: PollPolicy, least_s: float | None = None) -> float:
    """The wait, up to `jitter_share` shorter or longer, so that feeds added together do not stay together."""
    spread_s = wait_s * (1 + policy.jitter_share * (2 * _chance(jitter) - 1))
    return max(policy.min_interval_s if least_s is None else least_s, min(spread_s, policy.max_wait_s))


def _chance(jitter: float) -> float:
    return min(max(jitter, 0.0), 1.0)

"""When should a feed be polled again, and is it still worth polling?

Pure: the clock, chance and the policy are arguments. Does not say when the host may be asked (monitor/politeness.py)
nor whether a poll is under way (the store's lease).

After a good poll the interval follows the share of entries that were known already: mostly new ones mean that some may
have been missed (halve it), nothing new lets it grow by a tenth, and a feed that brings news is never polled more
rarely than by default. The first good poll, one after failures and one that came late teach nothing.
Failures weigh 1, 0.5 or 0.25 and the wait grows linearly with their sum, capped at `max_interval_s`; beyond
`dormant_after` the feed is only probed, ever more rarely, but never given up: many feeds return from what looks like
death. Only 410 Gone ends polling. What a server asks for (Retry-After, ttl) is a lower bound.
Sources: the feedback loop and the failure weights of Media Cloud's rss-fetcher; RFC 9110 sections 10.2.3 and 15.5.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitor.types import PollState, Reason

FeedState = Literal["active", "failing", "dormant", "ended"]

_HARD, _SOFT, _TEMPORARY = 1.0, 0.5, 0.25
_WEIGHTS: dict[Reason, float] = {
    **dict.fromkeys(
        (Reason.BAD_URL, Reason.BLOCKED_ADDRESS, Reason.UNAUTHORIZED, Reason.PAYMENT_REQUIRED, Reason.FORBIDDEN), _HARD
    ),
    **dict.fromkeys((Reason.GONE, Reason.LEGAL, Reason.HTTP_ERROR, Reason.ENTITIES), _HARD),
    **dict.fromkeys((Reason.TIMEOUT, Reason.DISCONNECTED, Reason.OUT_OF_MEMORY, Reason.WORKER_DIED), _TEMPORARY),
    Reason.STOPPED: 0.0,  # we stopped, the feed did nothing wrong
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRead:
    """The feed was fetched and parsed: `n_new` entries never seen before, `n_known` seen before.

    `ttl_s` is what the feed, or its Cache-Control, asks readers to wait.
    """

    n_new: int
    n_known: int
    ttl_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUnchanged:
    """304 Not Modified, or the very bytes of the poll before."""

    ttl_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFailed:
    """Why nothing was read. `status` is None where no answer came."""

    reason: Reason
    status: int | None = None
    retry_after_at: datetime | None = None


PollOutcome = FeedRead | FeedUnchanged | FeedFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """How often to poll. Shares are 0..1; `n_` and weights count failures; intervals in seconds."""

    default_interval_s: int = 3_600
    min_interval_s: int = 600
    max_interval_s: int = 86_400
    max_wait_s: int = 30 * 86_400
    max_retry_after_s: int = 7 * 86_400
    late_after_s: int = 1_200
    few_known: float = 0.33
    grow_share: float = 0.1
    jitter_share: float = 0.1
    dormant_after: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlan:
    """`next_poll_at` is None only in the state "ended". `interval_s` is what to remember, `because` a sentence."""

    next_poll_at: datetime | None
    interval_s: int
    n_failures: float
    state: FeedState
    because: str


def plan_poll(state: PollState, outcome: PollOutcome, *, now: datetime, jitter: float, policy: PollPolicy) -> PollPlan:
    """What to do after a poll that ended at `now`. `jitter` is chance in 0..1: 0.5 keeps the interval as it is."""
    interval_s = _within(state.interval_s, policy)
    if isinstance(outcome, FeedFailed):
        return _plan_after_failure(state, outcome, now=now, jitter=jitter, policy=policy)
    if isinstance(outcome, FeedUnchanged):
        n_new, n_known = 0, 0
        because = "Nothing has changed"
    else:
        n_new, n_known = outcome.n_new, outcome.n_known
        because = f"{n_new} of {n_new + n_known} entries were new"
    if reason_to_keep := _teaches_nothing(state, now=now, policy=policy):
        because = f"{because}; {reason_to_keep}"
    else:
        interval_s = _adapted(interval_s, n_new=n_new, n_known=n_known, policy=policy)
    asked_s = min(outcome.ttl_s or 0, policy.max_interval_s)
    if asked_s > interval_s:
        because = f"{because}; the feed asks to wait {_duration(asked_s)}"
    return PollPlan(
        next_poll_at=now + timedelta(seconds=max(_spread(interval_s, jitter, policy), asked_s)),
        interval_s=interval_s,
        n_failures=0.0,
        state="active",
        because=f"{because}: polled every {_duration(interval_s)}.",
    )


def _teaches_nothing(state: PollState, *, now: datetime, policy: PollPolicy) -> str | None:
    if state.last_good_poll_at is None:
        return "it is the first good poll"
    if state.n_failures:
        return "polls before it failed"
    if state.next_poll_at and (now - state.next_poll_at).total_seconds() > policy.late_after_s:
        return "the poll came late"
    return None


def _adapted(interval_s: int, *, n_new: int, n_known: int, policy: PollPolicy) -> int:
    if n_new == 0:
        return _within(interval_s + max(policy.min_interval_s, int(interval_s * policy.grow_share)), policy)
    interval_s = min(interval_s, _within(policy.default_interval_s, policy))
    share_known = n_known / (n_new + n_known)
    if share_known < policy.few_known:
        return _within(interval_s // 2, policy)
    if share_known >= 1 - policy.few_known:
        return min(interval_s + policy.min_interval_s, _within(policy.default_interval_s, policy))
    return interval_s


def _plan_after_failure(
    state: PollState, outcome: FeedFailed, *, now: datetime, jitter: float, policy: PollPolicy
) -> PollPlan:
    interval_s = _within(state.interval_s, policy)
    n_failures = state.n_failures + _WEIGHTS.get(outcome.reason, _SOFT)
    said = f"Status {outcome.status}" if outcome.status else "Failed"
    said = f"{said} ({outcome.reason.value})"
    if outcome.reason is Reason.GONE or outcome.status == 410:
        because = f"{said}: the publisher has ended this feed, it is not polled any more."
        return PollPlan(next_poll_at=None, interval_s=interval_s, n_failures=n_failures, state="ended", because=because)
    wait_s = _wait_s(interval_s, n_failures, outcome=outcome, policy=policy)
    next_poll_at = now + timedelta(seconds=_spread(wait_s, jitter, policy))
    because = f"{said}; failures weigh {n_failures:g}: tried again after {_duration(wait_s)}."
    if outcome.retry_after_at and outcome.retry_after_at > next_poll_at:
        latest = now + timedelta(seconds=policy.max_retry_after_s)
        asked_at = min(outcome.retry_after_at, latest)
        # A little later than asked, so that all feeds of a host do not come back in the same second.
        next_poll_at = max(next_poll_at, asked_at + timedelta(seconds=_chance(jitter) * policy.min_interval_s))
        because = f"{said}: the server asks to wait until {asked_at:%Y-%m-%d %H:%M} UTC."
    return PollPlan(
        next_poll_at=next_poll_at,
        interval_s=interval_s,
        n_failures=n_failures,
        state=_state(n_failures, policy),
        because=because,
    )


def _wait_s(interval_s: int, n_failures: float, *, outcome: FeedFailed, policy: PollPolicy) -> float:
    """Linear in the failures, starting below the interval: one lost connection is no reason to wait a day."""
    if outcome.reason is Reason.STOPPED:
        return policy.min_interval_s
    if n_failures > policy.dormant_after:
        return min(policy.max_interval_s * (1 + n_failures - policy.dormant_after), policy.max_wait_s)
    wait_s = min(interval_s, policy.default_interval_s) * n_failures
    if outcome.reason is Reason.RATE_LIMITED:
        wait_s = max(wait_s, interval_s)
    return min(max(wait_s, policy.min_interval_s), policy.max_interval_s)


def _state(n_failures: float, policy: PollPolicy) -> FeedState:
    if n_failures > policy.dormant_after:
        return "dormant"
    return "failing" if n_failures else "active"


def _within(interval_s: int, policy: PollPolicy) -> int:
    return max(policy.min_interval_s, min(interval_s, policy.max_interval_s))


def _spread(wait_s: float, jitter: float, policy: PollPolicy) -> float:
    """The wait, up to `jitter_share` shorter or longer, so that feeds added together do not stay together."""
    spread_s = wait_s * (1 + policy.jitter_share * (2 * _chance(jitter) - 1))
    return max(policy.min_interval_s, min(spread_s, policy.max_wait_s))


def _chance(jitter: float) -> float:
    return min(max(jitter, 0.0), 1.0)


def _duration(seconds: float) -> str:
    for unit_s, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.3g} {unit}"
    return f"{seconds:.0f} seconds"

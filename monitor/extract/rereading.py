"""When is the page of an article looked at again, and when is one that failed tried again?

Looks: a decaying schedule, counted from the moment when the article had its first text; a look that comes late makes up
for all that should have been before it, and one that a feed's change asked for takes none of them away. Each is up to
a tenth of its wait late, by chance, so that what came together spreads.
Retries: what may pass (408, 425, 429, 5xx, 52x, the network) is tried again after growing waits; what the server wishes
is respected. A page that is not there at first is looked for once more: it may not have reached all servers yet.
Doubts: a page that lost most of its text, or is gone, may be half loaded or in the middle of a move. The text stays
until a second look, an hour later, finds the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from monitor.types import Access, DuePage, FeedHints, Method, Reason

#: The waits between two looks are stretched by up to this share, and by no more than that.
JITTER_SHARE = 0.1
MAX_JITTER = timedelta(hours=1)
_PASSING_STATUS = frozenset({408, 425, 429, *range(500, 600)})
_PASSING_REASONS = frozenset(
    {
        Reason.DNS,
        Reason.DNS_TEMPORARY,
        Reason.REFUSED,
        Reason.TLS,
        Reason.TIMEOUT,
        Reason.DISCONNECTED,
        Reason.PROTOCOL,
        Reason.WORKER_DIED,
        Reason.ROBOTS_UNREACHABLE,
    }
)
_GONE = frozenset({Reason.NOT_FOUND, Reason.GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class RereadPolicy:
    """`reread_hours` after its first text a page is looked at again (none: never); `retry_hours` are the waits after
    each failure in a row. `confirm_after`: how long after the first look a doubt is looked into.
    """

    reread_hours: tuple[float, ...] = (1, 6, 24, 72)
    retry_hours: tuple[float, ...] = (1, 2, 4, 8, 12, 24)
    confirm_after: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """When the page is asked for again (None: not by itself), and what is counted until then."""

    due_at: datetime | None
    n_rereads: int
    n_failures: int


def hash_of_hints(hints: FeedHints) -> str:
    """Hex digest (32 characters) of what the feeds say about an article."""
    return hashlib.blake2b(repr(astuple(hints)).encode("utf-8", "replace"), digest_size=16).hexdigest()


def may_pass(reason: Reason | None, status: int | None) -> bool:
    """Whether a failure may be over in some hours."""
    return reason in _PASSING_REASONS or status in _PASSING_STATUS


def plan_retry(n_failures: int, *, now: datetime, wished_at: datetime | None, policy: RereadPolicy) -> datetime | None:
    """When to try again after that many failures in a row, not before the server wishes; None: no more."""
    if not 1 <= n_failures <= len(policy.retry_hours):
        return None
    return max(now + timedelta(hours=policy.retry_hours[n_failures - 1]), wished_at or now)


def plan_reread(
    ready_at: datetime, *, now: datetime, jitter: float, policy: RereadPolicy
) -> tuple[int, datetime | None]:
    """How many looks of the schedule are over after one at `now`, and when the next one is due. `jitter`: 0..1."""
    hours = sorted(policy.reread_hours)
    n_over = sum(ready_at + timedelta(hours=wait) <= now for wait in hours)
    if n_over == len(hours):
        return n_over, None
    since = hours[n_over - 1] if n_over else 0.0
    late = min(timedelta(hours=(hours[n_over] - since) * JITTER_SHARE), MAX_JITTER)
    return n_over, ready_at + timedelta(hours=hours[n_over]) + late * jitter


def is_confirmed(doubted_at: datetime | None, *, now: datetime, policy: RereadPolicy) -> bool:
    """Whether what a look finds was found by another one long enough before."""
    return doubted_at is not None and now - doubted_at >= policy.confirm_after


def plan_next(
    page: DuePage,
    *,
    reason: Reason | None,
    status: int | None,
    access: Access,
    is_doubted: bool,
    has_text: bool,
    now: datetime,
    wished_at: datetime | None,
    jitter: float,
    policy: RereadPolicy,
) -> NextLook:
    """When the page is asked for after a look that ended so. `has_text`: the article has one now."""
    n_over, reread_at = plan_reread(page.ready_at or now, now=now, jitter=jitter, policy=policy)
    n_failures = 0 if reason is None else page.n_page_failures + 1
    is_from_page = page.method is not None and Method(page.method).is_page
    retry_at = None
    if is_doubted:
        retry_at, n_failures = now + policy.confirm_after, page.n_page_failures
    elif may_pass(reason, status):
        retry_at = plan_retry(n_failures, now=now, wished_at=wished_at, policy=policy)
    elif reason in _GONE and not is_from_page:
        retry_at = now + policy.confirm_after if n_failures == 1 else None
        reread_at = None
    is_looked_at = has_text and bool(page.host) and access not in {Access.ROBOTS, Access.NONE}
    due_at = retry_at or (reread_at if is_looked_at else None)
    return NextLook(due_at=due_at, n_rereads=n_over, n_failures=n_failures)

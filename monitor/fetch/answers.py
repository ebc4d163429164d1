"""What does a server's answer to a poll mean?

Says whether a feed is unchanged, has failed, or must be parsed, and what it asks of readers. Decides nothing about the
next poll (monitor/fetch/polling.py).
Sources: RFC 9110 sections 10.2.3 (Retry-After), 13 (conditional requests) and 15; RFC 9111 section 4.2.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from monitor.challenges import challenge_of
from monitor.fetch.freshness import cache_wait_s
from monitor.fetch.moves import PERMANENT
from monitor.fetch.polling import FeedFailed, FeedRead, FeedUnchanged, PollOutcome, Wishes
from monitor.politeness import wished_at
from monitor.types import DueFeed, Failure, Hop, ParsedFeed, Reason, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking for a feed: the outcome to plan by, and what is to be stored of it.

    `wishes` of a parsed feed are its own; of an unchanged one they are what its row remembers.
    """

    outcome: PollOutcome
    response: Response | None = None
    parsed: ParsedFeed | None = None
    body_hash: str | None = None
    hops: tuple[Hop, ...] = ()
    is_whole: bool = True
    detail: str = ""

    @property
    def is_stopped(self) -> bool:
        """We went away, the feed did nothing wrong."""
        return isinstance(self.outcome, FeedFailed) and self.outcome.reason is Reason.STOPPED


def judge(response: Response | Failure, feed: DueFeed, *, now: datetime) -> Answer | None:
    """The answer of a feed where it is plain without parsing; None when the body must be parsed."""
    if isinstance(response, Failure):
        return Answer(outcome=FeedFailed(reason=response.reason), hops=response.hops, detail=response.detail)
    if response.status == 304 and not (feed.etag or feed.last_modified):
        return _refused(response, Reason.PROTOCOL, now, "304 although nothing was said to be known")
    if response.status == 304:
        outcome = FeedUnchanged(wishes=_with_cache(wishes_of(feed), response, now))
        return Answer(outcome=outcome, response=response, hops=response.hops)
    if response.status != 200:
        return _refused(response, Reason.of_status(response.status), now)
    if feed.body_hash is not None and feed.body_hash == hash_of(response.body):
        outcome = FeedUnchanged(wishes=_with_cache(wishes_of(feed), response, now))
        return Answer(outcome=outcome, response=response, body_hash=feed.body_hash, hops=response.hops)
    return None


def wishes_of(feed: DueFeed) -> Wishes:
    """What the feed asked of readers when it was last read."""
    return Wishes(ttl_s=feed.ttl_s, skip_hours=feed.skip_hours, skip_days=feed.skip_days)


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def read(response: Response, parsed: ParsedFeed, now: datetime) -> Answer:
    """A body that was parsed; how many entries are new is for the store to say."""
    own = Wishes(ttl_s=parsed.ttl_s, skip_hours=parsed.skip_hours, skip_days=parsed.skip_days)
    outcome = FeedRead(n_new=0, n_known=0, wishes=_with_cache(own, response, now))
    return Answer(
        outcome=outcome, response=response, parsed=parsed, body_hash=hash_of(response.body), hops=response.hops
    )


def unreadable(response: Response, reason: Reason, detail: str, now: datetime) -> Answer:
    """A body that is no feed; often it is a wall against robots, with status 200."""
    return _refused(response, reason, now, detail)


def _refused(response: Response, reason: Reason, now: datetime, detail: str = "") -> Answer:
    wall = challenge_of(response.status, response.headers, response.body)
    if wall is not None:
        reason, detail = Reason.CHALLENGE, f"a wall against robots: {wall}"
    if reason is Reason.GONE and any(hop.status not in PERMANENT for hop in response.hops):
        reason = Reason.NOT_FOUND  # where a redirect of today leads says nothing about the feed's own address
    outcome = FeedFailed(reason=reason, status=response.status, retry_after_at=wished_at(response, now))
    return Answer(outcome=outcome, response=response, hops=response.hops, detail=detail or f"HTTP {response.status}")


def _with_cache(wishes: Wishes, response: Response, now: datetime) -> Wishes:
    return Wishes(
        ttl_s=wishes.ttl_s,
        cache_s=cache_wait_s(response.headers, now),
        skip_hours=wishes.skip_hours,
        skip_days=wishes.skip_days,
    )

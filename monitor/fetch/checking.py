"""Can this answer be polled as a feed, and what does it ask of whoever polls it?

Judges one answer; nothing is asked and nothing kept here. What cannot be polled gets one sentence for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from monitor.challenges import challenge_of
from monitor.fetch.failures import explain_failure
from monitor.types import Failure, Hop, ParsedFeed, Reason, Response
from monitor.urls import masked

_PERMANENT = frozenset({301, 308})
_MAX_HEADER_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCheck:
    """A feed that can be polled. `is_moved`: all redirects are permanent, so that `final_url` is its address.

    `ttl_s`, `skip_hours`, `skip_days` (0 is Monday) and `cache_control` are what it asks of readers; `usual_gap_s` is
    the median time between two entries, None where fewer than three dates are known. The entries of an index stand
    elsewhere: in `n_documents` that a poll reads.
    """

    url: str
    final_url: str
    status: int
    redirects: tuple[Hop, ...]
    is_moved: bool
    has_etag: bool
    has_last_modified: bool
    cache_control: str
    ttl_s: int | None
    skip_hours: tuple[int, ...]
    skip_days: tuple[int, ...]
    format: str
    title: str
    site_url: str | None
    language: str | None
    n_entries: int
    n_documents: int
    n_dated: int
    newest_at: datetime | None
    oldest_at: datetime | None
    usual_gap_s: float | None
    problems: tuple[str, ...]
    n_bytes: int
    elapsed_s: float


def describe(answer: Response, feed: ParsedFeed) -> FeedCheck:
    """What polling this feed would be like."""
    dates = sorted(entry.published_at for entry in feed.entries if entry.published_at is not None)
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(dates)]
    return FeedCheck(
        url=answer.url,
        final_url=answer.final_url,
        status=answer.status,
        redirects=answer.hops,
        is_moved=bool(answer.hops) and all(hop.status in _PERMANENT for hop in answer.hops),
        has_etag=bool(answer.headers.get("etag")),
        has_last_modified=bool(answer.headers.get("last-modified")),
        cache_control=answer.headers.get("cache-control", "")[:_MAX_HEADER_CHARS],
        ttl_s=feed.ttl_s,
        skip_hours=feed.skip_hours,
        skip_days=feed.skip_days,
        format=feed.format,
        title=feed.title,
        site_url=feed.url,
        language=feed.language,
        n_entries=len(feed.entries),
        n_documents=len(feed.children),
        n_dated=len(dates),
        newest_at=dates[-1] if dates else None,
        oldest_at=dates[0] if dates else None,
        usual_gap_s=median(gaps_s) if len(gaps_s) >= 2 else None,
        problems=feed.problems,
        n_bytes=len(answer.body),
        elapsed_s=answer.elapsed_s,
    )


def why_no_answer(answer: Response | Failure) -> str | None:
    """Why this answer holds no feed, as far as that is plain without parsing it; None: it may hold one."""
    name = masked(answer.url)
    if isinstance(answer, Failure):
        return f"{name} could not be asked: {explain_failure(answer.reason, None)}"
    if challenge_of(answer.status, answer.headers, answer.body) is not None:
        return f"{name} cannot be polled: {explain_failure(Reason.CHALLENGE, None)} (HTTP {answer.status})"
    if answer.status != 200:
        why = explain_failure(Reason.of_status(answer.status), answer.status)
        return f"{name} cannot be polled: {why}{_led_to(answer)}"
    return None


def why_no_feed(answer: Response, reason: Reason) -> str:
    """Why nothing could be read from an answer that came."""
    name = masked(answer.url)
    if reason is Reason.NOT_A_FEED:
        return f"{name} is no feed{_led_to(answer)}: `monitor feeds discover {name}` looks for those of its site"
    return f"{name} is no feed that can be read: {explain_failure(reason, None)}{_led_to(answer)}"


def _led_to(answer: Response) -> str:
    return f", after redirects to {masked(answer.final_url)}" if answer.hops else ""

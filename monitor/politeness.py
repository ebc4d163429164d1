"""When a host may be asked again. Pure: the time is an argument, nothing is remembered here.

A host has one earliest moment, shared by all feeds and pages on it; each request moves it on. Retry-After is obeyed in
both forms of RFC 9110 section 10.2.3, up to a week: a broken server must not silence a feed for ever.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = timedelta(days=7)
MAX_SPACING_S = 3_600.0
MAX_DATE_CHARS = 100

_SECONDS = re.compile(r"[0-9]+\Z")


def next_slot(now: datetime, *, next_at: datetime | None, spacing_s: float, slow_factor: float) -> datetime:
    """When the host may be asked again after the request that is due.

    That request takes the slot at `next_at`, or `now` when this is later or `next_at` is None (never asked before).
    Called repeatedly with its own result it hands out one slot after the other. `slow_factor` (1 or more) stretches the
    spacing for a host that asked us to slow down; the product is held between 0 and an hour.
    """
    taken_at = now if next_at is None else max(now, next_at)
    spacing = min(max(spacing_s, 0.0) * max(slow_factor, 1.0), MAX_SPACING_S)
    return taken_at + timedelta(seconds=spacing)


def parse_retry_after(value: str, now: datetime, date: str | None = None) -> datetime | None:
    """The moment a Retry-After header names, never before `now` nor more than a week after it; None for nonsense.

    `date` is the Date header of the same answer, where there is one: a moment that the server names by its own clock
    means the same wait by ours, however wrong either clock is.
    """
    value = value.strip()
    latest_at = now + MAX_RETRY_AFTER
    if _SECONDS.match(value):
        # a number of ten digits is past the week, and longer ones would not fit into a timedelta
        return latest_at if len(value.lstrip("0")) > 9 else min(now + timedelta(seconds=int(value)), latest_at)
    at = parse_http_date(value)
    if at is None:
        return None
    said_at = parse_http_date(date) if date else None
    wait = at - (said_at or now)
    return now + min(max(wait, timedelta(0)), MAX_RETRY_AFTER)


def parse_http_date(value: str) -> datetime | None:
    """A moment in one of the three forms of RFC 9110 section 5.6.7, in UTC; None for nonsense."""
    try:
        at = parsedate_to_datetime(value[:MAX_DATE_CHARS])
        # the zone of a hostile date can lead out of the years there are
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, IndexError):
        return None

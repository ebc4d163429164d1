"""When does a feed say its entries were published, and can that be?

A published date that lies ahead of the clock is held at the moment when the feed was read; what was written is kept.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.types import EntryDate, ParsedEntry, ParsedFeed

MAX_AHEAD = timedelta(hours=1)
"""Clocks and zones differ by so much; what lies further ahead was not yet published."""


def hold_dates(feed: ParsedFeed, now: datetime) -> ParsedFeed:
    """The feed with every published date that lies more than an hour ahead held at `now`; what was written is kept."""
    if not any(_is_ahead(entry, now) for entry in feed.entries):
        return feed
    return replace(feed, entries=tuple(_held(entry, now) for entry in feed.entries))


def _held(entry: ParsedEntry, now: datetime) -> ParsedEntry:
    return replace(entry, published_at=now, date_origin=EntryDate.CLAMPED) if _is_ahead(entry, now) else entry


def _is_ahead(entry: ParsedEntry, now: datetime) -> bool:
    return entry.published_at is not None and entry.published_at - now > MAX_AHEAD

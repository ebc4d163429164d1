"""Feeds whose address leads nowhere: which to look for again, what was found, and polling there once somebody agrees.

A feed is looked for when its reason says that the address is at fault, and not its server's mood: a wall against
robots, a full server or a time-out say nothing about where the feed is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, update

from monitor.errors import UsageError
from monitor.store import hosts
from monitor.store.tables import feeds
from monitor.types import FeedId, Reason
from monitor.urls import host_of, masked

MIN_FAILURES = 3
_LOST_STATES = ("failing", "dormant", "ended")
_ADDRESS_AT_FAULT = (
    Reason.BAD_URL,
    Reason.DNS,
    Reason.REFUSED,
    Reason.TOO_MANY_REDIRECTS,
    Reason.NOT_FOUND,
    Reason.GONE,
    Reason.LEGAL,
    Reason.HTTP_ERROR,
    Reason.NOT_A_FEED,
    Reason.EMPTY,
    Reason.ENTITIES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostFeed:
    """A feed to look for. `rediscovered_at`: when it was looked for before."""

    id: FeedId
    url: str
    current_url: str | None
    site_url: str | None
    title: str
    rediscovered_at: datetime | None


def claim_lost(conn: Connection, *, now: datetime, again_after: timedelta) -> LostFeed | None:
    """Take the feed that waits longest for being looked for; taking it marks it as looked for now."""
    is_lost = and_(
        feeds.c.state.in_(_LOST_STATES),
        feeds.c.reason.in_([reason.value for reason in _ADDRESS_AT_FAULT]),
        or_(feeds.c.state == "ended", feeds.c.n_failures >= MIN_FAILURES),
        or_(feeds.c.rediscovered_at.is_(None), feeds.c.rediscovered_at <= now - again_after),
    )
    columns = [feeds.c[name] for name in LostFeed.__dataclass_fields__]
    longest = select(*columns).where(is_lost).order_by(feeds.c.rediscovered_at.is_not(None), feeds.c.rediscovered_at)
    row = conn.execute(longest.order_by(feeds.c.id).limit(1).with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    conn.execute(update(feeds).where(feeds.c.id == row["id"]).values(rediscovered_at=now))
    return LostFeed(**row)


def give_back(conn: Connection, lost: LostFeed) -> None:
    """As if it had not been taken: we were stopped before anything was found out."""
    conn.execute(update(feeds).where(feeds.c.id == lost.id).values(rediscovered_at=lost.rediscovered_at))


def subscribed(conn: Connection, urls: Collection[str]) -> set[str]:
    """Those of the addresses that some feed has, or has moved to."""
    wanted = sorted(set(urls))
    had = select(feeds.c.url, feeds.c.current_url).where(or_(feeds.c.url.in_(wanted), feeds.c.current_url.in_(wanted)))
    return {url for row in conn.execute(had) for url in row if url in wanted}


def save_proposal(conn: Connection, feed_id: FeedId, url: str | None) -> None:
    """What looking for a feed came to; None: nothing that could be proposed."""
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(proposed_url=url))


def adopt(conn: Connection, feed_id: FeedId, *, now: datetime) -> str:
    """Poll a feed from now on where it was found; returns that address. What it is known by stays as it was.

    Raises UsageError when nothing was proposed, or when another feed has the address by now.
    """
    row = conn.execute(select(feeds.c.url, feeds.c.proposed_url).where(feeds.c.id == feed_id)).mappings().one()
    new_url = row["proposed_url"]
    if new_url is None:
        raise UsageError(f"no other address was found for feed {feed_id}, so there is nothing to adopt")
    has_it = or_(feeds.c.url == new_url, feeds.c.current_url == new_url)
    other = conn.execute(select(feeds.c.id).where(has_it, feeds.c.id != feed_id)).scalars().first()
    if other is not None:
        raise UsageError(f"{masked(new_url)} is feed {other} by now: `monitor feeds remove {feed_id}` ends this one")
    host = host_of(new_url)
    hosts.ensure_hosts(conn, [host], now)
    conn.execute(
        update(feeds)
        .where(feeds.c.id == feed_id)
        .values(
            current_url=None if new_url == row["url"] else new_url,
            host=host,
            etag=None,
            last_modified=None,
            body_hash=None,
            last_full_poll_at=None,
            moved_to=None,
            moved_since_at=None,
            n_moves_seen=0,
            merged_into_id=None,
            proposed_url=None,
            # Without its lease, so that a poll of the old address under way cannot undo this.
            state="active",
            next_poll_at=now,
            leased_until=None,
            n_tries=0,
            n_failures=0,
            reason=None,
            because="Polled from now on at the address that was proposed.",
        )
    )
    return str(new_url)

"""Feeds: what is subscribed to, and in which state it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, update

from monitor.errors import NotFoundError, UsageError
from monitor.store import hosts
from monitor.store.columns import URL_CHARS
from monitor.store.engine import insert
from monitor.store.sources import ensure_source
from monitor.store.tables import entries, feed_tags, feeds, sources
from monitor.types import FeedId, SourceId
from monitor.urls import host_of, registered_domain

#: Without its lease, so that a poll under way cannot save the next one over the pause.
_PAUSED: dict[str, Any] = {"state": "paused", "next_poll_at": None, "leased_until": None, "n_tries": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """A feed to subscribe to. `managed_by` is "user" or "file"."""

    url: str
    title: str = ""
    site_url: str | None = None
    tags: tuple[str, ...] = ()
    managed_by: str = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """A feed as `feeds list` and `feeds show` tell it."""

    id: FeedId
    url: str
    title: str
    source_id: SourceId
    source: str
    state: str
    because: str
    reason: str | None
    managed_by: str
    interval_s: int
    next_poll_at: datetime | None
    last_poll_at: datetime | None
    last_good_poll_at: datetime | None
    n_failures: float
    n_entries: int
    site_url: str | None
    tags: tuple[str, ...] = field(default=())


def add_feed(conn: Connection, new: NewFeed, *, now: datetime, interval_s: int) -> tuple[FeedId, bool]:
    """Subscribe to a feed, due at once; returns its id and whether it is new. Raises UsageError for an endless URL."""
    if len(new.url) > URL_CHARS:
        raise UsageError(f"a feed URL has at most {URL_CHARS} characters, and {new.url[:80]}... has {len(new.url)}")
    found = find_feed(conn, new.url)
    if found is not None:
        return found, False
    host = host_of(new.url)
    domain = registered_domain(host)
    hosts.ensure_hosts(conn, [host], now)
    row = insert(conn, feeds).values(
        source_id=ensure_source(conn, domain, now=now),
        url=new.url,
        host=host,
        title=new.title[:1000],
        site_url=new.site_url if len(new.site_url or "") <= URL_CHARS else None,
        managed_by=new.managed_by,
        created_at=now,
        interval_s=interval_s,
        next_poll_at=now,
    )
    once = row.on_conflict_do_nothing(index_elements=["url"]).returning(feeds.c.id)
    feed_id: FeedId | None = conn.execute(once).scalar_one_or_none()
    if feed_id is None:  # another process was faster
        return FeedId(conn.execute(select(feeds.c.id).where(feeds.c.url == new.url)).scalar_one()), False
    if new.tags:
        tags = [{"feed_id": feed_id, "tag": tag[:200]} for tag in sorted(set(new.tags))]
        conn.execute(insert(conn, feed_tags).on_conflict_do_nothing(), tags)
    return feed_id, True


def find_feed(conn: Connection, url: str) -> FeedId | None:
    return conn.execute(select(feeds.c.id).where(feeds.c.url == url)).scalar_one_or_none()


def pause_missing(conn: Connection, kept_urls: Iterable[str]) -> int:
    """Pause the feeds that a file manages and no longer lists."""
    gone = and_(feeds.c.managed_by == "file", feeds.c.url.not_in(sorted(kept_urls)), feeds.c.state != "paused")
    return conn.execute(update(feeds).where(gone).values(**_PAUSED, because="no longer listed in its file")).rowcount


def resume_listed(conn: Connection, url: str, now: datetime) -> None:
    """Poll again a paused feed that its file lists once more."""
    conn.execute(
        update(feeds)
        .where(feeds.c.url == url, feeds.c.managed_by == "file", feeds.c.state == "paused")
        .values(state="active", next_poll_at=now, because="listed again in its file")
    )


def pause_feed(conn: Connection, feed_id: FeedId, because: str) -> None:
    """Do not poll this feed until somebody resumes it."""
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(**_PAUSED, because=because))


def resume_feed(conn: Connection, feed_id: FeedId, *, now: datetime, because: str) -> None:
    """Poll this feed again, at once, whatever state it was in."""
    conn.execute(
        update(feeds)
        .where(feeds.c.id == feed_id)
        .values(state="active", next_poll_at=now, because=because, reason=None, n_failures=0)
    )


def _rows() -> Select[Any]:
    n_entries = select(func.count()).where(entries.c.feed_id == feeds.c.id).scalar_subquery()
    columns = [feeds.c[name] for name in FeedRow.__dataclass_fields__ if name in feeds.c]
    return select(*columns, sources.c.name.label("source"), n_entries.label("n_entries")).join(
        sources, sources.c.id == feeds.c.source_id
    )


def list_feeds(conn: Connection) -> list[FeedRow]:
    """All feeds, by source and URL."""
    rows = conn.execute(_rows().order_by(sources.c.name, feeds.c.url)).mappings().all()
    tags: dict[int, list[str]] = {}
    for feed_id, tag in conn.execute(select(feed_tags.c.feed_id, feed_tags.c.tag).order_by(feed_tags.c.tag)):
        tags.setdefault(feed_id, []).append(tag)
    return [FeedRow(**row, tags=tuple(tags.get(row["id"], ()))) for row in rows]


def get_feed(conn: Connection, name: str) -> FeedRow:
    """A feed by its number or URL. Raises NotFoundError."""
    wanted = [row for row in list_feeds(conn) if name in {str(row.id), row.url}]
    if not wanted:
        raise NotFoundError(f"no feed {name!r}; `monitor feeds list` shows them")
    return wanted[0]


def list_troubled(conn: Connection) -> list[FeedRow]:
    """Feeds that do not answer as they should, for the digest's footer."""
    rows = conn.execute(
        _rows().where(or_(feeds.c.state.in_(["failing", "dormant", "ended"]))).order_by(sources.c.name)
    ).mappings()
    return [FeedRow(**row) for row in rows]


def n_hosts(conn: Connection) -> int:
    """How many hosts the polled feeds lie on."""
    return int(
        conn.execute(select(func.count(func.distinct(feeds.c.host))).where(feeds.c.state != "paused")).scalar_one()
    )

"""Feeds: what is polled, how polling went, and when it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, delete, func, or_, select, update

from monitor.errors import NotFoundError, UsageError
from monitor.store import claims, hosts
from monitor.store.claims import Claimable
from monitor.store.columns import URL_CHARS
from monitor.store.engine import insert
from monitor.store.sources import ensure_source
from monitor.store.tables import entries, feed_tags, feeds, poll_log, source_days, sources
from monitor.types import FeedId, SourceId
from monitor.urls import host_of, registered_domain

POLLS = Claimable(feeds, feeds.c.next_poll_at, feeds.c.leased_until, feeds.c.n_tries)
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
class DueFeed:
    """A claimed feed with all that polling it needs."""

    id: FeedId
    source_id: SourceId
    url: str
    host: str
    state: str
    interval_s: int
    n_failures: float
    next_poll_at: datetime
    last_good_poll_at: datetime | None
    last_full_poll_at: datetime | None
    etag: str | None
    last_modified: str | None
    body_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLogRow:
    """One line of the poll log."""

    outcome: str
    status: int | None = None
    n_entries: int = 0
    n_new: int = 0
    n_bytes: int = 0
    elapsed_s: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """A feed as `feeds list` and `feeds show` tell it."""

    id: FeedId
    url: str
    title: str
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


def claim_due(
    conn: Connection, *, now: datetime, lease_s: float, limit: int, spacing_s: float, due_by: datetime | None = None
) -> tuple[list[DueFeed], datetime]:
    """Lease due feeds, at most one per host and only at hosts that are free now, and take those hosts' slots.

    `due_by` leaves out feeds that became due later than that.
    """
    claimed = hosts.claim_spaced(
        conn, POLLS, feeds.c.host, now=now, lease_s=lease_s, limit=limit, spacing_s=spacing_s, due_by=due_by
    )
    return [_due(row) for row in claimed.rows], claimed.leased_until


def _due(row: RowMapping) -> DueFeed:
    return DueFeed(**{name: row[name] for name in DueFeed.__dataclass_fields__})


def next_due_at(conn: Connection, now: datetime, *, due_by: datetime | None = None) -> datetime | None:
    """When the next feed that is due already can be polled: its host is free, or its lost worker's lease ends."""
    return hosts.next_spaced_at(conn, POLLS, feeds.c.host, now, due_by=due_by)


def save_poll(
    conn: Connection, feed: DueFeed, *, leased_until: datetime, now: datetime, log: PollLogRow, **values: Any
) -> None:
    """Write what a poll found: the feed's new state in `values`, its log line and the source's day."""
    claims.save(conn, POLLS, feed.id, leased_until, last_poll_at=now, **values)
    line = {name: getattr(log, name) for name in PollLogRow.__dataclass_fields__}
    conn.execute(insert(conn, poll_log).values(feed_id=feed.id, polled_at=now, **line).on_conflict_do_nothing())
    _count_day(conn, feed.source_id, now, log)


def _count_day(conn: Connection, source_id: SourceId, now: datetime, log: PollLogRow) -> None:
    went_well = log.outcome in {"ok", "not_modified"}
    added = {"n_polls_ok": int(went_well), "n_polls_failed": int(not went_well), "n_new": log.n_new}
    row = insert(conn, source_days).values(source_id=source_id, day_on=now.date(), **added)
    conn.execute(
        row.on_conflict_do_update(
            index_elements=["source_id", "day_on"],
            set_={name: source_days.c[name] + n for name, n in added.items()},
        )
    )


def set_aside_crashed(conn: Connection, now: datetime, retry_at: datetime) -> list[FeedId]:
    """Feeds whose polls never came back: try again much later, with the reason on the row."""
    ids = claims.exhausted(conn, POLLS, now)
    conn.execute(
        update(feeds)
        .where(feeds.c.id.in_(ids))
        .values(
            next_poll_at=retry_at,
            n_tries=0,
            leased_until=None,
            state="failing",
            reason="gave_up",
            because=f"polling it never finished in {claims.MAX_TRIES} attempts",
        )
    )
    return ids


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


def list_polls(conn: Connection, feed_id: FeedId, limit: int = 10) -> Sequence[RowMapping]:
    """The newest lines of a feed's poll log."""
    newest = select(poll_log).where(poll_log.c.feed_id == feed_id).order_by(poll_log.c.polled_at.desc()).limit(limit)
    return conn.execute(newest).mappings().all()


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


def expire_polls(conn: Connection, before: datetime) -> int:
    """Forget log lines older than `before`."""
    return conn.execute(delete(poll_log).where(poll_log.c.polled_at < before)).rowcount

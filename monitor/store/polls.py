"""Polls: which feeds are due, and what came of asking them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from monitor.politeness import Manners
from monitor.store import claims, hosts
from monitor.store.claims import Claimable
from monitor.store.engine import insert
from monitor.store.hosts import Asked
from monitor.store.tables import feeds, poll_log, source_days
from monitor.types import FeedId, SourceId

POLLS = Claimable(feeds, feeds.c.next_poll_at, feeds.c.leased_until, feeds.c.n_tries)
ASKED = Asked(POLLS, feeds.c.host, func.coalesce(feeds.c.current_url, feeds.c.url))


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


def claim_due(
    conn: Connection, *, now: datetime, lease_s: float, limit: int, manners: Manners, due_by: datetime | None = None
) -> tuple[list[DueFeed], datetime]:
    """Lease due feeds, only at hosts and sources that are free now, and take those slots.

    `due_by` leaves out feeds that became due later than that.
    """
    columns = [feeds.c[name] for name in DueFeed.__dataclass_fields__]
    claimed = hosts.claim_spaced(
        conn,
        POLLS,
        feeds.c.host,
        now=now,
        lease_s=lease_s,
        limit=limit,
        manners=manners,
        due_by=due_by,
        columns=columns,
    )
    return [_due(row) for row in claimed.rows], claimed.leased_until


def _due(row: RowMapping) -> DueFeed:
    return DueFeed(**{name: row[name] for name in DueFeed.__dataclass_fields__})


def next_due_at(
    conn: Connection, now: datetime, *, manners: Manners, due_by: datetime | None = None
) -> datetime | None:
    """When the next feed that is due already can be polled: its host is free, or its lost worker's lease ends."""
    return hosts.next_spaced_at(conn, POLLS, feeds.c.host, now=now, manners=manners, due_by=due_by)


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


def list_polls(conn: Connection, feed_id: FeedId, limit: int = 10) -> Sequence[RowMapping]:
    """The newest lines of a feed's poll log."""
    newest = select(poll_log).where(poll_log.c.feed_id == feed_id).order_by(poll_log.c.polled_at.desc()).limit(limit)
    return conn.execute(newest).mappings().all()


def expire_polls(conn: Connection, before: datetime) -> int:
    """Forget log lines older than `before`."""
    return conn.execute(delete(poll_log).where(poll_log.c.polled_at < before)).rowcount

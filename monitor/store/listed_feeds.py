"""Feeds that a file manages: they follow it. What it lists is polled, what it no longer lists is paused, never deleted.

The file says address, categories, tags and interval; the title is the feed's own once it was polled. A feed that moved
counts as listed under either address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, delete, select, update

from monitor.store.engine import insert
from monitor.store.feeds import NAME_CHARS, RESTING, Adding, NewFeed, add_feeds, names_of
from monitor.store.tables import feed_categories, feed_tags, feeds
from monitor.types import FeedId

_RETURNED = "listed again in its file"
_GONE = "no longer listed in its file"


def follow_file(conn: Connection, listed: Sequence[NewFeed], *, now: datetime, interval_s: int) -> tuple[int, int]:
    """Make the database say what the file says; returns how many feeds are new and how many were paused."""
    added = add_feeds(conn, listed, now=now, interval_s=interval_s)
    ids = {row.id for row in conn.execute(select(feeds.c.id).where(feeds.c.managed_by == "file"))}
    managed = {one.id: feed for one, feed in zip(added, listed, strict=True) if one.id in ids}
    categories, tags = names_of(conn)
    _follow_names(
        conn, feed_categories.c.category, categories, {feed_id: feed.categories for feed_id, feed in managed.items()}
    )
    _follow_names(conn, feed_tags.c.tag, tags, {feed_id: feed.tags for feed_id, feed in managed.items()})
    _follow_intervals(conn, managed, now)
    urls = [feed.url for feed in listed]
    resume_listed(conn, urls, now)
    return sum(one.adding is Adding.ADDED for one in added), pause_missing(conn, urls)


def _follow_names(
    conn: Connection,
    column: Column[Any],
    had: Mapping[FeedId, set[str]],
    wanted: Mapping[FeedId, Collection[str]],
) -> None:
    table = column.table
    assert isinstance(table, Table)
    lost, new = [], []
    for feed_id, names in wanted.items():
        kept = {name[:NAME_CHARS] for name in names}
        lost += [{"feed": feed_id, "name": name} for name in sorted(had.get(feed_id, set()) - kept)]
        new += [{"feed_id": feed_id, column.name: name} for name in sorted(kept - had.get(feed_id, set()))]
    if lost:
        conn.execute(delete(table).where(table.c.feed_id == bindparam("feed"), column == bindparam("name")), lost)
    if new:
        conn.execute(insert(conn, table).on_conflict_do_nothing(), new)


def _follow_intervals(conn: Connection, managed: Mapping[FeedId, NewFeed], now: datetime) -> None:
    """A feed that is wanted more often need not wait for the poll that was planned before."""
    rows = conn.execute(
        select(feeds.c.id, feeds.c.wanted_interval_s, feeds.c.next_poll_at).where(feeds.c.managed_by == "file")
    )
    for feed_id, had_s, next_poll_at in rows:
        wanted_s = managed[feed_id].wanted_interval_s if feed_id in managed else had_s
        if wanted_s == had_s:
            continue
        changed: dict[str, Any] = {"wanted_interval_s": wanted_s}
        if wanted_s is not None:
            changed["interval_s"] = wanted_s
            if next_poll_at is not None:
                changed["next_poll_at"] = min(next_poll_at, now + timedelta(seconds=wanted_s))
        conn.execute(update(feeds).where(feeds.c.id == feed_id).values(**changed))


def pause_missing(conn: Connection, kept_urls: Collection[str]) -> int:
    """Pause the feeds that a file manages and no longer lists; returns how many."""
    managed, kept = _managed(conn), set(kept_urls)
    # A listed feed that was merged is polled through another one, whether or not that one is listed too.
    stand_ins = {row.merged_into_id for row in managed if kept & {row.url, row.current_url}}
    rows = [
        row
        for row in managed
        if row.state not in {"paused", "removed"} and row.id not in stand_ins and not kept & {row.url, row.current_url}
    ]
    _set(conn, [row.id for row in rows], {**RESTING, "state": "paused", "because": _GONE})
    return len(rows)


def resume_listed(conn: Connection, urls: Collection[str], now: datetime) -> None:
    """Poll again the paused feeds that their file lists once more."""
    listed = set(urls)
    rows = [row for row in _managed(conn) if row.state == "paused" and listed & {row.url, row.current_url}]
    _set(conn, [row.id for row in rows], {"state": "active", "next_poll_at": now, "because": _RETURNED})


def _managed(conn: Connection) -> Sequence[Any]:
    columns = (feeds.c.id, feeds.c.url, feeds.c.current_url, feeds.c.state, feeds.c.merged_into_id)
    return conn.execute(select(*columns).where(feeds.c.managed_by == "file")).all()


def _set(conn: Connection, ids: Sequence[int], values: Mapping[str, Any]) -> None:
    if ids:
        conn.execute(
            update(feeds).where(feeds.c.id == bindparam("feed")).values(**values), [{"feed": one} for one in ids]
        )

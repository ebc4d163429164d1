"""Polls: which feeds are due, and what came of asking them.

Results are saved many at once. A poll that finds nothing changed touches none of the feed's entries: that they are
still there follows from the feed's row (store/entries.py, LAST_SEEN).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, func, or_, select, update

from monitor.errors import LeaseLostError
from monitor.politeness import Manners
from monitor.store import claims, hosts
from monitor.store.claims import Claimable
from monitor.store.engine import insert, lease_clock
from monitor.store.hosts import Asked
from monitor.store.source_days import GOOD_OUTCOMES
from monitor.store.tables import feed_categories, feed_tags, feeds, poll_log, source_days
from monitor.types import DueFeed, FeedId, PollLogRow, PollResult, SourceId

POLLS = Claimable(feeds, feeds.c.next_poll_at, feeds.c.leased_until, feeds.c.n_tries)
ASKED = Asked(POLLS, feeds.c.host, func.coalesce(feeds.c.current_url, feeds.c.url))
_COUNTED = ("n_polls_ok", "n_polls_failed", "n_new", "n_gaps")


def claim_due(
    conn: Connection, *, now: datetime, lease_s: float, limit: int, manners: Manners, due_by: datetime | None = None
) -> list[DueFeed]:
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
    return [due_feed(row) for row in claimed.rows]


def due_feed(row: RowMapping) -> DueFeed:
    return DueFeed(**{name: row[name] for name in DueFeed.__dataclass_fields__})


def next_due_at(
    conn: Connection, now: datetime, *, manners: Manners, due_by: datetime | None = None
) -> datetime | None:
    """When the next feed that is due already can be polled: its host is free, or its lost worker's lease ends."""
    return hosts.next_spaced_at(conn, POLLS, feeds.c.host, now=now, manners=manners, due_by=due_by)


def save_polls(conn: Connection, results: Sequence[PollResult], now: datetime) -> None:
    """Write what polls found: the feeds' new states, their log lines, the days of their sources.

    Raises LeaseLostError when one of the feeds belongs to somebody else by now; the transaction rolls back, and the
    caller saves them one by one.
    """
    by_columns: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        row = {**result.values, "its_id": result.feed.id, "its_lease": result.feed.leased_until}
        by_columns[frozenset(row)].append(row)
    mine = and_(feeds.c.id == bindparam("its_id"), feeds.c.leased_until == bindparam("its_lease"))
    saved = update(feeds).where(mine).values(last_poll_at=now, leased_until=None, n_tries=0)
    n_saved = sum(conn.execute(saved, rows).rowcount for rows in by_columns.values())
    if n_saved != len(results):
        ids = ", ".join(str(result.feed.id) for result in results[:5])
        raise LeaseLostError(f"feeds {ids}: a lease ran out before the result was saved")
    if results:
        lines = [_line(result.feed.id, result.log, now) for result in results]
        conn.execute(insert(conn, poll_log).on_conflict_do_nothing(), lines)
    _count_days(conn, results, now.date())


def _line(feed_id: FeedId, log: PollLogRow, now: datetime) -> dict[str, Any]:
    return {"feed_id": feed_id, "polled_at": now, **{name: getattr(log, name) for name in log.__dataclass_fields__}}


def _count_days(conn: Connection, results: Iterable[PollResult], day_on: date) -> None:
    days: defaultdict[SourceId, list[int]] = defaultdict(lambda: [0] * len(_COUNTED))
    for one in results:
        is_good = one.log.outcome in GOOD_OUTCOMES
        polled = (int(is_good), int(not is_good), one.log.n_new, int(one.has_gap))
        days[one.feed.source_id] = [a + b for a, b in zip(days[one.feed.source_id], polled, strict=True)]
    # In order: two workers that count the same sources must not wait for each other crosswise.
    rows = [
        {"source_id": source_id, "day_on": day_on, **dict(zip(_COUNTED, days[source_id], strict=True))}
        for source_id in sorted(days)
    ]
    if rows:
        row = insert(conn, source_days)
        added = {name: source_days.c[name] + row.excluded[name] for name in _COUNTED}
        conn.execute(row.on_conflict_do_update(index_elements=["source_id", "day_on"], set_=added), rows)


def find_at(conn: Connection, address: str, *, other_than: FeedId) -> FeedId | None:
    """Another feed that is polled at this address; not one that rests, ended or was removed."""
    lives_here = or_(feeds.c.current_url == address, and_(feeds.c.url == address, feeds.c.current_url.is_(None)))
    here = select(feeds.c.id).where(
        lives_here,
        feeds.c.id != other_than,
        feeds.c.next_poll_at.is_not(None),
    )
    return conn.execute(here.order_by(feeds.c.id).limit(1)).scalar_one_or_none()


def pass_on_tags(conn: Connection, feed_id: FeedId, to: FeedId) -> None:
    """Give the feed that takes another one's place its tags and categories too."""
    for table in (feed_tags, feed_categories):
        word = next(column for column in table.primary_key.columns if column.name != "feed_id")
        words = [
            {"feed_id": to, word.name: one}
            for one in conn.execute(select(word).where(table.c.feed_id == feed_id)).scalars()
        ]
        if words:
            conn.execute(insert(conn, table).on_conflict_do_nothing(), words)


def set_aside_crashed(conn: Connection, now: datetime, retry_at: datetime) -> list[FeedId]:
    """Feeds whose polls never came back: try again much later, with the reason on the row."""
    ids = claims.exhausted(conn, POLLS, now)
    conn.execute(
        update(feeds)
        .where(feeds.c.id.in_(ids), POLLS.is_free(lease_clock(conn, now)), feeds.c.n_tries >= claims.MAX_TRIES)
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

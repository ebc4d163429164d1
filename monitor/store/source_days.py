"""How sources were polled day by day (UTC), and what was judged of it. Nothing deletes these rows.

Polls count into the rows as they are saved (polls.py); the verdicts are written once a day is over. A source that was
not to be polled on a day has no row for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, or_, select

from monitor.store.engine import insert
from monitor.store.tables import counters, feeds, poll_log, source_days, sources
from monitor.types import DayVerdict, FeedId, GoodPoll, SourceDay, SourceId, WatchedFeed

#: Outcomes of the poll log after which everything that the feed showed is known.
GOOD_OUTCOMES = ("ok", "not_modified")
_COUNTER = "judged_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentSource:
    """A source that was silent on the last finished day. `last_new_on` is None when no row tells."""

    id: SourceId
    source: str
    n_expected: float
    last_new_on: date | None


def find_judged_on(conn: Connection) -> date | None:
    """The last day that was judged for all sources."""
    number = conn.execute(select(counters.c.value).where(counters.c.name == _COUNTER)).scalar_one_or_none()
    return None if number is None else date.fromordinal(number)


def save_judged_on(conn: Connection, day_on: date) -> None:
    """All sources are judged up to this day; an earlier one changes nothing."""
    row = insert(conn, counters).values(name=_COUNTER, value=day_on.toordinal())
    later = row.on_conflict_do_update(
        index_elements=["name"],
        set_={"value": row.excluded.value},
        where=counters.c.value < row.excluded.value,
    )
    conn.execute(later)


def find_first_day(conn: Connection) -> date | None:
    """The first day on which anything was polled."""
    first: date | None = conn.execute(select(func.min(source_days.c.day_on))).scalar_one()
    return first


def load_polled_days(conn: Connection, first_on: date, last_on: date) -> set[date]:
    """The days from first to last on which anything was polled, of whatever source."""
    polled = or_(source_days.c.n_polls_ok > 0, source_days.c.n_polls_failed > 0)
    days = select(source_days.c.day_on).where(source_days.c.day_on.between(first_on, last_on), polled).distinct()
    return set(conn.execute(days).scalars())


def list_to_judge(conn: Connection, first_on: date, last_on: date) -> list[SourceId]:
    """The sources that have a feed to be polled, or a day from first to last without a verdict."""
    watched = select(feeds.c.source_id).where(feeds.c.next_poll_at.is_not(None))
    unjudged = select(source_days.c.source_id).where(
        source_days.c.day_on.between(first_on, last_on), source_days.c.verdict.is_(None)
    )
    return sorted(conn.execute(watched.union(unjudged)).scalars())


def load_days(
    conn: Connection, first_on: date, last_on: date, source_ids: Sequence[SourceId] | None = None
) -> dict[SourceId, list[SourceDay]]:
    """The days from first to last of these sources, or of all, the oldest first."""
    c = source_days.c
    wanted = [c.day_on.between(first_on, last_on)]
    if source_ids is not None:
        wanted.append(c.source_id.in_(source_ids))
    columns = (c.source_id, c.day_on, c.n_polls_ok, c.n_polls_failed, c.n_new, c.n_gaps, c.n_expected, c.verdict)
    by_source: dict[SourceId, list[SourceDay]] = defaultdict(list)
    for source_id, day_on, n_polls_ok, n_polls_failed, n_new, n_gaps, n_expected, verdict in conn.execute(
        select(*columns).where(*wanted).order_by(c.source_id, c.day_on)
    ):
        by_source[source_id].append(
            SourceDay(
                day_on=day_on,
                n_polls_ok=n_polls_ok,
                n_polls_failed=n_polls_failed,
                n_new=n_new,
                n_gaps=n_gaps,
                n_expected=n_expected,
                verdict=None if verdict is None else DayVerdict(verdict),
            )
        )
    return dict(by_source)


def load_feeds(conn: Connection, source_ids: Sequence[SourceId]) -> dict[SourceId, list[WatchedFeed]]:
    """All feeds of these sources, also those that are not polled any more."""
    columns = [feeds.c[name] for name in WatchedFeed.__dataclass_fields__ if name in feeds.c]
    is_due = feeds.c.next_poll_at.is_not(None).label("is_due")
    found = conn.execute(select(*columns, is_due).where(feeds.c.source_id.in_(source_ids)).order_by(feeds.c.id))
    by_source: dict[SourceId, list[WatchedFeed]] = defaultdict(list)
    for row in found.mappings():
        by_source[row["source_id"]].append(WatchedFeed(**row))
    return dict(by_source)


def load_good_polls(
    conn: Connection, source_ids: Sequence[SourceId], start: datetime, end: datetime
) -> dict[FeedId, list[GoodPoll]]:
    """When the feeds of these sources were read in [start, end), the earliest poll first."""
    found = conn.execute(
        select(poll_log.c.feed_id, poll_log.c.polled_at, poll_log.c.n_entries, poll_log.c.n_new)
        .join(feeds, feeds.c.id == poll_log.c.feed_id)
        .where(
            feeds.c.source_id.in_(source_ids),
            poll_log.c.polled_at >= start,
            poll_log.c.polled_at < end,
            poll_log.c.outcome.in_(GOOD_OUTCOMES),
        )
        .order_by(poll_log.c.feed_id, poll_log.c.polled_at)
    )
    polls: dict[FeedId, list[GoodPoll]] = defaultdict(list)
    for feed_id, polled_at, n_entries, n_new in found:
        polls[feed_id].append(GoodPoll(polled_at, n_entries, n_new))
    return dict(polls)


def save_verdicts(conn: Connection, judged: Mapping[SourceId, Sequence[SourceDay]]) -> None:
    """Write what was judged; makes the rows of days without polls. A verdict that stands already is kept."""
    rows = [
        {"source_id": source_id, "day_on": day.day_on, "n_expected": day.n_expected, "verdict": str(day.verdict)}
        for source_id, days in judged.items()
        for day in days
    ]
    if not rows:
        return
    row = insert(conn, source_days)
    statement = row.on_conflict_do_update(
        index_elements=["source_id", "day_on"],
        set_={"n_expected": row.excluded.n_expected, "verdict": row.excluded.verdict},
        where=source_days.c.verdict.is_(None),
    )
    conn.execute(statement, rows)


def list_silent(conn: Connection, *, n_expected: float, limit: int) -> list[SilentSource]:
    """Sources that still are to be polled, were silent on the last judged day and usually bring that much."""
    judged_on = find_judged_on(conn)
    past = source_days.alias()
    last_new_on = select(func.max(past.c.day_on)).where(past.c.source_id == sources.c.id, past.c.n_new > 0)
    is_watched = select(feeds.c.id).where(feeds.c.source_id == sources.c.id, feeds.c.next_poll_at.is_not(None))
    found = conn.execute(
        select(sources.c.id, sources.c.name, source_days.c.n_expected, last_new_on.scalar_subquery())
        .join(source_days, source_days.c.source_id == sources.c.id)
        .where(
            source_days.c.day_on == judged_on,
            source_days.c.verdict == DayVerdict.SILENT,
            source_days.c.n_expected >= n_expected,
            is_watched.exists(),
        )
        .order_by(source_days.c.n_expected.desc(), sources.c.name)
        .limit(limit)
    )
    return [SilentSource(id=row[0], source=row[1], n_expected=row[2], last_new_on=row[3]) for row in found]

"""How work is taken: a row that is due is leased to one worker by one statement.

`UPDATE ... WHERE id IN (SELECT ... FOR UPDATE SKIP LOCKED) AND due RETURNING`: the outer condition repeats the inner
one, because a row may have been taken between the two on PostgreSQL; SQLite leaves FOR UPDATE out and has one writer.
The inner SELECT is a CTE, which PostgreSQL runs once; a plain subquery it may run again for each row, and each run
skips what the one before had locked: a limit of 2 took 200 of 200 rows of a table without statistics.
Claiming counts a try, saving a result resets it. So a row with tries and no lease is one whose last worker vanished, a
suspect: it is claimed alone, lest it take a whole batch down again, and set aside after MAX_TRIES. Fresh rows do not
wait for suspects, unless they became due SUSPECT_WAIT later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Table, and_, false, func, or_, select, update

from monitor.errors import LeaseLostError
from monitor.store.engine import lease_clock

MAX_TRIES = 5
SUSPECT_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claimable:
    """The columns by which the rows of a table are claimed for one stage."""

    table: Table
    due: Column[datetime]
    leased_until: Column[datetime]
    n_tries: Column[int]

    @property
    def id(self) -> Column[Any]:
        (key,) = self.table.primary_key.columns
        return key

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        return self.due <= now

    def is_free(self, lease_now: datetime) -> ColumnElement[bool]:
        return or_(self.leased_until.is_(None), self.leased_until <= lease_now)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Rows taken until `leased_until`; results are saved only while that lease still stands."""

    rows: Sequence[RowMapping]
    leased_until: datetime


def claim(
    conn: Connection,
    what: Claimable,
    *,
    now: datetime,
    lease_s: float,
    limit: int,
    among: Sequence[Any] | None = None,
    columns: Sequence[Column[Any]] = (),
) -> Claimed:
    """Lease up to `limit` due rows, oldest first; `among` narrows to these ids, `columns` what is given of each."""
    lease_now = lease_clock(conn, now)
    ready = and_(what.is_due(now), what.is_free(lease_now))
    of_these = what.id.in_(among) if among else false()
    chosen = _choose(conn, what, ready if among is None else and_(ready, of_these), limit)
    until = lease_now + timedelta(seconds=lease_s)
    taken = (
        update(what.table)
        .where(what.id.in_(chosen), ready)
        .values({what.leased_until: until, what.n_tries: what.n_tries + 1})
        .returning(*dict.fromkeys((what.id, what.due, *columns) if columns else what.table.columns))
    )
    rows = conn.execute(taken).mappings().all()
    return Claimed(sorted(rows, key=lambda row: (row[what.due.name], row[what.id.name])), until)


def _choose(conn: Connection, what: Claimable, ready: ColumnElement[bool], limit: int) -> Any:
    suspect = find_suspect(conn, what, ready)
    which = what.n_tries == 0 if suspect is None else what.id == suspect
    rows = select(what.id).where(ready, which).order_by(what.due, what.id).limit(limit)
    return select(rows.with_for_update(skip_locked=True).cte("chosen").c[0])


def find_suspect(conn: Connection, what: Claimable, ready: ColumnElement[bool]) -> Any | None:
    """The id of the suspect whose turn it is before all fresh rows that are `ready`; None when it is theirs."""
    order = (what.n_tries, what.due, what.id)
    suspect = conn.execute(select(what.id, what.due).where(ready, what.n_tries > 0).order_by(*order).limit(1)).first()
    if suspect is None:
        return None
    fresh = select(what.due).where(ready, what.n_tries == 0).order_by(what.due).limit(1)
    fresh_due_at = conn.execute(fresh).scalar_one_or_none()
    is_first = fresh_due_at is None or suspect[1] + SUSPECT_WAIT < fresh_due_at
    return suspect[0] if is_first else None


def save(conn: Connection, what: Claimable, row_id: Any, leased_until: datetime, **values: Any) -> None:
    """Write the result of a claimed row, give the lease back and forget its tries.

    Raises LeaseLostError when the lease ran out and somebody else took the row; the caller's transaction rolls back.
    """
    given_back = {what.leased_until.name: None, what.n_tries.name: 0}
    _write_held(conn, what, row_id, leased_until=leased_until, values={**values, **given_back})


def hold(conn: Connection, what: Claimable, row_id: Any, leased_until: datetime) -> None:
    """Keep a claimed row for this transaction: before results are saved that need several statements.

    Raises LeaseLostError as `save` does. Without it two workers that both believe to hold the row could write its
    results at the same time, and one of them would fail on a unique constraint instead.
    """
    _write_held(conn, what, row_id, leased_until=leased_until, values={what.leased_until.name: leased_until})


def hold_all(conn: Connection, what: Claimable, held: Sequence[tuple[Any, datetime]]) -> None:
    """As `hold`, of some rows, each with the end of its lease; raises when one of them is lost."""
    for until in sorted({until for _, until in held}):
        ids = sorted(row_id for row_id, its_until in held if its_until == until)
        mine = update(what.table).where(what.id.in_(ids), what.leased_until == until)
        if conn.execute(mine.values({what.leased_until.name: until})).rowcount != len(ids):
            raise LeaseLostError(f"{what.table.name} {ids}: a lease ran out before the results were saved")


def _write_held(
    conn: Connection, what: Claimable, row_id: Any, *, leased_until: datetime, values: dict[str, Any]
) -> None:
    mine = update(what.table).where(what.id == row_id, what.leased_until == leased_until)
    if conn.execute(mine.values(values)).rowcount != 1:
        raise LeaseLostError(f"{what.table.name} {row_id}: the lease ran out before the result was saved")


def release_all(conn: Connection, what: Claimable) -> int:
    """Give back every lease; only for a process that knows it is alone. Tries stay counted."""
    return conn.execute(
        update(what.table).where(what.leased_until.is_not(None)).values({what.leased_until: None})
    ).rowcount


def release(conn: Connection, what: Claimable, ids: Sequence[Any], leased_until: datetime) -> None:
    """Give back rows that were claimed but not worked on, as on a stop; the try does not count."""
    conn.execute(
        update(what.table)
        .where(what.id.in_(ids), what.leased_until == leased_until)
        .values({what.leased_until: None, what.n_tries: what.n_tries - 1})
    )


def exhausted(conn: Connection, what: Claimable, now: datetime) -> list[Any]:
    """Ids of due rows whose workers vanished MAX_TRIES times."""
    lease_now = lease_clock(conn, now)
    rows = select(what.id).where(what.is_due(now), what.is_free(lease_now), what.n_tries >= MAX_TRIES)
    return list(conn.execute(rows).scalars())


def next_lease_end(
    conn: Connection, what: Claimable, now: datetime, *, due_by: datetime | None = None
) -> datetime | None:
    """When the first lease on a due row runs out, on the clock of `now`; None when no due row is leased."""
    lease_now = lease_clock(conn, now)
    ends = select(func.min(what.leased_until)).where(what.is_due(due_by or now), what.leased_until > lease_now)
    first: datetime | None = conn.execute(ends).scalar_one()
    return None if first is None else now + (first - lease_now)

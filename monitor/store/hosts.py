"""When a host may be asked again: one row per host, shared by feeds, pages and all workers of a database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Column, Connection, and_, bindparam, func, or_, select, update

from monitor.politeness import next_slot
from monitor.store import claims
from monitor.store.claims import Claimable, Claimed
from monitor.store.engine import insert, lease_clock
from monitor.store.tables import hosts


def ensure_hosts(conn: Connection, names: Collection[str], now: datetime) -> None:
    """Make the rows of hosts not met before; they may be asked at once."""
    if names:
        rows = [{"name": name, "next_at": now, "slow_factor": 1.0} for name in sorted(set(names))]
        conn.execute(insert(conn, hosts).on_conflict_do_nothing(index_elements=["name"]), rows)


def reserve(conn: Connection, names: Collection[str], *, now: datetime, spacing_s: float) -> set[str]:
    """Take one request's slot at each host that is free now; returns those hosts. The others are left for later."""
    free = select(hosts).where(hosts.c.name.in_(sorted(set(names))), hosts.c.next_at <= now)
    rows = conn.execute(free.with_for_update(skip_locked=True)).mappings().all()
    slots = [
        {
            "host": row["name"],
            "slot": next_slot(now, next_at=row["next_at"], spacing_s=spacing_s, slow_factor=row["slow_factor"]),
        }
        for row in rows
    ]
    if slots:
        conn.execute(update(hosts).where(hosts.c.name == bindparam("host")).values(next_at=bindparam("slot")), slots)
    return {row["name"] for row in rows}


def claim_spaced(
    conn: Connection,
    what: Claimable,
    host: Column[str],
    *,
    now: datetime,
    lease_s: float,
    limit: int,
    spacing_s: float,
    due_by: datetime | None = None,
) -> Claimed:
    """Claim due rows that each need one request to their host: one row per host, only where the host is free now.

    Takes those hosts' slots. Rows whose host is "" need no request and are not held back. `due_by` leaves out rows that
    became due later than that.
    """
    is_free_host = or_(host == "", host.in_(select(hosts.c.name).where(hosts.c.next_at <= now)))
    ready = and_(what.is_due(due_by or now), what.is_free(lease_clock(conn, now)), is_free_host)
    suspect = claims.find_suspect(conn, what, ready)
    turn = func.row_number().over(partition_by=host, order_by=(what.due, what.id)).label("turn")
    due = (
        select(what.id.label("id"), host.label("host"), what.due.label("due"), turn)
        .where(ready, what.n_tries == 0 if suspect is None else what.id == suspect)
        .subquery()
    )
    in_turn = or_(due.c.turn == 1, due.c.host == "")
    candidates = conn.execute(
        select(due.c.id, due.c.host).where(in_turn).order_by(due.c.due, due.c.id).limit(limit)
    ).all()
    # The other hosts keep their slots when a suspect is claimed alone.
    free = reserve(conn, [row.host for row in candidates if row.host], now=now, spacing_s=spacing_s) | {""}
    among = [row.id for row in candidates if row.host in free]
    return claims.claim(conn, what, now=now, lease_s=lease_s, limit=limit, among=among)


def next_spaced_at(
    conn: Connection, what: Claimable, host: Column[str], now: datetime, *, due_by: datetime | None = None
) -> datetime | None:
    """When the next row that is due already can be claimed: its host is free, or a lost worker's lease ends."""
    due_by = due_by or now
    blocked = (
        select(func.min(hosts.c.next_at))
        .join(what.table, hosts.c.name == host)
        .where(what.is_due(due_by), what.is_free(lease_clock(conn, now)))
    )
    moments = [conn.execute(blocked).scalar_one(), claims.next_lease_end(conn, what, now, due_by=due_by)]
    return min((moment for moment in moments if moment is not None), default=None)


def hold_back(conn: Connection, name: str, until: datetime) -> None:
    """Leave a host alone until then, as its Retry-After asked; never shortens an earlier wish."""
    conn.execute(
        update(hosts).where(hosts.c.name == name, hosts.c.next_at < until).values(next_at=until, retry_after_at=until)
    )

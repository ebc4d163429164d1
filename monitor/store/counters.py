"""Numbers given out in commit order: the counter's row stays locked until the taker's transaction ends."""

from __future__ import annotations

from sqlalchemy import Connection, update

from monitor.store.engine import insert
from monitor.store.tables import counters


def take_numbers(conn: Connection, name: str, n: int = 1) -> int:
    """Take `n` consecutive numbers and return the first. Call it last in a transaction: others wait for its end."""
    taken = update(counters).where(counters.c.name == name).values(value=counters.c.value + n)
    last = conn.execute(taken.returning(counters.c.value)).scalar_one_or_none()
    if last is None:  # the first time in the life of a database
        conn.execute(insert(conn, counters).values(name=name, value=0).on_conflict_do_nothing(index_elements=["name"]))
        last = conn.execute(taken.returning(counters.c.value)).scalar_one()
    return int(last) - n + 1

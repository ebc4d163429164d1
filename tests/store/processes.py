"""What tests run in processes of their own: importable by name, since processes are spawned."""

from __future__ import annotations

import threading
from datetime import datetime

from monitor.errors import StoreError
from monitor.politeness import Manners
from monitor.store import claims, polls, schema
from monitor.store.engine import open_store
from monitor.store.polls import POLLS

_state: dict[str, object] = {}


def join(barrier: threading.Barrier) -> None:
    """Once in each process of a pool, before its first task."""
    _state["barrier"] = barrier


def wait_for_all() -> None:
    """Go on when every process of the pool is here."""
    barrier = _state["barrier"]
    assert hasattr(barrier, "wait")
    barrier.wait(60)


def upgrade(url: str) -> str | None:
    """Bring a database to today's schema at the same moment as the others; says at which revision it is then."""
    wait_for_all()
    store = open_store(url)
    try:
        schema.upgrade(store)
        with store.read() as conn:
            return schema.current(conn)
    finally:
        store.close()


def open_new_files(folder: str, n: int) -> list[str]:
    """Open SQLite files that are not there yet together with the others, one after another; what went wrong."""
    failures: list[str] = []
    for number in range(n):
        wait_for_all()
        try:
            store = open_store(f"sqlite:///{folder}/{number}.db")
        except StoreError as error:
            failures.append(str(error))
            wait_for_all()
        else:
            wait_for_all()
            store.close()
    return failures


def claim_until_empty(url: str, now: datetime, limit: int) -> list[int]:
    """Claim due feeds together with the others until none is left; the ids claimed."""
    store = open_store(url)
    mine: list[int] = []
    try:
        wait_for_all()
        n_claims = 0
        while True:
            with store.begin() as conn:
                claimed = claims.claim(conn, POLLS, now=now, lease_s=600, limit=limit)
            assert len(claimed.rows) <= limit
            if not claimed.rows:
                return mine
            mine += [row["id"] for row in claimed.rows]
            n_claims += 1
            if n_claims == 1:
                wait_for_all()  # so that everybody has a share; SQLite lets whoever writes go on writing
    finally:
        store.close()


def claim_politely(url: str, now: datetime, n_rounds: int, manners: Manners) -> list[list[tuple[int, str]]]:
    """Claim due feeds together with the others, once in each round: ids and hosts of what each round gave."""
    store = open_store(url)
    try:
        mine: list[list[tuple[int, str]]] = []
        for _ in range(n_rounds):
            wait_for_all()
            with store.begin() as conn:
                due = polls.claim_due(conn, now=now, lease_s=600, limit=50, manners=manners)
            mine.append([(feed.id, feed.host) for feed in due])
        return mine
    finally:
        store.close()

"""Assigns stories in a process of its own, which can be stopped in the middle of a batch.

Called with the address of a database, a batch size, and how many articles it assigns before it stops; 0 for no stop.
It writes "ready" when it begins and "stopped" when it has stopped, and then waits to be killed.
"""

from __future__ import annotations

import sys
from itertools import count
from threading import Event

from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from monitor.cluster import stage as cluster
from monitor.errors import LeaseLostError
from monitor.store.engine import Store, open_store
from tests.stages.told import app_of

_WAITING = text("SELECT COUNT(*) FROM articles WHERE assign_due_at IS NOT NULL")


def assign_all(store: Store, batch: int) -> int:
    """Assign beside others until nothing waits any more; how many articles were assigned here."""
    app, n_done = app_of(store), 0
    while True:
        try:
            n_new = cluster.run(app, batch=batch).n_done
        except LeaseLostError:
            continue
        n_done += n_new
        if n_new:
            continue
        with store.read() as conn:
            if conn.execute(_WAITING).scalar_one() == 0:
                return n_done
        Event().wait(0.02)  # another one holds the lease


def tell(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(url: str, batch: int, stop_at: int) -> None:
    numbers = count(1)

    def step(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO features") and next(numbers) == stop_at:
            tell("stopped")
            sys.stdin.read()

    store = open_store(url)
    event.listen(Engine, "before_cursor_execute", step)
    tell("ready")
    try:
        assign_all(store, batch)
    finally:
        store.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

"""Results of several pages in one transaction, beside others who write the same articles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from sqlalchemy import text

from monitor.store import entries, pages
from monitor.store import tables as t
from monitor.store.arrivals import arrive
from monitor.store.engine import Store
from tests.stages.site import Site, served, stored
from tests.stages.test_extract import add_page_less, reading_pages
from tests.store.rows import MANNERS, add_feed, entry, save_entries

SUMMARY = "What the feed says about the article is short, and all that anybody knows."


def somebody_waits(store: Store) -> None:
    """Returns as soon as a transaction of the database waits for another one."""
    for _ in range(20_000):
        with store.read() as conn:
            waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
            if conn.execute(text(waiting)).scalar_one():
                return
    raise AssertionError("nobody waits")


def test_whoever_holds_one_of_the_articles_and_is_to_let_it_arrive_is_not_in_the_way(
    site: Site, postgresql_url: str
) -> None:
    site.feed({})
    with served(site, postgresql_url) as world, reading_pages(world) as reading:
        store, now, has_it = world.app.store, world.clock.now(), Event()
        with store.begin() as conn:
            ids = [add_page_less(conn, world, name) for name in ("a", "b", "c")]
            feed_id = add_feed(conn)
            save_entries(conn, feed_id, *(entry(str(one), url=None, summary=SUMMARY) for one in ids), now=now)
            for one in entries.load_unresolved(conn, now=now, limit=9):
                entries.save_resolved(conn, one, int(one.guid))  # type: ignore[arg-type]
            due = pages.claim_pages(conn, now=world.clock.now(), lease_s=600, limit=9, manners=MANNERS)

        def write() -> None:
            with store.begin() as conn:
                conn.execute(t.articles.update().where(t.articles.c.id == ids[1]).values(section="world"))
                has_it.set()
                somebody_waits(store)
                arrive(conn, ids[1], now)

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            has_it.wait(30)
            reading._ask(reading._held(due, heeds_robots=False))
            writing.result(30)
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        with store.read() as conn:
            assert conn.execute(text(deadlocks)).scalar_one() == 0
        rows = list(stored(world).values())
    assert reading.n_done == 3
    assert {row["state"] for row in rows} == {"ready"}

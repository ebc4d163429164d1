"""What polling costs beside a bare httpx + httpx-aiohttp loop that asks for the same URLs, and what silent hosts cost.

The whole stage: claiming, asking, judging, saving, planning. Ratios in one run, medians of rounds that take turns.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.app import App, open_app
from monitor.config import Database, Fetch, Http, Politeness, Settings
from monitor.fetch import stage
from monitor.store import feeds, schema
from monitor.store import tables as t
from tests.bench.figures import N_ROUNDS, Cost, cost, keep, medians, print_table
from tests.bench.unchanged import bare_loop, unchanged_server
from tests.loopback import Conversation, RawServer

pytestmark = pytest.mark.bench

N_FEEDS = 5_000
N_MEMORY_ROUNDS = 10
CONCURRENCY = 50
N_HOSTS = 2_000
SILENT_SHARE = 0.05
#: The share of the bare loop's polls per second that must be kept.
FLOORS = {"sqlite": 0.7, "postgresql": 0.5}


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@contextmanager
def subscribed(
    url: str, urls: list[str], connect_to: dict[str, tuple[str, int]], **http: float
) -> Iterator[tuple[App, Clock]]:
    clock = Clock()
    settings = Settings(
        database=Database(url=url),
        politeness=Politeness(host_spacing_s=0, source_spacing_s=0),
        http=Http(contact="bench@monitor.example", concurrency=CONCURRENCY, **http),  # type: ignore[arg-type] # some keys are whole numbers
        fetch=Fetch(batch=200),
    )
    with open_app(settings, clock=clock, connect_to=connect_to, seed=1) as app:
        schema.upgrade(app.store)
        with app.store.begin() as conn:
            for one in urls:
                feeds.add_feed(conn, feeds.NewFeed(url=one), now=clock(), interval_s=3600)
            conn.execute(t.feeds.update().values(etag='"1"', last_full_poll_at=clock() + timedelta(days=9_999)))
        yield app, clock


def poll_all(app: App, clock: Clock, n: int) -> Cost:
    clock.moment += timedelta(days=1)
    return cost(lambda: stage.run(app).n_done, n)


def bare(port: int, urls: list[str]) -> Cost:
    return cost(lambda: asyncio.run(bare_loop(port, urls, concurrency=CONCURRENCY)), len(urls))


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_polling_unchanged_feeds_keeps_most_of_the_speed_of_a_bare_client(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Each feed on a host of its own, as politeness has it: the same host is never asked again at once."""
    hosts = [f"h{number}.example" for number in range(N_FEEDS)]
    urls = [f"http://{host}/feed.xml" for host in hosts]
    url = request.getfixturevalue(f"{kind}_url")
    with unchanged_server() as port, subscribed(url, urls, dict.fromkeys(hosts, ("127.0.0.1", port))) as (app, clock):
        poll_all(app, clock, N_FEEDS)
        rounds = [(poll_all(app, clock, N_FEEDS), bare(port, urls)) for _ in range(N_ROUNDS)]
        memory = []
        for _ in range(N_MEMORY_ROUNDS):
            poll_all(app, clock, N_FEEDS)
            gc.collect()
            memory.append(resident_bytes())
        with app.store.read() as conn:
            assert conn.execute(select(func.min(t.feeds.c.n_unchanged))).scalar_one() >= N_ROUNDS
    ours, theirs = medians([pair[0] for pair in rounds]), medians([pair[1] for pair in rounds])
    figures = {
        "polls_per_s": round(N_FEEDS / ours.wall_s),
        "bare_per_s": round(N_FEEDS / theirs.wall_s),
        "ratio": round(theirs.wall_s / ours.wall_s, 2),
        "cpu_us_per_poll": round(ours.cpu_s / N_FEEDS * 1e6),
        "bare_cpu_us": round(theirs.cpu_s / N_FEEDS * 1e6),
        "memory_growth": round(memory[-1] / memory[2], 3),
    }
    keep(f"unchanged feeds, {kind}", figures)
    print_table(f"{N_FEEDS} unchanged feeds", {kind: figures})
    assert figures["ratio"] >= FLOORS[kind]
    assert figures["memory_growth"] < 1.1


def test_silent_hosts_do_not_hold_up_the_others(sqlite_url: str) -> None:
    hosts = [f"h{number}.example" for number in range(N_HOSTS)]
    urls = [f"http://{host}/feed.xml" for host in hosts]
    silent = set(hosts[:: round(1 / SILENT_SHARE)])
    with unchanged_server() as port, RawServer(_never) as never:
        connect_to = {host: never.address if host in silent else ("127.0.0.1", port) for host in hosts}
        with subscribed(sqlite_url, urls, connect_to, read_timeout_s=8, total_timeout_s=8) as (app, clock):
            _remove(app, silent)
            n_others = N_HOSTS - len(silent)
            poll_all(app, clock, n_others)
            without_s = statistics.median(poll_all(app, clock, n_others).wall_s for _ in range(N_ROUNDS))
            _bring_back(app, silent, clock)
            with_s = _time_of_the_others(app, clock, n_others)
    figures = {"without_s": round(without_s, 2), "with_s": round(with_s, 2), "ratio": round(with_s / without_s, 2)}
    keep("2,000 hosts, 5 % silent", figures)
    print_table(f"{N_HOSTS} hosts, {len(silent)} of them silent: time until the rest is polled", {"sqlite": figures})
    assert figures["ratio"] < 1.5


def _never(conversation: Conversation) -> None:
    conversation.head()
    conversation.is_gone_within(30)


def _remove(app: App, hosts: set[str]) -> None:
    with app.store.begin() as conn:
        conn.execute(t.feeds.update().where(t.feeds.c.host.in_(hosts)).values(next_poll_at=None))


def _bring_back(app: App, hosts: set[str], clock: Clock) -> None:
    with app.store.begin() as conn:
        conn.execute(t.feeds.update().where(t.feeds.c.host.in_(hosts)).values(next_poll_at=clock()))


def _time_of_the_others(app: App, clock: Clock, n_others: int) -> float:
    """Seconds until all feeds that answer have been polled, while the silent ones are still waited for."""
    clock.moment += timedelta(days=1)
    started_s = time.perf_counter()
    run = threading.Thread(target=stage.run, args=(app,))
    run.start()
    polled = select(func.count()).where(t.feeds.c.last_good_poll_at == clock())
    while True:
        with app.store.read() as conn:
            if conn.execute(polled).scalar_one() == n_others:
                break
        assert run.is_alive()
        time.sleep(0.02)
    took_s = time.perf_counter() - started_s
    run.join()
    return took_s

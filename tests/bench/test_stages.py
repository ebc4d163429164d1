"""What the product costs beside the bare library that does the same: ratios in one run, medians of three rounds."""

from __future__ import annotations

import asyncio
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trafilatura
from httpx_aiohttp import HttpxAiohttpClient

from monitor.app import App, open_app
from monitor.config import Database, Fetch, Politeness, Settings
from monitor.data_files import data_folder
from monitor.extract.page import extract_article
from monitor.fetch import stage
from monitor.store import feeds, schema
from monitor.types import FeedHints

pytestmark = pytest.mark.bench

N_ROUNDS = 3
N_FEEDS = 400
SITES = data_folder("seeds") / "newsroom" / "sites"
RESULTS = Path("build/bench.json")


def median_s(work: Callable[[], object]) -> float:
    def once() -> float:
        started_s = time.perf_counter()
        work()
        return time.perf_counter() - started_s

    return statistics.median(once() for _ in range(N_ROUNDS))


def report(name: str, ours_s: float, bare_s: float, n: int) -> float:
    """Print and keep one line; returns the speed as a share of the bare library's."""
    share = bare_s / ours_s
    print(f"\n{name}: {n / ours_s:,.0f}/s, bare {n / bare_s:,.0f}/s, ratio {share:.2f}")  # noqa: T201 - the figures are what a benchmark is for
    RESULTS.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    kept[name] = {"per_s": round(n / ours_s, 1), "bare_per_s": round(n / bare_s, 1), "ratio": round(share, 3)}
    RESULTS.write_text(json.dumps(kept, indent=2), "utf-8")
    return share


@pytest.fixture
def unchanged() -> Iterator[int]:
    """A server on loopback that answers 304 to everything; yields its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(quietly, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    server.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_polling_unchanged_feeds_keeps_a_fair_share_of_a_bare_client(unchanged: int, tmp_path: Path) -> None:
    hosts = [f"h{number}.example" for number in range(N_FEEDS)]
    settings = Settings(
        database=Database(url=f"sqlite:///{tmp_path / 'm.db'}"),
        politeness=Politeness(host_spacing_s=0, source_spacing_s=0),
        fetch=Fetch(batch=N_FEEDS),
    )
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    with open_app(
        settings, clock=lambda: moment[0], connect_to=dict.fromkeys(hosts, ("127.0.0.1", unchanged)), seed=1
    ) as app:
        subscribe(app, hosts)

        def poll() -> None:
            moment[0] += timedelta(days=1)
            assert stage.run(app).n_done == N_FEEDS

        poll()
        ours_s = median_s(poll)
    share = report("polls of unchanged feeds", ours_s, median_s(lambda: asyncio.run(bare_loop(unchanged))), N_FEEDS)
    assert share > 0.05


def subscribe(app: App, hosts: list[str]) -> None:
    schema.upgrade(app.store)
    with app.store.begin() as conn:
        for host in hosts:
            feeds.add_feed(conn, feeds.NewFeed(url=f"http://{host}/feed"), now=app.clock(), interval_s=3600)


async def bare_loop(port: int) -> None:
    slots = asyncio.Semaphore(20)

    async def get(client: httpx.AsyncClient) -> int:
        async with slots:
            return (await client.get(f"http://127.0.0.1:{port}/feed")).status_code

    async with HttpxAiohttpClient(timeout=10) as client:
        assert set(await asyncio.gather(*(get(client) for _ in range(N_FEEDS)))) == {304}


def test_reading_pages_keeps_most_of_the_speed_of_bare_trafilatura() -> None:
    pages = [path.read_bytes() for path in sorted(SITES.rglob("*.html"))[:40]]
    hints = FeedHints()

    def ours() -> None:
        for page in pages:
            extract_article(page, url="http://a.example/x", content_type="text/html", status=200, hints=hints)

    def bare() -> None:
        for page in pages:
            trafilatura.bare_extraction(page, with_metadata=True, include_comments=False)

    ours()
    assert report("pages read", median_s(ours), median_s(bare), len(pages)) > 0.3

"""The daemon for a long time on two hundred feeds whose servers misbehave: nothing lost, nothing doubled, memory flat.

Half a minute by default, under `make test-all`; `make soak` runs it for half an hour and prints what it saw.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.config import Database, Extract, Fetch, Files, Http, Log, MailSettings, Politeness, Settings
from monitor.store import feeds
from monitor.store import tables as t
from monitor.store.engine import open_store
from tests.pipeline.processes import Driven, children, driven
from tests.pipeline.world import wait_until
from tests.soak.newswire import FAULTS, Newswire

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3 * 3600),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]

MINUTES = float(os.environ.get("SOAK_MINUTES", "1.5"))
N_FEEDS, N_HOSTS = 200, 80
#: Seconds between two entries of a feed: most documents show those of the whole run, some of a quarter of an hour.
PERIOD_S = max(60.0, MINUTES * 60 / 50)
SAMPLE_S = min(20.0, MINUTES * 60 / 20)
#: At the end the servers behave, until every feed was read once more.
SETTLE_S = 240.0


def _settings(url: str, folder: Path) -> Settings:
    return Settings(
        database=Database(url=url),
        files=Files(feeds="", publishers="", watchlists="", subscriptions=""),
        http=Http(contact="soak@monitor.example", read_timeout_s=5, total_timeout_s=10),
        politeness=Politeness(host_spacing_s=0.2, source_spacing_s=0.1),
        fetch=Fetch(default_interval_s=60, min_interval_s=30, max_interval_s=600),
        extract=Extract(processes=1),
        mail=MailSettings(folder=str(folder / "mail")),
        log=Log(level="info", format="json"),
    )


def _resident_bytes(pid: int) -> int:
    """Of the process and all below it; what is gone counts nothing."""
    total = 0
    for one in {pid, *children(pid)}:
        try:
            pages = int((Path("/proc") / str(one) / "statm").read_text("ascii").split()[1])
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


@pytest.fixture
def newswire() -> Iterator[Newswire]:
    with Newswire(
        n_feeds=N_FEEDS,
        n_hosts=N_HOSTS,
        period_s=PERIOD_S,
        started_at=datetime.now(UTC),
        clock=lambda: datetime.now(UTC),
    ) as served:
        yield served


def test_a_daemon_among_misbehaving_servers_loses_and_doubles_nothing(
    newswire: Newswire, database_url: str, tmp_path: Path
) -> None:
    store = open_store(database_url)
    with store.begin() as conn:
        for url in newswire.feeds:
            feeds.add_feed(conn, feeds.NewFeed(url=url), now=datetime.now(UTC), interval_s=60)
    with driven(_settings(database_url, tmp_path), newswire.connect_to, mode="run") as daemon:
        memory = _watch(daemon, datetime.now(UTC) + timedelta(minutes=MINUTES))
        ended_at = datetime.now(UTC)
        newswire.behave()
        expected = {f"n{number}-{entry}" for number in range(N_FEEDS) for entry in newswire.published(number, ended_at)}
        wait_until(lambda: expected <= _guids(store), what="all entries are stored", timeout_s=SETTLE_S)
        wait_until(lambda: _n_unresolved(store) == 0, what="all entries lead to articles", timeout_s=SETTLE_S)
        daemon.process.terminate()
        assert daemon.end(30) == 0, "".join(daemon.lines[-50:])
        problems = [line for line in daemon.lines if _is_problem(line)]
        doubled = _doubled(store)
    seen = _summary(store, newswire, memory)
    store.close()
    print(json.dumps(seen, indent=2))  # noqa: T201 - what a soak is for
    assert problems == []
    assert doubled == [], "no entry is stored twice"
    assert seen["articles"] == seen["links"], "one article for each link"
    assert set(FAULTS) <= set(newswire.served), "every fault was met"
    assert seen["memory_growth"] < 1.15


def _watch(daemon: Driven, until: datetime) -> list[int]:
    """Memory, sampled until then."""
    never, memory = threading.Event(), list[int]()
    while datetime.now(UTC) < until:
        assert daemon.process.poll() is None, "".join(daemon.lines[-50:])
        memory.append(_resident_bytes(daemon.pid))
        never.wait(SAMPLE_S)
    return memory


def _guids(store: Any) -> set[str]:
    with store.read() as conn:
        return set(conn.execute(select(t.entries.c.guid)).scalars())


def _n_unresolved(store: Any) -> int:
    with store.read() as conn:
        due = select(func.count()).where(t.entries.c.resolve_due_at.is_not(None))
        return int(conn.execute(due).scalar_one())


def _doubled(store: Any) -> list[str]:
    with store.read() as conn:
        guids = Counter(conn.execute(select(t.entries.c.guid)).scalars())
    return [guid for guid, n in guids.items() if n > 1]


def _is_problem(line: str) -> bool:
    """A log line that nobody foresaw: an error, a crash, a traceback, or what is no event at all."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return True
    return event.get("level") in {"error", "critical"} or "exception" in event or event["event"] == "job.crashed"


def _summary(store: Any, newswire: Newswire, memory: list[int]) -> dict[str, Any]:
    third = max(1, len(memory) // 3)
    with store.read() as conn:
        log = Counter(conn.execute(select(t.poll_log.c.outcome)).scalars())
        return {
            "minutes": MINUTES,
            "polls": int(
                conn.execute(select(func.sum(t.source_days.c.n_polls_ok + t.source_days.c.n_polls_failed))).scalar_one()
            ),
            "logged": dict(sorted(log.items())),
            "served": dict(sorted(newswire.served.items())),
            "entries": conn.execute(select(func.count()).select_from(t.entries)).scalar_one(),
            "guids": len(set(conn.execute(select(t.entries.c.guid)).scalars())),
            "links": len(set(conn.execute(select(t.entries.c.url)).scalars())),
            "articles": conn.execute(select(func.count()).select_from(t.articles)).scalar_one(),
            "memory_mb": [round(one / 1e6) for one in memory[:: max(1, len(memory) // 10)]],
            "memory_growth": round(
                statistics.median(memory[-third:]) / statistics.median(memory[third : 2 * third] or memory), 3
            ),
        }

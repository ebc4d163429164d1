"""What an article costs that is put into a story, among 10,000 articles and among 100,000 of the window; and a restart.

A daemon that starts anew restores the stories from a database, puts some articles into stories through its stage, and
others in memory alone, one at a time. It is a process of its own, so that its memory is its own. MONITOR_QUALITY_DATA
names the texts, BENCH_ARTICLES other sizes; 100,000 articles take some minutes to be made.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from statistics import median, quantiles
from time import process_time

import pytest
from sqlalchemy import text

from monitor.app import App, open_app
from monitor.cluster import stage
from monitor.cluster.assign import SCHEME as STORIES
from monitor.cluster.assign import Member
from monitor.cluster.features import SCHEME as FEATURES
from monitor.cluster.features import features
from monitor.cluster.statistics import Statistics, word_chances
from monitor.config import Database, Settings
from monitor.store import schema
from monitor.store import tables as t
from monitor.store.engine import Store, insert
from monitor.types import ArticleId, StoryId
from tests.bench.figures import cost, keep, print_table
from tests.bench.many_stories import LANGUAGE, Filed, Newsroom
from tests.bench.many_texts import News, background
from tests.bench.processes import resident_bytes

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SIZES = [int(size) for size in os.environ.get("BENCH_ARTICLES", "10000,100000").split(",")]
DATA = os.environ.get("MONITOR_QUALITY_DATA")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
N_STAGED = 500
N_PLACED = 300
CHUNK = 1000
ARRIVING = 10_000_000
"""What arrives is numbered from here on."""
MAX_MS = 5.0
MAX_GROWTH = 1.3


def opened(url: str) -> AbstractContextManager[App]:
    return open_app(Settings(database=Database(url=url)), clock=lambda: NOW)


def article_row(number: int, one: News, *, seen_at: datetime, is_due: bool) -> dict[str, object]:
    return {
        "id": number, "url": f"https://a.example/{number}", "host": "a.example", "title": one.title, "source_id": 1,
        "text": one.text, "language": LANGUAGE, "first_seen_at": seen_at, "appeared_at": seen_at,
        "arrival_no": number, "assign_due_at": NOW if is_due else None,
    }  # fmt: skip


def fill(store: Store, articles: Sequence[Filed], known: set[StoryId]) -> None:
    """Articles as if they had gone through the stage; `known` are the stories that stand already."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in ("articles", "stories", "members", "features")}
    for filed in articles:
        one, number = filed.member, int(filed.member.article_id)
        at = one.seen_at or NOW
        headline = News(" ".join(one.features.title), "", one.family)
        rows["articles"].append(article_row(number, headline, seen_at=at, is_due=False))
        if filed.story_id not in known:
            known.add(filed.story_id)
            rows["stories"].append(
                {"id": filed.story_id, "language": LANGUAGE, "anchor_article_id": number, "title": headline.title,
                 "first_seen_at": at, "last_seen_at": at, "scheme": STORIES}
            )  # fmt: skip
        joined = {"article_id": number, "story_id": filed.story_id, "score": 0.7, "because": "similar"}
        rows["members"].append(joined | {"scheme": STORIES, "assigned_at": at})
        rows["features"].append(
            {"article_id": number, "scheme": FEATURES, "arrival_no": number, "language": LANGUAGE, "first_seen_at": at,
             "family": one.family, "body": one.features.to_bytes(), "assigned_at": at}
        )  # fmt: skip
    with store.begin() as conn:
        tables = {"articles": t.articles, "stories": t.stories, "members": t.story_members, "features": t.features}
        for name, table in tables.items():
            if rows[name]:
                conn.execute(insert(conn, table), rows[name])


def make_database(app: App, room: Newsroom, size: int, arriving: Sequence[News]) -> None:
    """`size` articles in stories, and others that wait for theirs."""
    schema.upgrade(app.store)
    with app.store.begin() as conn:
        source = {"id": 1, "name": "A", "domain": "a.example", "created_at": NOW}
        conn.execute(insert(conn, t.sources), [source])
    statistics, known = Statistics(LANGUAGE), set[StoryId]()
    filed = room.take(size)
    while some := list(islice(filed, CHUNK)):
        for one in some:
            statistics.learn(statistics.ids(one.member.features.stems))
        fill(app.store, some, known)
    counted = {"language": LANGUAGE, "n_articles": statistics.n_articles, "last_arrival_no": size, "n_tries": 0}
    terms = [{"language": LANGUAGE, "term": term, "n_articles": n} for term, n in sorted(statistics.counts().items())]
    due = [article_row(ARRIVING + n, one, seen_at=NOW, is_due=True) for n, one in enumerate(arriving)]
    with app.store.begin() as conn:
        conn.execute(insert(conn, t.language_statistics), [counted])
        conn.execute(insert(conn, t.terms), terms)
        conn.execute(insert(conn, t.articles), due)
    with app.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


def measure(url: str, size: int, arriving: list[News]) -> dict[str, float]:
    """What a daemon that starts now needs; in a process of its own."""
    with opened(url) as app:
        word_chances(LANGUAGE)  # of every language in use, whatever the window
        before = resident_bytes("self")
        restart = cost(lambda: stage.run(app, batch=1).n_done, 1)
        held_bytes = resident_bytes("self") - before
        n_runs = -(-(N_STAGED - 1) // stage.BATCH)
        staged = cost(lambda: sum(stage.run(app).n_done for _ in range(n_runs)), N_STAGED - 1)
        keeper = app.memory[f"assigner:{LANGUAGE}"].keeper
        made_ms, placed_ms, numbers = [], [], count(ARRIVING)
        for number, one in enumerate(arriving, start=2 * ARRIVING):
            started_s = process_time()
            found = features(one.title, one.text, LANGUAGE)
            made_s = process_time()
            member = Member(ArticleId(number), found, event_at=NOW, seen_at=NOW, family=one.source)
            keeper.place(member, new_id=lambda: StoryId(next(numbers)))
            placed_ms.append(1e3 * (process_time() - made_s))
            made_ms.append(1e3 * (made_s - started_s))
        n_terms, started_s = len(keeper.index.statistics), process_time()
        keeper.index.forget(NOW - timedelta(days=13))
        forgotten_s = process_time() - started_s
    return {
        "ms": round(median(placed_ms), 2),
        "p95_ms": round(quantiles(placed_ms, n=20)[-1], 2),
        "features_ms": round(median(made_ms), 2),
        "stage_ms": round(1e3 * staged.cpu_s / (N_STAGED - 1), 2),
        "restart_s": round(restart.wall_s, 1),
        "restart_cpu_s": round(restart.cpu_s, 1),
        "forget_s": round(forgotten_s, 1),
        "bytes": round(held_bytes / size),
        "terms": n_terms,
        "load": round(os.getloadavg()[0], 1),
    }


def in_own_process(url: str, size: int, arriving: list[News]) -> dict[str, float]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, url, size, arriving).result()


@pytest.mark.skipif(not DATA, reason="MONITOR_QUALITY_DATA names no folder: there are no texts to measure with")
def test_putting_an_article_into_a_story_costs_little_in_a_large_window(tmp_path: Path) -> None:
    real = background(Path(DATA or ""))
    random.Random(1).shuffle(real)
    staged, placed = real[:N_STAGED], real[N_STAGED : N_STAGED + N_PLACED]
    room = Newsroom(real[N_STAGED + N_PLACED :], NOW)
    figures: dict[str, dict[str, float]] = {}
    for size in SIZES:
        url = f"sqlite:///{tmp_path / str(size)}.db"
        with opened(url) as app:
            make_database(app, room, size, staged)
        figures[f"{size:,}"] = in_own_process(url, size, placed)
    keep("stories", figures)
    print_table("stories: articles in the window, SQLite; milliseconds of processor time", figures)
    least, most = figures[f"{SIZES[0]:,}"], figures[f"{SIZES[-1]:,}"]
    growth = round(most["ms"] / least["ms"], 2)
    assert most["ms"] <= MAX_MS, f"{most['ms']} ms an article among {SIZES[-1]:,}, more than {MAX_MS}"
    assert growth <= MAX_GROWTH, f"{growth} times the cost among {SIZES[0]:,}, more than {MAX_GROWTH}"

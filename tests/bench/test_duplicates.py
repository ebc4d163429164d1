"""What the copies of a text cost to find, among 10,000 articles and among 100,000, on both databases.

Measured are articles that go through the stage: fingerprint, candidates, verification, saving. Half of them are copies
that were planted, half are new. Beside it datasketch and rensa do in memory what they do of it: MinHash and LSH at
Jaccard .5, without verification, texts or a database, and among the real texts of the window alone.
MONITOR_QUALITY_DATA names the texts, BENCH_ARTICLES the sizes: "10000,100000" for the figures of docs/scaling.md, which
take half an hour.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from datasketch import MinHash, MinHashLSH
from rensa import RMinHash, RMinHashLSH
from sqlalchemy import select, text

from monitor.app import App
from monitor.config import Settings
from monitor.dedup import stage
from monitor.dedup.fingerprint import Fingerprint
from monitor.store import fingerprints
from monitor.store import tables as t
from monitor.store.engine import Store, insert
from monitor.store.fingerprints import PrintRow
from monitor.text.tokens import words
from monitor.types import ArticleId
from tests.bench.figures import Cost, cost, keep, print_table
from tests.bench.many_texts import News, Wire, background, edited

pytestmark = pytest.mark.bench

SIZES = [int(size) for size in os.environ.get("BENCH_ARTICLES", "1000,4000").split(",")]
DATA = os.environ.get("MONITOR_QUALITY_DATA")
N_MEASURED = 400
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHUNK = 1000
FAR = 10_000_000
"""What arrives in the first round is numbered from here on, in the second from twice of it, and so on."""
MAX_GROWTH = 1.3
MAX_CLOCK_GROWTH = 2.0
"""With waits for the disk and for a server, both of which others use."""
N_PERMUTATIONS = 128
JACCARD = 0.5


Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Round:
    """What arrives when `n_stored` texts are in the window: every other one is a copy. Numbered from `first` on."""

    n_stored: int
    first: int
    new: list[News]

    @property
    def gold(self) -> Pairs:
        """Each planted copy with its original."""
        return {(self.first + place, one.copy_of) for place, one in enumerate(self.new) if one.copy_of is not None}

    def scores(self, found: Pairs) -> dict[str, float]:
        mine = {pair for pair in found if pair[0] >= self.first and pair[1] < self.n_stored}
        right = len(mine & self.gold)
        return {
            "precision": round(right / max(1, len(mine)), 3),
            "recall": round(right / len(self.gold), 3),
            "f1": round(2 * right / max(1, len(mine) + len(self.gold)), 3),
        }


def make_rounds() -> tuple[list[News], list[Round]]:
    """The real texts of the window, numbered by their places, and what arrives at each size of it."""
    chance = random.Random(1)
    real = background(Path(DATA or ""))
    chance.shuffle(real)
    n_fresh = N_MEASURED // 2
    fresh, rest = real[: n_fresh * len(SIZES)], real[n_fresh * len(SIZES) :]
    rounds = []
    for number, size in enumerate(SIZES):
        originals = [chance.randrange(min(size, len(rest))) for _ in range(n_fresh)]
        copies = [edited(rest[place], place, chance) for place in originals]
        pairs = zip(copies, fresh[n_fresh * number :], strict=False)
        rounds.append(Round(size, (number + 1) * FAR, [one for pair in pairs for one in pair]))
    return rest, rounds


def add_articles(store: Store, news: Sequence[News], *, first: int, seen_at: datetime, is_due: bool) -> None:
    """Store texts as articles with the ids from `first` on, without the stages before."""
    domains = {one.source: f"{one.source.lower().replace(' ', '-')}.example" for one in news}
    moments = [seen_at + timedelta(seconds=place) for place in range(len(news))]
    with store.begin() as conn:
        rows = [{"name": name, "domain": domain, "created_at": NOW} for name, domain in sorted(domains.items())]
        conn.execute(insert(conn, t.sources).on_conflict_do_nothing(), rows)
        ids = dict(conn.execute(select(t.sources.c.domain, t.sources.c.id)).all())
        articles = [
            {"id": number, "url": f"https://a.example/{number}", "host": "a.example", "title": one.title,
             "source_id": ids[domains[one.source]], "text": one.text, "language": "en",
             "first_seen_at": at, "appeared_at": at, "arrival_no": number, "match_due_at": NOW if is_due else None}
            for number, one, at in zip(range(first, first + len(news)), news, moments, strict=True)
        ]  # fmt: skip
        for start in range(0, len(articles), 100):
            conn.execute(insert(conn, t.articles), articles[start : start + 100])


def print_row(article_id: int, made: Fingerprint) -> PrintRow:
    return PrintRow(
        article_id=ArticleId(article_id),
        scheme=made.scheme,
        text_hash=made.text_hash,
        n_words=made.n_words,
        body=made.to_bytes(),
        band_numbers=made.bands,
    )


def fill(stores: Sequence[Store], wire: Wire, start: int, end: int) -> None:
    """Texts in the window as if they had gone through the stage."""
    for first in range(start, end, CHUNK):
        some = list(wire.take(first, min(end, first + CHUNK)))
        rows = [print_row(number, made) for number, (_, made) in enumerate(some, start=first)]
        for store in stores:
            add_articles(store, [one for one, _ in some], first=first, seen_at=NOW - timedelta(days=9), is_due=False)
            with store.begin() as conn:
                fingerprints.save_fingerprints(conn, rows, NOW)


def tidy(store: Store) -> None:
    """What a database does by itself between two batches, and would do while the next ones are measured."""
    statement = "VACUUM ANALYZE" if store.engine.dialect.name == "postgresql" else "ANALYZE"
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(statement))


def through_the_stage(store: Store, arriving: Round) -> tuple[Cost, Pairs]:
    """What it costs, and the pairs of numbers that were linked as duplicates."""
    add_articles(store, arriving.new, first=arriving.first, seen_at=NOW, is_due=True)
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    app = App(settings=Settings(), store=store, clock=lambda: NOW + timedelta(minutes=1), **other)

    def work() -> int:
        n_done = 0
        while n := stage.run(app).n_done:
            n_done += n
        return n_done

    spent = cost(work, len(arriving.new))
    with store.read() as conn:
        links = conn.execute(select(t.duplicates.c.article_id, t.duplicates.c.original_id)).all()
        return spent, {(max(pair), min(pair)) for pair in links}


Index = Callable[[int, News], list[int]]
"""Takes in a text under a number, and returns the numbers of those it resembles."""


def through_memory(index: Index, arriving: Round) -> tuple[Cost, Pairs]:
    """The same of an index in memory."""
    found: Pairs = set()

    def work() -> int:
        for number, one in enumerate(arriving.new, start=arriving.first):
            found.update((number, other) for other in index(number, one))
        return len(arriving.new)

    return cost(work, len(arriving.new)), found


def datasketch_index() -> Index:
    lsh = MinHashLSH(threshold=JACCARD, num_perm=N_PERMUTATIONS)

    def add(number: int, one: News) -> list[int]:
        signature = MinHash(num_perm=N_PERMUTATIONS)
        signature.update_batch([shingle.encode() for shingle in shingles(one)])
        found = [int(other) for other in lsh.query(signature)]
        lsh.insert(number, signature)
        return found

    return add


def rensa_index() -> Index:
    lsh = RMinHashLSH(threshold=JACCARD, num_perm=N_PERMUTATIONS, num_bands=32)

    def add(number: int, one: News) -> list[int]:
        signature = RMinHash(num_perm=N_PERMUTATIONS, seed=7)
        signature.update(shingles(one))
        found = [int(other) for other in lsh.query(signature)]
        lsh.insert(number, signature)
        return found

    return add


def shingles(one: News) -> list[str]:
    tokens = words(one.text)
    return list({" ".join(tokens[start : start + 3]) for start in range(max(1, len(tokens) - 2))})


def _figures(spent: Cost, n: int) -> dict[str, float]:
    """Of the processor time of a database server nothing is known here."""
    ms = {"ms": round(spent.wall_s / n * 1000, 2), "cpu_ms": round(spent.cpu_s / n * 1000, 2)}
    return {"per_s": round(n / spent.wall_s, 1), **ms}


@pytest.mark.skipif(not DATA, reason="MONITOR_QUALITY_DATA names no folder: there are no texts to measure with")
def test_finding_copies_costs_no_more_in_a_large_window(both_stores: tuple[Store, Store]) -> None:
    real, rounds = make_rounds()
    wire = Wire(real[: max(SIZES)], random.Random(2))
    indexes = {"datasketch": datasketch_index(), "rensa": rensa_index()}
    figures: dict[str, dict[str, float]] = {}
    n_filled = 0
    for arriving in rounds:
        fill(both_stores, wire, n_filled, arriving.n_stored)
        for index in indexes.values():
            for number, one in enumerate(real[n_filled : arriving.n_stored], start=n_filled):
                index(number, one)
        n_filled = arriving.n_stored
        results: dict[str, tuple[Cost, Pairs]] = {}
        for store in both_stores:
            tidy(store)
            results[store.engine.dialect.name] = through_the_stage(store, arriving)
        results |= {name: through_memory(index, arriving) for name, index in indexes.items()}
        for name, (spent, found) in results.items():
            figures[f"{name} {arriving.n_stored:,}"] = _figures(spent, N_MEASURED) | arriving.scores(found)
    keep("duplicates", figures)
    print_table("duplicates: articles in the window", figures)
    for name in ("sqlite", "postgresql"):
        first, last = (figures[f"{name} {one.n_stored:,}"] for one in (rounds[0], rounds[-1]))
        assert last["cpu_ms"] <= MAX_GROWTH * first["cpu_ms"]
        assert last["ms"] <= MAX_CLOCK_GROWTH * first["ms"]
        assert last["f1"] > 0.9

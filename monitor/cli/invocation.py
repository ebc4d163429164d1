"""What every command starts from: the configuration, and the database where one is needed."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from monitor.app import App, open_app
from monitor.config import Settings, load_settings
from monitor.errors import StoreError
from monitor.store.engine import Store, missing_file, open_store
from monitor.store.schema import require_current

#: `--json` of every command that a program may read.
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options."""

    config: Path | None = None


def current_user() -> str:
    """Who calls, by the name that the operating system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"


def config_file(context: typer.Context) -> Path | None:
    found = context.find_object(Invocation)
    return found.config if found else None


def settings_of(context: typer.Context) -> Settings:
    """The configuration that this invocation names. Raises ConfigError."""
    return load_settings(config_file(context))


@contextmanager
def current_store(settings: Settings) -> Iterator[Store]:
    """The database, migrated to this version. Raises StoreError."""
    missing = missing_file(settings.database.url)
    if missing is not None:
        raise StoreError(f"there is no database {missing} yet; run `monitor db upgrade` first")
    store = open_store(settings.database.url)
    try:
        require_current(store)
        yield store
    finally:
        store.close()


@contextmanager
def current_app(settings: Settings) -> Iterator[App]:
    """All doors, over a database that is migrated to this version. Raises StoreError."""
    with current_store(settings), open_app(settings) as app:
        yield app

"""Which errors the product raises on purpose, and what each one means.

    MonitorError                 one clear sentence that says what is wrong and what to do
    |-- ConfigError              a configuration or declarative file is wrong: file, key, value, what is allowed
    |-- UsageError               a command was called with arguments that make no sense (exit code 2)
    |-- NotFoundError            nothing stored under this id, URL or name
    |-- StoreError               the database cannot be used: unreachable, not migrated, in use by another daemon
    |-- QueryError               a search or watchlist query does not parse; carries the position
    `-- LeaseLostError           a worker overran its lease; its result was not saved, the successor's will be

Expected failures of the outside world (a 404, a broken feed, an empty page, a refused mail) are values, not
exceptions: see `monitor.types.Reason`.
"""

from __future__ import annotations


class MonitorError(Exception):
    """A failure that is reported to the user as one sentence, never as a traceback."""

    exit_code = 1


class ConfigError(MonitorError):
    """A configuration or declarative file is wrong."""


class UsageError(MonitorError):
    """A command was called with arguments that make no sense."""

    exit_code = 2


class NotFoundError(MonitorError):
    """Nothing is stored under this id, URL or name."""


class StoreError(MonitorError):
    """The database cannot be used."""


class QueryError(MonitorError):
    """A query does not parse. `position` counts characters from 0 in `query`."""

    exit_code = 2

    def __init__(self, message: str, *, query: str, position: int) -> None:
        super().__init__(message)
        self.query = query
        self.position = position

    def __str__(self) -> str:
        return f"{self.args[0]}\n  {self.query}\n  {' ' * self.position}^"


class LeaseLostError(MonitorError):
    """A worker overran its lease; nothing of its result was saved."""

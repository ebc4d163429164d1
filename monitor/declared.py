"""What do the declarative files say: publishers, watchlists, subscriptions?

Each answers with frozen dataclasses, or with one ConfigError that has a line for each thing that is wrong: file, entry,
key, value, what is allowed. Nothing is guessed and nothing is left out: an unknown key, a name used twice, a query that
does not parse and a watchlist that nobody declared are errors. config/*.toml are commented examples.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from monitor.config import read_toml
from monitor.errors import ConfigError, QueryError
from monitor.query.grammar import parse
from monitor.text.normalise import clean_line
from monitor.urls import host_of, is_public_suffix, registered_domain

KINDS = ("outlet", "agency", "aggregator", "institution")
MAX_RECIPIENTS = 100
MAX_STORIES = 200
MAX_HOSTS = 200

_MAX_SHOWN_CHARS = 80
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
#: What mail servers take without extensions; a part after the @ in other scripts is written in its ASCII form.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSource:
    """A source as config/publishers.toml describes it; `hosts` are its own beside those of its domain."""

    domain: str
    name: str
    kind: str = "outlet"
    country: str | None = None
    language: str | None = None
    family: str | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSubscription:
    """A subscription as config/subscriptions.toml describes it."""

    name: str
    recipients: tuple[str, ...]
    hour: int
    zone: str
    watchlists: tuple[str, ...] = ()
    max_stories: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredWatchlist:
    """A watchlist as config/watchlists.toml describes it; its query parses."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class _Key:
    """A key of an entry: `fault` says what is wrong with a value, or None."""

    fault: Callable[[Any], str | None]
    is_required: bool = False


def _text(n_max: int) -> Callable[[Any], str | None]:
    def fault(value: Any) -> str | None:
        is_line = isinstance(value, str) and 0 < len(value) <= n_max and clean_line(value) == value
        return None if is_line else f"must be a line of 1 to {n_max} characters"

    return fault


def _whole(least: int, most: int) -> Callable[[Any], str | None]:
    def fault(value: Any) -> str | None:
        is_number = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if is_number else f"must be a whole number from {least} to {most}"

    return fault


def _pattern(pattern: str, allowed: str) -> Callable[[Any], str | None]:
    def fault(value: Any) -> str | None:
        return None if isinstance(value, str) and re.fullmatch(pattern, value) else f"must be {allowed}"

    return fault


def _domain_fault(value: Any) -> str | None:
    if not (isinstance(value, str) and _DOMAIN.fullmatch(value) and len(value) <= 253):
        return "must be a registered domain in small letters, for example bbc.co.uk"
    registered = registered_domain(value)
    return None if registered == value else f"must be a registered domain; write {_shown(registered)}"


def _hosts_fault(value: Any) -> str | None:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_HOSTS:
        return f"must be a list of 1 to {MAX_HOSTS} host names"
    for one in value:
        if not (isinstance(one, str) and _DOMAIN.fullmatch(one) and host_of(f"https://{one}/") == one):
            return f"{_shown(one)} is no host name; write it in small letters, for example feeds.bbci.co.uk"
        if is_public_suffix(one):
            return f"anybody can register names under {_shown(one)}: it belongs to no publisher"
    return None


def _kind_fault(value: Any) -> str | None:
    return None if value in KINDS else f"must be one of {', '.join(KINDS)}"


def _zone_fault(value: Any) -> str | None:
    known = available_timezones()
    if isinstance(value, str) and value in known:
        return None
    near = difflib.get_close_matches(str(value), known, n=1)
    return f"must be an IANA time zone, for example {near[0] if near else 'Europe/Paris'}"


def _query_fault(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    try:
        parse(value)
    except QueryError as error:
        return f"at character {error.position + 1}: {error.args[0]}"
    return None


def _recipients_fault(value: Any) -> str | None:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_RECIPIENTS:
        return f"must be a list of 1 to {MAX_RECIPIENTS} mail addresses"
    wrong = [one for one in value if not (isinstance(one, str) and _ADDRESS.fullmatch(one) and len(one) <= 320)]
    return f"{_shown(wrong[0])} is no mail address, for example reader@news.example" if wrong else None


def _names_fault(value: Any) -> str | None:
    is_names = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return None if is_names else "must be a list of names of watchlists; an empty one means all stories"


_SOURCE = {
    "domain": _Key(_domain_fault, is_required=True),
    "name": _Key(_text(300), is_required=True),
    "kind": _Key(_kind_fault),
    "country": _Key(_pattern("[A-Z]{2}", "an ISO 3166 code of two capitals, for example SO")),
    "language": _Key(_pattern("[a-z]{2}", "an ISO 639-1 code of two small letters, for example en")),
    "family": _Key(_text(200)),
    "hosts": _Key(_hosts_fault),
}
_WATCHLIST = {"name": _Key(_text(200), is_required=True), "query": _Key(_query_fault, is_required=True)}
_SUBSCRIPTION = {
    "name": _Key(_text(200), is_required=True),
    "recipients": _Key(_recipients_fault, is_required=True),
    "hour": _Key(_whole(0, 23), is_required=True),
    "zone": _Key(_zone_fault, is_required=True),
    "watchlists": _Key(_names_fault),
    "max_stories": _Key(_whole(1, MAX_STORIES)),
}


def read_publishers(file: Path) -> tuple[DeclaredSource, ...]:
    """The sources of publishers.toml. Raises ConfigError."""
    rows, problems = _rows(file, "source", keys=_SOURCE, unique="domain")
    _refuse(problems + [f"{file}: {problem}" for problem in _shared_hosts(rows)])
    return tuple(DeclaredSource(**{**row, "hosts": tuple(row.get("hosts", ()))}) for row in rows)


def read_watchlists(file: Path) -> tuple[DeclaredWatchlist, ...]:
    """The watchlists of watchlists.toml. Raises ConfigError."""
    rows, problems = _rows(file, "watchlist", keys=_WATCHLIST, unique="name")
    _refuse(problems)
    return tuple(DeclaredWatchlist(**row) for row in rows)


def read_subscriptions(file: Path, watchlists: Collection[str] | None = None) -> tuple[DeclaredSubscription, ...]:
    """The subscriptions of subscriptions.toml, which may name the given watchlists, or any without them.

    Raises ConfigError.
    """
    rows, problems = _rows(file, "subscription", keys=_SUBSCRIPTION, unique="name")
    if watchlists is not None:
        problems += _unknown_watchlists(file, rows, watchlists)
    _refuse(problems)
    return tuple(_subscription(row) for row in rows)


def _subscription(row: Row) -> DeclaredSubscription:
    lists = {key: tuple(row[key]) for key in ("recipients", "watchlists") if key in row}
    values: dict[str, Any] = {**row, **lists}
    return DeclaredSubscription(**values)


def _rows(file: Path, kind: str, *, keys: Mapping[str, _Key], unique: str) -> tuple[list[Row], list[str]]:
    """The entries of a file as they stand, and every problem in them."""
    table = read_toml(file)
    problems = [f"{file}: {key}: no such key; allowed: [[{kind}]]" for key in table if key != kind]
    rows = table.get(kind, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [], [*problems, f"{file}: {kind}: write [[{kind}]] with two brackets, once for each entry"]
    for number, row in enumerate(rows, start=1):
        problems += [f"{file}: {_entry(kind, number, row)}: {problem}" for problem in _faults(row, keys)]
    return rows, problems + [f"{file}: {problem}" for problem in _repeated(kind, rows, unique)]


def _faults(row: Row, keys: Mapping[str, _Key]) -> Iterator[str]:
    for key in row:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.75)
            yield f"{_shown(key)}: no such key; " + (
                f"did you mean {near[0]}?" if near else f"allowed: {', '.join(keys)}"
            )
    for key, rule in keys.items():
        if key in row:
            fault = rule.fault(row[key])
            if fault is not None:
                yield f"{key} = {_shown(row[key])}: {fault}"
        elif rule.is_required:
            yield f"{key} is missing: every entry needs {' and '.join(name for name in keys if keys[name].is_required)}"


def _repeated(kind: str, rows: Sequence[Row], unique: str) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        value = str(row.get(unique, f"entry {number}"))
        if value in first:
            yield f"{_entry(kind, number, row)}: {unique} = {_shown(value)}: {kind} {first[value]} has it already"
        first.setdefault(value, number)


def _shared_hosts(rows: Sequence[Row]) -> Iterator[str]:
    """Hosts that two sources have, or one twice; the domain of a source is its own."""
    owners = {row["domain"]: number for number, row in enumerate(rows, start=1) if isinstance(row.get("domain"), str)}
    for number, row in enumerate(rows, start=1):
        for host in row["hosts"] if _hosts_fault(row.get("hosts")) is None else ():
            if host in owners:
                yield f"{_entry('source', number, row)}: hosts = {_shown(host)}: source {owners[host]} has it already"
            owners.setdefault(host, number)


def _unknown_watchlists(file: Path, rows: Sequence[Row], known: Collection[str]) -> list[str]:
    there_are = f"there are: {', '.join(map(_shown, sorted(known)))}" if known else "none is declared"
    return [
        f"{file}: {_entry('subscription', number, row)}: watchlists = {_shown(name)}: no such watchlist; {there_are}"
        for number, row in enumerate(rows, start=1)
        if _names_fault(row.get("watchlists", [])) is None
        for name in row.get("watchlists", [])
        if name not in known
    ]


def _entry(kind: str, number: int, row: Row) -> str:
    """Which entry it is, for people: its number, and its name where it has one."""
    name = row.get("name", row.get("domain"))
    return f"{kind} {number} ({_shown(name)})" if isinstance(name, str) else f"{kind} {number}"


def _shown(value: Any) -> str:
    shown = clean_line(f'"{value}"' if isinstance(value, str) else repr(value))
    return shown if len(shown) <= _MAX_SHOWN_CHARS else f"{shown[:_MAX_SHOWN_CHARS]}…"


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigError("\n".join(problems))

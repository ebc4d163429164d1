"""Does a parameter of a link say how a reader came, or which page is meant?

The answers stand in tracking.toml beside this module: names, names that count only with some values, and rules of
single hosts. What the table does not name is part of the address: two articles under one URL cannot be told apart any
more, while one article under two URLs is found again by its page.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

_SCHEME = re.compile(r"^https?://")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of parameters, in lower case; "utm_*" is each that begins so."""

    exact: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.exact or (bool(self.prefixes) and name.startswith(self.prefixes))


@dataclass(frozen=True, slots=True)
class HostRules:
    """What is tracking at one host beside the names of all, and what is not though it is elsewhere."""

    drop: Names = field(default_factory=Names)
    keep: Names = field(default_factory=Names)


@dataclass(frozen=True, slots=True)
class Rules:
    """The table: `with_values` holds pairs of names and of the values with which they are tracking."""

    names: Names
    own_host: frozenset[str]
    with_values: tuple[tuple[frozenset[str], frozenset[str]], ...]
    hosts: Mapping[str, HostRules]


def read_rules(text: str) -> Rules:
    """The rules of a table in TOML. Raises KeyError, TypeError or tomllib.TOMLDecodeError for one that is none."""
    table = tomllib.loads(text)
    return Rules(
        names=_names(table["names"]),
        own_host=frozenset(table["own_host"]),
        with_values=tuple((frozenset(row["names"]), frozenset(row["values"])) for row in table["with_values"]),
        hosts={host: _host_rules(row) for row in table["host"] for host in row["hosts"]},
    )


def is_tracking(parameter: str, *, host: str, own_hosts: Collection[str], rules: Rules | None = None) -> bool:
    """Does "name=value", as it stands in a query at `host`, say nothing about the page?

    `own_hosts`: the hosts of page and feed as `bare_host` writes them. `rules`: instead of those that are shipped.
    """
    rules = rules or shipped_rules()
    name, _, value = parameter.partition("=")
    # Links that were escaped once too often: "?id=1&amp;utm_source=x".
    name, value = unquote(name).lower().removeprefix("amp;"), unquote(value).lower()
    here = _rules_of(host, rules)
    if name in here.keep:
        return False
    if name in rules.names or name in here.drop:
        return True
    if name in rules.own_host and bare_host(value) in own_hosts:
        return True
    return any(name in names and value in values for names, values in rules.with_values)


def bare_host(host: str) -> str:
    """A host as people write it in a parameter: scheme, "www." and a closing slash do not count."""
    return _SCHEME.sub("", host.lower()).removeprefix("www.").rstrip("/")


@cache
def shipped_rules() -> Rules:
    """The rules of tracking.toml, read once."""
    return read_rules(files("monitor").joinpath("tracking.toml").read_text("utf-8"))


_NO_RULES = HostRules()


def _rules_of(host: str, rules: Rules) -> HostRules:
    while host:
        if host in rules.hosts:
            return rules.hosts[host]
        host = host.partition(".")[2]
    return _NO_RULES


def _host_rules(row: Mapping[str, Any]) -> HostRules:
    return HostRules(drop=_names(row.get("drop", ())), keep=_names(row.get("keep", ())))


def _names(patterns: Iterable[str]) -> Names:
    patterns = tuple(patterns)
    exact = frozenset(pattern for pattern in patterns if not pattern.endswith("*"))
    return Names(exact, tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*")))

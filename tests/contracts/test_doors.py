"""Doors that an import does not show: the clock, chance, the environment, the dialect of the database, raw HTTP.

A rule is a set of dotted names and the files that may use them. Names are resolved through the imports of a module, so
that `from datetime import datetime as d; d.now()` is seen; annotations may name a type that may not be called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted([*(ROOT / "monitor").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")])


@dataclass(frozen=True)
class Door:
    """What is used behind the door, and in which files (or folders, ending in /) it may be."""

    names: tuple[str, ...]
    files: tuple[str, ...]


DOORS = {
    "the wall clock": Door(
        names=(
            "datetime.datetime.now",
            "datetime.datetime.utcnow",
            "datetime.datetime.today",
            "datetime.date.today",
            "time.time",
            "time.time_ns",
            "time.localtime",
            "time.gmtime",
            "email.utils.localtime",
        ),
        files=("monitor/app.py",),
    ),
    "chance": Door(
        names=("random.*", "secrets.*", "os.urandom", "uuid.uuid1", "uuid.uuid4", "numpy.random.*"),
        files=("monitor/app.py",),
    ),
    "the environment": Door(
        names=("os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"),
        files=("monitor/config.py", "monitor/config/"),
    ),
    "the dialect": Door(
        names=("*.dialect.name", "*.get_dialect", "*.get_backend_name", "*.drivername"),
        files=("monitor/store/engine.py", "monitor/store/columns.py", "monitor/store/views.py", "migrations/"),
    ),
    "raw HTTP": Door(names=("urllib.request.*", "http.client.*"), files=()),
    "servers": Door(names=("http.server.*", "socketserver.*", "asyncio.start_server"), files=("monitor/demo/",)),
    "a forked process": Door(
        names=("os.fork", "os.forkpty", "multiprocessing.get_context"), files=("monitor/workers.py",)
    ),
}


def aliases(tree: ast.Module) -> dict[str, str]:
    """Which dotted name each imported name of a module stands for."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                known[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                known[name.asname or name.name] = f"{node.module}.{name.name}"
    return known


def dotted(node: ast.expr, known: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        left = dotted(node.value, known)
        return f"{left or '?'}.{node.attr}"
    return None


def used(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every dotted name that is used outside annotations, and every name taken from another module."""
    known = aliases(tree)
    annotations = {
        id(part)
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if annotation is not None
        for part in ast.walk(annotation)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in annotations:
            name = dotted(node, known)
            if name is not None:
                yield name, node.lineno


def matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return f"?.{name}".endswith(pattern[1:])
    if pattern.endswith(".*"):
        return name.startswith(pattern[:-1])
    return name == pattern


def violations(source: str, file: str) -> list[str]:
    found = set()
    for name, line in used(ast.parse(source)):
        for door, rule in DOORS.items():
            allowed = any(file == place or (place.endswith("/") and file.startswith(place)) for place in rule.files)
            if not allowed and any(matches(name, pattern) for pattern in rule.names):
                found.add(f"{file}:{line}: {name} belongs behind the door of {door}")
    return sorted(found)


def test_the_package_uses_every_outside_thing_through_its_door() -> None:
    assert [problem for path in SOURCES for problem in violations(path.read_text(), str(path.relative_to(ROOT)))] == []


PLANTS = (
    ("the wall clock", "from datetime import datetime, UTC\nnow = datetime.now(UTC)"),
    ("the wall clock", "import datetime as d\nnow = d.datetime.utcnow()"),
    ("the wall clock", "from datetime import date\ndef f(today=date.today): ..."),
    ("the wall clock", "from time import time as seconds\nseconds()"),
    ("chance", "import random\nrandom.shuffle([])"),
    ("chance", "from random import Random\nrng = Random()"),
    ("chance", "from uuid import uuid4\nuuid4()"),
    ("chance", "import numpy as np\nnp.random.default_rng()"),
    ("chance", "import secrets\nsecrets.token_hex()"),
    ("the environment", "import os\nos.environ['HOME']"),
    ("the environment", "from os import environ as e\ne.get('HOME')"),
    ("the environment", "from os import getenv\ngetenv('HOME')"),
    ("the dialect", "def f(conn):\n    return conn.dialect.name == 'sqlite'"),
    ("the dialect", "def f(dialect):\n    return dialect.name"),
    ("the dialect", "def f(store):\n    return store.engine().url.get_backend_name()"),
    ("raw HTTP", "from urllib.request import urlopen\nurlopen('https://news.example/')"),
    ("raw HTTP", "import http.client\nhttp.client.HTTPSConnection('news.example')"),
    ("servers", "from http.server import ThreadingHTTPServer\nThreadingHTTPServer(('', 80), None)"),
    ("a forked process", "import os\nos.fork()"),
)


@pytest.mark.parametrize(("door", "source"), PLANTS)
def test_a_planted_use_beside_the_door_is_caught(door: str, source: str) -> None:
    [problem] = violations(source, "monitor/fetch/polling.py")
    assert problem.startswith(("monitor/fetch/polling.py:2: ", "monitor/fetch/polling.py:3: "))
    assert problem.endswith(f"the door of {door}")


def test_every_door_has_a_planted_use() -> None:
    assert {door for door, _ in PLANTS} == set(DOORS)


def test_a_door_lets_its_own_files_through() -> None:
    assert violations("import os\nos.environ['HOME']", "monitor/config.py") == []
    assert violations("from datetime import datetime, UTC\ndatetime.now(UTC)", "monitor/app.py") == []
    assert violations("def f(conn): return conn.dialect.name", "migrations/versions/0001_first.py") == []


def test_naming_a_type_is_not_using_it() -> None:
    source = (
        "from random import Random\nfrom datetime import datetime\ndef f(rng: Random, now: datetime) -> Random: ..."
    )
    assert violations(source, "monitor/fetch/polling.py") == []

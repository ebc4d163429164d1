"""What the package imports is what pyproject.toml declares, and what it declares has its reason in the decisions."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# Needed without an import of ours, for the reason given.
NOT_IMPORTED = {
    "lxml-html-clean": "trafilatura imports it",
    "tzdata": "zoneinfo reads it",
    "psycopg": "SQLAlchemy loads it by the name in the database's URL",
}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    return {plain(re.split(r"[^\w.-]", dependency, maxsplit=1)[0]) for dependency in PROJECT["dependencies"]}


def imported() -> dict[str, str]:
    """Distributions that the package and its migrations import, each with one file that does."""
    providers = packages_distributions()
    found: dict[str, str] = {}
    for path in [*(ROOT / "monitor").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - {"monitor"}:
                found[plain(providers[top][0])] = str(path.relative_to(ROOT))
    return found


def test_every_package_that_is_imported_is_declared() -> None:
    assert {name: file for name, file in imported().items() if name not in declared()} == {}


def test_every_declared_package_is_needed() -> None:
    assert declared() - set(imported()) - set(NOT_IMPORTED) == set()


def test_every_declared_package_has_its_reason_in_the_decisions() -> None:
    decisions = (ROOT / "docs" / "decisions.md").read_text()
    table = {
        plain(word)
        for row in re.findall(r"^\| ([^|]+) \|", decisions, re.MULTILINE)
        for word in re.split(r"[ ,\[]+", row)
    }
    assert declared() - table == set()

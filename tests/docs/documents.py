"""What the documents promise, taken out of their Markdown: SQL queries, and the columns of the views."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DICTIONARY = ROOT / "docs" / "sql.md"
WITH_SQL = (ROOT / "README.md", DICTIONARY)

_BLOCK = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ONLY = re.compile(r"-- (SQLite|PostgreSQL) only")


@dataclass(frozen=True, slots=True)
class Query:
    """One fenced block. `only` is the database it is marked for; None: it runs on both."""

    document: str
    title: str
    sql: str
    only: str | None

    @property
    def is_query(self) -> bool:
        return "SELECT" in self.sql and "GRANT" not in self.sql


@dataclass(frozen=True, slots=True)
class Column:
    """One row of a table of columns."""

    name: str
    type: str
    null: str


def queries() -> list[Query]:
    return [_query(file.name, block) for file in WITH_SQL for block in _BLOCK.findall(file.read_text(encoding="utf-8"))]


def _query(document: str, sql: str) -> Query:
    title = sql.splitlines()[0].removeprefix("-- ")
    only = _ONLY.match(sql)
    return Query(document, title, sql, only[1].lower() if only else None)


def columns(view: str) -> list[Column]:
    """The documented columns of a view, in order."""
    _, found, rest = DICTIONARY.read_text(encoding="utf-8").partition(f"\n### {view}\n")
    assert found, f"docs/sql.md has no section on {view}"
    table = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if line[:1] == "|"]
    return [Column(row[0], row[1], row[2]) for row in rows if len(row) == 5 and row[0] not in {"column", "---"}]

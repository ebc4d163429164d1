"""What stands in a labelled file: one JSON object a line, plain or gzipped.

Stories: id, title, text, date (ISO 8601 or null), lang, source, cluster (null: unlabelled, streams along unscored).
Pairs: id, a, b (each an article), label ("dup" or anything else). A line that cannot be read is an error that names
its number: a figure measured on part of a file would be wrong without a sign.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.errors import UsageError

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledArticle:
    """One article of a labelled file; `label` is None for company that is not scored."""

    key: str
    title: str
    text: str
    at: datetime | None
    language: str
    source: str
    label: str | None


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file, gzipped when its name ends in .gz. Empty lines are skipped."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, number, path)
    except (OSError, EOFError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _row(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{path}, line {number}: not JSON; every line must be one JSON object") from error
    if not isinstance(row, dict):
        raise UsageError(f"{path}, line {number}: not a JSON object")
    return row


def labelled_article(row: Row, *, position: int = 0) -> LabelledArticle:
    """A row as an article; UsageError names the row when its date is none. A missing id becomes the position."""
    key = str(row.get("id") or f"row {position}")
    label = row.get("cluster")
    return LabelledArticle(
        key=key,
        title=str(row.get("title") or ""),
        text=str(row.get("text") or ""),
        at=_moment(row.get("date"), key),
        language=str(row.get("lang") or "en"),
        source=str(row.get("source") or ""),
        label=None if label is None else str(label),
    )


def _moment(date: object, key: str) -> datetime | None:
    if not date:
        return None
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError as error:
        raise UsageError(f"article {key}: date {str(date)[:40]!r} is not ISO 8601") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

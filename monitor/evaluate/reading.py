"""What stands in a labelled file: one JSON object a line, plain or gzipped.

Stories: id, title, text, date (ISO 8601 or null), lang, source, url, cluster (null: not scored).
Pairs: id, a, b (each an article), label ("dup" or anything else). A line that cannot be read is an error that names
its number, and so is a field of another kind than said here: a figure measured on part of a file, or on a text that was
taken for something else, would be wrong without a sign.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from monitor.errors import UsageError

Row = Mapping[str, Any]
Kind = Literal["articles", "pairs"]

_ARTICLE = "an article has id, title, text, date, lang, source and cluster"
FIRST_YEAR, LAST_YEAR = 1600, 2400
"""No news is from other years; windows around the ends of the calendar would leave it."""
_TEXTS = ("title", "text", "lang", "source", "url")


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
    url: str = ""


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file, gzipped when its name ends in .gz. Empty lines are skipped."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, number, path)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _row(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}, line {number}: not JSON; every line must be one JSON object") from error
    if not isinstance(row, dict):
        raise UsageError(f"{path}, line {number}: not a JSON object")
    return row


def kind_of(rows: Sequence[Row]) -> Kind:
    """What a file holds, by its first row. UsageError where that is neither, or the file has no row."""
    if not rows:
        raise UsageError(f"the file has no rows; {_ARTICLE}, and a pair id, a, b (two articles) and label")
    if {"a", "b", "label"} <= set(rows[0]):
        return "pairs"
    if "text" in rows[0] or "title" in rows[0]:
        return "articles"
    raise UsageError(
        f"row 1 is neither an article nor a pair: {_ARTICLE}, and a pair id, a, b (two articles) and label"
    )


def labelled_articles(rows: Sequence[Row]) -> list[LabelledArticle]:
    """All rows as articles, an id that recurs with its row. UsageError names the row that is none."""
    if kind_of(rows) == "pairs":
        raise UsageError("these rows are pairs, which say nothing of stories; measure them with `evaluate duplicates`")
    found: dict[str, LabelledArticle] = {}
    for number, row in enumerate(rows, start=1):
        article = labelled_article(row, position=number)
        while article.key in found:
            article = replace(article, key=f"{article.key}, row {number}")
        found[article.key] = article
    return list(found.values())


def labelled_article(row: Row, *, position: int = 0) -> LabelledArticle:
    """A row as an article; UsageError names the row that is none. A missing id becomes the position."""
    key = str(row.get("id") or f"row {position}")
    title, text, language, source, url = (_text(row, name, position) for name in _TEXTS)
    return LabelledArticle(
        key=key,
        title=title,
        text=text,
        at=_moment(row.get("date"), key, position),
        language=language or "en",
        source=source,
        label=_label(row.get("cluster"), position),
        url=url,
    )


def _text(row: Row, name: str, position: int) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(f"row {position}: {name} must be a text or null, and is {json.dumps(value)[:40]}")
    return value


def _label(value: object, position: int) -> str | None:
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    raise UsageError(f"row {position}: cluster must be a name, a number or null, and is {json.dumps(value)[:40]}")


def _moment(date: object, key: str, position: int) -> datetime | None:
    if not date:
        return None
    try:
        moment = datetime.fromisoformat(str(date))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        what = f"row {position}, article {key[:80]}: date {str(date)[:40]!r} is not ISO 8601"
        raise UsageError(f"{what}; write it as 2026-01-06T10:30:00Z") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        years = f"{FIRST_YEAR} to {LAST_YEAR}"
        raise UsageError(f"row {position}, article {key[:80]}: date {str(date)[:40]!r} is in none of the years {years}")
    return moment

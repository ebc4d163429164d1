"""How does the command line speak?

Results go to stdout, as tables for people or as one JSON document; everything else goes to stderr. All text counts as
hostile: rich gets no markup, each cell is one clean display line, and JSON escapes what a terminal would obey. Moments
are UTC: ISO 8601 in JSON, `2026-01-06 10:30` for people, `6 Jan 10:30` in narrow tables.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.app import utc_now
from monitor.text.normalise import clean_line

#: Not shown by a terminal but obeyed by it: C1 controls, bidi marks and overrides, line separators.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def out() -> Console:
    """Results for people."""
    return Console(markup=False, highlight=False, emoji=False)


def err() -> Console:
    """Progress and notes."""
    return Console(markup=False, highlight=False, emoji=False, stderr=True)


def say(text: str) -> None:
    """One line of a result, not wrapped."""
    typer.echo(clean_line(text))


def note(text: str) -> None:
    """One line beside the result."""
    typer.echo(clean_line(text), err=True)


def print_json(document: object) -> None:
    """The document and nothing else on stdout, readable by programs whatever the terminal's encoding is."""
    is_utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    text = json.dumps(document, default=plain, ensure_ascii=not is_utf8, indent=2, allow_nan=False)
    text = _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    typer.echo(_SURROGATE.sub("\ufffd", text))


def plain(value: object) -> Any:
    """What JSON has no word for: moments become ISO 8601 UTC, dataclasses and database rows objects."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(cast("Any", value))}


def iso(moment: datetime) -> str:
    """2026-01-06T10:30:00Z"""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def short(moment: datetime | None) -> str:
    """A moment in a table; "-" for none."""
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def brief(moment: datetime | None) -> str:
    """A moment in a narrow column: the minute in this year, the day in another one; "-" for none."""
    if moment is None:
        return "-"
    utc = moment.astimezone(UTC)
    return f"{utc.day:2} {utc:%b %H:%M}" if utc.year == utc_now().year else f"{utc.day:2} {utc:%b %Y}"


def counted(n: int, noun: str) -> str:
    """1 article, 2 articles, 3 stories."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. Numbers stand right; `share` columns divide what width is left, the others are not cut."""

    title: str
    is_number: bool = False
    share: int | None = None
    is_cut: bool = False


def number(title: str) -> Column:
    return Column(title, is_number=True)


def wide(title: str, share: int = 1) -> Column:
    """Text that goes on in the next line where the terminal is narrow."""
    return Column(title, share=share)


def cut(title: str, share: int = 1) -> Column:
    """Text that ends in … where the terminal is narrow."""
    return Column(title, share=share, is_cut=True)


def print_table(columns: Sequence[Column | str], rows: Sequence[Sequence[object]]) -> None:
    """A table without frames, so that its lines can be copied; nothing without rows. Cells are cleaned here."""
    if not rows:
        return
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        one = column if isinstance(column, Column) else Column(column)
        table.add_column(
            Text(one.title),
            justify="right" if one.is_number else "left",
            ratio=one.share,
            no_wrap=one.is_cut or one.share is None,
            overflow="ellipsis" if one.is_cut else "fold",
        )
    table.expand = any(column.share for column in columns if isinstance(column, Column))
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    out().print(table)


def print_block(title: str, fields: Mapping[str, object]) -> None:
    """One thing of several: its title, its fields indented below, and an empty line."""
    console = out()
    console.print(Text(clean_line(title), style="bold", overflow="fold"))
    console.print(Padding(_fields(fields), (0, 0, 1, 2)))


def print_fields(fields: Mapping[str, object]) -> None:
    """One thing: a line for each field; what is empty is left out."""
    out().print(_fields(fields))


def _fields(fields: Mapping[str, object]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False, expand=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for name, value in fields.items():
        if value is not None and value != "":
            table.add_row(Text(name), cell(f"{short(value)} UTC" if isinstance(value, datetime) else value))
    return table


def print_text(text: str) -> None:
    """A text of several lines, wrapped."""
    console = out()
    for line in text.splitlines():
        console.print(Text(clean_line(line)))


def heading(text: str) -> None:
    console = out()
    console.print()
    console.print(Text(clean_line(text), style="bold"))


def cell(value: object) -> Text:
    """One clean line, whatever stands in it."""
    if isinstance(value, datetime):
        return Text(short(value))
    if isinstance(value, float):
        return Text(f"{value:.3f}".rstrip("0").rstrip("."))
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    return Text("-" if value is None else clean_line(str(value)))

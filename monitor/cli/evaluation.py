"""`monitor evaluate`: how good stories and duplicates are, on a labelled file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.invocation import Json
from monitor.cli.output import number, print_json, print_table
from monitor.evaluate.duplicates import evaluate_copy_groups, evaluate_duplicates
from monitor.evaluate.reading import read_rows
from monitor.evaluate.stories import evaluate_stories

group = typer.Typer(
    help="Measure stories or duplicates on a labelled file.", no_args_is_help=True, rich_markup_mode=None
)

File = Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One JSON object a line; may be gzipped (.gz).")]


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="evaluate")


@group.command()
def stories(file: File, as_json: Json = False) -> None:
    """Stream labelled articles through the product and score it.

    Rows: id, title, text, date, lang, source, cluster. Figures: BCubed, pairwise, ARI.
    """
    _show(evaluate_stories(read_rows(file)), as_json)


@group.command()
def duplicates(file: File, as_json: Json = False) -> None:
    """Say which labelled copies are found, and which false ones.

    Rows: pairs (a, b, label), or articles with a cluster.
    """
    rows = list(read_rows(file))
    evaluate = evaluate_duplicates if rows and "a" in rows[0] else evaluate_copy_groups
    _show(evaluate(rows), as_json)


def _show(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    print_table(["figure", number("value")], [(name, _value(value)) for name, value in _flat(figures)])


def _flat(figures: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in figures.items():
        rows += _flat(value, f"{prefix}{name} ") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return rows


def _value(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)

"""`monitor evaluate`: how good stories, duplicates and texts are, on labelled files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.invocation import Json, settings_of
from monitor.cli.output import err, number, print_json, print_table
from monitor.errors import UsageError
from monitor.evaluate.duplicates import evaluate_copy_groups, evaluate_duplicates
from monitor.evaluate.extraction import figures_of, read_pages, worst
from monitor.evaluate.extraction_report import report_page
from monitor.evaluate.reading import read_rows
from monitor.evaluate.stories import evaluate_stories
from monitor.extract.page import warm_up
from monitor.workers import WorkerPool

group = typer.Typer(
    help="Measure stories, duplicates or extraction on labelled data.", no_args_is_help=True, rich_markup_mode=None
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


@group.command()
def extraction(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Pages: ID.html or ID.html.gz.")],
    gold: Annotated[Path, typer.Argument(metavar="GOLD.json", help='{ID: {"articleBody": ..., "url": ...}}.')],
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the ten worst pages into this folder, to read.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how well labelled pages are read.

    Bare trafilatura reads them in the same run.
    Figures: F1, precision and recall of four-word shingles; two halves; the ten worst pages.
    """
    settings = settings_of(context).extract
    with (
        WorkerPool(n_processes=settings.processes, memory_max_bytes=settings.memory_max_bytes, warm=warm_up) as workers,
        err().status("reading pages") as status,
    ):
        pages = read_pages(folder, gold, workers, on_done=lambda n, n_all: status.update(f"read {n} of {n_all} pages"))
    if report is not None:
        _write_report(report, report_page(worst(pages)))
    figures = figures_of(pages)
    if as_json:
        print_json(figures)
        return
    ten_worst = figures.pop("worst")
    _show(figures, as_json)
    print_table(["page", number("F1"), "why"], [(one["id"][:12], f"{one['f1']:.3f}", one["why"]) for one in ten_worst])


def _write_report(folder: Path, page: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "worst_pages.html").write_text(page, "utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error}") from error


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

"""`monitor evaluate`: how good stories, duplicates and texts are, on labelled files of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from monitor.cli.invocation import Json, settings_of
from monitor.cli.output import err, heading, note, number, print_json, print_table
from monitor.embeddings import load_embedder
from monitor.errors import UsageError
from monitor.evaluate.duplicates import group_figures, pair_figures, run_groups, run_pairs
from monitor.evaluate.extraction import figures_of, read_pages, worst
from monitor.evaluate.extraction_report import report_page
from monitor.evaluate.languages import figures_across_languages
from monitor.evaluate.progress import Report
from monitor.evaluate.reading import kind_of, read_rows
from monitor.evaluate.report.page import groups_page, pairs_page, stories_page
from monitor.evaluate.stories import N_ORDERS, run_stories, story_figures
from monitor.evaluate.sweeps import Sweep as Swept
from monitor.evaluate.sweeps import sweep_groups, sweep_pairs, sweep_stories
from monitor.extract.page import warm_up
from monitor.workers import WorkerPool

group = typer.Typer(
    help="Measure stories, duplicates or extraction on labelled data.", no_args_is_help=True, rich_markup_mode=None
)

File = Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One JSON object a line; may be gzipped (.gz).")]

Sweep = Annotated[bool, typer.Option("--sweep", help="Also try other bars around the default, for the report.")]
ReportDir = Annotated[
    Path | None, typer.Option("--report", metavar="DIR", help="Write a page with plots and the worst cases, to read.")
]
_TOLD_EVERY_S = 0.2


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="evaluate")


@group.command()
def stories(
    file: File,
    orders: Annotated[
        int, typer.Option(min=1, max=99, help="Orders to take the mean of, where rows have no date.")
    ] = N_ORDERS,
    embeddings: Annotated[
        str, typer.Option(metavar="LIBRARY:MODEL", help="Also join stories across languages, as stories.embeddings.")
    ] = "",
    sweep: Sweep = False,
    report: ReportDir = None,
    as_json: Json = False,
) -> None:
    """Stream labelled articles through the product and score it.

    Rows: id, title, text, date, lang, source, cluster. Figures: BCubed, pairwise, ARI.
    """
    embed = load_embedder(embeddings) if embeddings else None
    rows = list(read_rows(file))
    with _progress() as tell:
        run = run_stories(rows, n_orders=orders, report=tell)
        swept = sweep_stories(run, report=tell) if sweep else None
    if report is not None:
        _write_report(report, "stories.html", stories_page(run, name=file.name, sweep=swept))
    figures = story_figures(run)
    if embed is not None:
        figures["across_languages"] = figures_across_languages(run.orders[0], embed)
    _show_swept(figures, swept, as_json)


@group.command()
def duplicates(file: File, sweep: Sweep = False, report: ReportDir = None, as_json: Json = False) -> None:
    """Say which labelled copies are found, and which false ones.

    Rows: pairs (a, b, label), or articles with a cluster.
    """
    rows = list(read_rows(file))
    if kind_of(rows) == "pairs":
        with _progress() as tell:
            pairs = run_pairs(rows, report=tell)
            swept = sweep_pairs(pairs, tell) if sweep else None
        figures, page = pair_figures(pairs), partial(pairs_page, pairs)
    else:
        with _progress() as tell:
            groups = run_groups(rows, report=tell)
            swept = sweep_groups(groups, tell) if sweep else None
        figures, page = group_figures(groups), partial(groups_page, groups)
    if report is not None:
        _write_report(report, "duplicates.html", page(name=file.name, sweep=swept))
    _show_swept(figures, swept, as_json)


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
        _write_report(report, "worst_pages.html", report_page(worst(pages)))
    figures = figures_of(pages)
    if as_json:
        print_json(figures)
        return
    ten_worst = figures.pop("worst")
    _show(figures, as_json)
    print_table(["page", number("F1"), "why"], [(one["id"][:12], f"{one['f1']:.3f}", one["why"]) for one in ten_worst])


@contextmanager
def _progress() -> Iterator[Report]:
    """Tells on a terminal's stderr how far the measurement is, some times a second."""
    with err().status("reading") as status:
        told_s = 0.0

        def tell(what: str, n_done: int, n_all: int) -> None:
            nonlocal told_s
            now_s = monotonic()
            if now_s - told_s >= _TOLD_EVERY_S or n_done == n_all:
                told_s = now_s
                status.update(f"{what}: {n_done} of {n_all}")

        yield tell


def _write_report(folder: Path, name: str, page: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(page, "utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
    note(f"report: {folder / name}")


def _show_swept(figures: dict[str, Any], swept: Swept | None, as_json: bool) -> None:
    if swept is None or as_json:
        _show(figures if swept is None else figures | {"sweep": swept.as_dict()}, as_json)
        return
    _show(figures, as_json)
    heading(f"The bar ({swept.field}) around its default: a report, not the result")
    rows = [
        (each.value, "used" if each.is_default else "", *each.score.as_dict().values(), each.polluted)
        for each in swept.values
    ]
    shares = [number(name) for name in ("precision", "recall", "F1", "polluted")]
    print_table([number(swept.field), "", *shares], [[_value(cell) for cell in row] for row in rows])


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
    return f"{value:.4f}" if isinstance(value, float) else "-" if value is None else str(value)

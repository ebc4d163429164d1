"""`monitor ingest`: articles that come in a file, from archives and from other crawlers."""

from __future__ import annotations

import gzip
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.app import open_app
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.logs import log_to_stderr
from monitor.cli.output import counted, err, note, print_json, say
from monitor.errors import UsageError
from monitor.extract.given import warm_up_given
from monitor.ingest.stream import IngestReport, domain_of, ingest
from monitor.store import ingesting
from monitor.store.engine import Store
from monitor.text.normalise import clean_line

N_SHOWN = 20
MAX_NAME_CHARS = 100
_ENDINGS = (".gz", ".jsonl", ".ndjson", ".json")
_GZIP = b"\x1f\x8b"

OnProgress = Callable[[IngestReport], None]


def register(cli: typer.Typer) -> None:
    cli.command(name="ingest")(ingest_file)


def ingest_file(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE.jsonl", help='One JSON object a line, also gzipped; "-" for standard input.')
    ],
    source: Annotated[
        str, typer.Option(metavar="DOMAIN", help="The source of records that name none and have no URL.")
    ] = "",
    name: Annotated[
        str, typer.Option(metavar="NAME", help="What the collection is called, instead of the name of its file.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Take in articles from a file of JSON lines.

    Keys: id, url, title, text, published_at, source.

    An article with a text is stored as it is given; of one with a URL alone the page is fetched as usual. Started again
    it goes on where it was, and what is stored already is left alone. `monitor run` or `monitor once` does the rest.
    """
    settings = settings_of(context)
    called = _name(name, file)
    log_to_stderr("error", settings.log.format)
    with current_store(settings) as store:
        default_source = _domain(store, source)
    with _opened(file) as (stream, raw), open_app(settings, warm=warm_up_given) as app:
        try:
            with _progress(raw) as on_progress:
                report = ingest(app, stream, name=called, default_source=default_source, on_progress=on_progress)
        except KeyboardInterrupt:
            note("interrupted; started again it goes on from here")
            raise
    _tell(report, as_json=as_json)
    raise typer.Exit(1 if report.n_failed else 0)


def _name(name: str, file: str) -> str:
    """What the collection is called: as somebody says, else as its file is."""
    called = name or ("stdin" if file == "-" else Path(file).name)
    if not name:
        for ending in _ENDINGS:
            called = called.removesuffix(ending)
    called = clean_line(called)[:MAX_NAME_CHARS]
    if not called or "/" in called or (name and clean_line(name) != called):
        raise UsageError(f"--name: a collection is called by 1 to {MAX_NAME_CHARS} characters without a slash")
    return called


def _domain(store: Store, source: str) -> str:
    if not source:
        return ""
    with store.read() as conn:
        known = ingesting.load_source_names(conn)
    domain = known.get(source.casefold()) or domain_of(source)
    if not domain:
        raise UsageError(f'--source "{source}": no name that is known; write a domain, as bbc.co.uk')
    return domain


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The lines of a file, inflated where it is gzipped, and the file itself."""
    try:
        with open(0 if file == "-" else file, "rb", closefd=file != "-") as raw:
            is_gzip = raw.peek(2)[:2] == _GZIP
            yield cast("BinaryIO", gzip.GzipFile(fileobj=raw) if is_gzip else raw), raw
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


@contextmanager
def _progress(raw: BinaryIO) -> Iterator[OnProgress]:
    """A bar over the bytes of the file, on a terminal; without one nothing."""
    if not sys.stderr.isatty():
        yield lambda _report: None
        return
    mode = os.fstat(raw.fileno())
    n_bytes = mode.st_size if stat.S_ISREG(mode.st_mode) else None
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err(), transient=True) as progress:
        task = progress.add_task("reading", total=n_bytes)

        def show(report: IngestReport) -> None:
            position = raw.tell() if n_bytes is not None else 0
            progress.update(task, completed=position, description=f"{counted(report.n_lines, 'line')}")

        yield show


def _tell(report: IngestReport, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
        return
    say(
        f"{counted(report.n_lines, 'line')}: {report.n_new} new, {report.n_changed} changed, {report.n_known} known, "
        f"{report.n_failed} failed"
    )
    for fault in report.failed[:N_SHOWN]:
        note(f"line {fault.line} {fault.because}")
    if report.n_failed > N_SHOWN:
        note(f"... and {report.n_failed - N_SHOWN} more lines that failed")

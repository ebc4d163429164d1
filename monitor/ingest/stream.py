"""How does a file of articles come in, whatever its size?

Lines are read as a stream; some hundred at a time are cleaned in the killable workers and stored in one transaction.
What is stored already is recognised by its id and its content and costs next to nothing: so an interrupted run is
started again, and twice is as good as once. A line that cannot be stored is told, and the rest goes on. A daemon may be
at work on the same database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO

from monitor.app import App
from monitor.errors import MonitorError
from monitor.fetch.records import MAX_LINE_BYTES, read_record
from monitor.ingest.saving import save_batch
from monitor.ingest.texts import Given, GivenKey, read_texts_of
from monitor.store import boilerplate, ingesting
from monitor.store.given_texts import GivenArticle
from monitor.types import Reason
from monitor.urls import host_of, registered_domain

N_LINES = 200
"""A transaction: most of a second, during which nobody else writes to a SQLite database."""
N_FAULTS_KEPT = 1_000
PAUSE_S = 0.12
"""Between two transactions, so that whoever waits for the database gets his turn: SQLite looks every 0.1 s."""

_UNREADABLE: Mapping[Reason | None, str] = {
    Reason.EMPTY: "its text holds no words, and it has no url; give it one of them",
    Reason.EXTRACT_TIMEOUT: "reading its text took too long; shorten it",
    Reason.OUT_OF_MEMORY: "reading its text took too much memory; shorten it",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that was not stored, and why."""

    line: int
    because: str


@dataclass(slots=True, kw_only=True)
class IngestReport:
    """What became of the lines; empty ones are not counted. `failed` has the first `N_FAULTS_KEPT` alone."""

    n_lines: int = 0
    n_new: int = 0
    n_known: int = 0
    n_changed: int = 0
    n_failed: int = 0
    failed: list[Fault] = field(default_factory=list)

    def fail(self, line: int, because: str) -> None:
        self.n_failed += 1
        if len(self.failed) < N_FAULTS_KEPT:
            self.failed.append(Fault(line, because))


def ingest(
    app: App,
    stream: BinaryIO,
    *,
    name: str,
    default_source: str = "",
    on_progress: Callable[[IngestReport], None] = lambda _report: None,
) -> IngestReport:
    """Store the records of a stream under a name; returns what became of them, also when `app.stop` ends it early.

    `default_source` is a domain for records that name no source and have no URL. Raises MonitorError when the stream
    or the database fails: what was stored before stays, and the same call again goes on from there.
    """
    report = IngestReport()
    with app.store.read() as conn:
        names = ingesting.load_source_names(conn)
    batches = _batches(stream, report, lambda number, line: _located(number, line, names, default_source))
    # While one batch is stored, the texts of the next are read.
    with ThreadPoolExecutor(1, thread_name_prefix="ingest") as ahead:
        waiting: Future[_Prepared] | None = None
        for batch in batches:
            upcoming = ahead.submit(_prepared, app, batch, name)
            if waiting is not None:
                _store(app, waiting.result(), name, report)
                on_progress(report)
                if app.stop.wait(PAUSE_S):
                    return report
            waiting = upcoming
        if waiting is not None:
            _store(app, waiting.result(), name, report)
    report.failed.sort(key=lambda fault: fault.line)
    on_progress(report)
    return report


def _batches(
    stream: BinaryIO, report: IngestReport, located: Callable[[int, bytes | None], Given | str]
) -> Iterator[list[Given]]:
    """The records of the lines, some hundred at a time, no id twice: a second state of it is a change of the first."""
    batch: dict[GivenKey, Given] = {}
    for number, line in _lines(stream):
        report.n_lines += 1
        given = located(number, line)
        if not isinstance(given, Given):
            report.fail(number, given)
            continue
        if len(batch) >= N_LINES or given.key in batch:
            yield list(batch.values())
            batch = {}
        batch[given.key] = given
    if batch:
        yield list(batch.values())


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not empty, with their numbers; None for one that is too long."""
    number = 0
    while line := _line(stream, number + 1):
        number += 1
        is_whole = len(line) <= MAX_LINE_BYTES
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = _line(stream, number)
        if not is_whole or line.strip():
            yield number, line if is_whole else None


def _line(stream: BinaryIO, number: int) -> bytes:
    try:
        return stream.readline(MAX_LINE_BYTES + 1)
    except (OSError, EOFError, ValueError) as error:  # a damaged gzip file is one of these
        raise MonitorError(
            f"line {number} cannot be read: {error}; mend the file and start it again, it goes on from here"
        ) from None


def _located(number: int, line: bytes | None, names: Mapping[str, str], default_source: str) -> Given | str:
    """The record of a line with its source, or what is wrong with it."""
    if line is None:
        return f"has more than {MAX_LINE_BYTES} bytes; shorten its text"
    record = read_record(line)
    if isinstance(record, str):
        return record
    named = names.get(record.source.casefold(), "") or domain_of(record.source)
    domain = named or registered_domain(host_of(record.entry.url or "")) or default_source
    if not domain:
        why = f"source {record.source!r} is no name that is known" if record.source else "names no source"
        return f"{why}, and there is no url; write a domain as source, or give one with --source"
    return Given(line=number, record=record, domain=domain, names_source=bool(named))


def domain_of(source: str) -> str:
    """The registered domain that somebody names as a source, "" for another name."""
    is_domain = "." in source and " " not in source and source.isprintable()
    found = registered_domain(source.lower()) if is_domain else ""
    return found if "." in found else ""


@dataclass(slots=True)
class _Prepared:
    """A batch that is ready to be stored: what of it is new, with its texts read."""

    n_known: int = 0
    records: list[Given] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def _prepared(app: App, batch: Sequence[Given], name: str) -> _Prepared:
    """Leave out what is stored already, and read the texts of the rest.

    A record whose text holds no words needs a URL, where its page can be read.
    """
    with app.store.read() as conn:
        known = ingesting.load_hashes(conn, name, [given.key for given in batch])
        rules = boilerplate.load_rules(conn, {given.domain for given in batch})
    fresh = [given for given in batch if known.get(given.key) != given.record.entry.content_hash]
    prepared = _Prepared(n_known=len(batch) - len(fresh))
    for given, result in read_texts_of(app, fresh, rules):
        if isinstance(result, GivenArticle):
            prepared.records.append(given.with_text(result))
        elif given.record.entry.url is not None and result in {None, Reason.EMPTY}:
            prepared.records.append(given)
        elif result is not Reason.STOPPED:
            because = _UNREADABLE.get(result, "its text cannot be read as an article; shorten it")
            prepared.faults.append(Fault(given.line, because))
    return prepared


def _store(app: App, prepared: _Prepared, name: str, report: IngestReport) -> None:
    """Store a batch in one transaction."""
    report.n_known += prepared.n_known
    faults = list(prepared.faults)
    if prepared.records:
        now = app.clock()
        saved = ingesting.save_at_once(
            app.store,
            lambda conn, is_guarded: save_batch(conn, prepared.records, name=name, now=now, is_guarded=is_guarded),
        )
        report.n_new += saved.n_new
        report.n_changed += saved.n_changed
        report.n_known += saved.n_known
        faults += [Fault(line, because) for line, because in saved.failed]
    for fault in faults:
        report.fail(fault.line, fault.because)

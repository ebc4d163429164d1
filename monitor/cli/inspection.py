"""`monitor inspect`: what the product makes of a feed, a page or a URL. Needs no database and stores nothing."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Any, TypeVar

import typer

import monitor.fetch.stage
from monitor.app import utc_now
from monitor.cli.inputs import Document, read_document
from monitor.cli.invocation import Json, settings_of
from monitor.cli.output import counted, heading, note, print_block, print_fields, print_json, print_text, say, short
from monitor.config import Settings
from monitor.errors import MonitorError, UsageError
from monitor.extract.aggregators import is_aggregator_link, target_url
from monitor.extract.given import article_from_document
from monitor.extract.holding import ACCEPT
from monitor.extract.identity import choose_canonical
from monitor.extract.page import warm_up
from monitor.fetch.dates import hold_dates
from monitor.fetch.failures import explain_failure
from monitor.text.durations import duration
from monitor.text.normalise import plain_text
from monitor.types import EntryDate, ExtractedArticle, Media, ParsedEntry, ParsedFeed, Reason
from monitor.urls import canonical_url, masked
from monitor.workers import WorkerPool, WorkFailure

T = TypeVar("T")

group = typer.Typer(
    help="What becomes of a feed, a page or a URL; nothing is stored.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(metavar="FILE_OR_URL", help='A file, a URL, or "-" for standard input.')]
Where = Annotated[str, typer.Option("--url", metavar="URL", help="Where a file was found, for links in it.")]


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="inspect")


@group.command()
def feed(context: typer.Context, name: Name, url: Where = "", as_json: Json = False) -> None:
    """The entries of a feed, as they would be stored."""
    settings = settings_of(context)
    document = read_document(name, settings, accept=monitor.fetch.stage.ACCEPT, max_bytes=settings.http.feed_max_bytes)
    if document.status not in {None, 200}:
        raise MonitorError(f"{masked(name)} answered HTTP {document.status}, so there is no feed to read")
    parsed = in_worker(
        monitor.fetch.stage.parse_response,
        (document.body, url or document.url, document.content_type, document.content_location),
        settings=settings,
        deadline_s=settings.fetch.parse_deadline_s,
        timeout_reason=Reason.PARSE_TIMEOUT,
    )
    if isinstance(parsed, Reason):
        why = "" if parsed is Reason.NOT_A_FEED else f": {explain_failure(parsed, None)}"
        raise MonitorError(f"{masked(name)} is no feed that can be read{why}")
    parsed = hold_dates(parsed, utc_now())
    if as_json:
        print_json(_feed_document(parsed))
        return
    print_fields(
        {
            "feed": parsed.title,
            "format": parsed.format,
            "site": masked(parsed.url or ""),
            "language": parsed.language,
            "asks to wait": duration(parsed.ttl_s) if parsed.ttl_s else None,
            "skips hours (UTC)": ", ".join(map(str, parsed.skip_hours)),
            "skips days": ", ".join(calendar.day_name[day] for day in parsed.skip_days),
        }
    )
    for problem in parsed.problems:
        say(f"problem: {problem}")
    for child in parsed.children:
        say(f"entries are in {masked(child)}")
    if parsed.entries:
        heading(counted(len(parsed.entries), "entry"))
    for entry in parsed.entries:
        print_block(entry.title or "(no title)", _told_entry(entry))


def _told_entry(entry: ParsedEntry) -> dict[str, object]:
    """All that is stored of an entry, except its summary and its content."""
    date = f"{short(entry.published_at)} UTC" if entry.published_at else ""
    return {
        "date": f"{date} ({_DATES[entry.date_origin]})" if date else "none that can be read",
        "as written": "" if _says_the_same(entry) else entry.published_raw,
        "changed": entry.updated_at if entry.updated_at != entry.published_at else None,
        "url": masked(entry.url) if entry.url else "none that can be asked for",
        "guid": masked(entry.guid),
        "authors": ", ".join(entry.authors),
        "tags": ", ".join(entry.tags),
        "media": ", ".join(_told_media(one) for one in entry.media),
    }


_DATES = {
    EntryDate.PUBLISHED: "published",
    EntryDate.UPDATED: "updated; it names no other",
    EntryDate.CREATED: "created; it names no other",
    EntryDate.CLAMPED: "now, as its own lies in the future",
    EntryDate.NONE: "nobody says which",
}


def _says_the_same(entry: ParsedEntry) -> bool:
    """Whether the date as written has the digits of the one that is shown, so that it need not be shown beside it."""
    at = entry.published_at
    if at is None or entry.date_origin is EntryDate.CLAMPED:
        return False
    at = at.astimezone(UTC)
    return all(digits in entry.published_raw for digits in (f"{at:%Y}", str(at.day), f"{at:%H:%M}"))


def _told_media(media: Media) -> str:
    about = [media.media_type, f"{media.n_bytes:,} bytes" if media.n_bytes else "", media.title]
    told = ", ".join(part for part in about if part)
    return f"{masked(media.url)} ({told})" if told else masked(media.url)


def _feed_document(parsed: ParsedFeed) -> dict[str, Any]:
    return {
        "format": parsed.format,
        "title": parsed.title,
        "url": parsed.url,
        "language": parsed.language,
        "ttl_s": parsed.ttl_s,
        "skip_hours": parsed.skip_hours,
        "skip_days": parsed.skip_days,
        "children": parsed.children,
        "problems": parsed.problems,
        "entries": [
            {
                "guid": entry.guid,
                "url": entry.url,
                "title": entry.title,
                "authors": entry.authors,
                "published_at": entry.published_at,
                "published_raw": entry.published_raw,
                "date_origin": entry.date_origin,
                "updated_at": entry.updated_at,
                "tags": entry.tags,
                "media": [asdict(one) for one in entry.media],
                "summary": plain_text(entry.summary),
            }
            for entry in parsed.entries
        ],
    }


@group.command()
def article(context: typer.Context, name: Name, url: Where = "", as_json: Json = False) -> None:
    """The article of a page or plain text, as it would be stored."""
    settings = settings_of(context)
    document = read_document(name, settings, accept=ACCEPT, max_bytes=settings.http.page_max_bytes)
    asked_url = url or document.url
    extracted = in_worker(
        article_from_document,
        (document.body, asked_url, document.content_type, document.status),
        settings=settings,
        deadline_s=settings.extract.deadline_s,
        warm=warm_up,
    )
    if isinstance(extracted, Reason):
        why = f"{explain_failure(extracted, None)}{_status(document)}"
        raise MonitorError(f"{masked(name)} holds no article that can be read: {why}")
    described = _article_document(extracted, asked_url)
    if as_json:
        print_json(described)
        return
    print_fields({key: _in_line(value) for key, value in described.items() if key != "text"})
    heading("text")
    print_text(extracted.text)


def _status(document: Document) -> str:
    return "" if document.status in {None, 200} else f" (HTTP {document.status})"


def _in_line(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _article_document(extracted: ExtractedArticle, asked_url: str) -> dict[str, Any]:
    declared = extracted.canonical_url
    canonical = choose_canonical(asked_url=asked_url or declared or "", final_url=asked_url, declared_url=declared)
    return {
        "url": asked_url or None,
        "canonical_url": canonical or None,
        "title": extracted.title,
        "text": extracted.text,
        "authors": extracted.authors,
        "published_at": extracted.published_at,
        "language": extracted.language,
        "access": extracted.access,
        "method": extracted.method,
        "precision": extracted.precision,
        "date_origin": extracted.date_origin,
        "section": extracted.section,
        "dateline": extracted.dateline,
        "credit": extracted.credit,
        "agency": extracted.agency,
        "origin": extracted.origin,
        "n_words": extracted.n_words,
    }


@group.command(name="url")
def show_url(url: str, as_json: Json = False) -> None:
    """The canonical URL, by which an article is known."""
    try:
        canonical_url(url)
        canonical = canonical_url(target_url(url))
    except ValueError as error:
        raise UsageError(f"{masked(url)} has no canonical form: {error}") from None
    if is_aggregator_link(canonical):
        note("a link of an aggregator, which does not say where it leads: its page is not asked for")
    if as_json:
        print_json({"url": url, "canonical_url": canonical})
    else:
        say(canonical)


def in_worker(
    fn: Callable[..., T],
    args: tuple[Any, ...],
    *,
    settings: Settings,
    deadline_s: float,
    timeout_reason: Reason = Reason.EXTRACT_TIMEOUT,
    warm: Callable[[], None] | None = None,
) -> T:
    """The result of a function on hostile input, in a process that is killed at the deadline."""
    with WorkerPool(n_processes=1, memory_max_bytes=settings.extract.memory_max_bytes, warm=warm) as workers:
        [result] = workers.run(fn, [args], deadline_s=deadline_s, timeout_reason=timeout_reason)
    if isinstance(result, WorkFailure):
        detail = f" ({result.detail})" if result.detail else ""
        raise MonitorError(f"reading it failed: {explain_failure(result.reason, None)}{detail}")
    return result

"""`monitor feeds discover` and `check`: where a site's feeds are, and whether one can be polled. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Annotated, Any

import typer

import monitor.fetch.stage
from monitor.app import open_http
from monitor.cli.invocation import Json, settings_of
from monitor.cli.output import counted, note, print_fields, print_json, print_table, say, short, wide
from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.fetch.checking import FeedCheck, describe, why_no_answer, why_no_feed
from monitor.fetch.discovery import Discovery, Find, How, begin, found
from monitor.fetch.failures import explain_failure
from monitor.rediscovery import Doors, discover, parse_answer
from monitor.sync import feed_address
from monitor.text.durations import duration
from monitor.types import ParsedFeed, Reason, Request, Response
from monitor.urls import masked
from monitor.workers import WorkerPool

_HOW = {
    How.PLATFORM: "its platform has such feeds",
    How.ITSELF: "the address itself",
    How.LINK: "the page names it",
    How.CANONICAL: "the page's main address",
    How.ANCHOR: "the page links to it",
    How.ROBOTS: "robots.txt",
    How.SITEMAP: "robots.txt names it",
    How.WELL_KNOWN: "a usual place for feeds",
}
_MONDAY = date(2024, 1, 1)


def register(group: typer.Typer) -> None:
    group.command(name="discover")(discover_feeds)
    group.command()(check)


@contextmanager
def _doors(settings: Settings) -> Iterator[Doors]:
    with (
        open_http(settings) as http,
        WorkerPool(n_processes=1, memory_max_bytes=settings.extract.memory_max_bytes) as workers,
    ):
        yield Doors(http=http, workers=workers, settings=settings)


def discover_feeds(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A page of the site, or the site's name.")],
    as_json: Json = False,
) -> None:
    """Look for the feeds of a site, with six requests at most."""
    settings = settings_of(context)
    address = feed_address(url if "://" in url else f"https://{url}")
    with _doors(settings) as doors:
        ended = discover(begin(address), doors)
    tell_discovery(ended, as_json=as_json)


def tell_discovery(ended: Discovery, *, as_json: bool) -> None:
    """Print the feeds that were found. Raises MonitorError when there are none."""
    finds = found(ended)
    if as_json:
        print_json(_discovery_document(ended))
    elif finds:
        print_table([wide("address"), wide("feed")], [(masked(find.url), _line(find)) for find in finds])
        say(f"{counted(ended.n_requests, 'request')}; `monitor feeds add ADDRESS` polls one of them from now on")
    if not finds:
        outcomes = "; ".join(f"{masked(one.url)}: {_outcome(one.outcome)}" for one in ended.asked)
        raise MonitorError(f"no feed was found in {counted(ended.n_requests, 'request')}: {outcomes}")


_ANSWERED = {"feed": "a feed", "page": "a page", "robots": "read"}


def _outcome(outcome: str) -> str:
    """What came of one request, in words."""
    return _ANSWERED[outcome] if outcome in _ANSWERED else explain_failure(Reason(outcome), None)


def _line(find: Find) -> str:
    """Its title, what it holds, and who says that it is there."""
    title = f"{find.title}: " if find.title else ""
    if not find.is_tried:
        return f"{title}not tried; {_HOW[find.how]}"
    newest = f", newest {short(find.newest_at)}" if find.newest_at else ""
    holds = _index(find.n_documents) if find.n_documents else counted(find.n_entries or 0, "entry")
    return f"{title}{find.format}, {holds}{newest}; {_HOW[find.how]}"


def _index(n_documents: int) -> str:
    """An index may name thousands, so this is no number of its entries."""
    return f"an index of which each poll reads {counted(n_documents, 'document')}"


def _discovery_document(ended: Discovery) -> dict[str, Any]:
    return {
        "url": masked(ended.url),
        "n_requests": ended.n_requests,
        "feeds": [
            {
                "url": masked(find.url),
                "title": find.title,
                "format": find.format or None,
                "n_entries": find.n_entries,
                "n_documents": find.n_documents,
                "newest_at": find.newest_at,
                "found_by": find.how.value,
                "is_tried": find.is_tried,
            }
            for find in found(ended)
        ],
        "asked": [{"url": masked(one.url), "because": one.how.value, "outcome": one.outcome} for one in ended.asked],
    }


def check(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The URL of the feed itself.")],
    as_json: Json = False,
) -> None:
    """Ask for a feed once and tell what polling it would be like."""
    settings = settings_of(context)
    address = feed_address(url)
    with _doors(settings) as doors:
        checked = check_feed(address, doors)
    tell_check(checked, as_json=as_json)


def check_feed(url: str, doors: Doors) -> FeedCheck:
    """One request and what it says. Raises MonitorError with a sentence for what cannot be polled."""
    max_bytes = doors.settings.http.feed_max_bytes
    [answer] = doors.http.fetch_many([Request(url=url, accept=monitor.fetch.stage.ACCEPT, max_bytes=max_bytes)])
    refusal = why_no_answer(answer)
    if refusal is not None or not isinstance(answer, Response):
        raise MonitorError(str(refusal))
    parsed = parse_answer(answer, doors)
    if not isinstance(parsed, ParsedFeed):
        raise MonitorError(why_no_feed(answer, parsed))
    return describe(answer, parsed)


def tell_check(checked: FeedCheck, *, as_json: bool) -> None:
    """Print what polling a feed would be like."""
    if as_json:
        print_json(_check_document(checked))
        return
    print_fields(_told(checked))
    for problem in checked.problems:
        note(f"problem: {problem}")


def _check_document(checked: FeedCheck) -> dict[str, Any]:
    values = {name: getattr(checked, name) for name in FeedCheck.__dataclass_fields__}
    return {
        **values,
        "url": masked(checked.url),
        "final_url": masked(checked.final_url),
        "site_url": masked(checked.site_url) if checked.site_url else None,
        "redirects": [{"status": hop.status, "url": masked(hop.url)} for hop in checked.redirects],
    }


def _told(checked: FeedCheck) -> dict[str, object]:
    return {
        "address": masked(checked.url),
        "answer": f"HTTP {checked.status}, {checked.n_bytes:,} bytes in {checked.elapsed_s:.2f} s",
        "redirects": _redirects(checked),
        "feed": checked.title,
        "format": checked.format,
        "language": checked.language,
        "site": masked(checked.site_url) if checked.site_url else None,
        "entries": _entries(checked),
        "newest": checked.newest_at,
        "oldest": checked.oldest_at,
        "usual gap": f"{duration(checked.usual_gap_s)} between entries" if checked.usual_gap_s is not None else None,
        "validators": _validators(checked),
        "it asks for": "; ".join(_wishes(checked)),
    }


def _entries(checked: FeedCheck) -> str:
    if checked.n_documents:
        return f"elsewhere: {_index(checked.n_documents)}"
    return f"{checked.n_entries}, {checked.n_dated} of them with a date"


def _redirects(checked: FeedCheck) -> str | None:
    if not checked.redirects:
        return None
    statuses = ", ".join(str(hop.status) for hop in checked.redirects)
    how = "for good: that is its address" if checked.is_moved else "for now"
    return f"{statuses} to {masked(checked.final_url)}, {how}"


def _validators(checked: FeedCheck) -> str:
    names = {"ETag": checked.has_etag, "Last-Modified": checked.has_last_modified}
    there = " and ".join(name for name, has in names.items() if has)
    return there or "none, so that each poll transfers all of it"


def _wishes(checked: FeedCheck) -> Iterator[str]:
    if checked.ttl_s:
        yield f"{duration(checked.ttl_s)} between polls"
    if checked.skip_hours:
        yield f"no polls in the hours {', '.join(map(str, checked.skip_hours))} UTC"
    if checked.skip_days:
        yield f"no polls on {', '.join(f'{_MONDAY + timedelta(days=day):%A}' for day in checked.skip_days)}"
    if checked.cache_control:
        yield f"Cache-Control: {checked.cache_control}"

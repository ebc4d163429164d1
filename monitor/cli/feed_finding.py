"""`monitor feeds discover` and `check`: where a site's feeds are, and whether one can be polled. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Annotated, Any

import typer

import monitor.fetch.stage
from monitor.app import open_http
from monitor.cli.feed_words import duration
from monitor.cli.invocation import Json, settings_of
from monitor.cli.output import brief, counted, note, number, print_fields, print_json, print_table, say, wide
from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.fetch.checking import FeedCheck, describe, why_no_answer, why_no_feed
from monitor.fetch.discovery import Discovery, Find, How, begin, found
from monitor.rediscovery import Doors, discover, parse_answer
from monitor.sync import feed_address
from monitor.types import ParsedFeed, Request, Response
from monitor.urls import masked
from monitor.workers import WorkerPool

_HOW = {
    How.PLATFORM: "platform",
    How.ITSELF: "itself",
    How.LINK: "the page",
    How.CANONICAL: "main page",
    How.ANCHOR: "a link",
    How.ROBOTS: "robots.txt",
    How.SITEMAP: "robots.txt",
    How.WELL_KNOWN: "a guess",
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
    finds = found(ended)
    if as_json:
        print_json(_discovery_document(ended))
    elif finds:
        print_table(
            [wide("address", 5), wide("title", 4), "format", number("entries"), "newest, UTC", "found by"],
            [_line(find) for find in finds],
        )
        say(f"{counted(ended.n_requests, 'request')}; `monitor feeds add ADDRESS` polls one of them from now on")
    if not finds:
        outcomes = ", ".join(f"{masked(one.url)} {one.outcome.replace('_', ' ')}" for one in ended.asked)
        raise MonitorError(f"no feed was found in {counted(ended.n_requests, 'request')}: {outcomes}")


def _line(find: Find) -> tuple[object, ...]:
    if not find.is_tried:
        return (masked(find.url), find.title, "not tried", None, "-", _HOW[find.how])
    return (masked(find.url), find.title, find.format, find.n_entries, brief(find.newest_at), _HOW[find.how])


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
    request = Request(url=feed_address(url), accept=monitor.fetch.stage.ACCEPT, max_bytes=settings.http.feed_max_bytes)
    with _doors(settings) as doors:
        [answer] = doors.http.fetch_many([request])
        refusal = why_no_answer(answer)
        if refusal is not None or not isinstance(answer, Response):
            raise MonitorError(str(refusal))
        parsed = parse_answer(answer, doors)
    if not isinstance(parsed, ParsedFeed):
        raise MonitorError(why_no_feed(answer, parsed))
    checked = describe(answer, parsed)
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
        "entries": f"{checked.n_entries}, {checked.n_dated} of them with a date",
        "newest": checked.newest_at,
        "oldest": checked.oldest_at,
        "usual gap": f"{duration(checked.usual_gap_s)} between entries" if checked.usual_gap_s is not None else None,
        "validators": _validators(checked),
        "it asks for": "; ".join(_wishes(checked)),
    }


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

"""`monitor feeds`: which feeds are polled, and how polling them goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import utc_now
from monitor.cli import days
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import (
    brief,
    counted,
    cut,
    heading,
    note,
    number,
    print_fields,
    print_json,
    print_table,
    say,
    wide,
)
from monitor.config import Settings
from monitor.errors import ConfigError, UsageError
from monitor.fetch.opml import OpmlFeed, render_opml
from monitor.store import feeds, polls, source_days
from monitor.store.engine import Connection
from monitor.store.feeds import FeedRow, NewFeed
from monitor.sync import contact_problems, feed_address, new_feed, read_opml
from monitor.types import FeedId
from monitor.urls import masked

group = typer.Typer(
    help="Feeds: add, list, show, pause, resume, import, export.", no_args_is_help=True, rich_markup_mode=None
)

Which = Annotated[str, typer.Argument(metavar="FEED", help="Number or URL of a feed.")]


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="feeds")


@group.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The URL of the feed itself.")],
    title: Annotated[str, typer.Option(help="What to call it until it was polled.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given several times.")] = None,
    as_json: Json = False,
) -> None:
    """Poll a feed from now on."""
    settings = settings_of(context)
    feed = NewFeed(url=feed_address(url), title=title[:1000], tags=tuple(tag or ()))
    with current_store(settings) as store, store.begin() as conn:
        feed_id, is_new = _add(conn, feed, settings)
        _warn(conn, settings)
    if as_json:
        print_json({"id": feed_id, "url": masked(feed.url), "is_new": is_new})
    elif is_new:
        say(f"feed {feed_id} added; `monitor run` or `monitor once` polls it")
    else:
        say(f"feed {feed_id} is this one already")


def _add(conn: Connection, feed: NewFeed, settings: Settings) -> tuple[FeedId, bool]:
    return feeds.add_feed(conn, feed, now=utc_now(), interval_s=settings.fetch.default_interval_s)


def _warn(conn: Connection, settings: Settings) -> None:
    for problem in contact_problems(settings, feeds.n_hosts(conn)):
        note(problem)


@group.command(name="list")
def list_feeds(context: typer.Context, as_json: Json = False) -> None:
    """All feeds with the state of polling and of the last days."""
    first_on, last_on = days.window(utc_now(), days.N_LISTED)
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = feeds.list_feeds(conn)
        by_source = source_days.load_days(conn, first_on, last_on)
    if as_json:
        print_json([{**_described(row), "days": days.described(by_source.get(row.source_id, ()))} for row in rows])
        return
    print_table(
        [number("id"), cut("feed", 4), cut("source", 3), "state", number("entries"), number("good poll, UTC"),
         "last 7 days"],
        [(row.id, row.title or masked(row.url), row.source, row.state, row.n_entries, brief(row.last_good_poll_at),
          days.in_short(by_source.get(row.source_id, ()), last_on))
         for row in rows],
    )  # fmt: skip
    if not rows:
        note("no feeds yet: `monitor feeds add URL`, `monitor feeds import FILE.opml`, or list them in feeds.opml")


def _described(row: FeedRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in FeedRow.__dataclass_fields__}
    return {**values, "url": masked(row.url)}


@group.command()
def show(context: typer.Context, feed: Which, as_json: Json = False) -> None:
    """One feed, its last polls and its last days."""
    first_on, last_on = days.window(utc_now(), days.N_SHOWN)
    with current_store(settings_of(context)) as store, store.read() as conn:
        row = feeds.get_feed(conn, feed)
        lines = [dict(line) for line in polls.list_polls(conn, row.id)]
        watched = source_days.load_days(conn, first_on, last_on, [row.source_id]).get(row.source_id, [])
    if as_json:
        print_json({**_described(row), "polls": lines, "days": days.described(watched)})
        return
    print_fields({**_described(row), "tags": ", ".join(row.tags)})
    if lines:
        heading("last polls")
        print_table(
            ["at (UTC)", "outcome", number("HTTP"), number("entries"), number("new"), number("bytes"), wide("detail")],
            [tuple(line[name] for name in ("polled_at", "outcome", "status", "n_entries", "n_new", "n_bytes", "detail"))
             for line in lines],
        )  # fmt: skip
    if watched:
        heading(f"last days of {row.source}")
        print_table(days.COLUMNS, days.rows(watched))


@group.command()
def pause(context: typer.Context, feed: Which) -> None:
    """Do not poll a feed until it is resumed."""
    with current_store(settings_of(context)) as store, store.begin() as conn:
        row = _own(conn, feed)
        feeds.pause_feed(conn, row.id, because="paused by hand")
    say(f"feed {row.id} is paused")


@group.command()
def resume(context: typer.Context, feed: Which) -> None:
    """Poll a feed again, at once, also one that was given up."""
    with current_store(settings_of(context)) as store, store.begin() as conn:
        row = _own(conn, feed)
        feeds.resume_feed(conn, row.id, now=utc_now(), because="resumed by hand")
    say(f"feed {row.id} is polled again")


def _own(conn: Connection, feed: str) -> FeedRow:
    row = feeds.get_feed(conn, feed)
    if row.managed_by == "file":
        raise UsageError(f"feed {row.id} is managed by the file that files.feeds names (feeds.opml): change it there")
    return row


@group.command(name="import")
def import_opml(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="A list of feeds, as feed readers export it.")],
    as_json: Json = False,
) -> None:
    """Poll the feeds of an OPML file from now on.

    Its folders become tags; what cannot be polled is named and left out.
    """
    settings, refused, n_new, n_known = settings_of(context), list[str](), 0, 0
    rows = _opml_rows(file)
    with current_store(settings) as store, store.begin() as conn:
        for row in rows:
            try:
                _, is_new = _add(conn, new_feed(row, managed_by="user"), settings)
            except UsageError as error:
                refused.append(str(error))
                continue
            n_new, n_known = n_new + is_new, n_known + (not is_new)
        _warn(conn, settings)
    if as_json:
        print_json({"n_new": n_new, "n_known": n_known, "refused": refused})
        return
    say(f"{counted(n_new, 'feed')} added, {n_known} were there already, {len(refused)} refused")
    for sentence in refused:
        note(sentence)


def _opml_rows(file: Path) -> list[OpmlFeed]:
    try:
        return read_opml(file)
    except ConfigError as error:
        raise UsageError(str(error)) from None


@group.command()
def export(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.opml", help="Write here, not to stdout.")] = None,
) -> None:
    """Write all feeds as OPML, with their URLs in full.

    Keys and passwords in URLs are secrets: here they are not masked.
    """
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = feeds.list_feeds(conn)
    listed = [OpmlFeed(url=row.url, title=row.title, site_url=row.site_url, categories=row.tags) for row in rows]
    document = render_opml(sorted(listed, key=lambda feed: feed.categories[:1]))
    if out is None:
        typer.echo(document, nl=False)
        return
    out.write_bytes(document)
    say(f"{counted(len(rows), 'feed')} written to {out}")

"""`monitor feeds`: which feeds are polled, and how polling them goes."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.app import utc_now
from monitor.cli import days, feed_finding, feed_lists
from monitor.cli.feed_words import described, is_found_elsewhere, state_word, told, what_stays, why_not_polled
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import brief, cut, heading, note, number, print_fields, print_json, print_table, say, wide
from monitor.config import Settings
from monitor.errors import UsageError
from monitor.fetch.opml import category_path, tag_word
from monitor.store import feeds, polls, proposals, source_days
from monitor.store.engine import Connection
from monitor.store.feeds import Adding, FeedRow, NewFeed
from monitor.sync import contact_problems, feed_address
from monitor.urls import masked

group = typer.Typer(
    help="Feeds: add, discover, check, list, show, import, export.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Which = Annotated[str, typer.Argument(metavar="FEED", help="Number or URL of a feed.")]


def register(cli: typer.Typer) -> None:
    feed_finding.register(group)
    feed_lists.register(group)
    cli.add_typer(group, name="feeds")


@group.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The URL of the feed itself.")],
    title: Annotated[str, typer.Option(help="What to call it until it was polled.")] = "",
    category: Annotated[list[str] | None, typer.Option(help="A folder, as News/Europe; several times.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given several times.")] = None,
    every: Annotated[int | None, typer.Option(metavar="MINUTES", min=1, help="Poll it so often, always.")] = None,
    as_json: Json = False,
) -> None:
    """Poll a feed from now on."""
    settings = settings_of(context)
    feed = NewFeed(
        url=feed_address(url),
        title=title[:1000],
        categories=tuple(_category(text) for text in category or ()),
        tags=tuple(_tag(text) for text in tag or ()),
        wanted_interval_s=_interval_s(every, settings),
    )
    with current_store(settings) as store, store.begin() as conn:
        [added] = feeds.add_feeds(conn, [feed], now=utc_now(), interval_s=settings.fetch.default_interval_s)
        row = feeds.get_feed(conn, str(added.id))
        _warn(conn, settings)
    given = {"--title": title, "--category": category, "--tag": tag, "--every": every}
    if added.adding in {Adding.KNOWN, Adding.MOVED}:
        stays = what_stays(row, options=[name for name, value in given.items() if value])
        if stays is not None:
            note(stays)
    if as_json:
        is_new = added.adding is Adding.ADDED
        print_json({"id": added.id, "url": masked(feed.url), "is_new": is_new, "result": added.adding.value,
                    "state": row.state, "merged_into_id": row.merged_into_id,
                    "resembles": added.resembles})  # fmt: skip
        return
    why = why_not_polled(row)
    say(f"{_SAID[added.adding].format(added.id)}{f'; {why}' if why else ''}")
    if added.adding is Adding.ADDED and added.resembles is not None:
        note(f"probably the same as feed {added.resembles}; if it is, `monitor feeds remove {added.id}`")


_SAID = {
    Adding.ADDED: "feed {} added; `monitor run` or `monitor once` polls it",
    Adding.KNOWN: "feed {} is this one already",
    Adding.MOVED: "feed {} is this one already: it moved to that address",
    Adding.RESUMED: "feed {} had been removed and is polled again",
}


def _category(text: str) -> str:
    path = category_path(text)
    if not path or "," in text:
        raise UsageError(f'--category "{text}": a category has a name and no comma; give the option several times')
    return path


def _tag(text: str) -> str:
    if not tag_word(text) or "," in text or "/" in text:
        raise UsageError(f'--tag "{text}": a tag has neither comma nor slash; a folder is a --category')
    return tag_word(text)


def _interval_s(minutes: int | None, settings: Settings) -> int | None:
    if minutes is None:
        return None
    least_s, most_s = settings.fetch.min_interval_s, 30 * 86_400
    if not least_s <= minutes * 60 <= most_s:
        raise UsageError(
            f"--every {minutes}: a feed is polled every {-(-least_s // 60)} (fetch.min_interval_s) "
            f"to {most_s // 60} minutes"
        )
    return minutes * 60


def _warn(conn: Connection, settings: Settings) -> None:
    for problem in contact_problems(settings, feeds.n_hosts(conn)):
        note(problem)


@group.command(name="list")
def list_feeds(
    context: typer.Context,
    with_removed: Annotated[bool, typer.Option("--all", help="Also those that were removed.")] = False,
    as_json: Json = False,
) -> None:
    """The feeds with the state of polling and of the last days."""
    first_on, last_on = days.window(utc_now(), days.N_LISTED)
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = feeds.list_all_feeds(conn) if with_removed else feeds.list_feeds(conn)
        by_source = source_days.load_days(conn, first_on, last_on)
    if as_json:
        print_json([{**described(row), "days": days.described(by_source.get(row.source_id, ()))} for row in rows])
        return
    print_table(
        [number("id"), cut("feed", 4), cut("source", 3), "state", number("entries"), number("good poll, UTC"),
         "last 7 days"],
        [(row.id, row.title or masked(row.url), row.source, state_word(row), row.n_entries,
          brief(row.last_good_poll_at), days.in_short(by_source.get(row.source_id, ()), last_on))
         for row in rows],
    )  # fmt: skip
    if any(is_found_elsewhere(row) for row in rows):
        note("* found at another address: `monitor feeds show FEED` tells where")
    if not rows:
        note("no feeds yet: `monitor feeds add URL`, `monitor feeds import FILE.opml`, or list them in feeds.opml")


@group.command()
def show(context: typer.Context, feed: Which, as_json: Json = False) -> None:
    """One feed, its last polls and its last days."""
    first_on, last_on = days.window(utc_now(), days.N_SHOWN)
    with current_store(settings_of(context)) as store, store.read() as conn:
        row = feeds.get_feed(conn, feed)
        lines = [dict(line) for line in polls.list_polls(conn, row.id)]
        watched = source_days.load_days(conn, first_on, last_on, [row.source_id]).get(row.source_id, [])
    if as_json:
        print_json({**described(row), "polls": lines, "days": days.described(watched)})
        return
    print_fields(told(row))
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
def adopt(context: typer.Context, feed: Which) -> None:
    """Poll a feed from now on where it was found again.

    Its entries, its title and the address it is known by stay.
    """
    with current_store(settings_of(context)) as store, store.begin() as conn:
        row = feeds.get_feed(conn, feed)
        address = proposals.adopt(conn, row.id, now=utc_now())
    say(f"feed {row.id} is polled at {masked(address)} from now on")


@group.command()
def remove(context: typer.Context, feed: Which) -> None:
    """Neither poll nor list a feed any more.

    Its entries and articles stay; adding its URL again takes it up.
    """
    with current_store(settings_of(context)) as store, store.begin() as conn:
        row = _own(conn, feed)
        feeds.remove_feed(conn, row.id, because="removed by hand")
    say(f"feed {row.id} is removed; `monitor feeds list --all` still shows it")


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
    if row.state == feeds.GIVEN:
        raise UsageError(f"feed {row.id} holds what `monitor ingest` was given; it is never polled")
    if row.managed_by == "file":
        raise UsageError(f"feed {row.id} is managed by the file that files.feeds names (feeds.opml): change it there")
    return row

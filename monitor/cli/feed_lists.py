"""`monitor feeds import` and `export`: feed lists of other readers, taken in and given out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import utc_now
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import counted, note, print_json, print_table, say, wide
from monitor.errors import ConfigError, UsageError
from monitor.fetch.opml import OpmlFeed, joined, render_opml
from monitor.store import feeds
from monitor.store.feeds import AddedFeed, Adding, NewFeed
from monitor.sync import contact_problems, new_feed, opml_feed, read_opml
from monitor.text.durations import every
from monitor.urls import masked

_REFUSED, _REPEATED = "refused", "repeated"


def register(group: typer.Typer) -> None:
    group.command(name="import")(import_opml)
    group.command()(export)


def import_opml(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="A list of feeds, as feed readers export it.")],
    as_json: Json = False,
) -> None:
    """Poll the feeds of an OPML file from now on.

    Tells what became of each row. Its folders become categories; what cannot be polled is named and left out, what is
    there already stays as it is.
    """
    settings, rows = settings_of(context), _opml_rows(file)
    listed = joined(rows)
    judged = [_feed_or_refusal(feed, settings.fetch.min_interval_s) for feed in listed]
    wanted = [one for one in judged if isinstance(one, NewFeed)]
    with current_store(settings) as store, store.begin() as conn:
        added = iter(feeds.add_feeds(conn, wanted, now=utc_now(), interval_s=settings.fetch.default_interval_s))
        by_url = {
            row.url: _told(row, one, next(added)) if isinstance(one, NewFeed) else _told_refusal(row, one)
            for row, one in zip(listed, judged, strict=True)
        }
        problems = contact_problems(settings, feeds.n_hosts(conn))
    for problem in problems:
        note(problem)
    results = list(_each_row(rows, by_url))
    n = {result: sum(one["result"] == result for one in results) for result in (*Adding, _REPEATED, _REFUSED)}
    n_known = n[Adding.KNOWN] + n[Adding.MOVED]
    if as_json:
        refused = [one["detail"] for one in results if one["result"] == _REFUSED]
        print_json({"n_new": n[Adding.ADDED], "n_known": n_known, "n_resumed": n[Adding.RESUMED],
                    "n_repeated": n[_REPEATED], "refused": refused, "rows": results})  # fmt: skip
        return
    print_table(
        [wide("address"), wide("result")], [(one["url"] or one["title"] or "-", one["detail"]) for one in results]
    )
    again = f", {n[Adding.RESUMED]} polled again" if n[Adding.RESUMED] else ""
    twice = f", {n[_REPEATED]} listed twice" if n[_REPEATED] else ""
    were = f"{n_known} {'was' if n_known == 1 else 'were'} there already"
    say(f"{counted(n[Adding.ADDED], 'feed')} added, {were}{again}{twice}, {n[_REFUSED]} refused")


def _each_row(rows: Iterable[OpmlFeed], by_url: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What became of every row as it stands: the first one of an address tells of the feed, later ones refer to it."""
    seen: set[str] = set()
    for row in rows:
        if not row.url:
            yield _told_refusal(row, "it has no address (xmlUrl)")
        elif row.url not in seen:
            seen.add(row.url)
            yield by_url[row.url]
        else:
            first = by_url[row.url]
            above = f"as feed {first['id']} above" if first["id"] else "refused above"
            yield {**first, "title": row.title, "result": _REPEATED, "detail": f"listed twice: {above}"}


def _opml_rows(file: Path) -> list[OpmlFeed]:
    try:
        return read_opml(file)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _feed_or_refusal(row: OpmlFeed, min_interval_s: int) -> NewFeed | str:
    try:
        return new_feed(row, managed_by="user", min_interval_s=min_interval_s)
    except UsageError as error:
        return str(error)


def _told_refusal(row: OpmlFeed, sentence: str) -> dict[str, Any]:
    return {"url": masked(row.url), "title": row.title, "result": _REFUSED, "id": None, "resembles": None,
            "detail": f"refused: {sentence}"}  # fmt: skip


def _told(row: OpmlFeed, feed: NewFeed, added: AddedFeed) -> dict[str, Any]:
    detail = words_of(added)
    if added.adding is Adding.ADDED and feed.wanted_interval_s and feed.wanted_interval_s != row.interval_s:
        wanted = every(row.interval_s or 0)
        detail = f"{detail}; polled {every(feed.wanted_interval_s)} (fetch.min_interval_s), not {wanted}"
    return {"url": masked(added.url), "title": row.title, "result": added.adding.value, "id": added.id,
            "resembles": added.resembles, "detail": detail}  # fmt: skip


def words_of(added: AddedFeed) -> str:
    """What became of a feed that somebody wanted to add."""
    words = {
        Adding.ADDED: f"added as feed {added.id}",
        Adding.KNOWN: f"there already: feed {added.id}",
        Adding.MOVED: f"there already: feed {added.id}, which moved to this address",
        Adding.RESUMED: f"polled again: feed {added.id}, which had been removed",
    }[added.adding]
    if added.adding is Adding.ADDED and added.resembles is not None:
        return f"{words}; probably the same as feed {added.resembles}"
    return words


def export(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.opml", help="Write here, not to stdout.")] = None,
) -> None:
    """Write all feeds as OPML, with their URLs in full.

    Keys and passwords in URLs are secrets: here they are not masked.
    """
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = feeds.list_feeds(conn)
    listed = [opml_feed(row) for row in rows]
    document = render_opml(sorted(listed, key=lambda feed: feed.categories[:1]))
    if out is None:
        typer.echo(document, nl=False)
        return
    out.write_bytes(document)
    say(f"{counted(len(rows), 'feed')} written to {out}")

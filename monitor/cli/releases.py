"""`monitor releases`: texts of one's own, for instance press releases, and who picked them up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import utc_now
from monitor.cli.inputs import read_document
from monitor.cli.inspection import in_worker
from monitor.cli.invocation import Json, current_store, current_user, settings_of
from monitor.cli.output import brief, counted, cut, heading, number, print_fields, print_json, print_table, say
from monitor.config import Settings
from monitor.errors import MonitorError, UsageError
from monitor.extract.given import article_from_document
from monitor.extract.holding import ACCEPT
from monitor.extract.page import warm_up
from monitor.fetch.failures import explain_failure
from monitor.query.forms import forms_of
from monitor.store import releases
from monitor.store.given_texts import GivenArticle
from monitor.store.releases import Release, Taken
from monitor.text.normalise import clean_line
from monitor.types import DateOrigin, ExtractedArticle, Precision, Reason

MAX_NAME_CHARS = 300
FIRST_YEAR = 1990
"""As of all dates that are believed."""
MIN_WORDS = 30
"""Of shorter texts copies are known by their titles alone, and a registered text has no title that others print."""

group = typer.Typer(
    help="Register texts of one's own and see who picked them up.", no_args_is_help=True, rich_markup_mode=None
)
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of a registered text.")]


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="releases")


@group.command()
def add(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help='A plain text or HTML file; "-" for standard input.')],
    title: Annotated[str, typer.Option("--title", help="Its headline, instead of the one in the file.")] = "",
    name: Annotated[str, typer.Option("--name", help="What it is called here, instead of its headline.")] = "",
    date: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="When it was handed out (UTC)."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who registers it, instead of the user of this machine.")] = "",
    as_json: Json = False,
) -> None:
    """Register a text.

    Its copies and rewrites are found among the articles of the last `stories.duplicates_days` days, and among later
    ones for as long. Without a date it counts as older than all of these.
    """
    settings, now = settings_of(context), utc_now()
    handed_out_at = None if date is None else date.replace(tzinfo=UTC)
    if handed_out_at is not None and handed_out_at > now:
        raise UsageError(f"--date {date:%Y-%m-%d %H:%M} lies ahead; a text is registered once it is handed out")
    if handed_out_at is not None and handed_out_at.year < FIRST_YEAR:
        raise UsageError(f"--date {date:%Y-%m-%d} is before {FIRST_YEAR}; leave it out where nobody knows it")
    given = _given(_read(file, settings), title=title, handed_out_at=handed_out_at)
    called = clean_line(name or given.article.title or Path(file).name)[:MAX_NAME_CHARS]
    with current_store(settings) as store, store.begin() as conn:
        release_id, is_new = releases.add_release(
            conn,
            given,
            name=called,
            who=clean_line(who or current_user())[:200],
            window=timedelta(days=settings.stories.duplicates_days),
            now=now,
        )
    if as_json:
        print_json({"id": release_id, "name": called, "is_new": is_new, "n_words": given.article.n_words})
    elif is_new:
        say(f"registered as {release_id}; the daemon, or `monitor once`, compares it with what is stored")
    else:
        say(f"this text is registered already, as {release_id}")


def _read(file: str, settings: Settings) -> ExtractedArticle:
    document = read_document(file, settings, accept=ACCEPT, max_bytes=settings.http.page_max_bytes)
    article = in_worker(
        article_from_document,
        (document.body, document.url, document.content_type, document.status),
        settings=settings,
        deadline_s=settings.extract.deadline_s,
        warm=warm_up,
    )
    if article is Reason.EMPTY:
        raise MonitorError(f"{file} is empty")
    if article is Reason.NOT_HTML:
        raise MonitorError(f"{file} is neither a web page nor a plain text in UTF-8")
    if isinstance(article, Reason):
        raise MonitorError(f"{file} holds no text that can be read: {explain_failure(article, None)}")
    if article.n_words < MIN_WORDS:
        raise UsageError(f"{file} has {counted(article.n_words, 'word')}; copies are told from {MIN_WORDS} words on")
    return article


def _given(article: ExtractedArticle, *, title: str, handed_out_at: datetime | None) -> GivenArticle:
    """The text with what the caller says of it; a date that the file itself shows is not believed."""
    has_date = handed_out_at is not None
    told = replace(
        article,
        title=clean_line(title) or article.title,
        published_at=handed_out_at,
        precision=Precision.MINUTE if has_date else Precision.UNKNOWN,
        date_origin=DateOrigin.GIVEN if has_date else DateOrigin.FIRST_SEEN,
    )
    return GivenArticle(article=told, forms=forms_of(told.title, told.text))


@group.command(name="list")
def list_registered(context: typer.Context, as_json: Json = False) -> None:
    """Registered texts, the newest first."""
    with current_store(settings_of(context)) as store, store.read() as conn:
        found = releases.list_releases(conn)
        n_taken = {one.id: len(releases.load_pickup(conn, one.id)) for one in found}
    if as_json:
        print_json([{**asdict(one), "n_taken": n_taken[one.id]} for one in found])
        return
    print_table(
        [number("id"), cut("name"), number("date (UTC)"), number("words"), number("picked up"), "by"],
        [(one.id, one.name, brief(one.published_at), one.n_words, n_taken[one.id] if one.is_compared else "soon",
          one.who) for one in found],
    )  # fmt: skip
    if not found:
        say("no text is registered; `monitor releases add FILE` does")


@group.command()
def show(context: typer.Context, release_id: Id, as_json: Json = False) -> None:
    """Show who picked up a registered text.

    Its copies and rewrites, by outlet, and how much of it they have.
    """
    with current_store(settings_of(context)) as store, store.read() as conn:
        release = releases.get_release(conn, release_id)
        pickup = releases.load_pickup(conn, release.id)
    if as_json:
        print_json(
            {**asdict(release), "families": _families(pickup), "pickup": [_described(taken) for taken in pickup]}
        )
        return
    print_fields(
        {
            "id": release.id,
            "name": release.name,
            "title": release.title,
            "date": release.published_at or "not told",
            "words": release.n_words,
            "registered": f"{release.added_at:%Y-%m-%d %H:%M} UTC by {release.who}",
            "compared": "yes" if release.is_compared else "not yet; `monitor run` or `monitor once` does",
        }
    )
    if not pickup:
        say("nobody picked it up")
        return
    families = _families(pickup)
    heading(
        f"{counted(len(pickup), 'article')} of {len(families)} publisher famil{'y' if len(families) == 1 else 'ies'}"
    )
    print_table(
        [cut("family"), number("articles"), number("copies"), number("most taken"), number("first (UTC)")],
        [(one["family"], one["n_articles"], one["n_copies"], one["share_taken"], brief(one["first_at"]))
         for one in families],
    )  # fmt: skip
    heading("articles")
    print_table(
        [number("id"), number("appeared"), cut("outlet"), "kind", number("contained"), number("taken"), cut("title")],
        [(one.article.id, brief(one.article.appeared_at), one.article.source, _kind(one), one.containment,
          one.share_taken, one.article.title) for one in pickup],
    )  # fmt: skip


def _kind(taken: Taken) -> str:
    return "rewrite" if taken.kind == "rewrite" else "copy"


def _families(pickup: Sequence[Taken]) -> list[dict[str, Any]]:
    """The pick-up by publisher family, who was first comes first."""
    by_family: defaultdict[str, list[Taken]] = defaultdict(list)
    for taken in pickup:
        by_family[taken.article.family].append(taken)
    return [
        {
            "family": family,
            "n_articles": len(some),
            "n_copies": sum(_kind(one) == "copy" for one in some),
            "share_taken": max(one.share_taken for one in some),
            "first_at": some[0].article.appeared_at,
        }
        for family, some in by_family.items()
    ]


def _described(taken: Taken) -> dict[str, Any]:
    article = taken.article
    return {
        "id": article.id,
        "outlet": article.source,
        "family": article.family,
        "title": article.title,
        "url": article.url,
        "appeared_at": article.appeared_at,
        "kind": _kind(taken),
        "containment": taken.containment,
        "share_taken": taken.share_taken,
    }


@group.command()
def remove(context: typer.Context, release_id: Id, as_json: Json = False) -> None:
    """Let a text be registered no more.

    The articles that picked it up stay.
    """
    with current_store(settings_of(context)) as store, store.begin() as conn:
        release: Release = releases.remove_release(conn, release_id, utc_now())
    if as_json:
        print_json({"id": release.id, "name": release.name, "removed": True})
    else:
        say(f"{release.name} is registered no more")

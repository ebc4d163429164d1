"""`monitor articles merge` and `monitor articles erase`: what ends an article."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

import monitor.digest.stage
from monitor.app import utc_now
from monitor.cli.articles import group
from monitor.cli.invocation import Json, current_app, current_store, settings_of
from monitor.cli.output import counted, note, number, print_json, print_table, say, wide
from monitor.errors import StoreError, UsageError
from monitor.store import articles, erasing, merging
from monitor.store.engine import Connection, forget_deleted
from monitor.store.erasing import Erased, Order

_N_LISTED = 20


def register(_cli: typer.Typer) -> None:
    group.command()(merge)
    group.command()(erase)


def merge(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="Number or URL of the article that goes.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="Number or URL of the one that it is part of then.")],
    because: Annotated[str, typer.Option(help="Why they are one.")] = "somebody said that they are one",
    as_json: Json = False,
) -> None:
    """Make one article of two.

    Sightings, revisions and links go over, and the old number leads to the other for ever.
    """
    with current_store(settings_of(context)) as store, store.begin() as conn:
        first, second = articles.get_article(conn, old), articles.get_article(conn, into)
        if first.id == second.id and old != into:
            raise UsageError(f"{old} and {into} are article {first.id} both: there is nothing to merge")
        merging.merge_articles(conn, first.id, second.id, because=because, now=utc_now())
    if as_json:
        print_json({"old_id": first.id, "id": second.id})
    else:
        say(f"article {first.id} is part of article {second.id} now")


def erase(
    context: typer.Context,
    because: Annotated[str, typer.Option(help="Why: kept for good, so without a word of the content.")],
    which: Annotated[list[str] | None, typer.Argument(metavar="[ID|URL]...", help="Articles, one or more.")] = None,
    author: Annotated[str | None, typer.Option(help="All articles that name this author, and all to come.")] = None,
    source: Annotated[str | None, typer.Option(help="All articles of this registered domain, and all to come.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Erase articles for good, and what digests told of them.

    Their texts, revisions, pages, links, hits and entries go.

    They do not come back with their feeds. Nothing can undo it.
    """
    if sum(given not in (None, []) for given in (which, author, source)) != 1:
        raise UsageError("name articles, or --author NAME, or --source DOMAIN: one of the three")
    settings = settings_of(context)
    with current_store(settings) as store, store.read() as conn:
        ids = tuple(articles.get_article(conn, name).id for name in which or ())
        order = Order(article_ids=ids, author=author, source=source, who=who_am_i(), because=because)
        planned = erasing.describe(conn, order)
        listed = _listed(conn, planned)
    if not as_json:
        print_table([number("id"), "source", wide("title")], listed[:_N_LISTED])
    if dry_run:
        _tell(planned, as_json=as_json, is_done=False)
        return
    if not yes:
        note(_sentence(planned, "would be erased for good"))
        typer.confirm("Erase?", abort=True, err=True)
    with current_app(settings) as app:
        with app.store.begin() as conn:
            erased = erasing.erase(conn, order, app.clock())
            monitor.digest.stage.render_again(app, conn, erased.digest_ids)
        _tell(erased, as_json=as_json, is_done=True)
        try:
            if not forget_deleted(app.store):
                note("the server keeps the space of deleted rows until it vacuums: `VACUUM FULL` takes the rest away")
        except StoreError as error:
            note(str(error))
    note("mails that were sent, files in mail.folder, logs and backups may hold it still")


def who_am_i() -> str:
    """The user of this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"


def _listed(conn: Connection, planned: Erased) -> list[tuple[Any, ...]]:
    found = articles.load_articles(conn, planned.article_ids[:_N_LISTED])
    return [(one.id, one.source, one.title) for one in found.values()]


def _tell(erased: Erased, *, as_json: bool, is_done: bool) -> None:
    if as_json:
        print_json({"is_done": is_done, **{name: getattr(erased, name) for name in Erased.__dataclass_fields__}})
        return
    say(_sentence(erased, "erased" if is_done else "would be erased"))
    if erased.n_copies_left:
        note(f"{counted(erased.n_copies_left, 'article')} elsewhere repeat the text or have it first")


def _sentence(erased: Erased, what: str) -> str:
    counts = (
        (len(erased.article_ids), "article"),
        (erased.n_revisions, "revision"),
        (erased.n_pages, "page"),
        (erased.n_entries, "entry"),
        (erased.n_stories, "story"),
    )
    told = f"; {counted(len(erased.digest_ids), 'digest')} made again without them" if erased.digest_ids else ""
    return f"{', '.join(counted(n, noun) for n, noun in counts)} {what}{told}"

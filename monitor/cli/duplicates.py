"""`monitor duplicates`: the copy group of an article, and comparing the articles of the window again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.progress import Progress as Bar

import monitor.dedup.stage
from monitor import recomparison
from monitor.app import App
from monitor.cli.invocation import Json, current_app, current_store, settings_of
from monitor.cli.logs import log_to_stderr
from monitor.cli.output import (
    brief,
    counted,
    cut,
    err,
    heading,
    note,
    number,
    print_fields,
    print_json,
    print_table,
    say,
)
from monitor.dedup.fingerprint import SCHEME
from monitor.store import articles, copy_groups, recomparing
from monitor.store.copy_groups import CopyGroup
from monitor.urls import masked

group = typer.Typer(
    help="Copies of one text, and comparing articles again.", no_args_is_help=True, rich_markup_mode=None
)


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="duplicates")


@group.command()
def show(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="ARTICLE", help="Number or URL of an article.")],
    as_json: Json = False,
) -> None:
    """Show an article's copy group, by when each appeared."""
    with current_store(settings_of(context)) as store, store.read() as conn:
        article = articles.get_article(conn, which)
        found = copy_groups.load_copy_group(conn, article.id)
    if as_json:
        print_json(_described(found))
        return
    original = found.original
    print_fields(
        {
            "original": original.id,
            "title": original.title,
            "source": original.source,
            "url": masked(original.url),
            "appeared": original.appeared_at,
            "registered": "yes, with `monitor releases`" if found.is_release else None,
        }
    )
    if not found.copies:
        say("it has no copies")
        return
    heading(counted(len(found.copies), "copy"))
    print_table(
        [number("id"), number("appeared"), cut("source"), "kind", number("contained"), "order", cut("title", 2)],
        [(one.article.id, brief(one.article.appeared_at), one.article.source, one.kind, one.containment,
          "certain" if one.is_order_certain else "likely", one.article.title) for one in found.copies],
    )  # fmt: skip


def _described(found: CopyGroup) -> dict[str, Any]:
    def told(article: Any) -> dict[str, Any]:
        names = ("id", "title", "source", "family", "appeared_at", "first_seen_at")
        return {**{name: getattr(article, name) for name in names}, "url": masked(article.url)}

    scores = ("kind", "containment", "jaccard", "scheme", "is_order_certain")
    return {
        "original": {**told(found.original), "is_release": found.is_release},
        "copies": [{**told(one.article), **{name: getattr(one, name) for name in scores}} for one in found.copies],
    }


@group.command()
def rebuild(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d"],
            help="Articles first seen on that day (UTC) or later; else the window.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the window again by the rules of today.

    Links are added and copy groups derived anew; nothing is deleted. The daemon may go on meanwhile. Interrupted, it is
    gone on with by the daemon, and by the next call without --since.
    """
    settings = settings_of(context)
    log_to_stderr("error", settings.log.format)
    with current_app(settings) as app:
        n_left = _begin(app, since)
        n_done, is_stopped = _work(app, n_left)
    if as_json:
        print_json({"n_compared": n_done, "scheme": SCHEME, "stopped": is_stopped})
        return
    say(f"{counted(n_done, 'article')} compared by scheme {SCHEME}")
    if is_stopped:
        say("stopped; the daemon goes on with the rest, and so does `monitor duplicates rebuild`")


def _begin(app: App, since: datetime | None) -> int:
    """How many articles are to be compared; an interrupted call is gone on with where no day is named."""
    now = app.clock()
    start = now - timedelta(days=app.settings.stories.duplicates_days)
    with app.store.begin() as conn:
        left = recomparing.find(conn)
        if left is not None and since is None:
            note("an earlier call is not done; going on with it")
        else:
            recomparing.begin(conn, since=start if since is None else since.replace(tzinfo=UTC), is_of_all=True)
            left = recomparing.find(conn)
        return 0 if left is None else recomparing.count_left(conn, left, SCHEME)


def _work(app: App, n_left: int) -> tuple[int, bool]:
    """Mark and compare until nothing is left, with a bar; Ctrl-C ends it after the batch at hand."""
    n_done = 0
    with Bar(console=err(), transient=True, disable=not err().is_terminal) as bar:
        task = bar.add_task("comparing articles", total=n_left)
        try:
            while True:
                n_marked = recomparison.mark_portion(app)
                n_compared = monitor.dedup.stage.run(app).n_done
                n_done += n_compared
                bar.advance(task, n_compared)
                if not n_marked and not n_compared:
                    return n_done, False
        except KeyboardInterrupt:
            app.stop.set()
            return n_done, True

"""`monitor stories rebuild`: the stored arrivals decided once more by today's scheme, beside the stored stories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.progress import Progress as Bar

from monitor.app import App
from monitor.cli.correcting import Who, name_of
from monitor.cli.invocation import Json, current_app, settings_of
from monitor.cli.output import counted, cut, err, heading, note, number, print_json, print_table, say
from monitor.cli.stories import group
from monitor.errors import UsageError
from monitor.rebuilding import Rebuilt, rebuild
from monitor.store import articles, stories
from monitor.types import Article, ArticleId

N_SHOWN = 50
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing was put into stories before."""


def register(_cli: typer.Typer) -> None:
    group.command("rebuild")(rebuild_stories)


def rebuild_stories(
    context: typer.Context,
    since: Annotated[
        datetime,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Articles put into stories on that day (UTC) or later."),
    ],
    language: Annotated[str | None, typer.Option("--language", help="Only this one, as en.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write it; else only show it.")] = False,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Decide stories anew with today's scheme, and show the difference.

    Nothing changes without --apply.

    What people decided holds. Applied, it is one log entry, which `stories undo` takes back.
    """
    by, start = name_of(who), max(since.replace(tzinfo=UTC), EARLIEST)
    with current_app(settings_of(context)) as app:
        done = [_rebuild(app, one, start, by if apply else None) for one in _languages(app, language)]
        with app.store.read() as conn:
            moved = [one for each in done for one in each.difference.placed]
            titles = articles.load_articles(conn, moved)
    if as_json:
        print_json([_described(each) for each in done])
        return
    print_table(
        ["lang", *map(number, ("articles", "unchanged", "changed", "merged", "split", "new", "moved"))],
        [(each.language, each.n_articles, *_figures(each).values()) for each in done],
    )
    _show_moves(done, titles)
    _tell(done, is_applied=apply)


def _languages(app: App, language: str | None) -> list[str]:
    with app.store.read() as conn:
        known = stories.list_languages(conn)
    if language is not None and language not in known:
        told = f"there are {', '.join(known)}" if known else "there are none yet"
        raise UsageError(f"no stories of language {language!r}; {told}")
    return known if language is None else [language]


def _rebuild(app: App, language: str, since: datetime, who: str | None) -> Rebuilt:
    with Bar(console=err(), transient=True, disable=not err().is_terminal) as bar:
        task = bar.add_task(f"deciding stories, {language}", total=None)
        return rebuild(app, language, since, who=who, tell=lambda n, n_all: bar.update(task, completed=n, total=n_all))


def _figures(each: Rebuilt) -> dict[str, int]:
    difference = each.difference
    return {
        "n_unchanged": difference.n_unchanged,
        "n_changed": len(difference.changed),
        "n_merged": len(difference.merged),
        "n_split": len(difference.split),
        "n_new": difference.n_new,
        "n_moved": len(difference.placed),
    }


def _described(each: Rebuilt) -> dict[str, Any]:
    return {
        "language": each.language,
        "n_articles": each.n_articles,
        **_figures(each),
        "changed": list(each.difference.changed),
        "merged": list(each.difference.merged),
        "split": list(each.difference.split),
        "moved": [
            {
                "article_id": one,
                "from": each.difference.left[one],
                "to": to if to > 0 else None,
                "to_new": -to if to < 0 else None,
            }
            for one, to in each.difference.placed.items()
        ],
        "log_id": each.applied_as,
    }


def _show_moves(done: list[Rebuilt], titles: Mapping[ArticleId, Article]) -> None:
    rows = [
        (one, titles[one].title if one in titles else "-", each.difference.left[one], to if to > 0 else f"new {-to}")
        for each in done
        for one, to in each.difference.placed.items()
    ]
    if not rows:
        return
    heading("articles that change places")
    print_table([number("id"), cut("article"), number("from"), number("to")], rows[:N_SHOWN])
    if len(rows) > N_SHOWN:
        note(f"{N_SHOWN} of {counted(len(rows), 'article')}; --json lists all")


def _tell(done: list[Rebuilt], *, is_applied: bool) -> None:
    if not is_applied:
        say("nothing was changed; --apply does it" if any(each.difference.placed for each in done)
            else "the stories are what they would be")  # fmt: skip
        return
    entries = [each.applied_as for each in done if each.applied_as is not None]
    for log_id in entries:
        say(f"applied as log entry {log_id}; `monitor stories undo {log_id}` takes it back")
    if not entries:
        say("the stories are what they were")

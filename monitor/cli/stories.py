"""`monitor stories`: which events were reported, by whom, and how often independently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import (
    brief,
    counted,
    cut,
    heading,
    note,
    number,
    plain,
    print_fields,
    print_json,
    print_table,
    wide,
)
from monitor.cli.spreading import spread
from monitor.store import stories, story_groups
from monitor.types import Story, StoryMember
from monitor.urls import masked

group = typer.Typer(help="Stories: list, show, correct, rebuild.", no_args_is_help=True, rich_markup_mode=None)

N_SHOWN = 50
_FIGURES = ("first_seen_at", "last_seen_at", "n_articles", "n_publishers", "n_independent", "n_copies")
_KNOWN_BY = ("first_publisher", "articles_per_hour", "representative_id", "key_terms", "key_names")
_LISTED = ("id", "title", *_FIGURES, "languages", "state")
_SHOWN = ("id", "title", "lead", *_FIGURES, *_KNOWN_BY)
_HOUR = ("hour_at", "n_articles", "n_copies", "n_publishers", "n_voices")
_MEMBER = ("id", "title", "source", "url", "published_at", "language", "duplicate_of", "duplicate_kind", "rewrite_of",
           "retracted_at")  # fmt: skip


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="stories")


@group.command(name="list")
def list_stories(
    context: typer.Context,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many, newest first; {N_SHOWN} in a table, all with --json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Stories, newest first."""
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = stories.list_stories(conn, limit or (None if as_json else N_SHOWN))
        n_stories = stories.count_stories(conn)
    if as_json:
        print_json([{name: row[name] for name in _LISTED} for row in rows])
        return
    figures = [number(title) for title in ("art", "pub", "indep", "copies")]
    print_table([number("id"), cut("story"), "lang", *figures, number("last, UTC")], [_row(row) for row in rows])
    if len(rows) < n_stories:
        note(f"{len(rows)} of {counted(n_stories, 'story')}; --limit shows more")
    elif not rows:
        note("no stories yet: `monitor once` polls, reads and clusters what is due")


def _row(row: Mapping[str, Any]) -> tuple[object, ...]:
    figures = (row[name] for name in ("n_articles", "n_publishers", "n_independent", "n_copies"))
    return (row["id"], row["title"], " ".join(row["languages"]), *figures, brief(row["last_seen_at"]))


@group.command()
def show(
    context: typer.Context,
    story: Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of a story, also of one that was merged.")],
    as_json: Json = False,
) -> None:
    """One story with its articles, the earliest first."""
    with current_store(settings_of(context)) as store, store.read() as conn:
        found = stories.get_story(conn, story)
        described = {**_described(found), "locked": stories.is_locked(conn, found.id)}
        hours = stories.load_hours(conn, found.id)
        group = [one for one in story_groups.load_group(conn, found.id) if one.story_id != found.id]
    if as_json:
        print_json(
            {
                **described,
                "hours": [{name: getattr(hour, name) for name in _HOUR} for hour in hours],
                "articles": [_member(member) for member in found.members],
                "in_other_languages": plain(group),
            }
        )
        return
    print_fields({**_readable(described), "spread": spread(hours)})
    heading("articles")
    print_table(
        [number("id"), number("at, UTC"), wide("source", 2), wide("title", 4), wide("relation", 2)],
        [(one.id, brief(one.published_at or one.first_seen_at), one.source, one.title, _relation(one))
         for one in found.members],
    )  # fmt: skip
    if group:
        heading("the same event in other languages")
        print_table(
            [number("story"), "lang", wide("title"), number("nearness")],
            [(one.story_id, one.language, one.title, f"{one.score:.2f}") for one in group],
        )


def _described(story: Story) -> dict[str, Any]:
    return {
        **{name: getattr(story, name) for name in _SHOWN},
        "languages": sorted({member.language for member in story.members}),
        "state": "open" if story.is_open else "closed",
    }


def _readable(described: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a story for people: what it is about before its figures."""
    known_by = {name: ", ".join(described[name]) for name in ("key_names", "key_terms")}
    head = {name: described[name] for name in ("id", "title", "lead")}
    rest = {name: value for name, value in described.items() if name not in head.keys() | known_by.keys()}
    changed = {"languages": " ".join(described["languages"]), "locked": described["locked"] or None}
    return {**head, **known_by, **rest, **changed}


def _member(member: StoryMember) -> dict[str, Any]:
    return {**{name: getattr(member, name) for name in _MEMBER}, "url": masked(member.url)}


def _relation(member: StoryMember) -> str:
    if member.duplicate_of is not None:
        relation = f"{member.duplicate_kind} copy of {member.duplicate_of}"
    else:
        relation = "" if member.rewrite_of is None else f"rewrite of {member.rewrite_of}"
    return ", ".join(filter(None, (relation, "retracted" if member.retracted_at else "")))

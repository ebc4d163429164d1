"""`monitor articles`: what is stored of an article."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from monitor.cli import article_work, learned
from monitor.cli.differing import Revision, choose_pairs, described_difference, print_difference
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import (
    brief,
    counted,
    cut,
    heading,
    note,
    number,
    out,
    print_fields,
    print_json,
    print_table,
    print_text,
    wide,
)
from monitor.errors import UsageError
from monitor.store import articles, duplicates, entries
from monitor.store.engine import Connection
from monitor.store.stories import find_story_of
from monitor.types import Article
from monitor.urls import masked

group = typer.Typer(
    help="Articles: show, requeue, read again, merge, erase.", no_args_is_help=True, rich_markup_mode=None
)

_DETAILS = (
    "published_at", "published_precision", "published_origin", "first_seen_at", "not_seen_before_at",
    "arrival_no", "language", "language_declared", "language_detected", "access", "method", "n_words",
    "section", "dateline", "credit", "agency", "origin", "state", "reason", "detail", "retracted_at",
)  # fmt: skip


def register(cli: typer.Typer) -> None:
    article_work.register(group)
    learned.register(group)
    cli.add_typer(group, name="articles")


@group.command()
def show(
    context: typer.Context,
    article: Annotated[str, typer.Argument(metavar="ID", help="Number or any URL of an article.")],
    diff: Annotated[bool, typer.Option("--diff", help="Instead: what its revisions changed, newest first.")] = False,
    from_no: Annotated[
        int | None, typer.Option("--from", metavar="N", min=1, help="With --diff: against this revision.")
    ] = None,
    to_no: Annotated[
        int | None, typer.Option("--to", metavar="M", min=1, help="With --diff: of this revision.")
    ] = None,
    as_json: Json = False,
) -> None:
    """One article: revisions, duplicates, text; or what changed."""
    if not diff and (from_no or to_no):
        raise UsageError("--from and --to choose what --diff compares: add --diff")
    with current_store(settings_of(context)) as store, store.read() as conn:
        found = articles.get_article(conn, article)
        described = _described(conn, found)
    if diff:
        _show_differences(described, choose_pairs(described["revisions"], from_no, to_no), as_json=as_json)
        return
    if as_json:
        print_json(described)
        return
    if article.isdecimal() and int(article) != found.id:
        note(f"article {article} was merged into article {found.id}")
    _show(described)


def _show(described: dict[str, Any]) -> None:
    if described["retracted_at"]:
        note("the page of this article is gone, or says that it was removed; the text is the last one that was read")
    shown = {key: value for key, value in described.items() if not isinstance(value, list) and key != "text"}
    print_fields({**shown, "authors": ", ".join(described["authors"]), "tags": ", ".join(described["tags"])})
    if described["sightings"]:
        heading("sightings")
        print_table(
            [number("feed"), cut("title of the feed"), "first seen (UTC)", "last seen (UTC)"],
            [(row["feed_id"], row["feed"], brief(row["first_seen_at"]), brief(row["last_seen_at"]))
             for row in described["sightings"]],
        )  # fmt: skip
    if described["duplicates"]:
        heading("duplicates and rewrites")
        print_table(
            ["relation", number("id"), "source", wide("title"), number("containment"), number("jaccard")],
            [(_relation(row), row["id"], row["source"], row["title"], row["containment"], row["jaccard"])
             for row in described["duplicates"]],
        )  # fmt: skip
    heading("revisions")
    print_table(
        [number("no"), "kind", number("seen (UTC)"), number("words"), number("added"), number("removed"),
         number("similar"), cut("title")],
        [(row["revision_no"], row["kind"], brief(row["seen_at"]), row["n_words"], row["n_words_added"],
          row["n_words_removed"], row["similarity"], row["title"]) for row in described["revisions"]],
    )  # fmt: skip
    heading("text")
    print_text(described["text"])


def _show_differences(described: dict[str, Any], pairs: list[tuple[Revision, Revision]], *, as_json: bool) -> None:
    if as_json:
        changes = [described_difference(before, after) for before, after in pairs]
        print_json({"id": described["id"], "url": described["url"], "changes": changes})
        return
    if not pairs:
        note(f"article {described['id']} has {counted(len(described['revisions']), 'revision')}: nothing to compare")
    for before, after in pairs:
        print_difference(before, after, out())


def _relation(row: dict[str, Any]) -> str:
    return f"{row['kind']} of" if row["is_original"] else f"has {row['kind']}"


def _described(conn: Connection, article: Article) -> dict[str, Any]:
    details = articles.load_details(conn, article.id)
    relations = duplicates.load_relations(conn, article.id)
    others = articles.load_articles(conn, [relation.article_id for relation in relations])
    return {
        "id": article.id,
        "title": article.title,
        "url": masked(article.url),
        "source": article.source,
        "family": article.family,
        "story_id": find_story_of(conn, [article.id]).get(article.id),
        "duplicate_of": duplicates.load_originals(conn, [article.id]).get(article.id),
        "authors": details["authors"],
        "tags": details["tags"],
        **{name: details[name] for name in _DETAILS},
        "urls": [{**row, "url": masked(row["url"])} for row in details["urls"]],
        "sightings": entries.load_sightings(conn, article.id),
        "revisions": [
            {key: value for key, value in revision.items() if key not in {"id", "article_id", "revision_hash"}}
            for revision in details["revisions"]
        ],
        "duplicates": [
            {
                "id": relation.article_id,
                "title": others[relation.article_id].title,
                "source": others[relation.article_id].source,
                "url": masked(others[relation.article_id].url),
                "is_original": relation.is_original,
                "kind": relation.kind,
                "containment": relation.containment,
                "jaccard": relation.jaccard,
                "scheme": relation.scheme,
            }
            for relation in relations
        ],
        "text": article.text,
    }

"""`monitor search`: articles that satisfy a query, the best first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import counted, note, number, print_json, print_table, short, wide
from monitor.query.grammar import parse
from monitor.store.search import FoundArticle, search
from monitor.urls import masked


def register(cli: typer.Typer) -> None:
    cli.command(name="search")(search_articles)


def search_articles(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help='Words, "phrases", AND, OR, NOT or -word, (parentheses).')],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many articles to show.")] = 20,
    as_json: Json = False,
) -> None:
    """Find articles, the best first.

    Queries: paris summit; "peace talks" OR ceasefire; (kyiv OR kiev) -football.
    """
    node = parse(query)
    with current_store(settings_of(context)) as store, store.read() as conn:
        found = search(conn, node, limit=limit)
    if as_json:
        rows = [_described(one) for one in found.articles]
        print_json({"query": query, "n_total": found.n_total, "articles": rows})
        return
    print_table([number("id"), wide("article")], [row for one in found.articles for row in _rows(one)])
    best = f", the {limit} best are shown" if found.n_total > limit else ""
    note(f"{counted(found.n_total, 'article')}{best}")


def _rows(found: FoundArticle) -> list[tuple[object, str]]:
    article = found.article
    at = short(article.published_at or article.first_seen_at)
    story = "in no story yet" if found.story_id is None else f"story {found.story_id}"
    return [
        (article.id, article.title),
        ("", f"{article.source}, {at} UTC, {story}, score {found.match.score:.2f}"),
        ("", found.match.sentence),
    ]


def _described(found: FoundArticle) -> dict[str, Any]:
    article = found.article
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "url": masked(article.url),
        "published_at": article.published_at,
        "story_id": found.story_id,
        "snippet": found.match.sentence,
        "score": round(found.match.score, 4),
    }

"""Articles that satisfy a query: narrowed in SQL by words that must occur, decided and scored by `query.matching`."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from monitor.query.grammar import Node
from monitor.query.matching import Match, match
from monitor.query.narrowing import required_words
from monitor.store.articles import load_articles
from monitor.store.stories import find_story_of
from monitor.store.tables import articles
from monitor.types import Article, StoryId

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArticle:
    """An article that satisfies a query, and why."""

    article: Article
    story_id: StoryId | None
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best articles by score, newer ones first among equals; `n_total` satisfy the query."""

    n_total: int
    articles: tuple[FoundArticle, ...]


def search(conn: Connection, node: Node, *, limit: int) -> Found:
    """Compare every article that may satisfy the query; costs about a millisecond for each."""
    best: list[tuple[tuple[float, float, int], Article, Match]] = []
    n_total = 0
    for article in narrow(conn, required_words(node)):
        matched = match(node, title=article.title, text=article.text)
        if matched is None:
            continue
        n_total += 1
        rank = (matched.score, article.appeared_at.timestamp(), -article.id)
        heapq.heappush(best, (rank, article, matched))
        if len(best) > limit:
            heapq.heappop(best)
    story_of = find_story_of(conn, [article.id for _, article, _ in best])
    return Found(
        n_total=n_total,
        articles=tuple(
            FoundArticle(article=article, story_id=story_of.get(article.id), match=matched)
            for _, article, matched in sorted(best, key=lambda each: each[0], reverse=True)
        ),
    )


def narrow(conn: Connection, required: Sequence[Sequence[str]]) -> Iterator[Article]:
    """Articles, newest first, whose folded text holds at least one word of each group; read in batches."""
    conditions = [
        or_(*(articles.c.folded.contains(f" {word} ", autoescape=True) for word in group))
        for group in required
        if group
    ]
    query = select(articles.c.id).where(articles.c.arrival_no.is_not(None), *conditions)
    ids = list(conn.execute(query.order_by(articles.c.appeared_at.desc(), articles.c.id)).scalars())
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        found = load_articles(conn, some)
        yield from (found[article_id] for article_id in some)

"""Articles that may satisfy a query: narrowed in SQL by words that must occur, decided by `query.matching`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, or_, select

from monitor.store.articles import load_articles
from monitor.store.tables import articles
from monitor.types import Article

BATCH = 500


def narrow(conn: Connection, required: Sequence[Sequence[str]]) -> Iterator[Article]:
    """Articles, newest first, whose folded text holds at least one word of each group; read in batches."""
    conditions = [
        or_(*(articles.c.folded.contains(word, autoescape=True) for word in group)) for group in required if group
    ]
    query = select(articles.c.id).where(articles.c.arrival_no.is_not(None), *conditions)
    ids = list(conn.execute(query.order_by(articles.c.appeared_at.desc(), articles.c.id)).scalars())
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        found = load_articles(conn, some)
        yield from (found[article_id] for article_id in some)

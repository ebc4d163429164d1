"""What the feeds say about articles, as extraction is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, RowMapping, select

from monitor.store.tables import articles, entries, feeds
from monitor.types import ArticleId, FeedHints


def load_hints(conn: Connection, ids: Collection[ArticleId]) -> dict[ArticleId, FeedHints]:
    """For each of these articles (a batch) what its feeds say; nothing where no entry leads to it.

    Title and authors come from the entry seen first that has any, and among those seen at one time from the article's
    own source; the text from the entry with the longest one; the date is the earliest.
    """
    rows = conn.execute(
        select(entries, feeds.c.language, feeds.c.url.label("feed_url"))
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .join(articles, articles.c.id == entries.c.article_id)
        .where(entries.c.article_id.in_(sorted(set(ids))))
        .order_by(entries.c.first_seen_at, feeds.c.source_id != articles.c.source_id, feeds.c.url, entries.c.guid)
    )
    told: dict[ArticleId, list[RowMapping]] = {article_id: [] for article_id in ids}
    for row in rows.mappings():
        told[row["article_id"]].append(row)
    return {article_id: _hints(some) for article_id, some in told.items()}


def _hints(rows: Sequence[RowMapping]) -> FeedHints:
    if not rows:
        return FeedHints()
    best = max(rows, key=lambda row: (len(row["content"]), len(row["summary"])))
    dates = [row["published_at"] for row in rows if row["published_at"] is not None]
    return FeedHints(
        title=next((row["title"] for row in rows if row["title"]), ""),
        authors=next((tuple(row["authors"]) for row in rows if row["authors"]), ()),
        published_at=min(dates, default=None),
        summary=best["summary"],
        content=best["content"],
        tags=tuple(best["tags"]),
        language=best["language"],
        first_seen_at=rows[0]["first_seen_at"],
    )

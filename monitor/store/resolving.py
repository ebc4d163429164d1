"""What an entry may lead to, and the joining of articles that an entry shows to be one before their pages were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from monitor.store.articles import join_sightings
from monitor.store.engine import insert
from monitor.store.entries import move_entries
from monitor.store.tables import article_merges, article_urls, articles
from monitor.types import ArticleId

_BY_URLS = select(article_urls.c.url, article_urls.c.article_id).where(
    article_urls.c.url.in_(bindparam("urls", expanding=True))
)


def find_by_urls(conn: Connection, urls: Collection[str]) -> dict[str, ArticleId]:
    """Which articles these URLs lead to; a URL that leads to none is left out."""
    return {url: ArticleId(article_id) for url, article_id in conn.execute(_BY_URLS, {"urls": sorted(urls)})}


def join_unread(conn: Connection, found: Sequence[ArticleId], now: datetime) -> ArticleId:
    """One article of several that are one: those without a text are joined into it, and their ids redirect there.

    It is the first of `found` that has a text, else the one that was stored first. Others with a text stay as they are:
    stories and digests hang on them. Call it while RESOLVE_LOCK is held. `found` must not be empty.
    """
    if len(found) == 1:
        return found[0]
    rows = conn.execute(select(articles.c.id).where(articles.c.id.in_(found), articles.c.arrival_no.is_not(None)))
    with_text = set(rows.scalars())
    kept = next((one for one in found if one in with_text), min(found))
    for old_id in sorted(set(found) - with_text - {kept}):
        _join(conn, old_id, kept, now)
    return kept


def _join(conn: Connection, old_id: ArticleId, new_id: ArticleId, now: datetime) -> None:
    move_entries(conn, old_id, new_id)
    join_sightings(conn, old_id, new_id)
    for table in (article_urls, article_merges):
        conn.execute(update(table).where(table.c.article_id == old_id).values(article_id=new_id))
    conn.execute(delete(articles).where(articles.c.id == old_id))
    because = "an entry of a feed leads to both"
    row = insert(conn, article_merges).values(old_id=old_id, article_id=new_id, merged_at=now, because=because)
    conn.execute(row)

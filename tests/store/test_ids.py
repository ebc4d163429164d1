from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete

from monitor.store import articles
from monitor.store.engine import Store
from monitor.store.sources import ensure_source
from monitor.store.tables import articles as table

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)


def add(store: Store, name: str) -> int:
    with store.begin() as conn:
        new = articles.NewArticle(
            url=f"http://a.example/{name}",
            entry_url=f"http://a.example/{name}?utm_source=feed",
            host="a.example",
            source_id=ensure_source(conn, "a.example", now=NOW),
            first_seen_at=NOW,
            not_seen_before_at=None,
            published_at=None,
        )
        return articles.add_article(conn, new, NOW)


def test_the_id_of_an_article_that_is_gone_is_never_given_out_again(store: Store) -> None:
    add(store, "one")
    gone = add(store, "two")
    with store.begin() as conn:
        conn.execute(delete(table).where(table.c.id == gone))
    assert add(store, "three") > gone

"""Whether the service does its work, as a health check asks: judged by what is overdue, not by whether it runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from monitor.store.tables import articles, feeds

#: Work that has waited this long although its host is free means that nobody does it.
OVERDUE_AFTER = timedelta(hours=1)


def find_overdue(conn: Connection, now: datetime) -> dict[str, int]:
    """How many feeds, pages and comparisons have been due for more than an hour; empty when all is well."""
    before = now - OVERDUE_AFTER
    waiting = {
        "feeds to poll": feeds.c.next_poll_at,
        "pages to fetch": articles.c.fetch_due_at,
        "texts to compare": articles.c.match_due_at,
        "articles to put into stories": articles.c.assign_due_at,
    }
    counts = {
        name: conn.execute(select(func.count()).where(due < before)).scalar_one() for name, due in waiting.items()
    }
    return {name: n for name, n in counts.items() if n}

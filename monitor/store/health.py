"""Whether the service does its work, as a health check asks: judged by what is overdue, not by whether it runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, and_, func, select

from monitor.store.hosts import domains, with_domain
from monitor.store.tables import articles, deliveries, feeds, hosts, subscriptions

#: Work that has waited this long although its host is free means that nobody does it.
OVERDUE_AFTER = timedelta(hours=1)


def find_overdue(conn: Connection, now: datetime) -> dict[str, int]:
    """How many rows of each kind of work have been due for more than an hour; empty when all is well.

    A host that was asked within that hour, or wants to be left alone, has its rows wait for good reason.
    """
    before = now - OVERDUE_AFTER
    overdue = {
        "feeds to poll": and_(feeds.c.next_poll_at < before, _is_host_idle(feeds.c.host, before)),
        "pages to fetch": and_(articles.c.fetch_due_at < before, _is_host_idle(articles.c.host, before)),
        "texts to compare": articles.c.match_due_at < before,
        "articles to put into stories": articles.c.assign_due_at < before,
        "articles to match with watchlists": articles.c.watch_due_at < before,
        "digests to make": subscriptions.c.next_digest_at < before,
        "mails to send": and_(deliveries.c.state == "pending", deliveries.c.next_try_at < before),
    }
    counts = {name: conn.execute(select(func.count()).where(late)).scalar_one() for name, late in overdue.items()}
    return {name: n for name, n in counts.items() if n}


def _is_host_idle(host: Column[str], before: datetime) -> ColumnElement[bool]:
    """Neither the host nor its source was asked lately. Asking for robots.txt takes a slot as well."""
    asked_at = (hosts.c.next_at >= before) | (domains.c.next_at >= before)
    return host.not_in(select(hosts.c.name).select_from(with_domain).where(asked_at))

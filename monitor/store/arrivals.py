"""The order in which texts arrived, and what is due for one that is new or changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from monitor.store.counters import take_numbers
from monitor.store.tables import articles
from monitor.types import ArticleId

#: Whoever compares the text before this one must not mark the new one as compared.
_DUE_AGAIN: dict[str, Any] = {
    "match_leased_until": None,
    "n_match_tries": 0,
    "watch_leased_until": None,
    "n_watch_tries": 0,
}


def arrive(conn: Connection, article_id: ArticleId, now: datetime) -> None:
    """Let an article's new text be compared, watched and assigned; its first one takes its place in the order.

    A later one is looked at by the assigner where it stands: only when it tells of something else does it arrive again.
    Call it last in a transaction: the numbers are given out in the order of commits.
    """
    values = _due(now)
    is_new = select(articles.c.arrival_no.is_(None)).where(articles.c.id == article_id)
    if conn.execute(is_new).scalar_one():
        values["arrival_no"] = take_numbers(conn, "arrival")
    conn.execute(update(articles).where(articles.c.id == article_id).values(values))


def arrive_again(conn: Connection, article_id: ArticleId, now: datetime, *, instead_of: int) -> None:
    """Give an article that waits at a place of the order a new one at its end; nothing where somebody did so already.

    In a transaction of its own: the number is a key of the article, and who changes one waits for all that refer to it.
    """
    waits = and_(
        articles.c.id == article_id, articles.c.arrival_no == instead_of, articles.c.assign_due_at.is_not(None)
    )
    if conn.execute(select(articles.c.id).where(waits).with_for_update()).first() is None:
        return
    again = {"arrival_no": take_numbers(conn, "arrival"), "assign_due_at": now}
    conn.execute(update(articles).where(articles.c.id == article_id).values(again))


def first_arrivals(conn: Connection, n: int, now: datetime) -> list[dict[str, Any]]:
    """The columns of `n` articles that `arrive` with their first texts, for whoever writes their rows."""
    first_no = take_numbers(conn, "arrival", n)
    return [{**_due(now), "arrival_no": first_no + place} for place in range(n)]


def _due(now: datetime) -> dict[str, Any]:
    return {**_DUE_AGAIN, "match_due_at": now, "watch_due_at": now, "assign_due_at": now}

"""Watchlists, which articles are to be compared with them, and the hits found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, select, update

from monitor.store import claims
from monitor.store.claims import Claimable
from monitor.store.engine import insert
from monitor.store.tables import articles, hits, watchlists
from monitor.types import ArticleId, Hit, WatchlistId

WATCHES = Claimable(articles, articles.c.watch_due_at, articles.c.watch_leased_until, articles.c.n_watch_tries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A saved query."""

    id: WatchlistId
    name: str
    query: str


def save_declared(conn: Connection, queries: dict[str, str], now: datetime) -> None:
    """Make the watchlists of the file the active ones; those it no longer lists are paused, their hits kept."""
    for name, query in queries.items():
        values = {"query": query, "state": "active", "managed_by": "file", "updated_at": now}
        row = insert(conn, watchlists).values(name=name, **values)
        same = and_(watchlists.c.query == query, watchlists.c.state == "active", watchlists.c.managed_by == "file")
        conn.execute(row.on_conflict_do_update(index_elements=["name"], set_=values, where=~same))
    gone = and_(watchlists.c.managed_by == "file", watchlists.c.name.not_in(sorted(queries)))
    conn.execute(update(watchlists).where(gone).values(state="paused"))


def list_active(conn: Connection) -> list[Watchlist]:
    rows = select(watchlists).where(watchlists.c.state == "active").order_by(watchlists.c.name)
    return [Watchlist(id=row["id"], name=row["name"], query=row["query"]) for row in conn.execute(rows).mappings()]


def claim_unwatched(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> tuple[list[ArticleId], datetime]:
    """Lease articles whose text is new and not yet compared with the watchlists."""
    claimed = claims.claim(conn, WATCHES, now=now, lease_s=lease_s, limit=limit)
    return [row["id"] for row in claimed.rows], claimed.leased_until


def save_hits(
    conn: Connection, article_id: ArticleId, found: Sequence[Hit], *, leased_until: datetime, now: datetime
) -> None:
    """Replace the article's hits by those of its newest text."""
    claims.save(conn, WATCHES, article_id, leased_until, watch_due_at=None)
    conn.execute(delete(hits).where(hits.c.article_id == article_id))
    for hit in found:
        conn.execute(
            insert(conn, hits).values(
                watchlist_id=hit.watchlist_id,
                article_id=article_id,
                terms=list(hit.terms),
                prominence=hit.prominence,
                sentence=hit.sentence,
                matched_at=now,
            )
        )


def load_hits(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, list[Hit]]:
    """The hits of these articles in active watchlists."""
    rows = (
        select(hits)
        .join(watchlists, watchlists.c.id == hits.c.watchlist_id)
        .where(hits.c.article_id.in_(sorted(set(ids))), watchlists.c.state == "active")
        .order_by(hits.c.article_id, watchlists.c.name)
    )
    found: dict[ArticleId, list[Hit]] = {}
    for row in conn.execute(rows).mappings():
        found.setdefault(row["article_id"], []).append(_hit(row))
    return found


def _hit(row: RowMapping) -> Hit:
    return Hit(
        watchlist_id=row["watchlist_id"],
        article_id=row["article_id"],
        terms=tuple(row["terms"]),
        prominence=row["prominence"],
        sentence=row["sentence"],
    )


def next_watch_at(conn: Connection, now: datetime) -> datetime | None:
    return claims.next_lease_end(conn, WATCHES, now)


def set_aside_crashed(conn: Connection, now: datetime) -> list[ArticleId]:
    """Texts whose comparison with the watchlists took its worker down each time stay without hits."""
    ids = claims.exhausted(conn, WATCHES, now)
    gone = update(articles).where(articles.c.id.in_(ids)).values(watch_due_at=None, n_watch_tries=0)
    conn.execute(gone)
    return ids

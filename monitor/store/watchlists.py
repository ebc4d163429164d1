"""Watchlists, which articles are to be compared with them, and the hits found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, and_, delete, select, update

from monitor.store import claims
from monitor.store.claims import Claimable
from monitor.store.engine import insert
from monitor.store.tables import articles, hits, watchlists
from monitor.types import ArticleId, Hit, WatchlistId

WATCHES = Claimable(articles, articles.c.watch_due_at, articles.c.watch_leased_until, articles.c.n_watch_tries)

LOOK_BACK = timedelta(days=14)
"""How old the articles are at most that a changed query is compared with."""
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A saved query."""

    id: WatchlistId
    name: str
    query: str


def save_declared(conn: Connection, queries: dict[str, str], now: datetime) -> None:
    """Make the watchlists of the file the active ones; those it no longer lists are paused, their hits kept.

    A query that changed loses its hits, and the articles of the last LOOK_BACK are compared again.
    """
    is_changed = False
    for name, query in queries.items():
        values = {"query": query, "state": "active", "managed_by": "file", "updated_at": now}
        is_changed |= _drop_stale_hits(conn, name, query)
        row = insert(conn, watchlists).values(name=name, **values)
        same = and_(watchlists.c.query == query, watchlists.c.state == "active", watchlists.c.managed_by == "file")
        conn.execute(row.on_conflict_do_update(index_elements=["name"], set_=values, where=~same))
    gone = and_(watchlists.c.managed_by == "file", watchlists.c.name.not_in(sorted(queries)))
    conn.execute(update(watchlists).where(gone).values(state="paused"))
    if is_changed:
        recent = and_(articles.c.arrival_no.is_not(None), articles.c.first_seen_at >= now - LOOK_BACK)
        # Without their leases: who compares them with the old query must not mark them as compared.
        conn.execute(update(articles).where(recent).values(watch_due_at=now, watch_leased_until=None, n_watch_tries=0))


def _drop_stale_hits(conn: Connection, name: str, query: str) -> bool:
    """Forget what another query found under this name; returns whether there was another."""
    stale = select(watchlists.c.id).where(watchlists.c.name == name, watchlists.c.query != query)
    watchlist_id = conn.execute(stale).scalar_one_or_none()
    conn.execute(delete(hits).where(hits.c.watchlist_id == watchlist_id))
    return watchlist_id is not None


def list_active(conn: Connection) -> list[Watchlist]:
    rows = select(watchlists).where(watchlists.c.state == "active").order_by(watchlists.c.name)
    return [Watchlist(id=row["id"], name=row["name"], query=row["query"]) for row in conn.execute(rows).mappings()]


def claim_unwatched(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> tuple[list[ArticleId], datetime]:
    """Lease articles whose text is new and not yet compared with the watchlists."""
    claimed = claims.claim(conn, WATCHES, now=now, lease_s=lease_s, limit=limit)
    return [row["id"] for row in claimed.rows], claimed.leased_until


def release(conn: Connection, ids: Sequence[ArticleId], leased_until: datetime) -> None:
    """Give back articles that were not compared; the try does not count."""
    claims.release(conn, WATCHES, ids, leased_until)


def save_hits(
    conn: Connection, article_id: ArticleId, found: Sequence[Hit], *, leased_until: datetime, now: datetime
) -> None:
    """Let the article's hits be those of its newest text; one that it had before stays as old as it is."""
    claims.save(conn, WATCHES, article_id, leased_until, watch_due_at=None)
    still = [hit.watchlist_id for hit in found]
    conn.execute(delete(hits).where(hits.c.article_id == article_id, hits.c.watchlist_id.not_in(still)))
    for hit in found:
        values = {"terms": list(hit.terms), "prominence": hit.prominence, "sentence": hit.sentence}
        ids = {"watchlist_id": hit.watchlist_id, "article_id": article_id}
        row = insert(conn, hits).values(**ids, **values, matched_at=now)
        conn.execute(row.on_conflict_do_update(index_elements=["watchlist_id", "article_id"], set_=values))


def load_hits(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, list[Hit]]:
    """The hits of these articles in active watchlists."""
    wanted, found = sorted(set(ids)), dict[ArticleId, list[Hit]]()
    for start in range(0, len(wanted), BATCH):
        rows = (
            select(hits)
            .join(watchlists, watchlists.c.id == hits.c.watchlist_id)
            .where(hits.c.article_id.in_(wanted[start : start + BATCH]), watchlists.c.state == "active")
            .order_by(hits.c.article_id, watchlists.c.name)
        )
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

"""Compares new and changed texts with all watchlists and stores the hits."""

from __future__ import annotations

from monitor.app import App
from monitor.store import articles, watchlists
from monitor.types import Progress
from monitor.watch.matching import decide_hits, read_watchlist

BATCH = 100
LEASE_S = 120.0


def run(app: App) -> Progress:
    """Compare a batch of articles; `next_at` tells when the lease of a lost worker ends."""
    now = app.clock()
    with app.store.begin() as conn:
        watchlists.set_aside_crashed(conn, now)
        ids, leased_until = watchlists.claim_unwatched(conn, now=now, lease_s=LEASE_S, limit=BATCH)
    with app.store.read() as conn:
        if not ids:
            return Progress(next_at=watchlists.next_watch_at(conn, now))
        loaded = articles.load_articles(conn, ids)
        saved = [read_watchlist(id=one.id, name=one.name, query=one.query) for one in watchlists.list_active(conn)]
    found = {article_id: decide_hits(article, saved) for article_id, article in loaded.items()}
    with app.store.begin() as conn:
        for article_id, hits in found.items():
            watchlists.save_hits(conn, article_id, hits, leased_until=leased_until, now=now)
    return Progress(n_done=len(found))

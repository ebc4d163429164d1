"""Compares new and changed texts with all watchlists and stores the hits.

An article whose text changed meanwhile is left to whoever compares the new one; the others of its batch are saved. When
a comparison raises, what was compared before is saved, and what comes after is given back without counting a try.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter

from monitor.app import App
from monitor.errors import LeaseLostError
from monitor.store import articles, watchlists
from monitor.types import ArticleId, Hit, Progress
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
    found: dict[ArticleId, list[Hit]] = {}
    untouched = list(loaded)
    try:
        while untouched:
            article_id = untouched.pop(0)
            found[article_id] = decide_hits(loaded[article_id], saved)
    finally:
        _save(app, found, untouched, leased_until)
    return Progress(n_done=len(found))


def _save(
    app: App, found: Mapping[ArticleId, Sequence[Hit]], untouched: Sequence[ArticleId], leased_until: datetime
) -> None:
    with app.store.begin() as conn:
        watchlists.release(conn, untouched, leased_until)
        for article_id, hits in sorted(found.items(), key=itemgetter(0)):
            # By id, as everybody who writes several articles at once. It raises before it writes anything, so the
            # others stay in this transaction.
            with suppress(LeaseLostError):
                watchlists.save_hits(conn, article_id, hits, leased_until=leased_until, now=app.clock())

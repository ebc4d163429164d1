"""Gives back every lease at once: for the start of a process that knows it is the only one on its database."""

from __future__ import annotations

from sqlalchemy import Connection, update

from monitor.store import digests
from monitor.store.claims import release_all
from monitor.store.duplicates import MATCHES
from monitor.store.page_results import PAGES
from monitor.store.polls import POLLS
from monitor.store.subscriptions import DIGESTS
from monitor.store.tables import hosts, language_statistics
from monitor.store.watchlists import WATCHES


def release_leases(conn: Connection) -> int:
    """Free what a process that was killed had taken; a mail it was handing over becomes `unknown`. Returns how many."""
    n_freed = sum(release_all(conn, what) for what in (POLLS, PAGES, MATCHES, WATCHES, DIGESTS))
    held = update(language_statistics).where(language_statistics.c.leased_until.is_not(None))
    n_freed += conn.execute(held.values(leased_until=None)).rowcount
    asked = update(hosts).where(hosts.c.robots_leased_until.is_not(None))
    n_freed += conn.execute(asked.values(robots_leased_until=None)).rowcount
    return n_freed + digests.release_lost(conn)

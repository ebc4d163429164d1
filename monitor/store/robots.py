"""The robots.txt of hosts: whose must be asked for, what they said, and until when that counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from monitor.politeness import Candidate, Manners
from monitor.robots import Rules
from monitor.store.engine import lease_clock
from monitor.store.hosts import Asked, count_under_way, domains, is_free_host, is_known, is_unasked, reserve, with_hosts
from monitor.store.tables import hosts
from monitor.types import Reason


def claim_unknown(
    conn: Connection, asked: Asked, *, now: datetime, lease_s: float, limit: int, manners: Manners
) -> dict[str, str]:
    """Hosts whose robots.txt must be asked for before the rows due there, with the `url` of one of these; takes slots.

    The host that a row has waited for longest comes first; only hosts that are free now. https goes before http. Nobody
    else asks these hosts before their answers are saved, or `lease_s` are over.
    """
    what, host, lease_now = asked.what, asked.host, lease_clock(conn, now)
    # The one thing that may be asked of a host that nothing is known of.
    is_free = is_free_host(now, replace(manners, heeds_robots=False), count_under_way(conn, lease_now))
    unknown = (
        select(func.max(asked.url), host, domains.c.name)
        .select_from(with_hosts(what, host))
        .where(what.is_due(now), what.is_free(lease_now), is_free, is_unasked(lease_now))
        .where(func.coalesce(is_known(now), False).is_(False))
        .group_by(host, domains.c.name)
        .order_by(func.min(what.due), host)
        .limit(limit)
    )
    candidates = [Candidate(*row) for row in conn.execute(unknown)]
    taken = reserve(conn, candidates, now=now, lease_now=lease_now, limit=limit, manners=manners)
    urls = {one.host: one.id for one in taken}
    # Another worker may have leased and unlocked them since they were found.
    mine = update(hosts).where(hosts.c.name.in_(sorted(urls)), is_unasked(lease_now))
    until = lease_now + timedelta(seconds=lease_s)
    leased = conn.execute(mine.values(robots_leased_until=until).returning(hosts.c.name)).scalars().all()
    return {name: urls[name] for name in leased}


def release(conn: Connection, names: Collection[str]) -> None:
    """Nobody is asking these hosts any more."""
    conn.execute(update(hosts).where(hosts.c.name.in_(sorted(names))).values(robots_leased_until=None))


def save_robots(conn: Connection, host: str, rules: Rules | Reason, now: datetime) -> None:
    """Keep the rules of a host, or the reason why nobody can say: then those of an earlier day stay in force."""
    values: dict[str, Any]
    if isinstance(rules, Reason):
        values = {"robots_fetched_at": now, "robots_reason": rules.value}
    else:
        values = {
            "robots": rules.text,
            "robots_fetched_at": now,
            "robots_reason": None,
            "crawl_delay_s": rules.crawl_delay_s,
        }
    conn.execute(update(hosts).where(hosts.c.name == host).values(**values, robots_leased_until=None))


def load_robots(conn: Connection, names: Collection[str]) -> dict[str, str | None]:
    """The rules of each of these hosts: "" for none, None where nobody can say."""
    rows = conn.execute(select(hosts.c.name, hosts.c.robots).where(hosts.c.name.in_(sorted(set(names)))))
    found: dict[str, str | None] = dict(rows.all())
    return {name: found.get(name) for name in names}

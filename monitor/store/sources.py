"""Who publishes: sources by host, and the families that count as one voice.

A host belongs to the source of its registered domain, unless the publishers file names it, or a domain above it, among
the hosts of another source: the most specific name counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select, update

from monitor.declared import DeclaredSource
from monitor.store.engine import insert
from monitor.store.tables import articles, families, feeds, hosts, sightings, source_hosts, sources
from monitor.types import FeedId, SourceId
from monitor.urls import host_of, registered_domain

T = TypeVar("T", str, FeedId)

_CHUNK = 500
_ids = select(sources.c.domain, sources.c.id)


def ensure_source(conn: Connection, domain: str, *, now: datetime, name: str = "") -> SourceId:
    """The source of a registered domain, made with the domain as its name when it is new."""
    row = conn.execute(select(sources.c.id).where(sources.c.domain == domain)).scalar_one_or_none()
    if row is None:
        made = insert(conn, sources).values(domain=domain, name=name or domain, created_at=now)
        conn.execute(made.on_conflict_do_nothing(index_elements=["domain"]))
        row = conn.execute(select(sources.c.id).where(sources.c.domain == domain)).scalar_one()
    return SourceId(row)


def ensure_sources(conn: Connection, domains: Collection[str], *, now: datetime) -> dict[str, SourceId]:
    """The sources of many registered domains; new ones are made with the domain as their name."""
    ids: dict[str, SourceId] = {}
    ordered = sorted(set(domains))
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        rows = [{"domain": domain, "name": domain, "created_at": now} for domain in chunk]
        conn.execute(insert(conn, sources).on_conflict_do_nothing(index_elements=["domain"]), rows)
        ids |= {row.domain: row.id for row in conn.execute(_ids.where(sources.c.domain.in_(chunk)))}
    return ids


def ensure_source_of(conn: Connection, host: str, *, now: datetime) -> SourceId:
    """The source that a host belongs to, made with its registered domain as its name when it is new."""
    return ensure_sources_of(conn, [host], now=now)[host]


def ensure_sources_of(conn: Connection, hosts_: Collection[str], *, now: datetime) -> dict[str, SourceId]:
    """The sources that many hosts belong to; new ones are made with their registered domain as their name."""
    ids = find_sources_of(conn, hosts_)
    domains = {host: registered_domain(host) for host in hosts_ if host not in ids}
    if not domains:
        return ids
    by_domain = ensure_sources(conn, set(domains.values()), now=now)
    return ids | {host: by_domain[domain] for host, domain in domains.items()}


def find_sources_of(conn: Connection, hosts_: Collection[str]) -> dict[str, SourceId]:
    """The sources that hosts belong to; a host whose source is not stored yet is left out."""
    ids = _named_sources(conn, hosts_)
    domains = {host: registered_domain(host) for host in hosts_ if host not in ids}
    by_domain: dict[str, SourceId] = {}
    for chunk in _chunks(domains.values()):
        by_domain |= {row.domain: row.id for row in conn.execute(_ids.where(sources.c.domain.in_(chunk)))}
    return ids | {host: by_domain[domain] for host, domain in domains.items() if domain in by_domain}


def load_publishers(conn: Connection, hosts_: Collection[str]) -> dict[str, str]:
    """Who speaks at each of these hosts: equal for hosts of one family or source; unknown hosts are left out."""
    ids = find_sources_of(conn, hosts_)
    voice = select(sources.c.id, sources.c.domain, families.c.name).outerjoin(families)
    by_id = {row.id: row for row in conn.execute(voice.where(sources.c.id.in_(set(ids.values()))))}
    rows = {host: by_id[source_id] for host, source_id in ids.items()}
    return {host: f"family {row.name}" if row.name else f"source {row.domain}" for host, row in rows.items()}


def _named_sources(conn: Connection, hosts_: Collection[str]) -> dict[str, SourceId]:
    """The sources of those hosts that the table of exceptions names, or a domain above them."""
    above = {host: tuple(_names_of(host)) for host in hosts_}
    named: dict[str, SourceId] = {}
    for chunk in _chunks(name for names in above.values() for name in names):
        rows = select(source_hosts.c.name, source_hosts.c.source_id).where(source_hosts.c.name.in_(chunk))
        named |= {row.name: row.source_id for row in conn.execute(rows)}
    found = {host: next((name for name in names if name in named), None) for host, names in above.items()}
    return {host: named[name] for host, name in found.items() if name is not None}


def _names_of(host: str) -> Iterator[str]:
    """A host and the domains above it, the most specific first, down to its registered domain."""
    domain = registered_domain(host)
    yield host
    while host != domain and "." in host:
        host = host.partition(".")[2]
        yield host


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    ordered = sorted(set(values))
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def save_declared(conn: Connection, declared: Iterable[DeclaredSource], *, now: datetime) -> None:
    """Give sources the names, kinds, families and hosts that the publishers file states.

    The table of hosts is afterwards what the file says. Where it changed, feeds and articles of the hosts concerned
    move to the source that they belong to now; all others are left alone.
    """
    wanted: dict[str, SourceId] = {}
    for source in declared:
        source_id = ensure_source(conn, source.domain, now=now)
        wanted |= dict.fromkeys(source.hosts, source_id)
        conn.execute(
            update(sources)
            .where(sources.c.id == source_id)
            .values(
                name=source.name,
                kind=source.kind,
                country=source.country,
                language=source.language,
                family_id=None if source.family is None else _ensure_family(conn, source.family),
                managed_by="file",
            )
        )
    _save_hosts(conn, wanted, now=now)


def _save_hosts(conn: Connection, wanted: Mapping[str, SourceId], *, now: datetime) -> None:
    stored = {row.name: row.source_id for row in conn.execute(select(source_hosts))}
    changed = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
    if not changed:
        return
    for chunk in _chunks(changed):
        conn.execute(delete(source_hosts).where(source_hosts.c.name.in_(chunk)))
    rows = [{"name": name, "source_id": wanted[name]} for name in changed if name in wanted]
    if rows:
        conn.execute(insert(conn, source_hosts), rows)
    known = select(hosts.c.name).where(hosts.c.name.not_like(".%"))
    concerned = [host for (host,) in conn.execute(known) if any(_is_under(host, name) for name in changed)]
    by_host = ensure_sources_of(conn, concerned, now=now)
    by_source: dict[SourceId, list[str]] = {}
    for host, source_id in by_host.items():
        by_source.setdefault(source_id, []).append(host)
    subscribed = conn.execute(select(feeds.c.id, feeds.c.url)).all()
    for source_id, names in sorted(by_source.items()):
        at = [row.id for row in subscribed if by_host.get(host_of(row.url)) == source_id]
        _move(conn, names, at, source_id)


def _is_under(host: str, name: str) -> bool:
    return host == name or host.endswith(f".{name}")


def _move(conn: Connection, names: Sequence[str], feed_ids: Sequence[FeedId], source_id: SourceId) -> None:
    """Let the articles of these hosts and these feeds be a source's own; an article without a page goes with its feed.

    A feed belongs to the host at which somebody subscribed to it, also after it moved.
    """
    theirs: list[ColumnElement[bool]] = [articles.c.host.in_(chunk) for chunk in _chunks(names)]
    for ids in _chunks(feed_ids):
        seen_there = exists().where(sightings.c.article_id == articles.c.id, sightings.c.feed_id.in_(ids))
        theirs.append(and_(articles.c.host == "", seen_there))
        conn.execute(update(feeds).where(feeds.c.id.in_(ids)).values(source_id=source_id))
    for one in theirs:
        conn.execute(update(articles).where(one, articles.c.source_id != source_id).values(source_id=source_id))


def _ensure_family(conn: Connection, name: str) -> int:
    conn.execute(insert(conn, families).values(name=name).on_conflict_do_nothing(index_elements=["name"]))
    return int(conn.execute(select(families.c.id).where(families.c.name == name)).scalar_one())

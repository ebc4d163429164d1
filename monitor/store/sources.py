"""Who publishes: sources by registered domain, and the families that count as one voice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from monitor.declared import DeclaredSource
from monitor.store.engine import insert
from monitor.store.tables import families, sources
from monitor.types import SourceId

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


def save_declared(conn: Connection, declared: Iterable[DeclaredSource], *, now: datetime) -> None:
    """Give sources the names, kinds and families that the publishers file states."""
    for source in declared:
        source_id = ensure_source(conn, source.domain, now=now)
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


def _ensure_family(conn: Connection, name: str) -> int:
    conn.execute(insert(conn, families).values(name=name).on_conflict_do_nothing(index_elements=["name"]))
    return int(conn.execute(select(families.c.id).where(families.c.name == name)).scalar_one())

"""Entries as feeds give them, and the articles they lead to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import OperationalError

from monitor.store.columns import URL_CHARS, storable
from monitor.store.engine import RESOLVE_LOCK, hold_lock, insert
from monitor.store.tables import entries, feeds, sightings
from monitor.types import ArticleId, EntryId, FeedHints, FeedId, ParsedEntry, SourceId

GUID_BYTES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """How many of a poll's entries were new, changed or known."""

    n_new: int
    n_changed: int
    n_known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedEntry:
    """An entry of which it is not decided yet which article it leads to, or whose content changed since."""

    id: EntryId
    feed_id: FeedId
    source_id: SourceId
    feed_url: str
    guid: str
    url: str | None
    title: str
    published_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    not_seen_before_at: datetime | None
    article_id: ArticleId | None


def save_entries(
    conn: Connection,
    feed_id: FeedId,
    parsed: Sequence[ParsedEntry],
    *,
    now: datetime,
    not_seen_before_at: datetime | None,
) -> EntryChange:
    """Store what a poll found. New and changed entries are due to be resolved; saving twice changes nothing."""
    by_guid = {(guid := _key(entry.guid)): replace(entry, guid=guid) for entry in parsed}
    known = _known_hashes(conn, feed_id, list(by_guid))
    new = [entry for entry in by_guid.values() if entry.guid not in known]
    changed = [entry for entry in by_guid.values() if known.get(entry.guid, entry.content_hash) != entry.content_hash]
    if new:
        first = {
            "feed_id": feed_id,
            "first_seen_at": now,
            "last_seen_at": now,
            "not_seen_before_at": not_seen_before_at,
        }
        rows = [{**first, **_values(entry), "resolve_due_at": now} for entry in new]
        conn.execute(insert(conn, entries).on_conflict_do_nothing(index_elements=["feed_id", "guid"]), rows)
    for entry in changed:
        conn.execute(
            update(entries)
            .where(entries.c.feed_id == feed_id, entries.c.guid == entry.guid)
            .values(**_values(entry), resolve_due_at=now)
        )
    _mark_seen(conn, feed_id, sorted(known), now)
    return EntryChange(n_new=len(new), n_changed=len(changed), n_known=len(known))


def _key(guid: str) -> str:
    """The guid as it is stored, or its hash where PostgreSQL could not index it."""
    guid = storable(guid)
    too_long = len(guid.encode()) > GUID_BYTES
    return hashlib.sha256(guid.encode()).hexdigest() if too_long else guid


def _known_hashes(conn: Connection, feed_id: FeedId, guids: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for start in range(0, len(guids), 500):
        some = guids[start : start + 500]
        rows = select(entries.c.guid, entries.c.content_hash).where(
            entries.c.feed_id == feed_id, entries.c.guid.in_(some)
        )
        known.update((guid, content_hash) for guid, content_hash in conn.execute(rows))
    return known


def _values(entry: ParsedEntry) -> dict[str, object]:
    return {
        "guid": entry.guid,
        "url": entry.url if len(entry.url or "") <= URL_CHARS else None,
        "title": entry.title,
        "authors": list(entry.authors),
        "summary": entry.summary,
        "content": entry.content,
        "published_at": entry.published_at,
        "published_raw": entry.published_raw[:200],
        "date_origin": entry.date_origin,
        "updated_at": entry.updated_at,
        "tags": list(entry.tags),
        "media": [asdict(one) for one in entry.media],
        "content_hash": entry.content_hash,
    }


def _mark_seen(conn: Connection, feed_id: FeedId, guids: Sequence[str], now: datetime) -> None:
    if guids:
        rows = [{"its_guid": guid} for guid in guids]
        seen = update(entries).where(entries.c.feed_id == feed_id, entries.c.guid == bindparam("its_guid"))
        conn.execute(seen.values(last_seen_at=now), rows)
    _mark_sightings(conn, feed_id, now)


def mark_unchanged(conn: Connection, feed_id: FeedId, *, last_good_poll_at: datetime | None, now: datetime) -> None:
    """After a 304 or an equal body: what the previous good poll saw is still there."""
    if last_good_poll_at is not None:
        conn.execute(
            update(entries)
            .where(entries.c.feed_id == feed_id, entries.c.last_seen_at >= last_good_poll_at)
            .values(last_seen_at=now)
        )
        _mark_sightings(conn, feed_id, now)


def _mark_sightings(conn: Connection, feed_id: FeedId, now: datetime) -> None:
    seen = select(entries.c.id).where(entries.c.feed_id == feed_id, entries.c.last_seen_at == now)
    conn.execute(
        update(sightings).where(sightings.c.feed_id == feed_id, sightings.c.entry_id.in_(seen)).values(last_seen_at=now)
    )


def load_unresolved(conn: Connection, *, now: datetime, limit: int) -> list[UnresolvedEntry]:
    """Entries whose article is to be decided, oldest first.

    One transaction at a time goes on from here: two that decided at once could make two articles of one URL.
    """
    hold_lock(conn, RESOLVE_LOCK)
    rows = (
        select(entries, feeds.c.source_id, feeds.c.url.label("feed_url"))
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(entries.c.resolve_due_at <= now)
        .order_by(entries.c.resolve_due_at, entries.c.id)
        .limit(limit)
        .with_for_update(of=entries, skip_locked=True)
    )
    fields = UnresolvedEntry.__dataclass_fields__
    return [UnresolvedEntry(**{name: row[name] for name in fields}) for row in conn.execute(rows).mappings()]


def save_resolved(conn: Connection, entry: UnresolvedEntry, article_id: ArticleId) -> None:
    """Note that an entry leads to an article: a sighting."""
    conn.execute(update(entries).where(entries.c.id == entry.id).values(article_id=article_id, resolve_due_at=None))
    row = insert(conn, sightings).values(
        article_id=article_id,
        entry_id=entry.id,
        feed_id=entry.feed_id,
        first_seen_at=entry.first_seen_at,
        last_seen_at=entry.last_seen_at,
    )
    conn.execute(
        row.on_conflict_do_update(index_elements=["article_id", "entry_id"], set_={"last_seen_at": entry.last_seen_at})
    )


def attempt(
    conn: Connection, entry: UnresolvedEntry, resolve: Callable[[], None], *, retry_at: datetime
) -> Exception | None:
    """Decide one entry of many in one transaction; where that raises, nothing of it stays and `retry_at` is its turn.

    Returns the error. One that the database itself is to blame for is raised: it would meet the others as well.
    """
    try:
        with conn.begin_nested():
            resolve()
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other entries must go on; the caller logs it
        conn.execute(update(entries).where(entries.c.id == entry.id).values(resolve_due_at=retry_at))
        return error
    return None


def load_hints(conn: Connection, article_id: ArticleId) -> FeedHints:
    """What the feeds say about an article: the entry with the longest text of its own, and the earliest date."""
    rows = (
        conn.execute(
            select(entries, feeds.c.language)
            .join(feeds, feeds.c.id == entries.c.feed_id)
            .where(entries.c.article_id == article_id)
            .order_by(entries.c.first_seen_at, entries.c.id)
        )
        .mappings()
        .all()
    )
    if not rows:
        return FeedHints()
    best = max(rows, key=lambda row: (len(row["content"]), len(row["summary"])))
    dates = [row["published_at"] for row in rows if row["published_at"] is not None]
    return FeedHints(
        title=next((row["title"] for row in rows if row["title"]), ""),
        authors=next((tuple(row["authors"]) for row in rows if row["authors"]), ()),
        published_at=min(dates, default=None),
        summary=best["summary"],
        content=best["content"],
        tags=tuple(best["tags"]),
        language=best["language"],
    )


def move_entries(conn: Connection, old_id: ArticleId, new_id: ArticleId) -> None:
    """Let the entries and sightings of one article lead to another."""
    conn.execute(update(entries).where(entries.c.article_id == old_id).values(article_id=new_id))
    doubled = select(sightings.c.entry_id).where(sightings.c.article_id == new_id)
    conn.execute(
        update(sightings)
        .where(sightings.c.article_id == old_id, sightings.c.entry_id.not_in(doubled))
        .values(article_id=new_id)
    )

"""Entries as feeds give them, and the articles they lead to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, select, true, update
from sqlalchemy.exc import OperationalError

from monitor.likeness import EntryKeys, is_other_article
from monitor.store.columns import URL_CHARS, storable
from monitor.store.engine import RESOLVE_LOCK, hold_lock, insert
from monitor.store.tables import entries, feeds, sightings
from monitor.store.tombstones import not_erased
from monitor.types import ArticleId, EntryId, FeedId, ParsedEntry, SourceId

GUID_BYTES = 2048
_THIS_ENTRY = update(entries).where(entries.c.id == bindparam("its_id"))
_NO_KEYS = EntryKeys(guid_alias=None, title_key=None)
#: When an entry was last known to stand in its feed. What the last read saw is there as long as the polls after it find
#: the document unchanged; so such a poll writes to the feed's row alone, and to none of its entries.
LAST_SEEN = case(
    (
        and_(feeds.c.last_good_poll_at.is_not(None), entries.c.last_seen_at >= feeds.c.last_read_at),
        feeds.c.last_good_poll_at,
    ),
    else_=entries.c.last_seen_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """How many of a poll's entries were new, changed or known; `n_passed_over` of the new ones are too old.

    `n_shared` of the known ones stood in the document that was read before; None when there was none, or it was empty.
    """

    n_new: int
    n_changed: int
    n_known: int
    n_shared: int | None = None
    n_passed_over: int = 0


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


class Resolved(NamedTuple):
    """An entry, the article that it leads to, and what else it is known by within its feed."""

    entry: UnresolvedEntry
    article_id: ArticleId
    keys: EntryKeys


def save_entries(
    conn: Connection,
    feed_id: FeedId,
    parsed: Sequence[ParsedEntry],
    *,
    now: datetime,
    not_seen_before_at: datetime | None,
    last_read_at: datetime | None = None,
    oldest_at: datetime | None = None,
) -> EntryChange:
    """Store what a poll found. New and changed entries are due to be resolved; saving twice changes nothing.

    `not_seen_before_at` is the good poll before this one, `last_read_at` the last one that read the document. New
    entries dated before `oldest_at` are passed over: known from now on, but they lead to no article. A guid that comes
    back with another article is that of an entry of its own, so that neither is lost.
    """
    by_guid = {(guid := _key(entry.guid)): replace(entry, guid=guid) for entry in parsed}
    known = _known(conn, feed_id, list(by_guid))
    by_guid, known = _with_own_guids(conn, feed_id, by_guid, known)
    new = [entry for entry in by_guid.values() if entry.guid not in known]
    changed = [entry for entry in by_guid.values() if _is_changed(entry, known.get(entry.guid))]
    new, changed = (not_erased(conn, feed_id, some) for some in (new, changed))
    n_shared = _n_shared(conn, feed_id, known.values(), last_read_at)
    n_passed_over = _add(conn, feed_id, new, now=now, not_seen_before_at=not_seen_before_at, oldest_at=oldest_at)
    for entry in changed:
        conn.execute(
            update(entries)
            .where(entries.c.feed_id == feed_id, entries.c.guid == entry.guid)
            .values(**_values(entry), resolve_due_at=case((entries.c.passed_over, None), else_=now))
        )
    _mark_seen(conn, feed_id, list(known), now)
    if last_read_at is not None and not_seen_before_at is not None:
        _mark_gone(conn, feed_id, last_read_at=last_read_at, last_good_poll_at=not_seen_before_at)
    return EntryChange(
        n_new=len(new), n_changed=len(changed), n_known=len(known), n_shared=n_shared, n_passed_over=n_passed_over
    )


def _with_own_guids(
    conn: Connection, feed_id: FeedId, by_guid: dict[str, ParsedEntry], known: dict[str, _Known]
) -> tuple[dict[str, ParsedEntry], dict[str, _Known]]:
    """The entries, and those of them that are known, once a guid that names another article now is told apart by link.

    So a document with several entries under one guid is parsed, too.
    """
    changed = [guid for guid, entry in by_guid.items() if _is_changed(entry, known.get(guid))]
    stored = _load_told(conn, feed_id, changed)
    others = [guid for guid in changed if guid in stored and is_other_article(stored[guid], by_guid[guid])]
    if not others:
        return by_guid, known
    own = {guid: _key(f"{guid} {by_guid[guid].url or by_guid[guid].title}") for guid in others}
    renamed: dict[str, ParsedEntry] = {}
    for guid, entry in by_guid.items():
        renamed.setdefault(own.get(guid, guid), replace(entry, guid=own.get(guid, guid)))
    kept = {guid: one for guid, one in known.items() if guid not in own}
    return renamed, kept | _known(conn, feed_id, sorted(set(own.values())))


@dataclass(frozen=True, slots=True)
class _Told:
    guid: str
    url: str | None
    title: str
    published_at: datetime | None


def _load_told(conn: Connection, feed_id: FeedId, guids: Sequence[str]) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    columns = [entries.c[name] for name in ("guid", "url", "title", "published_at")]
    for start in range(0, len(guids), 500):
        some = guids[start : start + 500]
        rows = select(*columns).where(entries.c.feed_id == feed_id, entries.c.guid.in_(some))
        told.update((row.guid, _Told(*row)) for row in conn.execute(rows))
    return told


@dataclass(frozen=True, slots=True)
class _Known:
    content_hash: str
    last_seen_at: datetime


def _is_changed(entry: ParsedEntry, known: _Known | None) -> bool:
    return known is not None and known.content_hash != entry.content_hash


def _add(
    conn: Connection,
    feed_id: FeedId,
    new: Sequence[ParsedEntry],
    *,
    now: datetime,
    not_seen_before_at: datetime | None,
    oldest_at: datetime | None,
) -> int:
    """Returns how many of them are passed over."""
    rows = []
    for entry in new:
        is_old = bool(oldest_at and entry.published_at and entry.published_at < oldest_at)
        seen = {"first_seen_at": now, "last_seen_at": now, "not_seen_before_at": not_seen_before_at}
        due = {"passed_over": is_old, "resolve_due_at": None if is_old else now}
        rows.append({"feed_id": feed_id, **seen, **_values(entry), **due})
    if rows:
        conn.execute(insert(conn, entries).on_conflict_do_nothing(index_elements=["feed_id", "guid"]), rows)
    return sum(row["passed_over"] is True for row in rows)


def _n_shared(conn: Connection, feed_id: FeedId, known: Iterable[_Known], last_read_at: datetime | None) -> int | None:
    if last_read_at is None:
        return None
    n_shared = sum(one.last_seen_at >= last_read_at for one in known)
    if n_shared:
        return n_shared
    read = select(entries.c.id).where(entries.c.feed_id == feed_id, entries.c.last_seen_at >= last_read_at).limit(1)
    return None if conn.execute(read).first() is None else 0


def _key(guid: str) -> str:
    """The guid as it is stored, or its hash where PostgreSQL could not index it."""
    guid = storable(guid)
    too_long = len(guid.encode()) > GUID_BYTES
    return hashlib.sha256(guid.encode()).hexdigest() if too_long else guid


def _known(conn: Connection, feed_id: FeedId, guids: Sequence[str]) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for start in range(0, len(guids), 500):
        some = guids[start : start + 500]
        rows = select(entries.c.guid, entries.c.content_hash, entries.c.last_seen_at).where(
            entries.c.feed_id == feed_id, entries.c.guid.in_(some)
        )
        known.update((guid, _Known(content_hash, seen_at)) for guid, content_hash, seen_at in conn.execute(rows))
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
    for start in range(0, len(guids), 500):
        some = guids[start : start + 500]
        seen = update(entries).where(entries.c.feed_id == feed_id, entries.c.guid.in_(some))
        conn.execute(seen.values(last_seen_at=now))
    _mark_sightings(conn, feed_id, now)


def _mark_gone(conn: Connection, feed_id: FeedId, *, last_read_at: datetime, last_good_poll_at: datetime) -> None:
    """What stood in the document until now, through polls that found it unchanged: write down until when."""
    was_there = and_(
        entries.c.feed_id == feed_id,
        entries.c.last_seen_at >= last_read_at,
        entries.c.last_seen_at < last_good_poll_at,
    )
    if conn.execute(update(entries).where(was_there).values(last_seen_at=last_good_poll_at)).rowcount:
        _mark_sightings(conn, feed_id, last_good_poll_at)


def _mark_sightings(conn: Connection, feed_id: FeedId, seen_at: datetime) -> None:
    # By entry alone: with the feed beside it SQLite goes through all sightings that the feed ever had.
    seen = select(entries.c.id).where(entries.c.feed_id == feed_id, entries.c.last_seen_at == seen_at)
    conn.execute(update(sightings).where(sightings.c.entry_id.in_(seen)).values(last_seen_at=seen_at))


def load_last_seen(conn: Connection, feed_id: FeedId) -> dict[str, datetime]:
    """When each entry of a feed was last known to stand in it, by guid."""
    rows = select(entries.c.guid, LAST_SEEN.label("seen_at")).join(feeds).where(entries.c.feed_id == feed_id)
    return {row.guid: row.seen_at for row in conn.execute(rows)}


def load_sightings(conn: Connection, article_id: ArticleId) -> list[dict[str, Any]]:
    """The entries that lead to an article, with their feeds, the first seen first."""
    columns = (entries.c.feed_id, feeds.c.title.label("feed"), entries.c.guid, entries.c.title, entries.c.published_at)
    seen = (sightings.c.first_seen_at, LAST_SEEN.label("last_seen_at"))
    rows = (
        select(*columns, *seen)
        .select_from(sightings)
        .join(entries, entries.c.id == sightings.c.entry_id)
        .join(feeds, feeds.c.id == sightings.c.feed_id)
        .where(sightings.c.article_id == article_id)
        .order_by(sightings.c.first_seen_at, entries.c.id)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def load_unresolved(
    conn: Connection, *, now: datetime, limit: int, feed_ids: Sequence[FeedId] | None = None
) -> list[UnresolvedEntry]:
    """Entries whose article is to be decided, oldest first; of these feeds alone where some are named.

    One transaction at a time goes on from here: two that decided at once could make two articles of one URL.
    """
    hold_lock(conn, RESOLVE_LOCK)
    rows = (
        select(entries, feeds.c.source_id, feeds.c.url.label("feed_url"), LAST_SEEN.label("seen_at"))
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(entries.c.resolve_due_at <= now, true() if feed_ids is None else entries.c.feed_id.in_(feed_ids))
        .order_by(entries.c.resolve_due_at, entries.c.id)
        .limit(limit)
        .with_for_update(of=entries, skip_locked=True)
    )
    fields = UnresolvedEntry.__dataclass_fields__
    return [
        UnresolvedEntry(**{**{name: row[name] for name in fields}, "last_seen_at": row["seen_at"]})
        for row in conn.execute(rows).mappings()
    ]


def load_article_id(conn: Connection, entry_id: EntryId) -> ArticleId | None:
    """The article that an entry leads to as things stand."""
    known = select(entries.c.article_id).where(entries.c.id == entry_id)
    article_id: ArticleId | None = conn.execute(known).scalar_one_or_none()
    return article_id


def save_resolved(conn: Connection, entry: UnresolvedEntry, article_id: ArticleId, keys: EntryKeys = _NO_KEYS) -> None:
    """Note that an entry leads to an article, a sighting, and what else the entry is known by within its feed."""
    save_all_resolved(conn, [Resolved(entry, article_id, keys)])


def save_all_resolved(conn: Connection, resolved: Sequence[Resolved]) -> None:
    """`save_resolved` of some entries, each once."""
    if not resolved:
        return
    values = [
        {"its_id": one.entry.id, "article_id": one.article_id, "resolve_due_at": None, **asdict(one.keys)}
        for one in resolved
    ]
    conn.execute(_THIS_ENTRY, values)
    row = insert(conn, sightings)
    seen_again = {"last_seen_at": row.excluded.last_seen_at}
    seen = [
        {
            "article_id": one.article_id,
            "entry_id": one.entry.id,
            "feed_id": one.entry.feed_id,
            "first_seen_at": one.entry.first_seen_at,
            "last_seen_at": one.entry.last_seen_at,
        }
        for one in resolved
    ]
    conn.execute(row.on_conflict_do_update(index_elements=["article_id", "entry_id"], set_=seen_again), seen)


def attempt(
    conn: Connection, entry: UnresolvedEntry, resolve: Callable[[], None], *, retry_at: datetime
) -> Exception | None:
    """Decide one entry of many in one transaction; where that raises, nothing of it stays and `retry_at` is its turn.

    Returns the error. One that the database itself is to blame for is raised: it would meet the others as well.
    """
    error = try_out(conn, resolve)
    if error is not None:
        conn.execute(update(entries).where(entries.c.id == entry.id).values(resolve_due_at=retry_at))
    return error


def try_out(conn: Connection, work: Callable[[], None]) -> Exception | None:
    """Do work within a transaction; where that raises, nothing of it stays. Returns the error, as `attempt`."""
    try:
        with conn.begin_nested():
            work()
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other entries must go on; the caller logs it
        return error
    return None


def move_entries(conn: Connection, old_id: ArticleId, new_id: ArticleId) -> None:
    """Let the entries and sightings of one article lead to another."""
    conn.execute(update(entries).where(entries.c.article_id == old_id).values(article_id=new_id))
    doubled = select(sightings.c.entry_id).where(sightings.c.article_id == new_id)
    conn.execute(
        update(sightings)
        .where(sightings.c.article_id == old_id, sightings.c.entry_id.not_in(doubled))
        .values(article_id=new_id)
    )

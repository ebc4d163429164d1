"""Records that somebody hands over: entries of feeds that are never polled, and texts that come without a page.

Each name that records are handed over under has a feed for each source ("ingest:NAME/DOMAIN"), in the state "given".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.exc import OperationalError

from monitor.errors import StoreError
from monitor.store.engine import RESOLVE_LOCK, Store, hold_lock, insert, is_trouble
from monitor.store.feeds import GIVEN
from monitor.store.tables import articles, entries, feeds, sources
from monitor.types import ArticleId, EntryId, FeedId, SourceId

_CHUNK = 500
N_TRIES = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """What is stored under the id of a record, and of which entry."""

    id: EntryId
    article_id: ArticleId | None
    content_hash: str


def feed_url(name: str, domain: str) -> str:
    """What the feed of a source's records under a name is known by; no web address."""
    return f"ingest:{name}/{domain}"


def save_at_once(store: Store, save: Callable[[Connection, bool], T]) -> T:
    """Do something in one transaction; `save` is told whether to guard each record.

    That costs, so it comes in only after a first try that failed; another transaction that was in its way is no
    failure of a record, and is given way to. Raises StoreError when the database is gone.
    """
    is_guarded = False
    for n_left in reversed(range(N_TRIES)):
        try:
            with store.begin() as conn:
                return save(conn, is_guarded)
        except OperationalError as error:
            if is_trouble(error):
                raise StoreError(f"the database gave up ({error.orig}); started again it goes on from here") from None
            if not n_left:
                raise
        except Exception:  # whatever it is: the next try finds out which record it was
            if is_guarded:
                raise
            is_guarded = True
    raise AssertionError("the last try returns or raises")


def attempt(conn: Connection, do: Callable[[], None]) -> Exception | None:
    """Do something for one record of many; where that raises, nothing of it stays and the error is returned.

    One that the database itself is to blame for is raised: it would meet the others as well.
    """
    try:
        with conn.begin_nested():
            do()
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other records must go on; the caller tells it
        return error
    return None


def load_source_names(conn: Connection) -> dict[str, str]:
    """The domain of each source by its name, in small letters; a name that two of them have is left out."""
    found: dict[str, str | None] = {}
    for name, domain in conn.execute(select(sources.c.name, sources.c.domain)):
        key = name.casefold()
        found[key] = domain if found.get(key, domain) == domain else None
    return {name: domain for name, domain in found.items() if domain is not None}


def ensure_feeds(conn: Connection, name: str, source_ids: Mapping[str, SourceId], now: datetime) -> dict[str, FeedId]:
    """The feed of each of these domains, made where there is none."""
    found = _find_feeds(conn, name, source_ids)
    missing = sorted(set(source_ids) - set(found))
    rows = [
        {
            "source_id": source_ids[domain],
            "url": feed_url(name, domain),
            "host": "",
            "title": name,
            "managed_by": "user",
            "created_at": now,
            "state": GIVEN,
            "because": "Its entries are handed over with `monitor ingest`; it is never polled.",
            "interval_s": 0,
            "next_poll_at": None,
        }
        for domain in missing
    ]
    if not rows:
        return found
    conn.execute(insert(conn, feeds).on_conflict_do_nothing(index_elements=["url"]), rows)
    return found | _find_feeds(conn, name, missing)


def _find_feeds(conn: Connection, name: str, domains: Collection[str]) -> dict[str, FeedId]:
    by_url = {feed_url(name, domain): domain for domain in domains}
    rows = select(feeds.c.url, feeds.c.id).where(feeds.c.url.in_(sorted(by_url)))
    return {by_url[row.url]: row.id for row in conn.execute(rows)}


def load_hashes(conn: Connection, name: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The hashes of what is stored, of these pairs of domain and id."""
    hashes: dict[tuple[str, str], str] = {}
    for domain, feed_id in _find_feeds(conn, name, {domain for domain, _ in keys}).items():
        known = find_known(conn, feed_id, [guid for its_domain, guid in keys if its_domain == domain])
        hashes.update({(domain, guid): record.content_hash for guid, record in known.items()})
    return hashes


def find_known(conn: Connection, feed_id: FeedId, guids: Sequence[str]) -> dict[str, KnownRecord]:
    """What is stored under these ids."""
    known: dict[str, KnownRecord] = {}
    columns = (entries.c.guid, entries.c.id, entries.c.article_id, entries.c.content_hash)
    for start in range(0, len(guids), _CHUNK):
        some = guids[start : start + _CHUNK]
        rows = select(*columns).where(entries.c.feed_id == feed_id, entries.c.guid.in_(some))
        for guid, entry_id, article_id, content_hash in conn.execute(rows):
            known[guid] = KnownRecord(id=entry_id, article_id=article_id, content_hash=content_hash)
    return known


def begin_batch(conn: Connection) -> None:
    """Take what a batch needs before all else, so that it never waits for whoever waits for it."""
    hold_lock(conn, RESOLVE_LOCK)


def date_back(conn: Connection, feed_id: FeedId, seen: Mapping[str, datetime]) -> None:
    """Let entries be first seen when their records say so, unless they were seen earlier still; by guid."""
    rows = [{"its_guid": guid, "its_seen_at": seen_at} for guid, seen_at in sorted(seen.items())]
    if rows:
        earlier = update(entries).where(
            entries.c.feed_id == feed_id,
            entries.c.guid == bindparam("its_guid"),
            entries.c.first_seen_at > bindparam("its_seen_at"),
        )
        conn.execute(earlier.values(first_seen_at=bindparam("its_seen_at")), rows)


def find_due(conn: Connection, feed_ids: Collection[FeedId], now: datetime) -> dict[tuple[FeedId, str], EntryId]:
    """The entries of these feeds that are to be resolved, by feed and hash of their content."""
    c = entries.c
    rows = select(c.feed_id, c.content_hash, c.id).where(c.feed_id.in_(sorted(feed_ids)), c.resolve_due_at <= now)
    return {(row.feed_id, row.content_hash): row.id for row in conn.execute(rows)}


def attribute(conn: Connection, article_id: ArticleId, source_id: SourceId) -> None:
    """Let an article belong to the source that its record names."""
    conn.execute(update(articles).where(articles.c.id == article_id).values(source_id=source_id))


def find_articles(conn: Connection, ids: Collection[EntryId]) -> dict[EntryId, ArticleId]:
    """What these entries led to; one that led to none is left out."""
    rows = select(entries.c.id, entries.c.article_id).where(entries.c.id.in_(sorted(ids)))
    return {row.id: row.article_id for row in conn.execute(rows) if row.article_id is not None}


def forget_entry(conn: Connection, entry_id: EntryId, *, is_new: bool) -> None:
    """Of a record that could not be stored: the next time it is handed over it counts as new or changed again."""
    if is_new:
        conn.execute(delete(entries).where(entries.c.id == entry_id))
    else:
        conn.execute(update(entries).where(entries.c.id == entry_id).values(content_hash="", resolve_due_at=None))


def newest_article(conn: Connection) -> int:
    """The highest id that an article has."""
    found: Any = conn.execute(select(articles.c.id).order_by(articles.c.id.desc()).limit(1)).scalar_one_or_none()
    return int(found or 0)

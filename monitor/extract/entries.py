"""Leads entries of feeds to articles: known ones by guid, title or URL, else new ones whose pages are to be read.

The store's half of monitor.extract.identity, where it is judged what an entry is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import structlog

from monitor.app import App
from monitor.extract.identity import Identity, alike_articles, candidate_urls, decide_identity
from monitor.likeness import entry_keys
from monitor.store import articles, entries, erasing, hosts, resolving, tombstones
from monitor.store.articles import NewArticle
from monitor.store.engine import Connection
from monitor.store.entries import UnresolvedEntry
from monitor.store.sources import ensure_source_of, find_sources_of
from monitor.types import ArticleId, SourceId
from monitor.urls import host_of

log = structlog.get_logger()

N_ENTRIES = 200
RESOLVE_RETRY = timedelta(hours=1)


class _Met(NamedTuple):
    """What is stored already of the hosts that the entries of a batch lead to."""

    sources: Mapping[str, SourceId] = MappingProxyType({})
    hosts: Collection[str] = frozenset()


_NOBODY = _Met()


def resolve_entries(app: App) -> int:
    """Decide a batch of the entries that lead to no article yet; returns how many there were."""
    now = app.clock()
    with app.store.begin() as conn:
        found = entries.load_unresolved(conn, now=now, limit=N_ENTRIES)
        met = _met_before(conn, found)
        for entry in found:
            _resolve_or_postpone(conn, entry, now, met)
    return len(found)


def _met_before(conn: Connection, found: Sequence[UnresolvedEntry]) -> _Met:
    named = {host_of(entry.url) for entry in found if entry.url} - {""}
    return _Met(sources=find_sources_of(conn, named), hosts=hosts.find_hosts(conn, named)) if named else _NOBODY


def _resolve_or_postpone(conn: Connection, entry: UnresolvedEntry, now: datetime, met: _Met = _NOBODY) -> None:
    """An entry that raises must not keep all others from their articles."""
    error = entries.attempt(conn, entry, lambda: _resolve(conn, entry, now, met), retry_at=now + RESOLVE_RETRY)
    if error is not None:
        log.error("extract.entry_postponed", entry=entry.id, exc_info=error)


def resolve_entry(conn: Connection, entry: UnresolvedEntry, now: datetime) -> None:
    """Decide one entry at once, in the transaction that brought it and loaded it as unresolved."""
    _resolve(conn, entry, now)


def _resolve(conn: Connection, entry: UnresolvedEntry, now: datetime, met: _Met = _NOBODY) -> None:
    keys = entry_keys(entry)
    # As it is now: an entry before this one may have shown its article to be another one's.
    own = None if entry.article_id is None else entries.load_article_id(conn, entry.id)
    urls = candidate_urls(guid=entry.guid, url=entry.url, feed_url=entry.feed_url)
    identity = decide_identity(
        guid=entry.guid,
        url=entry.url,
        feed_url=entry.feed_url,
        by_guid={} if own is None else {entry.guid: own},
        by_url=resolving.find_by_urls(conn, urls),
        # Only once: what it stood beside is forgotten later.
        alike=[] if own is not None else alike_articles(entry, entries.find_alike(conn, entry, keys)),
    )
    new = _new_article(entry, identity, lambda host: met.sources.get(host) or ensure_source_of(conn, host, now=now))
    if tombstones.is_erased(conn, urls=[new.url, new.entry_url], entry=(entry.feed_id, entry.guid)):
        erasing.refuse_entry(conn, entry.id, now)
        return
    if identity.known is None:
        article_id = articles.add_article(conn, new, now, known_hosts=met.hosts)
    else:
        article_id = resolving.join_unread(conn, (identity.known, *identity.also), now)
        articles.add_urls(conn, article_id, {new.entry_url: "entry", new.url: "entry"}, now)
        if own is None:
            articles.note_sighting(conn, article_id, new)
        else:
            articles.request_page(conn, article_id, now)
    entries.save_resolved(conn, entry, article_id, keys)


def _new_article(
    entry: UnresolvedEntry, identity: Identity[ArticleId], source_of: Callable[[str], SourceId]
) -> NewArticle:
    host = host_of(identity.fetch_url) if identity.fetch_url else ""
    is_new = identity.known is None
    return NewArticle(
        url=identity.canonical_url,
        # A link that names no article, such as a homepage, must not lead to one.
        entry_url=identity.canonical_url if identity.canonical_url.startswith("urn:") else entry.url or "",
        host=host,
        source_id=source_of(host) if host and is_new else entry.source_id,
        first_seen_at=entry.first_seen_at,
        not_seen_before_at=entry.not_seen_before_at,
        published_at=entry.published_at,
    )

"""Leads entries of feeds to articles: known ones by guid, title or URL, else new ones whose pages are to be read.

The store's half of monitor.extract.identity, where it is judged what an entry is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby
from types import MappingProxyType
from typing import NamedTuple

import structlog

from monitor.app import App
from monitor.extract.identity import Identity, alike_articles, candidate_urls, decide_identity
from monitor.likeness import EntryKeys, entry_keys
from monitor.store import alike, articles, entries, erasing, hosts, resolving, tombstones
from monitor.store.alike import FeedKey
from monitor.store.articles import NewArticle
from monitor.store.engine import Connection
from monitor.store.entries import Resolved, UnresolvedEntry
from monitor.store.sources import ensure_source_of, ensure_sources_of, find_sources_of
from monitor.types import ArticleId, EntryId, SourceId
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
        _resolve_all(conn, found, now)
    return len(found)


def _resolve_all(conn: Connection, found: Sequence[UnresolvedEntry], now: datetime) -> None:
    """In their order, as if each were decided by itself."""
    met = _met_before(conn, found)
    newcomers = _find_newcomers(conn, found)
    for is_new, some in groupby(found, key=lambda entry: entry.id in newcomers):
        together = list(some)
        made = _add_newcomers(conn, [newcomers[one.id] for one in together], now, met) if is_new else set()
        for entry in together:
            if entry.id not in made:
                _resolve_or_postpone(conn, entry, now, met)


# --- entries that lead to new articles, all of them by the same few statements --------------------------------------


class _Newcomer(NamedTuple):
    """An entry whose article is new, whatever becomes of the other entries of its batch."""

    entry: UnresolvedEntry
    keys: EntryKeys
    identity: Identity[ArticleId]
    erased_by: list[tombstones.Key]

    @property
    def names(self) -> set[object]:
        """What no other article and no other entry may share with it."""
        urls = candidate_urls(guid=self.entry.guid, url=self.entry.url, feed_url=self.entry.feed_url)
        return {*urls, *alike.feed_keys(self.entry.feed_id, self.keys)}


def _find_newcomers(conn: Connection, found: Sequence[UnresolvedEntry]) -> dict[EntryId, _Newcomer]:
    """Those that share no URL and no key with anything that is stored or with each other, and nothing of them erased.

    The others are decided one by one: what one of them leads to may depend on the one before.
    """
    looked = {one.entry.id: one for entry in found if (one := _look_at(entry)) is not None}
    names = {entry_id: one.names for entry_id, one in looked.items()}
    n_named = Counter(chain.from_iterable(names.values()))
    alone = [
        one
        for entry_id, one in looked.items()
        if one.entry.article_id is None and all(n_named[name] == 1 for name in names[entry_id])
    ]
    if len(alone) < 2:
        return {}
    names_of_all = {name for one in alone for name in names[one.entry.id]}
    urls = {name for name in names_of_all if isinstance(name, str)}
    erased = tombstones.erased_keys(conn, {key for one in alone for key in one.erased_by})
    taken: set[object] = {*resolving.find_by_urls(conn, urls)}
    taken |= alike.find_taken_keys(conn, {name for name in names_of_all if isinstance(name, FeedKey)})
    return {
        one.entry.id: one for one in alone if taken.isdisjoint(names[one.entry.id]) and erased.isdisjoint(one.erased_by)
    }


def _look_at(entry: UnresolvedEntry) -> _Newcomer | None:
    """As if nothing that is stored were known; None for an entry that raises, which is told when it is decided."""
    try:
        identity: Identity[ArticleId] = decide_identity(
            guid=entry.guid, url=entry.url, feed_url=entry.feed_url, by_guid={}, by_url={}
        )
        return _Newcomer(entry, entry_keys(entry), identity, _tombstones_of(entry, identity))
    except Exception:  # noqa: BLE001 - whatever it is, the other entries must go on
        return None


def _add_newcomers(conn: Connection, some: Sequence[_Newcomer], now: datetime, met: _Met) -> set[EntryId]:
    """Make their articles; returns the entries that lead to one now. None of them where that fails."""
    made: list[EntryId] = []

    def add() -> None:
        named = {host_of(url) for one in some if (url := one.identity.fetch_url)} - {""}
        sources = {**met.sources, **ensure_sources_of(conn, named - met.sources.keys(), now=now)}
        new = [_new_article(one.entry, one.identity, sources.__getitem__) for one in some]
        ids = articles.add_articles(conn, new, now, known_hosts=met.hosts)
        both = zip(some, new, strict=True)
        resolved = [Resolved(one.entry, ids[its.url], one.keys) for one, its in both if its.url in ids]
        entries.save_all_resolved(conn, resolved)
        made.extend(one.entry.id for one in resolved)

    # Where that raises one of them is to blame: each by itself then, and that one is reported.
    return set() if entries.try_out(conn, add) is not None else set(made)


# --- entries one by one ---------------------------------------------------------------------------------------------


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
        alike=[] if own is not None else alike_articles(entry, alike.find_alike(conn, entry, keys)),
    )
    new = _new_article(entry, identity, lambda host: met.sources.get(host) or ensure_source_of(conn, host, now=now))
    if tombstones.erased_keys(conn, _tombstones_of(entry, identity)):
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


def _tombstones_of(entry: UnresolvedEntry, identity: Identity[ArticleId]) -> list[tombstones.Key]:
    """Under which one would stand if what the entry leads to had been erased."""
    urls = [identity.canonical_url, _link_of(entry, identity)]
    return tombstones.keys_of(urls=urls, entry=(entry.feed_id, entry.guid))


def _link_of(entry: UnresolvedEntry, identity: Identity[ArticleId]) -> str:
    """A link that names no article, such as a homepage, must not lead to one."""
    return identity.canonical_url if identity.canonical_url.startswith("urn:") else entry.url or ""


def _new_article(
    entry: UnresolvedEntry, identity: Identity[ArticleId], source_of: Callable[[str], SourceId]
) -> NewArticle:
    host = host_of(identity.fetch_url) if identity.fetch_url else ""
    is_new = identity.known is None
    return NewArticle(
        url=identity.canonical_url,
        entry_url=_link_of(entry, identity),
        host=host,
        source_id=source_of(host) if host and is_new else entry.source_id,
        first_seen_at=entry.first_seen_at,
        not_seen_before_at=entry.not_seen_before_at,
        published_at=entry.published_at,
    )

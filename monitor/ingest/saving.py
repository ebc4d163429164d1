"""How are records stored: one transaction, by the same ladder of identity as the entries of feeds.

A given text becomes the article's text, and no page is fetched; where a record gives a URL alone its page is fetched as
usual. What was read from the publisher's own page is better than what is given, and stays; of several given texts of
one article the longest is its text. A changed text under a known id is a revision, unless the article said just that
once already: then a file is handed over again that holds several states of it.
Names are made before the first text arrives, and texts come last: whoever waits for the order of arrival is never
waited for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

import monitor.extract.entries
from monitor.fetch.dates import MAX_AHEAD
from monitor.ingest.texts import Given
from monitor.store import entries, erasing, given_texts, ingesting, sources, tombstones
from monitor.store.bylines import ensure_names
from monitor.store.engine import Connection
from monitor.store.given_texts import GivenArticle, StoredState
from monitor.store.ingesting import KnownRecord
from monitor.types import ArticleId, EntryDate, EntryId, FeedId, Method, ParsedEntry

log = structlog.get_logger()


@dataclass(slots=True)
class Saved:
    """How many records were new, changed, or said nothing new; the lines that could not be stored, with why."""

    n_new: int = 0
    n_changed: int = 0
    n_known: int = 0
    failed: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A record whose entry is stored; `is_change`: another state of it was known."""

    given: Given
    feed_id: FeedId
    entry_id: EntryId
    is_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What the steps of one transaction share."""

    conn: Connection
    now: datetime
    is_guarded: bool
    saved: Saved


def save_batch(conn: Connection, records: Sequence[Given], *, name: str, now: datetime, is_guarded: bool) -> Saved:
    """Store records, no id twice, in the order of their lines; all of them or, where this raises, none.

    With `is_guarded` one that cannot be stored is told in the result, and the others are; without, it raises.
    """
    ingesting.begin_batch(conn)
    batch = _Batch(conn=conn, now=now, is_guarded=is_guarded, saved=Saved())
    newest_id = ingesting.newest_article(conn)
    source_ids = sources.ensure_sources(conn, {given.domain for given in records}, now=now)
    feed_ids = ingesting.ensure_feeds(conn, name, source_ids, now)
    stored = _resolved(batch, _save_entries(batch, records, feed_ids))
    led_to = ingesting.find_articles(conn, [one.entry_id for one in stored])
    for one in stored:
        article_id = led_to.get(one.entry_id)
        if article_id is not None and article_id > newest_id and one.given.names_source:
            ingesting.attribute(conn, article_id, source_ids[one.given.domain])
    _save_texts(batch, [(one, led_to[one.entry_id]) for one in stored if one.entry_id in led_to])
    return batch.saved


# --- entries -------------------------------------------------------------------------------------------------------


def _save_entries(batch: _Batch, records: Sequence[Given], feed_ids: Mapping[str, FeedId]) -> list[_Stored]:
    """Store what is new or changed as entries of its feeds."""
    by_domain: defaultdict[str, list[Given]] = defaultdict(list)
    for given in records:
        by_domain[given.domain].append(given)
    wanted: list[Given] = []
    known: dict[EntryId, KnownRecord] = {}
    for domain, some in sorted(by_domain.items()):
        before = ingesting.find_known(batch.conn, feed_ids[domain], [given.key.guid for given in some])
        telling = [given for given in some if _says_something(batch.conn, given, before.get(given.key.guid))]
        _save_feed(batch, feed_ids[domain], telling)
        known |= {record.id: record for record in before.values()}
        wanted += telling
    due = ingesting.find_due(batch.conn, feed_ids.values(), batch.now)
    stored = []
    for given in sorted(wanted, key=lambda one: one.line):
        feed_id = feed_ids[given.domain]
        entry_id = due.get((feed_id, given.record.entry.content_hash))
        if entry_id is not None:
            stored.append(_Stored(given=given, feed_id=feed_id, entry_id=entry_id, is_change=entry_id in known))
    batch.saved.n_known += len(records) - len(stored)
    batch.saved.n_changed += sum(one.is_change for one in stored)
    batch.saved.n_new += sum(not one.is_change for one in stored)
    return stored


def _save_feed(batch: _Batch, feed_id: FeedId, records: Sequence[Given]) -> None:
    if not records:
        return
    parsed = [_held(given.record.entry, batch.now) for given in records]
    entries.save_entries(batch.conn, feed_id, parsed, now=batch.now, not_seen_before_at=None)
    seen = {given.key.guid: at for given in records if (at := given.record.seen_at) is not None and at < batch.now}
    ingesting.date_back(batch.conn, feed_id, seen)


def _says_something(conn: Connection, given: Given, before: KnownRecord | None) -> bool:
    """Whether a record is new, or changed to what its article never said before."""
    if before is None or given.text is None or before.article_id is None:
        return before is None or before.content_hash != given.record.entry.content_hash
    return not given_texts.was_told(conn, before.article_id, given.text)


def _held(entry: ParsedEntry, now: datetime) -> ParsedEntry:
    """A date that lies ahead is held at this moment, as those of feeds are."""
    if entry.published_at is None or entry.published_at <= now + MAX_AHEAD:
        return entry
    return replace(entry, published_at=now, date_origin=EntryDate.CLAMPED)


def _resolved(batch: _Batch, stored: Sequence[_Stored]) -> list[_Stored]:
    """Those of the entries that lead to their articles from now on."""
    feed_ids = sorted({one.feed_id for one in stored})
    found = entries.load_unresolved(batch.conn, now=batch.now, limit=len(stored), feed_ids=feed_ids)
    unresolved = {entry.id: entry for entry in found}

    def resolve(one: _Stored) -> None:
        if _is_erased(batch.conn, one.given):
            erasing.refuse_entry(batch.conn, one.entry_id, batch.now)
        else:
            monitor.extract.entries.resolve_entry(batch.conn, unresolved[one.entry_id], batch.now)

    return [one for one in stored if _attempt(batch, one, resolve)]


def _is_erased(conn: Connection, given: Given) -> bool:
    """Whether the text or its authors were; resolving knows what its URL and id lead to."""
    if given.text is None:
        return False
    article = given.text.article
    return tombstones.is_erased(conn, title=article.title, text=article.text, authors=article.authors)


def _attempt(batch: _Batch, one: _Stored, do: Callable[[_Stored], None]) -> bool:
    """Do something for one record of many; where that raises, nothing of it stays, and its line is told."""
    if not batch.is_guarded:
        do(one)
        return True
    error = ingesting.attempt(batch.conn, lambda: do(one))
    if error is None:
        return True
    log.error("ingest.line_failed", line=one.given.line, exc_info=error)
    ingesting.forget_entry(batch.conn, one.entry_id, is_new=not one.is_change)
    saved = batch.saved
    saved.n_new -= not one.is_change
    saved.n_changed -= one.is_change
    saved.failed.append((one.given.line, f"could not be stored ({type(error).__name__}); the log says where"))
    return False


# --- texts ---------------------------------------------------------------------------------------------------------


def _save_texts(batch: _Batch, stored: Sequence[tuple[_Stored, ArticleId]]) -> None:
    """Save the texts that are the best of their articles; no pages of these are fetched."""
    given = [(one, article_id) for one, article_id in stored if one.given.text is not None]
    states = given_texts.hold_states(batch.conn, {article_id for _, article_id in given})
    ensure_names(batch.conn, [one.given.text.article for one, _ in given if one.given.text is not None])
    given_texts.rest_pages(batch.conn, {state.id for state in states.values() if not state.is_from_page})
    first: dict[ArticleId, tuple[_Stored, GivenArticle]] = {}
    later: list[tuple[_Stored, ArticleId, GivenArticle]] = []
    for one, article_id in given:
        if one.given.text is None or states[article_id].is_from_page:
            continue
        if states[article_id].method is None and article_id not in first:
            first[article_id] = (one, one.given.text)
        else:
            later.append((one, article_id, one.given.text))
    _save_first(batch, states, first)
    for one, article_id, text in later:
        _save_later(batch, one, article_id, text)


def _save_first(
    batch: _Batch, states: Mapping[ArticleId, StoredState], first: Mapping[ArticleId, tuple[_Stored, GivenArticle]]
) -> None:
    if not batch.is_guarded:
        texts = [(states[article_id], text) for article_id, (_, text) in first.items()]
        given_texts.save_first(batch.conn, texts, batch.now)
        return

    def save(one: _Stored) -> None:
        given_texts.save_first(batch.conn, [alone[one.entry_id]], batch.now)

    alone = {one.entry_id: (states[article_id], text) for article_id, (one, text) in first.items()}
    for one, _ in first.values():
        _attempt(batch, one, save)


def _save_later(batch: _Batch, one: _Stored, article_id: ArticleId, text: GivenArticle) -> None:
    """The text of an article that has one: a change of it, or a longer one from elsewhere."""

    def save(_one: _Stored) -> None:
        state = given_texts.hold_states(batch.conn, [article_id])[article_id]
        is_change = one.is_change and state.method is Method.GIVEN
        if state.method is not None and (is_change or text.article.n_words > state.n_words):
            given_texts.save_change(batch.conn, article_id, text, batch.now)

    _attempt(batch, one, save)

"""Articles, authors and sources that are taken down: erased for good from everything that held a word of them.

Gone are the article with its revisions, pages, fingerprints, features, links, hits, memberships and entries, and its
authors and tags that nothing else has; a story that nobody is left in goes too, and others are renewed. Stored mails
are made again by the digest stage from what is left (`Erased.digest_ids`). Tombstones keep feeds, pages and files from
bringing it back, and the audit tells who erased what, when and why, without a word of the content.
What it cannot reach: mails that were sent, backups, copies at other publishers (told by `Erased.n_copies_left`), and
the counts of terms, except those of terms that nothing else had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, func, or_, select, tuple_

from monitor.errors import NotFoundError
from monitor.store import claims, constraints, duplicates, stories
from monitor.store.batches import BATCH, in_batches
from monitor.store.bylines import forget_unused_names
from monitor.store.columns import storable
from monitor.store.engine import RESOLVE_LOCK, hold_lock, insert
from monitor.store.feeds import pause_feed
from monitor.store.holding import hold_to_take_away
from monitor.store.memberships import settle_left
from monitor.store.page_results import PAGES, FetchedPage
from monitor.store.pages import save_without_text
from monitor.store.story_log import log_story
from monitor.store.tables import (
    article_authors,
    article_merges,
    article_tags,
    article_urls,
    articles,
    audit,
    authors,
    copies,
    digest_item_articles,
    entries,
    features,
    feeds,
    pages,
    revisions,
    source_boilerplate,
    source_hosts,
    sources,
    story_members,
    tags,
    terms,
)
from monitor.store.tombstones import (
    Key,
    article_key,
    author_key,
    bury,
    entry_key,
    source_key,
    text_keys,
    url_key,
)
from monitor.text.normalise import clean_line, fold
from monitor.text.stems import stem
from monitor.text.tokens import figures, names, words
from monitor.types import Access, ArticleId, DigestId, EntryId, FeedId, Reason, SourceId, StoryId
from monitor.urls import host_of, registered_domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants erased: articles, or all that an author wrote or a source published; who asks, and why."""

    article_ids: tuple[ArticleId, ...] = ()
    author: str | None = None
    source: str | None = None
    who: str
    because: str

    @property
    def kind(self) -> str:
        return "author" if self.author is not None else "source" if self.source is not None else "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much is gone, or would go. Digests whose mails told of it; copies elsewhere that have the text still."""

    article_ids: tuple[ArticleId, ...]
    n_entries: int
    n_revisions: int
    n_pages: int
    n_stories: int
    n_copies_left: int
    digest_ids: tuple[DigestId, ...]


def find_erasable(conn: Connection, order: Order) -> tuple[list[ArticleId], list[EntryId]]:
    """The articles that an order means, and entries of an author or source that lead to no article."""
    if order.author is not None:
        return _of_author(conn, order.author)
    if order.source is not None:
        return _of_source(conn, _source_id(conn, order.source))
    return sorted(order.article_ids), []


def describe(conn: Connection, order: Order) -> Erased:
    """What erasing would take away; changes nothing. Raises NotFoundError for an author or source nobody knows."""
    ids, loose = find_erasable(conn, order)
    members = _members(conn, ids)
    n_gone = sum(_is_all(conn, story_id, ids) for story_id in {story_id for _, story_id in members})
    return Erased(
        article_ids=tuple(ids),
        n_entries=_count(conn, entries.c.article_id, ids) + len(loose),
        n_revisions=_count(conn, revisions.c.article_id, ids),
        n_pages=_count(conn, pages.c.article_id, ids),
        n_stories=n_gone,
        n_copies_left=_count_copies_left(conn, ids),
        digest_ids=_digests(conn, ids),
    )


def erase(conn: Connection, order: Order, now: datetime) -> Erased:
    """Erase what an order means. Call it last in a transaction. Whoever works on it loses its lease.

    Raises NotFoundError for an author or source that nobody knows.
    """
    hold_lock(conn, RESOLVE_LOCK)
    ids, loose = find_erasable(conn, order)
    near, languages = hold_to_take_away(conn, ids)
    erased, named = describe(conn, order), _named(conn, ids, order.author)
    bury(conn, [*_keys(conn, ids, loose), *_keys_of(conn, order)], because=order.because, now=now)
    _forget_rare_terms(conn, ids)
    _write_audit(conn, order, erased, now)
    constraints.hand_over(conn, ids)
    _leave_stories(conn, ids, order.who, now)
    for some in in_batches(loose):
        conn.execute(delete(entries).where(entries.c.id.in_(some)))
    for some in in_batches(ids):
        conn.execute(delete(entries).where(entries.c.article_id.in_(some)))
        conn.execute(delete(articles).where(articles.c.id.in_(some)))
    if order.source is not None:
        _silence(conn, _source_id(conn, order.source))
    forget_unused_names(conn, among=named)
    duplicates.match_again(conn, near, now)
    stories.disturb(conn, languages)
    return erased


def refuse_page(conn: Connection, fetched: FetchedPage, *, access: Access, now: datetime) -> None:
    """A claimed page brings back what was erased: its article goes too, unless it has a text of its own from before.

    Call it last in a transaction. Raises LeaseLostError.
    """
    page, detail = fetched.page, "the page says what was erased here"
    if page.is_new:
        hold_lock(conn, RESOLVE_LOCK)
        hold_to_take_away(conn, [page.id])
        claims.hold(conn, PAGES, page.id, page.leased_until)
        erase(conn, Order(article_ids=(page.id,), who="extract", because=detail), now)
    else:
        refused = replace(fetched, retry_at=None, reason=Reason.ERASED, detail=detail)
        save_without_text(conn, refused, access=access, now=now)


def refuse_entry(conn: Connection, entry_id: EntryId, now: datetime) -> None:
    """Let an entry go whose link or feed leads to what was erased; it will not be stored again."""
    bury(conn, _keys(conn, [], [entry_id]), because="leads to what was erased", now=now)
    conn.execute(delete(entries).where(entries.c.id == entry_id))


# --- what an order means ---------------------------------------------------------------------------------------------


def _of_author(conn: Connection, name: str) -> tuple[list[ArticleId], list[EntryId]]:
    wanted = fold(clean_line(name))
    known = _find_author(conn, name)
    by = select(article_authors.c.article_id).where(article_authors.c.author_id.in_(known))
    ids = set(conn.execute(by).scalars())
    loose = []
    for entry_id, article_id, given in conn.execute(select(entries.c.id, entries.c.article_id, entries.c.authors)):
        if any(fold(clean_line(str(one))) == wanted for one in given):
            # What the feed gave as its author may have been left out of the article's own authors.
            (loose.append(entry_id) if article_id is None else ids.add(article_id))
    if not ids and not loose:
        raise NotFoundError(
            f"no article names {clean_line(name)!r} as its author; `monitor articles show` tells authors"
        )
    return sorted(ids), loose


def _source_id(conn: Connection, domain: str) -> SourceId:
    found = conn.execute(select(sources.c.id).where(sources.c.domain == domain.strip().lower())).scalar_one_or_none()
    if found is None:
        raise NotFoundError(f"no source {clean_line(domain)!r}; name its registered domain, for example news.example")
    return SourceId(found)


def _of_source(conn: Connection, source_id: SourceId) -> tuple[list[ArticleId], list[EntryId]]:
    """Also what its feeds hold and what other feeds hold of it, though it leads to no article."""
    ids = list(conn.execute(select(articles.c.id).where(articles.c.source_id == source_id)).scalars())
    domain = conn.execute(select(sources.c.domain).where(sources.c.id == source_id)).scalar_one()
    rows = select(entries.c.id, entries.c.url, feeds.c.source_id).join(feeds, feeds.c.id == entries.c.feed_id)
    loose = [
        entry_id
        for entry_id, url, owner in conn.execute(rows.where(entries.c.article_id.is_(None)))
        if owner == source_id or registered_domain(host_of(url or "")) == domain
    ]
    return sorted(ids), loose


# --- tombstones and audit --------------------------------------------------------------------------------------------


def _keys(conn: Connection, ids: Sequence[ArticleId], loose: Sequence[EntryId]) -> Iterator[Key]:
    yield from map(article_key, ids)
    for some in in_batches(ids):
        old = select(article_merges.c.old_id).where(article_merges.c.article_id.in_(some))
        yield from map(article_key, conn.execute(old).scalars())
        for column, key in ((article_urls.c.url, article_urls.c.article_id), (articles.c.url, articles.c.id)):
            yield from map(url_key, conn.execute(select(column).where(key.in_(some))).scalars())
        wordings = select(revisions.c.title, revisions.c.text).where(revisions.c.article_id.in_(some))
        for title, text in conn.execute(wordings):
            yield from text_keys(title, text)
        yield from _entry_keys(conn, entries.c.article_id.in_(some))
    for some in in_batches(loose):
        yield from _entry_keys(conn, entries.c.id.in_(some))


def _entry_keys(conn: Connection, which: ColumnElement[bool]) -> Iterator[Key]:
    for feed_id, guid, url in conn.execute(select(entries.c.feed_id, entries.c.guid, entries.c.url).where(which)):
        yield entry_key(FeedId(feed_id), guid)
        if url:
            yield url_key(url)


def _keys_of(conn: Connection, order: Order) -> list[Key]:
    """An author or source is erased for good: what comes from them later is not kept either."""
    if order.author is not None:
        return [author_key(order.author)]
    if order.source is None:
        return []
    hosts = select(source_hosts.c.name).where(source_hosts.c.source_id == _source_id(conn, order.source))
    return [source_key(name) for name in (order.source.strip(), *conn.execute(hosts).scalars())]


def _write_audit(conn: Connection, order: Order, erased: Erased, now: datetime) -> None:
    details = {
        "kind": order.kind,
        "because": order.because[:1000],
        "n_articles": len(erased.article_ids),
        "n_entries": erased.n_entries,
    }
    row = {"who": order.who[:200], "action": "erase", "noun": "article", "details": details, "done_at": now}
    rows = [{**row, "noun_id": article_id} for article_id in erased.article_ids]
    conn.execute(insert(conn, audit), rows or [{**row, "noun_id": None}])


# --- taking away -----------------------------------------------------------------------------------------------------


def _members(conn: Connection, ids: Sequence[ArticleId]) -> list[tuple[ArticleId, StoryId]]:
    return list(stories.find_story_of(conn, ids).items())


def _leave_stories(conn: Connection, ids: Sequence[ArticleId], who: str, now: datetime) -> None:
    members = _members(conn, ids)
    for some in in_batches(ids):
        conn.execute(delete(story_members).where(story_members.c.article_id.in_(some)))
    for article_id, story_id in members:
        log_story(conn, story_id, action="left", who=who, details={"article_id": article_id}, now=now)
    for story_id in sorted({story_id for _, story_id in members}):
        settle_left(conn, story_id, successor=None, who=who, now=now)


def _is_all(conn: Connection, story_id: int, ids: Collection[ArticleId]) -> bool:
    members = select(story_members.c.article_id).where(story_members.c.story_id == story_id)
    return set(conn.execute(members).scalars()) <= set(ids)


def _forget_rare_terms(conn: Connection, ids: Sequence[ArticleId]) -> None:
    """Terms that no other article had are words of these alone, names among them; counts of others stay as they are."""
    for article_id in ids:
        n_arrivals = select(func.count()).select_from(features).where(features.c.article_id == article_id)
        n = max(1, conn.execute(n_arrivals).scalar_one())
        language = conn.execute(select(articles.c.language).where(articles.c.id == article_id)).scalar_one()
        its = select(revisions.c.title, revisions.c.text).where(revisions.c.article_id == article_id)
        whole = [f"{title}\n{text}" for title, text in conn.execute(its)]
        its_terms = {one for text in whole for one in (*words(text), *names(text, language), *figures(text, language))}
        found = sorted({storable(stem(one))[:200] for one in its_terms})  # as they are counted
        for start in range(0, len(found), BATCH):
            rare = and_(terms.c.term.in_(found[start : start + BATCH]), terms.c.n_articles <= n)
            # One that is held is being counted for an article of another language: something else has it too.
            free = select(terms.c.language, terms.c.term).where(rare).with_for_update(skip_locked=True).cte("free")
            either = tuple_(terms.c.language, terms.c.term).in_(select(free.c.language, free.c.term))
            conn.execute(delete(terms).where(either, rare))


def _named(conn: Connection, ids: Sequence[ArticleId], author: str | None) -> dict[Table, set[int]]:
    """The authors and tags of articles, and the rows of an author who is erased himself."""
    found: dict[Table, set[int]] = {authors: set(_find_author(conn, author)) if author is not None else set()}
    for table, used in ((authors, article_authors.c.author_id), (tags, article_tags.c.tag_id)):
        for some in in_batches(ids):
            its = conn.execute(select(used).where(used.table.c.article_id.in_(some))).scalars()
            found.setdefault(table, set()).update(its)
    return found


def _find_author(conn: Connection, name: str) -> list[int]:
    wanted = fold(clean_line(name))
    return [one for one, its_name in conn.execute(select(authors.c.id, authors.c.name)) if fold(its_name) == wanted]


def _silence(conn: Connection, source_id: SourceId) -> None:
    """Its feeds are not polled any more, and what was learned of its texts is forgotten."""
    for feed_id in conn.execute(select(feeds.c.id).where(feeds.c.source_id == source_id)).scalars().all():
        pause_feed(conn, feed_id, "its source was erased")
    conn.execute(delete(source_boilerplate).where(source_boilerplate.c.source_id == source_id))


# --- figures ---------------------------------------------------------------------------------------------------------


def _count(conn: Connection, column: Column[Any], ids: Sequence[ArticleId]) -> int:
    counted = (select(func.count()).select_from(column.table).where(column.in_(some)) for some in in_batches(ids))
    return sum(conn.execute(one).scalar_one() for one in counted)


def _count_copies_left(conn: Connection, ids: Sequence[ArticleId]) -> int:
    found: set[int] = set()
    for some in in_batches(ids):
        ends = select(copies.c.article_id, copies.c.original_id)
        near = or_(copies.c.article_id.in_(some), copies.c.original_id.in_(some))
        found |= {end for row in conn.execute(ends.where(near)) for end in row}
    return len(found - set(ids))


def _digests(conn: Connection, ids: Sequence[ArticleId]) -> tuple[DigestId, ...]:
    found: set[DigestId] = set()
    for some in in_batches(ids):
        told = select(digest_item_articles.c.digest_id).where(digest_item_articles.c.article_id.in_(some))
        found |= set(conn.execute(told).scalars())
    return tuple(sorted(found))

"""Pages of articles: claimed when due, and saved as an article's text, revision and raw bytes."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, update

from monitor.errors import LeaseLostError
from monitor.politeness import Manners
from monitor.query.matching import index_words
from monitor.store import claims, hosts
from monitor.store.arrivals import arrive
from monitor.store.articles import add_urls, appeared_at, find_article
from monitor.store.claims import Claimable
from monitor.store.columns import URL_CHARS, storable
from monitor.store.engine import insert
from monitor.store.hosts import Asked
from monitor.store.sources import ensure_source_of
from monitor.store.tables import (
    article_authors,
    article_tags,
    articles,
    authors,
    entries,
    pages,
    revisions,
    tags,
)
from monitor.text.normalise import text_hash
from monitor.text.tokens import words
from monitor.types import Access, ArticleId, ExtractedArticle, Reason, Response
from monitor.urls import host_of

PAGES = Claimable(articles, articles.c.fetch_due_at, articles.c.fetch_leased_until, articles.c.n_fetch_tries)
#: What a claimed page needs of its article, and not its text.
_OF_PAGE = [
    articles.c[name]
    for name in "id url host arrival_no method first_seen_at n_page_failures access n_words fetch_due_at".split()
]
ASKED = Asked(PAGES, articles.c.host, articles.c.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """A claimed article whose page is to be fetched; `is_new` until its first text is saved.

    `refusal`: why it must not be asked for by its host's robots.txt, once that was looked at.
    """

    id: ArticleId
    url: str
    entry_url: str
    host: str
    is_new: bool
    method: str | None
    first_seen_at: datetime
    n_page_failures: int
    access: str | None = None
    n_words: int = 0
    refusal: Reason | None = None


def claim_pages(
    conn: Connection, *, now: datetime, lease_s: float, limit: int, manners: Manners
) -> tuple[list[DuePage], datetime]:
    """Lease articles whose page is due, only at hosts and sources that are free now, and take those slots."""
    claimed = hosts.claim_spaced(
        conn, PAGES, articles.c.host, now=now, lease_s=lease_s, limit=limit, manners=manners, columns=_OF_PAGE
    )
    ids = [row["id"] for row in claimed.rows]
    entry_urls = dict(
        conn.execute(
            select(entries.c.article_id, func.min(entries.c.url))
            .where(entries.c.article_id.in_(ids))
            .group_by(entries.c.article_id)
        ).all()
    )
    due = [
        DuePage(
            id=row["id"],
            url=row["url"],
            entry_url=_asked_url(row, entry_urls.get(row["id"])),
            host=row["host"],
            is_new=row["arrival_no"] is None,
            method=row["method"],
            first_seen_at=row["first_seen_at"],
            n_page_failures=row["n_page_failures"],
            access=row["access"],
            n_words=row["n_words"],
        )
        for row in claimed.rows
    ]
    return due, claimed.leased_until


def _asked_url(row: RowMapping, entry_url: str | None) -> str:
    """The link of the entry, unless it led to another host: then only that one's slot was taken."""
    return entry_url if entry_url and host_of(entry_url) == row["host"] else row["url"]


def next_page_at(conn: Connection, now: datetime, *, manners: Manners) -> datetime | None:
    """When the next page that is due already can be fetched."""
    return hosts.next_spaced_at(conn, PAGES, articles.c.host, now=now, manners=manners)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """What came of fetching a page: where it lies, what to read there, when to ask again.

    `final_url` answered, `declared_url` is what the page names as canonical; None where no page could be read.
    """

    page: DuePage
    leased_until: datetime
    canonical_url: str
    other_urls: dict[str, str]
    response: Response | None
    expires_at: datetime
    retry_at: datetime | None
    final_url: str | None = None
    declared_url: str | None = None


def save_article(conn: Connection, fetched: FetchedPage, article: ExtractedArticle, now: datetime) -> bool:
    """Save the text of an article; returns whether title or text are new. Call it last in a transaction.

    The first text gives the article its place in the arrival order; each real change becomes a revision.
    """
    page = fetched.page
    claims.hold(conn, PAGES, page.id, fetched.leased_until)
    _save_page(conn, fetched, now)
    url = _save_urls(conn, fetched, now)
    changed = _save_revision(conn, page.id, article, now)
    values = _article_values(article, page, conn)
    if page.is_new:
        values |= {"state": "ready", "ready_at": now}
    values |= _whereabouts(conn, page, url, now)
    if fetched.final_url is not None:
        declared = fetched.declared_url and fetched.declared_url[:URL_CHARS]
        values |= {"final_url": fetched.final_url[:URL_CHARS], "declared_url": declared}
    claims.save(
        conn,
        PAGES,
        page.id,
        fetched.leased_until,
        url=url,
        fetch_due_at=fetched.retry_at,
        n_page_failures=0 if fetched.retry_at is None else page.n_page_failures + 1,
        reason=None,
        **values,
    )
    _save_authors(conn, page.id, article.authors)
    _save_tags(conn, page.id, article.tags)
    if changed:
        arrive(conn, page.id, now)
    return changed


def _save_urls(conn: Connection, fetched: FetchedPage, now: datetime) -> str:
    """Remember the URLs of a page; returns the one it is known by."""
    url = fetched.canonical_url if len(fetched.canonical_url) <= URL_CHARS else fetched.page.url
    add_urls(conn, fetched.page.id, {**fetched.other_urls, url: "canonical"}, now)
    if find_article(conn, [url]) != fetched.page.id:
        raise LeaseLostError(f"article {fetched.page.id}: its canonical URL became that of another one meanwhile")
    return url


def _whereabouts(conn: Connection, page: DuePage, url: str, now: datetime) -> dict[str, Any]:
    """Host and source of an article whose URL turned out to lie elsewhere than its entry's link (feedproxy links)."""
    host = host_of(url) if page.host else ""
    if host == page.host:
        return {}
    hosts.ensure_hosts(conn, [host], now)
    return {"host": host, "source_id": ensure_source_of(conn, host, now=now)}


def _article_values(article: ExtractedArticle, page: DuePage, conn: Connection) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": article.title,
        "text": article.text,
        "text_hash": text_hash(article.text),
        "folded": f" {' '.join(index_words(article.title, article.text).words)} ",
        "language": (article.language or "und")[:8],
        "language_declared": article.language_declared and article.language_declared[:20],
        "language_detected": article.language_detected and article.language_detected[:8],
        "access": article.access.value,
        "method": article.method.value,
        "n_words": article.n_words,
        "section": article.section and article.section[:200],
        "dateline": article.dateline and article.dateline[:200],
        "credit": article.credit and article.credit[:500],
        "agency": article.agency and article.agency[:200],
        "origin": article.origin.value,
    }
    if page.is_new:
        # As it is now: another feed may have shown the article earlier since the page was claimed.
        moments = (articles.c.first_seen_at, articles.c.not_seen_before_at)
        first_seen_at, not_before = conn.execute(select(*moments).where(articles.c.id == page.id)).one()
        values |= {
            "published_at": article.published_at,
            "published_precision": article.precision.value,
            "published_origin": article.date_origin.value,
            "appeared_at": appeared_at(
                article.published_at, first_seen_at=first_seen_at, not_seen_before_at=not_before
            ),
        }
    return values


def _save_page(conn: Connection, fetched: FetchedPage, now: datetime) -> None:
    response = fetched.response
    if response is None or not response.body:
        return
    row = insert(conn, pages).values(
        article_id=fetched.page.id,
        url=response.final_url[:2048],
        status=response.status,
        content_type=response.headers.get("content-type", "")[:200],
        etag=response.headers.get("etag", "")[:1000] or None,
        last_modified=response.headers.get("last-modified", "")[:200] or None,
        body_zlib=zlib.compress(response.body, 3),  # half the time of level 6 for an eighth more bytes (measured)
        n_bytes=len(response.body),
        fetched_at=now,
        expires_at=fetched.expires_at,
    )
    conn.execute(row.on_conflict_do_nothing())


def _save_revision(conn: Connection, article_id: ArticleId, article: ExtractedArticle, now: datetime) -> bool:
    last = (
        conn.execute(
            select(revisions)
            .where(revisions.c.article_id == article_id)
            .order_by(revisions.c.revision_no.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    revision_hash = text_hash(f"{article.title}\n{article.text}")
    if last is not None and last["revision_hash"] == revision_hash:
        return False
    before = Counter(words(last["text"])) if last else Counter[str]()
    after = Counter(words(article.text))
    conn.execute(
        insert(conn, revisions).values(
            article_id=article_id,
            revision_no=1 if last is None else last["revision_no"] + 1,
            title=article.title,
            text=article.text,
            revision_hash=revision_hash,
            n_words=article.n_words,
            n_words_added=(after - before).total() if last else 0,
            n_words_removed=(before - after).total(),
            seen_at=now,
        )
    )
    return True


def _save_authors(conn: Connection, article_id: ArticleId, names: Sequence[str]) -> None:
    conn.execute(delete(article_authors).where(article_authors.c.article_id == article_id))
    ids = _ids_of(conn, authors, [name[:300] for name in names])
    for position, author_id in enumerate(ids):
        conn.execute(
            insert(conn, article_authors).values(article_id=article_id, author_id=author_id, position=position)
        )


def _ids_of(conn: Connection, named: Table, names: Sequence[str]) -> list[int]:
    """The ids of the rows with these names, in this order and once each; rows that are missing are made."""
    wanted = dict.fromkeys(name for name in map(storable, names) if name.strip())
    # In one order everywhere: two transactions that wait for each other's names would both be stuck.
    for name in sorted(wanted):
        conn.execute(insert(conn, named).values(name=name).on_conflict_do_nothing(index_elements=["name"]))
    ids = dict(conn.execute(select(named.c.name, named.c.id).where(named.c.name.in_(wanted))).all())
    return [ids[name] for name in wanted]


def _save_tags(conn: Connection, article_id: ArticleId, names: Sequence[str]) -> None:
    conn.execute(delete(article_tags).where(article_tags.c.article_id == article_id))
    for tag_id in _ids_of(conn, tags, [name[:200] for name in names]):
        conn.execute(insert(conn, article_tags).values(article_id=article_id, tag_id=tag_id))


def save_without_text(conn: Connection, fetched: FetchedPage, *, access: Access, reason: Reason, detail: str) -> None:
    """Neither page nor feed gave a text: ask again at `retry_at`, or set the article aside with the reason."""
    page = fetched.page
    values: dict[str, Any] = {"reason": reason.value, "detail": detail[:1000]}
    if page.is_new:
        values |= {"access": access.value, "state": "waiting" if fetched.retry_at else "set_aside"}
    claims.save(
        conn,
        PAGES,
        page.id,
        fetched.leased_until,
        fetch_due_at=fetched.retry_at,
        n_page_failures=page.n_page_failures + 1,
        **values,
    )


def set_aside_crashed(conn: Connection, now: datetime) -> list[ArticleId]:
    """Articles whose pages took their workers down each time: no more attempts. A text they have stays."""
    ids = claims.exhausted(conn, PAGES, now)
    crashed = update(articles).where(articles.c.id.in_(ids))
    conn.execute(crashed.values(fetch_due_at=None, n_fetch_tries=0, reason=Reason.GAVE_UP.value))
    conn.execute(crashed.where(articles.c.arrival_no.is_(None)).values(state="set_aside"))
    return ids


def expire_pages(conn: Connection, now: datetime) -> int:
    """Forget raw pages past their time; the texts stay."""
    return conn.execute(delete(pages).where(pages.c.expires_at <= now)).rowcount

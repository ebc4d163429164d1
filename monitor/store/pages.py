"""Pages of articles: claimed when due, and saved as an article's text, revision and raw bytes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, select, update

from monitor.errors import LeaseLostError
from monitor.politeness import Manners
from monitor.query.matching import index_words
from monitor.store import claims, hosts
from monitor.store.arrivals import arrive
from monitor.store.articles import add_urls, appeared_at, find_article
from monitor.store.bylines import save_bylines
from monitor.store.claims import Claimable
from monitor.store.columns import URL_CHARS
from monitor.store.engine import insert, lease_clock
from monitor.store.hosts import Asked
from monitor.store.revisions import NewRevision, add_first, add_revision
from monitor.store.sources import ensure_source_of
from monitor.store.tables import articles, entries, pages
from monitor.text.differences import Wording
from monitor.text.normalise import bytes_hash, text_hash
from monitor.types import Access, ArticleId, DuePage, ExtractedArticle, KeptPage, Precision, Reason, Response
from monitor.urls import host_of

PAGES = Claimable(articles, articles.c.fetch_due_at, articles.c.fetch_leased_until, articles.c.n_fetch_tries)
#: What a claimed page needs of its article, and not its text.
_OF_PAGE = [
    articles.c[name]
    for name in (
        "id url host arrival_no method first_seen_at n_page_failures access n_words fetch_due_at reason detail "
        "ready_at doubted_at retracted_at n_small_changes n_fetch_tries fetch_leased_until"
    ).split()
]
ASKED = Asked(PAGES, articles.c.host, articles.c.url)


class _Some(Claimable):
    """Pages of articles with or without a text, each claimed for the first time since a result of it was saved."""

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        return and_(self.due <= now, self.n_tries == 0, self._which())

    def _which(self) -> ColumnElement[bool]:
        raise NotImplementedError


class _New(_Some):
    def _which(self) -> ColumnElement[bool]:
        return articles.c.arrival_no.is_(None)


class _Known(_Some):
    def _which(self) -> ColumnElement[bool]:
        return articles.c.arrival_no.is_not(None)


_BY_COLUMNS = (PAGES.table, PAGES.due, PAGES.leased_until, PAGES.n_tries)
#: Articles that wait for their first text go before those that are looked at again.
_IN_TURN = (_New(*_BY_COLUMNS), _Known(*_BY_COLUMNS))


def claim_pages(
    conn: Connection, *, now: datetime, lease_s: float, limit: int, manners: Manners, n_held: int = 0
) -> list[DuePage]:
    """Lease articles whose page is due, only at hosts and sources that are free now, and take those slots.

    Articles without a text come first, and of each kind what is due longest: however many pages are to be looked at
    again, they get only the turns of their hosts that are left. A suspect (see claims) is claimed alone, and not by a
    caller that holds `n_held` pages already.
    """
    rows = list[RowMapping]()
    how: dict[str, Any] = {"now": now, "lease_s": lease_s, "manners": manners, "columns": _OF_PAGE}
    suspect = (
        None
        if n_held
        else claims.find_suspect(conn, PAGES, and_(PAGES.is_due(now), PAGES.is_free(lease_clock(conn, now))))
    )
    if suspect is not None:
        claimed = hosts.claim_spaced(conn, PAGES, articles.c.host, limit=limit, **how)
        return _due_pages(conn, claimed.rows)
    for what in _IN_TURN:
        if len(rows) < limit:
            claimed = hosts.claim_spaced(conn, what, articles.c.host, limit=limit - len(rows), **how)
            rows += claimed.rows
    return _due_pages(conn, rows)


def _due_pages(conn: Connection, rows: Sequence[RowMapping]) -> list[DuePage]:
    ids = [row["id"] for row in rows]
    if not ids:
        return []
    linked = select(entries.c.article_id, func.min(entries.c.url)).where(entries.c.article_id.in_(ids))
    entry_urls = dict(conn.execute(linked.group_by(entries.c.article_id)).all())
    kept = _load_kept(conn, [row["id"] for row in rows if row["arrival_no"] is not None])
    fields = (
        "id",
        "url",
        "host",
        "method",
        "first_seen_at",
        "n_page_failures",
        "access",
        "n_words",
        "reason",
        "detail",
    )
    moments = ("ready_at", "doubted_at", "retracted_at", "n_small_changes")
    return [
        DuePage(
            entry_url=_asked_url(row, entry_urls.get(row["id"])),
            is_new=row["arrival_no"] is None,
            is_suspect=row["n_fetch_tries"] > 1,
            kept=kept.get(row["id"]),
            leased_until=row["fetch_leased_until"],
            **{name: row[name] for name in (*fields, *moments)},
        )
        for row in rows
    ]


def _load_kept(conn: Connection, ids: Sequence[ArticleId]) -> dict[ArticleId, KeptPage]:
    """What is known of the last page that is kept of each of these articles."""
    if not ids:
        return {}
    names = ("status", "etag", "last_modified", "body_hash", "hints_hash")
    rows = select(pages.c.article_id, *(pages.c[name] for name in names))
    rows = rows.where(pages.c.article_id.in_(ids)).order_by(pages.c.fetched_at)
    return {row["article_id"]: KeptPage(**{name: row[name] for name in names}) for row in conn.execute(rows).mappings()}


def _asked_url(row: RowMapping, entry_url: str | None) -> str:
    """The link of the entry, unless it led to another host: then only that one's slot was taken."""
    return entry_url if entry_url and host_of(entry_url) == row["host"] else row["url"]


def next_page_at(conn: Connection, now: datetime, *, manners: Manners) -> datetime | None:
    """When the next page that is due already can be fetched."""
    return hosts.next_spaced_at(conn, PAGES, articles.c.host, now=now, manners=manners)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """What came of fetching a page: where it lies, what to read there, when to ask again (None: not by itself).

    `final_url` answered, `declared_url` is what the page names as canonical; None where no page could be read.
    `n_rereads` and `n_failures` are what is counted until then; `reason` and `detail` say why the page is not what was
    hoped for, `doubted_at` since when that must be confirmed; `hints_hash` is of what the feeds said.
    """

    page: DuePage
    canonical_url: str
    other_urls: dict[str, str]
    response: Response | None
    expires_at: datetime
    retry_at: datetime | None
    final_url: str | None = None
    declared_url: str | None = None
    n_rereads: int = 0
    n_failures: int = 0
    reason: Reason | None = None
    detail: str = ""
    doubted_at: datetime | None = None
    hints_hash: str | None = None

    def values(self) -> dict[str, Any]:
        """The columns of the article that are about its page alone."""
        values: dict[str, Any] = {
            "fetch_due_at": self.retry_at,
            "n_rereads": self.n_rereads,
            "n_page_failures": self.n_failures,
            "reason": self.reason and self.reason.value,
            "detail": self.detail[:1000],
            "doubted_at": self.doubted_at,
        }
        if self.final_url is not None:
            declared = self.declared_url and self.declared_url[:URL_CHARS]
            values |= {"final_url": self.final_url[:URL_CHARS], "declared_url": declared}
        return values


def save_article(
    conn: Connection,
    fetched: FetchedPage,
    article: ExtractedArticle,
    now: datetime,
    *,
    revision: NewRevision | None = None,
) -> bool:
    """Save the text of an article; returns whether title or text are new. Call it last in a transaction.

    The first text gives the article its place in the arrival order. Later ones are saved with the `revision` that they
    are; None: nothing that counts changed, and the caller has put the stored wording into `article`.
    """
    page, wording = fetched.page, Wording(article.title, article.text)
    claims.hold(conn, PAGES, page.id, page.leased_until)
    url = _save_urls(conn, fetched, now)
    values = fetched.values() | _article_values(article, page, conn) | _whereabouts(conn, page, url, now)
    if page.is_new:
        values |= {"state": "ready", "ready_at": now}
        add_first(conn, page.id, wording, n_words=article.n_words, now=now)
    elif revision is not None:
        add_revision(conn, page.id, revision, now)
    _save_page(conn, fetched, now, is_same_text=not page.is_new and revision is None)
    claims.save(conn, PAGES, page.id, page.leased_until, url=url, **values)
    if not page.is_new:
        save_better_date(conn, page.id, article)
    save_bylines(conn, page.id, author_names=article.authors, tag_names=article.tags, is_new=page.is_new)
    if page.is_new or revision is not None:
        arrive(conn, page.id, now)
    return page.is_new or revision is not None


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
    values = text_values(article)
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


def text_values(article: ExtractedArticle) -> dict[str, Any]:
    """The columns of an article that follow from its text and page, whenever that is read."""
    return {
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


def save_better_date(conn: Connection, article_id: ArticleId, article: ExtractedArticle) -> None:
    """Keep when an article was published as a later look at its page has it, if nobody said so far, or only the day.

    When it appeared stays as it is: stories stand in that order.
    """
    if article.published_at is None:
        return
    is_better: ColumnElement[bool] = articles.c.published_at.is_(None)
    if article.precision is Precision.MINUTE:
        is_better |= articles.c.published_precision == Precision.DAY.value
    values = {
        "published_at": article.published_at,
        "published_precision": article.precision.value,
        "published_origin": article.date_origin.value,
    }
    conn.execute(update(articles).where(articles.c.id == article_id, is_better).values(values))


def _save_page(conn: Connection, fetched: FetchedPage, now: datetime, *, is_same_text: bool) -> None:
    """Keep the bytes that a text was read from: one page for each text, the newest."""
    response = fetched.response
    if response is None or not response.body:
        return
    if is_same_text:
        last = select(func.max(pages.c.fetched_at)).where(pages.c.article_id == fetched.page.id).scalar_subquery()
        conn.execute(delete(pages).where(pages.c.article_id == fetched.page.id, pages.c.fetched_at == last))
    row = insert(conn, pages).values(
        article_id=fetched.page.id,
        url=response.final_url[:2048],
        status=response.status,
        content_type=response.headers.get("content-type", "")[:200],
        etag=response.headers.get("etag", "")[:1000] or None,
        last_modified=response.headers.get("last-modified", "")[:200] or None,
        body_zlib=zlib.compress(response.body, 3),  # half the time of level 6 for an eighth more bytes (measured)
        body_hash=bytes_hash(response.body),
        hints_hash=fetched.hints_hash,
        n_bytes=len(response.body),
        fetched_at=now,
        expires_at=fetched.expires_at,
    )
    conn.execute(row.on_conflict_do_nothing())


def save_without_text(
    conn: Connection, fetched: FetchedPage, *, access: Access, now: datetime, revision: NewRevision | None = None
) -> None:
    """A look that gave no text to be saved: ask again at `retry_at`, or set the article aside with the reason.

    A text that is stored stays, also where the `revision` says that its page is gone.
    """
    page, values = fetched.page, fetched.values()
    if page.is_new:
        values |= {"access": access.value, "state": "waiting" if fetched.retry_at else "set_aside"}
    claims.save(conn, PAGES, page.id, page.leased_until, **values)
    if revision is not None:
        add_revision(conn, page.id, revision, now)


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

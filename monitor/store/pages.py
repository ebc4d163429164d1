"""Pages of articles: claimed when due, and saved as an article's text, revision and raw bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, delete, func, select, update

from monitor.politeness import Manners
from monitor.store import claims, hosts
from monitor.store.arrivals import arrive
from monitor.store.bylines import save_bylines
from monitor.store.claims import Claimable
from monitor.store.engine import lease_clock
from monitor.store.first_texts import first_text, save_first
from monitor.store.hosts import Asked
from monitor.store.page_results import PAGES as PAGES  # noqa: PLC0414 - whoever claims pages names it
from monitor.store.page_results import FetchedPage, read_again_at, save_bodies, save_urls, text_values, whereabouts
from monitor.store.revisions import NewRevision, add_revision
from monitor.store.tables import articles, entries, pages
from monitor.types import Access, ArticleId, DuePage, ExtractedArticle, KeptPage, Precision, Reason
from monitor.urls import host_of

#: What a claimed page needs of its article, and not its text.
_OF_PAGE = [
    articles.c[name]
    for name in (
        "id url host arrival_no method first_seen_at n_page_failures access n_words fetch_due_at reason detail "
        "ready_at doubted_at retracted_at n_small_changes n_fetch_tries fetch_leased_until"
    ).split()
]
ASKED = Asked(PAGES, articles.c.host, articles.c.url)


@dataclass(frozen=True, slots=True)
class _Some(Claimable):
    """Some of the pages, each claimed for the first time since a result of it was saved."""

    which: ColumnElement[bool]

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        return and_(self.due <= now, self.n_tries == 0, self.which)


_BY_COLUMNS = (PAGES.table, PAGES.due, PAGES.leased_until, PAGES.n_tries)
#: Articles that wait for their first text go before those that are looked at again.
_IN_TURN = (
    _Some(*_BY_COLUMNS, articles.c.arrival_no.is_(None)),
    _Some(*_BY_COLUMNS, articles.c.arrival_no.is_not(None)),
)


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


def hold_pages(conn: Connection, fetched: Iterable[DuePage]) -> None:
    """Keep the articles of claimed pages for this transaction, before several of them are saved together.

    By id, as everybody who takes several articles; and all of them before the first number of the order is taken, for
    which whoever holds one of them may be waiting.
    """
    ids = sorted(page.id for page in fetched)
    rows = select(articles.c.id).where(articles.c.id.in_(ids)).order_by(articles.c.id)
    conn.execute(rows.with_for_update(key_share=True)).all()


def save_article(
    conn: Connection,
    fetched: FetchedPage,
    article: ExtractedArticle,
    now: datetime,
    *,
    revision: NewRevision | None = None,
) -> bool:
    """Save the first or a later text of an article, and let it arrive if it is new. Call it last in a transaction."""
    if fetched.page.is_new:
        save_first(conn, [first_text(fetched, article)], now)
        return True
    is_changed = save_text(conn, fetched, article, now, revision=revision)
    if is_changed:
        arrive(conn, fetched.page.id, now)
    return is_changed


def save_text(
    conn: Connection,
    fetched: FetchedPage,
    article: ExtractedArticle,
    now: datetime,
    *,
    revision: NewRevision | None = None,
) -> bool:
    """Save a later text of an article with the `revision` that it is; returns whether the article is to arrive again.

    `revision` None: nothing that counts changed, and the caller has put the stored wording into `article`.
    """
    page = fetched.page
    claims.hold(conn, PAGES, page.id, page.leased_until)
    url = save_urls(conn, [fetched], now)[page.id]
    values = fetched.values() | text_values(article) | whereabouts(conn, page, url, now)
    # Whoever reads the page kept before again, at this moment, must not put its text in the place of this one.
    values |= read_again_at(case((articles.c.reextract_due_at.is_not(None), now)))
    if revision is not None:
        add_revision(conn, page.id, revision, now)
    elif fetched.response is not None and fetched.response.body:
        _forget_last_body(conn, page.id)
    save_bodies(conn, [fetched], now)
    claims.save(conn, PAGES, page.id, page.leased_until, url=url, **values)
    save_better_date(conn, page.id, article)
    save_bylines(conn, page.id, author_names=article.authors, tag_names=article.tags)
    return revision is not None


def _forget_last_body(conn: Connection, article_id: ArticleId) -> None:
    """One page is kept for each text, the newest."""
    last = select(func.max(pages.c.fetched_at)).where(pages.c.article_id == article_id).scalar_subquery()
    conn.execute(delete(pages).where(pages.c.article_id == article_id, pages.c.fetched_at == last))


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

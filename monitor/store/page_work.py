"""Pages that an operator or a job lets be due again: those that went wrong, and kept ones that are to be read again."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, exists, func, select, true, update

from monitor.errors import NotFoundError
from monitor.store import claims
from monitor.store.arrivals import arrive
from monitor.store.articles import merged_into
from monitor.store.bylines import save_bylines
from monitor.store.page_results import KEPT_PAGES, read_again_at, text_values
from monitor.store.pages import save_better_date
from monitor.store.revisions import NewRevision, add_revision
from monitor.store.tables import articles, pages, sources
from monitor.types import ArticleId, ExtractedArticle, KnownTitles, Method, Reason, Response

_FROM_PAGE = [method.value for method in Method if method.is_page]
_OF_REREAD = [articles.c[name] for name in "id title feed_title page_title text url method".split()]
_HAS_PAGE = exists().where(pages.c.article_id == articles.c.id)
#: Neither a text nor another look is to come by itself, and this is why.
_SET_ASIDE = articles.c.fetch_due_at.is_(None) & articles.c.reason.is_not(None) & (articles.c.host != "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which articles are meant: these ids, or all of one source (a domain), with one reason, seen since then."""

    ids: tuple[ArticleId, ...] = ()
    source: str | None = None
    reason: str | None = None
    since: datetime | None = None

    def condition(self) -> ColumnElement[bool]:
        given: list[ColumnElement[bool]] = []
        if self.ids:
            given.append(articles.c.id.in_(self.ids))
        if self.source is not None:
            given.append(articles.c.source_id.in_(select(sources.c.id).where(sources.c.domain == self.source)))
        if self.reason is not None:
            given.append(articles.c.reason == self.reason)
        if self.since is not None:
            given.append(articles.c.first_seen_at >= self.since)
        return and_(true(), *given)


def check_chosen(conn: Connection, chosen: Chosen) -> Chosen:
    """The same with ids that were merged away followed. Raises NotFoundError for what is not stored."""
    ids = tuple(merged_into(conn, one) for one in chosen.ids)
    known = set(conn.execute(select(articles.c.id).where(articles.c.id.in_(ids))).scalars())
    if missing := [given for given, one in zip(chosen.ids, ids, strict=True) if one not in known]:
        raise NotFoundError(f"no article {missing[0]}; `monitor search` lists ids")
    if chosen.source is not None:
        found = conn.execute(select(sources.c.id).where(sources.c.domain == chosen.source)).scalar_one_or_none()
        if found is None:
            some = select(sources.c.domain).join(articles, articles.c.source_id == sources.c.id)
            names = conn.execute(some.group_by(sources.c.domain).order_by(func.count().desc()).limit(10)).scalars()
            raise NotFoundError(f"no source {chosen.source!r}; there are: {', '.join(names) or 'none yet'}")
    if chosen.reason is not None and chosen.reason not in (reasons := count_reasons(conn)):
        known_reasons = ", ".join(f"{name} ({n})" for name, n in reasons.items())
        raise NotFoundError(f"no article has the reason {chosen.reason!r}; there are: {known_reasons or 'none'}")
    return Chosen(ids=ids, source=chosen.source, reason=chosen.reason, since=chosen.since)


def count_reasons(conn: Connection) -> dict[str, int]:
    """How many articles have which reason, the most frequent first."""
    rows = select(articles.c.reason, func.count()).where(articles.c.reason.is_not(None)).group_by(articles.c.reason)
    return dict(conn.execute(rows.order_by(func.count().desc(), articles.c.reason)).all())


def list_set_aside(conn: Connection, chosen: Chosen) -> list[dict[str, Any]]:
    """Pages that nobody will ask for again by itself, by source and reason: n_pages, n_without_text, an example."""
    without_text = func.count(case((articles.c.arrival_no.is_(None), 1)))
    rows = (
        select(
            sources.c.domain.label("source"),
            articles.c.reason,
            func.count().label("n_pages"),
            without_text.label("n_without_text"),
            func.max(articles.c.id).label("example"),
        )
        .join(sources, sources.c.id == articles.c.source_id)
        .where(_SET_ASIDE, chosen.condition())
        .group_by(sources.c.domain, articles.c.reason)
        .order_by(func.count().desc(), sources.c.domain, articles.c.reason)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def requeue(conn: Connection, chosen: Chosen, *, is_dry: bool, only_set_aside: bool, now: datetime) -> dict[str, int]:
    """Let pages be asked for again at once, as if they had never failed; returns how many by reason ("" for none).

    Without ids: only those that something went wrong with. `is_dry` counts them alone.
    """
    wanted = chosen.condition() & (articles.c.host != "")
    if only_set_aside:
        wanted &= _SET_ASIDE
    elif not chosen.ids:
        wanted &= articles.c.reason.is_not(None)
    rows = conn.execute(select(articles.c.id, articles.c.reason).where(wanted)).all()
    counts: dict[str, int] = {}
    for _, reason in rows:
        counts[reason or ""] = counts.get(reason or "", 0) + 1
    if not is_dry:
        state = case((articles.c.arrival_no.is_(None), "waiting"), else_=articles.c.state)
        due = {"fetch_due_at": now, "fetch_leased_until": None, "n_fetch_tries": 0, "n_page_failures": 0}
        ids = [row[0] for row in rows]
        for start in range(0, len(ids), 500):
            some = articles.c.id.in_(ids[start : start + 500])
            conn.execute(update(articles).where(some).values(**due, doubted_at=None, state=state))
    return counts


# --- kept pages, read by the rules of today ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PageToReread:
    """A kept page with what is stored of its article (`titles` without `earlier`), leased to whoever reads it again."""

    id: ArticleId
    title: str
    titles: KnownTitles
    text: str
    url: str
    method: str
    leased_until: datetime
    response: Response


def mark_to_reread(conn: Connection, chosen: Chosen, now: datetime) -> tuple[int, int]:
    """Let the kept pages of articles with a text be read again; returns how many, and of how many texts the page is
    not kept any more.
    """
    wanted = chosen.condition() & articles.c.arrival_no.is_not(None)
    marked = conn.execute(update(articles).where(wanted, _HAS_PAGE).values(read_again_at(now))).rowcount
    expired = select(func.count()).select_from(articles).where(wanted, ~_HAS_PAGE, articles.c.method.in_(_FROM_PAGE))
    return marked, conn.execute(expired).scalar_one()


def count_to_reread(conn: Connection) -> int:
    """How many kept pages are to be read again, also those that somebody reads just now."""
    return int(conn.execute(select(func.count()).where(articles.c.reextract_due_at.is_not(None))).scalar_one())


def claim_to_reread(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> list[PageToReread]:
    """The next kept pages; nobody else gets them before `lease_s` are over. Marks without a page are taken away."""
    due = articles.c.reextract_due_at <= now
    conn.execute(update(articles).where(due, ~_HAS_PAGE).values(read_again_at(None)))
    _set_aside(conn, now)
    claimed = claims.claim(conn, KEPT_PAGES, now=now, lease_s=lease_s, limit=limit, columns=_OF_REREAD)
    of_these = pages.c.article_id.in_([row["id"] for row in claimed.rows])
    newest = select(pages).where(of_these).order_by(pages.c.fetched_at)
    kept = {row["article_id"]: row for row in conn.execute(newest).mappings()} if claimed.rows else {}
    return [
        PageToReread(
            id=row["id"],
            title=row["title"],
            titles=KnownTitles(feed=row["feed_title"] or "", page=row["page_title"] or ""),
            text=row["text"],
            url=row["url"],
            method=row["method"],
            leased_until=claimed.leased_until,
            response=_response(kept[row["id"]]),
        )
        for row in claimed.rows
        if row["id"] in kept
    ]


def _response(page: RowMapping) -> Response:
    return Response(
        url=page["url"],
        final_url=page["url"],
        status=page["status"],
        headers={"content-type": page["content_type"]} if page["content_type"] else {},
        body=zlib.decompress(page["body_zlib"]),
    )


def _set_aside(conn: Connection, now: datetime) -> None:
    """Kept pages whose readings ended without a result each time: no more attempts; the text stays."""
    detail = f"reading its kept page again failed {claims.MAX_TRIES} times; the log says how"
    failed = update(articles).where(articles.c.id.in_(claims.exhausted(conn, KEPT_PAGES, now)))
    conn.execute(failed.values(**read_again_at(None), reason=Reason.GAVE_UP.value, detail=detail))


def save_reread(
    conn: Connection,
    page: PageToReread,
    article: ExtractedArticle | None,
    *,
    revision: NewRevision | None,
    now: datetime,
) -> None:
    """Save what the rules of today make of a kept page; None: the stored text is better. Call it last.

    Raises LeaseLostError when somebody else has taken the page, or the article is not there any more.
    """
    values = {} if article is None else text_values(article)
    claims.save(conn, KEPT_PAGES, page.id, page.leased_until, reextract_due_at=None, **values)
    if article is None:
        return
    save_better_date(conn, page.id, article)
    save_bylines(conn, page.id, author_names=article.authors, tag_names=article.tags)
    if revision is not None:
        add_revision(conn, page.id, revision, now)
        arrive(conn, page.id, now)


def give_back_reread(conn: Connection, pages_left: Sequence[PageToReread]) -> None:
    """Kept pages that were not read are due at once for whoever comes next, and the try does not count."""
    for until in {page.leased_until for page in pages_left}:
        ids = sorted(page.id for page in pages_left if page.leased_until == until)
        claims.release(conn, KEPT_PAGES, ids, until)

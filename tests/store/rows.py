"""Rows that tests of the store start from, made by the store's own functions."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text, update

from monitor.extract.changes import ChangePolicy, judge_change
from monitor.politeness import Manners
from monitor.store import articles, claims, entries, feeds, pages, polls, sources
from monitor.store import tables as t
from monitor.store.articles import NewArticle
from monitor.store.feeds import NewFeed
from monitor.store.pages import PAGES, FetchedPage
from monitor.store.revisions import NewRevision, load_wording
from monitor.text.differences import Wording
from monitor.types import (
    ArticleId,
    DueFeed,
    DuePage,
    ExtractedArticle,
    FeedId,
    ParsedEntry,
    Response,
    RevisionKind,
    SourceDay,
    SourceId,
)
from monitor.urls import host_of, registered_domain

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MANNERS = Manners(host_spacing_s=10, host_at_once=2, source_spacing_s=0, source_at_once=4)


def add_feed(conn: Connection, url: str = "https://one.example/feed", *, now: datetime = NOW) -> FeedId:
    feed_id, _ = feeds.add_feed(conn, NewFeed(url=url), now=now, interval_s=1800)
    return feed_id


def claim_feed(conn: Connection, feed_id: FeedId, *, now: datetime = NOW) -> DueFeed:
    """Lease one feed, whatever its host's slot."""
    claimed = claims.claim(conn, polls.POLLS, now=now, lease_s=60, limit=1, among=[feed_id])
    (row,) = claimed.rows
    return polls.due_feed(row)


def add_day(conn: Connection, domain: str, day: SourceDay) -> SourceId:
    """A day of a source as polls counted it and the job judged it."""
    source_id = sources.ensure_source(conn, domain, now=NOW)
    conn.execute(t.source_days.insert().values(source_id=source_id, **asdict(day)))
    return source_id


def entry(guid: str = "1", **values: Any) -> ParsedEntry:
    given: dict[str, Any] = {"url": f"https://one.example/{guid}", "title": f"Title {guid}", "content_hash": "first"}
    return ParsedEntry(guid=guid, **{**given, **values})


def save_entries(
    conn: Connection,
    feed_id: FeedId,
    *parsed: ParsedEntry,
    now: datetime = NOW,
    before: datetime | None = None,
    last_read_at: datetime | None = None,
) -> entries.EntryChange:
    return entries.save_entries(conn, feed_id, parsed, now=now, not_seen_before_at=before, last_read_at=last_read_at)


def new_article(url: str = "https://one.example/1", **values: Any) -> NewArticle:
    """An article as resolving makes it; `source_id` is filled in by `add_article`."""
    given: dict[str, Any] = {
        "url": url,
        "entry_url": url,
        "host": host_of(url),
        "source_id": 0,
        "first_seen_at": NOW,
        "not_seen_before_at": None,
        "published_at": None,
    }
    return NewArticle(**{**given, **values})


def add_article(
    conn: Connection, url: str = "https://one.example/1", *, now: datetime = NOW, **values: Any
) -> ArticleId:
    """An article that waits for its page."""
    new = new_article(url, **values)
    source_id = sources.ensure_source(conn, registered_domain(host_of(url)) or "none.example", now=now)
    return articles.add_article(conn, replace(new, source_id=source_id), now)


def claim_page(conn: Connection, article_id: ArticleId, *, now: datetime = NOW, lease_s: float = 60) -> FetchedPage:
    """Lease an article's page as if it had been fetched."""
    claimed = claims.claim(conn, PAGES, now=now, lease_s=lease_s, limit=1, among=[article_id])
    (row,) = claimed.rows
    page = DuePage(
        id=row["id"],
        url=row["url"],
        entry_url=row["url"],
        host=row["host"],
        is_new=row["arrival_no"] is None,
        method=row["method"],
        first_seen_at=row["first_seen_at"],
        n_page_failures=row["n_page_failures"],
        leased_until=claimed.leased_until,
    )
    return FetchedPage(
        page=page,
        canonical_url=page.url,
        other_urls={},
        response=None,
        expires_at=now + 14 * DAY,
        retry_at=None,
    )


def extracted(title: str = "A title", body: str = "A text of some words.", **values: Any) -> ExtractedArticle:
    return ExtractedArticle(title=title, text=body, **{"language": "en", "n_words": len(body.split()), **values})


def response(url: str = "https://one.example/1", body: bytes = b"<p>page</p>", **headers: str) -> Response:
    return Response(url=url, final_url=url, status=200, headers=headers, body=body)


def make_article(
    conn: Connection, url: str = "https://one.example/1", *, now: datetime = NOW, seen_at: datetime = NOW, **values: Any
) -> ArticleId:
    """An article with a text; `values` are those of `extracted`."""
    article_id = add_article(conn, url, now=now, first_seen_at=seen_at)
    save_text(conn, article_id, now=now, **values)
    return article_id


def save_text(conn: Connection, article_id: ArticleId, *, now: datetime = NOW, **values: Any) -> bool:
    """A (new) text of an article that is due; a revision of it where that counts."""
    due = {"fetch_due_at": now, "fetch_leased_until": None, "n_fetch_tries": 0}
    conn.execute(update(t.articles).where(t.articles.c.id == article_id).values(due))
    fetched, article = claim_page(conn, article_id, now=now), extracted(**values)
    return pages.save_article(conn, fetched, article, now, revision=revision_of(conn, article_id, article))


def revision_of(conn: Connection, article_id: ArticleId, article: ExtractedArticle) -> NewRevision | None:
    """What the article is beside its stored text; None where that says the same."""
    before, after = load_wording(conn, article_id), Wording(article.title, article.text)
    if before is None:
        return None
    change = judge_change(before, after, kind=RevisionKind.CHANGED, n_small_changes=0, policy=ChangePolicy())
    if change.kind is None:
        return None
    return NewRevision(kind=change.kind, wording=after, difference=change.difference, is_small=change.is_small)


def mark_matched(conn: Connection, *ids: ArticleId) -> None:
    """As if these articles had been compared with all others."""
    conn.execute(update(t.articles).where(t.articles.c.id.in_(ids)).values(match_due_at=None))


def count(conn: Connection, table: str) -> int:
    return int(conn.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one())


def article_row(conn: Connection, article_id: ArticleId) -> dict[str, Any]:
    return dict(conn.execute(t.articles.select().where(t.articles.c.id == article_id)).mappings().one())

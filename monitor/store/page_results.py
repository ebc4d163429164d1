"""What a look at a page leaves beside authors and tags: URLs, whereabouts, the columns of its text, bytes.

All functions are for some pages at once; each is held by its lease (see claims) when they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from monitor.errors import LeaseLostError
from monitor.query.forms import TextForms, forms_of
from monitor.store import hosts
from monitor.store.articles import add_urls_of
from monitor.store.claims import Claimable
from monitor.store.columns import URL_CHARS
from monitor.store.engine import insert
from monitor.store.resolving import find_by_urls
from monitor.store.sources import ensure_source_of
from monitor.store.tables import articles, pages
from monitor.text.bodies import Packed, packed
from monitor.types import ArticleId, DuePage, ExtractedArticle, Reason, Response
from monitor.urls import host_of

PAGES = Claimable(articles, articles.c.fetch_due_at, articles.c.fetch_leased_until, articles.c.n_fetch_tries)
KEPT_PAGES = Claimable(
    articles, articles.c.reextract_due_at, articles.c.reextract_leased_until, articles.c.n_reextract_tries
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """What came of fetching a page: where it lies, what to read there, when to ask again (None: not by itself).

    `final_url` answered, `declared_url` is what the page names as canonical; None where no page could be read.
    `n_rereads` and `n_failures` are what is counted until then; `reason` and `detail` say why the page is not what was
    hoped for, `doubted_at` since when that must be confirmed; `hints_hash` is of what the feeds said. `packed` is the
    body as it is kept, where somebody packed it already. `asked_at`: when it was asked for, None where it was not.
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
    packed: Packed | None = None
    asked_at: datetime | None = None

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
        if self.asked_at is not None:
            values["asked_at"] = self.asked_at
        if self.final_url is not None:
            declared = self.declared_url and self.declared_url[:URL_CHARS]
            values |= {"final_url": self.final_url[:URL_CHARS], "declared_url": declared}
        return values


def read_again_at(moment: Any) -> dict[str, Any]:
    """The columns that let the kept page of an article be read again then (None: not at all), whoever reads it now."""
    return {"reextract_due_at": moment, "reextract_leased_until": None, "n_reextract_tries": 0}


def save_urls(conn: Connection, looked_at: Sequence[FetchedPage], now: datetime) -> dict[ArticleId, str]:
    """Remember the URLs of these pages, whose articles are not merged with others; gives what each is known by.

    Raises LeaseLostError when another article has that URL.
    """
    known_by = {
        one.page.id: one.canonical_url if len(one.canonical_url) <= URL_CHARS else one.page.url for one in looked_at
    }
    kinds = {one.page.id: {**one.other_urls, known_by[one.page.id]: "canonical"} for one in looked_at}
    add_urls_of(conn, kinds, now)
    found = find_by_urls(conn, known_by.values())
    for article_id, url in known_by.items():
        if found.get(url) != article_id:
            raise LeaseLostError(f"article {article_id}: its canonical URL became that of another one meanwhile")
    return known_by


def whereabouts(conn: Connection, page: DuePage, url: str, now: datetime) -> dict[str, Any]:
    """Host and source of an article whose URL turned out to lie elsewhere than its entry's link (feedproxy links)."""
    host = host_of(url) if page.host else ""
    if host == page.host:
        return {}
    hosts.ensure_hosts(conn, [host], now)
    return {"host": host, "source_id": ensure_source_of(conn, host, now=now)}


def text_values(article: ExtractedArticle, forms: TextForms | None = None) -> dict[str, Any]:
    """The columns of an article that follow from its text and page, whenever that is read.

    `forms` of its title and text are worked out where they are not given.
    """
    forms = forms or forms_of(article.title, article.text)
    said = {"feed_title": article.feed_title, "page_title": article.page_title}
    return {
        **{name: title for name, title in said.items() if title},  # else what was said before is known still
        "title": article.title,
        "text": article.text,
        "text_hash": forms.text_hash,
        "folded": forms.folded,
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


def save_bodies(conn: Connection, looked_at: Sequence[FetchedPage], now: datetime) -> None:
    """Keep the bytes that texts were read from; answers without any are left out."""
    rows = [_body(one, one.response, now) for one in looked_at if one.response is not None and one.response.body]
    if rows:
        conn.execute(insert(conn, pages).on_conflict_do_nothing(), rows)


def _body(fetched: FetchedPage, response: Response, now: datetime) -> dict[str, Any]:
    return {
        "article_id": fetched.page.id,
        "url": response.final_url[:2048],
        "status": response.status,
        "content_type": response.headers.get("content-type", "")[:200],
        "etag": response.headers.get("etag", "")[:1000] or None,
        "last_modified": response.headers.get("last-modified", "")[:200] or None,
        **(fetched.packed or packed(response.body))._asdict(),
        "hints_hash": fetched.hints_hash,
        "n_bytes": len(response.body),
        "fetched_at": now,
        "expires_at": fetched.expires_at,
    }

"""Texts that somebody hands over become the texts of articles: many first ones at once, and changes one by one.

No page is fetched for them. The date of a record is believed however old it is: nobody polled when it appeared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from monitor.query.forms import TextForms
from monitor.store.arrivals import arrive, first_arrivals
from monitor.store.bylines import Byline, add_bylines, save_bylines
from monitor.store.first_texts import update_rows
from monitor.store.page_results import read_again_at, text_values
from monitor.store.revisions import FirstState, NewRevision, add_first, add_revision, hash_of
from monitor.store.tables import articles, revisions
from monitor.text.differences import Wording, difference
from monitor.types import ArticleId, ExtractedArticle, Method, RevisionKind

#: Where a text shrinks to less than this share of its words, most of it was taken away.
_SHRUNK = 0.5
_RESTING: dict[str, Any] = {"fetch_due_at": None, "fetch_leased_until": None, "n_fetch_tries": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenArticle:
    """The article of a record, with the forms of its title and text."""

    article: ExtractedArticle
    forms: TextForms


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """What is known of an article that a record leads to; `method` None: it has no text yet."""

    id: ArticleId
    method: Method | None
    n_words: int
    first_seen_at: datetime

    @property
    def is_from_page(self) -> bool:
        return self.method is not None and self.method.is_page


def hold_states(conn: Connection, ids: Collection[ArticleId]) -> dict[ArticleId, StoredState]:
    """These articles as they are, and stay for this transaction.

    Call it before the first text arrives: whoever saves a page holds its article while he waits for his number.
    """
    c = articles.c
    rows = select(c.id, c.arrival_no, c.method, c.n_words, c.first_seen_at).where(c.id.in_(sorted(ids)))
    return {
        row.id: StoredState(
            id=row.id,
            method=None if row.arrival_no is None else Method(row.method),
            n_words=row.n_words,
            first_seen_at=row.first_seen_at,
        )
        for row in conn.execute(rows.order_by(c.id).with_for_update(key_share=True))
    }


def save_first(conn: Connection, texts: Sequence[tuple[StoredState, GivenArticle]], now: datetime) -> None:
    """Give articles without a text, each once, their first one, in this order of arrival. Call it last."""
    if not texts:
        return
    add_first(conn, [_first_state(state.id, given) for state, given in texts], now)
    add_bylines(conn, [Byline(state.id, given.article.authors, given.article.tags) for state, given in texts])
    arrived = first_arrivals(conn, len(texts), now)
    rows = [
        {
            "its_id": state.id,
            **text_values(given.article, given.forms),
            **_published(state, given.article, now),
            "state": "ready",
            "ready_at": now,
            "reason": None,
            **_RESTING,
            **place,
        }
        for (state, given), place in zip(texts, arrived, strict=True)
    ]
    update_rows(conn, rows)


def save_change(conn: Connection, article_id: ArticleId, given: GivenArticle, now: datetime) -> None:
    """Another text of an article that has one: a revision, unless it differs in typography alone. Call it last."""
    article = given.article
    stored = select(articles.c.title, articles.c.text, articles.c.n_words).where(articles.c.id == article_id)
    before = conn.execute(stored).one()
    # A page that was kept says what the article said before.
    values = {**text_values(article, given.forms), **_RESTING, **read_again_at(None)}
    conn.execute(update(articles).where(articles.c.id == article_id).values(values))
    save_bylines(conn, article_id, author_names=article.authors, tag_names=article.tags)
    old, new = Wording(before.title, before.text), Wording(article.title, article.text)
    if hash_of(old) == given.forms.revision_hash:
        return
    has_shrunk = article.n_words < _SHRUNK * before.n_words
    revision = NewRevision(
        kind=RevisionKind.SHRUNK if has_shrunk else RevisionKind.CHANGED,
        wording=new,
        n_words=article.n_words,
        difference=difference(old, new),
    )
    add_revision(conn, article_id, revision, now)
    arrive(conn, article_id, now)


def was_told(conn: Connection, article_id: ArticleId, given: GivenArticle) -> bool:
    """Did the article say just this already, now or once?"""
    same = (revisions.c.article_id == article_id, revisions.c.revision_hash == given.forms.revision_hash)
    return bool(conn.execute(select(func.count()).where(*same)).scalar_one())


def rest_pages(conn: Connection, ids: Collection[ArticleId]) -> None:
    """Fetch no pages of articles whose text is given; a reading of them under way will not be saved."""
    if ids:
        conn.execute(update(articles).where(articles.c.id.in_(sorted(ids))).values(_RESTING))


def _published(state: StoredState, article: ExtractedArticle, now: datetime) -> dict[str, Any]:
    """The publisher's date; the article appeared then, but not after it was first seen."""
    published_at = None if article.published_at is None else min(article.published_at, now)
    return {
        "published_at": published_at,
        "published_precision": article.precision.value,
        "published_origin": article.date_origin.value,
        "appeared_at": min(published_at or state.first_seen_at, state.first_seen_at),
    }


def _first_state(article_id: ArticleId, given: GivenArticle) -> FirstState:
    article = given.article
    return FirstState(article_id, article.title, article.text, given.forms.revision_hash, article.n_words)

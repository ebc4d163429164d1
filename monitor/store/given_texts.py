"""Texts that somebody hands over become the texts of articles: many first ones at once, and changes one by one.

No page is fetched for them. The date of a record is believed however old it is: nobody polled when it appeared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from monitor.store.arrivals import arrive, arrive_first
from monitor.store.columns import storable
from monitor.store.engine import insert
from monitor.store.tables import article_authors, article_tags, articles, authors, revisions, tags
from monitor.text.differences import Wording, difference
from monitor.types import ArticleId, ExtractedArticle, Method, RevisionKind

#: Where a text shrinks to less than this share of its words, most of it was taken away.
_SHRUNK = 0.5
_RESTING: dict[str, Any] = {"fetch_due_at": None, "fetch_leased_until": None, "n_fetch_tries": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenText:
    """The article of a record, with what is derived of its text: hashes, and the words that a search looks through."""

    article: ExtractedArticle
    text_hash: str
    revision_hash: str
    folded: str


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
        for row in conn.execute(rows.order_by(c.id).with_for_update())
    }


def ensure_names(conn: Connection, given: Iterable[ExtractedArticle]) -> None:
    """Make the rows of authors and tags before the first text arrives: nothing is waited for after that."""
    listed = list(given)
    _ids_of(conn, authors, {name for article in listed for name in _authors(article)})
    _ids_of(conn, tags, {name for article in listed for name in _tags(article)})


def save_first(conn: Connection, texts: Sequence[tuple[StoredState, GivenText]], now: datetime) -> None:
    """Give articles without a text, each once, their first one, in this order of arrival."""
    if not texts:
        return
    rows = [
        {
            "its_id": state.id,
            **_columns(text),
            **_published(state, text.article, now),
            "state": "ready",
            "ready_at": now,
            "reason": None,
            **_RESTING,
        }
        for state, text in texts
    ]
    conn.execute(update(articles).where(articles.c.id == bindparam("its_id")).values(_binds(rows[0])), _bound(rows))
    conn.execute(
        insert(conn, revisions),
        [_revision(state.id, text, number=1, kind=RevisionKind.FIRST, now=now) for state, text in texts],
    )
    _save_names(conn, [(state.id, text.article) for state, text in texts])
    arrive_first(conn, [state.id for state, _ in texts], now)


def save_change(conn: Connection, article_id: ArticleId, text: GivenText, now: datetime) -> None:
    """Another text of an article that has one: a revision, unless it differs in typography alone. Call it last."""
    last = select(revisions).where(revisions.c.article_id == article_id).order_by(revisions.c.revision_no.desc())
    before = conn.execute(last.limit(1)).mappings().one()
    # A page that was kept says what the article said before.
    values = {**_columns(text), **_RESTING, "reextract_due_at": None}
    conn.execute(update(articles).where(articles.c.id == article_id).values(values))
    for links in (article_authors, article_tags):
        conn.execute(delete(links).where(links.c.article_id == article_id))
    _save_names(conn, [(article_id, text.article)])
    if before["revision_hash"] == text.revision_hash:
        return
    found = difference(Wording(before["title"], before["text"]), Wording(text.article.title, text.article.text))
    has_shrunk = text.article.n_words < _SHRUNK * before["n_words"]
    row = _revision(
        article_id,
        text,
        number=before["revision_no"] + 1,
        kind=RevisionKind.SHRUNK if has_shrunk else RevisionKind.CHANGED,
        now=now,
    )
    row |= {
        "n_words_added": found.n_words_added,
        "n_words_removed": found.n_words_removed,
        "similarity": found.similarity,
        "title_changed": found.title_changed,
    }
    conn.execute(insert(conn, revisions), [row])
    arrive(conn, article_id, now)


def was_told(conn: Connection, article_id: ArticleId, text: GivenText) -> bool:
    """Did the article say just this already, now or once?"""
    same = (revisions.c.article_id == article_id, revisions.c.revision_hash == text.revision_hash)
    return bool(conn.execute(select(func.count()).where(*same)).scalar_one())


def rest_pages(conn: Connection, ids: Collection[ArticleId]) -> None:
    """Fetch no pages of articles whose text is given; a reading of them under way will not be saved."""
    if ids:
        conn.execute(update(articles).where(articles.c.id.in_(sorted(ids))).values(_RESTING))


def _columns(text: GivenText) -> dict[str, Any]:
    article = text.article
    return {
        "title": article.title,
        "text": article.text,
        "text_hash": text.text_hash,
        "folded": text.folded,
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


def _published(state: StoredState, article: ExtractedArticle, now: datetime) -> dict[str, Any]:
    """The publisher's date; the article appeared then, but not after it was first seen."""
    published_at = None if article.published_at is None else min(article.published_at, now)
    return {
        "published_at": published_at,
        "published_precision": article.precision.value,
        "published_origin": article.date_origin.value,
        "appeared_at": min(published_at or state.first_seen_at, state.first_seen_at),
    }


def _revision(
    article_id: ArticleId, text: GivenText, *, number: int, kind: RevisionKind, now: datetime
) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "revision_no": number,
        "title": text.article.title,
        "text": text.article.text,
        "revision_hash": text.revision_hash,
        "kind": kind.value,
        "n_chars": len(text.article.text),
        "n_words": text.article.n_words,
        "seen_at": now,
    }


def _binds(row: dict[str, Any]) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}", type_=articles.c[name].type) for name in row if name != "its_id"}


def _bound(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name if name == "its_id" else f"new_{name}": value for name, value in row.items()} for row in rows]


# --- authors and tags ----------------------------------------------------------------------------------------------


def _authors(article: ExtractedArticle) -> list[str]:
    return _distinct(article.authors, 300)


def _tags(article: ExtractedArticle) -> list[str]:
    return _distinct(article.tags, 200)


def _distinct(names: Iterable[str], n_chars: int) -> list[str]:
    return list(dict.fromkeys(name for name in (storable(one[:n_chars]) for one in names) if name.strip()))


def _save_names(conn: Connection, of: Sequence[tuple[ArticleId, ExtractedArticle]]) -> None:
    """Who wrote articles that have no authors and tags yet, and what they are about."""
    author_ids = _ids_of(conn, authors, {name for _, article in of for name in _authors(article)})
    tag_ids = _ids_of(conn, tags, {name for _, article in of for name in _tags(article)})
    written = [
        {"article_id": article_id, "author_id": author_ids[name], "position": position}
        for article_id, article in of
        for position, name in enumerate(_authors(article))
    ]
    about = [
        {"article_id": article_id, "tag_id": tag_ids[name]} for article_id, article in of for name in _tags(article)
    ]
    for links, rows in ((article_authors, written), (article_tags, about)):
        if rows:
            conn.execute(insert(conn, links), rows)


def _ids_of(conn: Connection, named: Table, names: Collection[str]) -> dict[str, int]:
    """The ids of the rows with these names; rows that are missing are made."""
    wanted = sorted(names)
    known = _load_ids(conn, named, wanted)
    # In one order everywhere: two transactions that wait for each other's names would both be stuck.
    missing = [{"name": name} for name in wanted if name not in known]
    if missing:
        conn.execute(insert(conn, named).on_conflict_do_nothing(index_elements=["name"]), missing)
        known = _load_ids(conn, named, wanted)
    return known


def _load_ids(conn: Connection, named: Table, wanted: Sequence[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        rows = select(named.c.name, named.c.id).where(named.c.name.in_(wanted[start : start + 500]))
        ids.update(conn.execute(rows).all())
    return ids

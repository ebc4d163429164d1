"""The revisions of articles: each state of title and text that was seen, in order, with what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select, update

from monitor.query.forms import revision_hash
from monitor.store.engine import insert
from monitor.store.tables import articles, revisions
from monitor.text.differences import Difference, Wording
from monitor.text.tokens import n_words
from monitor.types import ArticleId, KnownTitles, RevisionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevision:
    """What was seen, and how it differs from the stored wording. `is_small` changes are counted.

    `n_words` of the text are counted where they are not given.
    """

    kind: RevisionKind
    wording: Wording
    n_words: int | None = None
    difference: Difference | None = None
    is_small: bool = False


def load_wording(conn: Connection, article_id: ArticleId) -> Wording | None:
    """The stored title and text; None for an article without a text."""
    stored = select(articles.c.title, articles.c.text)
    row = conn.execute(stored.where(articles.c.id == article_id, articles.c.arrival_no.is_not(None))).one_or_none()
    return None if row is None else Wording(*row)


def is_retracted(conn: Connection, article_id: ArticleId) -> bool:
    """Whether the page of an article is gone, or says that it was removed."""
    since = select(articles.c.retracted_at).where(articles.c.id == article_id)
    return conn.execute(since).scalar_one_or_none() is not None


def load_titles(conn: Connection, article_id: ArticleId) -> KnownTitles:
    """What feed and page called an article with a text, and the titles that it took up."""
    is_taken_up = or_(revisions.c.revision_no == 1, revisions.c.title_changed)
    rows = conn.execute(
        select(articles.c.feed_title, articles.c.page_title, revisions.c.title)
        .join(revisions, revisions.c.article_id == articles.c.id)
        .where(articles.c.id == article_id, is_taken_up)
        .order_by(revisions.c.revision_no)
    ).all()
    if not rows:
        return KnownTitles()
    return KnownTitles(
        feed=rows[0].feed_title or "", page=rows[0].page_title or "", earlier=tuple(row.title for row in rows)
    )


def hash_of(wording: Wording) -> str:
    """Equal for wordings that differ in typography only."""
    return revision_hash(wording.title, wording.text)


class FirstState(NamedTuple):
    """What an article says first; `revision_hash` as `hash_of`."""

    article_id: ArticleId
    title: str
    text: str
    revision_hash: str
    n_words: int


def add_first(conn: Connection, states: Sequence[FirstState], now: datetime) -> None:
    """The first states of some articles."""
    rows = [
        {
            **state._asdict(),
            "revision_no": 1,
            "kind": RevisionKind.FIRST.value,
            "n_chars": len(state.text),
            "seen_at": now,
            **change_values(None),
        }
        for state in states
    ]
    conn.execute(insert(conn, revisions), rows)


def add_revision(conn: Connection, article_id: ArticleId, new: NewRevision, now: datetime) -> None:
    """A later state; the article's marks of retraction and its count of small changes follow. Call it holding the row.

    The stored text is not touched.
    """
    last = select(func.max(revisions.c.revision_no)).where(revisions.c.article_id == article_id)
    _insert(conn, article_id, new, number=(conn.execute(last).scalar_one() or 0) + 1, now=now)
    marks: dict[str, object] = {}
    if new.kind is RevisionKind.RETRACTED:
        marks = {"retracted_at": now}
    elif new.kind is RevisionKind.RESTORED:
        marks = {"retracted_at": None}
    if new.is_small:
        marks["n_small_changes"] = articles.c.n_small_changes + 1
    if marks:
        conn.execute(update(articles).where(articles.c.id == article_id).values(marks))


def change_values(found: Difference | None) -> dict[str, object]:
    """The columns that say how a revision differs from the one before it; None: there is none, or nobody compared."""
    return {
        "n_words_added": found.n_words_added if found else 0,
        "n_words_removed": found.n_words_removed if found else 0,
        "similarity": found.similarity if found else None,
        "title_changed": found.title_changed if found else False,
    }


def _insert(conn: Connection, article_id: ArticleId, new: NewRevision, *, number: int, now: datetime) -> None:
    wording, found = new.wording, new.difference
    conn.execute(
        revisions.insert().values(
            article_id=article_id,
            revision_no=number,
            kind=new.kind.value,
            title=wording.title,
            text=wording.text,
            revision_hash=hash_of(wording),
            n_chars=len(wording.text),
            n_words=n_words(wording.text) if new.n_words is None else new.n_words,
            seen_at=now,
            **change_values(found),
        )
    )

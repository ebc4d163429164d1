"""Registered texts, for instance one's own press releases, and their pick-up: the articles that copy or follow them.

A registered text is an article that nobody published. It has no place in the order of arrival, which keeps it out of
stories, watchlists, digests, searches and views; it is compared as every text is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from monitor.errors import NotFoundError
from monitor.store import duplicates, sources
from monitor.store.articles import load_articles
from monitor.store.columns import MAX_KEY
from monitor.store.engine import RESOLVE_LOCK, hold_lock, insert
from monitor.store.given_texts import GivenArticle
from monitor.store.holding import hold_to_take_away
from monitor.store.page_results import text_values
from monitor.store.tables import articles, fingerprints, releases
from monitor.types import Article, ArticleId

#: No domain of the web ends so (RFC 2606).
DOMAIN = "releases.invalid"
SOURCE = "Registered texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A registered text. `published_at` is None where nobody said when it was handed out."""

    id: ArticleId
    name: str
    title: str
    who: str
    published_at: datetime | None
    added_at: datetime
    n_words: int
    is_compared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An article that copies or follows a registered text.

    `share_taken` is about how much of the registered text it has, `containment` how much of the shorter one.
    """

    article: Article
    kind: str
    containment: float
    share_taken: float


def add_release(
    conn: Connection, given: GivenArticle, *, name: str, who: str, window: timedelta, now: datetime
) -> tuple[ArticleId, bool]:
    """Register a text, and let it be compared; returns its id, and False where the same text is registered already.

    Whoever does not say when it was handed out means that it came before all that is compared with it: `window`.
    """
    hold_lock(conn, RESOLVE_LOCK)
    url = f"urn:release:{given.forms.text_hash}"
    known: ArticleId | None = conn.execute(select(articles.c.id).where(articles.c.url == url)).scalar_one_or_none()
    if known is not None:
        return known, False
    article = given.article
    row = {
        **text_values(article, given.forms),
        "url": url,
        "host": "",
        "source_id": sources.ensure_source(conn, DOMAIN, now=now, name=SOURCE),
        # Searches and watchlists never look at it.
        "folded": "",
        "published_at": article.published_at,
        "published_precision": article.precision.value,
        "published_origin": article.date_origin.value,
        "first_seen_at": article.published_at or now,
        "appeared_at": article.published_at or now - window,
        "state": "ready",
        "match_due_at": now,
    }
    article_id = ArticleId(conn.execute(insert(conn, articles).values(row).returning(articles.c.id)).scalar_one())
    conn.execute(insert(conn, releases).values(article_id=article_id, name=name, who=who, added_at=now))
    return article_id, True


def list_releases(conn: Connection, ids: list[ArticleId] | None = None) -> list[Release]:
    """Registered texts, the newest first; all of them without `ids`."""
    a, r = articles.c, releases.c
    rows = select(r.name, r.who, r.added_at, a.id, a.title, a.published_at, a.n_words, a.match_due_at)
    rows = rows.join_from(releases, articles, a.id == r.article_id).order_by(r.added_at.desc(), a.id.desc())
    if ids is not None:
        rows = rows.where(a.id.in_(ids))
    return [
        Release(
            **{name: row[name] for name in ("id", "name", "title", "who", "published_at", "added_at", "n_words")},
            is_compared=row["match_due_at"] is None,
        )
        for row in conn.execute(rows).mappings()
    ]


def get_release(conn: Connection, release_id: int) -> Release:
    """A registered text. Raises NotFoundError."""
    found = list_releases(conn, [ArticleId(min(release_id, MAX_KEY))])
    if not found:
        raise NotFoundError(f"no registered text {release_id}; `monitor releases list` shows them")
    return found[0]


def remove_release(conn: Connection, release_id: int, now: datetime) -> Release:
    """Let a text be registered no more; what copied it is compared again. Raises NotFoundError."""
    hold_lock(conn, RESOLVE_LOCK)
    release = get_release(conn, release_id)
    near, _ = hold_to_take_away(conn, [release.id])
    conn.execute(delete(articles).where(articles.c.id == release.id))
    duplicates.match_again(conn, near, now)
    return release


def load_pickup(conn: Connection, release_id: ArticleId) -> list[Taken]:
    """What copies or follows a registered text, in the order in which it appeared; other registered texts left out."""
    relations = duplicates.load_relations(conn, release_id)
    loaded = load_articles(conn, [one.article_id for one in relations])
    its = {one: article for one, article in loaded.items() if article.arrival_no is not None}
    relations = [one for one in relations if one.article_id in its]
    n_words = _count_words(conn, [release_id, *its])
    mine = max(1, n_words.get(release_id, 1))
    found = [
        Taken(
            article=its[one.article_id],
            kind=one.kind,
            containment=one.containment,
            share_taken=round(one.containment * min(mine, n_words.get(one.article_id, mine)) / mine, 3),
        )
        for one in relations
    ]
    return sorted(found, key=lambda one: (one.article.appeared_at, one.article.id))


def _count_words(conn: Connection, ids: list[ArticleId]) -> dict[ArticleId, int]:
    c = fingerprints.c
    rows = select(c.article_id, func.max(c.n_words)).where(c.article_id.in_(ids)).group_by(c.article_id)
    return dict(conn.execute(rows).all())

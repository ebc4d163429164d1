"""The copy group of an article, as it is shown: its original, and the copies by when they appeared."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from monitor.store.articles import load_articles
from monitor.store.tables import articles, copies, releases
from monitor.types import Article, ArticleId


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyInGroup:
    """A copy; `is_order_certain`: it was surely not there yet when the original was seen."""

    article: Article
    kind: str
    containment: float
    jaccard: float
    scheme: str
    is_order_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """A star: one original and what repeats it. `is_release`: the original is a registered text."""

    original: Article
    is_release: bool
    copies: tuple[CopyInGroup, ...]


def load_copy_group(conn: Connection, article_id: ArticleId) -> CopyGroup:
    """The group of a stored article, which may be all of it."""
    its = select(copies.c.original_id).where(copies.c.article_id == article_id)
    original_id: ArticleId = conn.execute(its).scalar_one_or_none() or article_id
    its_copies = (
        select(copies, articles.c.not_seen_before_at)
        .join(articles, articles.c.id == copies.c.article_id)
        .where(copies.c.original_id == original_id)
        .order_by(articles.c.appeared_at, articles.c.url)
    )
    rows = conn.execute(its_copies).mappings().all()
    loaded = load_articles(conn, [original_id, *(row["article_id"] for row in rows)])
    original = loaded[original_id]
    registered = select(releases.c.article_id).where(releases.c.article_id == original_id)
    return CopyGroup(
        original=original,
        is_release=conn.execute(registered).first() is not None,
        copies=tuple(
            CopyInGroup(
                article=loaded[row["article_id"]],
                **{name: row[name] for name in ("kind", "containment", "jaccard", "scheme")},
                is_order_certain=row["not_seen_before_at"] is not None
                and row["not_seen_before_at"] >= original.first_seen_at,
            )
            for row in rows
        ),
    )

"""By what a story is known: the article that stands for it, with its headline and lead, and its key terms and names.

Which they are is judged by `monitor.cluster.centre`. A story whose membership changed without the assigner, by hand or
by an erasure, is headed by its earliest report until it is described anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from monitor.store.tables import articles, copies, stories
from monitor.text.sentences import lead
from monitor.types import Article, ArticleId, StoryId


@dataclass(frozen=True, slots=True)
class Appearance:
    """When an article appeared, and whether it is a copy."""

    appeared_at: datetime
    is_copy: bool


def load_undescribed(conn: Connection, language: str) -> list[StoryId]:
    """The open stories of a language that nobody described since their membership changed, the latest last."""
    wanted = select(stories.c.id).where(
        stories.c.language == language, stories.c.state == "open", stories.c.representative_id.is_(None)
    )
    return list(conn.execute(wanted.order_by(stories.c.last_seen_at, stories.c.id)).scalars())


def load_appearances(conn: Connection, ids: Collection[ArticleId]) -> dict[ArticleId, Appearance]:
    """Of those of some articles that are still there; a few dozen at most."""
    rows = (
        select(articles.c.id, articles.c.appeared_at, copies.c.article_id.is_not(None))
        .outerjoin(copies, copies.c.article_id == articles.c.id)
        .where(articles.c.id.in_(ids))
    )
    return {row[0]: Appearance(row[1], bool(row[2])) for row in conn.execute(rows)}


def save_description(
    conn: Connection, story_id: StoryId, head: Article, *, key_terms: Sequence[str], key_names: Sequence[str]
) -> None:
    """The story is shown under the headline and lead of one of its articles from now on."""
    values = {
        "representative_id": head.id,
        "title": head.title,
        "lead": lead(head.text, 2),
        "key_terms": tuple(key_terms),
        "key_names": tuple(key_names),
    }
    conn.execute(update(stories).where(stories.c.id == story_id).values(values))

"""In which order does a transaction hold rows, so that no two on PostgreSQL wait for each other?

1. The lock of who resolves (`RESOLVE_LOCK`), then that of the copy groups.
2. Articles, all at once and by id, in a way that lets others refer to them.
3. Languages, by name: whoever touches a story, or who is in it, holds its language first. So the assigner holds it
   before its first story, and may refer to any member, since nobody takes one away without having the language.
4. The articles that are to go, now against all others; stories, terms, what readers were told.
5. The number of an arrival, last.

What nobody may wait for (a story that is to be closed, a term of another language) is passed over while it is held.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from monitor.store import duplicates, stories
from monitor.store.batches import in_batches
from monitor.store.tables import articles
from monitor.types import ArticleId


def hold_to_take_away(
    conn: Connection, gone: Collection[ArticleId], *, beside: Collection[ArticleId] = ()
) -> tuple[list[ArticleId], set[str]]:
    """Keep articles that are to go, with those `beside` them and all that any of them is linked to.

    Returns the latter, and the languages whose stories the first are in, whose assigners wait from now on. The caller
    has `RESOLVE_LOCK`.
    """
    near = duplicates.hold_around(conn, {*gone, *beside})
    languages = stories.hold_languages(conn, gone)
    for some in in_batches(gone):
        rows = select(articles.c.id).where(articles.c.id.in_(some)).order_by(articles.c.id)
        conn.execute(rows.with_for_update()).all()
    return near, languages

"""Who wrote an article and what it is about: authors in their order, and tags."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, delete, select

from monitor.store.columns import storable
from monitor.store.engine import insert
from monitor.store.tables import article_authors, article_tags, authors, tags
from monitor.types import ArticleId


def save_bylines(
    conn: Connection, article_id: ArticleId, *, author_names: Sequence[str], tag_names: Sequence[str], is_new: bool
) -> None:
    """Replace authors and tags of an article by these; `is_new`: it has none yet."""
    if not is_new:
        for links in (article_authors, article_tags):
            conn.execute(delete(links).where(links.c.article_id == article_id))
    author_ids = _ids_of(conn, authors, [name[:300] for name in author_names])
    written = [
        {"article_id": article_id, "author_id": author_id, "position": position}
        for position, author_id in enumerate(author_ids)
    ]
    about = [
        {"article_id": article_id, "tag_id": tag_id}
        for tag_id in _ids_of(conn, tags, [name[:200] for name in tag_names])
    ]
    if written:
        conn.execute(insert(conn, article_authors), written)
    if about:
        conn.execute(insert(conn, article_tags), about)


def _ids_of(conn: Connection, named: Table, names: Sequence[str]) -> list[int]:
    """The ids of the rows with these names, in this order and once each; rows that are missing are made."""
    wanted = list(dict.fromkeys(name for name in map(storable, names) if name.strip()))
    if not wanted:
        return []
    known = select(named.c.name, named.c.id).where(named.c.name.in_(wanted))
    ids = dict(conn.execute(known).all())
    if missing := sorted(set(wanted) - ids.keys()):
        # In one order everywhere: two transactions that wait for each other's names would both be stuck.
        rows = [{"name": name} for name in missing]
        conn.execute(insert(conn, named).on_conflict_do_nothing(index_elements=["name"]), rows)
        ids = dict(conn.execute(known).all())
    return [ids[name] for name in wanted]

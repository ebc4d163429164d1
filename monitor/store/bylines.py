"""Who wrote an article and what it is about: authors in their order, and tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, delete, exists, select

from monitor.store.columns import storable
from monitor.store.engine import insert
from monitor.store.tables import article_authors, article_tags, authors, tags
from monitor.types import ArticleId, ExtractedArticle

_AUTHOR_CHARS, _TAG_CHARS = 300, 200
_BATCH = 500


class Byline(NamedTuple):
    """What is known of one article, in the order of its page."""

    article_id: ArticleId
    author_names: Sequence[str]
    tag_names: Sequence[str]


def ensure_names(conn: Connection, found: Iterable[ExtractedArticle]) -> None:
    """Make the rows of authors and tags before the first text arrives: nothing is waited for after that."""
    listed = list(found)
    _ids_of(conn, authors, {name for one in listed for name in _distinct(one.authors, _AUTHOR_CHARS)})
    _ids_of(conn, tags, {name for one in listed for name in _distinct(one.tags, _TAG_CHARS)})


def save_bylines(
    conn: Connection, article_id: ArticleId, *, author_names: Sequence[str], tag_names: Sequence[str]
) -> None:
    """Replace authors and tags of an article by these."""
    for links in (article_authors, article_tags):
        conn.execute(delete(links).where(links.c.article_id == article_id))
    add_bylines(conn, [Byline(article_id, author_names, tag_names)])


def add_bylines(conn: Connection, bylines: Sequence[Byline]) -> None:
    """Authors and tags of articles that have none yet."""
    by = [(one.article_id, _distinct(one.author_names, _AUTHOR_CHARS)) for one in bylines]
    about = [(one.article_id, _distinct(one.tag_names, _TAG_CHARS)) for one in bylines]
    author_ids = _ids_of(conn, authors, {name for _, names in by for name in names})
    tag_ids = _ids_of(conn, tags, {name for _, names in about for name in names})
    written = [
        {"article_id": article_id, "author_id": author_ids[name], "position": position}
        for article_id, names in by
        for position, name in enumerate(names)
    ]
    told = [{"article_id": article_id, "tag_id": tag_ids[name]} for article_id, names in about for name in names]
    if written:
        conn.execute(insert(conn, article_authors), written)
    if told:
        conn.execute(insert(conn, article_tags), told)


def forget_unused_names(conn: Connection, *, among: Mapping[Table, Collection[int]] | None = None) -> None:
    """Authors and tags that nothing has any more; `among` narrows to these ids of each table."""
    for names, used in ((authors, article_authors.c.author_id), (tags, article_tags.c.tag_id)):
        unused = delete(names).where(~exists().where(used == names.c.id))
        if among is None:
            conn.execute(unused)
            continue
        wanted = sorted(among.get(names, ()))
        for start in range(0, len(wanted), _BATCH):
            conn.execute(unused.where(names.c.id.in_(wanted[start : start + _BATCH])))


def _distinct(names: Iterable[str], n_chars: int) -> list[str]:
    return list(dict.fromkeys(name for name in (storable(one[:n_chars]) for one in names) if name.strip()))


def _ids_of(conn: Connection, named: Table, names: Iterable[str]) -> dict[str, int]:
    """The ids of the rows with these names; rows that are missing are made."""
    wanted = sorted(names)
    ids = _load_ids(conn, named, wanted)
    # In one order everywhere: two transactions that wait for each other's names would both be stuck.
    if missing := [{"name": name} for name in wanted if name not in ids]:
        conn.execute(insert(conn, named).on_conflict_do_nothing(index_elements=["name"]), missing)
        ids = _load_ids(conn, named, wanted)
    return ids


def _load_ids(conn: Connection, named: Table, wanted: Sequence[str]) -> dict[str, int]:
    """Databases take a limited number of parameters."""
    ids: dict[str, int] = {}
    for start in range(0, len(wanted), _BATCH):
        known = select(named.c.name, named.c.id).where(named.c.name.in_(wanted[start : start + _BATCH]))
        ids.update(conn.execute(known).all())
    return ids

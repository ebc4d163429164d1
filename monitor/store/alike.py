"""Which entries of a feed that lead to articles share a key with another one of it?

Keys stand in the columns of entries; what they are, and what follows from them, is judged in monitor.likeness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, or_, select

from monitor.likeness import EntryKeys
from monitor.store.entries import LAST_SEEN, UnresolvedEntry
from monitor.store.tables import entries, feeds
from monitor.types import ArticleId, FeedId

#: So many entries that are alike are looked at, the latest ones: a feed that signs its links has many more.
MAX_ALIKE = 50
_OF_ALIKE = [
    entries.c[name] for name in "guid url title published_at first_seen_at article_id guid_alias title_key".split()
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeEntry:
    """An entry that leads to an article already and shares its alias or its title and date with another one."""

    guid: str
    url: str | None
    title: str
    published_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    article_id: ArticleId
    keys: EntryKeys


class FeedKey(NamedTuple):
    """One of the EntryKeys of some entry of a feed, by its name there."""

    feed_id: FeedId
    name: str
    key: str


def find_alike(conn: Connection, entry: UnresolvedEntry, keys: EntryKeys) -> list[AlikeEntry]:
    """Other entries of the same feed with an article and one of these keys, the latest first, MAX_ALIKE at most."""
    shared = {name: key for name, key in asdict(keys).items() if key is not None}
    if not shared:
        return []
    rows = conn.execute(_alike(tuple(shared)), {"its_id": entry.id, "its_feed": entry.feed_id, **shared})
    return [
        AlikeEntry(
            guid=row["guid"],
            url=row["url"],
            title=row["title"],
            published_at=row["published_at"],
            first_seen_at=row["first_seen_at"],
            last_seen_at=row["seen_at"],
            article_id=row["article_id"],
            keys=EntryKeys(row["guid_alias"], row["title_key"]),
        )
        for row in rows.mappings()
    ]


@lru_cache(maxsize=4)
def _alike(names: tuple[str, ...]) -> Select[Any]:
    shared = [entries.c[name] == bindparam(name) for name in names]
    return (
        select(*_OF_ALIKE, LAST_SEEN.label("seen_at"))
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(entries.c.feed_id == bindparam("its_feed"), or_(*shared), entries.c.id != bindparam("its_id"))
        .where(entries.c.article_id.is_not(None))
        .order_by(entries.c.id.desc())
        .limit(MAX_ALIKE)
    )


def feed_keys(feed_id: FeedId, keys: EntryKeys) -> list[FeedKey]:
    """The keys of an entry of this feed."""
    return [FeedKey(feed_id, name, key) for name, key in asdict(keys).items() if key is not None]


def find_taken_keys(conn: Connection, wanted: Iterable[FeedKey]) -> set[FeedKey]:
    """Those of these keys that entries have which lead to an article."""
    listed = sorted(wanted)
    feed_ids = sorted({one.feed_id for one in listed})
    taken: set[FeedKey] = set()
    for name in sorted({one.name for one in listed}):
        column, keys = entries.c[name], [one.key for one in listed if one.name == name]
        for start in range(0, len(keys), 500):
            of_these = (entries.c.feed_id.in_(feed_ids), column.in_(keys[start : start + 500]))
            rows = select(entries.c.feed_id, column).where(*of_these, entries.c.article_id.is_not(None))
            taken |= {FeedKey(feed_id, name, key) for feed_id, key in conn.execute(rows)}
    return taken

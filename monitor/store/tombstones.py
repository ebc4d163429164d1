"""What was erased for good, and must not come back: hashes of ids, URLs, guids, texts, authors and sources, no content.

A text of fewer than MIN_WORDS words gets no tombstone: a notice like "Subscribe to read on" stands for many articles.
One of fewer than OWN_WORDS is known with its title alone: what an outlet writes in place of a text may be that long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from monitor.store.engine import insert
from monitor.store.tables import tombstones
from monitor.text.normalise import clean_line, fold, text_hash
from monitor.text.tokens import words
from monitor.types import ArticleId, FeedId, ParsedEntry
from monitor.urls import host_of, registered_domain

MIN_WORDS, OWN_WORDS = 20, 100
BATCH = 500
_OF_KEYS = select(tombstones.c.kind, tombstones.c.key_hash).where(
    tombstones.c.kind.in_(bindparam("kinds", expanding=True)),
    tombstones.c.key_hash.in_(bindparam("hashes", expanding=True)),
)


class Key(NamedTuple):
    """What a tombstone stands for: a kind of thing and the hash of its name."""

    kind: str
    key_hash: str


def _key(kind: str, name: object) -> Key:
    digest = hashlib.blake2b(f"{kind}\n{name}".encode("utf-8", "replace"), digest_size=16)
    return Key(kind, digest.hexdigest())


def article_key(article_id: ArticleId) -> Key:
    return _key("article", article_id)


def url_key(url: str) -> Key:
    return _key("url", url)


def entry_key(feed_id: FeedId, guid: str) -> Key:
    return _key("entry", f"{feed_id} {guid}")


def author_key(name: str) -> Key:
    """The same however the name is spaced, accented or in capitals."""
    return _key("author", fold(clean_line(name)))


def source_key(domain: str) -> Key:
    return _key("source", domain.lower())


def text_keys(title: str, text: str, known_hash: str | None = None) -> list[Key]:
    """One key, or none for a text that is too short to be anybody's; `known_hash` is of the text alone."""
    if _has_words(text, OWN_WORDS):
        return [_key("text", known_hash or text_hash(text))]
    return [_key("text", text_hash(f"{title}\n{text}"))] if _has_words(text, MIN_WORDS) else []


def _has_words(text: str, n_wanted: int) -> bool:
    """Whether there are so many words; the beginning tells mostly, without the one that may be cut in two."""
    return len(words(text[: 10 * n_wanted])) > n_wanted or len(words(text)) >= n_wanted


def bury(conn: Connection, keys: Iterable[Key], *, because: str, now: datetime) -> None:
    """Set tombstones; one that stands already stays as it is."""
    rows = [{**key._asdict(), "because": because[:1000], "erased_at": now} for key in sorted(set(keys))]
    for start in range(0, len(rows), BATCH):
        conn.execute(insert(conn, tombstones).on_conflict_do_nothing(), rows[start : start + BATCH])


def erased_keys(conn: Connection, keys: Iterable[Key]) -> set[Key]:
    """Those of these keys that a tombstone stands for."""
    wanted, found = sorted(set(keys)), set[Key]()
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        of_these = {"kinds": sorted({key.kind for key in some}), "hashes": [key.key_hash for key in some]}
        found |= {Key(kind, key_hash) for kind, key_hash in conn.execute(_OF_KEYS, of_these)}
    return found


def is_erased(
    conn: Connection,
    *,
    urls: Sequence[str] = (),
    entry: tuple[FeedId, str] | None = None,
    title: str = "",
    text: str = "",
    authors: Sequence[str] = (),
) -> bool:
    """Whether any of these belongs to an article, author or source that was erased. `entry`: its feed and guid.

    `title` is the text's, and says nothing alone.
    """
    return bool(erased_keys(conn, keys_of(urls=urls, entry=entry, title=title, text=text, authors=authors)))


def keys_of(
    *,
    urls: Sequence[str] = (),
    entry: tuple[FeedId, str] | None = None,
    title: str = "",
    text: str = "",
    known_hash: str | None = None,
    authors: Sequence[str] = (),
) -> list[Key]:
    """What tombstones of these would stand under; `known_hash` of the text, where somebody worked it out already."""
    hosts = [host_of(url) for url in urls if url]
    keys = [url_key(url) for url in urls if url]
    keys += [source_key(name) for host in hosts for name in (host, registered_domain(host)) if name]
    keys += [author_key(name) for name in authors]
    keys += text_keys(title, text, known_hash)
    keys += [entry_key(*entry)] if entry is not None else []
    return keys


def not_erased(conn: Connection, feed_id: FeedId, found: Sequence[ParsedEntry]) -> list[ParsedEntry]:
    """The entries of a poll without those that were erased: they stand in their feed on and on."""
    keys = {entry.guid: entry_key(feed_id, entry.guid) for entry in found}
    erased = erased_keys(conn, keys.values())
    return [entry for entry in found if keys[entry.guid] not in erased]


def find_erased_at(conn: Connection, key: Key) -> datetime | None:
    """When it was erased; None when it was not."""
    at = select(tombstones.c.erased_at).where(tombstones.c.kind == key.kind, tombstones.c.key_hash == key.key_hash)
    return conn.execute(at).scalar_one_or_none()

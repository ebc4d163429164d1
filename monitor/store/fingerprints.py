"""Fingerprints of texts, and the index of their bands by which texts that have something in common are found.

Each scheme has fingerprints and bands of its own, so that two live beside each other while the one takes over from the
other. What is too old to be a candidate keeps the hash of its text, by which its links count on; bands and body,
nearly all of the space, go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, delete, func, literal, select, union_all, update

from monitor.store.batches import BATCH, in_batches
from monitor.store.columns import MAX_KEY
from monitor.store.engine import insert, table_of_numbers
from monitor.store.tables import articles, bands, fingerprints, revisions
from monitor.types import ArticleId

SAME_TEXT = -1
"""The band number under which articles with the very same text are listed: it is no band of any text."""

BandRow = tuple[int, ArticleId]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintRow:
    """A text as it is found and compared; `body` is as its scheme writes it.

    `gone_bands` are those of the fingerprint that this one replaces: of the same scheme, of an earlier text.
    """

    article_id: ArticleId
    scheme: str
    text_hash: str
    n_words: int
    body: bytes
    band_numbers: tuple[int, ...]
    gone_bands: tuple[int, ...] = ()


def save_fingerprints(conn: Connection, rows: Sequence[PrintRow], now: datetime) -> None:
    """Store how texts are found and compared, in place of those of earlier texts of the same articles.

    Those of other schemes stay, except where the article has said something else since they were made.
    """
    if not rows:
        return
    made = [
        {"article_id": row.article_id, "scheme": row.scheme, "text_hash": row.text_hash, "n_words": row.n_words,
         "body": row.body, "made_at": now}
        for row in sorted(rows, key=lambda one: one.article_id)
    ]  # fmt: skip
    once = insert(conn, fingerprints)
    changed = {name: once.excluded[name] for name in ("text_hash", "n_words", "body", "made_at")}
    conn.execute(once.on_conflict_do_update(index_elements=["article_id", "scheme"], set_=changed), made)
    for row in rows:
        gone = sorted(set(row.gone_bands) - set(row.band_numbers))
        if gone:
            conn.execute(delete(bands).where(bands.c.article_id == row.article_id, bands.c.band.in_(gone)))
    numbers = [
        {"band": band, "article_id": row.article_id}
        for row in rows
        for band in sorted(set(row.band_numbers) - set(row.gone_bands))
    ]
    # In the order of the index, so that pages are written once.
    numbers.sort(key=lambda one: (one["band"], one["article_id"]))
    for start in range(0, len(numbers), BATCH):
        conn.execute(insert(conn, bands).on_conflict_do_nothing(), numbers[start : start + BATCH])
    _drop_stale(conn, rows)


def _drop_stale(conn: Connection, rows: Sequence[PrintRow]) -> None:
    """A link of another scheme must not count by a text that is not the article's any more."""
    changed_at = (
        select(func.max(revisions.c.seen_at))
        .where(revisions.c.article_id == fingerprints.c.article_id)
        .scalar_subquery()
    )
    for scheme in sorted({row.scheme for row in rows}):
        for some in in_batches(row.article_id for row in rows if row.scheme == scheme):
            mine = and_(fingerprints.c.article_id.in_(some), fingerprints.c.scheme != scheme)
            conn.execute(delete(fingerprints).where(mine, fingerprints.c.made_at < changed_at))


def load_bodies(conn: Connection, ids: Iterable[ArticleId], scheme: str) -> dict[ArticleId, bytes]:
    """The stored fingerprints of these articles, as the scheme wrote them; those that are thinned are left out."""
    found: dict[ArticleId, bytes] = {}
    for some in in_batches(ids):
        wanted = select(fingerprints.c.article_id, fingerprints.c.body).where(
            fingerprints.c.article_id.in_(some), fingerprints.c.scheme == scheme
        )
        found |= {article_id: body for article_id, body in conn.execute(wanted) if body}
    return found


def load_band_rows(conn: Connection, wanted: Collection[int], max_band: int) -> list[BandRow]:
    """The (band, article) rows of these bands: of each the `max_band` lowest ids, as `choose_candidates` takes them.

    Read from the index alone, so a much-copied text costs no more than any other; whether an article is old does not
    show.
    """
    sought = table_of_numbers(conn, sorted(set(wanted)))
    its = bands.alias("its")
    last = (
        select(its.c.article_id)
        .where(its.c.band == sought.c.value)
        .order_by(its.c.article_id)
        .limit(1)
        .offset(max_band - 1)
        .scalar_subquery()
    )
    in_place = and_(bands.c.band == sought.c.value, bands.c.article_id <= func.coalesce(last, MAX_KEY))
    rows = select(bands.c.band, bands.c.article_id).join_from(sought, bands, in_place)
    return [(band, article_id) for band, article_id in conn.execute(rows)]


def load_same_texts(
    conn: Connection, scheme: str, hashes: Collection[str], max_each: int
) -> dict[str, list[ArticleId]]:
    """The earliest stored articles with each of these texts."""
    found: dict[str, list[ArticleId]] = {}
    place = func.row_number().over(partition_by=fingerprints.c.text_hash, order_by=fingerprints.c.article_id)
    its = (fingerprints.c.text_hash, fingerprints.c.article_id)
    for some in (sorted(set(hashes))[start : start + BATCH] for start in range(0, len(set(hashes)), BATCH)):
        same = select(*its, place.label("place")).where(
            fingerprints.c.text_hash.in_(some), fingerprints.c.scheme == scheme
        )
        listed = same.subquery()
        for text_hash, article_id, _ in conn.execute(select(listed).where(listed.c.place <= max_each)):
            found.setdefault(text_hash, []).append(article_id)
    return found


def load_capped_rows(
    conn: Connection, row: PrintRow, *, since: datetime, until: datetime, max_band: int
) -> list[BandRow]:
    """The (band, article) rows of other articles first seen in [since, until] that share a band, or the whole text.

    Of each band the `max_band` lowest ids, as `choose_candidates` takes them: a much-copied text costs no more than any
    other, and what is old takes no place.
    """

    def first(keys: Any, listed: Any, condition: Any) -> Any:
        rows = select(keys.label("band"), listed.label("article_id")).join(articles, articles.c.id == listed)
        inside = articles.c.first_seen_at.between(since, until)
        near = rows.where(condition, listed != row.article_id, inside)
        return select(near.order_by(listed).limit(max_band).subquery())

    same_text = and_(fingerprints.c.scheme == row.scheme, fingerprints.c.text_hash == row.text_hash)
    wanted = [first(literal(SAME_TEXT, BigInteger), fingerprints.c.article_id, same_text)]
    wanted += [first(bands.c.band, bands.c.article_id, bands.c.band == band) for band in sorted(set(row.band_numbers))]
    return [(band, other) for band, other in conn.execute(union_all(*wanted))]


def thin(conn: Connection, *, after_id: int, before: datetime, limit: int = BATCH) -> int | None:
    """Take the bands and bodies of the next articles, by id, whose fingerprints were made before then.

    Returns the id up to which all is thinned; None when the next one is too young, or there is none.
    """
    c = fingerprints.c
    following = select(c.article_id, c.made_at).where(c.article_id > after_id).order_by(c.article_id).limit(limit)
    made: dict[ArticleId, datetime] = {}
    for article_id, made_at in conn.execute(following):
        made[article_id] = max(made_at, made.get(article_id, made_at))
    old: list[ArticleId] = []
    for article_id, made_at in made.items():
        if made_at >= before:
            break
        old.append(article_id)
    if not old:
        return None
    conn.execute(delete(bands).where(bands.c.article_id.in_(old)))
    conn.execute(update(fingerprints).where(c.article_id.in_(old)).values(body=b""))
    return old[-1]


def window(first_seen_at: datetime, days: float) -> tuple[datetime, datetime]:
    """When an article must have been first seen to be compared with one that was then."""
    return first_seen_at - timedelta(days=days), first_seen_at + timedelta(days=days)

"""Fingerprints of texts, the links between copies and originals, and the copy groups derived from them.

A link is a fact about two texts and stays when one of them changes. It counts as long as both articles have the texts
that were compared, which is what their fingerprints say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    delete,
    exists,
    literal,
    or_,
    select,
    union_all,
    update,
)

from monitor.store import claims
from monitor.store.claims import Claimable
from monitor.store.engine import COPY_GROUPS_LOCK, hold_lock, insert
from monitor.store.tables import articles, bands, copies, duplicates, fingerprints, rewrites
from monitor.types import ArticleId, DuplicateKind, DuplicateLink, RewriteLink

BATCH = 500
MATCHES = Claimable(articles, articles.c.match_due_at, articles.c.match_leased_until, articles.c.n_match_tries)


def claim_unmatched(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> tuple[list[ArticleId], datetime]:
    """Lease articles whose text is new and not yet compared with the others."""
    claimed = claims.claim(conn, MATCHES, now=now, lease_s=lease_s, limit=limit)
    return [row["id"] for row in claimed.rows], claimed.leased_until


def save_fingerprint(
    conn: Connection,
    article_id: ArticleId,
    *,
    scheme: str,
    text_hash: str,
    n_words: int,
    body: bytes,
    band_numbers: Sequence[int],
    now: datetime,
) -> None:
    """Store how an article's text is found and compared; replaces that of an earlier text."""
    values = {"text_hash": text_hash, "n_words": n_words, "body": body, "made_at": now}
    row = insert(conn, fingerprints).values(article_id=article_id, scheme=scheme, **values)
    conn.execute(row.on_conflict_do_update(index_elements=["article_id", "scheme"], set_=values))
    conn.execute(delete(bands).where(bands.c.article_id == article_id))
    if band_numbers:
        rows = [{"band": band, "article_id": article_id} for band in sorted(set(band_numbers))]
        conn.execute(insert(conn, bands).on_conflict_do_nothing(), rows)


SAME_TEXT = -1
"""The band number under which articles with the very same text are listed: it is no band of any text."""


def load_band_rows(
    conn: Connection,
    article_id: ArticleId,
    *,
    scheme: str,
    text_hash: str,
    band_numbers: Sequence[int],
    since: datetime,
    max_band: int = 50,
) -> list[tuple[int, ArticleId]]:
    """The (band, article) rows of other articles first seen since then that share a band, or the whole text.

    Of each band the `max_band` lowest ids, as `choose_candidates` takes them.
    """

    def first(keys: Any, listed: Any, condition: Any) -> Any:
        # The earliest of each band by its index: a much-copied text costs no more than any other.
        rows = select(keys.label("band"), listed.label("article_id")).join(articles, articles.c.id == listed)
        near = rows.where(condition, listed != article_id, articles.c.first_seen_at >= since)
        return select(near.order_by(listed).limit(max_band).subquery())

    same_text = and_(fingerprints.c.scheme == scheme, fingerprints.c.text_hash == text_hash)
    wanted = [first(literal(SAME_TEXT, BigInteger), fingerprints.c.article_id, same_text)]
    wanted += [first(bands.c.band, bands.c.article_id, bands.c.band == band) for band in sorted(set(band_numbers))]
    return [(band, other) for band, other in conn.execute(union_all(*wanted))]


def load_fingerprints(conn: Connection, ids: Iterable[ArticleId], scheme: str) -> dict[ArticleId, bytes]:
    """The stored fingerprints of these articles, as the scheme wrote them."""
    wanted = select(fingerprints.c.article_id, fingerprints.c.body).where(
        fingerprints.c.article_id.in_(sorted(set(ids))), fingerprints.c.scheme == scheme
    )
    return dict(conn.execute(wanted).all())


def save_links(
    conn: Connection, links: Iterable[DuplicateLink], followed: Iterable[RewriteLink], now: datetime
) -> None:
    """Add facts; one that is stored already stays as it is, one about an article that is gone is left out."""
    links, followed = list(links), list(followed)
    facts: list[DuplicateLink | RewriteLink] = [*links, *followed]
    ends = {end for link in facts for end in (link.article_id, link.original_id)}
    there = {one for some in _in_batches(ends) for one in _kept(conn, some)}
    links = [link for link in links if {link.article_id, link.original_id} <= there]
    followed = [link for link in followed if {link.article_id, link.original_id} <= there]
    # In one order everywhere: two workers that find the same facts would wait for each other otherwise.
    for link in sorted(links, key=lambda one: (one.article_id, one.original_id)):
        row = insert(conn, duplicates).values(**{**asdict(link), "kind": link.kind.value}, found_at=now)
        conn.execute(row.on_conflict_do_nothing())
    for rewrite in sorted(followed, key=lambda one: (one.article_id, one.original_id)):
        conn.execute(insert(conn, rewrites).values(**asdict(rewrite), found_at=now).on_conflict_do_nothing())


def _kept(conn: Connection, ids: Sequence[ArticleId]) -> list[ArticleId]:
    """Those of these articles that are stored; they stay until the transaction ends."""
    rows = select(articles.c.id).where(articles.c.id.in_(ids)).order_by(articles.c.id)
    return list(conn.execute(rows.with_for_update(read=True, key_share=True)).scalars())


def release_matches(conn: Connection, ids: Sequence[ArticleId], leased_until: datetime) -> None:
    """Give back articles that were claimed and not compared; the try does not count."""
    claims.release(conn, MATCHES, ids, leased_until)


def hold(conn: Connection, article_id: ArticleId, leased_until: datetime) -> None:
    """Keep a leased article for this transaction. Raises LeaseLostError."""
    claims.hold(conn, MATCHES, article_id, leased_until)


def finish_match(conn: Connection, article_id: ArticleId, leased_until: datetime) -> None:
    """The article was compared with all others."""
    claims.save(conn, MATCHES, article_id, leased_until, match_due_at=None)


def hold_copy_groups(conn: Connection) -> None:
    """Let one transaction at a time link articles and derive copy groups, or take articles away, from here to its end.

    Before it holds any article: else two that hold one each would wait for each other.
    """
    hold_lock(conn, COPY_GROUPS_LOCK)


def _in_batches(ids: Iterable[ArticleId]) -> Iterator[list[ArticleId]]:
    """Databases take a limited number of parameters."""
    wanted = sorted(set(ids))
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))


def _link(row: RowMapping) -> DuplicateLink:
    values = {name: row[name] for name in DuplicateLink.__dataclass_fields__}
    return DuplicateLink(**{**values, "kind": DuplicateKind(row["kind"])})


def _counts(links: Table) -> ColumnElement[bool]:
    """Whether both articles of a link have the texts that it compared."""

    def has(article_id: ColumnElement[Any], text_hash: ColumnElement[Any]) -> ColumnElement[bool]:
        its = fingerprints.alias()
        same = and_(its.c.article_id == article_id, its.c.scheme == links.c.scheme, its.c.text_hash == text_hash)
        return exists().where(same)

    return and_(
        has(links.c.article_id, links.c.article_text_hash), has(links.c.original_id, links.c.original_text_hash)
    )


def load_links_around(conn: Connection, ids: Collection[ArticleId]) -> tuple[list[DuplicateLink], frozenset[ArticleId]]:
    """The links that count among the articles that these ones are linked to, directly or through others.

    And all those articles: also links that count no more lead on, since the groups they once made are to change.
    """
    found: dict[tuple[ArticleId, ArticleId, str], DuplicateLink] = {}
    seen: set[ArticleId] = set()
    frontier = set(ids)
    while frontier:
        seen |= frontier
        ends: set[ArticleId] = set()
        for some in _in_batches(frontier):
            near = or_(duplicates.c.article_id.in_(some), duplicates.c.original_id.in_(some))
            for row in conn.execute(select(duplicates, _counts(duplicates).label("counts")).where(near)).mappings():
                ends |= {row["article_id"], row["original_id"]}
                if row["counts"]:
                    found[row["article_id"], row["original_id"], row["scheme"]] = _link(row)
        frontier = ends - seen
    return list(found.values()), frozenset(seen)


def was_linked(conn: Connection, article_id: ArticleId) -> bool:
    """Whether any text that this article had was linked to another one."""
    mine = or_(duplicates.c.article_id == article_id, duplicates.c.original_id == article_id)
    return conn.execute(select(duplicates.c.id).where(mine).limit(1)).first() is not None


def load_links_to_originals(conn: Connection, article_id: ArticleId) -> list[DuplicateLink] | None:
    """The links that count of an article that nothing ever repeated; None else: others' groups hang on it."""
    if conn.execute(select(duplicates.c.id).where(duplicates.c.original_id == article_id).limit(1)).first():
        return None
    rows = select(duplicates).where(duplicates.c.article_id == article_id, _counts(duplicates))
    return [_link(row) for row in conn.execute(rows).mappings()]


def load_appeared(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, tuple[datetime, str]]:
    """When these articles appeared, and their URLs: what decides which of them is the original."""
    found: dict[ArticleId, tuple[datetime, str]] = {}
    for some in _in_batches(ids):
        rows = select(articles.c.id, articles.c.appeared_at, articles.c.url).where(articles.c.id.in_(some))
        found |= {row.id: (row.appeared_at, row.url) for row in conn.execute(rows)}
    return found


def save_copy_groups(conn: Connection, ids: Collection[ArticleId], groups: Mapping[ArticleId, DuplicateLink]) -> None:
    """Replace the group membership of `ids`: `groups` maps each copy to the link to its original."""
    wanted = {copy: _copy_row(copy, link) for copy, link in sorted(groups.items())}
    for some in _in_batches(ids):
        stored = conn.execute(select(copies).where(copies.c.article_id.in_(some))).mappings()
        same = {row["article_id"] for row in stored if dict(row) == wanted.get(row["article_id"])}
        changed = [article_id for article_id in some if article_id not in same]
        conn.execute(delete(copies).where(copies.c.article_id.in_(changed)))
        rows = [wanted[article_id] for article_id in changed if article_id in wanted]
        if rows:
            conn.execute(insert(conn, copies), rows)


def _copy_row(article_id: ArticleId, link: DuplicateLink) -> dict[str, Any]:
    row = {**asdict(link), "article_id": article_id, "kind": link.kind.value}
    return {name: row[name] for name in copies.c.keys()}  # noqa: SIM118 - columns are no mapping


def load_originals(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, ArticleId]:
    """For those of these articles that are copies: the original of their group."""
    rows = select(copies.c.article_id, copies.c.original_id).where(copies.c.article_id.in_(sorted(set(ids))))
    return dict(conn.execute(rows).all())


def load_linked(conn: Connection, article_id: ArticleId) -> list[ArticleId]:
    """Articles that this one is linked to as copy or original, by their texts of today."""
    counts = _counts(duplicates)
    there = select(duplicates.c.original_id).where(duplicates.c.article_id == article_id, counts)
    back = select(duplicates.c.article_id).where(duplicates.c.original_id == article_id, counts)
    return sorted({*conn.execute(there).scalars(), *conn.execute(back).scalars()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A stored link of an article with another one, which came before it (is_original) or after it."""

    article_id: ArticleId
    is_original: bool
    kind: str
    containment: float
    jaccard: float | None
    scheme: str
    found_at: datetime


def load_relations(conn: Connection, article_id: ArticleId) -> list[Relation]:
    """What this article repeats or follows, and what repeats or follows it, by the texts of today; strongest first."""
    found = []
    for links in (duplicates, rewrites):
        mine = or_(links.c.article_id == article_id, links.c.original_id == article_id)
        for row in conn.execute(select(links).where(mine, _counts(links))).mappings():
            is_original = row["article_id"] == article_id
            found.append(
                Relation(
                    article_id=row["original_id"] if is_original else row["article_id"],
                    is_original=is_original,
                    kind=row.get("kind", "rewrite"),
                    containment=row["containment"],
                    jaccard=row.get("jaccard"),
                    scheme=row["scheme"],
                    found_at=row["found_at"],
                )
            )
    return sorted(found, key=lambda one: (not one.is_original, -one.containment, one.article_id))


def hold_around(conn: Connection, ids: Collection[ArticleId]) -> list[ArticleId]:
    """Keep these articles, and all that any of their texts was linked to, for this transaction; returns the latter."""
    hold_copy_groups(conn)
    near: set[ArticleId] = set()
    for some in _in_batches(ids):
        for links in (duplicates, copies, rewrites):
            for mine, other in ((links.c.article_id, links.c.original_id), (links.c.original_id, links.c.article_id)):
                near |= set(conn.execute(select(other).where(mine.in_(some))).scalars())
    # By id, as everybody who takes several articles.
    for some in _in_batches({*ids, *near}):
        rows = select(articles.c.id).where(articles.c.id.in_(some)).order_by(articles.c.id)
        conn.execute(rows.with_for_update()).all()
    return sorted(near - set(ids))


def match_again(conn: Connection, ids: Collection[ArticleId], now: datetime) -> None:
    """Have these articles compared again, since what they were linked to is another article now, or gone."""
    again = {"match_due_at": now, "match_leased_until": None, "n_match_tries": 0}
    for some in _in_batches(ids):
        conn.execute(update(articles).where(articles.c.id.in_(some), articles.c.arrival_no.is_not(None)).values(again))


def next_match_at(conn: Connection, now: datetime) -> datetime | None:
    return claims.next_lease_end(conn, MATCHES, now)


def set_aside_crashed(conn: Connection, now: datetime) -> list[ArticleId]:
    """Texts whose comparison took its worker down each time stay without duplicates."""
    ids = claims.exhausted(conn, MATCHES, now)
    gone = update(articles).where(articles.c.id.in_(ids)).values(match_due_at=None, n_match_tries=0)
    conn.execute(gone)
    return ids

"""The links between copies and originals, and the copy groups derived from them.

A link is a fact about two texts and stays when one of them changes. It counts as long as both articles have the texts
that were compared, which is what their fingerprints say, and until both have fingerprints of a newer scheme: what that
says of them is another link, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    not_,
    or_,
    select,
    update,
)

from monitor.store import claims
from monitor.store.batches import BATCH, in_batches
from monitor.store.claims import Claimable
from monitor.store.engine import COPY_GROUPS_LOCK, hold_lock, insert
from monitor.store.tables import articles, copies, duplicates, fingerprints, releases, rewrites
from monitor.types import ArticleId, DuplicateKind, DuplicateLink, RewriteLink

_FIELDS = {kind: tuple(one.name for one in fields(kind)) for kind in (DuplicateLink, RewriteLink)}
_COPY_COLUMNS = tuple(copies.c.keys())
MATCHES = Claimable(articles, articles.c.match_due_at, articles.c.match_leased_until, articles.c.n_match_tries)


def claim_unmatched(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> tuple[list[ArticleId], datetime]:
    """Lease articles whose text is new and not yet compared with the others."""
    claimed = claims.claim(conn, MATCHES, now=now, lease_s=lease_s, limit=limit)
    return [row["id"] for row in claimed.rows], claimed.leased_until


def save_links(
    conn: Connection, links: Iterable[DuplicateLink], followed: Iterable[RewriteLink], now: datetime
) -> None:
    """Add facts; one that is stored already stays as it is, one about an article that is gone is left out."""
    links, followed = list(links), list(followed)
    facts: list[DuplicateLink | RewriteLink] = [*links, *followed]
    ends = {end for link in facts for end in (link.article_id, link.original_id)}
    there = {one for some in in_batches(ends) for one in _kept(conn, some)}
    links = [link for link in links if {link.article_id, link.original_id} <= there]
    followed = [link for link in followed if {link.article_id, link.original_id} <= there]
    # In one order everywhere: two workers that find the same facts would wait for each other otherwise.
    links.sort(key=lambda one: (one.article_id, one.original_id))
    followed.sort(key=lambda one: (one.article_id, one.original_id))
    _add(conn, duplicates, [{**_values(link), "kind": link.kind.value, "found_at": now} for link in links])
    _add(conn, rewrites, [{**_values(link), "found_at": now} for link in followed])


def _values(link: DuplicateLink | RewriteLink) -> dict[str, Any]:
    """As `asdict`, which copies each value and takes ten times as long: a much-copied text brings thousands."""
    return {name: getattr(link, name) for name in _FIELDS[type(link)]}


def _add(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        conn.execute(insert(conn, table).on_conflict_do_nothing(), rows[start : start + BATCH])


def _kept(conn: Connection, ids: Sequence[ArticleId]) -> list[ArticleId]:
    """Those of these articles that are stored; they stay until the transaction ends."""
    rows = select(articles.c.id).where(articles.c.id.in_(ids)).order_by(articles.c.id)
    return list(conn.execute(rows.with_for_update(read=True, key_share=True)).scalars())


def release_matches(conn: Connection, ids: Sequence[ArticleId], leased_until: datetime) -> None:
    """Give back articles that were claimed and not compared; the try does not count."""
    claims.release(conn, MATCHES, ids, leased_until)


def hold(conn: Connection, ids: Collection[ArticleId], leased_until: datetime) -> set[ArticleId]:
    """Keep leased articles for this transaction; those whose lease is lost are left out."""
    c = articles.c
    # In the order of their ids, as everybody takes them who takes several.
    mine = select(c.id).where(c.id.in_(sorted(ids)), c.match_leased_until == leased_until).order_by(c.id)
    return set(conn.execute(mine.with_for_update()).scalars())


def finish_matches(conn: Connection, ids: Collection[ArticleId], leased_until: datetime) -> None:
    """These articles, which are held, were compared with all others."""
    mine = and_(articles.c.id.in_(sorted(ids)), articles.c.match_leased_until == leased_until)
    done = {"match_due_at": None, "match_leased_until": None, "n_match_tries": 0}
    conn.execute(update(articles).where(mine).values(done))


def hold_copy_groups(conn: Connection) -> None:
    """Let one transaction at a time link articles and derive copy groups, or take articles away, from here to its end.

    Before it holds any article: else two that hold one each would wait for each other.
    """
    hold_lock(conn, COPY_GROUPS_LOCK)


def _link(row: RowMapping) -> DuplicateLink:
    values = {name: row[name] for name in DuplicateLink.__dataclass_fields__}
    return DuplicateLink(**{**values, "kind": DuplicateKind(row["kind"])})


@cache
def _counts(links: Table) -> ColumnElement[bool]:
    """Whether a link counts; the same as COUNTS in monitor/store/views.py."""
    mine, other = fingerprints.alias(), fingerprints.alias()
    newer, newer_other = fingerprints.alias(), fingerprints.alias()
    is_replaced = exists().where(
        newer.c.article_id == mine.c.article_id,
        newer_other.c.article_id == other.c.article_id,
        newer.c.scheme == newer_other.c.scheme,
        newer.c.scheme != links.c.scheme,
        newer.c.made_at > mine.c.made_at,
        newer_other.c.made_at > other.c.made_at,
    )
    return exists().where(
        mine.c.article_id == links.c.article_id,
        mine.c.scheme == links.c.scheme,
        mine.c.text_hash == links.c.article_text_hash,
        other.c.article_id == links.c.original_id,
        other.c.scheme == links.c.scheme,
        other.c.text_hash == links.c.original_text_hash,
        not_(is_replaced),
    )


@cache
def _counting(end: Column[Any]) -> Select[Any]:
    """The links that count with an article, `its_id`, at that end. Kept: it takes longer to build than to run."""
    return select(duplicates).where(end == bindparam("its_id"), _counts(duplicates)).order_by(duplicates.c.id)


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
        for some in in_batches(frontier):
            near = or_(duplicates.c.article_id.in_(some), duplicates.c.original_id.in_(some))
            for row in conn.execute(select(duplicates, _counts(duplicates).label("counts")).where(near)).mappings():
                ends |= {row["article_id"], row["original_id"]}
                if row["counts"]:
                    found[row["article_id"], row["original_id"], row["scheme"]] = _link(row)
        frontier = ends - seen
    return list(found.values()), frozenset(seen)


def load_ever_linked(conn: Connection, ids: Collection[ArticleId]) -> set[ArticleId]:
    """Those of these articles any of whose texts was linked to another one, with all that they were linked to."""
    found: set[ArticleId] = set()
    c = duplicates.c
    for some in in_batches(ids):
        for mine in (c.article_id, c.original_id):
            for ends in conn.execute(select(c.article_id, c.original_id).where(mine.in_(some))):
                found |= set(ends)
    return found


@dataclass(frozen=True, slots=True)
class StoredLinks:
    """The links that count and the copy groups, as `regroup` asks for them."""

    conn: Connection

    def to_earlier(self, article_id: ArticleId) -> list[DuplicateLink]:
        return self._links(duplicates.c.article_id, article_id)

    def to_later(self, article_id: ArticleId) -> list[DuplicateLink]:
        return self._links(duplicates.c.original_id, article_id)

    def _links(self, end: Column[Any], article_id: ArticleId) -> list[DuplicateLink]:
        return [_link(row) for row in self.conn.execute(_counting(end), {"its_id": article_id}).mappings()]

    def copies_of(self, article_id: ArticleId) -> set[ArticleId]:
        return load_copies(self.conn, [article_id])

    def originals(self, ids: Iterable[ArticleId]) -> dict[ArticleId, ArticleId]:
        return load_originals(self.conn, ids)

    def order(self, ids: Iterable[ArticleId]) -> dict[ArticleId, tuple[datetime, str, ArticleId]]:
        return {one: (*appeared, one) for one, appeared in load_appeared(self.conn, ids).items()}


def load_appeared(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, tuple[datetime, str]]:
    """When these articles appeared, and their URLs: what decides which of them is the original."""
    found: dict[ArticleId, tuple[datetime, str]] = {}
    for some in in_batches(ids):
        rows = select(articles.c.id, articles.c.appeared_at, articles.c.url).where(articles.c.id.in_(some))
        found |= {row.id: (row.appeared_at, row.url) for row in conn.execute(rows)}
    return found


def save_copy_groups(conn: Connection, ids: Collection[ArticleId], groups: Mapping[ArticleId, DuplicateLink]) -> None:
    """Replace the group membership of `ids`: `groups` maps each copy to the link to its original."""
    wanted = {copy: _copy_row(copy, link) for copy, link in sorted(groups.items())}
    for some in in_batches(ids):
        stored = conn.execute(select(copies).where(copies.c.article_id.in_(some))).mappings()
        same = {row["article_id"] for row in stored if dict(row) == wanted.get(row["article_id"])}
        changed = [article_id for article_id in some if article_id not in same]
        conn.execute(delete(copies).where(copies.c.article_id.in_(changed)))
        rows = [wanted[article_id] for article_id in changed if article_id in wanted]
        if rows:
            conn.execute(insert(conn, copies), rows)


def _copy_row(article_id: ArticleId, link: DuplicateLink) -> dict[str, Any]:
    row = {**_values(link), "article_id": article_id, "kind": link.kind.value}
    return {name: row[name] for name in _COPY_COLUMNS}


def load_originals(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, ArticleId]:
    """For those of these articles that are copies: the original of their group."""
    found: dict[ArticleId, ArticleId] = {}
    for some in in_batches(ids):
        rows = select(copies.c.article_id, copies.c.original_id).where(copies.c.article_id.in_(some))
        found |= dict(conn.execute(rows).all())
    return found


def load_copies(conn: Connection, originals: Iterable[ArticleId]) -> set[ArticleId]:
    """The copies of these originals."""
    found: set[ArticleId] = set()
    for some in in_batches(originals):
        found |= set(conn.execute(select(copies.c.article_id).where(copies.c.original_id.in_(some))).scalars())
    return found


def load_linked(conn: Connection, article_id: ArticleId) -> list[ArticleId]:
    """Articles that this one is linked to as copy or original, by their texts of today."""
    return load_linked_of(conn, [article_id]).get(article_id, [])


def load_linked_of(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, list[ArticleId]]:
    """The same of many; those that have none are left out."""
    copy, original, counts = duplicates.c.article_id, duplicates.c.original_id, _counts(duplicates)
    found: dict[ArticleId, set[ArticleId]] = {}
    for some in in_batches(ids):
        for one, other in ((copy, original), (original, copy)):
            for article_id, linked_id in conn.execute(select(one, other).where(one.in_(some), counts)):
                found.setdefault(article_id, set()).add(linked_id)
    return {article_id: sorted(linked) for article_id, linked in found.items()}


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
    for some in in_batches(ids):
        for links in (duplicates, copies, rewrites):
            for mine, other in ((links.c.article_id, links.c.original_id), (links.c.original_id, links.c.article_id)):
                near |= set(conn.execute(select(other).where(mine.in_(some))).scalars())
    # By id, as everybody who takes several articles.
    for some in in_batches({*ids, *near}):
        rows = select(articles.c.id).where(articles.c.id.in_(some)).order_by(articles.c.id)
        conn.execute(rows.with_for_update()).all()
    return sorted(near - set(ids))


def match_again(conn: Connection, ids: Collection[ArticleId], now: datetime) -> None:
    """Have these articles compared again, since what they were linked to is another article now, or gone."""
    again = {"match_due_at": now, "match_leased_until": None, "n_match_tries": 0}
    for some in in_batches(ids):
        has_text = or_(articles.c.arrival_no.is_not(None), articles.c.id.in_(select(releases.c.article_id)))
        conn.execute(update(articles).where(articles.c.id.in_(some), has_text).values(again))


def next_match_at(conn: Connection, now: datetime) -> datetime | None:
    return claims.next_lease_end(conn, MATCHES, now)


def set_aside_crashed(conn: Connection, now: datetime) -> list[ArticleId]:
    """Texts whose comparison took its worker down each time stay without duplicates."""
    ids = claims.exhausted(conn, MATCHES, now)
    gone = update(articles).where(articles.c.id.in_(ids)).values(match_due_at=None, n_match_tries=0)
    conn.execute(gone)
    # Else a scheme that it crashes would be tried again for ever.
    conn.execute(delete(fingerprints).where(fingerprints.c.article_id.in_(ids)))
    return ids

"""Two articles that turned out to be one: everything that was known of the old one is known of the other from then on.

Sightings, URLs, pages, revisions, links, story and what readers were told go over; the old id leads to the other for
ever. The text of the other stays the one of today, unless it has none. What is derived from texts is not mixed: of two
fingerprints, features or sets of hits those of the text that stays are kept, and copy groups are derived again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, and_, delete, func, or_, select, tuple_, update

from monitor.errors import LeaseLostError, NotFoundError, UsageError
from monitor.store import claims, duplicates, stories
from monitor.store.articles import join_sightings
from monitor.store.engine import RESOLVE_LOCK, hold_lock, insert
from monitor.store.entries import move_entries
from monitor.store.holding import hold_to_take_away
from monitor.store.memberships import renew_story, settle_left
from monitor.store.page_results import PAGES, FetchedPage
from monitor.store.revisions import change_values
from monitor.store.story_log import log_story
from monitor.store.tables import (
    article_authors,
    article_merges,
    article_tags,
    article_urls,
    articles,
    bands,
    copies,
    digest_item_articles,
    features,
    fingerprints,
    hits,
    pages,
    releases,
    revisions,
    rewrites,
    sightings,
    story_constraints,
    story_members,
)
from monitor.store.tables import duplicates as links
from monitor.store.tables import stories as story_table
from monitor.text.differences import Wording, difference
from monitor.types import ArticleId, RevisionKind

#: What an article without a text takes over from the one that has one.
_OF_TEXT = (
    "title", "feed_title", "page_title", "text", "text_hash", "folded", "language", "language_declared",
    "language_detected", "arrival_no",
    "published_precision", "published_origin", "access", "method", "n_words", "section", "dateline", "credit", "agency",
    "origin", "state", "reason", "detail", "ready_at", "retracted_at", "n_small_changes", "match_due_at",
    "assign_due_at", "watch_due_at",
)  # fmt: skip
_WHO = "merging"


def merge_into(conn: Connection, fetched: FetchedPage, other_id: ArticleId, now: datetime) -> None:
    """The claimed page turned out to be an article that is stored already. Raises LeaseLostError."""
    page = fetched.page
    hold_lock(conn, RESOLVE_LOCK)
    hold_to_take_away(conn, [page.id], beside=[other_id])
    claims.hold(conn, PAGES, page.id, fetched.page.leased_until)
    try:
        merge_articles(conn, page.id, other_id, because=f"{page.url} names the same canonical URL", now=now)
    except NotFoundError as error:
        raise LeaseLostError(f"article {page.id}: {error}") from None


def merge_articles(conn: Connection, old_id: ArticleId, into_id: ArticleId, *, because: str, now: datetime) -> None:
    """Let one article become part of another. Call it last in a transaction.

    Whoever works on the old one loses its lease. Raises NotFoundError, and UsageError for an article with itself.
    """
    if old_id == into_id:
        raise UsageError(f"{old_id} cannot be merged into itself; name two articles")
    hold_lock(conn, RESOLVE_LOCK)
    near, languages = hold_to_take_away(conn, [old_id], beside=[into_id])
    rows = conn.execute(select(articles).where(articles.c.id.in_([old_id, into_id]))).mappings()
    by_id = {row["id"]: row for row in rows}
    for one in (old_id, into_id):
        if one not in by_id:
            raise NotFoundError(f"no article {one}; it was merged or erased meanwhile")
        if conn.execute(select(releases.c.article_id).where(releases.c.article_id == one)).first() is not None:
            raise UsageError(f"{one} is a registered text, which nobody published; it cannot be merged")
    _merge_sightings(conn, old_id, into_id)
    _merge_places(conn, old_id, into_id)
    if by_id[into_id]["arrival_no"] is None and by_id[old_id]["arrival_no"] is not None:
        _hand_over_text(conn, by_id[old_id], into_id)
    elif by_id[old_id]["arrival_no"] is not None:
        _merge_revisions(conn, old_id, into_id, now)
    _merge_links(conn, old_id, into_id)
    _merge_memberships(conn, old_id, into_id, now)
    _merge_told(conn, old_id, into_id)
    conn.execute(delete(articles).where(articles.c.id == old_id))
    row = insert(conn, article_merges).values(old_id=old_id, article_id=into_id, merged_at=now, because=because[:1000])
    conn.execute(row)
    duplicates.match_again(conn, {*near, into_id}, now)
    stories.disturb(conn, languages)


def _move(conn: Connection, column: Column[Any], old_id: ArticleId, into_id: ArticleId, *beside: Column[Any]) -> None:
    """Rows of the old article become the other's, except where it has one already that is alike in `beside`."""
    mine = column == old_id
    if beside:
        key = tuple_(*beside)
        mine = and_(mine, key.not_in(select(*beside).where(column == into_id)))
    conn.execute(update(column.table).where(mine).values({column.name: into_id}))


def _merge_sightings(conn: Connection, old_id: ArticleId, into_id: ArticleId) -> None:
    """An entry that led to both was seen from the first to the last time that either was."""
    old = {row["entry_id"]: row for row in _sightings(conn, old_id)}
    for row in _sightings(conn, into_id):
        if row["entry_id"] in old:
            other = old[row["entry_id"]]
            both = and_(sightings.c.article_id == into_id, sightings.c.entry_id == row["entry_id"])
            first, last = "first_seen_at", "last_seen_at"
            seen = {first: min(row[first], other[first]), last: max(row[last], other[last])}
            conn.execute(update(sightings).where(both).values(seen))
    move_entries(conn, old_id, into_id)
    join_sightings(conn, old_id, into_id)


def _sightings(conn: Connection, article_id: ArticleId) -> Sequence[RowMapping]:
    return conn.execute(select(sightings).where(sightings.c.article_id == article_id)).mappings().all()


def _merge_places(conn: Connection, old_id: ArticleId, into_id: ArticleId) -> None:
    """URLs, earlier merges, pages, authors and tags."""
    _move(conn, article_urls.c.article_id, old_id, into_id)
    _move(conn, article_merges.c.article_id, old_id, into_id)
    _merge_pages(conn, old_id, into_id)
    _move(conn, article_tags.c.article_id, old_id, into_id, article_tags.c.tag_id)
    has_authors = select(article_authors.c.author_id).where(article_authors.c.article_id == into_id).limit(1)
    if conn.execute(has_authors).first() is None:
        _move(conn, article_authors.c.article_id, old_id, into_id)
    for column in (story_constraints.c.article_a_id, story_constraints.c.article_b_id):
        _move(conn, column, old_id, into_id)
    conn.execute(delete(story_constraints).where(story_constraints.c.article_a_id == story_constraints.c.article_b_id))


def _merge_pages(conn: Connection, old_id: ArticleId, into_id: ArticleId) -> None:
    """The newest page is the one that the text of today was read from: a later one of the other article is let go."""
    own = conn.execute(select(func.max(pages.c.fetched_at)).where(pages.c.article_id == into_id)).scalar_one()
    if own is not None:
        conn.execute(delete(pages).where(pages.c.article_id == old_id, pages.c.fetched_at > own))
    _move(conn, pages.c.article_id, old_id, into_id, pages.c.fetched_at)


def _hand_over_text(conn: Connection, old: RowMapping, into_id: ArticleId) -> None:
    """The other has no text yet, and nothing that follows from one: it gets all of this one's."""
    conn.execute(update(articles).where(articles.c.id == old["id"]).values(arrival_no=None))
    values: dict[str, Any] = {name: old[name] for name in _OF_TEXT}
    for stage in ("fetch", "match", "watch"):  # who reads its page still holds it to have none
        values |= {f"{stage}_leased_until": None, f"n_{stage}_tries": 0}
    conn.execute(update(articles).where(articles.c.id == into_id).values(values))
    for table in (revisions, fingerprints, bands, hits):
        _move(conn, table.c.article_id, old["id"], into_id)


# --- revisions -------------------------------------------------------------------------------------------------------


def _merge_revisions(conn: Connection, old_id: ArticleId, into_id: ArticleId, now: datetime) -> None:
    """One history, by time; neighbours that say the same are one revision, and the last is the text of today.

    Where the old article's last text was seen later, the one that stays is stated once more, as seen now.
    """
    both = revisions.c.article_id.in_([old_id, into_id])
    rows = [dict(row) for row in conn.execute(select(revisions).where(both)).mappings()]
    current = max((row for row in rows if row["article_id"] == into_id), key=lambda row: row["revision_no"])
    rows.sort(key=lambda row: (row["seen_at"], row["article_id"] == into_id, row["revision_no"]))
    history = merged_history(rows, current, now)
    conn.execute(delete(revisions).where(both))
    for number, row in enumerate(history, start=1):
        kept = {name: value for name, value in row.items() if name != "id"}
        conn.execute(insert(conn, revisions).values({**kept, "article_id": into_id, "revision_no": number}))


def merged_history(
    rows: Sequence[Mapping[str, Any]], current: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """The revisions of two articles, given by time, as those of one whose text of today is `current`."""
    restated = {**current, "seen_at": now, "kind": RevisionKind.REEXTRACTED.value}
    kept: list[Mapping[str, Any]] = []
    for row in (*rows, restated):
        if not kept or kept[-1]["revision_hash"] != row["revision_hash"]:
            kept.append(row)
    history = [{**kept[0], **change_values(None), "kind": RevisionKind.FIRST.value}]
    for before, row in pairwise(kept):
        is_first = row["kind"] == RevisionKind.FIRST
        kind = RevisionKind.CHANGED.value if is_first else row["kind"]
        old, new = (Wording(one["title"], one["text"]) for one in (before, row))
        history.append({**row, **change_values(difference(old, new)), "kind": kind})
    return history


# --- links, stories, digests -----------------------------------------------------------------------------------------


def _merge_links(conn: Connection, old_id: ArticleId, into_id: ArticleId) -> None:
    """Facts about the old article's texts are facts about the other's; it is no copy of itself."""
    pair = [old_id, into_id]
    for table in (links, rewrites):
        same = (table.c.scheme, table.c.article_text_hash, table.c.original_text_hash)
        conn.execute(delete(table).where(table.c.article_id.in_(pair), table.c.original_id.in_(pair)))
        _move(conn, table.c.article_id, old_id, into_id, table.c.original_id, *same)
        _move(conn, table.c.original_id, old_id, into_id, table.c.article_id, *same)
    # Derived: whoever is around is compared again, and groups follow.
    conn.execute(delete(copies).where(or_(copies.c.article_id == old_id, copies.c.original_id == old_id)))
    itself = and_(copies.c.article_id == into_id, copies.c.original_id == into_id)
    conn.execute(delete(copies).where(itself))
    _move(conn, features.c.follows_id, old_id, into_id)


def _merge_memberships(conn: Connection, old_id: ArticleId, into_id: ArticleId, now: datetime) -> None:
    """The other stays in its story; where it is in none yet it takes the old one's place."""
    found = stories.find_story_of(conn, [old_id, into_id])
    if old_id not in found:
        return
    story_id = found[old_id]
    what = {"article_id": old_id, "for_article_id": into_id}
    if into_id not in found:
        _move(conn, story_members.c.article_id, old_id, into_id)
        _move(conn, features.c.article_id, old_id, into_id)
        _move(conn, story_table.c.anchor_article_id, old_id, into_id)
        renew_story(conn, story_id)
    else:
        conn.execute(delete(story_members).where(story_members.c.article_id == old_id))
        log_story(conn, story_id, action="left", who=_WHO, details=what, now=now)
        settle_left(conn, story_id, successor=found[into_id], who=_WHO, now=now)


def _merge_told(conn: Connection, old_id: ArticleId, into_id: ArticleId) -> None:
    """Who was told of the one was told of the other."""
    _move(conn, digest_item_articles.c.article_id, old_id, into_id, digest_item_articles.c.digest_id)

"""Gists of stories, and the groups of stories in several languages that tell of one event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from monitor.store.engine import insert
from monitor.store.tables import articles, stories, story_gists, story_groups, story_members
from monitor.types import StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGist:
    """What a story is known by in any language: `vector` as float32 bytes, `names` with their numbers of headlines."""

    story_id: StoryId
    language: str
    vector: bytes
    names: dict[str, int]
    n_headlines: int
    first_seen_at: datetime
    last_seen_at: datetime
    group_id: StoryId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """A story of a group, as `stories show` lists it. `score` is the nearness it joined by; 1 for the first."""

    story_id: StoryId
    language: str
    title: str
    score: float


def load_due(conn: Connection, scheme: str, *, n_headlines: int, limit: int) -> list[StoryId]:
    """Open stories whose gist is missing, of another scheme, or made of fewer headlines than could be."""
    n_members = (
        select(func.count())
        .select_from(story_members)
        .where(story_members.c.story_id == stories.c.id)
        .correlate(stories)
        .scalar_subquery()
    )
    gist = story_gists.c
    grows = (gist.n_headlines < n_headlines) & (gist.n_headlines < n_members)
    due = (
        select(stories.c.id)
        .outerjoin(story_gists, gist.story_id == stories.c.id)
        .where(stories.c.state == "open", or_(gist.story_id.is_(None), gist.scheme != scheme, grows))
        .order_by(stories.c.id)
        .limit(limit)
    )
    return list(conn.execute(due).scalars())


def load_headlines(conn: Connection, ids: Sequence[StoryId], n_headlines: int) -> dict[StoryId, tuple[str, list[str]]]:
    """The language of each of these stories and its first headlines, in the order of arrival."""
    numbered = (
        select(
            story_members.c.story_id,
            stories.c.language,
            articles.c.title,
            articles.c.arrival_no,
            func.row_number()
            .over(partition_by=story_members.c.story_id, order_by=articles.c.arrival_no)
            .label("position"),
        )
        .join(articles, articles.c.id == story_members.c.article_id)
        .join(stories, stories.c.id == story_members.c.story_id)
        .where(story_members.c.story_id.in_(ids))
        .subquery()
    )
    first = select(numbered).where(numbered.c.position <= n_headlines)
    found: dict[StoryId, tuple[str, list[str]]] = {}
    for row in conn.execute(first.order_by(numbered.c.story_id, numbered.c.arrival_no)).mappings():
        found.setdefault(row["story_id"], (row["language"], []))[1].append(row["title"])
    return found


def save_gist(
    conn: Connection,
    story_id: StoryId,
    *,
    scheme: str,
    vector: bytes,
    names: dict[str, int],
    n_headlines: int,
    now: datetime,
) -> None:
    """Store a gist in place of an older one; of a story that is gone meanwhile none is kept."""
    there = select(stories.c.id).where(stories.c.id == story_id).with_for_update(read=True, key_share=True)
    if conn.execute(there).first() is None:
        return
    values: dict[str, Any] = {
        "scheme": scheme,
        "vector": vector,
        "names": names,
        "n_headlines": n_headlines,
        "made_at": now,
    }
    row = insert(conn, story_gists).values(story_id=story_id, **values)
    conn.execute(row.on_conflict_do_update(index_elements=["story_id"], set_=values))


def load_gists(conn: Connection, scheme: str) -> list[StoredGist]:
    """The gists of all open stories, with their groups."""
    rows = (
        select(
            stories.c.id,
            stories.c.language,
            stories.c.first_seen_at,
            stories.c.last_seen_at,
            story_gists.c.vector,
            story_gists.c.names,
            story_gists.c.n_headlines,
            story_groups.c.group_id,
        )
        .join(story_gists, story_gists.c.story_id == stories.c.id)
        .outerjoin(story_groups, story_groups.c.story_id == stories.c.id)
        .where(stories.c.state == "open", story_gists.c.scheme == scheme)
        .order_by(stories.c.id)
    )
    return [
        StoredGist(
            story_id=row["id"],
            language=row["language"],
            vector=row["vector"],
            names=row["names"],
            n_headlines=row["n_headlines"],
            first_seen_at=row["first_seen_at"],
            last_seen_at=row["last_seen_at"],
            group_id=row["group_id"],
        )
        for row in conn.execute(rows).mappings()
    ]


def save_joins(
    conn: Connection, joins: Iterable[tuple[StoryId, StoryId, float]], *, scheme: str, now: datetime
) -> None:
    """(story, its group, score) each; a story that is in a group stays there, one that is gone is left out."""
    wanted = list(joins)
    rows = {group_id: (group_id, 1.0) for _, group_id, _ in wanted}
    rows |= {story_id: (group_id, score) for story_id, group_id, score in wanted}
    there = select(stories.c.id).where(stories.c.id.in_(sorted(rows))).order_by(stories.c.id)
    for story_id in conn.execute(there.with_for_update(read=True, key_share=True)).scalars():
        group_id, score = rows[story_id]
        row = insert(conn, story_groups).values(
            story_id=story_id, group_id=group_id, score=score, scheme=scheme, joined_at=now
        )
        conn.execute(row.on_conflict_do_nothing())


def load_group(conn: Connection, story_id: StoryId) -> list[GroupMember]:
    """The stories of a story's group, itself included, by number; none where it is in no group, or alone there."""
    group_id = select(story_groups.c.group_id).where(story_groups.c.story_id == story_id).scalar_subquery()
    rows = (
        select(stories.c.id, stories.c.language, stories.c.title, story_groups.c.score)
        .join(story_groups, story_groups.c.story_id == stories.c.id)
        .where(story_groups.c.group_id == group_id)
        .order_by(stories.c.id)
    )
    found = [
        GroupMember(story_id=row["id"], language=row["language"], title=row["title"], score=row["score"])
        for row in conn.execute(rows).mappings()
    ]
    return found if len(found) > 1 else []

"""Articles change places between stories: by merges and splits, by hand, by rebuilding. One path for all.

A story keeps its id as long as a member is left in it; one that nobody is left in redirects for ever to where most of
its members went, and what readers were told of it is told of that one. Told articles go with their membership.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from monitor.errors import NotFoundError
from monitor.store.batches import in_batches
from monitor.store.engine import insert
from monitor.store.memberships import redirect, redirected, renew_story
from monitor.store.stories import find_story_of
from monitor.store.story_log import Move
from monitor.store.tables import articles, stories, story_members, story_redirects
from monitor.types import ArticleId, StoryId


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What came of it: who went where, the ids that numbers below 0 became, and what had led to stories now gone."""

    moves: tuple[Move, ...]
    new_ids: Mapping[int, StoryId]
    led: Mapping[StoryId, Sequence[StoryId]]


def rearrange(conn: Connection, placed: Mapping[ArticleId, int], *, now: datetime) -> Rearranged:
    """Put articles into other stories. A number below 0 stands for a new story, the same number for the same one.

    An id that redirects is a story again, under that id. Each story that is not emptied keeps one of its members.
    Raises NotFoundError for articles in no story.
    """
    before = find_story_of(conn, placed)
    missing = sorted(placed.keys() - before.keys())
    if missing:
        raise NotFoundError(f"article {missing[0]} is in no story (yet)")
    changed = {one: target for one, target in placed.items() if before[one] != target}
    emptied = _successors(conn, changed, before)
    left = {before[one] for one in changed}
    _move_anchors(conn, left - emptied.keys(), changed.keys())
    new_ids = _open_stories(conn, changed, before)
    groups: dict[tuple[StoryId, StoryId], list[ArticleId]] = {}
    for one in sorted(changed):
        joined = new_ids.get(changed[one]) or StoryId(changed[one])
        groups.setdefault((before[one], joined), []).append(one)
    for (_, joined), ids in groups.items():
        for some in in_batches(ids):
            mine = story_members.c.article_id.in_(some)
            conn.execute(update(story_members).where(mine).values(story_id=joined))
    led = {gone: list(conn.execute(redirected(gone)).scalars()) for gone in sorted(emptied)}
    for gone, target in sorted(emptied.items()):
        redirect(conn, gone, new_ids.get(target) or StoryId(target), now)
        conn.execute(delete(stories).where(stories.c.id == gone))
    for story_id in sorted((left - emptied.keys()) | {joined for _, joined in groups}):
        renew_story(conn, story_id)
    for _, joined in groups:
        conn.execute(update(stories).where(stories.c.id == joined).values(state="open", closed_at=None))
    return Rearranged(tuple(Move(tuple(ids), *way) for way, ids in sorted(groups.items())), new_ids, led)


def plain_led(led: Mapping[StoryId, Sequence[StoryId]]) -> dict[str, list[int]]:
    """`led` as the log stores it; empty ones are left out."""
    return {str(gone): list(ids) for gone, ids in led.items() if ids}


def find_stories(conn: Connection, ids: Iterable[int]) -> set[int]:
    """Those of these ids that are stories today."""
    found: set[int] = set()
    for some in in_batches(ids):
        found |= set(conn.execute(select(stories.c.id).where(stories.c.id.in_(some))).scalars())
    return found


def load_members(conn: Connection, story_id: StoryId, *, until_no: int | None = None) -> list[ArticleId]:
    """The articles of a story, the first arrived first; with `until_no` those that arrived by then."""
    rows = (
        select(articles.c.id)
        .join(story_members, story_members.c.article_id == articles.c.id)
        .where(story_members.c.story_id == story_id)
        .order_by(articles.c.arrival_no)
    )
    if until_no is not None:
        rows = rows.where(articles.c.arrival_no <= until_no)
    return list(conn.execute(rows).scalars())


def _successors(
    conn: Connection, changed: Mapping[ArticleId, int], before: Mapping[ArticleId, StoryId]
) -> dict[StoryId, int]:
    """The stories that nobody is left in or comes to, each with the story that most of its members go to."""
    targets: dict[StoryId, Counter[int]] = {}
    for one, target in changed.items():
        targets.setdefault(before[one], Counter())[target] += 1
    emptied = {}
    for story_id, counts in targets.items():
        stay = set(load_members(conn, story_id)) - changed.keys()
        if not stay and story_id not in changed.values():
            emptied[story_id] = min(counts, key=lambda target: (-counts[target], target < 0, abs(target)))
    return emptied


def _move_anchors(conn: Connection, ids: Iterable[StoryId], leaving: Collection[ArticleId]) -> None:
    """Stories whose anchor leaves are anchored by the first arrived of those who stay."""
    for story_id in sorted(ids):
        anchor = conn.execute(select(stories.c.anchor_article_id).where(stories.c.id == story_id)).scalar_one()
        staying = [one for one in load_members(conn, story_id) if one not in leaving]
        if anchor in leaving and staying:
            conn.execute(update(stories).where(stories.c.id == story_id).values(anchor_article_id=staying[0]))


def _open_stories(
    conn: Connection, changed: Mapping[ArticleId, int], before: Mapping[ArticleId, StoryId]
) -> dict[int, StoryId]:
    """New stories, and those that are to be again under the id they had; by the number that stood for them."""
    wanted = sorted(set(changed.values()), key=lambda number: (number < 0, abs(number)))
    there = find_stories(conn, (number for number in wanted if number > 0))
    opened: dict[int, StoryId] = {}
    for number in wanted:
        if number in there:
            continue
        ids = [one for one, target in changed.items() if target == number]
        values = _first_of(conn, ids, before)
        if number > 0:
            conn.execute(delete(story_redirects).where(story_redirects.c.old_id == number))
            values["id"] = number
        row = insert(conn, stories).values(values)
        opened[number] = StoryId(conn.execute(row.returning(stories.c.id)).scalar_one())
    return opened


def _first_of(conn: Connection, ids: Sequence[ArticleId], before: Mapping[ArticleId, StoryId]) -> dict[str, Any]:
    """What a story begins with, anchored by the first arrived; the rest is derived when its members are in it."""
    rows: list[RowMapping] = []
    for some in in_batches(ids):
        names = ("id", "title", "appeared_at", "arrival_no")
        rows += conn.execute(select(*(articles.c[name] for name in names)).where(articles.c.id.in_(some))).mappings()
    first = min(rows, key=lambda row: row["arrival_no"])
    old = conn.execute(select(stories.c.language, stories.c.scheme).where(stories.c.id == before[first["id"]])).one()
    return {
        "language": old.language,
        "scheme": old.scheme,
        "anchor_article_id": first["id"],
        "title": first["title"],
        "first_seen_at": first["appeared_at"],
        "last_seen_at": first["appeared_at"],
    }

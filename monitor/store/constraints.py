"""Facts that people added: two articles are of one story (must), or are not (cannot).

Each holds from its place in the stored order of arrivals until it is lifted; none is deleted, except with an article.
What they mean for an assignment is decided by `monitor.cluster.facts`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update

from monitor.store.batches import in_batches
from monitor.store.engine import insert
from monitor.store.stories import find_story_of
from monitor.store.story_log import load_after, load_at
from monitor.store.tables import articles, stories, story_constraints, story_members
from monitor.types import ArticleId, StoryId

MUST, CANNOT = "must", "cannot"


@dataclass(frozen=True, slots=True)
class Constraint:
    """One fact about two articles, and the places in the order between which it holds."""

    id: int
    kind: str
    a_id: ArticleId
    b_id: ArticleId
    made_no: int
    lifted_no: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A fact to be added."""

    kind: str
    a_id: ArticleId
    b_id: ArticleId


def load_constraints(conn: Connection) -> list[Constraint]:
    """All facts that ever were, in the order in which they were made."""
    columns = story_constraints.c
    rows = select(
        columns.id,
        columns.kind,
        columns.article_a_id,
        columns.article_b_id,
        columns.made_no,
        columns.lifted_no,
    )
    return [Constraint(*row) for row in conn.execute(rows.order_by(columns.id))]


def load_holding(conn: Connection) -> list[Constraint]:
    """The facts that hold now."""
    return [each for each in load_constraints(conn) if each.lifted_no is None]


def load_locked(conn: Connection, language: str) -> set[StoryId]:
    """The stories of a language that nothing joins or leaves by itself."""
    locked = select(stories.c.id).where(stories.c.language == language, stories.c.locked_at.is_not(None))
    return set(conn.execute(locked).scalars())


def add(conn: Connection, wishes: Iterable[Wish], *, who: str, because: str, now: datetime) -> list[int]:
    """Add facts, to be numbered by `set_numbers`; their ids."""
    rows = [
        {
            "kind": wish.kind,
            "article_a_id": min(wish.a_id, wish.b_id),
            "article_b_id": max(wish.a_id, wish.b_id),
            "who": who,
            "because": because,
            "made_at": now,
        }
        for wish in sorted(set(wishes), key=lambda wish: (wish.kind, wish.a_id, wish.b_id))
    ]
    made = insert(conn, story_constraints).returning(story_constraints.c.id)
    return [conn.execute(made.values(row)).scalar_one() for row in rows]


def between(conn: Connection, kind: str, some: Collection[ArticleId], others: Collection[ArticleId]) -> list[int]:
    """The ids of the facts of a kind that hold between an article of one group and one of the other."""
    c = story_constraints.c
    found: set[int] = set()
    rest = set(others)
    for few in in_batches(some):
        either = or_(c.article_a_id.in_(few), c.article_b_id.in_(few))
        rows = select(c.id, c.article_a_id, c.article_b_id).where(c.kind == kind, c.lifted_at.is_(None), either)
        mine = set(few)
        found |= {row[0] for row in conn.execute(rows) if (row[1] in mine and row[2] in rest) or
                  (row[2] in mine and row[1] in rest)}  # fmt: skip
    return sorted(found)


def lift(conn: Connection, ids: Collection[int], now: datetime) -> None:
    """Let facts hold no more, to be numbered by `set_numbers`."""
    for few in in_batches(ids):
        mine = and_(story_constraints.c.id.in_(few), story_constraints.c.lifted_at.is_(None))
        conn.execute(update(story_constraints).where(mine).values(lifted_at=now))


def restored(conn: Connection, ids: Collection[int]) -> list[Wish]:
    """Facts like these, which were lifted."""
    c = story_constraints.c
    rows = [
        row
        for few in in_batches(ids)
        for row in conn.execute(select(c.kind, c.article_a_id, c.article_b_id).where(c.id.in_(few)))
    ]
    return [Wish(*row) for row in rows]


def hand_over(conn: Connection, ids: Collection[ArticleId]) -> None:
    """These articles are about to be erased: what holds through them holds on between those that are left.

    Those that are linked to them take their places; where nothing is, another article of the story that they spoke for.
    Call it while they are in their stories.
    """
    leaving = set(ids)
    facts = {each.id: each for each in load_holding(conn)}
    ends = {each.id: (each.kind, {each.a_id, each.b_id}) for each in facts.values()}
    before = {fact_id: pair for fact_id, (_, pair) in ends.items()}
    for one in sorted(leaving & {end for pair in before.values() for end in pair}):
        mine = {fact_id: (kind, pair - {one}) for fact_id, (kind, pair) in ends.items() if one in pair}
        linked = {other for kind, others in mine.values() if kind == MUST for other in others}
        if linked:
            heir = min(linked, key=lambda other: (other in leaving, other))
            ends |= {fact_id: (kind, others | {heir}) for fact_id, (kind, others) in mine.items()}
        else:
            ends |= mine
    for fact_id in [fact_id for fact_id, (_, pair) in ends.items() if len(pair) < 2]:
        pair = _stand_ins(conn, facts[fact_id], leaving)
        if (facts[fact_id].kind, pair) not in ends.values():
            ends[fact_id] = (facts[fact_id].kind, pair)
    for fact_id, (_, pair) in sorted(ends.items()):
        if pair != before[fact_id] and len(pair) == 2:
            values = {"article_a_id": min(pair), "article_b_id": max(pair)}
            conn.execute(update(story_constraints).where(story_constraints.c.id == fact_id).values(values))


def _stand_ins(conn: Connection, fact: Constraint, leaving: Collection[ArticleId]) -> set[ArticleId]:
    """Two articles between which a fact can go on; fewer where there are none.

    They are of the same stories. A link is spoken for by what was in that story before the correction and stayed where
    it was: what changed places by it was meant itself, and of what came into the story later nobody said anything.
    """
    places: dict[ArticleId, StoryId] = {}
    for one in (fact.a_id, fact.b_id):
        beside = _load_beside(conn, one) if one in leaving else {one: 0}
        if one in beside and one in leaving and fact.kind == MUST:
            moved = {each for entry in load_at(conn, fact.made_no) for move in entry.moves for each in move.ids}
            beside = {} if one in moved else {each: no for each, no in beside.items() if no < fact.made_no}
            were_there = _load_beside_after(conn, one, fact.made_no) - moved
            beside = {each: no for each, no in beside.items() if each in were_there}
        stand_in = next((each for each in beside if each not in leaving and each not in places), None)
        if stand_in is not None:
            places |= find_story_of(conn, [stand_in])
    are_together = len(set(places.values())) == 1
    return set(places) if are_together == (fact.kind == MUST) else set()


def _load_beside(conn: Connection, article_id: ArticleId) -> dict[ArticleId, int]:
    """The articles of an article's story with their places in the order of arrivals, which they are in."""
    mine = select(story_members.c.story_id).where(story_members.c.article_id == article_id).scalar_subquery()
    rows = (
        select(articles.c.id, articles.c.arrival_no)
        .join(story_members, story_members.c.article_id == articles.c.id)
        .where(story_members.c.story_id == mine)
    )
    return dict(conn.execute(rows.order_by(articles.c.arrival_no)).all())


def _load_beside_after(conn: Connection, article_id: ArticleId, number: int) -> set[ArticleId]:
    """Those of an article's story of today that were in one with it after a place of the stored order, too."""
    today = find_story_of(conn, [article_id])[article_id]
    places = dict.fromkeys(_load_beside(conn, article_id), today)
    for entry in reversed(load_after(conn, number)):
        for move in entry.moves:
            places |= dict.fromkeys(places.keys() & set(move.ids), move.left_id)
    return {each for each, story_id in places.items() if story_id == places[article_id]}


def set_numbers(conn: Connection, number: int) -> None:
    """Give what was added and lifted in this transaction its place in the stored order, which is taken last."""
    c = story_constraints.c
    conn.execute(update(story_constraints).where(c.made_no.is_(None)).values(made_no=number))
    left = and_(c.lifted_at.is_not(None), c.lifted_no.is_(None))
    conn.execute(update(story_constraints).where(left).values(lifted_no=number))

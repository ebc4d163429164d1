"""Which articles of the window are still to be compared again, by the scheme of today: kept among the counters.

From the newest article on, by descending ids, so that the news of today has new fingerprints within minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, or_, select

from monitor.store.columns import MAX_KEY
from monitor.store.duplicates import match_again
from monitor.store.engine import insert
from monitor.store.fingerprints import thin
from monitor.store.tables import articles, counters, fingerprints, releases
from monitor.types import ArticleId

_BELOW, _SINCE, _ALL, _THINNED = "recompare.below", "recompare.since", "recompare.all", "fingerprints.thinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomparison:
    """Articles first seen since then with ids below; all of them, or those without a fingerprint of today's scheme."""

    below: int
    since: datetime
    is_of_all: bool


def begin(conn: Connection, *, since: datetime, is_of_all: bool) -> None:
    """Have the articles that were first seen since then compared again; in place of what an earlier call left."""
    _put(conn, {_BELOW: MAX_KEY, _SINCE: int(since.timestamp()), _ALL: int(is_of_all)})


def find(conn: Connection) -> Recomparison | None:
    """What is under way."""
    kept = _get(conn, (_BELOW, _SINCE, _ALL))
    if _BELOW not in kept:
        return None
    since = datetime.fromtimestamp(kept[_SINCE], UTC)
    return Recomparison(below=kept[_BELOW], since=since, is_of_all=bool(kept[_ALL]))


def mark_next(conn: Connection, what: Recomparison, scheme: str, *, limit: int, now: datetime) -> int:
    """Let the next articles be compared again; how many these are. With 0 all is marked, and nothing under way."""
    rows = select(articles.c.id).where(_meant(what, scheme)).order_by(articles.c.id.desc()).limit(limit)
    ids: list[ArticleId] = list(conn.execute(rows).scalars())
    if ids:
        match_again(conn, ids, now)
        _put(conn, {_BELOW: min(ids)})
    else:
        conn.execute(delete(counters).where(counters.c.name.in_((_BELOW, _SINCE, _ALL))))
    return len(ids)


def count_left(conn: Connection, what: Recomparison, scheme: str) -> int:
    """How many articles are still to be marked."""
    return int(conn.execute(select(func.count()).where(_meant(what, scheme))).scalar_one())


def count_waiting(conn: Connection, now: datetime, most: int) -> int:
    """How many texts wait to be compared, up to `most`."""
    waiting: Select[tuple[int]] = select(articles.c.id).where(articles.c.match_due_at <= now).limit(most)
    return int(conn.execute(select(func.count()).select_from(waiting.subquery())).scalar_one())


def has_old_schemes(conn: Connection, *, since: datetime, scheme: str) -> bool:
    """Whether articles first seen since then have fingerprints, but none of this scheme."""
    what = Recomparison(below=MAX_KEY, since=since, is_of_all=False)
    return conn.execute(select(articles.c.id).where(_meant(what, scheme)).limit(1)).first() is not None


def thin_next(conn: Connection, before: datetime) -> bool:
    """Take bands and bodies of some fingerprints that were made before then; False when there are none left."""
    thinned_to = thin(conn, after_id=_get(conn, (_THINNED,)).get(_THINNED, 0), before=before)
    if thinned_to is None:
        return False
    _put(conn, {_THINNED: thinned_to})
    return True


def _meant(what: Recomparison, scheme: str) -> ColumnElement[bool]:
    c = articles.c
    has_text = or_(c.arrival_no.is_not(None), c.id.in_(select(releases.c.article_id)))
    inside = and_(c.id < what.below, c.first_seen_at >= what.since, has_text)
    if what.is_of_all:
        return inside
    its = fingerprints.c.article_id == c.id
    has_old = exists().where(its, fingerprints.c.scheme != scheme)
    return and_(inside, has_old, ~exists().where(its, fingerprints.c.scheme == scheme))


def _get(conn: Connection, names: tuple[str, ...]) -> dict[str, int]:
    rows = select(counters.c.name, counters.c.value).where(counters.c.name.in_(names))
    return dict(conn.execute(rows).all())


def _put(conn: Connection, values: dict[str, int]) -> None:
    for name, value in values.items():
        row = insert(conn, counters).values(name=name, value=value)
        conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

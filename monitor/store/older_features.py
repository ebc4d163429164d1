"""Features of articles that were decided before: computed anew when today's are of another scheme, and found by age.

An arrival keeps the features it was decided by; those of a newer scheme stand beside them, made of the text of then. A
text that changed since is another matter: whether the article belongs elsewhere now is decided in its turn.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, exists, func, select

from monitor.store.engine import insert
from monitor.store.memberships import Arrival, arrival_of
from monitor.store.tables import articles, features, revisions, story_members
from monitor.text.differences import Wording


def find_first_since(conn: Connection, language: str, since: datetime) -> int | None:
    """The place in the order of the first arrival of a language that was decided since then."""
    first = select(func.min(features.c.arrival_no)).where(
        features.c.language == language, features.c.assigned_at >= since
    )
    number: int | None = conn.execute(first).scalar_one()
    return number


def load_outdated(conn: Connection, language: str, *, since: datetime, scheme: str, limit: int) -> list[Arrival]:
    """Articles in stories, first seen since then, whose features are all of other schemes: their last arrivals."""
    later, same = features.alias(), features.alias()
    arrival = (later.c.article_id == features.c.article_id, same.c.article_id == features.c.article_id)
    rows = (
        select(features)
        .join(story_members, story_members.c.article_id == features.c.article_id)
        .where(
            features.c.language == language,
            features.c.first_seen_at >= since,
            ~exists().where(arrival[0], later.c.arrival_no > features.c.arrival_no),
            ~exists().where(arrival[1], same.c.arrival_no == features.c.arrival_no, same.c.scheme == scheme),
        )
        .order_by(features.c.arrival_no)
        .limit(limit)
    )
    return [arrival_of(row, None) for row in conn.execute(rows).mappings()]


def load_decided(conn: Connection, arrival: Arrival) -> Wording:
    """What the article said when this arrival was decided; what it said first where its revisions begin later."""
    decided_at = select(features.c.assigned_at).where(
        features.c.article_id == arrival.article_id, features.c.arrival_no == arrival.arrival_no
    )
    is_later = revisions.c.seen_at > decided_at.limit(1).scalar_subquery()
    nearest = (is_later, case((is_later, revisions.c.revision_no), else_=-revisions.c.revision_no))
    states = select(revisions.c.title, revisions.c.text).where(revisions.c.article_id == arrival.article_id)
    found = conn.execute(states.order_by(*nearest).limit(1)).first()
    if found is None:  # without any revision: what it says today
        today = select(articles.c.title, articles.c.text).where(articles.c.id == arrival.article_id)
        found = conn.execute(today).one()
    return Wording(*found)


def save_features_anew(conn: Connection, arrival: Arrival, *, scheme: str, body: bytes) -> None:
    """The features of an arrival by another scheme, beside those it was decided by."""
    names = [column.name for column in features.c if column.name not in {"scheme", "body"}]
    old = select(*(features.c[name] for name in names)).where(
        features.c.article_id == arrival.article_id, features.c.arrival_no == arrival.arrival_no
    )
    values = conn.execute(old.limit(1)).mappings().one()
    row = insert(conn, features).values(**values, scheme=scheme, body=body)
    conn.execute(row.on_conflict_do_nothing(index_elements=["article_id", "scheme", "arrival_no"]))

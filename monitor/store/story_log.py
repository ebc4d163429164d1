"""What happened to stories: who did what, when and why, and which articles changed places by it.

An entry that moved articles says so in `details`: `moves`, a list of {ids, from, to}, and `facts`, the ids of the
constraints that it made (`made`) and lifted (`lifted`). That is what takes it back again, and what a replay repeats.
Other stories concerned get an entry of their own that names the first one (`of`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from monitor.errors import NotFoundError
from monitor.store.columns import MAX_KEY
from monitor.store.engine import insert
from monitor.store.tables import story_log, story_redirects
from monitor.types import ArticleId, StoryId

ASSIGNER = "assigner"
LOCKED, UNLOCKED = "locked", "unlocked"
STARTED = "started"
_N_READ = 1000


@dataclass(frozen=True, slots=True)
class Move:
    """Articles that went from one story to another one."""

    ids: tuple[ArticleId, ...]
    left_id: StoryId
    joined_id: StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log. `arrival_no`: its place in the stored order, where it changed who is in which story."""

    id: int
    story_id: StoryId
    action: str
    who: str
    logged_at: datetime
    arrival_no: int | None
    undoes_id: int | None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moves(self) -> tuple[Move, ...]:
        return tuple(
            Move(tuple(ArticleId(one) for one in move["ids"]), StoryId(move["from"]), StoryId(move["to"]))
            for move in self.details.get("moves", ())
        )

    @property
    def because(self) -> str:
        return str(self.details.get("because", ""))


def log_story(
    conn: Connection,
    story_id: StoryId,
    *,
    action: str,
    who: str,
    details: Mapping[str, Any],
    now: datetime,
    arrival_no: int | None = None,
    undoes_id: int | None = None,
) -> int:
    """Note what happened to a story; the number of the entry."""
    row = insert(conn, story_log).values(
        story_id=story_id,
        action=action,
        who=who,
        details=dict(details),
        logged_at=now,
        arrival_no=arrival_no,
        undoes_id=undoes_id,
    )
    return int(conn.execute(row.returning(story_log.c.id)).scalar_one())


def log_moves(
    conn: Connection,
    story_id: StoryId,
    moves: tuple[Move, ...],
    *,
    action: str,
    who: str,
    details: Mapping[str, Any],
    now: datetime,
    arrival_no: int | None = None,
    undoes_id: int | None = None,
) -> int:
    """Note that articles changed places, with an entry for each story concerned; the number of the first one."""
    listed = [{"ids": list(move.ids), "from": move.left_id, "to": move.joined_id} for move in moves]
    entry_id = log_story(
        conn,
        story_id,
        action=action,
        who=who,
        details={**details, "moves": listed},
        now=now,
        arrival_no=arrival_no,
        undoes_id=undoes_id,
    )
    others = {other for move in moves for other in (move.left_id, move.joined_id)} - {story_id}
    for other in sorted(others):
        log_story(conn, other, action=action, who=who, details={"of": entry_id}, now=now)
    return entry_id


def set_number(conn: Connection, entry_id: int, arrival_no: int) -> None:
    """Give an entry its place in the stored order, which is taken last."""
    conn.execute(update(story_log).where(story_log.c.id == entry_id).values(arrival_no=arrival_no))


def get_entry(conn: Connection, entry_id: int) -> LogEntry:
    """An entry by its number; of one that names another, the other. Raises NotFoundError."""
    found = conn.execute(select(story_log).where(story_log.c.id == min(entry_id, MAX_KEY))).mappings().one_or_none()
    if found is None:
        raise NotFoundError(f"no log entry {entry_id}; `monitor stories log` shows them")
    entry = _entry(found)
    return get_entry(conn, entry.details["of"]) if "of" in entry.details else entry


def find_undoing(conn: Connection, entry_id: int) -> LogEntry | None:
    """The entry that took this one back."""
    found = conn.execute(select(story_log).where(story_log.c.undoes_id == entry_id)).mappings().first()
    return None if found is None else _entry(found)


def load_log(conn: Connection, story_id: StoryId | None = None, *, limit: int | None = None) -> list[LogEntry]:
    """The latest entries first: of one story, with those merged into it, or of all but how they started.

    Each event once.
    """
    query = select(story_log).order_by(story_log.c.id.desc())
    if story_id is None:
        query = query.where(story_log.c.action != STARTED)
    if story_id is not None:
        merged = select(story_redirects.c.old_id).where(story_redirects.c.story_id == story_id)
        ids = [story_id, *conn.execute(merged).scalars()]
        query = query.where(story_log.c.story_id.in_(ids))
    shown: dict[int, LogEntry] = {}
    with conn.execute(query.execution_options(yield_per=_N_READ)) as rows:  # what is not read is let go
        for row in rows.mappings():
            entry = _entry(row)
            if "of" in entry.details:
                if story_id is None:
                    continue
                entry = get_entry(conn, entry.details["of"])
            shown.setdefault(entry.id, entry)
            if limit is not None and len(shown) >= limit:
                break
    return sorted(shown.values(), key=lambda entry: -entry.id)


def load_started(conn: Connection) -> dict[ArticleId, list[StoryId]]:
    """The stories that articles started, in that order."""
    rows = select(story_log).where(story_log.c.action == STARTED).order_by(story_log.c.id)
    found: dict[ArticleId, list[StoryId]] = {}
    for row in conn.execute(rows).mappings():
        article_id = row["details"].get("article_id")
        if article_id is not None:
            found.setdefault(ArticleId(article_id), []).append(row["story_id"])
    return found


def load_numbered(conn: Connection) -> list[LogEntry]:
    """Everything that changed who is in which story beside the arrivals themselves, in the stored order."""
    rows = select(story_log).where(story_log.c.arrival_no.is_not(None)).order_by(story_log.c.arrival_no, story_log.c.id)
    return [_entry(row) for row in conn.execute(rows).mappings()]


def load_at(conn: Connection, arrival_no: int) -> list[LogEntry]:
    """What changed who is in which story at a place of the stored order."""
    rows = select(story_log).where(story_log.c.arrival_no == arrival_no).order_by(story_log.c.id)
    return [_entry(row) for row in conn.execute(rows).mappings()]


def load_after(conn: Connection, arrival_no: int) -> list[LogEntry]:
    """What changed who is in which story after a place of the stored order, in that order."""
    rows = select(story_log).where(story_log.c.arrival_no > arrival_no)
    in_order = rows.order_by(story_log.c.arrival_no, story_log.c.id)
    return [_entry(row) for row in conn.execute(in_order).mappings()]


def _entry(row: RowMapping) -> LogEntry:
    return LogEntry(**{name: row[name] for name in LogEntry.__dataclass_fields__})

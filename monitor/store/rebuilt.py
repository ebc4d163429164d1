"""What rebuilding stories reads beyond what assignment does; its outcome is written as one entry of the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from monitor.errors import LeaseLostError
from monitor.store import story_log
from monitor.store.batches import in_batches
from monitor.store.rearranging import plain_led, rearrange
from monitor.store.stories import disturb, hold, take_language
from monitor.store.tables import stories, story_members
from monitor.types import ArticleId, StoryId


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an article was decided anew: similarity, why, and by which scheme."""

    score: float
    because: str
    scheme: str


def load_whole(conn: Connection, ids: Iterable[StoryId]) -> dict[ArticleId, StoryId]:
    """All members of these stories."""
    found: dict[ArticleId, StoryId] = {}
    for some in in_batches(ids):
        mine = story_members.c.story_id.in_(some)
        found.update(conn.execute(select(story_members.c.article_id, story_members.c.story_id).where(mine)).all())
    return found


def load_anchors(conn: Connection, language: str) -> dict[StoryId, ArticleId]:
    """The anchor of each story of a language."""
    rows = select(stories.c.id, stories.c.anchor_article_id).where(stories.c.language == language)
    return dict(conn.execute(rows).all())


def save_rebuilt(
    conn: Connection,
    language: str,
    placed: Mapping[ArticleId, int],
    verdicts: Mapping[ArticleId, Verdict],
    *,
    who: str,
    because: str,
    leased_until: datetime,
    now: datetime,
) -> int | None:
    """Let articles change places as rebuilding decided; the number of the log entry. Raises LeaseLostError."""
    hold(conn, [language])
    if take_language(conn, language, now=now, lease_s=0, mine=leased_until) is None:
        raise LeaseLostError(f"stories of language {language} changed while they were rebuilt; run it again")
    _save_verdicts(conn, verdicts)
    done = rearrange(conn, placed, now=now)
    if not done.moves:
        return None
    led = plain_led(done.led)
    log_id = story_log.log_moves(
        conn,
        min(move.joined_id for move in done.moves),
        done.moves,
        action="rebuilt",
        who=who,
        details={"because": because, **({"led": led} if led else {})},
        now=now,
    )
    story_log.set_number(conn, log_id, disturb(conn, [language])[language])
    return log_id


def _save_verdicts(conn: Connection, verdicts: Mapping[ArticleId, Verdict]) -> None:
    if not verdicts:
        return
    row = update(story_members).where(story_members.c.article_id == bindparam("one"))
    changed = row.values(score=bindparam("new_score"), because=bindparam("why"), scheme=bindparam("by"))
    conn.execute(
        changed,
        [
            {"one": one, "new_score": verdict.score, "why": verdict.because, "by": verdict.scheme}
            for one, verdict in sorted(verdicts.items())
        ],
    )

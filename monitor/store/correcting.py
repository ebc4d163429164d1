"""Stories corrected by hand: merged, split, an article moved, locked; and any of it, or of the assigner's, taken back.

What somebody decides becomes facts that later assignments respect: an article that changed places must be with the
first of where it went, and not with those it left. The latest word counts: facts against it are lifted. Each correction
has a place in the stored order of arrivals, so a replay comes to the same stories.

Refuses to join stories of two languages, and to take back what later changes have overtaken; the message says which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.errors import NotFoundError, UsageError
from monitor.store import constraints, story_log
from monitor.store.constraints import CANNOT, MUST, Wish
from monitor.store.rearranging import find_stories, load_members, plain_led, rearrange
from monitor.store.stories import disturb, find_story_of, hold, is_locked, resolve_story
from monitor.store.story_log import LOCKED, UNLOCKED, LogEntry, Move
from monitor.store.tables import stories, story_redirects
from monitor.types import ArticleId, StoryId

_NEW = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants a correction, why, and when."""

    who: str
    because: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was done: its entry in the log, the story that it is about, and who changed places."""

    log_id: int
    story_id: StoryId
    moves: tuple[Move, ...] = ()


@dataclass(slots=True)
class _Change:
    """A correction on its way: what is to be written."""

    action: str
    story_id: StoryId
    placed: Mapping[ArticleId, int]
    wishes: list[Wish] = field(default_factory=list)
    lifted: Collection[int] = ()
    undoes_id: int | None = None
    led: Mapping[str, Sequence[int]] = field(default_factory=dict)


def merge_stories(conn: Connection, story_id: int, other_id: int, order: Order) -> Corrected:
    """Make one story of two: the one that began first keeps its id, and the other's leads to it for ever."""
    language, ids = _hold(conn, story_id, other_id)
    first, second = min(ids), max(ids)
    if first == second:
        raise UsageError(f"{story_id} and {other_id} are one story already, {first}: there is nothing to merge")
    staying, moved = load_members(conn, first), load_members(conn, second)
    change = _Change(action="merged", story_id=first, placed=dict.fromkeys(moved, first))
    change.wishes = [Wish(MUST, staying[0], one) for one in moved]
    change.lifted = constraints.between(conn, CANNOT, staying, moved)
    return _carry_out(conn, change, language, order)


def split_story(conn: Connection, story_id: int, ids: Collection[ArticleId], order: Order) -> Corrected:
    """Make these articles of a story one of their own. The part that holds its anchor keeps the id."""
    language, (story,) = _hold(conn, story_id)
    members = load_members(conn, story)
    strange = sorted(set(ids) - set(members))
    if strange:
        raise UsageError(f"article {strange[0]} is not in story {story}; `monitor stories show {story}` lists them")
    if not ids or len(set(ids)) == len(members):
        raise UsageError(f"name some of the {len(members)} articles of story {story}, not all: nothing would be left")
    part = [one for one in members if one in ids]
    if _anchor(conn, story) in part:
        part = [one for one in members if one not in ids]
    rest = [one for one in members if one not in part]
    change = _Change(action="split", story_id=story, placed=dict.fromkeys(part, _NEW))
    change.wishes = _apart(part, rest)
    change.lifted = constraints.between(conn, MUST, part, rest)
    return _carry_out(conn, change, language, order)


def move_article(conn: Connection, article_id: ArticleId, story_id: int, order: Order) -> Corrected:
    """Put one article into another story. The last one of a story takes its id along: it leads to the other then."""
    place = find_story_of(conn, [article_id]).get(article_id)
    if place is None:
        raise UsageError(f"article {article_id} is in no story yet; it can be moved once it is")
    language, (left, target) = _hold(conn, place, story_id)
    if find_story_of(conn, [article_id]).get(article_id) != left:
        raise UsageError(f"article {article_id} changed places meanwhile; run it again")
    if left == target:
        raise UsageError(f"article {article_id} is in story {target} already")
    joined, rest = load_members(conn, target), [one for one in load_members(conn, left) if one != article_id]
    change = _Change(action="moved", story_id=target, placed={article_id: target})
    change.wishes = [Wish(MUST, joined[0], article_id), *(Wish(CANNOT, article_id, one) for one in rest)]
    change.lifted = [
        *constraints.between(conn, CANNOT, [article_id], joined),
        *constraints.between(conn, MUST, [article_id], rest),
    ]
    return _carry_out(conn, change, language, order)


def set_lock(conn: Connection, story_id: int, order: Order, *, action: str, undoes_id: int | None = None) -> Corrected:
    """Lock a story, so that nothing joins, leaves, merges or splits it by itself, or unlock it; `action` says which."""
    language, (story,) = _hold(conn, story_id, is_for_lock=True)
    if is_locked(conn, story) == (action == LOCKED):
        raise UsageError(f"story {story} is {'locked already' if action == LOCKED else 'not locked'}")
    change = _Change(action=action, story_id=story, placed={}, undoes_id=undoes_id)
    return _carry_out(conn, change, language, order)


def undo(conn: Connection, log_id: int, order: Order) -> Corrected:
    """Take one change back. What the assigner did is not done again: a fact keeps the articles where they were."""
    entry = story_log.get_entry(conn, log_id)
    _refuse_undoing(conn, entry)
    if entry.action in {LOCKED, UNLOCKED}:
        back = UNLOCKED if entry.action == LOCKED else LOCKED
        return set_lock(conn, entry.story_id, order, action=back, undoes_id=entry.id)
    left = find_story_of(conn, [one for move in entry.moves for one in move.ids])
    if not left:
        raise UsageError(f"log entry {entry.id} cannot be taken back: its articles are no more")
    language, _ = _hold(conn, *sorted({*left.values(), *find_stories(conn, [move.left_id for move in entry.moves])}))
    placed = _places_before(conn, entry)
    _refuse_renaming(conn, entry, placed)
    facts: Mapping[str, Sequence[int]] = entry.details.get("facts", {})
    change = _Change(action="undone", story_id=entry.story_id, placed=placed, undoes_id=entry.id)
    change.wishes = constraints.restored(conn, facts.get("lifted", ()))
    change.lifted = facts.get("made", ())
    change.led = entry.details.get("led", {})
    if entry.who == story_log.ASSIGNER:
        change.wishes += _against(conn, entry, placed)
    return _carry_out(conn, change, language, order)


def _refuse_undoing(conn: Connection, entry: LogEntry) -> None:
    if entry.undoes_id is not None:
        raise UsageError(f"log entry {entry.id} took back entry {entry.undoes_id}; do that again instead")
    if not entry.moves and entry.action not in {LOCKED, UNLOCKED}:
        raise UsageError(f"log entry {entry.id} ({entry.action}) moved no articles: there is nothing to take back")
    undone = story_log.find_undoing(conn, entry.id)
    if undone is not None:
        raise UsageError(f"log entry {entry.id} was taken back already, by entry {undone.id}")


def _places_before(conn: Connection, entry: LogEntry) -> dict[ArticleId, int]:
    """Where the articles of an entry were; those that are no more are left out. Raises UsageError."""
    where = find_story_of(conn, [one for move in entry.moves for one in move.ids])
    placed: dict[ArticleId, int] = {}
    for move in entry.moves:
        ids = [one for one in move.ids if one in where]
        strayed = [one for one in ids if where[one] != move.joined_id]
        if strayed:
            raise UsageError(
                f"log entry {entry.id} cannot be taken back: article {strayed[0]} went on to story "
                f"{where[strayed[0]]} since; undo that first (`monitor stories log {where[strayed[0]]}`)"
            )
        placed.update(dict.fromkeys(ids, move.left_id))
    for story_id in sorted({StoryId(one) for one in placed.values()}):
        _refuse_gone(conn, story_id, entry, set(where.values()))
    return placed


def _refuse_gone(conn: Connection, story_id: StoryId, entry: LogEntry, now_in: Collection[StoryId]) -> None:
    """A story can be again that was merged into one of those its articles are in; not one that went elsewhere."""
    if conn.execute(select(stories.c.id).where(stories.c.id == story_id)).first() is not None:
        return
    leads_to = resolve_story(conn, story_id)
    if leads_to not in now_in:
        became = "is no more" if leads_to == story_id else f"became part of story {leads_to}"
        raise UsageError(f"log entry {entry.id} cannot be taken back: story {story_id} {became} since")


def _refuse_renaming(conn: Connection, entry: LogEntry, placed: Mapping[ArticleId, int]) -> None:
    """A story that nothing else is left in would only get another id."""
    gone = set(placed.values()) - find_stories(conn, placed.values())
    where = find_story_of(conn, [one for one, target in placed.items() if target in gone])
    for story_id in sorted(set(where.values())):
        if placed.keys() >= set(load_members(conn, story_id)):
            raise UsageError(
                f"log entry {entry.id} cannot be taken back: nothing but its articles is left in story {story_id}"
            )


def _against(conn: Connection, entry: LogEntry, placed: Mapping[ArticleId, int]) -> list[Wish]:
    """Facts that keep the assigner from doing the same again."""
    moved = sorted(placed)
    beside = entry.moves[0].joined_id if entry.action == "merged" else entry.moves[0].left_id
    rest = [one for one in load_members(conn, beside, until_no=entry.arrival_no) if one not in placed]
    if entry.action == "merged":
        return _apart(moved, rest)
    return [Wish(MUST, one, rest[0]) for one in (*rest[1:], *moved) if rest]


def _apart(part: Sequence[ArticleId], rest: Sequence[ArticleId]) -> list[Wish]:
    """The articles of a part are together, and not with any of the rest."""
    return [*(Wish(MUST, part[0], one) for one in part[1:]), *(Wish(CANNOT, part[0], one) for one in rest)]


# --- writing it ------------------------------------------------------------------------------------------------------


def _carry_out(conn: Connection, change: _Change, language: str, order: Order) -> Corrected:
    """Move, note, and take a place in the order. Whoever assigns the language loses its lease and begins again."""
    done = rearrange(conn, change.placed, now=order.now)
    if change.action in {LOCKED, UNLOCKED}:
        locked_at = order.now if change.action == LOCKED else None
        conn.execute(update(stories).where(stories.c.id == change.story_id).values(locked_at=locked_at))
    for gone, ids in change.led.items():
        mine = story_redirects.c.old_id.in_(list(ids))
        conn.execute(update(story_redirects).where(mine).values(story_id=int(gone)))
    constraints.lift(conn, change.lifted, order.now)
    made = constraints.add(conn, change.wishes, who=order.who, because=order.because, now=order.now)
    details: dict[str, Any] = {"because": order.because}
    if made or change.lifted:
        details["facts"] = {"made": made, "lifted": list(change.lifted)}
    led = plain_led(done.led)
    log_id = story_log.log_moves(
        conn,
        change.story_id,
        done.moves,
        action=change.action,
        who=order.who,
        details={**details, "led": led} if led else details,
        now=order.now,
        undoes_id=change.undoes_id,
    )
    number = disturb(conn, [language])[language]
    story_log.set_number(conn, log_id, number)
    constraints.set_numbers(conn, number)
    return Corrected(log_id, change.story_id, done.moves)


def _hold(conn: Connection, *ids: int, is_for_lock: bool = False) -> tuple[str, list[StoryId]]:
    """These stories of today, whose assigner waits from now on, and their language.

    Raises NotFoundError, and UsageError for stories of two languages, for locked ones, and for one that became of
    another language while its assigner was waited for.
    """
    before = [_language(conn, one) for one in ids]
    hold(conn, before)  # from here on nobody takes a member of them away, see `monitor.store.holding`
    languages = {resolve_story(conn, one): _language(conn, one) for one in ids}  # they may have merged meanwhile
    if not set(languages.values()) <= set(before):
        # Nobody waits for a second language who has one: two who did would wait for each other.
        raise UsageError("a story became one of another language meanwhile; run it again")
    if len(set(languages.values())) > 1:
        told = " and ".join(f"story {one} ({language})" for one, language in languages.items())
        raise UsageError(f"{told} are of two languages: the articles of a story are of one")
    locked = [one for one in languages if not is_for_lock and is_locked(conn, one)]
    if locked:
        raise UsageError(f"story {locked[0]} is locked; `monitor stories unlock {locked[0]}` comes first")
    return next(iter(languages.values())), [resolve_story(conn, one) for one in ids]


def _language(conn: Connection, story_id: int) -> str:
    """The language of a story, by its id or one that leads to it. Raises NotFoundError."""
    mine = select(stories.c.language).where(stories.c.id == resolve_story(conn, story_id))
    language = conn.execute(mine).scalar_one_or_none()
    if language is None:
        raise NotFoundError(f"no story {story_id}; `monitor stories list` shows them")
    return str(language)


def _anchor(conn: Connection, story_id: StoryId) -> ArticleId:
    anchor = select(stories.c.anchor_article_id).where(stories.c.id == story_id)
    return ArticleId(conn.execute(anchor).scalar_one())

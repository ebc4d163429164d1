"""`monitor stories merge`, `split`, `move`, `lock`, `unlock`, `undo`, `log`: stories corrected by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from monitor.app import utc_now
from monitor.cli.invocation import Json, current_store, current_user, settings_of
from monitor.cli.output import brief, counted, note, number, print_json, print_table, say, wide
from monitor.cli.stories import group
from monitor.errors import NotFoundError, UsageError
from monitor.store import articles, correcting, stories, story_log
from monitor.store.correcting import Corrected, Order
from monitor.store.engine import Connection
from monitor.store.story_log import LOCKED, UNLOCKED, LogEntry, Move

StoryNumber = Annotated[
    int, typer.Argument(metavar="STORY", min=1, help="Number of a story, also of one that was merged.")
]
ArticleName = Annotated[str, typer.Argument(metavar="ARTICLE", help="Number or URL of an article.")]
Who = Annotated[str | None, typer.Option("--who", help="Who decided it; by default the user who calls.")]
Because = Annotated[str, typer.Option("--because", help="Why; kept in the log.")]

N_SHOWN = 50
_N_IDS = 6
_MAX_WHO = 200
_MAX_BECAUSE = 2_000


def register(_cli: typer.Typer) -> None:
    for command in (merge, split, move, lock, unlock, undo):
        group.command()(command)
    group.command("log")(show_log)


def merge(
    context: typer.Context,
    story: StoryNumber,
    other: Annotated[int, typer.Argument(metavar="OTHER", min=1, help="Number of the other one.")],
    who: Who = None,
    because: Because = "",
    as_json: Json = False,
) -> None:
    """Make one story of two.

    The one that began first keeps its number; the other number leads to it for ever.
    """
    done = _do(context, lambda conn, order: correcting.merge_stories(conn, story, other, order), who, because)
    _tell(done, f"one story now, {done.story_id}", as_json=as_json)


def split(
    context: typer.Context,
    story: StoryNumber,
    names: Annotated[list[str], typer.Argument(metavar="ARTICLE...", help="Numbers or URLs of articles.")],
    who: Who = None,
    because: Because = "",
    as_json: Json = False,
) -> None:
    """Make some articles of a story one of their own.

    The part with the article that began the story keeps its number.
    """

    def work(conn: Connection, order: Order) -> Corrected:
        ids = [articles.get_article(conn, name).id for name in names]
        return correcting.split_story(conn, story, ids, order)

    done = _do(context, work, who, because)
    part = done.moves[0]
    told = f"{counted(len(part.ids), 'article')} of story {done.story_id} split off as story {part.joined_id}"
    _tell(done, told, as_json=as_json)


def move(
    context: typer.Context,
    article: ArticleName,
    story: StoryNumber,
    who: Who = None,
    because: Because = "",
    as_json: Json = False,
) -> None:
    """Put an article into another story."""

    def work(conn: Connection, order: Order) -> Corrected:
        return correcting.move_article(conn, articles.get_article(conn, article).id, story, order)

    done = _do(context, work, who, because)
    moved = done.moves[0]
    _tell(done, f"article {moved.ids[0]} is in story {moved.joined_id} now, not in {moved.left_id}", as_json=as_json)


def lock(
    context: typer.Context, story: StoryNumber, who: Who = None, because: Because = "", as_json: Json = False
) -> None:
    """Let nothing join, leave, merge or split a story."""
    _lock(context, story, LOCKED, who, because=because, as_json=as_json)


def unlock(
    context: typer.Context, story: StoryNumber, who: Who = None, because: Because = "", as_json: Json = False
) -> None:
    """Let a locked story change again."""
    _lock(context, story, UNLOCKED, who, because=because, as_json=as_json)


def undo(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(metavar="LOG_ID", min=1, help="Number of an entry of `monitor stories log`.")],
    who: Who = None,
    because: Because = "",
    as_json: Json = False,
) -> None:
    """Take one change of the log back.

    A merge or split that the assigner made is not made again.
    """
    done = _do(context, lambda conn, order: correcting.undo(conn, entry, order), who, because)
    n_articles = sum(len(one.ids) for one in done.moves)
    _tell(done, f"entry {entry} is taken back; {counted(n_articles, 'article')} moved", as_json=as_json)


def show_log(
    context: typer.Context,
    story: Annotated[int | None, typer.Argument(metavar="[STORY]", min=1, help="Only of this story.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many, newest first; {N_SHOWN} in a table, all with --json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What happened to stories: who did what, when and why.

    The first article of a story is an entry too, shown with a STORY only.
    """
    limit = limit or (None if as_json else N_SHOWN)
    with current_store(settings_of(context)) as store, store.read() as conn:
        wanted = None if story is None else stories.resolve_story(conn, story)
        entries = story_log.load_log(conn, wanted, limit=limit)
        if story is not None and not entries:
            raise NotFoundError(f"no story {story} in the log; `monitor stories list` shows stories")
    if as_json:
        print_json([_described(entry) for entry in entries])
        return
    print_table(
        [number("log"), number("at, UTC"), number("story"), "what", "who", wide("articles", 3), wide("because", 2)],
        [(one.id, brief(one.logged_at), one.story_id, one.action, one.who, _what(one), one.because) for one in entries],
    )
    if not entries:
        say("nothing happened to stories yet")
    elif len(entries) == limit:
        note(f"the latest {limit}; --limit shows more")


def _do(
    context: typer.Context, work: Callable[[Connection, Order], Corrected], who: str | None, because: str
) -> Corrected:
    by = name_of(who)
    with current_store(settings_of(context)) as store, store.begin() as conn:
        return work(conn, Order(who=by, because=because.strip()[:_MAX_BECAUSE], now=utc_now()))


def name_of(who: str | None) -> str:
    """Who decides it, as the log keeps it. Raises UsageError."""
    if who is not None and not who.strip():
        raise UsageError("--who needs a name, or leave it out")
    by = (who or current_user()).strip()[:_MAX_WHO]
    if by == story_log.ASSIGNER:
        raise UsageError(f"{by!r} is how the log names what happens by itself; give another name with --who")
    return by


def _lock(context: typer.Context, story: int, action: str, who: str | None, *, because: str, as_json: bool) -> None:
    done = _do(context, lambda conn, order: correcting.set_lock(conn, story, order, action=action), who, because)
    _tell(done, f"story {done.story_id} is {action}", as_json=as_json)


def _tell(done: Corrected, sentence: str, *, as_json: bool) -> None:
    if as_json:
        moves = [_move(one) for one in done.moves]
        print_json({"log_id": done.log_id, "story_id": done.story_id, "moves": moves})
        return
    say(f"{sentence} (log entry {done.log_id}; `monitor stories undo {done.log_id}` takes it back)")


def _described(entry: LogEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "story_id": entry.story_id,
        "action": entry.action,
        "who": entry.who,
        "because": entry.because,
        "logged_at": entry.logged_at,
        "arrival_no": entry.arrival_no,
        "undoes_id": entry.undoes_id,
        "moves": [_move(one) for one in entry.moves],
        "article_id": entry.details.get("article_id"),
    }


def _move(move_: Move) -> dict[str, Any]:
    return {"article_ids": list(move_.ids), "from": move_.left_id, "to": move_.joined_id}


def _what(entry: LogEntry) -> str:
    """Which articles went where, in one cell."""
    told = [f"{_listed(one.ids)} from story {one.left_id} to {one.joined_id}" for one in entry.moves]
    if entry.undoes_id is not None:
        told.insert(0, f"entry {entry.undoes_id}")
    if not told and (article_id := entry.details.get("article_id")) is not None:
        other = entry.details.get("for", entry.details.get("from"))
        way = "" if other is None else f" {'to' if 'for' in entry.details else 'from'} story {other}"
        told.append(f"{article_id}{way}")
    if not told and "into" in entry.details:
        told.append(f"into story {entry.details['into']}")
    return "; ".join(told)


def _listed(ids: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, ids[:_N_IDS]))
    return shown if len(ids) <= _N_IDS else f"{shown} and {len(ids) - _N_IDS} more"

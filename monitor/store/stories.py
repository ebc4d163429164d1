"""Stories: one assigner per language takes articles in arrival order; figures are read from the analysts' views.

What the assigner decides is saved in `memberships`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, column, delete, func, or_, select, table, text, update

from monitor.errors import NotFoundError
from monitor.store.batches import BATCH, in_batches
from monitor.store.claims import MAX_TRIES
from monitor.store.columns import MAX_KEY
from monitor.store.counters import take_numbers
from monitor.store.engine import insert, lease_clock
from monitor.store.tables import (
    articles,
    features,
    language_statistics,
    stories,
    story_log,
    story_members,
    story_redirects,
    terms,
)
from monitor.text.sentences import lead
from monitor.types import ArticleId, DuplicateKind, Origin, Story, StoryHour, StoryId, StoryMember


def claim_language(conn: Connection, *, now: datetime, lease_s: float) -> tuple[str, datetime] | None:
    """Lease the assigner of a language that has articles to assign; None when there is none or all are taken.

    The language whose next article arrived first comes first. One whose next article is still to be compared with the
    others has nothing to assign.
    """
    languages = _ready_languages(conn, now)
    if not languages:
        return None
    rows = [
        {"language": language, "n_articles": 0, "last_arrival_no": 0, "n_tries": 0} for language in sorted(languages)
    ]
    conn.execute(insert(conn, language_statistics).on_conflict_do_nothing(index_elements=["language"]), rows)
    for language in languages:
        until = take_language(conn, language, now=now, lease_s=lease_s)
        if until is not None:
            return language, until
    return None


def take_language(
    conn: Connection, language: str, *, now: datetime, lease_s: float, mine: datetime | None = None
) -> datetime | None:
    """Lease the assigner of one language, or prolong the lease that is held until `mine`; None when another has it."""
    lease_now = lease_clock(conn, now)
    until = lease_now + timedelta(seconds=lease_s)
    leased = language_statistics.c.leased_until
    is_free = or_(leased.is_(None), leased <= lease_now) if mine is None else leased == mine
    taken = update(language_statistics).where(language_statistics.c.language == language, is_free)
    return until if conn.execute(taken.values(leased_until=until)).rowcount == 1 else None


def list_languages(conn: Connection) -> list[str]:
    """The languages that have stories."""
    return list(conn.execute(select(stories.c.language).distinct().order_by(stories.c.language)).scalars())


def _ready_languages(conn: Connection, now: datetime) -> list[str]:
    waiting = and_(articles.c.assign_due_at <= now, articles.c.arrival_no.is_not(None))
    first = select(func.min(articles.c.arrival_no)).where(waiting).group_by(articles.c.language)
    ready = (
        select(articles.c.language)
        .where(articles.c.arrival_no.in_(first), articles.c.match_due_at.is_(None))
        .order_by(articles.c.arrival_no)
    )
    return list(conn.execute(ready).scalars())


def release_language(conn: Connection, language: str, leased_until: datetime) -> None:
    conn.execute(
        update(language_statistics)
        .where(language_statistics.c.language == language, language_statistics.c.leased_until == leased_until)
        .values(leased_until=None)
    )


def note_failure(conn: Connection, article_id: ArticleId, language: str) -> bool:
    """Count a failed assignment of a language's next article; returns whether it was set aside, after MAX_TRIES."""
    mine = language_statistics.c.language == language
    counted = update(language_statistics).where(mine).values(n_tries=language_statistics.c.n_tries + 1)
    n_tries = conn.execute(counted.returning(language_statistics.c.n_tries)).scalar_one()
    if n_tries < MAX_TRIES:
        return False
    conn.execute(update(articles).where(articles.c.id == article_id).values(assign_due_at=None))
    conn.execute(update(language_statistics).where(mine).values(n_tries=0))
    return True


def next_assign_at(conn: Connection, now: datetime) -> datetime | None:
    """When the lease of a lost assigner ends whose language has articles waiting."""
    lease_now = lease_clock(conn, now)
    waiting = select(articles.c.language).where(articles.c.assign_due_at <= now).distinct()
    ends = select(language_statistics.c.leased_until).where(
        language_statistics.c.leased_until > lease_now, language_statistics.c.language.in_(waiting)
    )
    first = min(conn.execute(ends).scalars(), default=None)
    return None if first is None else now + (first - lease_now)


def load_unassigned(conn: Connection, language: str, limit: int) -> list[ArticleId]:
    """The next articles of a language in arrival order, up to the first whose comparison is not done.

    They stay for this transaction, and so do the languages that they are, or were, in stories of: this one's assigner
    touches no story before, see `monitor.store.holding`.
    """
    waiting = (
        select(articles.c.id, articles.c.match_due_at)
        .where(
            articles.c.language == language, articles.c.assign_due_at.is_not(None), articles.c.arrival_no.is_not(None)
        )
        .order_by(articles.c.arrival_no)
        .limit(limit)
    )
    ready: list[ArticleId] = []
    for article_id, match_due_at in conn.execute(waiting):
        if match_due_at is not None:
            break
        ready.append(article_id)
    # Whoever writes several articles in one transaction takes them by id: else two of them would wait for each other.
    # A lock that lets others refer to these articles, as links and hits do. What was saved until it was given counts.
    same = (articles.c.language == language, articles.c.assign_due_at.is_not(None), articles.c.match_due_at.is_(None))
    in_order = select(articles.c.id, and_(*same)).where(articles.c.id.in_(ready)).order_by(articles.c.id)
    is_ready: dict[ArticleId, bool] = dict(conn.execute(in_order.with_for_update(key_share=True)).all())
    hold(conn, {language, *_decided_in(conn, ready)})
    return list(takewhile(lambda article_id: is_ready.get(article_id, False), ready))


def oldest_unassigned(conn: Connection, language: str, limit: int) -> datetime | None:
    """When the first seen of a language's next articles was seen; None where none waits."""
    next_ones = (
        select(articles.c.first_seen_at)
        .where(
            articles.c.language == language, articles.c.assign_due_at.is_not(None), articles.c.arrival_no.is_not(None)
        )
        .order_by(articles.c.arrival_no)
        .limit(limit)
    )
    return min(conn.execute(next_ones).scalars(), default=None)


def last_assigned_no(conn: Connection, language: str) -> int:
    """How far a language's stories are: the number of the last arrival that joined or left one; 0 before the first."""
    last_no = select(language_statistics.c.last_arrival_no).where(language_statistics.c.language == language)
    return conn.execute(last_no).scalar_one_or_none() or 0


def load_statistics(conn: Connection, language: str) -> tuple[int, dict[str, int]]:
    """How many arrivals of a language count, and in how many of them each stem occurs.

    An article that arrived again counts again: an arrival is weighed by all that came before it. Old ones count less,
    see `halve_statistics`.
    """
    n_articles = select(language_statistics.c.n_articles).where(language_statistics.c.language == language)
    counts = select(terms.c.term, terms.c.n_articles).where(terms.c.language == language)
    n_known = conn.execute(n_articles).scalar_one_or_none() or 0
    rows = conn.execute(counts, execution_options={"yield_per": 10 * BATCH})  # of a large window there are a million
    return n_known, dict(map(tuple, rows))


def halve_statistics(conn: Connection, language: str) -> None:
    """Halve all counts of a language, rounded down, and forget the terms that are left with none.

    Belongs into the transaction that saved the arrival after which it is due.
    """
    counted, mine = language_statistics.c, terms.c.language == language
    halved = {"n_articles": counted.n_articles // 2, "n_halvings": counted.n_halvings + 1}
    conn.execute(update(language_statistics).where(counted.language == language).values(**halved))
    conn.execute(delete(terms).where(mine, terms.c.n_articles < 2))
    conn.execute(update(terms).where(mine).values(n_articles=terms.c.n_articles // 2))


def pass_over(conn: Connection, language: str, arrival_no: int) -> bool:
    """Let a member leave a language's stories at this place of the stored order; False when they are past it.

    Whoever assigns that language just now loses its lease and begins again without the member.
    """
    mine = and_(language_statistics.c.language == language, language_statistics.c.last_arrival_no < arrival_no)
    passed = update(language_statistics).where(mine).values(leased_until=None, last_arrival_no=arrival_no)
    return conn.execute(passed).rowcount == 1


def hold_languages(conn: Connection, ids: Collection[ArticleId]) -> set[str]:
    """Keep those who assign the stories of these articles from going on until this transaction ends; the languages."""
    found = _decided_in(conn, ids)
    hold(conn, found)
    return found


def _decided_in(conn: Connection, ids: Collection[ArticleId]) -> set[str]:
    """The languages whose assigners decided some arrival of these articles."""
    found: set[str] = set()
    for some in in_batches(ids):
        decided = select(features.c.language).where(features.c.article_id.in_(some)).distinct()
        found |= set(conn.execute(decided).scalars())
    return found


def hold(conn: Connection, languages: Iterable[str]) -> None:
    """Keep those who assign the stories of these languages from going on until this transaction ends."""
    for language in sorted(set(languages)):
        mine = select(language_statistics.c.language).where(language_statistics.c.language == language)
        conn.execute(mine.with_for_update()).all()


def disturb(conn: Connection, languages: Iterable[str]) -> dict[str, int]:
    """Members of these languages' stories went or changed places between two arrivals: the places in their order.

    Who assigns them loses the lease; all begin again from what is stored. Call it last in a transaction.
    """
    numbers = {language: take_numbers(conn, "arrival") for language in sorted(set(languages))}
    for language, number in numbers.items():
        conn.execute(
            update(language_statistics)
            .where(language_statistics.c.language == language)
            .values(leased_until=None, last_arrival_no=number)
        )
    return numbers


def find_story_of(
    conn: Connection, ids: Iterable[ArticleId], *, language: str | None = None
) -> dict[ArticleId, StoryId]:
    """The stories of those of these articles that are in one; `language` is the story's, not the text's of today."""
    found: dict[ArticleId, StoryId] = {}
    for some in in_batches(ids):
        rows = select(story_members.c.article_id, story_members.c.story_id).where(story_members.c.article_id.in_(some))
        if language is not None:
            rows = rows.join(stories, stories.c.id == story_members.c.story_id).where(stories.c.language == language)
        found.update(conn.execute(rows).all())
    return found


def close_quiet(conn: Connection, before: datetime, now: datetime) -> int:
    """Close the stories that nothing was added to since `before`; one that somebody holds just now, at a later time."""
    quiet = and_(stories.c.state == "open", stories.c.last_seen_at < before)
    free = select(stories.c.id).where(quiet).with_for_update(skip_locked=True).cte("free")
    closed = update(stories).where(stories.c.id.in_(select(free.c.id)), quiet).values(state="closed", closed_at=now)
    return len(conn.execute(closed.returning(stories.c.id)).all())


# --- reading: the same views that analysts query -------------------------------------------------------------------

_V_STORIES = table(
    "v_stories",
    *(
        column(name, getattr(stories.c, name).type if name in stories.c else None)
        for name in (
            "id", "title", "lead", "language", "state", "first_seen_at", "last_seen_at",
            "n_articles", "n_publishers", "n_independent", "n_copies", "first_publisher", "articles_per_hour",
            "representative_id", "key_terms", "key_names",
        )
    ),
)  # fmt: skip

_MEMBERS = """
SELECT a.story_id, a.article_id AS id, a.title, a.source, a.family, a.url, a.language, a.published_at, a.first_seen_at,
       a.appeared_at, a.origin, a.agency, a.duplicate_of, a.duplicate_kind, a.rewrite_of, a.release_id, a.retracted_at,
       t.text
FROM v_story_articles a JOIN articles t ON t.id = a.article_id
WHERE a.{key} IN :ids
"""
_V_STORY_HOURS = table(
    "v_story_hours",
    column("story_id"),
    column("hour_at", articles.c.appeared_at.type),
    *(column(name) for name in ("n_articles", "n_copies", "n_publishers", "n_voices")),
)
_MOMENTS = {name: articles.c[name].type for name in ("published_at", "first_seen_at", "appeared_at", "retracted_at")}


def _load_members(conn: Connection, key: str, ids: Iterable[int]) -> Iterator[RowMapping]:
    """The articles in stories whose `key`, "story_id" or "article_id", is one of these."""
    members = text(_MEMBERS.format(key=key)).bindparams(bindparam("ids", expanding=True)).columns(**_MOMENTS)
    for some in in_batches(ids):
        yield from conn.execute(members, {"ids": some}).mappings()


def load_story_members(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, StoryMember]:
    """These articles as their stories list them; those in no story are left out."""
    return {row["id"]: _member(row) for row in _load_members(conn, "article_id", ids)}


def load_stories(conn: Connection, ids: Sequence[StoryId] | None = None) -> list[Story]:
    """Stories with their members, newest first; all of them without `ids`."""
    query = select(_V_STORIES)
    rows: list[RowMapping] = []
    if ids is None:
        rows += conn.execute(query).mappings()
    for some in in_batches(ids or ()):
        rows += conn.execute(query.where(_V_STORIES.c.id.in_(some))).mappings()
    rows.sort(key=lambda row: (-row["last_seen_at"].timestamp(), row["id"]))
    members: dict[StoryId, list[RowMapping]] = {row["id"]: [] for row in rows}
    for member in _load_members(conn, "story_id", members):
        members[member["story_id"]].append(member)
    return [_story(row, _in_order(members[row["id"]])) for row in rows]


def _in_order(rows: Iterable[RowMapping]) -> tuple[StoryMember, ...]:
    # Not by the database: each has its own idea of the order of text.
    return tuple(_member(row) for row in sorted(rows, key=lambda row: (row["appeared_at"], row["url"])))


def _story(row: RowMapping, members: tuple[StoryMember, ...]) -> Story:
    values = {name: row[name] for name in row if name not in {"state", "key_terms", "key_names"}}
    known_by: dict[str, Any] = {name: row[name] or () for name in ("key_terms", "key_names")}
    return Story(**values, **known_by, is_open=row["state"] == "open", members=members)


def _member(row: RowMapping) -> StoryMember:
    skipped = {"story_id", "text", "origin", "duplicate_kind", "appeared_at"}
    return StoryMember(
        **{name: row[name] for name in row if name not in skipped},
        origin=Origin(row["origin"]),
        duplicate_kind=None if row["duplicate_kind"] is None else DuplicateKind(row["duplicate_kind"]),
        lead=lead(row["text"], 2),
    )


def resolve_story(conn: Connection, story_id: int) -> StoryId:
    """Where an id leads today: to the story that its own was merged into, else to itself."""
    moved = select(story_redirects.c.story_id).where(story_redirects.c.old_id == min(story_id, MAX_KEY))
    return StoryId(conn.execute(moved).scalar_one_or_none() or min(story_id, MAX_KEY))


def is_locked(conn: Connection, story_id: StoryId) -> bool:
    """Whether somebody locked it, so that nothing joins or leaves it by itself."""
    return conn.execute(select(stories.c.locked_at).where(stories.c.id == story_id)).scalar_one_or_none() is not None


def get_story(conn: Connection, story_id: int) -> Story:
    """A story by its id, or by one that was merged into it. Raises NotFoundError, also for one that was erased."""
    story_id = min(story_id, MAX_KEY)
    found = load_stories(conn, [resolve_story(conn, story_id)])
    if not found:
        erased = select(story_log.c.logged_at).where(story_log.c.story_id == story_id, story_log.c.action == "erased")
        erased_at = conn.execute(erased.limit(1)).scalar_one_or_none()
        if erased_at is not None:
            raise NotFoundError(f"story {story_id} is no more: its articles were erased on {erased_at:%Y-%m-%d}")
        raise NotFoundError(f"no story {story_id}; `monitor stories list` shows them")
    return found[0]


def list_stories(conn: Connection, limit: int | None = None) -> list[dict[str, Any]]:
    """The figures of stories and the languages of their articles, newest first, without their members."""
    newest = select(stories.c.id).order_by(stories.c.last_seen_at.desc(), stories.c.id).limit(limit)
    ids: list[StoryId] = list(conn.execute(newest).scalars())
    rows: dict[StoryId, RowMapping] = {}
    languages: dict[StoryId, list[str]] = {}
    for some in in_batches(ids):  # by their numbers: a view is not narrowed by a query within the query
        rows |= {row["id"]: row for row in conn.execute(select(_V_STORIES).where(_V_STORIES.c.id.in_(some))).mappings()}
        spoken = (
            select(story_members.c.story_id, articles.c.language)
            .join(articles, articles.c.id == story_members.c.article_id)
            .where(story_members.c.story_id.in_(some))
            .distinct()
            .order_by(story_members.c.story_id, articles.c.language)
        )
        for story_id, language in conn.execute(spoken):
            languages.setdefault(story_id, []).append(language)
    return [{**rows[one], "languages": languages.get(one, [])} for one in ids if one in rows]


def load_hours(conn: Connection, story_id: StoryId) -> list[StoryHour]:
    """How a story spread: the hours in which articles of it appeared, in their order."""
    names = ("hour_at", "n_articles", "n_copies", "n_publishers", "n_voices")
    hours = select(*(_V_STORY_HOURS.c[name] for name in names)).where(_V_STORY_HOURS.c.story_id == story_id)
    return [StoryHour(**row) for row in conn.execute(hours.order_by(_V_STORY_HOURS.c.hour_at)).mappings()]


def count_stories(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(stories)).scalar_one()


def load_active(conn: Connection, since: datetime) -> list[Story]:
    """Stories to which an article was assigned since then."""
    ids = select(story_members.c.story_id).where(story_members.c.assigned_at >= since).distinct()
    found = list(conn.execute(ids).scalars())
    return load_stories(conn, found) if found else []

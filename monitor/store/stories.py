"""Stories: one assigner per language takes articles in arrival order; figures are read from the analysts' views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, column, func, or_, select, table, text, update

from monitor.errors import LeaseLostError, NotFoundError
from monitor.store.claims import MAX_TRIES
from monitor.store.columns import MAX_KEY, storable
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
from monitor.types import Article, ArticleId, DuplicateKind, Origin, Story, StoryId, StoryMember

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFeatures:
    """What the assigner needs to remember of an article that is in a story already."""

    article_id: ArticleId
    story_id: StoryId
    published_at: datetime | None
    first_seen_at: datetime
    assigned_at: datetime
    features: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A decision of the assigner. `story_id` None starts a story; `terms` are the article's distinct terms."""

    article: Article
    story_id: StoryId | None
    score: float
    because: str
    scheme: str
    features_scheme: str
    features: bytes
    terms: frozenset[str]


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
    lease_now = lease_clock(conn, now)
    until = lease_now + timedelta(seconds=lease_s)
    leased = language_statistics.c.leased_until
    for language in languages:
        taken = (
            update(language_statistics)
            .where(language_statistics.c.language == language, or_(leased.is_(None), leased <= lease_now))
            .values(leased_until=until)
        )
        if conn.execute(taken).rowcount == 1:
            return language, until
    return None


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
    """The next articles of a language in arrival order, up to the first whose comparison is not done."""
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
    # A lock that lets others refer to these articles, as links and hits do.
    in_order = select(articles.c.id).where(articles.c.id.in_(ready)).order_by(articles.c.id)
    conn.execute(in_order.with_for_update(key_share=True)).all()
    return ready


def count_assigned(conn: Connection, language: str) -> int:
    """How many articles of a language were ever assigned."""
    n_articles = select(language_statistics.c.n_articles).where(language_statistics.c.language == language)
    return conn.execute(n_articles).scalar_one_or_none() or 0


def load_statistics(conn: Connection, language: str) -> tuple[int, dict[str, int]]:
    """How many articles of a language were assigned, and in how many of them each term occurs."""
    counts = select(terms.c.term, terms.c.n_articles).where(terms.c.language == language)
    return count_assigned(conn, language), dict(conn.execute(counts).all())


def load_members(conn: Connection, language: str, *, since: datetime | None, scheme: str) -> list[MemberFeatures]:
    """The articles in stories of a language, in arrival order; with `since` those that were first seen since then."""
    names = ("published_at", "first_seen_at")
    rows = (
        select(
            *(story_members.c[name] for name in ("article_id", "story_id", "assigned_at")),
            *(articles.c[name] for name in names),
            features.c.body,
        )
        .join(articles, articles.c.id == story_members.c.article_id)
        .join(features, and_(features.c.article_id == articles.c.id, features.c.scheme == scheme))
        .join(stories, stories.c.id == story_members.c.story_id)
        .where(stories.c.language == language)
        .order_by(articles.c.arrival_no)
    )
    if since is not None:
        rows = rows.where(articles.c.first_seen_at >= since)
    return [
        MemberFeatures(
            article_id=row["article_id"],
            story_id=row["story_id"],
            published_at=row["published_at"],
            first_seen_at=row["first_seen_at"],
            assigned_at=row["assigned_at"],
            features=row["body"],
        )
        for row in conn.execute(rows).mappings()
    ]


def find_story_of(
    conn: Connection, ids: Iterable[ArticleId], *, language: str | None = None
) -> dict[ArticleId, StoryId]:
    """The stories of those of these articles that are in one; `language` is the story's, not the text's of today."""
    found: dict[ArticleId, StoryId] = {}
    for some in _in_batches(ids):
        rows = select(story_members.c.article_id, story_members.c.story_id).where(story_members.c.article_id.in_(some))
        if language is not None:
            rows = rows.join(stories, stories.c.id == story_members.c.story_id).where(stories.c.language == language)
        found.update(conn.execute(rows).all())
    return found


def save_member(conn: Connection, member: NewMember, *, leased_until: datetime, now: datetime) -> StoryId:
    """Put an article into its story, or start one with it; count its terms. Raises LeaseLostError."""
    article = member.article
    _keep_lease(conn, article, leased_until)
    story_id = member.story_id
    if story_id is None:
        story_id = _add_story(conn, member, now)
    else:
        _extend_story(conn, story_id, member)
    conn.execute(
        insert(conn, story_members).values(
            article_id=article.id,
            story_id=story_id,
            score=member.score,
            because=member.because,
            scheme=member.scheme,
            assigned_at=now,
        )
    )
    conn.execute(
        insert(conn, features).values(
            article_id=article.id,
            scheme=member.features_scheme,
            arrival_no=article.arrival_no,
            body=member.features,
            assigned_at=now,
        )
    )
    _count_terms(conn, article.language, member.terms)
    conn.execute(update(articles).where(articles.c.id == article.id).values(assign_due_at=None))
    return story_id


def _keep_lease(conn: Connection, article: Article, leased_until: datetime) -> None:
    counted = (
        update(language_statistics)
        .where(language_statistics.c.language == article.language, language_statistics.c.leased_until == leased_until)
        .values(n_articles=language_statistics.c.n_articles + 1, n_tries=0, last_arrival_no=article.arrival_no)
    )
    if conn.execute(counted).rowcount != 1:
        raise LeaseLostError(f"the assigner of language {article.language} overran its lease")


def _add_story(conn: Connection, member: NewMember, now: datetime) -> StoryId:
    article = member.article
    row = insert(conn, stories).values(
        language=article.language,
        anchor_article_id=article.id,
        title=article.title,
        lead=lead(article.text, 2),
        first_seen_at=article.appeared_at,
        last_seen_at=article.appeared_at,
        scheme=member.scheme,
    )
    story_id = StoryId(conn.execute(row.returning(stories.c.id)).scalar_one())
    log_story(conn, story_id, action="started", who="assigner", details={"article_id": article.id}, now=now)
    return story_id


def _extend_story(conn: Connection, story_id: StoryId, member: NewMember) -> None:
    """A story is headed by its earliest report, as far as it is known yet; a copy never heads one."""
    row = conn.execute(select(stories).where(stories.c.id == story_id)).mappings().one()
    article, is_copy = member.article, member.because == "copy"
    values: dict[str, Any] = {"last_seen_at": max(row["last_seen_at"], article.appeared_at)}
    if article.appeared_at < row["first_seen_at"]:
        values["first_seen_at"] = article.appeared_at
        values |= {} if is_copy else {"title": article.title, "lead": lead(article.text, 2)}
    conn.execute(update(stories).where(stories.c.id == story_id).values(state="open", closed_at=None, **values))


def _count_terms(conn: Connection, language: str, found: frozenset[str]) -> None:
    if not found:
        return
    stored = {storable(term)[:200] for term in found}
    rows = [{"language": language, "term": term, "n_articles": 1} for term in sorted(stored)]
    statement = insert(conn, terms)
    counted = statement.on_conflict_do_update(
        index_elements=["language", "term"], set_={"n_articles": terms.c.n_articles + 1}
    )
    conn.execute(counted, rows)


def log_story(
    conn: Connection, story_id: StoryId, *, action: str, who: str, details: Mapping[str, Any], now: datetime
) -> None:
    """Note what happened to a story, for `stories log`."""
    conn.execute(
        insert(conn, story_log).values(story_id=story_id, action=action, who=who, details=dict(details), logged_at=now)
    )


def close_quiet(conn: Connection, before: datetime, now: datetime) -> int:
    """Close the stories that nothing was added to since `before`."""
    quiet = and_(stories.c.state == "open", stories.c.last_seen_at < before)
    return conn.execute(update(stories).where(quiet).values(state="closed", closed_at=now)).rowcount


# --- reading: the same views that analysts query -------------------------------------------------------------------

_V_STORIES = table(
    "v_stories",
    *(
        column(name, getattr(stories.c, name).type if name in stories.c else None)
        for name in (
            "id", "title", "lead", "language", "state", "first_seen_at", "last_seen_at",
            "n_articles", "n_publishers", "n_independent", "n_copies",
        )
    ),
)  # fmt: skip

_MEMBERS = text("""
SELECT a.story_id, a.article_id AS id, a.title, a.source, a.family, a.url, a.language, a.published_at, a.first_seen_at,
       a.appeared_at, a.origin, a.agency, a.duplicate_of, a.duplicate_kind, a.rewrite_of, t.text
FROM v_story_articles a JOIN articles t ON t.id = a.article_id
WHERE a.story_id IN :ids
""").bindparams(bindparam("ids", expanding=True)).columns(
    published_at=articles.c.published_at.type,
    first_seen_at=articles.c.first_seen_at.type,
    appeared_at=articles.c.appeared_at.type,
)  # fmt: skip


def load_stories(conn: Connection, ids: Sequence[StoryId] | None = None) -> list[Story]:
    """Stories with their members, newest first; all of them without `ids`."""
    query = select(_V_STORIES)
    rows: list[RowMapping] = []
    if ids is None:
        rows += conn.execute(query).mappings()
    for some in _in_batches(ids or ()):
        rows += conn.execute(query.where(_V_STORIES.c.id.in_(some))).mappings()
    rows.sort(key=lambda row: (-row["last_seen_at"].timestamp(), row["id"]))
    members: dict[StoryId, list[RowMapping]] = {row["id"]: [] for row in rows}
    for some in _in_batches(members):
        for member in conn.execute(_MEMBERS, {"ids": some}).mappings():
            members[member["story_id"]].append(member)
    return [_story(row, _in_order(members[row["id"]])) for row in rows]


def _in_batches(ids: Iterable[int]) -> Iterable[list[Any]]:
    """Databases take a limited number of parameters."""
    wanted = sorted(set(ids))
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))


def _in_order(rows: Iterable[RowMapping]) -> tuple[StoryMember, ...]:
    # Not by the database: each has its own idea of the order of text.
    return tuple(_member(row) for row in sorted(rows, key=lambda row: (row["appeared_at"], row["url"])))


def _story(row: RowMapping, members: tuple[StoryMember, ...]) -> Story:
    values = {name: row[name] for name in row if name != "state"}
    return Story(**values, is_open=row["state"] == "open", members=members)


def _member(row: RowMapping) -> StoryMember:
    skipped = {"story_id", "text", "origin", "duplicate_kind", "appeared_at"}
    return StoryMember(
        **{name: row[name] for name in row if name not in skipped},
        origin=Origin(row["origin"]),
        duplicate_kind=None if row["duplicate_kind"] is None else DuplicateKind(row["duplicate_kind"]),
        lead=lead(row["text"], 2),
    )


def get_story(conn: Connection, story_id: int) -> Story:
    """A story by its id, or by one that was merged into it. Raises NotFoundError."""
    story_id = min(story_id, MAX_KEY)
    moved = select(story_redirects.c.story_id).where(story_redirects.c.old_id == story_id)
    found = load_stories(conn, [StoryId(conn.execute(moved).scalar_one_or_none() or story_id)])
    if not found:
        raise NotFoundError(f"no story {story_id}; `monitor stories list` shows them")
    return found[0]


def list_stories(conn: Connection, limit: int | None = None) -> list[dict[str, Any]]:
    """The figures of stories and the languages of their articles, newest first, without their members."""
    ids = select(stories.c.id).order_by(stories.c.last_seen_at.desc(), stories.c.id).limit(limit)
    newest = select(_V_STORIES).where(_V_STORIES.c.id.in_(ids))
    rows = conn.execute(newest.order_by(_V_STORIES.c.last_seen_at.desc(), _V_STORIES.c.id)).mappings()
    spoken = (
        select(story_members.c.story_id, articles.c.language)
        .join(articles, articles.c.id == story_members.c.article_id)
        .where(story_members.c.story_id.in_(ids))
        .distinct()
        .order_by(story_members.c.story_id, articles.c.language)
    )
    languages: dict[int, list[str]] = {}
    for story_id, language in conn.execute(spoken):
        languages.setdefault(story_id, []).append(language)
    return [{**row, "languages": languages.get(row["id"], [])} for row in rows]


def count_stories(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(stories)).scalar_one()


def load_active(conn: Connection, since: datetime) -> list[Story]:
    """Stories to which an article was assigned since then."""
    ids = select(story_members.c.story_id).where(story_members.c.assigned_at >= since).distinct()
    found = list(conn.execute(ids).scalars())
    return load_stories(conn, found) if found else []

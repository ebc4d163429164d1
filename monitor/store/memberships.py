"""Who is a member of which story: saved as the assigner decides it, in the stored order.

Each arrival of an article leaves its features for good, with what else the decision hung on; so a replay can decide all
arrivals once more. An article that arrives again leaves its place: a story that nobody is left in redirects to the one
its last member went to, and what was told of it is told of that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, delete, exists, func, or_, select, update

from monitor.errors import LeaseLostError
from monitor.store.batches import BATCH, in_batches
from monitor.store.columns import storable
from monitor.store.engine import insert
from monitor.store.story_log import ASSIGNER, log_story
from monitor.store.tables import (
    articles,
    copies,
    digest_item_articles,
    digest_items,
    features,
    language_statistics,
    revisions,
    stories,
    story_gists,
    story_members,
    story_redirects,
    terms,
)
from monitor.text.sentences import lead
from monitor.types import Article, ArticleId, StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An arrival of an article as it was decided: its features, dates and family of then, whom it had to follow.

    `story_id` is the story it is in; None for a past arrival, of an article that arrived again since.
    """

    article_id: ArticleId
    arrival_no: int
    language: str
    story_id: StoryId | None
    follows_id: ArticleId | None
    published_at: datetime | None
    first_seen_at: datetime
    family: str
    features: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an article stands: its story, that story's language, and the features it was last decided by."""

    story_id: StoryId
    language: str
    features: bytes | None
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """How an article came into its story."""

    story_id: StoryId
    score: float
    because: str
    assigned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A decision of the assigner. `story_id` None: none of the stories of others.

    `follows_id`: the article whose story it had to join.
    """

    article: Article
    story_id: StoryId | None
    score: float
    because: str
    scheme: str
    features_scheme: str
    features: bytes
    follows_id: ArticleId | None = None


# --- what the assigner needs to remember -----------------------------------------------------------------------------


def load_members(
    conn: Connection, language: str, *, since: datetime | None, scheme: str, from_no: int | None = None
) -> Iterator[Arrival]:
    """The articles in stories of a language, in arrival order, read as they are asked for: they may be very many.

    With `since` those that were first seen since then; with `from_no` too also those that arrived from there on.
    """
    rows = (
        _arrivals(scheme)
        .add_columns(story_members.c.story_id)
        .join(story_members, story_members.c.article_id == features.c.article_id)
        .where(features.c.language == language, ~_is_past(scheme))
    )
    if since is not None:
        is_young = features.c.first_seen_at >= since
        rows = rows.where(is_young if from_no is None else or_(is_young, features.c.arrival_no >= from_no))
    for row in conn.execute(rows, execution_options={"yield_per": BATCH}).mappings():
        yield arrival_of(row, row["story_id"])


def load_arrivals(conn: Connection, language: str, *, scheme: str, from_no: int = 0) -> list[Arrival]:
    """All arrivals from a number on, in their order, of the articles that were ever in a story of this language."""
    once = select(features.c.article_id).where(features.c.language == language, features.c.scheme == scheme)
    rows = _arrivals(scheme).where(features.c.article_id.in_(once), features.c.arrival_no >= from_no)
    return [arrival_of(row, None) for row in conn.execute(rows).mappings()]


def _arrivals(scheme: str) -> Select[Any]:
    return select(features).where(features.c.scheme == scheme).order_by(features.c.arrival_no)


def _is_past(scheme: str) -> Any:
    later = features.alias()
    return exists().where(
        later.c.article_id == features.c.article_id,
        later.c.scheme == scheme,
        later.c.arrival_no > features.c.arrival_no,
    )


def arrival_of(row: RowMapping, story_id: StoryId | None) -> Arrival:
    """A row of features as an arrival."""
    names = ("article_id", "arrival_no", "language", "follows_id", "published_at", "first_seen_at", "family")
    return Arrival(**{name: row[name] for name in names}, story_id=story_id, features=row["body"])


def find_standing(conn: Connection, article_id: ArticleId, scheme: str) -> Standing | None:
    """The story of an article and the features by which it got there; None for one in no story."""
    where = (
        select(stories.c.id, stories.c.language, stories.c.locked_at.is_not(None))
        .join(story_members, story_members.c.story_id == stories.c.id)
        .where(story_members.c.article_id == article_id)
    )
    found = conn.execute(where).one_or_none()
    if found is None:
        return None
    newest = select(features.c.body).where(features.c.article_id == article_id, features.c.scheme == scheme)
    body = conn.execute(newest.order_by(features.c.arrival_no.desc()).limit(1)).scalar_one_or_none()
    return Standing(story_id=found[0], language=found[1], features=body, is_locked=found[2])


def find_placing(conn: Connection, article_id: ArticleId) -> Placing | None:
    """How an article came into its story; None for one in no story."""
    names = ("story_id", "score", "because", "assigned_at")
    placing = select(*(story_members.c[name] for name in names)).where(story_members.c.article_id == article_id)
    found = conn.execute(placing).mappings().one_or_none()
    return None if found is None else Placing(**found)


# --- saving what was decided -----------------------------------------------------------------------------------------


def save_member(
    conn: Connection, member: NewMember, *, before: Standing | None, leased_until: datetime, now: datetime
) -> StoryId:
    """Put an article into its story, or start one with it. Raises LeaseLostError.

    One that stands in a story from `before` leaves it. Alone there, and near to no other, it goes on as the same story.
    Its terms are yet to be counted, and it is yet to be marked as decided: both go for many articles at once.
    """
    article = member.article
    _keep_lease(conn, article, leased_until)
    story_id = member.story_id
    if story_id is None and before is not None and _is_alone(conn, before.story_id):
        story_id = before.story_id
        conn.execute(update(stories).where(stories.c.id == story_id).values(language=article.language))
    if story_id is None:
        story_id = _place_in_new(conn, member, before, now)
    else:
        _extend_story(conn, story_id, member)
        _save_membership(conn, story_id, member, now)
    if before is not None:
        _move(conn, article, before.story_id, story_id, now=now)
    _save_features(conn, member, now)
    return story_id


def mark_decided(conn: Connection, ids: Iterable[ArticleId]) -> None:
    """These articles are in their stories, or may stay there: they wait no longer."""
    for some in in_batches(ids):
        conn.execute(update(articles).where(articles.c.id.in_(some)).values(assign_due_at=None))


def count_terms(conn: Connection, language: str, arrivals: Iterable[Iterable[str]]) -> None:
    """Count that each of some arrivals has terms of these distinct stems."""
    counts = Counter(term for terms_of_one in arrivals for term in {storable(term)[:200] for term in terms_of_one})
    if not counts:
        return
    statement = insert(conn, terms)
    counted = statement.on_conflict_do_update(
        index_elements=["language", "term"], set_={"n_articles": terms.c.n_articles + statement.excluded.n_articles}
    )
    conn.execute(counted, [{"language": language, "term": term, "n_articles": counts[term]} for term in sorted(counts)])


def _keep_lease(conn: Connection, article: Article, leased_until: datetime) -> None:
    counted = (
        update(language_statistics)
        .where(language_statistics.c.language == article.language, language_statistics.c.leased_until == leased_until)
        .values(n_articles=language_statistics.c.n_articles + 1, n_tries=0, last_arrival_no=article.arrival_no)
    )
    if conn.execute(counted).rowcount != 1:
        raise LeaseLostError(f"the assigner of language {article.language} overran its lease")


def _is_alone(conn: Connection, story_id: StoryId) -> bool:
    n_members = select(func.count()).select_from(story_members).where(story_members.c.story_id == story_id)
    return conn.execute(n_members).scalar_one() == 1


def _place_in_new(conn: Connection, member: NewMember, before: Standing | None, now: datetime) -> StoryId:
    article = member.article
    if before is not None:
        _move_anchor(conn, before.story_id, article.id)
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
    _save_membership(conn, story_id, member, now)
    log_story(conn, story_id, action="started", who=ASSIGNER, details={"article_id": article.id}, now=now)
    return story_id


def _extend_story(conn: Connection, story_id: StoryId, member: NewMember) -> None:
    """Until somebody describes it, a story is headed by its earliest report so far; a copy never heads one."""
    row = conn.execute(select(stories).where(stories.c.id == story_id)).mappings().one()
    article, is_copy = member.article, member.because == "copy"
    values: dict[str, Any] = {"last_seen_at": max(row["last_seen_at"], article.appeared_at)}
    if article.appeared_at < row["first_seen_at"]:
        values["first_seen_at"] = article.appeared_at
        is_headed = is_copy or row["representative_id"] is not None
        values |= {} if is_headed else {"title": article.title, "lead": lead(article.text, 2)}
    conn.execute(update(stories).where(stories.c.id == story_id).values(state="open", closed_at=None, **values))


def _save_membership(conn: Connection, story_id: StoryId, member: NewMember, now: datetime) -> None:
    values = {
        "story_id": story_id,
        "score": member.score,
        "because": member.because,
        "scheme": member.scheme,
        "assigned_at": now,
    }
    row = insert(conn, story_members).values(article_id=member.article.id, **values)
    conn.execute(row.on_conflict_do_update(index_elements=["article_id"], set_=values))


def _save_features(conn: Connection, member: NewMember, now: datetime) -> None:
    article = member.article
    row = insert(conn, features).values(
        article_id=article.id,
        scheme=member.features_scheme,
        arrival_no=article.arrival_no,
        language=article.language,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        family=article.family,
        follows_id=member.follows_id,
        body=member.features,
        assigned_at=now,
    )
    conn.execute(row)


# --- leaving a story -------------------------------------------------------------------------------------------------


def _move(conn: Connection, article: Article, left: StoryId, joined: StoryId, *, now: datetime) -> None:
    """An article that was in `left` is in `joined` now, which may be the same."""
    revision_no = select(func.max(revisions.c.revision_no)).where(revisions.c.article_id == article.id)
    what = {"article_id": article.id, "revision_no": conn.execute(revision_no).scalar_one()}
    if left == joined:
        renew_story(conn, left)
        log_story(conn, left, action="renewed", who=ASSIGNER, details=what, now=now)
        return
    log_story(conn, left, action="left", who=ASSIGNER, details={**what, "for": joined}, now=now)
    log_story(conn, joined, action="joined", who=ASSIGNER, details={**what, "from": left}, now=now)
    settle_left(conn, left, successor=joined, who=ASSIGNER, now=now)


def settle_left(conn: Connection, story_id: StoryId, *, successor: StoryId | None, who: str, now: datetime) -> bool:
    """After a member left a story: renew it, or let it go where nobody is left. Returns whether it is still there.

    An empty story redirects to its successor; without one its id leads nowhere any more, which its log says.
    """
    if renew_story(conn, story_id):
        return True
    if successor is None:
        gone = [story_id, *conn.execute(redirected(story_id)).scalars()]
        for one in gone:
            log_story(conn, one, action="erased", who=who, details={}, now=now)
    else:
        redirect(conn, story_id, successor, now)
        log_story(conn, story_id, action="merged", who=who, details={"into": successor}, now=now)
    conn.execute(delete(stories).where(stories.c.id == story_id))
    return False


def redirected(story_id: StoryId) -> Select[Any]:
    """The ids that lead to a story."""
    return select(story_redirects.c.old_id).where(story_redirects.c.story_id == story_id)


def redirect(conn: Connection, old_id: StoryId, story_id: StoryId, now: datetime) -> None:
    """The old id leads to the other story for ever, and whoever was told of the one was told of the other."""
    conn.execute(update(story_redirects).where(story_redirects.c.story_id == old_id).values(story_id=story_id))
    conn.execute(insert(conn, story_redirects).values(old_id=old_id, story_id=story_id, since_at=now))
    told = select(digest_items.c.digest_id).where(digest_items.c.story_id == story_id)
    first = and_(digest_items.c.story_id == old_id, digest_items.c.digest_id.not_in(told))
    conn.execute(update(digest_items).where(first).values(story_id=story_id))
    shown = digest_item_articles.c.story_id == old_id
    conn.execute(update(digest_item_articles).where(shown).values(story_id=story_id))


def renew_story(conn: Connection, story_id: StoryId) -> bool:
    """Derive headline, span and anchor of a story from its members; False when it has none.

    Headed by the article that stands for it; where that left, or is a copy now, by its earliest report until it is
    described anew; by its earliest copy where it has nothing else.
    Its gist was made of headlines that may be another story's now, or nobody's: it is made anew.
    """
    conn.execute(delete(story_gists).where(story_gists.c.story_id == story_id))
    names = ("id", "appeared_at", "url", "arrival_no")
    rows = (
        select(*(articles.c[name] for name in names), copies.c.article_id.is_not(None).label("is_copy"))
        .join(story_members, story_members.c.article_id == articles.c.id)
        .outerjoin(copies, copies.c.article_id == articles.c.id)
        .where(story_members.c.story_id == story_id)
    )
    members = conn.execute(rows).mappings().all()
    if not members:
        return False
    standing = conn.execute(select(stories.c.representative_id).where(stories.c.id == story_id)).scalar_one()
    kept = next((row for row in members if row["id"] == standing and not row["is_copy"]), None)
    head = kept or min(members, key=lambda row: (row["is_copy"], row["appeared_at"], row["url"]))
    title, body = conn.execute(select(articles.c.title, articles.c.text).where(articles.c.id == head["id"])).one()
    moments = [row["appeared_at"] for row in members]
    values = {"title": title, "lead": lead(body, 2), "first_seen_at": min(moments), "last_seen_at": max(moments)}
    if kept is None:
        values |= {"representative_id": None, "key_terms": None, "key_names": None}
    conn.execute(update(stories).where(stories.c.id == story_id).values(values))
    anchor = select(stories.c.anchor_article_id).where(stories.c.id == story_id)
    if conn.execute(anchor).scalar_one() not in {row["id"] for row in members}:
        earliest = min(members, key=lambda row: row["arrival_no"])["id"]
        conn.execute(update(stories).where(stories.c.id == story_id).values(anchor_article_id=earliest))
    return True


def _move_anchor(conn: Connection, story_id: StoryId, article_id: ArticleId) -> None:
    """The article is about to leave a story and to anchor another: the earliest arrived of the others stands in."""
    others = (
        select(story_members.c.article_id)
        .join(articles, articles.c.id == story_members.c.article_id)
        .where(story_members.c.story_id == story_id, story_members.c.article_id != article_id)
        .order_by(articles.c.arrival_no)
        .limit(1)
    )
    other = conn.execute(others).scalar_one_or_none()
    mine = and_(stories.c.id == story_id, stories.c.anchor_article_id == article_id)
    if other is not None:
        conn.execute(update(stories).where(mine).values(anchor_article_id=other))

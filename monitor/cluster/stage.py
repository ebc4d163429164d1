"""Puts articles into stories: one assigner per language takes them in arrival order, after their duplicates are known.

What the assigner keeps in memory follows from stored rows alone: features, statistics and memberships. So a restart, or
another worker, goes on with the same answers; `replay` proves it by deciding the whole stored order once more.

An article whose text became another one arrives again: it gets a new number, and at its new turn leaves its place and
is decided by its new features, among stories that it is no member of. So does one that lost its turn, because its text
took the language of stories that are past its number. One whose new text is in another language leaves the stories of
the old one at the same place of the order, so their assigner has to begin again from what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from monitor.app import App
from monitor.cluster.assign import SCHEME as STORIES
from monitor.cluster.assign import Assignment, Member, event_time
from monitor.cluster.features import SCHEME as FEATURES
from monitor.cluster.features import Features, features, is_other
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.errors import LeaseLostError
from monitor.store import articles, duplicates, memberships, stories
from monitor.store.arrivals import arrive_again
from monitor.store.engine import Connection, is_trouble
from monitor.store.memberships import Arrival, Standing
from monitor.types import Article, ArticleId, Progress, StoryId

log = structlog.get_logger()

BATCH = 50
LEASE_S = 120.0
"""How long one batch may take before another worker may go on with the language."""
FORGET_EVERY = timedelta(hours=12)


@dataclass(slots=True)
class Assigner:
    """What one language's assigner remembers, and the state of the database that it corresponds to."""

    index: StoryIndex
    last_arrival_no: int
    tidied_at: datetime


def run(app: App) -> Progress:
    """Assign a batch of one language; `next_at` tells when the lease of a lost assigner ends."""
    now = app.clock()
    with app.store.begin() as conn:
        claimed = stories.claim_language(conn, now=now, lease_s=LEASE_S)
        stories.close_quiet(conn, now - timedelta(days=app.settings.stories.quiet_days), now)
        if claimed is None:
            return Progress(next_at=stories.next_assign_at(conn, now))
    language, leased_until = claimed
    try:
        assigner = _assigner(app, language, now)
        progress = _assign_batch(app, assigner, language, leased_until)
    except BaseException:
        app.memory.pop(_key(language), None)  # it may know of members that were rolled back
        with app.store.begin() as conn:
            stories.release_language(conn, language, leased_until)
        raise
    return progress


def _key(language: str) -> str:
    return f"assigner:{language}"


def _assign_batch(app: App, assigner: Assigner, language: str, leased_until: datetime) -> Progress:
    """Assign up to the first article that fails: those behind it would be decided without it."""
    now = app.clock()
    n_done = n_failed = 0
    again: list[ArticleId] = []
    with app.store.begin() as conn:
        if stories.last_assigned_no(conn, language) != assigner.last_arrival_no:
            raise LeaseLostError(f"another worker assigned articles of language {language} meanwhile")
        ids = stories.load_unassigned(conn, language, BATCH)
        loaded = articles.load_articles(conn, ids)
        for article_id in ids:
            try:
                with conn.begin_nested():
                    is_decided = _assign(conn, assigner, loaded[article_id], leased_until=leased_until, now=now)
            except LeaseLostError:
                raise
            except Exception as error:
                if is_trouble(error):
                    raise
                app.memory.pop(_key(language), None)
                set_aside = stories.note_failure(conn, article_id, language)
                log.exception("assign.failed", article_id=article_id, set_aside=set_aside)
                n_failed = 1
                break
            n_done += 1
            if not is_decided:
                again.append(article_id)
        stories.release_language(conn, language, leased_until)
        arrive_again(conn, again, now)
    if assigner.index.statistics.n_halvings:
        app.memory.pop(_key(language), None)  # restored from what is left, it is rid of the words that were forgotten
    return Progress(n_done=n_done, n_failed=n_failed)


def _assign(conn: Connection, assigner: Assigner, article: Article, *, leased_until: datetime, now: datetime) -> bool:
    """Decide one article; False where it must arrive again for that."""
    member = member_of(article)
    standing = memberships.find_standing(conn, article.id, FEATURES)
    if standing is not None and _stays(standing, article, member):
        memberships.keep_member(conn, article, standing.story_id)
        return True
    if not _has_turn(conn, assigner, standing, article):
        return False
    assigner.index.remove(article.id)
    follows_id, original = _story_of_linked(conn, article)
    decision = assigner.index.assign(member, must_join=original)
    chosen = memberships.NewMember(
        article=article,
        story_id=decision.story_id,
        score=decision.score,
        because=decision.because,
        scheme=STORIES,
        features_scheme=FEATURES,
        features=member.features.to_bytes(),
        terms=frozenset(member.features.terms),
        follows_id=follows_id,
    )
    story_id = memberships.save_member(conn, chosen, leased_until=leased_until, now=now)
    if assigner.index.add(story_id, member):
        stories.halve_statistics(conn, article.language)
    assigner.last_arrival_no = _number(article)
    return True


def _stays(standing: Standing, article: Article, member: Member) -> bool:
    """Whether an article that is in a story tells of the same as when it was put there."""
    if standing.features is None or standing.language != article.language:
        return False
    return not is_other(Features.from_bytes(standing.features), member.features)


def _has_turn(conn: Connection, assigner: Assigner, standing: Standing | None, article: Article) -> bool:
    """Whether nothing behind it in the order was decided yet, also in another language whose stories it leaves."""
    if _number(article) <= assigner.last_arrival_no:
        return False
    if standing is None or standing.language == article.language:
        return True
    return stories.pass_over(conn, standing.language, _number(article))


def _assigner(app: App, language: str, now: datetime) -> Assigner:
    """The assigner in memory when nobody else worked on the language since, else one restored from stored rows.

    The lease keeps others away meanwhile, so this reads outside of the write transaction.
    """
    held: Assigner | None = app.memory.get(_key(language))
    with app.store.read() as conn:
        if held is None or held.last_arrival_no != stories.last_assigned_no(conn, language):
            held = app.memory[_key(language)] = _restore(conn, language, now)
    if now - held.tidied_at > FORGET_EVERY:
        held.index.forget(_horizon(held.index, now))
        held.tidied_at = now
    return held


def _restore(conn: Connection, language: str, now: datetime) -> Assigner:
    n_articles, counts = stories.load_statistics(conn, language)
    index = StoryIndex(language, Statistics(language, n_articles=n_articles, counts=counts))
    for row in memberships.load_members(conn, language, since=_horizon(index, now), scheme=FEATURES):
        if row.story_id is not None:
            index.restore(row.story_id, _stored_member(row))
    last_arrival_no = stories.last_assigned_no(conn, language)
    return Assigner(index=index, last_arrival_no=last_arrival_no, tidied_at=now)


def _stored_member(row: Arrival) -> Member:
    """An assigned article as it was when it was decided, whatever its text is today."""
    return Member(
        article_id=row.article_id,
        features=Features.from_bytes(row.features),
        event_at=event_time(row.published_at, row.first_seen_at),
        seen_at=row.first_seen_at,
        family=row.family,
    )


def _horizon(index: StoryIndex, now: datetime) -> datetime:
    # Twice the window: an article whose text took days to fetch still meets all that was young when it was first seen.
    return now - 2 * index.policy.window


def member_of(article: Article) -> Member:
    """A stored article as stories compare it."""
    return Member(
        article_id=article.id,
        features=features(article.title, article.text, article.language),
        event_at=event_time(article.published_at, article.first_seen_at),
        seen_at=article.first_seen_at,
        family=article.family,
    )


def _story_of_linked(conn: Connection, article: Article) -> tuple[ArticleId, StoryId] | tuple[None, None]:
    """The earliest arrived article that this one repeats or is repeated by, and its story."""
    linked = articles.load_articles(conn, duplicates.load_linked(conn, article.id)).values()
    in_stories = stories.find_story_of(conn, [other.id for other in linked], language=article.language)
    first = min((other for other in linked if other.id in in_stories), key=_number, default=None)
    return (None, None) if first is None else (first.id, in_stories[first.id])


def _number(article: Article) -> int:
    return article.arrival_no or 0


def replay(app: App, language: str) -> dict[ArticleId, int]:
    """Decide the stored order of a language's stories once more, from nothing; maps each article to a story number.

    From what the assigner knew then: the features and dates of each arrival, and whom it had to follow. Texts,
    languages and links may have changed since. Where articles were merged or erased their arrivals are missing.
    """
    index = StoryIndex(language, Statistics(language))
    placed: dict[ArticleId, StoryId] = {}
    n_stories = 0
    with app.store.read() as conn:
        arrivals = memberships.load_arrivals(conn, language, scheme=FEATURES)
    for row in arrivals:
        before = placed.pop(row.article_id, None)
        index.remove(row.article_id)
        if row.language != language:
            continue
        member = _stored_member(row)
        followed = None if row.follows_id is None else placed.get(row.follows_id)
        decision: Assignment = index.assign(member, must_join=followed)
        story_id = decision.story_id
        if story_id is None and before is not None and before not in placed.values():
            story_id = before  # alone there, and near to no other
        elif story_id is None:
            n_stories += 1
            story_id = StoryId(n_stories)
        placed[row.article_id] = story_id
        index.add(story_id, member)
    return dict(placed)

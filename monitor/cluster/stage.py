"""Puts articles into stories: one assigner per language takes them in arrival order, after their duplicates are known.

What the assigner keeps in memory follows from stored rows alone: features, statistics and memberships. So a restart, or
another worker, goes on with the same answers; `replay` proves it by deciding the whole stored order once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from monitor.app import App
from monitor.cluster.assign import SCHEME as STORIES
from monitor.cluster.assign import Assignment, Member, event_time
from monitor.cluster.features import SCHEME as FEATURES
from monitor.cluster.features import Features, features
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.errors import LeaseLostError
from monitor.store import articles, duplicates, stories
from monitor.store.engine import Connection, is_trouble
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
    n_articles: int
    tidied_at: datetime


def run(app: App) -> Progress:
    """Assign a batch of one language; `next_at` tells when the lease of a lost assigner ends."""
    now = app.clock()
    with app.store.begin() as conn:
        stories.close_quiet(conn, now - timedelta(days=app.settings.stories.quiet_days), now)
        claimed = stories.claim_language(conn, now=now, lease_s=LEASE_S)
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
    with app.store.begin() as conn:
        if stories.count_assigned(conn, language) != assigner.n_articles:
            raise LeaseLostError(f"another worker assigned articles of language {language} meanwhile")
        ids = stories.load_unassigned(conn, language, BATCH)
        loaded = articles.load_articles(conn, ids)
        for article_id in ids:
            try:
                with conn.begin_nested():
                    _assign(conn, assigner, loaded[article_id], leased_until=leased_until, now=now)
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
        stories.release_language(conn, language, leased_until)
    return Progress(n_done=n_done, n_failed=n_failed)


def _assign(conn: Connection, assigner: Assigner, article: Article, *, leased_until: datetime, now: datetime) -> None:
    member = member_of(article)
    original = _story_of_linked(conn, article)
    decision = assigner.index.assign(member, must_join=original)
    chosen = stories.NewMember(
        article=article,
        story_id=decision.story_id,
        score=decision.score,
        because=decision.because,
        scheme=STORIES,
        features_scheme=FEATURES,
        features=member.features.to_bytes(),
        terms=frozenset(member.features.terms),
    )
    story_id = stories.save_member(conn, chosen, leased_until=leased_until, now=now)
    assigner.index.add(story_id, member)
    assigner.n_articles += 1


def _assigner(app: App, language: str, now: datetime) -> Assigner:
    """The assigner in memory when nobody else worked on the language since, else one restored from stored rows.

    The lease keeps others away meanwhile, so this reads outside of the write transaction.
    """
    held: Assigner | None = app.memory.get(_key(language))
    with app.store.read() as conn:
        n_articles = stories.count_assigned(conn, language)
        if held is None or held.n_articles != n_articles:
            held = app.memory[_key(language)] = _restore(conn, language, now)
    if now - held.tidied_at > FORGET_EVERY:
        held.index.forget(_horizon(held.index, now))
        held.tidied_at = now
    return held


def _restore(conn: Connection, language: str, now: datetime) -> Assigner:
    n_articles, counts = stories.load_statistics(conn, language)
    index = StoryIndex(language, Statistics(language, n_articles=n_articles, counts=counts))
    for row in stories.load_members(conn, language, since=_horizon(index, now), scheme=FEATURES):
        index.restore(row.story_id, _stored_member(row))
    return Assigner(index=index, n_articles=n_articles, tidied_at=now)


def _stored_member(row: stories.MemberFeatures) -> Member:
    """An assigned article as it was when it was decided, whatever its text is today."""
    return Member(
        article_id=row.article_id,
        features=Features.from_bytes(row.features),
        event_at=event_time(row.published_at, row.first_seen_at),
        seen_at=row.first_seen_at,
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
    )


def _story_of_linked(conn: Connection, article: Article) -> StoryId | None:
    """The story of the earliest arrived article that this one repeats or is repeated by."""
    linked = articles.load_articles(conn, duplicates.load_linked(conn, article.id)).values()
    before = [other for other in linked if _number(other) < _number(article)]
    in_stories = stories.find_story_of(conn, [other.id for other in before], language=article.language)
    known = [other for other in before if other.id in in_stories]
    return in_stories[min(known, key=_number).id] if known else None


def _number(article: Article) -> int:
    return article.arrival_no or 0


def replay(app: App, language: str) -> dict[ArticleId, int]:
    """Decide the stored order of a language's stories once more, from nothing; maps each article to a story number.

    From what the assigner knew then: stored features, and the links that had been found. Texts, languages and links
    may have changed since.
    """
    index = StoryIndex(language, Statistics(language))
    placed: dict[ArticleId, StoryId] = {}
    with app.store.read() as conn:
        rows = stories.load_members(conn, language, since=None, scheme=FEATURES)
        order = {row.article_id: number for number, row in enumerate(rows)}
        for row in rows:
            member = _stored_member(row)
            linked = duplicates.load_linked(conn, row.article_id, found_by=row.assigned_at)
            before = [other for other in linked if other in placed]
            original = placed[min(before, key=order.__getitem__)] if before else None
            decision: Assignment = index.assign(member, must_join=original)
            story_id = decision.story_id if decision.story_id is not None else StoryId(len(placed) + 1)
            placed[row.article_id] = story_id
            index.add(story_id, member)
    return dict(placed)

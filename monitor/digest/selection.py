"""Which stories does a digest tell, in which order, and what of them is new to the reader?

A story is told when the subscription was not told of it yet, or when a new report has joined it since. A report is an
article that is neither a copy nor a rewrite of another: copies alone are no news. What was told is remembered by
article, so a story that was merged, split or moved since is not told twice under its new id.

Not a time filter: whatever was assigned lately and not yet told is taken, so neither a row that commits late nor a text
that took days to fetch is lost. In a subscription's first digest, which was told nothing yet, news first seen more than
`late_s` before the window is left alone: that keeps the archive out of it.

Refused: stories without a hit, for a subscription with watchlists; more than `max_stories`, the rest being counted.
The counts of a story are taken from its members here, by the rules of the view `v_stories`, never from stored figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.digest.windows import Window
from monitor.types import (
    ArticleId,
    Digest,
    DigestItem,
    Hit,
    Origin,
    Story,
    StoryId,
    StoryMember,
    Subscription,
    ToldStory,
    WatchlistId,
)

_PROMINENCE_ORDER = {"title": 0, "lead": 1, "body": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPolicy:
    """`late_s`: how long before a subscription's first window its news may have been first seen.

    `recency_step_s`: stories last seen within the same step count as equally recent, so that hits decide among them.
    """

    late_s: int = 24 * 3600
    recency_step_s: int = 6 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFigures:
    """The counts of a story: articles, distinct sources, independent voices, and articles that are copies."""

    n_articles: int
    n_publishers: int
    n_independent: int
    n_copies: int


def select(
    stories: Sequence[Story],
    *,
    told: Mapping[StoryId, ToldStory],
    hits_by_article: Mapping[ArticleId, Sequence[Hit]],
    subscription: Subscription,
    window: Window,
    watchlist_names: Mapping[WatchlistId, str],
    assigned: frozenset[ArticleId] | None = None,
    feed_problems: Sequence[str] = (),
    policy: SelectionPolicy = SelectionPolicy(),
) -> Digest:
    """The digest of one window. `stories` carry all their members; `told` all that this subscription was ever told.

    `watchlist_names` names the watchlist of each hit; hits of watchlists that the subscription does not name are left
    out, unless it names none: then all hits given are shown, and no story needs one. `assigned` are the articles that
    were put into their stories lately, the only ones that can be news; None in a subscription's first digest.
    """
    told_ids = frozenset[ArticleId]().union(*(story.article_ids for story in told.values()))
    wanted = {
        article_id: [hit for hit in hits if is_wanted(hit, subscription, watchlist_names)]
        for article_id, hits in hits_by_article.items()
    }
    earliest = window.start_at - timedelta(seconds=policy.late_s)
    recent = assigned
    if recent is None:
        seen = (member.id for story in stories for member in story.members if member.first_seen_at >= earliest)
        recent = frozenset(seen)
    items = []
    for story in stories:
        item = _item(story, is_told=story.id in told, told_ids=told_ids, hits_by_article=wanted)
        if _has_news(item, told_ids=told_ids, recent=recent) and (item.hits or not subscription.watchlists):
            items.append(item)
    items.sort(key=lambda item: _rank(item, window, policy))
    kept = tuple(items[: subscription.max_stories])
    return Digest(
        subscription=subscription,
        window_start=window.start_at,
        window_end=window.end_at,
        items=kept,
        n_left_out=len(items) - len(kept),
        feed_problems=tuple(feed_problems),
    )


def story_figures(members: Iterable[StoryMember]) -> StoryFigures:
    """The counts that the view `v_stories` shows for these members."""
    members = tuple(members)
    voices = {_voice(member) for member in members} - {None}
    return StoryFigures(
        n_articles=len(members),
        n_publishers=len({member.source for member in members}),
        # A story of copies and rewrites alone still had one report somewhere.
        n_independent=max(len(voices), 1),
        n_copies=sum(member.duplicate_of is not None for member in members),
    )


def _voice(member: StoryMember) -> tuple[str, str] | None:
    """Who speaks in an article, as the column `voice` of the views says; None for what adds nothing."""
    if member.release_id is not None:
        return "release", str(member.release_id)
    if not is_report(member):
        return None
    if member.origin is Origin.AGENCY and member.agency:
        return "agency", member.agency
    return member.family, member.origin


def is_report(member: StoryMember) -> bool:
    """Whether an article says something of its own: neither a copy nor a rewrite of another."""
    return member.duplicate_of is None and member.rewrite_of is None


def _item(
    story: Story,
    *,
    is_told: bool,
    told_ids: frozenset[ArticleId],
    hits_by_article: Mapping[ArticleId, Sequence[Hit]],
) -> DigestItem:
    figures = story_figures(story.members)
    member_ids = frozenset(member.id for member in story.members)
    new_ids = member_ids - told_ids
    return DigestItem(
        story=replace(
            story,
            n_articles=figures.n_articles,
            n_publishers=figures.n_publishers,
            n_independent=figures.n_independent,
            n_copies=figures.n_copies,
        ),
        is_update=is_told or new_ids != member_ids,
        n_new=len(new_ids),
        new_article_ids=new_ids,
        hits=_story_hits(story, hits_by_article),
    )


def _story_hits(story: Story, hits_by_article: Mapping[ArticleId, Sequence[Hit]]) -> tuple[Hit, ...]:
    """The most prominent hits first, otherwise in the order of the members."""
    hits = [hit for member in story.members for hit in hits_by_article.get(member.id, ())]
    return tuple(sorted(hits, key=lambda hit: _PROMINENCE_ORDER.get(hit.prominence, len(_PROMINENCE_ORDER))))


def is_wanted(hit: Hit, subscription: Subscription, watchlist_names: Mapping[WatchlistId, str]) -> bool:
    """Whether a hit is of a watchlist that the subscription names, or it names none."""
    return not subscription.watchlists or watchlist_names.get(hit.watchlist_id) in subscription.watchlists


def _has_news(item: DigestItem, *, told_ids: frozenset[ArticleId], recent: frozenset[ArticleId]) -> bool:
    """Whether a recent report was not told before."""
    new = [member for member in item.story.members if member.id in item.new_article_ids]
    reports = [member for member in new if is_report(member)]
    if not reports and not item.is_update:
        # All that this story has are copies; unless their original was told elsewhere, they are the news.
        reports = [member for member in new if not {member.duplicate_of, member.rewrite_of} & told_ids]
    return any(member.id in recent for member in reports)


def _rank(item: DigestItem, window: Window, policy: SelectionPolicy) -> tuple[float, ...]:
    """Smaller comes first: several publishers, independent voices, publishers, recency, articles hit."""
    story = item.story
    age_s = (window.end_at - story.last_seen_at).total_seconds()
    return (
        story.n_publishers <= 1,
        -story.n_independent,
        -story.n_publishers,
        age_s // policy.recency_step_s,
        -len({hit.article_id for hit in item.hits}),
        age_s,
        story.id,
    )

"""What does a stored digest tell when it is made again, after some of its articles were erased?

The stories and articles that its ledger still names, in their order, with the figures that were told then; titles,
sources and hits as they are stored today. A story none of whose articles are left is not told; what was left out of it
for want of space stays left out. Lines about troubled feeds are not kept, so they are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.digest.windows import Window
from monitor.types import ArticleId, Digest, DigestItem, Hit, Story, StoryId, StoryMember, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldItem:
    """What the ledger says of one story of a digest. `new_ids`: articles that no digest before had told."""

    story_id: StoryId
    is_update: bool
    n_articles: int
    n_publishers: int
    n_independent: int
    n_copies: int
    article_ids: frozenset[ArticleId]
    new_ids: frozenset[ArticleId]


def retell(
    told: Sequence[ToldItem],
    *,
    stories: Mapping[StoryId, Story],
    members: Mapping[ArticleId, StoryMember],
    hits_by_article: Mapping[ArticleId, Sequence[Hit]],
    subscription: Subscription,
    window: Window,
    n_left_out: int,
) -> Digest:
    """The digest of that window from what is left. `members` may be in other stories today, or missing."""
    items = [
        _item(one, stories[one.story_id], members, hits_by_article)
        for one in told
        if one.story_id in stories and any(article_id in members for article_id in one.article_ids)
    ]
    return Digest(
        subscription=subscription,
        window_start=window.start_at,
        window_end=window.end_at,
        items=tuple(items),
        n_left_out=n_left_out,
    )


def _item(
    told: ToldItem,
    story: Story,
    members: Mapping[ArticleId, StoryMember],
    hits_by_article: Mapping[ArticleId, Sequence[Hit]],
) -> DigestItem:
    shown = [members[article_id] for article_id in told.article_ids if article_id in members]
    shown.sort(key=lambda member: (member.first_seen_at, member.url))
    figures = ("n_articles", "n_publishers", "n_independent", "n_copies")
    new_ids = told.new_ids & {member.id for member in shown}
    return DigestItem(
        story=replace(story, members=tuple(shown), **{name: getattr(told, name) for name in figures}),
        is_update=told.is_update,
        n_new=len(new_ids),
        new_article_ids=new_ids,
        hits=tuple(hit for member in shown for hit in hits_by_article.get(member.id, ())),
    )

"""A digest that is made again tells what is left of it, with the figures of then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.digest.retelling import ToldItem, retell
from monitor.digest.windows import Window
from monitor.types import ArticleId, Digest, Hit, Origin, Story, StoryId, StoryMember, Subscription, SubscriptionId
from monitor.types import WatchlistId as Watchlist

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WINDOW = Window(start_at=NOW - timedelta(days=1), end_at=NOW)
READER = Subscription(id=SubscriptionId(1), name="daily", recipients=("a@x.example",), hour=8, zone="Etc/UTC")


def member(number: int) -> StoryMember:
    return StoryMember(
        id=ArticleId(number),
        title=f"Title {number}",
        source="A",
        family="A",
        url=f"https://a.example/{number}",
        language="en",
        published_at=None,
        first_seen_at=NOW - timedelta(hours=number),
        origin=Origin.OWN,
        agency=None,
    )


def story(number: int, *members: int) -> Story:
    return Story(
        id=StoryId(number),
        title=f"Story {number}",
        lead="",
        language="en",
        first_seen_at=NOW,
        last_seen_at=NOW,
        is_open=True,
        n_articles=99,
        n_publishers=99,
        n_independent=99,
        n_copies=99,
        members=tuple(map(member, members)),
    )


def told(story_id: int, *article_ids: int, new: tuple[int, ...] = ()) -> ToldItem:
    return ToldItem(
        story_id=StoryId(story_id),
        is_update=True,
        n_articles=5,
        n_publishers=4,
        n_independent=3,
        n_copies=1,
        article_ids=frozenset(map(ArticleId, article_ids)),
        new_ids=frozenset(map(ArticleId, new)),
    )


def again(*items: ToldItem, stories: tuple[Story, ...], left: tuple[int, ...]) -> Digest:
    hit = Hit(watchlist_id=Watchlist(1), article_id=ArticleId(2), terms=("a",), prominence="title", sentence="A.")
    return retell(
        items,
        stories={one.id: one for one in stories},
        members={ArticleId(number): member(number) for number in left},
        hits_by_article={ArticleId(2): [hit]},
        subscription=READER,
        window=WINDOW,
        n_left_out=2,
    )


def test_the_articles_that_are_left_are_told_earliest_first_with_the_figures_of_then() -> None:
    digest = again(told(1, 1, 2, 3, new=(1, 2)), stories=(story(1, 1, 2, 3, 4),), left=(2, 3, 4))
    (item,) = digest.items
    assert [one.id for one in item.story.members] == [3, 2]
    assert (item.story.n_articles, item.story.n_publishers, item.story.n_independent, item.story.n_copies) == (
        5,
        4,
        3,
        1,
    )
    assert (item.is_update, item.n_new, item.new_article_ids, [hit.article_id for hit in item.hits]) == (
        True,
        1,
        {2},
        [2],
    )
    assert (digest.window_start, digest.window_end, digest.n_left_out) == (WINDOW.start_at, WINDOW.end_at, 2)


def test_a_story_with_nothing_left_is_not_told_and_the_others_keep_their_order() -> None:
    items = (told(3, 30), told(1, 10), told(2, 20))
    digest = again(*items, stories=(story(1, 10), story(2, 20)), left=(10, 20, 30))
    assert [item.story.id for item in digest.items] == [1, 2]
    assert again(told(1, 10), stories=(story(1),), left=()).items == ()

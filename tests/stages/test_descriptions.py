"""What a story is known by as articles arrive: the report that stands for it, its headline, key terms and names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from monitor.cluster import stage as cluster
from monitor.store import correcting, stories
from monitor.store import tables as t
from monitor.store.correcting import Order
from monitor.store.engine import Store
from monitor.types import ArticleId, Story
from tests.stages.events import words_of
from tests.stages.told import app_of, assign, compare, places, tell, tell_all, tell_others
from tests.store.rows import NOW

COLUMNS = ("title", "lead", "representative_id", "key_terms", "key_names")


def story_of(store: Store, article_id: ArticleId) -> Story:
    with store.read() as conn:
        return stories.get_story(conn, places(store)[article_id])


def described(store: Store) -> dict[int, tuple[Any, ...]]:
    """What each story is known by, by its anchor."""
    with store.read() as conn:
        columns = (t.stories.c[name] for name in ("anchor_article_id", *COLUMNS))
        return {row[0]: tuple(row[1:]) for row in conn.execute(select(*columns))}


def test_another_report_stands_for_a_story_when_it_becomes_the_most_central_one(store: Store) -> None:
    tell_others(store)
    first = tell(store, ["ferry", "budget"], 0)
    assign(app_of(store))
    assert story_of(store, first).representative_id == first
    tell_all(store, [("ferry", number) for number in range(1, 7)])
    assign(app_of(store))
    story = story_of(store, first)
    head = next(one for one in story.members if one.id == story.representative_id)
    assert story.n_articles == 7
    assert head.id != first
    assert (story.title, story.lead) == (head.title, head.lead)
    own = words_of("ferry")
    assert len(story.key_terms) == 8
    assert {word.casefold() for word in story.key_terms} <= {word.casefold() for word in own}


def test_batches_and_restarts_between_them_give_the_same_descriptions(both_stores: tuple[Store, Store]) -> None:
    for store in both_stores:
        tell_others(store)
        tell_all(store, [(("ferry", "budget", "strike")[number % 3], number) for number in range(18)])
    once, often = both_stores
    assign(app_of(once))
    while cluster.run(app_of(often), batch=4).n_done:
        pass
    assert described(once) == described(often)
    assert all(one[2] is not None for one in described(once).values())


def test_a_copy_never_stands_for_a_story(store: Store) -> None:
    tell_others(store)
    told = [tell(store, "ferry", 1, host=host) for host in ("one", "two", "three")]
    told += [tell(store, "ferry", 2)]
    app = app_of(store)
    compare(app)
    assign(app)
    story = story_of(store, told[0])
    assert (story.n_articles, story.n_copies) == (4, 2)
    assert story.representative_id == told[0]


def test_a_story_that_lost_its_most_central_report_is_described_with_the_next_articles(store: Store) -> None:
    tell_others(store)
    told = tell_all(store, [("ferry", number) for number in range(5)])
    assign(app_of(store))
    story = story_of(store, told[0])
    assert story.representative_id is not None
    with store.begin() as conn:
        correcting.split_story(conn, story.id, [story.representative_id], Order(who="ann", because="seen", now=NOW))
    rest = story_of(store, next(one for one in told if one != story.representative_id))
    assert (rest.representative_id, rest.key_terms, rest.title) == (None, (), rest.members[0].title)
    tell(store, "strike", 1)
    assign(app_of(store))
    rest = story_of(store, rest.members[0].id)
    assert rest.representative_id in {one.id for one in rest.members}
    assert rest.key_terms


def test_open_stories_of_a_time_before_descriptions_are_described(store: Store) -> None:
    tell_others(store)
    told = tell(store, "ferry", 1)
    assign(app_of(store))
    expected = story_of(store, told)
    with store.begin() as conn:
        conn.execute(update(t.stories).values(representative_id=None, key_terms=None, key_names=None))
    tell(store, "strike", 2)
    assign(app_of(store))
    found = story_of(store, told)
    assert (found.representative_id, found.title) == (expected.representative_id, expected.title)
    assert found.key_terms

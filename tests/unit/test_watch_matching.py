from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.errors import QueryError
from monitor.types import Article, ArticleId, WatchlistId
from monitor.watch.matching import Watchlist, decide_hits, read_watchlist

ARTICLE = Article(
    id=ArticleId(7),
    url="https://news.example/1",
    title="Summit in Paris",
    text="Leaders met on Monday. They agreed on little. The peace talks go on in Geneva.",
    language="en",
    source="news.example",
    family="news.example",
    first_seen_at=datetime(2026, 1, 5, tzinfo=UTC),
    appeared_at=datetime(2026, 1, 5, tzinfo=UTC),
)


def watchlist(number: int, query: str) -> Watchlist:
    return read_watchlist(id=WatchlistId(number), name=f"list {number}", query=query)


def test_an_article_gives_one_hit_for_each_watchlist_it_satisfies_in_their_order() -> None:
    watchlists = [
        watchlist(1, "paris summit"),
        watchlist(2, "football"),
        watchlist(3, '"peace talks" OR ceasefire'),
        watchlist(4, "paris -monday"),
    ]
    hits = decide_hits(ARTICLE, watchlists)
    assert [hit.watchlist_id for hit in hits] == [1, 3]
    assert all(hit.article_id == 7 for hit in hits)
    assert [hit.prominence for hit in hits] == ["title", "body"]
    assert [hit.terms for hit in hits] == [("paris", "summit"), ("peace talks",)]
    assert [hit.sentence for hit in hits] == ["Summit in Paris", "The peace talks go on in Geneva."]


def test_a_watchlist_of_a_single_chinese_character_is_not_ruled_out() -> None:
    article = Article(
        id=ArticleId(8),
        url="https://news.example/2",
        title="他来到北京",
        text="",
        language="zh",
        source="news.example",
        family="news.example",
        first_seen_at=datetime(2026, 1, 5, tzinfo=UTC),
        appeared_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    assert len(decide_hits(article, [watchlist(1, "京")])) == 1


def test_no_watchlists_give_no_hits() -> None:
    assert decide_hits(ARTICLE, []) == []


def test_a_watchlist_with_a_broken_query_is_refused() -> None:
    with pytest.raises(QueryError):
        watchlist(1, "paris AND")

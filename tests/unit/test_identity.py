from __future__ import annotations

import pytest

from monitor.extract.identity import (
    candidate_urls,
    choose_canonical,
    decide_identity,
    is_detour,
    is_homepage,
    marked,
)
from monitor.types import ExtractedArticle, Origin, Reason

FEED = "https://feeds.e.example/rss"
NOTHING: dict[str, int] = {}


def test_a_link_is_known_by_its_canonical_url() -> None:
    found = decide_identity(
        guid="1",
        url="https://e.example/a?utm_source=rss",
        feed_url=FEED,
        by_guid=NOTHING,
        by_url={"https://e.example/a": 7},
    )
    assert (found.canonical_url, found.known) == ("https://e.example/a", 7)
    assert found.fetch_url == "https://e.example/a?utm_source=rss"


def test_a_guid_this_feed_used_before_wins_over_a_changed_link() -> None:
    found = decide_identity(
        guid="1", url="https://e.example/new", feed_url=FEED, by_guid={"1": 3}, by_url={"https://e.example/new": 7}
    )
    assert found.known == 3


def test_an_entry_without_a_link_is_known_by_feed_and_guid() -> None:
    found = decide_identity(guid="tag:1", url=None, feed_url=FEED, by_guid=NOTHING, by_url=NOTHING)
    other = decide_identity(guid="tag:2", url="javascript:alert(1)", feed_url=FEED, by_guid=NOTHING, by_url=NOTHING)
    assert found.canonical_url.startswith("urn:entry:e.example:")
    assert found.canonical_url != other.canonical_url
    assert found.fetch_url is None
    assert found.canonical_url == candidate_urls(guid="tag:1", url=None, feed_url=FEED)[0]


def test_links_of_an_aggregator_are_marked_and_not_fetched() -> None:
    url = "https://news.google.com/rss/articles/CBMiX?oc=5"
    found = decide_identity(guid="1", url=url, feed_url=FEED, by_guid=NOTHING, by_url=NOTHING)
    assert found.is_aggregator_link
    assert found.fetch_url is None


def test_a_link_as_given_finds_an_article_too() -> None:
    url = "https://e.example/a?utm_source=x"
    assert decide_identity(guid="1", url=url, feed_url=FEED, by_guid=NOTHING, by_url={url: 9}).known == 9


@pytest.mark.parametrize(
    ("final_url", "declared_url", "expected"),
    [
        ("https://e.example/r/1", None, "https://e.example/r/1"),
        ("https://e.example/a/full-title", None, "https://e.example/a/full-title"),
        ("https://e.example/a?x=1", "https://www.e.example/a", "https://www.e.example/a"),
        ("https://e.example/a", "https://other.example/a", "https://e.example/a"),
        ("https://e.example/a", "https://e.example/", "https://e.example/a"),
        ("https://e.example/a", "not a url", "https://e.example/a"),
        ("https://e.example/", "https://e.example/", "https://e.example/r/1"),
        ("https://consent.yahoo.com/v2/collectConsent", None, "https://e.example/r/1"),
        ("https://partner.example/a", None, "https://partner.example/a"),
    ],
)
def test_the_canonical_url_after_the_fetch(final_url: str, declared_url: str | None, expected: str) -> None:
    assert (
        choose_canonical(asked_url="https://e.example/r/1", final_url=final_url, declared_url=declared_url) == expected
    )


def test_a_key_that_is_no_url_stays() -> None:
    urn = "urn:entry:e.example:abc"
    assert choose_canonical(asked_url=urn, final_url=urn, declared_url=None) == urn


def test_words_are_no_homepages() -> None:
    assert [is_homepage(f"https://e.example{path}") for path in ("", "/", "/index.html", "/en/", "/de-at")] == [
        True
    ] * 5
    paths = ("/election-night", "/opinion/brexit", "/?p=12", "/sport", "/index.php?id=3")
    assert [is_homepage(f"https://e.example{path}") for path in paths] == [False] * 5


def test_a_redirect_to_a_homepage_or_an_aggregator_is_a_detour() -> None:
    asked = "https://e.example/a"
    assert is_detour(asked, "https://e.example/")
    assert is_detour(asked, "https://consent.yahoo.com/v2/collectConsent")
    assert not is_detour(asked, "https://e.example/news/a")
    assert not is_detour("https://e.example/", "https://www.e.example/")
    assert not is_detour("urn:entry:e.example:abc", "https://e.example/")


def test_the_ladder_goes_from_the_guid_over_what_is_alike_to_the_url_and_tells_all_it_met() -> None:
    url = "https://e.example/a"

    def found(by_guid: dict[str, int], alike: list[int], by_url: dict[str, int]) -> tuple[int | None, tuple[int, ...]]:
        one = decide_identity(guid="1", url=url, feed_url=FEED, by_guid=by_guid, by_url=by_url, alike=alike)
        return one.known, one.also

    assert found({"1": 1}, [2, 3], {url: 4}) == (1, (2, 3, 4))
    assert found({}, [2], {url: 2}) == (2, ())
    assert found({}, [], {url: 4, "http://e.example/a": 5}) == (4, (5,))
    assert found({}, [], {}) == (None, ())


def test_a_homepage_is_no_link_of_an_article() -> None:
    found = decide_identity(guid="ep-100", url="https://e.example/", feed_url=FEED, by_guid=NOTHING, by_url=NOTHING)
    assert found.canonical_url.startswith("urn:entry:e.example:")
    assert found.fetch_url is None


def test_a_guid_that_says_too_little_names_nothing_outside_of_its_feed() -> None:
    one, other = "https://e.example/one.xml", "https://e.example/two.xml"
    assert candidate_urls(guid="1", url=None, feed_url=one) != candidate_urls(guid="1", url=None, feed_url=other)
    tag = "tag:e.example,2026:bridge"
    assert candidate_urls(guid=tag, url=None, feed_url=one) == candidate_urls(guid=tag, url=None, feed_url=other)


def test_a_copy_in_a_cache_is_fetched_from_its_publisher() -> None:
    url = "https://www.google.com/amp/s/e.example/a?usqp=mq331"
    found = decide_identity(guid="1", url=url, feed_url=FEED, by_guid=NOTHING, by_url=NOTHING)
    assert (found.canonical_url, found.is_aggregator_link) == ("https://e.example/a", False)
    assert found.fetch_url == "https://e.example/a?usqp=mq331"


@pytest.mark.parametrize(
    ("declared_url", "publishers", "expected"),
    [
        ("https://www.paper.example/a", {}, "https://amp.paper-cdn.example/a"),
        ("https://www.paper.example/a", {"www.paper.example": "1"}, "https://amp.paper-cdn.example/a"),
        (
            "https://www.paper.example/a",
            {"www.paper.example": "1", "amp.paper-cdn.example": "1"},
            "https://www.paper.example/a",
        ),
        (
            "https://www.paper.example/a",
            {"www.paper.example": "1", "amp.paper-cdn.example": "2"},
            "https://amp.paper-cdn.example/a",
        ),
        ("https://www.paper-cdn.example/a", {"amp.paper-cdn.example": "2"}, "https://www.paper-cdn.example/a"),
    ],
)
def test_a_declared_url_counts_within_one_publisher(
    declared_url: str, publishers: dict[str, str], expected: str
) -> None:
    amp = "https://amp.paper-cdn.example/a"
    assert choose_canonical(asked_url=amp, final_url=amp, declared_url=declared_url, publishers=publishers) == expected


def test_what_a_feed_says_of_an_aggregators_link_is_the_aggregators() -> None:
    article = ExtractedArticle(title="A", text="A text.", language="en", n_words=2)
    link = "https://news.google.com/rss/articles/CBMiX?oc=5"
    assert marked(article, link) != article
    assert getattr(marked(article, link), "origin", None) is Origin.AGGREGATOR
    assert marked(article, "https://e.example/a") == article
    assert marked(Reason.EMPTY, link) is Reason.EMPTY

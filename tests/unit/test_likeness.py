from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.likeness import entry_keys, guid_alias, is_other_article, is_same_article

AT = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    guid: str = "tag:a.example,2026:bridge"
    url: str | None = "https://a.example/bridge"
    title: str = "Old bridge closed for a year"
    published_at: datetime | None = AT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/2026/bridge", "https://a.example/2026/bridge"),
        ("https://a.example/2026/bridge", "https://www.a.example/2026/bridge/"),
        ("https://old.example/2026/bridge", "https://new.example/2026/bridge"),
        ("https://a.example/news/c4ng8wy1x2go#0", "https://a.example/news/c4ng8wy1x2go#12"),
        ("https://a.example/news/c4ng8wy1x2go#1", "https://a.example/news/c4ng8wy1x2go"),
        ("tag:a.example,2026:1234#0", "tag:a.example,2026:1234#1"),
        ("https://a.example/bridge-shut-1234567.html", "https://a.example/bridge-closed-1234567.html"),
        ("https://a.example/x#0", "https://a.example/x#1"),
    ],
)
def test_guids_of_one_article_have_one_alias(one: str, other: str) -> None:
    assert guid_alias(one) == guid_alias(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/2026/bridge", "https://a.example/2026/ferry"),
        ("https://a.example/2026/Bridge", "https://a.example/2026/bridge"),
        ("https://a.example/log#monday", "https://a.example/log#tuesday"),
        ("https://a.example/article.php?sid=101", "https://a.example/article.php?sid=202"),
        ("https://a.example/20260301-bridge", "https://a.example/20260301-ferry"),
        ("https://a.example/gallery-1234567-1", "https://a.example/gallery-1234567-2"),
        ("https://a.example/1234567-bridge", "https://a.example/sport/1234567-bridge"),
    ],
)
def test_guids_that_may_be_two_articles_have_two_aliases(one: str, other: str) -> None:
    assert guid_alias(one) != guid_alias(other)


@pytest.mark.parametrize("guid", ["", "1", "12345", "https://a.example/", "https://a.example", "a b", "/", "#1"])
def test_a_guid_that_says_too_little_has_no_alias(guid: str) -> None:
    assert guid_alias(guid) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_guid_title_and_link_can_be_compared(one: str, other: str) -> None:
    left, right = Told(guid=one, url=other, title=one), Told(guid=other, url=one or None, title=other)
    for pair in ((left, right), (right, left)):
        assert is_other_article(*pair) in {True, False}
    assert is_same_article(left, right) == is_same_article(right, left)
    assert entry_keys(left) == entry_keys(left)
    assert not is_other_article(left, left)


def test_title_and_date_are_a_key_only_together_and_only_where_the_title_says_enough() -> None:
    key = entry_keys(Told()).title_key
    assert key is not None
    assert entry_keys(Told(title="OLD BRIDGE, closed for a Year!")).title_key == key
    assert entry_keys(Told(published_at=AT + timedelta(seconds=1))).title_key != key
    assert entry_keys(Told(published_at=None)).title_key is None
    assert entry_keys(Told(title="Corrections")).title_key is None
    assert entry_keys(Told(title="旧桥将关闭一年")).title_key is not None


POOR, RICH = "1", "tag:a.example,2026:headline"


@pytest.mark.parametrize(
    ("guid", "url", "title", "at", "is_other"),
    [
        # a guid that says something, and is believed
        (RICH, "https://a.example/bridge", "Something else", AT + 9 * DAY, False),
        (RICH, "https://www.a.example/bridge/?utm_source=x", "Something else", AT + 9 * DAY, False),
        (RICH, "https://a.example/ferry", "Old bridge closed for two years", AT + timedelta(hours=3), False),
        (RICH, "https://a.example/ferry", "Ferry instead", AT, False),
        (RICH, None, "Old bridge is closed", AT + 9 * DAY, False),
        # unless all speaks against it
        (RICH, "https://a.example/ferry", "Ferry instead", AT + timedelta(hours=3), True),
        (RICH, "https://a.example/ferry", "Old bridge closed for a year", AT + 9 * DAY, True),
        (RICH, "https://a.example/ferry", "Ferry instead", None, True),
        # one that says too little, and is not
        (POOR, "https://a.example/bridge", "Something else", AT + 9 * DAY, False),
        (POOR, "https://a.example/ferry", "Old bridge closed for a year", AT, True),
        (POOR, None, "Ferry instead", AT, True),
        (POOR, None, "Old bridge closed for a year", AT, False),
    ],
)
def test_a_guid_is_believed_unless_all_speaks_against_it(
    guid: str, url: str | None, title: str, at: datetime | None, is_other: bool
) -> None:
    old, new = Told(guid=guid), Told(guid=guid, url=url, title=title, published_at=at)
    assert is_other_article(old, new) is is_other
    assert is_other_article(new, old) is is_other


def test_midnight_is_no_moment_that_two_articles_cannot_share() -> None:
    midnight = AT.replace(hour=0, minute=0)
    old = Told(published_at=midnight)
    assert is_other_article(old, Told(url="https://a.example/ferry", title="Ferry instead", published_at=midnight))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (None, None, True),
        ("https://a.example/a?v=MDk0MjJDVVI3cWZZdVptRnk", "https://a.example/a?v=MTkzNTBGckNVUjdxZlp1Wm1", True),
        ("https://a.example/a?token=1a2b3c4d5e6f", "https://a.example/a?token=9f8e7d6c5b4a", True),
        ("https://a.example/a;s=1a2b3c4d5e6f/b", "https://a.example/a;s=9f8e7d6c5b4a/b", False),
        ("https://a.example/1a2b3c4d5e6f/b", "https://a.example/9f8e7d6c5b4a/b", True),
        ("https://a.example/bridge", None, False),
        ("https://a.example/a?id=101", "https://a.example/a?id=202", False),
        ("https://a.example/a?id=1234567890", "https://a.example/a?id=1234567891", False),
        ("https://a.example/notice-2026-one", "https://a.example/notice-2026-two", False),
        ("https://a.example/council-meets", "https://a.example/council-votes", False),
        ("https://a.example/a?v=MDk0MjJDVVI3cWZZdVptRnk", "https://b.example/a?v=MTkzNTBGckNVUjdxZlp1Wm1", False),
        ("https://a.example/a?v=MDk0MjJDVVI3cWZZdVptRnk", "https://a.example/b?v=MTkzNTBGckNVUjdxZlp1Wm1", False),
        ("https://a.example/a?v=MDk0MjJDVVI3cWZZdVptRnk", "https://a.example/a?w=MTkzNTBGckNVUjdxZlp1Wm1", False),
    ],
)
def test_title_and_date_make_one_article_only_of_links_that_are_signed_or_missing(
    one: str | None, other: str | None, is_same: bool
) -> None:
    assert is_same_article(Told(url=one), Told(url=other)) is is_same

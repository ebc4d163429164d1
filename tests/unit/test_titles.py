"""What an article is called after a later look at its page."""

from __future__ import annotations

import pytest

from monitor.extract.titles import headline_of, title_after_look, title_by_other_rules
from monitor.types import ExtractedArticle, KnownTitles

KNOWN = KnownTitles(feed="Bridge closed", page="The old bridge is closed", earlier=("Bridge closed",))


def found(feed: str = "", page: str = "", begin: str = "It begins so") -> ExtractedArticle:
    return ExtractedArticle(title=feed or page or begin, text="A text.", feed_title=feed, page_title=page)


@pytest.mark.parametrize(
    ("feed", "page", "title"),
    [
        ("Bridge closed", "The old bridge is closed", "Bridge closed"),
        ("Bridge closed", "“The old bridge” is closed!", "Bridge closed"),
        ("Bridge open", "The old bridge is closed", "Bridge open"),
        ("Bridge closed", "The old bridge is open again", "The old bridge is open again"),
        ("Bridge open", "The old bridge is open again", "Bridge open"),
        ("Bridge closed", "", "Bridge closed"),
        ("", "The old bridge is closed", "Bridge closed"),
        ("", "", "Bridge closed"),
    ],
)
def test_a_title_follows_feed_or_page_where_either_calls_it_otherwise_than_before(
    feed: str, page: str, title: str
) -> None:
    assert title_after_look("Bridge closed", KNOWN, found(feed, page)) == title


def test_a_headline_that_was_taken_up_stays_while_the_feed_keeps_the_old_one() -> None:
    known = KnownTitles(feed="Bridge closed", page="It is open", earlier=("Bridge closed", "It is open"))
    assert title_after_look("It is open", known, found("Bridge closed", "It is open")) == "It is open"
    assert title_after_look("It is open", known, found("Bridge is free", "It is open")) == "Bridge is free"


def test_what_the_page_calls_an_article_of_before_is_learned_silently() -> None:
    assert title_after_look("Bridge closed", KnownTitles(), found("Bridge closed", "Any other")) == "Bridge closed"


def test_an_article_of_before_still_follows_whoever_gave_its_title() -> None:
    assert title_after_look("Bridge closed", KnownTitles(), found("Bridge open", "Any other")) == "Bridge open"
    assert title_after_look("Bridge closed", KnownTitles(), found("", "Bridge open")) == "Bridge open"


def test_a_text_that_nobody_names_is_called_by_its_beginning() -> None:
    assert title_after_look("It began so", KnownTitles(), found(begin="It begins so")) == "It begins so"


def test_headlines_that_take_turns_are_taken_up_twice_each_and_a_new_one_still_counts() -> None:
    title, known, taken = "A is one", KnownTitles(feed="Of the feed", page="A is one", earlier=("A is one",)), []
    for page in ("B is two", "A is one") * 5:
        after = title_after_look(title, known, found("Of the feed", page))
        if after != title:
            taken.append(after)
        title, known = after, KnownTitles(feed=known.feed, page=page, earlier=("A is one", *taken))
    assert taken == ["B is two", "A is one", "B is two"]
    assert title_after_look(title, known, found("Of the feed", "C is three")) == "C is three"


@pytest.mark.parametrize(
    ("title", "feed", "page", "after"),
    [
        ("Bridge closed", "Bridge closed", "By today's rules", "Bridge closed"),
        ("The old bridge is closed", "Bridge closed", "By today's rules", "By today's rules"),
        ("The old bridge is closed", "Bridge open", "By today's rules", "Bridge open"),
        ("Any other", "Bridge closed", "By today's rules", "Any other"),
    ],
)
def test_a_page_read_by_other_rules_changes_a_title_only_where_it_came_from_the_page(
    title: str, feed: str, page: str, after: str
) -> None:
    assert title_by_other_rules(title, KNOWN, found(feed, page)) == after


def test_an_article_of_before_read_by_other_rules_is_called_as_if_it_were_new() -> None:
    assert title_by_other_rules("Bridge - Paper", KnownTitles(), found("", "Bridge")) == "Bridge"


def test_a_headline_is_cleaned_of_the_name_of_its_site() -> None:
    names = ("The Northern Post",)
    titles = ("The Northern Post", "Summit opens | The Northern Post")
    assert headline_of(titles, heading="", site_names=names, url="https://post.example/1") == "Summit opens"

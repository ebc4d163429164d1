from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.links import (
    MAX_ANCHORS,
    MAX_DECLARED,
    PageLinks,
    platform_feeds,
    read_links,
    sitemaps_of,
    well_known,
)

URL = "https://a.example/blog/post"


def page(head: str = "", body: str = "") -> PageLinks:
    return read_links(f"<html><head>{head}</head><body>{body}</body></html>".encode(), URL)


def declared(head: str) -> list[str]:
    return [link.url for link in page(head).declared]


def anchors(body: str) -> list[str]:
    return [link.url for link in page(body=body).anchors]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "Application/RSS+XML; charset=utf-8",
        "text/xml",
    ],
)
def test_link_elements_of_every_feed_type_are_taken(media_type: str) -> None:
    head = f'<link rel="alternate home" type="{media_type}" href="/f" title=" The  Post ">'
    (link,) = page(head).declared
    assert (link.url, link.title) == ("https://a.example/f", "The Post")


@pytest.mark.parametrize(
    "element",
    [
        '<link rel="stylesheet" type="application/rss+xml" href="/f">',
        '<link rel="alternate" type="text/html" hreflang="fr" href="/fr">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed?url=x">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="http://[::1">',
    ],
)
def test_other_link_elements_are_no_feeds(element: str) -> None:
    assert declared(element) == []


def test_feeds_of_comments_come_last_and_none_twice() -> None:
    feed = '<link rel="alternate" type="application/rss+xml" href="{}">'
    assert declared("".join(feed.format(url) for url in ("/comments/feed/", "/feed/", "/feed/#top", "/b"))) == [
        "https://a.example/feed/",
        "https://a.example/b",
        "https://a.example/comments/feed/",
    ]


def test_links_are_taken_from_the_base_that_the_page_states() -> None:
    head = '<base href="https://b.example/x/"><link rel=alternate type="application/rss+xml" href="f">'
    assert declared(head) == ["https://b.example/x/f"]


@pytest.mark.parametrize("written", ["feed:https://a.example/f", "feed://a.example/f", " /f "])
def test_what_pages_write_for_an_address_is_read(written: str) -> None:
    assert declared(f'<link rel=feed href="{written}">') == ["https://a.example/f"]


def test_anchors_that_look_like_feeds_are_taken_and_others_are_not() -> None:
    feeds = ["/rss", "/news/feed/", "/index.xml", "/?feed=rss2", "/atom.php", "/a.rdf", "/rss2/politics"]
    others = ["/newsfeed-about-us", "/sitemap.xml", "/feedback", "mailto:rss@a.example", "/atomic-power"]
    others += ["https://feedly.com/i/subscription/feed/https://a.example/rss", "/xmlrpc.php"]
    body = "".join(f'<a href="{url}">x</a>' for url in feeds + others)
    assert anchors(body) == [f"https://a.example{url}" for url in feeds]


def test_the_canonical_address_and_wordpress_are_told() -> None:
    told = page('<link rel="Canonical" href="/main"><script src="/wp-content/x.js"></script>')
    assert (told.canonical_url, told.is_wordpress) == ("https://a.example/main", True)
    assert (page().canonical_url, page().is_wordpress) == (None, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\xfe",
        b"<" * 100_000,
        b"<a href=/rss>" * 200_000,
        b"<link rel=alternate type=application/rss+xml href=/f" * 50_000,
        b'<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><html title="&b;">',
        b"<html>" + b"<div>" * 50_000,
    ],
)
def test_hostile_pages_are_read_without_harm(body: bytes) -> None:
    told = read_links(body, URL)
    assert len(told.declared) <= MAX_DECLARED
    assert len(told.anchors) <= MAX_ANCHORS


def test_entities_that_a_page_declares_are_not_expanded() -> None:
    body = (
        b'<!DOCTYPE html [<!ENTITY f "/secret"><!ENTITY x SYSTEM "file:///etc/passwd">]><html><head>'
        b'<link rel=alternate type=application/rss+xml href="/&f;" title="&x;"></head></html>'
    )
    (link,) = read_links(body, URL).declared
    assert "secret" not in link.url
    assert "root" not in link.title


def test_of_a_large_page_the_beginning_is_read() -> None:
    head = b"<html><head><link rel=alternate type=application/rss+xml href=/f></head><body>"
    assert [one.url for one in read_links(head + "é".encode() * 600_000, URL).declared] == ["https://a.example/f"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read(body: bytes) -> None:
    assert isinstance(read_links(body, URL), PageLinks)


def test_sitemaps_that_may_hold_news_are_taken_from_robots_txt() -> None:
    robots = (
        "User-agent: *\r\nDisallow: /x\r\nsitemap : https://a.example/news-sitemap.xml # news\r\n"
        "Sitemap: /sitemap.xml\nSitemap: https://b.example/google_news.xml\nSitemap: javascript:news\n"
        "Sitemap: https://a.example/news-sitemap.xml\nNotsitemap: https://a.example/news\n"
    )
    assert sitemaps_of(robots.encode(), "https://a.example/robots.txt") == (
        "https://a.example/news-sitemap.xml",
        "https://b.example/google_news.xml",
    )
    assert sitemaps_of(b"\xff\x00" * 400_000, "https://a.example/robots.txt") == ()


def test_well_known_places_are_tried_best_first_at_the_root_and_in_the_folder() -> None:
    assert well_known("https://a.example/blog/post", is_wordpress=False)[:3] == (
        "https://a.example/feed/",
        "https://a.example/blog/feed/",
        "https://a.example/rss.xml",
    )
    assert well_known("https://a.example/blog/", is_wordpress=False)[0] == "https://a.example/blog/feed/"
    at_root = well_known("https://a.example/", is_wordpress=False)
    assert len(at_root) == len(set(at_root)) == 12
    assert well_known("https://a.example/", is_wordpress=True)[:2] == (
        "https://a.example/feed/",
        "https://a.example/feed/atom/",
    )


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("https://www.youtube.com/channel/UCx_1", "https://www.youtube.com/feeds/videos.xml?channel_id=UCx_1"),
        ("https://m.youtube.com/user/bbc", "https://www.youtube.com/feeds/videos.xml?user=bbc"),
        ("https://youtube.com/playlist?list=PL1&x=2", "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1"),
        ("https://github.com/a/b.git", "https://github.com/a/b/releases.atom"),
        ("https://github.com/a/b/tree/main", "https://github.com/a/b/releases.atom"),
        ("https://old.reddit.com/r/news/top", "https://www.reddit.com/r/news/.rss"),
        ("https://medium.com/@ann", "https://medium.com/feed/@ann"),
        ("https://social.example/@ann", "https://social.example/@ann.rss"),
    ],
)
def test_platforms_tell_their_feeds_without_a_request(url: str, feed: str) -> None:
    assert platform_feeds(url)[0].url == feed


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/@bbc",
        "https://www.youtube.com/watch?v=1",
        "https://github.com/a",
        "https://github.com/",
        "https://www.reddit.com/r/news/.rss",
        "https://a.example/news/politics",
        "https://social.example/@ann/123",
    ],
)
def test_other_addresses_are_no_platforms(url: str) -> None:
    assert platform_feeds(url) == ()

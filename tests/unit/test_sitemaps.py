from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.fetch.entries import MAX_ENTRIES
from monitor.fetch.parsing import parse_feed
from monitor.fetch.sitemaps import MAX_CHILDREN, merged
from monitor.types import Media, ParsedEntry, ParsedFeed, Reason

URL = "https://news.example/sitemap.xml"
NAMES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
NEWS = (
    "<news:news><news:publication><news:name>The Post</news:name><news:language>en</news:language></news:publication>"
    "<news:publication_date>2026-01-05T11:00:00+01:00</news:publication_date>"
    "<news:title>Talks &amp;amp; tears</news:title>"
    "<news:keywords>World, EU</news:keywords></news:news>"
)


def urlset(*urls: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><!-- made --><urlset {NAMES}>{"".join(urls)}</urlset>'.encode()


def index(*children: str) -> bytes:
    return f"<sitemapindex {NAMES}>{''.join(children)}</sitemapindex>".encode()


def child(address: str, lastmod: str = "") -> str:
    return f"<sitemap><loc>{address}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</sitemap>"


def parsed(body: bytes) -> ParsedFeed:
    feed = parse_feed(body, url=URL, content_type="text/xml")
    assert isinstance(feed, ParsedFeed)
    return feed


def test_a_news_sitemap_is_read() -> None:
    picture = "<image:image><image:loc>/a.jpg</image:loc><image:title>A view</image:title></image:image>"
    feed = parsed(urlset(f"<url><loc>/1</loc><lastmod>2026-01-06</lastmod>{NEWS}{picture}</url>"))
    assert (feed.format, feed.title, feed.language, feed.problems) == ("newssitemap", "The Post", "en", ())
    (entry,) = feed.entries
    assert (entry.guid, entry.url) == ("/1", "https://news.example/1")
    assert (entry.title, entry.tags) == ("Talks & tears", ("World", "EU"))
    assert entry.published_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 1, 6, tzinfo=UTC)
    assert entry.media == (Media(url="https://news.example/a.jpg", media_type="image/*", title="A view"),)


def test_addresses_without_news_tags_are_left_out() -> None:
    feed = parsed(urlset("<url><loc>/about</loc></url>", f"<url><loc>/1</loc>{NEWS}</url>"))
    assert [entry.url for entry in feed.entries] == ["https://news.example/1"]


@pytest.mark.parametrize("body", [urlset("<url><loc>/about</loc></url>"), urlset(), index(), b"<urlset"])
def test_a_sitemap_without_news_is_not_a_feed(body: bytes) -> None:
    assert parse_feed(body, url=URL, content_type="text/xml") is Reason.NOT_A_FEED


def test_a_sitemap_that_declares_entities_is_refused() -> None:
    body = b'<!DOCTYPE urlset [<!ENTITY a "b">]>' + urlset(f"<url><loc>/1</loc>{NEWS}</url>").partition(b"-->")[2]
    assert parse_feed(body, url=URL, content_type=None) is Reason.ENTITIES


def test_a_malformed_sitemap_gives_what_can_be_read_and_says_so() -> None:
    body = urlset(f"<url><loc>/1?a=1&b=2</loc>{NEWS}</url>", f"<url><loc>/2</loc>{NEWS}")[: -len("</urlset>")]
    feed = parsed(body)
    assert [entry.url for entry in feed.entries][-1] == "https://news.example/2"
    assert feed.problems[0].startswith("not well-formed: ")


def test_only_the_first_entries_of_a_huge_sitemap_are_read() -> None:
    feed = parsed(urlset(*[f"<url><loc>/{number}</loc>{NEWS}</url>" for number in range(MAX_ENTRIES + 2)]))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.problems == (f"{MAX_ENTRIES + 2} entries, only the first {MAX_ENTRIES} were read",)


def test_an_index_names_its_news_the_last_changed_first() -> None:
    feed = parsed(
        index(
            child("/pages.xml", "2026-01-09"),
            child("/news-1.xml", "2026-01-05"),
            child("/NEWS-2.xml", "2026-01-06T10:00:00Z"),
            child("/news-3.xml"),
            child("/news-4.xml", "2026-01-04"),
            child("ftp://x/news.xml", "2026-01-03"),
        )
    )
    assert (feed.format, feed.entries) == ("sitemapindex", ())
    assert feed.children == tuple(f"https://news.example/{name}.xml" for name in ("NEWS-2", "news-1", "news-4"))


def test_an_index_of_a_newspaper_whose_children_say_nothing_names_the_last_changed() -> None:
    feed = parsed(index(*[child(f"https://news.example/{number}.xml", f"2026-01-0{number}") for number in range(1, 6)]))
    assert feed.children == tuple(f"https://news.example/{number}.xml" for number in (5, 4, 3))
    assert len(feed.children) == MAX_CHILDREN


def test_how_many_children_an_index_names_may_be_said() -> None:
    body = index(*[child(f"/news{number}.xml") for number in range(9)])
    feed = parse_feed(body, url=URL, content_type=None, max_children=5)
    assert isinstance(feed, ParsedFeed)
    assert len(feed.children) == 5


def test_the_children_of_an_index_make_one_feed() -> None:
    whole = parsed(index(child("/news1.xml"), child("/news2.xml")))
    first, second = (
        parsed(urlset(*[f"<url><loc>/{number}</loc>{NEWS}</url>" for number in numbers]))
        for numbers in ((1, 2), (2, 3))
    )
    feed = merged(whole, [first, second, whole])
    assert [entry.url for entry in feed.entries] == [f"https://news.example/{number}" for number in (1, 2, 3)]
    assert (feed.format, feed.title, feed.language) == ("sitemapindex", "The Post", None)
    assert feed.problems == ("1 sitemaps of the index are indexes themselves",)
    assert merged(whole, [first, second]).language == "en"


def test_no_more_entries_are_merged_than_one_feed_may_have() -> None:
    whole = parsed(index(child("/news1.xml")))
    many = replace(
        whole, children=(), entries=tuple(ParsedEntry(guid=str(n), url=None, title="") for n in range(MAX_ENTRIES))
    )
    more = replace(many, entries=(ParsedEntry(guid="x", url=None, title=""),))
    feed = merged(whole, [many, more])
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.problems == (f"{MAX_ENTRIES + 1} entries, only the first {MAX_ENTRIES} were read",)

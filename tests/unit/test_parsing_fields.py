"""Dates, media, what the publisher asks of readers, and the formats: what each gives, whatever the reader."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.entries import MAX_MEDIA
from monitor.fetch.parsing import parse_feed
from monitor.types import EntryDate, Media, ParsedEntry, ParsedFeed
from monitor.urls import absolute_url
from tests.unit.test_parsing import URL, atom, item, only_entry, parsed, rss


@pytest.mark.parametrize(
    ("elements", "raw", "origin"),
    [
        ("<pubDate>2026-01-05</pubDate><dc:date>2026-01-06</dc:date>", "2026-01-05", EntryDate.PUBLISHED),
        ("<dc:date>2026-01-06</dc:date>", "2026-01-06", EntryDate.UPDATED),
        ("<dcterms:created>2026-01-04</dcterms:created>", "2026-01-04", EntryDate.CREATED),
        ("<pubDate>soon</pubDate><dc:date>2026-01-06</dc:date>", "2026-01-06", EntryDate.UPDATED),
        ("<pubDate>soon</pubDate>", "soon", EntryDate.NONE),
        ("", "", EntryDate.NONE),
    ],
)
def test_the_date_to_go_by_says_which_one_it_is_and_how_it_is_written(
    elements: str, raw: str, origin: EntryDate
) -> None:
    names = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    entry = only_entry(rss(f"<item {names}><link>/1</link>{elements}</item>"))
    assert (entry.published_raw, entry.date_origin) == (raw, origin)
    assert (entry.published_at is None) == (origin is EntryDate.NONE)


def test_enclosures_and_media_are_kept_once_each() -> None:
    entry = only_entry(
        rss(
            '<item xmlns:m="http://search.yahoo.com/mrss/"><link>/1</link>'
            '<enclosure url="a.mp3" length="12" type="audio/mpeg; x=1"/>'
            '<m:group><m:content url="https://cdn.example/b.mp4" medium="video" fileSize="99"/>'
            '<m:content url="/a.jpg"/></m:group><m:thumbnail url="/a.jpg" width="9"/>'
            '<m:content url="javascript:x"/><enclosure url="/c" length="-1" type="nonsense"/></item>'
        )
    )
    assert entry.media == (
        Media(url="https://news.example/section/a.mp3", media_type="audio/mpeg", n_bytes=12),
        Media(url="https://news.example/c"),
        Media(url="https://cdn.example/b.mp4", media_type="video/*", n_bytes=99),
        Media(url="https://news.example/a.jpg", media_type="image/*"),
    )


def test_no_more_media_are_kept_than_anyone_looks_at() -> None:
    items = "".join(f'<enclosure url="/{number}.mp3"/>' for number in range(500))
    assert len(only_entry(rss(f"<item><link>/1</link>{items}</item>")).media) == MAX_MEDIA


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://origin.example/a/feed", "https://origin.example/a/x"),
        ("/b/feed", "https://news.example/b/x"),
        ("javascript:alert(1)", "https://news.example/section/x"),
        ("", "https://news.example/section/x"),
    ],
)
def test_relative_links_are_taken_from_the_content_location_header(location: str, url: str) -> None:
    feed = parse_feed(rss(item(link="x", title="t")), url=URL, content_type=None, content_location=location)
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].url == url


@pytest.mark.parametrize("spoilt", ["", "<x>&nbsp;</x>"], ids=["well-formed", "malformed"])
def test_hours_and_days_without_polls_are_read(spoilt: str) -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in ("0", " 24 ", "7", "25", "x"))
    days = "<day>Sunday</day><day>monday</day><day>Doomsday</day>"
    channel = f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>"
    feed = parsed(rss("", f"<title>News</title>{channel}{spoilt}"))
    assert (feed.skip_hours, feed.skip_days) == ((0, 7), (0, 6))


def test_a_feed_that_asks_never_to_be_polled_is_not_believed() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    assert parsed(rss("", f"<title>News</title><skipHours>{hours}</skipHours>")).skip_hours == ()


@pytest.mark.parametrize(
    ("start", "feed_format"),
    [
        ('<rss version="0.91"><channel>', "rss091u"),
        ('<rss version="0.92"><channel>', "rss092"),
        ('<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel>', "rss20"),
        ("<rss><channel>", "rss"),
        ('<feed xmlns="http://www.w3.org/2005/Atom">', "atom10"),
        ('<feed version="0.3" xmlns="http://purl.org/atom/ns#">', "atom03"),
    ],
)
def test_the_format_is_named(start: str, feed_format: str) -> None:
    end = "</feed>" if start.startswith("<feed") else "</channel></rss>"
    feed = parsed(f"{start}<title>News</title><item><title>One</title><link>/1</link></item>{end}".encode())
    assert (feed.format, [entry.title for entry in feed.entries]) == (feed_format, ["One"])


def test_an_atom_03_feed_is_read() -> None:
    feed = parsed(
        b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>News</title><entry><id>tag:1</id><title>One</title>'
        b'<link rel="alternate" type="text/html" href="/1"/><issued>2026-01-05T10:00:00Z</issued>'
        b"<modified>2026-01-06T10:00:00Z</modified><author><name>Ann</name></author>"
        b'<content type="text/html" mode="escaped">&lt;p&gt;Hi&lt;/p&gt;</content></entry></feed>'
    )
    (entry,) = feed.entries
    assert (entry.guid, entry.url, entry.title, entry.authors) == ("tag:1", "https://news.example/1", "One", ("Ann",))
    assert (entry.content, entry.date_origin) == ("<p>Hi</p>", EntryDate.PUBLISHED)
    assert entry.updated_at == datetime(2026, 1, 6, 10, tzinfo=UTC)


SAME = {
    "rss": rss(
        "<item><guid>https://news.example/1</guid><link>/1</link><title>Talks</title><author>Ann</author>"
        "<category>World</category><pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate>"
        '<description>&lt;p&gt;Hi&lt;/p&gt;</description><enclosure url="/a.jpg" type="image/jpeg"/></item>'
    ),
    "atom": atom(
        '<entry><id>https://news.example/1</id><link href="/1"/><title>Talks</title><author><name>Ann</name></author>'
        '<category term="World"/><published>2026-01-05T10:00:00Z</published>'
        '<summary type="html">&lt;p&gt;Hi&lt;/p&gt;</summary>'
        '<link rel="enclosure" href="/a.jpg" type="image/jpeg"/></entry>'
    ),
    "json": json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "News",
            "items": [
                {
                    "id": "https://news.example/1",
                    "url": "/1",
                    "title": "Talks",
                    "authors": [{"name": "Ann"}],
                    "tags": ["World"],
                    "date_published": "2026-01-05T10:00:00Z",
                    "content_html": "<p>Hi</p>",
                    "attachments": [{"url": "/a.jpg", "mime_type": "image/jpeg"}],
                }
            ],
        }
    ).encode(),
}


@pytest.mark.parametrize("feed_format", SAME)
def test_every_format_gives_the_same_entry(feed_format: str) -> None:
    entry = replace(only_entry(SAME[feed_format]), content="", content_hash="", published_raw="")
    assert entry == ParsedEntry(
        guid="https://news.example/1",
        url="https://news.example/1",
        title="Talks",
        authors=("Ann",),
        summary="<p>Hi</p>",
        published_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
        date_origin=EntryDate.PUBLISHED,
        tags=("World",),
        media=(Media(url="https://news.example/a.jpg", media_type="image/jpeg"),),
    )


urls = st.tuples(
    st.sampled_from(["http://", "https://"]),
    st.sampled_from(["a.example", "news.b-c.org", "1.2.3.4", "a..b", "-a.de", "xn--a.de", "A.example", "a.example:80"]),
    st.lists(
        st.sampled_from(["/", "/.", "/..", "a", "..", "//", "?", "a=b", "&", "-", "%20", "+", "é", "#f"]), max_size=6
    ),
).map(lambda parts: parts[0] + parts[1] + "".join(parts[2]))


@given(urls)
def test_an_absolute_link_is_the_url_that_any_other_part_of_the_product_makes_of_it(link: str) -> None:
    assert only_entry(rss(item(guid="1", link=escape(link)))).url == absolute_url(URL, link)

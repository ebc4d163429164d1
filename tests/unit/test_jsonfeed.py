from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.fetch.entries import MAX_ENTRIES
from monitor.fetch.parsing import parse_feed
from monitor.types import EntryDate, Media, ParsedEntry, ParsedFeed, Reason

URL = "https://news.example/section/feed.json"


def body(*items: Any, version: str = "https://jsonfeed.org/version/1.1", **more: Any) -> bytes:
    return json.dumps({"version": version, "title": "News", "items": list(items), **more}).encode()


def parsed(document: bytes) -> ParsedFeed:
    feed = parse_feed(document, url=URL, content_type="application/feed+json")
    assert isinstance(feed, ParsedFeed)
    return feed


def only_entry(**item: Any) -> ParsedEntry:
    (entry,) = parsed(body(item)).entries
    return entry


def test_a_json_feed_is_read() -> None:
    feed = parsed(
        body(
            {
                "id": "g1",
                "url": "/1",
                "title": "Talks &amp; tears",
                "content_html": "<p>Long</p>",
                "content_text": "Long",
                "summary": "5 < 6",
                "date_published": "2026-01-05T11:00:00+01:00",
                "date_modified": "2026-01-06T10:00:00Z",
                "authors": [{"name": "Ann"}, {"name": "Bo"}],
                "tags": ["World", "EU"],
                "image": "/a.jpg",
                "attachments": [
                    {"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12, "title": "Listen"},
                ],
            },
            home_page_url="https://news.example/",
            language="en-GB",
        )
    )
    assert (feed.format, feed.title, feed.url, feed.language) == ("json11", "News", "https://news.example/", "en-gb")
    (entry,) = feed.entries
    assert (entry.guid, entry.url, entry.title) == ("g1", "https://news.example/1", "Talks & tears")
    assert (entry.summary, entry.content) == ("5 &lt; 6", "<p>Long</p>")
    assert (entry.authors, entry.tags) == (("Ann", "Bo"), ("World", "EU"))
    assert (entry.published_at, entry.date_origin) == (datetime(2026, 1, 5, 10, tzinfo=UTC), EntryDate.PUBLISHED)
    assert entry.updated_at == datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert entry.media == (
        Media(url="https://news.example/a.mp3", media_type="audio/mpeg", n_bytes=12, title="Listen"),
        Media(url="https://news.example/a.jpg", media_type="image/*"),
    )


def test_version_one_has_a_single_author() -> None:
    feed = parsed(body({"id": 7, "author": {"name": "Ann"}}, version="https://jsonfeed.org/version/1"))
    assert feed.format == "json1"
    assert (feed.entries[0].guid, feed.entries[0].authors) == ("7", ("Ann",))


def test_plain_text_is_no_markup_and_stands_for_a_missing_summary() -> None:
    entry = only_entry(id="1", content_text="a <b and c")
    assert entry.content == entry.summary == "a &lt;b and c"


def test_without_an_id_the_guid_is_the_link() -> None:
    assert only_entry(url="https://news.example/1").guid == "https://news.example/1"


def test_a_link_elsewhere_is_taken_where_there_is_none_of_its_own() -> None:
    assert only_entry(id="1", external_url="https://other.example/").url == "https://other.example/"


@pytest.mark.parametrize(
    "item",
    [
        {"id": None, "url": 5, "title": ["x"], "tags": "x", "authors": "Ann", "attachments": {"url": 1}},
        {"id": True, "authors": [1, None, {"name": 2}], "tags": [None, {"a": 1}], "attachments": [1, {}]},
        {"id": 1e400, "title": "\ud800\u0000\u0007x", "content_html": "\ud800\u0000<p>"},
    ],
)
def test_values_of_the_wrong_type_do_no_harm(item: dict[str, Any]) -> None:
    (entry,) = parsed(body(item)).entries
    assert not {"\x00", "\x07"} & set(entry.title + entry.content)
    (entry.title + entry.content + entry.guid).encode("utf-8")


@pytest.mark.parametrize(
    "document",
    [
        b'{"version": "https://jsonfeed.org/version/2", "items": []}',
        b'{"version": "https://jsonfeed.org/version/1"}',
        b'{"version": "https://jsonfeed.org/version/1", "items": {}}',
        b'{"version": "https://jsonfeed.org/version/1", "items": [',
        b'{"a":' * 200_000,
        b'{"items": ' + b"[" * 200_000,
        b'{"version": ' + b"9" * 100_000 + b"}",
    ],
    ids=["other version", "no items", "items are no list", "cut off", "deep", "deep list", "long number"],
)
def test_what_is_no_json_feed_is_not_a_feed(document: bytes) -> None:
    assert parse_feed(document, url=URL, content_type="application/json") is Reason.NOT_A_FEED


def test_only_the_first_entries_of_an_endless_feed_are_read() -> None:
    feed = parsed(body(*[{"id": str(number), "url": "/1"} for number in range(MAX_ENTRIES + 3)]))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.problems == (f"{MAX_ENTRIES + 3} entries, only the first {MAX_ENTRIES} were read",)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = "id url external_url title summary content_html content_text date_published authors author tags attachments"


@settings(max_examples=100)
@given(st.lists(st.dictionaries(st.sampled_from(KEYS.split()), json_values, max_size=6), max_size=4))
def test_any_json_is_read_without_an_exception(items: list[Any]) -> None:
    assert isinstance(parse_feed(body(*items), url=URL, content_type=None), ParsedFeed)

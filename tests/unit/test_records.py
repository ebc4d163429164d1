"""Lines of JSON Lines files: what they say, and what is told of those that cannot be used."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.records import MAX_TEXT_CHARS, Record, read_record
from monitor.types import Precision

FULL: dict[str, Any] = {
    "id": "a1",
    "url": "https://paper.example/news/1",
    "title": "A bridge is <b>repaired</b>",
    "text": "First paragraph.\nSecond & last.",
    "published_at": "2024-03-05T10:00:00+01:00",
    "source": "paper.example",
    "authors": ["Ann Lee", "Bo Li"],
    "tags": "roads",
    "language": "en_GB",
    "section": "Local",
    "seen_at": 1_709_640_000,
}


def read(**changes: Any) -> Record | str:
    return read_record(json.dumps({**FULL, **changes}).encode())


def record(**changes: Any) -> Record:
    found = read(**changes)
    assert isinstance(found, Record), found
    return found


def test_a_line_says_all_that_is_known_of_an_article() -> None:
    found = record()
    assert (found.entry.guid, found.entry.url) == ("a1", FULL["url"])
    assert found.entry.title == "A bridge is repaired"
    assert found.html == found.entry.content == "<p>First paragraph.</p><p>Second &amp; last.</p>"
    assert found.entry.published_at == datetime(2024, 3, 5, 9, tzinfo=UTC)
    assert (found.precision, found.seen_at) == (Precision.MINUTE, datetime(2024, 3, 5, 12, tzinfo=UTC))
    assert (found.entry.authors, found.entry.tags) == (("Ann Lee", "Bo Li"), ("roads",))
    assert (found.language, found.section, found.source) == ("en-gb", "Local", "paper.example")


def test_without_an_id_the_url_is_the_id() -> None:
    assert record(id=None).entry.guid == FULL["url"]
    assert record(id=17).entry.guid == "17"


def test_markup_stays_and_entities_of_plain_text_are_read() -> None:
    assert record(text="<p>One</p><p>Two</p>").html == "<p>One</p><p>Two</p>"
    assert record(text="AT&amp;T pays\n3 &lt; 4").html == "<p>AT&amp;T pays</p><p>3 &lt; 4</p>"


def test_a_whole_page_is_told_from_a_text() -> None:
    found = record(text="<!DOCTYPE html><html><body><p>x</p></body></html>")
    assert found.is_page
    assert found.entry.content == ""
    assert not record().is_page


@pytest.mark.parametrize(
    ("date", "precision"),
    [("2024-03-05", Precision.DAY), ("2024-03-05 10:00", Precision.MINUTE), (1_709_640_000, Precision.MINUTE),
     (None, Precision.UNKNOWN)],
)  # fmt: skip
def test_how_exactly_a_date_is_known_follows_from_how_it_is_written(date: object, precision: Precision) -> None:
    assert record(published_at=date).precision is precision


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"id": None, "url": None}, "has neither id nor url"),
        ({"text": "", "url": None}, "has neither text nor url"),
        ({"url": "ftp://paper.example/1"}, "url must be an absolute http or https URL"),
        ({"url": 7}, "url must be a text, and is a number"),
        ({"title": ["x"]}, "title must be a text, and is a list"),
        ({"text": {"body": "x"}}, "text must be a text, and is an object"),
        ({"text": "x" * (MAX_TEXT_CHARS + 1)}, f"text has {MAX_TEXT_CHARS + 1} characters; shorten it"),
        ({"published_at": "03/04/2024"}, "published_at is no date"),
        ({"published_at": 17}, "published_at is a number, but no seconds since 1970"),
        ({"seen_at": True}, "seen_at is no date"),
        ({"authors": [1]}, "authors must be a list of texts"),
        ({"language": "English, British"}, "language must be a code"),
        ({"id": True}, "id must be a text, and is true or false"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(changes: dict[str, Any], because: str) -> None:
    found = read(**changes)
    assert isinstance(found, str)
    assert found.startswith(because)


@pytest.mark.parametrize(
    ("line", "because"),
    [
        (b'{"id": 1', "is no JSON at character 9"),
        (b"[1, 2]", "is no JSON object"),
        (b'{"id": "\xff"}', "byte 9 is no UTF-8"),
        (b"[" * 100_000, "is no JSON that can be read"),
        (b'{"id": ' + b"1" * 5_000 + b"}", "is no JSON that can be read"),
        (b"\x00\x00", "is no JSON at character 1"),
    ],
)
def test_a_line_that_is_no_object_is_said(line: bytes, because: str) -> None:
    found = read_record(line)
    assert isinstance(found, str)
    assert found.startswith(because)


def test_a_byte_order_mark_and_half_a_surrogate_do_no_harm() -> None:
    assert isinstance(read_record(b"\xef\xbb\xbf" + json.dumps(FULL).encode()), Record)
    assert record(text="half \ud800 a pair", title="\ud800").entry.content_hash


def test_the_hash_changes_with_all_that_is_said_but_not_with_when_it_was_seen() -> None:
    before = record().entry.content_hash
    assert record(seen_at="2024-03-09T00:00:00Z").entry.content_hash == before
    for changes in ({"text": "Other."}, {"title": "Other"}, {"tags": []}, {"published_at": "2024-03-06"}):
        assert record(**changes).entry.content_hash != before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), JSON))
def test_any_object_gives_a_record_or_a_sentence(fields: dict[str, Any]) -> None:
    found = read_record(json.dumps(fields).encode())
    assert isinstance(found, Record) or (found and found[-1] != ".")


def test_a_line_that_is_nested_as_deep_as_can_just_be_read_is_told_and_stops_nothing() -> None:
    told = set[str]()
    for depth in range(100, 1_000):  # where writing it down fails first depends on how deep the caller stands
        found = read_record(b'{"id": "a", "text": "x", "x": ' + b"[" * depth + b"]" * depth + b"}")
        told |= {found} if isinstance(found, str) else set()
    assert len(told) == 1
    assert "nested too deep" in told.pop()

"""A hundred real feeds, which are not part of this repository: MONITOR_QUALITY_DATA names the folder that has them.

Each is held against feedparser with its defaults on the bytes as they came, twice:
- against its own values, as a user of feedparser has them: DIFFERENCES is the whole of what may differ, each kind with
  a test of its own that it is what it says;
- against its values put through our own normalising, more fields of them: nothing may differ.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from calendar import timegm
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from time import struct_time
from typing import Any, NamedTuple
from urllib.parse import urljoin

import feedparser
import pytest

from monitor.fetch.entries import feed_of
from monitor.fetch.fallback import given_by_feedparser
from monitor.fetch.parsing import parse_feed
from monitor.types import ParsedEntry, ParsedFeed

URL = "https://news.example/section/feed.xml"
FIELDS = ("guid", "url", "title", "published_at", "published_raw", "updated_at", "date_origin", "authors", "tags")

JSON_FEED = "a JSON Feed: feedparser 6 reads none and finds no entries, we read them"
REPEATED = "the same guid and link stand there twice: we leave the repetition out"
WHITE_SPACE = "runs of white space, line ends and no-break spaces are one space with us"
ENTITIES = "escaped twice: feedparser leaves the inner entity, we give the character"
TAGS = "inline tags: feedparser leaves them in the title, ours is plain text"
RELATIVE = "a relative link: ours is absolute, by the address of the feed"
NO_GUID = "no guid there: feedparser gives none or an empty one, ours follows from the link, or title and date"
YEAR_ONE = "feedparser reads the placeholder 0001-01-01 as a date, we say that there is none"
UNEXPLAINED = "of no known kind"

DIFFERENCES: dict[tuple[str, str, str], int] = {
    ("72d1083fa3130282", "entries", REPEATED): 2,
    ("d4b7ab74da763119", "entries", JSON_FEED): 10,
    ("1a2c4a5be370d054", "title", WHITE_SPACE): 2,
    ("3d13901a267083a8", "title", ENTITIES): 1,
    ("505487a2324fda79", "title", WHITE_SPACE): 6,
    ("58f18ec53b21a9c7", "title", WHITE_SPACE): 1,
    ("5da3b20f957be51d", "title", TAGS): 1,
    ("6ca5c4168c5b374f", "title", ENTITIES): 9,
    ("6d28cf55da15a12d", "title", WHITE_SPACE): 1,
    ("818f59b753411031", "title", ENTITIES): 1,
    ("908a1f71480bc2b6", "title", WHITE_SPACE): 1,
    ("bf73c33ba409c416", "title", WHITE_SPACE): 1,
    ("c5ab9fd6c5c3ee86", "title", WHITE_SPACE): 2,
    ("d77d0d553fbad1fb", "title", WHITE_SPACE): 3,
    ("e44e7aea7e34bb52", "title", ENTITIES): 19,
    ("e44e7aea7e34bb52", "title", WHITE_SPACE): 13,
    ("4059f23db954f1b5", "link", RELATIVE): 16,
    ("ab1814a7b8c94975", "link", RELATIVE): 10,
    ("5da3b20f957be51d", "guid", NO_GUID): 1,
    ("cc314ce5dfbb3adc", "guid", NO_GUID): 1_046,
    ("3ac543065ca0ef7d", "date", YEAR_ONE): 1,
    ("4059f23db954f1b5", "date", YEAR_ONE): 2,
    ("4a8cebf8e68acfdb", "date", YEAR_ONE): 1,
    ("995fa12531de4aa0", "date", YEAR_ONE): 3,
}
"""How many values differ, by file name, field ("entries": their number) and reason. No value differs otherwise."""


class Feed(NamedTuple):
    """What both make of a real feed."""

    name: str
    ours: ParsedFeed
    theirs: Mapping[str, Any]


def archive_path() -> Path | None:
    folder = os.environ.get("MONITOR_QUALITY_DATA")
    path = Path(folder) / "feeds" / "real_feeds.tar.xz" if folder else None
    return path if path and path.exists() else None


def real_feeds() -> Iterator[tuple[str, bytes]]:
    path = archive_path()
    assert path is not None
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield Path(member.name).name, stream.read()


pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(
        archive_path() is None, reason="MONITOR_QUALITY_DATA names no folder with feeds/real_feeds.tar.xz"
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:feedparser"),
]


@pytest.fixture(scope="module")
def feeds() -> list[Feed]:
    """Read once: feedparser's defaults take a quarter of a minute."""
    found = []
    for name, body in real_feeds():
        ours = parse_feed(body, url=URL, content_type=None)
        assert isinstance(ours, ParsedFeed), name
        found.append(Feed(name, ours, feedparser.parse(io.BytesIO(body))))
    return found


def test_real_feeds_give_the_values_of_feedparser_by_default_but_for_the_differences_listed(feeds: list[Feed]) -> None:
    found: Counter[tuple[str, str, str]] = Counter()
    examples = []
    n_compared = 0
    for feed in feeds:
        theirs = without_repetitions(feed.theirs["entries"])
        if n_different := abs(len(feed.ours.entries) - len(feed.theirs["entries"])):
            reason = REPEATED if len(theirs) == len(feed.ours.entries) else UNEXPLAINED
            if not theirs and feed.ours.format.startswith("json"):
                reason, theirs = JSON_FEED, []
            found[feed.name, "entries", reason] = n_different
        for mine, other in zip(feed.ours.entries, theirs, strict=False):
            n_compared += 1
            for field, reason in differences(mine, other):
                found[feed.name, field, reason] += 1
                if reason == UNEXPLAINED:
                    examples.append((feed.name, field, mine, other))
    assert examples == []
    assert dict(found) == DIFFERENCES
    assert (len(feeds), n_compared) == (100, 3_681)


def without_repetitions(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries without a guid are never taken for repetitions."""
    return list(
        {(entry.get("id") or number, entry.get("link")): entry for number, entry in enumerate(entries)}.values()
    )


def differences(ours: ParsedEntry, theirs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that differ, each with the reason.

    Compared are values as `entry.get` gives them, a missing title as "". Our date is that of publication and, where
    there is none, of the update: feedparser's `published_parsed` and then `updated_parsed`.
    """
    title, link, guid = theirs.get("title", ""), theirs.get("link"), theirs.get("id")
    # feedparser would answer "updated" with "published" where it is missing
    updated = moment(theirs.get("updated_parsed")) if "updated_parsed" in theirs else None
    published = moment(theirs.get("published_parsed")) or updated
    if ours.title != title:
        yield "title", why_title(ours.title, title)
    if ours.url != link:
        yield "link", RELATIVE if link and "://" not in link and urljoin(URL, link) == ours.url else UNEXPLAINED
    if ours.guid != guid:
        yield "guid", UNEXPLAINED if guid else NO_GUID
    for field, mine, other in (("date", ours.published_at, published), ("updated", ours.updated_at, updated)):
        if mine != other:
            yield field, YEAR_ONE if mine is None and other == datetime(1, 1, 1, tzinfo=UTC) else UNEXPLAINED


def why_title(ours: str, theirs: str) -> str:
    """The mildest reason: what stands further down the list includes the ones before."""
    if ours == in_one_line(theirs):
        return WHITE_SPACE
    if ours == in_one_line(unescape(theirs)):
        return ENTITIES
    return TAGS if ours == in_one_line(unescape(re.sub(r"</?i>", "", theirs))) else UNEXPLAINED


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def moment(parsed: struct_time | None) -> datetime | None:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=timegm(parsed)) if parsed else None


def test_real_feeds_give_what_feedparser_gives_through_our_own_normalising(feeds: list[Feed]) -> None:
    found = []
    for name, ours, parsed in feeds:
        if ours.format.startswith("json"):
            continue  # no entries there, which the list of differences says
        theirs = feed_of(given_by_feedparser(parsed), base=URL)
        assert len(ours.entries) == len(theirs.entries), name
        found += [
            (name, number, field, getattr(mine, field), getattr(other, field))
            for number, (mine, other) in enumerate(zip(ours.entries, theirs.entries, strict=True))
            for field in FIELDS
            if getattr(mine, field) != getattr(other, field)
        ]
    assert found == []

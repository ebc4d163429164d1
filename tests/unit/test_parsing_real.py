"""A hundred real feeds, which are not part of this repository: MONITOR_QUALITY_DATA names the folder that has them.

Everything is held against feedparser with its defaults on the bytes as they came, its values put through our own
normalising. DIFFERENCES is the whole of what may differ.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from monitor.fetch.entries import feed_of
from monitor.fetch.fallback import given_by_feedparser
from monitor.fetch.parsing import parse_feed
from monitor.types import ParsedFeed

URL = "https://news.example/section/feed.xml"
FIELDS = ("guid", "url", "title", "published_at", "published_raw", "updated_at", "date_origin", "authors", "tags")

DIFFERENCES: dict[str, tuple[int, str]] = {
    "d4b7ab74da763119": (10, "a JSON Feed: feedparser 6 reads none and finds no entries, we read its ten"),
}
"""By file name: how many entries we find, and why feedparser finds others."""


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


@pytest.mark.quality
@pytest.mark.skipif(archive_path() is None, reason="MONITOR_QUALITY_DATA names no folder with feeds/real_feeds.tar.xz")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:feedparser")
def test_real_feeds_give_what_feedparser_gives_by_default() -> None:
    n_feeds, found = 0, []
    for name, body in real_feeds():
        n_feeds += 1
        ours = parse_feed(body, url=URL, content_type=None)
        assert isinstance(ours, ParsedFeed), name
        parsed = feedparser.parse(io.BytesIO(body))
        if name in DIFFERENCES:
            n_entries, because = DIFFERENCES[name]
            assert (len(ours.entries), len(parsed.entries)) == (n_entries, 0), because
            continue
        theirs = feed_of(given_by_feedparser(parsed), base=URL)
        assert len(ours.entries) == len(theirs.entries), name
        found += [
            (name, number, field, getattr(mine, field), getattr(other, field))
            for number, (mine, other) in enumerate(zip(ours.entries, theirs.entries, strict=True))
            for field in FIELDS
            if getattr(mine, field) != getattr(other, field)
        ]
    assert found == []
    assert n_feeds == 100

"""What reading a feed costs, beside feedparser and fastfeedparser: medians of three rounds in one run.

The bundled newsroom's feeds are small; where MONITOR_QUALITY_DATA names the labelled data, its hundred real feeds are
measured too, and held to the floor.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import fastfeedparser
import feedparser
import pytest

from monitor.data_files import data_folder
from monitor.fetch.parsing import parse_feed
from tests.bench.figures import keep, median_s, print_table

pytestmark = pytest.mark.bench

SITES = data_folder("seeds") / "newsroom" / "sites"
FLOOR = 8.0
"""How many times as fast as feedparser with its defaults we read real feeds, at least."""


def ours(body: bytes) -> object:
    return parse_feed(body, url="https://news.example/feed.xml", content_type=None)


def by_feedparser(body: bytes) -> object:
    return feedparser.parse(io.BytesIO(body))


def by_bare_feedparser(body: bytes) -> object:
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def by_fastfeedparser(body: bytes) -> object:
    try:
        return fastfeedparser.parse(body)
    except ValueError:
        return None  # what it takes for no feed


READERS: dict[str, Callable[[bytes], object]] = {
    "monitor": ours,
    "feedparser": by_feedparser,
    "feedparser, unsanitised": by_bare_feedparser,
    "fastfeedparser": by_fastfeedparser,
}


def measured(name: str, bodies: list[bytes]) -> dict[str, float]:
    """Seconds by reader; printed as a table and kept beside the other figures."""
    taken_s = {reader: median_s(lambda read=read: [read(body) for body in bodies]) for reader, read in READERS.items()}
    n_mb = sum(map(len, bodies)) / 1e6
    rows = {
        reader: {
            "mb_per_s": round(n_mb / seconds, 1),
            "feeds_per_s": round(len(bodies) / seconds, 1),
            "ratio": round(taken_s["feedparser"] / seconds, 2),
        }
        for reader, seconds in taken_s.items()
    }
    print_table(f"{name}: {len(bodies)} feeds, {n_mb:.1f} MB; ratio to feedparser's defaults", rows)
    keep(name, rows)
    return taken_s


def real_feeds() -> list[bytes]:
    folder = os.environ.get("MONITOR_QUALITY_DATA", "")
    path = Path(folder) / "feeds" / "real_feeds.tar.xz"
    if not folder or not path.exists():
        pytest.skip("MONITOR_QUALITY_DATA names no folder with feeds/real_feeds.tar.xz")
    with tarfile.open(path) as archive:
        streams = [archive.extractfile(member) for member in archive if member.isfile()]
        return [stream.read() for stream in streams if stream is not None]


def test_the_newsrooms_feeds_are_read_faster_than_by_feedparser() -> None:
    taken_s = measured("feeds of the newsroom", [path.read_bytes() for path in sorted(SITES.rglob("*.xml"))])
    assert taken_s["monitor"] < taken_s["feedparser"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:feedparser")
def test_real_feeds_are_read_several_times_faster_than_by_feedparser() -> None:
    taken_s = measured("real feeds", real_feeds())
    assert taken_s["feedparser"] / taken_s["monitor"] >= FLOOR

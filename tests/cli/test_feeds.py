"""`monitor feeds`."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.fetch.opml import parse_opml
from tests.cli.conftest import Monitor

URL = "https://new.example/feed.xml"


def test_a_feed_is_added_once_whatever_way_it_is_written(monitor: Monitor) -> None:
    first = monitor("feeds", "add", "https://NEW.example/feed.xml", "--tag", "alps", "--json").document
    again = monitor("feeds", "add", URL, "--json").document
    assert (first["is_new"], again["is_new"]) == (True, False)
    assert first["id"] == again["id"]
    shown = monitor("feeds", "show", URL, "--json").document
    assert (shown["tags"], shown["managed_by"], shown["state"]) == (["alps"], "user", "active")


@pytest.mark.parametrize(
    "url",
    ["ftp://new.example/feed", "new.example/feed", "http://127.0.0.1/feed", "http://new.example:22/", "javascript:1"],
)
def test_what_cannot_be_polled_is_refused_at_once(monitor: Monitor, url: str) -> None:
    ran = monitor("feeds", "add", url)
    assert (ran.code, ran.out) == (2, "")
    assert url in ran.err


def test_secrets_in_a_feeds_url_are_masked_but_exported(monitor: Monitor) -> None:
    for ran in (
        monitor("feeds", "list"),
        monitor("feeds", "list", "--json"),
        monitor("feeds", "show", 1),
        monitor("feeds", "show", 1, "--json"),
    ):
        assert "geheim" not in ran.out
    assert "token=***" in monitor("feeds", "show", 1).out
    assert "token=geheim" in monitor("feeds", "export").out


def test_a_feed_is_paused_and_resumed_by_hand(monitor: Monitor) -> None:
    feed = monitor("feeds", "add", URL, "--json").document["id"]
    assert monitor("feeds", "pause", feed).code == 0
    paused = monitor("feeds", "show", feed, "--json").document
    assert (paused["state"], paused["next_poll_at"]) == ("paused", None)
    assert monitor("feeds", "resume", feed).code == 0
    resumed = monitor("feeds", "show", feed, "--json").document
    assert resumed["state"] == "active"
    assert resumed["next_poll_at"] is not None


def test_a_feed_that_a_file_manages_is_changed_there(monitor: Monitor) -> None:
    ran = monitor("feeds", "pause", 1)
    assert ran.code == 2
    assert "feeds.opml" in ran.err
    assert monitor("feeds", "show", 1, "--json").document["state"] == "active"


def test_an_export_can_be_imported(monitor: Monitor, folder: Path) -> None:
    monitor("feeds", "add", URL, "--title", "A & B", "--tag", "News/Europe")
    file = folder / "export.opml"
    assert monitor("feeds", "export", "--out", file).code == 0
    assert {(feed.url, feed.title, feed.categories) for feed in parse_opml(file.read_bytes())} == {
        ("https://wire.example/feed.xml?token=geheim", "Alpine Wire", ("Alps",)),
        (URL, "A & B", ("News/Europe",)),
    }
    assert monitor("feeds", "import", file, "--json").document == {"n_new": 0, "n_known": 2, "refused": []}


def test_an_import_takes_what_can_be_polled_and_names_the_rest(monitor: Monitor, folder: Path) -> None:
    file = folder / "mixed.opml"
    rows = "".join(f'<outline text="x" xmlUrl="{url}"/>' for url in (URL, "ftp://bad.example/", "http://10.0.0.1/"))
    file.write_text(f'<opml version="2.0"><body>{rows}</body></opml>')
    ran = monitor("feeds", "import", file)
    assert ran.code == 0
    assert ran.out == "1 feed added, 0 were there already, 2 refused\n"
    assert "ftp://bad.example/" in ran.err
    assert "http://10.0.0.1/" in ran.err


@pytest.mark.parametrize("body", ["", "<rss/>", '<!DOCTYPE a [<!ENTITY b "c">]><opml/>'])
def test_what_is_no_opml_is_refused_with_the_files_name(monitor: Monitor, folder: Path, body: str) -> None:
    file = folder / "bad.opml"
    file.write_text(body)
    ran = monitor("feeds", "import", file)
    assert ran.code == 2
    assert str(file) in ran.err


def test_above_ten_hosts_a_missing_contact_is_told(monitor: Monitor) -> None:
    for n in range(9):
        assert monitor("feeds", "add", f"https://n{n}.example/feed").err == ""
    assert "http.contact" in monitor("feeds", "add", "https://n10.example/feed").err

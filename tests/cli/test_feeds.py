"""`monitor feeds`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from monitor.config import load_settings
from monitor.fetch.opml import OpmlFeed, parse_opml
from monitor.store import tables as t
from monitor.store.engine import open_store
from monitor.sync import read_files
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
    arguments = ("--title", "A & B", "--category", "News/Europe", "--tag", "daily", "--every", 30)
    monitor("feeds", "add", URL, *arguments)
    file = folder / "export.opml"
    assert monitor("feeds", "export", "--out", file).code == 0
    listed = parse_opml(file.read_bytes())
    assert listed == [
        OpmlFeed(url="https://wire.example/feed.xml?token=geheim", title="Alpine Wire", categories=("Alps",)),
        OpmlFeed(url=URL, title="A & B", categories=("News/Europe",), tags=("daily",), interval_s=1_800),
    ]
    told = monitor("feeds", "import", file, "--json").document
    assert (told["n_new"], told["n_known"], told["refused"]) == (0, 2, [])
    assert [(row["url"], row["result"], row["id"]) for row in told["rows"]] == [
        ("https://wire.example/feed.xml?token=***", "known", 1),
        (URL, "known", 2),
    ]


def test_an_import_takes_what_can_be_polled_and_names_the_rest(monitor: Monitor, folder: Path) -> None:
    file = folder / "mixed.opml"
    rows = "".join(f'<outline text="x" xmlUrl="{url}"/>' for url in (URL, "ftp://bad.example/", "http://10.0.0.1/"))
    file.write_text(f'<opml version="2.0"><body>{rows}</body></opml>')
    ran = monitor("feeds", "import", file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("1 feed added, 0 were there already, 2 refused\n")
    assert "ftp://bad.example/" in ran.out
    assert "http://10.0.0.1/" in ran.out
    told = monitor("feeds", "import", file, "--json").document
    assert [row["result"] for row in told["rows"]] == ["known", "refused", "refused"]
    assert "no http or https URL" in told["rows"][1]["detail"]
    assert len(told["refused"]) == 2


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


def test_what_is_wrong_about_names_and_intervals_is_said(monitor: Monitor) -> None:
    for option, value in (
        ("--tag", "a/b"),
        ("--tag", "a,b"),
        ("--category", " / "),
        ("--every", 1),
        ("--every", 99_999),
    ):
        ran = monitor("feeds", "add", URL, option, value)
        assert (ran.code, ran.out) == (2, ""), option
        assert f"{option} " in ran.err
    assert monitor("feeds", "show", URL).code == 1


def test_an_import_tells_of_each_row_what_became_of_it(monitor: Monitor, folder: Path) -> None:
    old, removed = (monitor("feeds", "add", f"https://{n}.example/f", "--json").document["id"] for n in ("old", "gone"))
    monitor("feeds", "remove", removed)
    with database(folder) as conn:
        conn.execute(update(t.feeds).where(t.feeds.c.id == old).values(current_url="https://new.example/moved"))
    urls = (URL, "HTTPS://NEW.example/feed.xml", "http://new.example/feed.xml/", "https://new.example/moved",
            "https://gone.example/f", "gopher://x")  # fmt: skip
    file = folder / "list.opml"
    rows = "".join(f'<outline text="x" xmlUrl="{url}"/>' for url in urls)
    file.write_text(f'<opml version="2.0"><body>{rows}</body></opml>')
    told = monitor("feeds", "import", file, "--json").document
    assert [row["result"] for row in told["rows"]] == ["added", "known", "added", "moved", "resumed", "refused"]
    assert (told["n_new"], told["n_known"], told["n_resumed"], len(told["refused"])) == (2, 2, 1, 1)
    assert [row["resembles"] for row in told["rows"]] == [None, None, 4, None, None, None]
    again = monitor("feeds", "import", file)
    assert again.out.count("there already: ") == 5
    assert told["rows"][3]["detail"] == f"there already: feed {old}, which moved to this address"


def test_an_import_tells_also_of_rows_that_are_listed_twice_or_have_no_address(monitor: Monitor, folder: Path) -> None:
    file = folder / "twice.opml"
    good, bad = (f'<outline type="rss" text="{n}" xmlUrl="{url}"/>' for n, url in (("a", URL), ("b", "gopher://x")))
    rows = f'<outline text="One">{good}{bad}</outline><outline text="Two">{good}{bad}</outline>'
    file.write_text(f'<opml version="2.0"><body>{rows}<outline type="rss" text="Lost"/></body></opml>')
    told = monitor("feeds", "import", file, "--json").document
    feed = told["rows"][0]["id"]
    assert [(row["result"], row["title"], row["id"]) for row in told["rows"]] == [
        ("added", "a", feed),
        ("refused", "b", None),
        ("repeated", "a", feed),
        ("repeated", "b", None),
        ("refused", "Lost", None),
    ]
    assert [row["detail"] for row in told["rows"][2:]] == [
        f"listed twice: as feed {feed} above",
        "listed twice: refused above",
        "refused: it has no address (xmlUrl)",
    ]
    assert (told["n_new"], told["n_known"], told["n_repeated"], len(told["refused"])) == (1, 0, 2, 2)
    assert monitor("feeds", "show", feed, "--json").document["categories"] == ["One", "Two"]
    again = monitor("feeds", "import", file).out
    assert again.endswith("0 feeds added, 1 was there already, 2 listed twice, 2 refused\n")
    assert "Lost" in again


def test_an_interval_below_the_least_is_raised_to_it_and_told(monitor: Monitor, folder: Path) -> None:
    file = folder / "eager.opml"
    eager = f'<outline text="x" xmlUrl="{URL}" updateInterval="1"/>'
    calm = '<outline text="y" xmlUrl="https://calm.example/f" updateInterval="30"/>'
    file.write_text(f'<opml version="2.0"><body>{eager}{calm}</body></opml>')
    rows = monitor("feeds", "import", file, "--json").document["rows"]
    raised = "polled every 10 minutes (fetch.min_interval_s), not every minute"
    assert rows[0]["detail"] == f"added as feed {rows[0]['id']}; {raised}"
    assert rows[1]["detail"] == f"added as feed {rows[1]['id']}"
    shown = [monitor("feeds", "show", row["id"], "--json").document["wanted_interval_s"] for row in rows]
    assert shown == [600, 1_800]
    assert raised not in " ".join(monitor("feeds", "import", file).out.split())


def test_a_file_that_manages_feeds_cannot_have_them_polled_more_often_than_allowed(folder: Path) -> None:
    (folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body><outline text="x" xmlUrl="{URL}" updateInterval="1"/></body></opml>'
    )
    settings = load_settings(folder / "monitor.toml", {})
    declared = read_files(settings)
    assert [feed.wanted_interval_s for feed in declared.feeds or ()] == [settings.fetch.min_interval_s]


def test_an_address_that_looks_alike_is_taken_and_told(monitor: Monitor) -> None:
    first = monitor("feeds", "add", "https://www.new.example/feed", "--json").document
    ran = monitor("feeds", "add", "http://new.example/feed/?utm_source=x")
    assert (first["resembles"], ran.code) == (None, 0)
    assert f"probably the same as feed {first['id']}" in ran.err


def test_a_removed_feed_is_listed_no_more_and_taken_up_when_it_is_added_again(monitor: Monitor) -> None:
    feed = monitor("feeds", "add", URL, "--json").document["id"]
    assert monitor("feeds", "remove", feed).code == 0
    assert feed not in [row["id"] for row in monitor("feeds", "list", "--json").document]
    assert URL not in monitor("feeds", "export").out
    assert feed in [row["id"] for row in monitor("feeds", "list", "--all", "--json").document]
    assert "removed by hand" in monitor("feeds", "show", feed).out
    again = monitor("feeds", "add", URL, "--json").document
    assert (again["id"], again["is_new"], again["result"]) == (feed, False, "resumed")
    shown = monitor("feeds", "show", feed, "--json").document
    assert (shown["state"], shown["next_poll_at"] is not None) == ("active", True)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"state": "ended", "reason": "merged", "merged_into_id": 1},
            "was merged into feed 1, which is polled for both",
        ),
        ({"state": "ended", "reason": "gone", "because": "Gone."}, "has ended (Gone): `monitor feeds resume 2` polls"),
        (
            {"state": "paused", "because": "paused by hand"},
            "is paused (paused by hand): `monitor feeds resume 2` polls",
        ),
        ({"state": "dormant", "because": ""}, "is hardly polled any more: `monitor feeds resume 2` polls"),
        ({"state": "paused", "managed_by": "file"}, "polled again when the file that files.feeds names lists it again"),
    ],
)
def test_adding_a_feed_that_is_not_polled_tells_its_state_and_what_to_do(
    monitor: Monitor, folder: Path, values: dict[str, object], said: str
) -> None:
    assert monitor("feeds", "add", URL, "--json").document["id"] == 2
    assert monitor("feeds", "add", URL).out == "feed 2 is this one already\n"
    with database(folder) as conn:
        conn.execute(update(t.feeds).where(t.feeds.c.id == 2).values(**values))
    out = monitor("feeds", "add", URL).out
    assert out.startswith("feed 2 is this one already; it ")
    assert said in out
    assert monitor("feeds", "add", URL, "--json").document["state"] == values["state"]


def test_options_for_a_feed_that_is_there_already_are_not_ignored_without_a_word(monitor: Monitor) -> None:
    monitor("feeds", "add", URL, "--every", 30)
    assert monitor("feeds", "add", URL).err == ""
    ran = monitor("feeds", "add", URL, "--every", 60, "--tag", "x")
    assert "--tag and --every changed nothing: feed 2 stays as it is (polled every 30 minutes)" in ran.err
    assert "`monitor feeds remove 2`" in ran.err
    assert monitor("feeds", "show", 2, "--json").document["wanted_interval_s"] == 1_800
    assert (
        "change it in the file"
        in monitor("feeds", "add", "https://wire.example/feed.xml?token=geheim", "--every", 60).err
    )
    monitor("feeds", "remove", 2)
    ran = monitor("feeds", "add", URL, "--every", 60, "--tag", "x")
    assert (ran.out, ran.err) == ("feed 2 had been removed and is polled again\n", "")
    shown = monitor("feeds", "show", 2, "--json").document
    assert (shown["wanted_interval_s"], shown["tags"]) == (3_600, ["x"])


def test_a_feed_of_a_file_is_removed_in_the_file(monitor: Monitor) -> None:
    ran = monitor("feeds", "remove", 1)
    assert (ran.code, "feeds.opml" in ran.err) == (2, True)


def test_a_feed_that_was_found_elsewhere_is_marked_told_and_adopted(monitor: Monitor, folder: Path) -> None:
    with database(folder) as conn:
        found = {"state": "failing", "reason": "not_found", "proposed_url": "https://wire.example/new?token=geheim"}
        conn.execute(update(t.feeds).values(**found))
    listed = monitor("feeds", "list")
    assert "failing*" in listed.out
    assert "feeds show FEED" in listed.err
    shown = monitor("feeds", "show", 1).out
    assert "`monitor feeds adopt 1`" in " ".join(shown.split())
    assert "geheim" not in shown + monitor("feeds", "show", 1, "--json").out
    assert monitor("feeds", "adopt", 1).out == "feed 1 is polled at https://wire.example/new?token=*** from now on\n"
    after = monitor("feeds", "show", 1, "--json").document
    assert (after["state"], after["current_url"]) == ("active", "https://wire.example/new?token=***")
    ran = monitor("feeds", "adopt", 1)
    assert (ran.code, "nothing to adopt" in ran.err) == (2, True)


def test_a_feed_is_told_in_words_and_nothing_is_cut(monitor: Monitor, folder: Path) -> None:
    seen_at = datetime(2026, 1, 6, 10, 30, tzinfo=UTC)
    values = {
        "because": "It moved to the address of another feed.",
        "moved_to": "https://wire.example/" + "long/" * 30,
        "moved_since_at": seen_at,
        "n_moves_seen": 3,
        "gap_at": seen_at,
        "last_read_at": seen_at,
        "n_unchanged": 4,
        "ttl_s": 3_600,
        "wanted_interval_s": 1_800,
    }
    with database(folder) as conn:
        conn.execute(update(t.feeds).values(**values))
    moving = " ".join(monitor("feeds", "show", 1).out.split())
    assert "since 2026-01-06 10:30 UTC, seen 3 times" in moving
    merged = {"state": "ended", "reason": "merged", "merged_into_id": 1, "site_url": values["moved_to"]}
    with database(folder) as conn:
        conn.execute(update(t.feeds).values(**merged))
    shown = monitor("feeds", "show", 1).out
    assert "seen 3 times" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "long/" * 30 in "".join(shown.split())
    words = " ".join(shown.split())
    for said in (
        "merged: It moved to the address of another feed.",
        "feed 1, which has the same address",
        "may have been missed before 2026-01-06 10:30 UTC",
        "unchanged in 4 polls since",
        "every 30 minutes, as it was set; it asks for 1 hour between polls",
    ):
        assert said in words
    document = monitor("feeds", "show", 1, "--json").document
    assert {name: document[name] for name in ("merged_into_id", "n_moves_seen", "n_unchanged", "ttl_s")} == {
        "merged_into_id": 1,
        "n_moves_seen": 3,
        "n_unchanged": 4,
        "ttl_s": 3_600,
    }


@contextmanager
def database(folder: Path) -> Iterator[Connection]:
    store = open_store(f"sqlite:///{folder / 'monitor.db'}")
    with store.begin() as conn:
        yield conn
    store.close()

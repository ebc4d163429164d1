"""`monitor feeds discover` and `check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.app import open_http
from monitor.cli.feed_finding import check_feed, tell_check, tell_discovery
from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.fetch.discovery import begin
from monitor.rediscovery import Doors, discover
from monitor.workers import WorkerPool
from tests.cli.conftest import HOSTILE, Monitor
from tests.loopback import RawServer, answer, by_target

ITEM = (
    "<item><title>t</title><guid>{0}</guid><link>/{0}</link><pubDate>Tue, 06 Jan 2026 1{0}:00:00 GMT</pubDate></item>"
)
TITLE = HOSTILE.replace("\x1b", "").replace("\r\n", "&#10;")
RSS = (
    f'<rss version="2.0"><channel><title>{TITLE}</title><link>http://a.example/?token=geheim</link><ttl>60</ttl>'
    f"{''.join(ITEM.format(hour) for hour in (0, 1, 4))}<item><title>x</title><guid>u</guid></item></channel></rss>"
).encode()
INDEX = b"<sitemapindex><sitemap><loc>http://a.example/news.xml</loc></sitemap></sitemapindex>"
PLACED = b'<rss version="2.0"><channel><title>t</title><link>home</link></channel></rss>'
PAGE = b'<link rel=alternate type="application/rss+xml" title="[/x]" href="/f?token=geheim"><p>Hello</p>'


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerPool]:
    with WorkerPool(n_processes=1, memory_max_bytes=Settings().extract.memory_max_bytes) as pool:
        yield pool


@pytest.fixture
def answers() -> dict[str, bytes]:
    return {
        "/": answer(body=PAGE, content_type="text/html"),
        "/f?token=geheim": answer(body=RSS, etag='"1"', cache_control="max-age=300"),
        "/moved": answer("308 Moved", location="/f?token=geheim"),
        "/for-now": answer("302 Found", location="/moved"),
        "/wall": answer("403 Forbidden", cf_mitigated="challenge"),
        "/empty": answer(),
        "/index": answer(body=INDEX),
        "/placed": answer(body=PLACED, content_location="http://b.example/x/feed"),
    }


@pytest.fixture
def server(answers: dict[str, bytes]) -> Iterator[RawServer]:
    with RawServer(by_target(answers)) as running:
        yield running


@pytest.fixture
def doors(server: RawServer, workers: WorkerPool) -> Iterator[Doors]:
    settings = Settings()
    with open_http(settings, {"a.example": server.address}) as http:
        yield Doors(http=http, workers=workers, settings=settings)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_what_was_discovered_is_told_to_people(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    tell_discovery(discover(begin("http://a.example/"), doors), as_json=False)
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    for said in ("http://a.example/f?token=***", "4 entries", "2026-01-06", "the page names it", "3 requests"):
        assert said in told
    assert "geheim" not in told


def test_what_was_discovered_is_told_to_programs(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    tell_discovery(discover(begin("http://a.example/"), doors), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["url"], told["n_requests"]) == ("http://a.example/", 3)
    assert told["feeds"] == [
        {
            "url": "http://a.example/f?token=***",
            "title": told["feeds"][0]["title"],
            "format": "rss20",
            "n_entries": 4,
            "n_documents": 0,
            "newest_at": "2026-01-06T14:00:00Z",
            "found_by": "link",
            "is_tried": True,
        }
    ]
    assert [one["outcome"] for one in told["asked"]] == ["page", "feed", "not_found"]


def test_where_nothing_is_found_it_is_said_what_was_tried(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    ended = discover(begin("http://a.example/empty"), doors)
    with pytest.raises(
        MonitorError,
        match=r"no feed was found in 6 requests: http://a\.example/empty: the answer is empty; .*robots\.txt",
    ):
        tell_discovery(ended, as_json=True)
    assert json.loads(capsys.readouterr().out)["feeds"] == []


def test_a_check_asks_once_and_tells_what_polling_would_be_like(
    doors: Doors, server: RawServer, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = check_feed("http://a.example/f?token=geheim", doors)
    assert len(server.heard) == 1
    tell_check(checked, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["redirects"], told["is_moved"]) == (200, [], False)
    assert (told["has_etag"], told["has_last_modified"], told["cache_control"]) == (True, False, "max-age=300")
    assert (told["format"], told["n_entries"], told["n_dated"], told["ttl_s"]) == ("rss20", 4, 3, 3600)
    assert (told["oldest_at"], told["newest_at"]) == ("2026-01-06T10:00:00Z", "2026-01-06T14:00:00Z")
    assert (told["usual_gap_s"], told["n_bytes"]) == (7_200, len(RSS))
    tell_check(replace(checked, skip_hours=(0, 1), skip_days=(0, 6), problems=("p",)), as_json=False)
    printed = capsys.readouterr()
    for said in (
        "2 hours between entries",
        "ETag",
        "1 hour between polls",
        "hours 0, 1 UTC",
        "Monday, Sunday",
        "max-age",
    ):
        assert said in " ".join(printed.out.split())
    assert printed.err == "problem: p\n"
    assert "geheim" not in printed.out + json.dumps(told)


def test_an_index_is_told_as_one_and_not_as_a_feed_without_entries(
    doors: Doors, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = discover(begin("http://a.example/index"), doors)
    tell_discovery(ended, as_json=False)
    checked = check_feed("http://a.example/index", doors)
    tell_check(checked, as_json=False)
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("an index of which each poll reads 1 document") == 2
    assert "0 entries" not in told
    assert (checked.n_entries, checked.n_documents, ended.finds[0].n_documents) == (0, 1, 1)


def test_a_check_takes_relative_links_from_the_content_location_as_a_poll_does(doors: Doors) -> None:
    assert check_feed("http://a.example/placed", doors).site_url == "http://b.example/x/home"


@pytest.mark.parametrize(("path", "is_moved", "said"), [("moved", True, "for good"), ("for-now", False, "for now")])
def test_redirects_are_told_with_what_they_mean(
    doors: Doors, capsys: pytest.CaptureFixture[str], path: str, is_moved: bool, said: str
) -> None:
    checked = check_feed(f"http://a.example/{path}", doors)
    assert checked.is_moved is is_moved
    tell_check(checked, as_json=False)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "http://a.example/ is no feed: `monitor feeds discover http://a.example/`"),
        ("none", "there is no such page (404)"),
        ("wall", "a wall against robots (HTTP 403)"),
        ("empty", "the answer is empty"),
    ],
)
def test_what_cannot_be_polled_is_one_sentence(doors: Doors, path: str, said: str) -> None:
    with pytest.raises(MonitorError) as raised:
        check_feed(f"http://a.example/{path}", doors)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("command", ["discover", "check"])
@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://a.example:22/", "ftp://a.example/"])
def test_addresses_that_may_not_be_asked_are_wrong_usage(monitor: Monitor, command: str, url: str) -> None:
    ran = monitor("feeds", command, url)
    assert (ran.code, ran.out) == (2, "")
    assert url in ran.err

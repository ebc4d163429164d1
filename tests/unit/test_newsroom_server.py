from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.clock import SimulatedClock
from monitor.demo.dates import shifted
from monitor.demo.newsroom import Newsroom
from monitor.net.http import HttpDoor
from monitor.types import Request, Response
from tests.loopback import GIVE_UP_S, LoopbackSockets, TableResolver, client_tls

STARTED_AT = datetime(2026, 11, 22, 21, 0, 0, tzinfo=UTC)
FEED = """<rss><channel><item><link>http://a.example/2026/summit?utm_source=rss</link>
<pubDate>Tue, 06 Jan 2026 17:45:00 GMT</pubDate></item></channel></rss>"""


def write_newsroom(folder: Path, answers: list[dict[str, Any]], files: Mapping[str, bytes]) -> Path:
    described = {"reference_at": "2026-01-06T18:00:00Z", "answers": answers}
    (folder / "newsroom.json").write_text(json.dumps(described), "utf-8")
    (folder / "sites").mkdir()
    for name, content in files.items():
        path = folder / "sites" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


class HandClock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.at = STARTED_AT

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def open_newsroom(
    folder: Path, answers: list[dict[str, Any]], files: Mapping[str, bytes]
) -> Iterator[tuple[Newsroom, HttpDoor, HandClock]]:
    clock = HandClock()
    room = Newsroom(write_newsroom(folder, answers, files), clock=clock, started_at=STARTED_AT)
    with room:
        door = HttpDoor(
            user_agent="monitor-test/1",
            concurrency=8,
            connect_timeout_s=GIVE_UP_S,
            read_timeout_s=GIVE_UP_S,
            total_timeout_s=GIVE_UP_S,
            connect_to=room.connect_to,
            socket_factory=LoopbackSockets(),
            resolver=TableResolver({}),
            ssl_context=client_tls(),
        )
        with door:
            yield room, door, clock


def got(door: HttpDoor, url: str, **options: Any) -> Response:
    outcome = door.fetch_many([Request(url=url, **{"max_bytes": 5_000_000, **options})])[0]
    assert isinstance(outcome, Response), outcome
    return outcome


FILES = {
    "a.example/feed.xml": FEED.encode(),
    "a.example/index.html": b"<h1>front</h1>",
    "a.example/2026/summit.html": b"<p>" + b"summit " * 200 + b"</p>",
    "a.example/deep/.html": b"stored as given",
    "a.example/new/article.php.html": b"never",
    "b.example/page.html": "<p>Déjà vu — 2026-01-06T10:30:00+01:00</p>".encode("windows-1252"),
    "b.example/plain.txt": b"plain",
    "b.example/logo.png": b"\x89PNG 2026-01-06T10:30:00Z",
    "b.example/caf\u00e9.html": b"coffee",
}


# --- routing ------------------------------------------------------------------------------------------------------


def test_files_are_served_under_their_host_and_path(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (_, door, _clock):
        assert got(door, "http://a.example/").body == b"<h1>front</h1>"
        assert got(door, "http://a.example").body == b"<h1>front</h1>"
        assert b"summit" in got(door, "http://a.example/2026/summit").body
        assert b"summit" in got(door, "http://a.example/2026/summit/?utm_source=rss&utm_medium=x").body
        assert got(door, "http://a.example/deep/").body == b"stored as given"
        assert got(door, "http://b.example/plain.txt").body == b"plain"
        assert got(door, "http://b.example/caf%C3%A9").body == b"coffee"


def test_unknown_paths_hosts_and_ways_out_of_the_folder_are_not_found(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("secret")
    with open_newsroom(tmp_path, [{"url": "http://c.example/moved", "status": 404}], FILES) as (_, door, _clock):
        for url in (
            "http://a.example/nothing",
            "http://b.example/2026/summit",
            "http://c.example/",
            "http://c.example/moved",
            "http://a.example/../../secret.html",
            "http://a.example/..%2F..%2Fsecret.html",
            "http://a.example/%2e%2e/b.example/plain.txt",
        ):
            response = got(door, url)
            assert response.status == 404, url
            assert b"404 Not Found" in response.body
            assert response.headers["content-type"].startswith("text/html")


def test_every_host_of_sites_and_answers_leads_to_the_server(tmp_path: Path) -> None:
    answers = [{"url": "http://gone.example/x", "status": 410}]
    with open_newsroom(tmp_path, answers, FILES) as (room, door, _clock):
        assert set(room.connect_to) == {"a.example", "b.example", "gone.example"}
        assert {ip for ip, _ in room.connect_to.values()} == {"127.0.0.1"}
        assert len({port for _, port in room.connect_to.values()}) == 1
        assert got(door, "http://gone.example/x").status == 410


def test_content_types_follow_the_ending_and_claim_a_charset_only_if_it_is_true(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (_, door, _clock):
        found = {
            url: got(door, url).headers["content-type"]
            for url in (
                "http://a.example/feed.xml",
                "http://a.example/2026/summit",
                "http://b.example/page.html",
                "http://b.example/plain.txt",
                "http://b.example/logo.png",
            )
        }
    assert list(found.values()) == [
        "application/xml",
        "text/html; charset=utf-8",
        "text/html",
        "text/plain; charset=utf-8",
        "application/octet-stream",
    ]


def test_requests_are_counted_by_url(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (room, door, _clock):
        for url in (
            "http://a.example/",
            "http://a.example/feed.xml",
            "http://a.example/feed.xml",
            "http://a.example/x?y",
        ):
            got(door, url)
        assert room.n_requests == {"http://a.example/": 1, "http://a.example/feed.xml": 2, "http://a.example/x?y": 1}


def test_many_requests_at_once_are_all_answered(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (room, door, _clock):
        urls = ["http://a.example/feed.xml", "http://a.example/2026/summit", "http://b.example/page.html"] * 50
        outcomes = door.fetch_many([Request(url=url, max_bytes=100_000) for url in urls])
        assert sum(room.n_requests.values()) == 150
    assert [outcome.status for outcome in outcomes if isinstance(outcome, Response)] == [200] * 150


# --- what differs -------------------------------------------------------------------------------------------------


def test_answers_change_with_the_clock_and_the_first_row_that_fits_wins(tmp_path: Path) -> None:
    answers = [
        {"url": "http://a.example/feed.xml", "until_s": 3600, "status": 500},
        {"url": "http://a.example/feed.xml", "from_s": 86400, "file": "sites/a.example/feed.v2.xml"},
        {"url": "http://a.example/feed.xml", "from_s": 86400, "status": 410},
    ]
    with open_newsroom(tmp_path, answers, {**FILES, "a.example/feed.v2.xml": b"<v2/>"}) as (_, door, clock):
        seen = []
        for elapsed_s in (0, 3599, 3600, 86399, 86400, 10**7):
            clock.at = STARTED_AT + timedelta(seconds=elapsed_s)
            response = got(door, "http://a.example/feed.xml")
            seen.append((response.status, response.body[:5]))
    assert seen == [
        (500, b"<!doc"),
        (500, b"<!doc"),
        (200, b"<rss>"),
        (200, b"<rss>"),
        (200, b"<v2/>"),
        (200, b"<v2/>"),
    ]


def test_a_row_may_redirect_set_headers_and_content_type_and_give_an_error_a_page(tmp_path: Path) -> None:
    answers = [
        {"url": "http://a.example/old", "status": 302, "headers": {"Location": "/2026/summit"}},
        {"url": "http://a.example/rdf", "file": "sites/a.example/feed.xml", "content_type": "application/rdf+xml"},
        {"url": "http://a.example/wall", "status": 402, "file": "sites/a.example/index.html"},
        {"url": "http://a.example/later", "status": 429, "headers": {"Retry-After": "60"}},
        {"url": "http://a.example/2026/summit", "headers": {"X-Kind": "html"}},
    ]
    with open_newsroom(tmp_path, answers, FILES) as (_, door, _clock):
        moved = got(door, "http://a.example/old")
        assert (moved.status, moved.final_url) == (200, "http://a.example/2026/summit")
        assert moved.headers["x-kind"] == "html"
        assert got(door, "http://a.example/rdf").headers["content-type"] == "application/rdf+xml"
        wall = got(door, "http://a.example/wall")
        assert (wall.status, wall.body) == (402, b"<h1>front</h1>")
        assert got(door, "http://a.example/later").headers["retry-after"] == "60"


def test_a_row_for_a_path_also_answers_the_path_with_a_query_unless_one_names_it(tmp_path: Path) -> None:
    answers = [
        {"url": "http://a.example/2026/summit?amp=1", "status": 410},
        {"url": "http://a.example/2026/summit", "status": 403},
    ]
    with open_newsroom(tmp_path, answers, FILES) as (_, door, _clock):
        assert got(door, "http://a.example/2026/summit?amp=1").status == 410
        assert got(door, "http://a.example/2026/summit?utm_source=x").status == 403


def test_a_pad_is_put_in_the_place_of_its_marker(tmp_path: Path) -> None:
    pad = {"marker": "<!--PAD-->", "text": "<br>", "times": 250_000}
    answers = [{"url": "http://a.example/pad", "pad": pad}]
    files = {**FILES, "a.example/pad.html": b"<p>one</p><!--PAD--><p>two</p>"}
    with open_newsroom(tmp_path, answers, files) as (_, door, _clock):
        body = got(door, "http://a.example/pad").body
    assert body == b"<p>one</p>" + b"<br>" * 250_000 + b"<p>two</p>"


# --- conditional requests and gzip ----------------------------------------------------------------------------------


def test_a_known_answer_is_not_sent_again(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (_, door, clock):
        url = "http://a.example/2026/summit"
        first = got(door, url)
        etag, changed_at = first.headers["etag"], first.headers["last-modified"]
        assert parsedate_to_datetime(changed_at) == STARTED_AT
        for known in (
            {"etag": etag},
            {"etag": etag.removeprefix("W/")},
            {"etag": f'"other", {etag}'},
            {"last_modified": changed_at},
            {"etag": etag, "last_modified": "Tue, 06 Jan 2015 09:30:00 GMT"},
        ):
            again = got(door, url, **known)
            assert (again.status, again.body) == (304, b""), known
            assert again.headers["etag"] == etag
        for unknown in (
            {"etag": '"other"'},
            {"last_modified": "Tue, 06 Jan 2015 09:30:00 GMT"},
            {"last_modified": "nonsense"},
            {"etag": '"other"', "last_modified": changed_at},
        ):
            assert got(door, url, **unknown).status == 200, unknown
        clock.at += timedelta(days=1)
        assert got(door, url, etag=etag).status == 304


def test_a_new_version_has_new_validators(tmp_path: Path) -> None:
    answers = [{"url": "http://a.example/", "from_s": 3600, "file": "sites/a.example/v2.html"}]
    with open_newsroom(tmp_path, answers, {**FILES, "a.example/v2.html": b"new"}) as (_, door, clock):
        old = got(door, "http://a.example/").headers
        clock.at += timedelta(hours=1)
        by_etag = got(door, "http://a.example/", etag=old["etag"])
        by_date = got(door, "http://a.example/", last_modified=old["last-modified"])
    assert by_etag.body == by_date.body == b"new"
    assert parsedate_to_datetime(by_date.headers["last-modified"]) == STARTED_AT + timedelta(hours=1)
    assert parsedate_to_datetime(by_date.headers["date"]) == STARTED_AT + timedelta(hours=1)


def test_errors_have_no_validators(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (_, door, _clock):
        response = got(door, "http://a.example/nothing", etag="*")
    assert response.status == 404
    assert "etag" not in response.headers


def test_long_answers_are_gzipped_for_those_who_take_it(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (_, door, _clock):
        long, short = got(door, "http://a.example/2026/summit"), got(door, "http://a.example/")
    assert long.headers["content-encoding"] == "gzip"
    assert long.body.startswith(b"<p>summit")
    assert "content-encoding" not in short.headers


# --- dates --------------------------------------------------------------------------------------------------------


def test_dates_of_feeds_and_pages_move_with_the_start_and_the_charset_survives(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, [], FILES) as (_, door, _clock):
        feed = got(door, "http://a.example/feed.xml").body
        page = got(door, "http://b.example/page.html").body
        image = got(door, "http://b.example/logo.png").body
    assert b"<pubDate>Sun, 22 Nov 2026 20:45:00 GMT</pubDate>" in feed
    assert page.decode("windows-1252") == "<p>Déjà vu — 2026-11-22T13:30:00+01:00</p>"
    assert image == FILES["b.example/logo.png"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-01-06T09:30:00Z", "2026-03-08T10:30:00Z"),
        ("2026-01-06T09:30:00+05:30", "2026-03-08T10:30:00+05:30"),
        ("2026-01-06T09:30:00-0800", "2026-03-08T10:30:00-0800"),
        ("2026-01-06T09:30:00.123Z", "2026-03-08T10:30:00.123Z"),
        ("2026-01-06T09:30Z", "2026-03-08T10:30Z"),
        ("2026-01-06 09:30:00+00:00", "2026-03-08 10:30:00+00:00"),
        ("2026-01-06 09:30:00 +0000", "2026-03-08 10:30:00 +0000"),
        ("2025-12-31T23:30:00Z", "2026-03-03T00:30:00Z"),
        ("Tue, 06 Jan 2026 09:30:00 GMT", "Sun, 08 Mar 2026 10:30:00 GMT"),
        ("Tue, 6 Jan 2026 09:30:00 +0100", "Sun, 8 Mar 2026 10:30:00 +0100"),
        ("Wed, 06 Jan 2026 09:30 EST", "Sun, 08 Mar 2026 10:30 EST"),
        ("06 Jan 2026 09:30:00 -0000", "08 Mar 2026 10:30:00 -0000"),
        ('"2026-01-06T09:30:00Z","2026-01-07T09:30:00Z"', '"2026-03-08T10:30:00Z","2026-03-09T10:30:00Z"'),
    ],
)
def test_complete_timestamps_move_and_keep_their_spelling(before: str, after: str) -> None:
    by = timedelta(days=61, hours=1, microseconds=400_000)
    assert shifted(f"<a>{before}</a>".encode(), by) == f"<a>{after}</a>".encode()


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-06",
        "2026-01-06T09:30:00",
        "2026-13-06T09:30:00Z",
        "2026-02-30T09:30:00Z",
        "Tue, 32 Jan 2026 09:30:00 GMT",
        "Tue, 06 Jan 2026",
        "yesterday at 09:30",
        "http://a.example/2026/01/06/summit",
        "12026-01-06T09:30:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_what_is_no_complete_timestamp_stays(text: str) -> None:
    assert shifted(text.encode(), timedelta(days=61)) == text.encode()


def test_dates_can_move_back() -> None:
    assert shifted(b"Tue, 06 Jan 2026 00:30:00 GMT", timedelta(hours=-1)) == b"Mon, 05 Jan 2026 23:30:00 GMT"


# --- the clock ------------------------------------------------------------------------------------------------------


def test_the_simulated_clock_runs_on_and_jumps_ahead() -> None:
    clock = SimulatedClock(STARTED_AT)
    first = clock.now()
    clock.jump(timedelta(hours=1))
    second = clock.now()
    assert STARTED_AT <= first < STARTED_AT + timedelta(minutes=1)
    assert timedelta(hours=1) <= second - first < timedelta(hours=1, minutes=1)
    assert second.tzinfo is UTC
    assert clock.now() >= second


def test_the_simulated_clock_never_goes_back_and_wants_an_aware_start() -> None:
    with pytest.raises(ValueError, match="never goes back"):
        SimulatedClock(STARTED_AT).jump(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="aware"):
        SimulatedClock(STARTED_AT.replace(tzinfo=None))

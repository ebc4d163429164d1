from __future__ import annotations

import asyncio
import gc
import gzip
import logging
import threading
import warnings
from typing import Any

import pytest
from aiohttp.abc import ResolveResult

from monitor.net.wire import exact_url
from monitor.types import Failure, Hop, Reason, Request, Response
from tests.loopback import (
    GIVE_UP_S,
    HOST,
    Conversation,
    RawServer,
    Script,
    TableResolver,
    always,
    answer,
    by_target,
    failed,
    get,
    got,
    open_door,
    server_tls,
    serving,
)

# --- what is asked and answered -----------------------------------------------------------------------------------


def test_an_answer_carries_status_body_and_url() -> None:
    with serving(always(answer("200 OK", b"hello", content_type="text/plain"))) as (_, door):
        response = got(door, f"http://{HOST}/page")
    assert (response.status, response.body) == (200, b"hello")
    assert response.url == response.final_url == f"http://{HOST}/page"
    assert response.hops == ()
    assert response.headers["content-type"] == "text/plain"
    assert response.elapsed_s > 0


def test_every_status_is_an_answer_and_not_a_failure() -> None:
    for status in ("404 Not Found", "410 Gone", "429 Too Many", "500 Oops", "304 Not Modified", "204 No Content"):
        with serving(always(answer(status))) as (_, door):
            assert got(door).status == int(status[:3])


def test_a_request_says_who_asks_and_that_only_gzip_will_do() -> None:
    with serving(always(answer())) as (server, door):
        got(door, accept="application/rss+xml")
    head = server.heard[0].lower()
    assert head.startswith(b"get / http/1.1\r\n")
    assert b"\r\nhost: news.example\r\n" in head
    assert b"\r\nuser-agent: monitor-test/1\r\n" in head
    assert b"\r\naccept-encoding: gzip\r\n" in head
    assert b"\r\naccept: application/rss+xml\r\n" in head
    assert {line.partition(b":")[0] for line in head.split(b"\r\n")[1:] if line} == {
        b"host",
        b"user-agent",
        b"accept-encoding",
        b"accept",
    }


def test_a_user_agent_that_no_header_can_carry_is_sent_with_question_marks() -> None:
    with serving(always(answer()), user_agent="monitor/1 (Zoë\r\nX-Evil: 1)") as (server, door):
        got(door)
    assert b"\r\nuser-agent: monitor/1 (Zo???X-Evil: 1)\r\n" in server.heard[0].replace(b"User-Agent", b"user-agent")


def test_validators_are_sent_as_they_were_given() -> None:
    with serving(always(answer("304 Not Modified"))) as (server, door):
        response = got(door, etag='W/"a-1"', last_modified="Tue, 06 Jan 2026 09:30:00 GMT")
    assert response.status == 304
    assert b'if-none-match: W/"a-1"\r\n' in server.heard[0]
    assert b"if-modified-since: Tue, 06 Jan 2026 09:30:00 GMT\r\n" in server.heard[0]


def test_a_validator_that_would_break_the_header_is_left_out() -> None:
    with serving(always(answer())) as (server, door):
        for etag in ('"a"\r\nX-Evil: 1', '"é"', '"' + "a" * 5_000 + '"'):
            assert got(door, etag=etag).status == 200
    assert all(b"if-none-match" not in head and b"Evil" not in head for head in server.heard)
    assert len(server.heard) == 3


def test_header_names_are_lower_case_and_repeated_headers_joined() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-One: a\r\nx-ONE: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with serving(always(raw)) as (_, door):
        headers = got(door).headers
    assert headers["x-one"] == "a, b"
    assert all(name == name.lower() for name in headers)


def test_cookies_are_neither_kept_nor_shown() -> None:
    raw = answer(set_cookie="session=secret; Path=/")
    with serving(always(raw)) as (server, door):
        assert "set-cookie" not in got(door).headers
        got(door, f"http://{HOST}/again")
    assert len(server.heard) == 2
    assert b"cookie" not in server.heard[1].lower()


def test_cookies_set_by_a_redirect_are_not_sent_to_its_target() -> None:
    answers = {"/": answer("302 Found", location="/next", set_cookie="a=b"), "/next": answer()}
    with serving(by_target(answers)) as (server, door):
        assert got(door).status == 200
    assert b"cookie" not in server.heard[1].lower()


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb/c%7Ed?X-Amz-Credential=AK%2F20260106%2Feu&sig=a%2Bb%3D%3D+c&x=%41~&q='1'",
        "/%e4%b8%ad/?u=http%3A%2F%2Fother.example%2F%3Fa%3Db&empty=&flag",
        "/a;v=1/(b)/$c,d/@e/!f/*g?list[]=1&list[]=2&p=a/b?c",
        "//double//slash",
        "/a/../b/./c",
    ],
)
def test_a_url_that_is_already_encoded_goes_out_byte_for_byte(target: str) -> None:
    with serving(always(answer())) as (server, door):
        got(door, f"http://{HOST}{target}")
    assert server.heard[0].split(b" ")[1].decode() == target


def test_what_cannot_be_sent_in_a_url_is_encoded_and_the_fragment_dropped() -> None:
    with serving(always(answer())) as (server, door):
        got(door, f'http://{HOST}/a b/ü<x>?q=ä ö"#part')
    assert server.heard[0].split(b" ")[1] == b"/a%20b/%C3%BC%3Cx%3E?q=%C3%A4%20%C3%B6%22"


def test_international_host_names_are_asked_for_in_ascii() -> None:
    assert str(exact_url("http://Bücher.Example:8080/ä")) == "http://xn--bcher-kva.example:8080/%C3%A4"


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(always(answer())) as (_, door):
        assert got(door).status == 200


def test_answers_come_in_the_order_of_the_requests() -> None:
    answers = {f"/{number}": answer(body=str(number).encode()) for number in range(40)}
    with serving(by_target(answers)) as (_, door):
        urls = [f"http://{HOST}/{number}" for number in range(40)]
        outcomes = door.fetch_many([Request(url=url, max_bytes=100) for url in urls])
    assert [outcome.url for outcome in outcomes] == urls
    assert [outcome.body for outcome in outcomes if isinstance(outcome, Response)] == [
        str(number).encode() for number in range(40)
    ]


def test_nothing_to_ask_gives_no_answers() -> None:
    with open_door() as door:
        assert door.fetch_many([]) == []


def test_several_threads_may_ask_at_once() -> None:
    answers = {f"/{number}": answer(body=str(number).encode()) for number in range(4)}
    bodies: dict[int, list[bytes]] = {}
    with serving(by_target(answers)) as (_, door):

        def ask(number: int) -> None:
            requests = [Request(url=f"http://{HOST}/{number}", max_bytes=100)] * 10
            bodies[number] = [outcome.body for outcome in door.fetch_many(requests) if isinstance(outcome, Response)]

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(GIVE_UP_S)
    assert bodies == {number: [str(number).encode()] * 10 for number in range(4)}


def test_no_more_requests_are_under_way_at_once_than_allowed() -> None:
    lock = threading.Lock()
    now, most = 0, 0

    def script(conversation: Conversation) -> None:
        nonlocal now, most
        conversation.head()
        with lock:
            now += 1
            most = max(most, now)
        conversation.is_gone_within(0.02)
        with lock:
            now -= 1
        conversation.send(answer())

    with serving(script, concurrency=3) as (_, door):
        outcomes = door.fetch_many([Request(url=f"http://{HOST}/{n}", max_bytes=10) for n in range(12)])
    assert all(isinstance(outcome, Response) for outcome in outcomes)
    assert most == 3


def test_a_connection_is_used_again_for_the_next_request_to_the_same_host() -> None:
    def script(conversation: Conversation) -> None:
        while conversation.head():
            conversation.send(answer(connection="keep-alive"))

    with serving(script) as (server, door):
        assert got(door).status == got(door).status == 200
    assert server.n_connections == 1


def test_a_kept_connection_that_ended_meanwhile_is_replaced() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.send(answer(connection="keep-alive"))
        conversation.head()  # hangs up instead of answering

    with serving(script) as (server, door):
        assert [got(door, f"http://{HOST}/{number}").status for number in range(3)] == [200] * 3
        assert server.n_connections == 3


# --- redirects ----------------------------------------------------------------------------------------------------


def test_redirects_are_followed_and_recorded() -> None:
    answers = {
        "/": answer("301 Moved", b"ignored", location="/two#part"),
        "/two": answer("307 Temporary", location=f"http://{HOST}/three?a=%2F"),
        "/three?a=%2F": answer(body=b"there"),
    }
    with serving(by_target(answers)) as (server, door):
        response = got(door, etag='"1"')
    assert response.body == b"there"
    assert response.url == f"http://{HOST}/"
    assert response.final_url == f"http://{HOST}/three?a=%2F"
    assert response.hops == (Hop(status=301, url=f"http://{HOST}/"), Hop(status=307, url=f"http://{HOST}/two"))
    assert all(b'if-none-match: "1"' in head for head in server.heard)


def test_a_redirect_to_another_host_carries_that_host_name() -> None:
    to_other = always(answer("302 Found", location="http://other.example/x"))
    with RawServer(to_other) as first, RawServer(always(answer(body=b"other"))) as second:
        with open_door((HOST, first), ("other.example", second)) as door:
            assert got(door).body == b"other"
        assert b"host: other.example\r\n" in second.heard[0].lower()


def test_more_redirects_than_allowed_end_the_request() -> None:
    answers = {f"/{n}": answer("302 Found", location=f"/{n + 1}") for n in range(20)}
    with serving(by_target(answers), max_redirects=3) as (server, door):
        assert failed(door, f"http://{HOST}/0").reason is Reason.TOO_MANY_REDIRECTS
    assert len(server.heard) == 4


def test_a_redirect_loop_ends_at_once() -> None:
    answers = {"/a": answer("302 Found", location="/b"), "/b": answer("302 Found", location="/a")}
    with serving(by_target(answers)) as (server, door):
        assert failed(door, f"http://{HOST}/a").reason is Reason.TOO_MANY_REDIRECTS
    assert len(server.heard) == 2


def test_a_redirect_without_a_target_is_the_answer() -> None:
    with serving(always(answer("302 Found", b"where?"))) as (_, door):
        response = got(door)
    assert (response.status, response.body) == (302, b"where?")


@pytest.mark.parametrize("target", ["javascript:alert(1)", "file:///etc/passwd", "ftp://news.example/", "http://[x"])
def test_a_redirect_to_something_that_is_no_web_page_is_a_bad_url(target: str) -> None:
    with serving(always(answer("302 Found", location=target))) as (server, door):
        outcome = get(door)
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.BAD_URL
    assert len(server.heard) == 1


def test_a_failure_says_which_address_failed_and_what_led_there() -> None:
    answers = {
        "/": answer("301 Moved", location="/two"),
        "/two": answer("302 Found", location="http://nowhere.example/x"),
        "/private": answer("302 Found", location="http://10.0.0.1/"),
        "/garbled": answer("302 Found", b"whatever", location="http://[x"),
        "/coded": answer(body=b"whatever", content_encoding="br"),
        "/to-coded": answer("307 Temporary", location="/coded"),
        "/a": answer("302 Found", location="/b"),
        "/b": answer("302 Found", location="/a"),
    }
    expected = {
        "/": (Reason.DNS, "301 /, 302 /two", "http://nowhere.example/x"),
        "/private": (Reason.BLOCKED_ADDRESS, "302 /private", "http://10.0.0.1/"),
        "/garbled": (Reason.BAD_URL, "302 /garbled", ""),
        "/coded": (Reason.BAD_ENCODING, "", f"http://{HOST}/coded"),
        "/to-coded": (Reason.BAD_ENCODING, "307 /to-coded", f"http://{HOST}/coded"),
        "/a": (Reason.TOO_MANY_REDIRECTS, "302 /a, 302 /b", f"http://{HOST}/a"),
    }
    with serving(by_target(answers)) as (_, door):
        for target, (reason, hops, final_url) in expected.items():
            failure = failed(door, f"http://{HOST}{target}")
            way = ", ".join(f"{hop.status} {hop.url.removeprefix(f'http://{HOST}')}" for hop in failure.hops)
            assert (failure.url, failure.reason) == (f"http://{HOST}{target}", reason)
            assert (way, failure.final_url) == (hops, final_url)


# --- what goes wrong ----------------------------------------------------------------------------------------------


def test_a_closed_port_is_refused() -> None:
    with RawServer(always(b"")) as server:
        address = server.address
    with open_door(connect_to={HOST: address}) as door:
        assert failed(door).reason is Reason.REFUSED


def test_a_name_without_address_is_a_dns_failure() -> None:
    with open_door() as door:
        assert failed(door, "http://nowhere.example/").reason is Reason.DNS


def test_https_checks_the_certificate_against_the_name_and_not_the_address() -> None:
    with RawServer(always(answer(body=b"safe")), ssl_context=server_tls()) as server:
        with open_door(("secure.example", server), ("other.example", server)) as door:
            assert got(door, "https://secure.example/").body == b"safe"
            assert failed(door, "https://other.example/").reason is Reason.TLS
        assert b"host: secure.example\r\n" in server.heard[0].lower()


def test_https_to_a_server_of_an_unknown_authority_is_a_tls_failure() -> None:
    with (
        RawServer(always(answer()), ssl_context=server_tls()) as server,
        open_door(("secure.example", server), ssl_context=None) as door,
    ):
        assert failed(door, "https://secure.example/").reason is Reason.TLS


def test_https_to_a_server_that_speaks_plain_http_is_a_tls_failure() -> None:
    with (
        RawServer(lambda conversation: conversation.send(b"HTTP/1.1 400 Bad\r\n\r\n")) as server,
        open_door(("secure.example", server)) as door,
    ):
        assert failed(door, "https://secure.example/").reason is Reason.TLS


def test_a_server_that_hangs_up_before_answering_is_a_disconnect() -> None:
    with serving(lambda conversation: conversation.head() and None) as (server, door):
        assert failed(door).reason is Reason.DISCONNECTED
    assert server.n_connections == 1  # asked once and not again at once


def test_a_reset_is_a_disconnect() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.reset()

    with serving(script) as (_, door):
        assert failed(door).reason is Reason.DISCONNECTED


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
def test_a_body_that_ends_too_early_is_a_disconnect(raw: bytes) -> None:
    with serving(always(raw)) as (_, door):
        assert failed(door).reason is Reason.DISCONNECTED


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>not a status line</html>\r\n\r\n",
        b"HTTP/9.9 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(5_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n",
    ],
    ids=["no status line", "odd version", "no colon", "large header", "many headers", "odd length"],
)
def test_an_answer_that_is_not_http_is_a_protocol_failure(raw: bytes) -> None:
    with serving(always(raw)) as (_, door):
        assert failed(door).reason is Reason.PROTOCOL


def test_details_hold_nothing_that_the_server_sent_and_no_query() -> None:
    with serving(always(b"HTTP/1.1 \x1b[31mevil\r\n\r\n")) as (_, door):
        detail = failed(door, f"http://{HOST}/?token=hush").detail
    assert "evil" not in detail
    assert "hush" not in detail


def test_no_log_of_the_libraries_tells_a_url(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), serving(always(answer())) as (_, door):
        got(door, f"http://{HOST}/?token=hush")
    assert "hush" not in caplog.text


def test_a_silent_server_ends_at_the_read_limit() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.is_gone_within(GIVE_UP_S)

    with serving(script, read_timeout_s=0.1) as (_, door):
        assert failed(door).reason is Reason.TIMEOUT


def test_a_server_that_sends_a_byte_at_a_time_ends_at_the_total_deadline() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n")
        while not conversation.is_gone_within(0.02):
            conversation.send(b"x")

    with serving(script, read_timeout_s=5.0, total_timeout_s=0.3) as (_, door):
        assert failed(door).reason is Reason.TIMEOUT


def test_the_total_deadline_covers_all_redirects_together() -> None:
    count = iter(range(1_000))

    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.is_gone_within(0.1)
        conversation.send(answer("302 Found", location=f"/{next(count)}"))

    with serving(script, max_redirects=500, total_timeout_s=0.5) as (server, door):
        assert failed(door).reason is Reason.TIMEOUT
    assert 1 < len(server.heard) < 10


class SilentResolver(TableResolver):
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:  # noqa: ARG002
        self.asked.append(host)
        return await asyncio.get_running_loop().create_future()


def test_a_name_server_that_never_answers_ends_at_the_connect_limit() -> None:
    with open_door(resolver=SilentResolver({}), connect_timeout_s=0.1) as door:
        assert failed(door, "http://slow.example/").reason is Reason.TIMEOUT


def test_one_bad_server_does_not_spoil_the_other_answers() -> None:
    answers = {"/good": answer(body=b"good"), "/bad": b"garbage\r\n\r\n"}
    with serving(by_target(answers)) as (_, door):
        urls = [f"http://{HOST}/good", f"http://{HOST}/bad", "http://nowhere.example/", "no url", f"http://{HOST}/good"]
        outcomes = door.fetch_many([Request(url=url, max_bytes=100) for url in urls])
    found = [outcome.status if isinstance(outcome, Response) else outcome.reason for outcome in outcomes]
    assert found == [200, Reason.PROTOCOL, Reason.DNS, Reason.BAD_URL, 200]


# --- stopping -----------------------------------------------------------------------------------------------------


def hanging(seen: threading.Event) -> Script:
    def script(conversation: Conversation) -> None:
        if b" /quick " in conversation.head():
            conversation.send(answer(body=b"quick"))
            return
        seen.set()
        conversation.is_gone_within(GIVE_UP_S)

    return script


def test_stop_ends_what_is_pending_and_keeps_what_is_done() -> None:
    seen, stop = threading.Event(), threading.Event()
    outcomes: list[Response | Failure] = []
    with serving(hanging(seen), concurrency=2) as (_, door):
        urls = [f"http://{HOST}/quick", f"http://{HOST}/a", f"http://{HOST}/b", f"http://{HOST}/c"]
        requests = [Request(url=url, max_bytes=100) for url in urls]
        asking = threading.Thread(target=lambda: outcomes.extend(door.fetch_many(requests, stop=stop)))
        asking.start()
        assert seen.wait(GIVE_UP_S)
        stop.set()
        asking.join(GIVE_UP_S)
        assert got(door, f"http://{HOST}/quick").body == b"quick"  # the door goes on for others
    assert isinstance(outcomes[0], Response)
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Failure)] == [Reason.STOPPED] * 3


def test_a_stop_that_is_already_set_ends_everything() -> None:
    stop = threading.Event()
    stop.set()
    with serving(hanging(threading.Event())) as (_, door):
        outcome = door.fetch_many([Request(url=f"http://{HOST}/a", max_bytes=100)], stop=stop)[0]
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.STOPPED


def test_closing_ends_what_other_threads_wait_for() -> None:
    seen = threading.Event()
    outcomes: list[Response | Failure] = []
    with serving(hanging(seen)) as (_, door):
        requests = [Request(url=f"http://{HOST}/a", max_bytes=100)]
        asking = threading.Thread(target=lambda: outcomes.extend(door.fetch_many(requests)))
        asking.start()
        assert seen.wait(GIVE_UP_S)
        door.close()
        asking.join(GIVE_UP_S)
        assert not asking.is_alive()
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Failure)] == [Reason.STOPPED]


def test_a_closed_door_answers_stopped_and_closes_twice() -> None:
    door = open_door()
    door.close()
    door.close()
    assert failed(door).reason is Reason.STOPPED
    assert not door._thread.is_alive()


def test_closing_leaves_no_connection_and_no_warning_behind() -> None:
    def script(conversation: Conversation) -> None:
        while conversation.head():
            conversation.send(answer(connection="keep-alive"))

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with RawServer(script, ssl_context=server_tls()) as safe, RawServer(script) as plain:
            door = open_door(("secure.example", safe), (HOST, plain))
            assert got(door, "https://secure.example/").status == got(door).status == 200
            door.close()
            del door
            gc.collect()
    assert [str(warning.message) for warning in warned] == []


# --- bodies -------------------------------------------------------------------------------------------------------


def test_gzip_is_inflated() -> None:
    with serving(always(answer(body=gzip.compress(b"a" * 5_000), content_encoding="gzip"))) as (_, door):
        assert got(door).body == b"a" * 5_000


def test_a_bomb_stops_at_the_cap() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with serving(always(answer(body=bomb, content_encoding="gzip"))) as (_, door):
        assert failed(door, max_bytes=1_000_000).reason is Reason.TOO_LARGE


def test_a_body_as_large_as_the_cap_is_taken_and_one_byte_more_is_not() -> None:
    with serving(always(answer(body=b"x" * 1_000))) as (_, door):
        assert len(got(door, max_bytes=1_000).body) == 1_000
        assert failed(door, max_bytes=999).reason is Reason.TOO_LARGE


def test_an_endless_body_without_length_stops_at_the_cap() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not conversation.is_gone_within(0.001):
            conversation.send(b"x" * 10_000)

    with serving(script) as (_, door):
        assert failed(door).reason is Reason.TOO_LARGE


def test_a_body_announced_as_too_large_is_not_read() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        conversation.is_gone_within(GIVE_UP_S)

    with serving(script) as (_, door):
        assert failed(door).reason is Reason.TOO_LARGE


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip,br", "aws-chunked"])
def test_any_other_or_stacked_coding_is_refused(coding: str) -> None:
    with serving(always(answer(body=b"whatever", content_encoding=coding))) as (_, door):
        assert failed(door).reason is Reason.BAD_ENCODING


def test_the_status_of_an_error_counts_even_if_its_body_cannot_be_read() -> None:
    raw = answer("429 Slow Down", b"whatever", content_encoding="br", retry_after="120")
    with serving(always(raw)) as (_, door):
        response = got(door)
    assert (response.status, response.body, response.headers["retry-after"]) == (429, b"", "120")


def test_an_unchanged_answer_may_name_a_coding_without_having_a_body() -> None:
    with serving(always(b"HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n\r\n")) as (_, door):
        assert got(door).body == b""

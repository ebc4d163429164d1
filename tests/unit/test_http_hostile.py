"""Answers that break the rules of HTTP, on purpose or by accident: each ends in the right Reason and within limits."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

import pytest

from monitor.net.transport import MAX_HEADER_BYTES, MAX_HEADERS
from monitor.types import Reason, Response
from tests.loopback import GIVE_UP_S, HOST, Conversation, Script, always, answer, failed, get, got, serving

OK = b"HTTP/1.1 200 OK\r\n"


def raw(*headers: bytes, body: bytes = b"", status: bytes = OK) -> bytes:
    return status + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def chunked(*pieces: bytes) -> bytes:
    return raw(b"Transfer-Encoding: chunked", b"Connection: close", body=b"".join(pieces))


def dripping(start: bytes, drops: Iterable[bytes]) -> Script:
    """Sends a start and then drop after drop, until the client is gone."""

    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.send(start)
        for drop in drops:
            if conversation.is_gone_within(0.01):
                return
            conversation.send(drop)

    return script


def forever(drop: bytes) -> Iterable[bytes]:
    while True:
        yield drop


# --- lengths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "body", "reason"),
    [
        ([b"500"], b"only this", Reason.DISCONNECTED),
        ([b"-5"], b"hello", Reason.PROTOCOL),
        ([b"+5"], b"hello", Reason.PROTOCOL),
        ([b"five"], b"hello", Reason.PROTOCOL),
        ([b"0x5"], b"hello", Reason.PROTOCOL),
        ([b"5 5"], b"hello", Reason.PROTOCOL),
        ([b"5, 6"], b"hello", Reason.PROTOCOL),
        ([b"5", b"6"], b"hello!", Reason.PROTOCOL),
        ([b"9" * 40], b"hello", Reason.PROTOCOL),
    ],
)
def test_a_content_length_that_is_not_the_bodys_is_refused(lengths: list[bytes], body: bytes, reason: Reason) -> None:
    headers = [b"Content-Length: " + length for length in lengths]
    with serving(always(raw(*headers, b"Connection: close", body=body))) as (_, door):
        assert failed(door).reason is reason


def test_what_follows_the_announced_length_is_no_part_of_the_answer_nor_of_the_next() -> None:
    count = iter(range(10))

    def script(conversation: Conversation) -> None:
        while conversation.head():
            smuggled = raw(b"Content-Length: 7", body=b"poison!")
            conversation.send(raw(b"Content-Length: 5", body=b"page%d" % next(count) + smuggled))

    with serving(script) as (_, door):
        assert [got(door).body for _ in range(3)] == [b"page0", b"page1", b"page2"]


def test_a_length_beside_chunks_is_refused() -> None:
    message = raw(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n")
    with serving(always(message)) as (_, door):
        assert failed(door).reason is Reason.PROTOCOL


# --- chunks -------------------------------------------------------------------------------------------------------


def test_chunks_are_put_together() -> None:
    with serving(always(chunked(b"5\r\nhello\r\n", b"6;ext=1\r\n world\r\n", b"0\r\n\r\n"))) as (_, door):
        assert got(door).body == b"hello world"


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([b"zz\r\nhello\r\n0\r\n\r\n"], Reason.PROTOCOL),
        ([b"-5\r\nhello\r\n0\r\n\r\n"], Reason.PROTOCOL),
        ([b"5\r\nhello, this is longer\r\n0\r\n\r\n"], Reason.PROTOCOL),
        ([b"5\r\nhello\r\n", b"garbage\r\n\r\n"], Reason.PROTOCOL),
        ([b"FFFFFFFFFFFFFFFFFF\r\nhello"], Reason.PROTOCOL),
        ([b"5\r\nhello\r\n"], Reason.DISCONNECTED),
        ([b"5\r\nhe"], Reason.DISCONNECTED),
        ([b"FFFFFFF\r\n" + b"x" * 200_000], Reason.TOO_LARGE),
    ],
)
def test_broken_chunks_are_refused(pieces: list[bytes], reason: Reason) -> None:
    with serving(always(chunked(*pieces))) as (_, door):
        assert failed(door).reason is reason


def test_a_chunk_size_without_end_ends_at_the_total_deadline() -> None:
    start = raw(b"Transfer-Encoding: chunked")
    with serving(dripping(start, forever(b"0" * 10_000)), total_timeout_s=0.4) as (_, door):
        assert failed(door).reason is Reason.TIMEOUT


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"chunked, gzip", b"banana"])
def test_other_transfer_encodings_give_no_body(coding: bytes) -> None:
    message = raw(b"Transfer-Encoding: " + coding, b"Connection: close", body=b"5\r\nhello\r\n0\r\n\r\n")
    with serving(always(message)) as (_, door):
        outcome = get(door)
    assert not isinstance(outcome, Response) or b"hello" in outcome.body


# --- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        [b"X-%d: 1" % number for number in range(MAX_HEADERS + 1)],
        [b"X: " + b"a" * (MAX_HEADER_BYTES + 1)],
        [b"X" * (MAX_HEADER_BYTES + 1) + b": a"],
        [b"X\x00Y: a"],
        [b"X: a\x00b"],
        [b"X : a"],
        [b": a"],
        [b"X: a\rContent-Length: 3"],
    ],
    ids=[
        "too many",
        "long value",
        "long name",
        "NUL in name",
        "NUL in value",
        "space before colon",
        "no name",
        "bare CR",
    ],
)
def test_headers_beyond_the_rules_are_a_protocol_failure(headers: list[bytes]) -> None:
    with serving(always(raw(*headers, b"Content-Length: 0"))) as (_, door):
        assert failed(door).reason is Reason.PROTOCOL


def test_headers_within_the_limits_are_taken() -> None:
    headers = [b"X-%d: 1" % number for number in range(MAX_HEADERS - 10)]
    with serving(always(raw(*headers, b"Y: " + b"a" * 8_000, b"Content-Length: 0"))) as (_, door):
        assert len(got(door).headers["y"]) == 8_000


def test_a_status_line_without_end_is_a_protocol_failure() -> None:
    with serving(dripping(b"HTTP/1.1 200 ", forever(b"a" * 10_000))) as (_, door):
        assert failed(door).reason is Reason.PROTOCOL


# --- servers that take their time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (OK + b"X: ", b"a"),
        (OK, b"X: 1\r\n"),
        (raw(b"Content-Length: 90000"), b"x"),
        (raw(b"Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
        (raw(b"Transfer-Encoding: chunked", body=b"0\r\n"), b"T: 1\r\n"),
        (raw(b"Connection: close"), b"x"),
        (raw(b"Content-Length: 90000", b"Content-Encoding: gzip", body=gzip.compress(b"x")[:10]), b"\x00"),
    ],
    ids=["status", "header value", "headers", "body", "chunks", "trailers", "until closed", "gzip"],
)
def test_a_server_that_drips_ends_at_the_total_deadline_at_the_latest(start: bytes, drop: bytes) -> None:
    with serving(dripping(start, forever(drop)), read_timeout_s=5.0, total_timeout_s=0.4) as (_, door):
        assert failed(door).reason in {Reason.TIMEOUT, Reason.PROTOCOL, Reason.BAD_ENCODING}


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_answers_without_end_end_at_the_total_deadline(status: bytes) -> None:
    interim = b"HTTP/1.1 " + status + b"\r\nLink: </a>\r\n\r\n"
    with serving(dripping(b"", forever(interim * 20)), read_timeout_s=5.0, total_timeout_s=0.4) as (_, door):
        assert failed(door).reason is Reason.TIMEOUT


def test_interim_answers_before_the_answer_are_skipped() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with serving(always(b"HTTP/1.1 100 Continue\r\n\r\n" + interim * 3 + answer(body=b"page"))) as (_, door):
        response = got(door)
    assert (response.status, response.body) == (200, b"page")
    assert "link" not in response.headers


def test_an_upgrade_that_nobody_asked_for_is_no_page() -> None:
    message = raw(b"Upgrade: websocket", b"Connection: upgrade", body=b"\x81\x05hello", status=b"HTTP/1.1 101 Go\r\n")
    with serving(always(message), read_timeout_s=0.5) as (_, door):
        outcome = get(door)
    assert not isinstance(outcome, Response) or (outcome.status, outcome.body) == (101, b"")


# --- bodies where none belongs, and caps --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [b"304 Not Modified", b"204 No Content"])
@pytest.mark.parametrize("headers", [[b"Content-Length: 5"], [b"Transfer-Encoding: chunked"], []])
def test_a_body_of_an_answer_that_has_none_is_not_read(status: bytes, headers: list[bytes]) -> None:
    message = raw(*headers, body=b"5\r\nhello\r\n0\r\n\r\n", status=b"HTTP/1.1 " + status + b"\r\n")

    def script(conversation: Conversation) -> None:
        while conversation.head():
            conversation.send(message)

    with serving(script) as (_, door):
        assert [got(door).status for _ in range(3)] == [int(status[:3])] * 3
        assert got(door).body == b""


@pytest.mark.parametrize("status", ["304 Not Modified", "204 No Content"])
def test_an_endless_body_of_an_answer_that_has_none_does_not_hold_the_request(status: str) -> None:
    start = f"HTTP/1.1 {status}\r\nContent-Length: 99999999\r\n\r\n".encode()
    with serving(dripping(start, forever(b"x" * 1_000))) as (_, door):
        assert got(door).body == b""


def test_the_cap_holds_for_bytes_on_the_wire_that_inflate_to_less() -> None:
    members = gzip.compress(b"") * 900  # 18 kB that inflate to nothing
    message = answer(body=members, content_encoding="gzip")
    with serving(always(message)) as (_, door):
        assert got(door, max_bytes=30_000).body == b""
        assert failed(door, max_bytes=10_000).reason is Reason.TOO_LARGE


def test_the_cap_holds_for_inflated_bytes_in_chunks() -> None:
    bomb = gzip.compress(b"a" * 300_000)
    pieces = [b"%x\r\n%s\r\n" % (len(bomb), bomb), b"0\r\n\r\n"]
    message = raw(b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", body=b"".join(pieces))
    with serving(always(message)) as (_, door):
        assert got(door, max_bytes=300_000).body == b"a" * 300_000
        assert failed(door, max_bytes=299_999).reason is Reason.TOO_LARGE


@pytest.mark.parametrize("headers", [[b"gzip, gzip"], [b"gzip", b"gzip"], [b"identity, gzip"], [b"br"], [b"gzip;q=1"]])
def test_stacked_or_other_encodings_are_refused(headers: list[bytes]) -> None:
    body = gzip.compress(gzip.compress(b"page"))
    lines = [b"Content-Encoding: " + header for header in headers]
    with serving(always(raw(*lines, b"Content-Length: %d" % len(body), body=body))) as (_, door):
        assert failed(door).reason is Reason.BAD_ENCODING


@pytest.mark.parametrize(
    "body",
    [b"<html>plain</html>", gzip.compress(b"page" * 100)[:-4], b"\x1f\x8b\x08"],
    ids=["no gzip", "cut off", "a header alone"],
)
def test_a_body_that_is_not_the_gzip_it_claims_is_refused(body: bytes) -> None:
    with serving(always(answer(body=body, content_encoding="gzip"))) as (_, door):
        assert failed(door).reason is Reason.BAD_ENCODING


def test_a_redirect_with_an_endless_body_is_followed_without_reading_it() -> None:
    def script(conversation: Conversation) -> None:
        if b" /next " in conversation.head():
            conversation.send(answer(body=b"there"))
            return
        conversation.send(raw(b"Location: /next", b"Content-Length: 99999999", status=b"HTTP/1.1 302 Found\r\n"))
        while not conversation.is_gone_within(0.001):
            conversation.send(b"x" * 10_000)

    with serving(script) as (_, door):
        assert got(door, f"http://{HOST}/").body == b"there"


def test_an_answer_cut_off_within_its_headers_is_a_disconnect() -> None:
    with serving(always(OK + b"Content-Type: text/h")) as (_, door):
        assert failed(door).reason is Reason.DISCONNECTED


def test_http_1_0_and_bodies_until_the_connection_ends_are_understood() -> None:
    with serving(always(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nuntil the end")) as (_, door):
        assert got(door).body == b"until the end"


def test_a_server_that_keeps_the_connection_and_says_nothing_more_ends_at_the_read_limit() -> None:
    def script(conversation: Conversation) -> None:
        conversation.head()
        conversation.send(raw(b"Content-Length: 500", body=b"only this"))
        conversation.is_gone_within(GIVE_UP_S)

    with serving(script, read_timeout_s=0.2) as (_, door):
        assert failed(door).reason is Reason.TIMEOUT

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from monitor.net.bodies import MAX_MEMBERS, BodyRefusedError, read_body
from monitor.types import Reason

GZIP = {"content-encoding": "gzip"}


def read(chunks: Sequence[bytes], headers: Mapping[str, str] | None = None, max_bytes: int = 100_000) -> bytes:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return asyncio.run(read_body(stream(), headers=headers or {}, max_bytes=max_bytes))


def refused(chunks: Sequence[bytes], headers: Mapping[str, str] | None = None, max_bytes: int = 100_000) -> Reason:
    with pytest.raises(BodyRefusedError) as raised:
        read(chunks, headers, max_bytes)
    return raised.value.reason


def test_plain_bodies_pass_unchanged() -> None:
    assert read([b"one ", b"two"]) == b"one two"
    assert read([b"one"], {"content-encoding": "identity"}) == b"one"
    assert read([]) == b""


def test_gzip_is_inflated_however_it_is_cut() -> None:
    text = bytes(range(256)) * 100
    packed = gzip.compress(text)
    assert read([packed], GZIP) == text
    assert read([packed[n : n + 1] for n in range(len(packed))], GZIP) == text
    assert read([packed], {"content-encoding": " GZip "}) == text
    assert read([packed], {"content-encoding": "x-gzip"}) == text


def test_several_members_are_one_body() -> None:
    assert read([gzip.compress(b"one ") + gzip.compress(b"two")], GZIP) == b"one two"
    assert read([gzip.compress(b"one "), gzip.compress(b"two")], GZIP) == b"one two"


def test_an_empty_gzip_body_is_empty() -> None:
    assert read([], GZIP) == b""


def test_zlib_under_the_name_of_gzip_is_understood() -> None:
    assert read([zlib.compress(b"text")], GZIP) == b"text"


def test_what_is_not_gzip_ends_early_or_has_rubbish_behind_it_is_refused() -> None:
    packed = gzip.compress(b"some text that goes on for a while")
    for chunks in ([b"<html>"], [packed[:-9]], [packed[:5]], [packed + b"rubbish"], [packed, b"rubbish"]):
        assert refused(chunks, GZIP) is Reason.BAD_ENCODING


def test_a_body_of_countless_tiny_members_is_refused() -> None:
    members = gzip.compress(b"") * (MAX_MEMBERS + 5)
    assert refused([members], GZIP) is Reason.BAD_ENCODING


def test_the_cap_holds_for_wire_and_inflated_bytes() -> None:
    assert refused([b"x" * 60, b"x" * 60], max_bytes=100) is Reason.TOO_LARGE
    assert refused([gzip.compress(b"x" * 101)], GZIP, max_bytes=100) is Reason.TOO_LARGE
    assert read([gzip.compress(b"x" * 100)], GZIP, max_bytes=100) == b"x" * 100


def test_an_announced_length_over_the_cap_is_believed_and_nonsense_is_not() -> None:
    assert refused([], {"content-length": "101"}, max_bytes=100) is Reason.TOO_LARGE
    assert refused([], {"content-length": "9" * 5_000}, max_bytes=100) is Reason.TOO_LARGE
    for length in ("100", "-1", "x", "", "٣٣٣٣"):
        assert read([b"ok"], {"content-length": length}, max_bytes=100) == b"ok"


def test_a_stack_of_codings_is_refused_even_if_it_arrived_as_two_headers() -> None:
    assert refused([b""], {"content-encoding": "gzip, gzip"}) is Reason.BAD_ENCODING
    assert refused([b""], {"content-encoding": "br"}) is Reason.BAD_ENCODING

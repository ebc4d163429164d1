"""How much of a body is taken in: raw bytes and inflated bytes under one cap, gzip the only coding.

Counting what a library has already inflated does not protect (2 kB of brotli became 2 GB), so bodies are read raw and
inflated here in steps. Stacked codings ("gzip, gzip") and all others are refused: we asked for gzip only.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping

from monitor.types import Reason

STEP_BYTES = 65_536
MAX_MEMBERS = 1_000
_GZIP_OR_ZLIB = 47


class BodyRefusedError(Exception):
    """A body that will not be taken in, and why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


async def read_body(chunks: AsyncIterator[bytes], *, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """The inflated body. Raises BodyRefusedError before more than `max_bytes` are held."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise BodyRefusedError(Reason.BAD_ENCODING, "the body has a content encoding other than gzip")
    _refuse_announced(headers.get("content-length", ""), max_bytes)
    inflater = _Inflater(max_bytes) if coding.endswith("gzip") else None
    body = bytearray()
    n_wire_bytes = 0
    async for chunk in chunks:
        n_wire_bytes += len(chunk)
        if n_wire_bytes > max_bytes:
            raise _too_large(max_bytes)
        if inflater is None:
            body += chunk
        else:
            inflater.inflate(chunk, body)
    if inflater is not None and n_wire_bytes:
        inflater.finish()
    return bytes(body)


def _refuse_announced(content_length: str, max_bytes: int) -> None:
    digits = content_length.strip()
    if digits.isascii() and digits.isdigit() and (len(digits) > 18 or int(digits) > max_bytes):
        raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> BodyRefusedError:
    return BodyRefusedError(Reason.TOO_LARGE, f"the body is larger than {max_bytes} bytes")


class _Inflater:
    """Holds the state of zlib between chunks; follows a gzip file of several members."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._n_members = 1

    def inflate(self, chunk: bytes, body: bytearray) -> None:
        """Appends what the chunk inflates to; never more than the cap and one step."""
        try:
            while chunk:
                if self._member.eof:
                    self._next_member()
                body += self._member.decompress(chunk, STEP_BYTES)
                if len(body) > self._max_bytes:
                    raise _too_large(self._max_bytes)
                chunk = self._member.unconsumed_tail or self._member.unused_data
        except zlib.error as error:
            raise BodyRefusedError(Reason.BAD_ENCODING, "the body is not the gzip that it claims to be") from error

    def finish(self) -> None:
        """The chunks are over: is the last member whole?"""
        if not self._member.eof:
            raise BodyRefusedError(Reason.BAD_ENCODING, "the gzip body ends too early")

    def _next_member(self) -> None:
        self._n_members += 1
        if self._n_members > MAX_MEMBERS:
            raise BodyRefusedError(Reason.BAD_ENCODING, "the gzip body has too many members")
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)

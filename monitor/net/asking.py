"""One GET with its redirects and its body, under one deadline: which answer, or why none?

Every hop is judged anew: scheme, port, address. Read time limits do not stop a server that sends a byte a second, so
the deadline stands around all hops together. Gzip only; see `bodies`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

import yarl

from monitor.net.bodies import BodyRefusedError, read_body
from monitor.net.failures import EXPECTED_ERRORS, reason_of
from monitor.net.guard import check_url
from monitor.net.transport import ExactTransport, all_headers, let_go
from monitor.net.wire import exact_url, received_headers, sent_headers
from monitor.types import Failure, Hop, Reason, Request, Response

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may take: seconds for all its hops and its body, and redirects."""

    total_timeout_s: float
    max_redirects: int


@dataclass(slots=True)
class _Way:
    """How far a request has come: the address that is asked now, and the redirects that led to it."""

    request: Request
    url: str
    hops: list[Hop] = field(default_factory=list)

    def failure(self, reason: Reason, detail: str) -> Failure:
        """At the address that is asked now."""
        return Failure(url=self.request.url, reason=reason, detail=detail, hops=tuple(self.hops), final_url=self.url)


class Asker:
    """Asks through one transport, on its loop."""

    def __init__(self, transport: ExactTransport, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self._loop = asyncio.get_running_loop()

    async def ask(self, request: Request) -> Response | Failure:
        """The answer, whatever its status, or the failure; never raises for what a server or a URL does."""
        started_s = self._loop.time()
        way = _Way(request, request.url)
        try:
            async with asyncio.timeout_at(started_s + self._limits.total_timeout_s):
                return await self._follow(way, started_s)
        except EXPECTED_ERRORS as error:
            return way.failure(*reason_of(error))

    async def _follow(self, way: _Way, started_s: float) -> Response | Failure:
        headers = sent_headers(way.request)
        n_allowed = self._limits.max_redirects
        if way.request.max_redirects is not None:
            n_allowed = min(n_allowed, way.request.max_redirects)
        while True:
            refusal = check_url(way.url)
            if refusal is not None:
                return _refused(way, refusal)
            status, received, body = await self._get(exact_url(way.url), headers, way.request.max_bytes)
            if status not in _REDIRECTS or not received.get("location"):
                return Response(
                    url=way.request.url,
                    final_url=way.url,
                    status=status,
                    headers=received,
                    body=body,
                    hops=tuple(way.hops),
                    elapsed_s=self._loop.time() - started_s,
                )
            way.hops.append(Hop(status=status, url=way.url))
            way.url = _joined(way.url, received["location"])
            if len(way.hops) > n_allowed or way.url in {hop.url for hop in way.hops}:
                return way.failure(Reason.TOO_MANY_REDIRECTS, f"gave up after {len(way.hops)} redirects")

    async def _get(
        self, target: yarl.URL, headers: list[tuple[bytes, bytes]], max_bytes: int
    ) -> tuple[int, dict[str, str], bytes]:
        """One hop. A redirect's body is not read; an error's only if it can be, for its status is what counts."""
        answer = await self._transport.get(target, headers)
        try:
            received = received_headers(all_headers(answer))
            status = answer.status_code
            if status in _WITHOUT_BODY or (status in _REDIRECTS and received.get("location")):
                return status, received, b""
            try:
                return status, received, await read_body(answer.aiter_raw(), headers=received, max_bytes=max_bytes)
            except BodyRefusedError:
                if status < 400:
                    raise
                return status, received, b""
        finally:
            await let_go(answer)


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; empty, and so refused by the guard, when that cannot be read."""
    try:
        return urldefrag(urljoin(url, location)).url
    except ValueError:
        return ""


def _refused(way: _Way, reason: Reason) -> Failure:
    what = "the URL" if not way.hops else f"the URL that redirect {len(way.hops)} leads to"
    why = "leads to an address or port that is not allowed" if reason is Reason.BLOCKED_ADDRESS else "is not usable"
    return way.failure(reason, f"{what} {why}")

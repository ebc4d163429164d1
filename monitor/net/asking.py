"""One GET with its redirects and its body, under one deadline: which answer, or why none?

Every hop is judged anew: scheme, port, address. Read time limits do not stop a server that sends a byte a second, so
the deadline stands around all hops together. Gzip only; see `bodies`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

import aiohttp
import yarl

from monitor.net.bodies import BodyRefusedError, read_body
from monitor.net.failures import EXPECTED_ERRORS, reason_of
from monitor.net.guard import GuardedConnector, check_url, is_kept_connection
from monitor.net.wire import exact_url, received_headers, sent_headers
from monitor.types import Failure, Hop, Reason, Request, Response

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may take: seconds for all its hops and its body, and redirects."""

    total_timeout_s: float
    max_redirects: int


class Asker:
    """Asks through one session, on its loop."""

    def __init__(self, session: aiohttp.ClientSession, connector: GuardedConnector, limits: Limits) -> None:
        self._session = session
        self._connector = connector
        self._limits = limits
        self._loop = asyncio.get_running_loop()

    async def ask(self, request: Request) -> Response | Failure:
        """The answer, whatever its status, or the failure; never raises for what a server or a URL does."""
        started_s = self._loop.time()
        try:
            async with asyncio.timeout_at(started_s + self._limits.total_timeout_s):
                return await self._follow(request, started_s)
        except EXPECTED_ERRORS as error:
            reason, detail = reason_of(error)
            return Failure(url=request.url, reason=reason, detail=detail)

    async def _follow(self, request: Request, started_s: float) -> Response | Failure:
        url = request.url
        headers = sent_headers(request)
        hops: list[Hop] = []
        n_allowed = self._limits.max_redirects
        if request.max_redirects is not None:
            n_allowed = min(n_allowed, request.max_redirects)
        while True:
            refusal = check_url(url)
            if refusal is not None:
                return _refused(request, refusal, hops)
            status, received, body = await self._get(exact_url(url), headers, request.max_bytes)
            if status not in _REDIRECTS or not received.get("location"):
                return Response(
                    url=request.url,
                    final_url=url,
                    status=status,
                    headers=received,
                    body=body,
                    hops=tuple(hops),
                    elapsed_s=self._loop.time() - started_s,
                )
            hops.append(Hop(status=status, url=url))
            url = _joined(url, received["location"])
            if len(hops) > n_allowed or url in {hop.url for hop in hops}:
                return Failure(
                    url=request.url, reason=Reason.TOO_MANY_REDIRECTS, detail=f"gave up after {len(hops)} redirects"
                )

    async def _get(
        self, target: yarl.URL, headers: dict[str, str], max_bytes: int
    ) -> tuple[int, dict[str, str], bytes]:
        """One hop. A redirect's body is not read; an error's only if it can be, for its status is what counts."""
        answer = await self._send(target, headers)
        try:
            received = received_headers(answer.raw_headers)
            status = answer.status
            if status in _WITHOUT_BODY or (status in _REDIRECTS and received.get("location")):
                return status, received, b""
            try:
                return (
                    status,
                    received,
                    await read_body(answer.content.iter_any(), headers=received, max_bytes=max_bytes),
                )
            except BodyRefusedError:
                if status < 400:
                    raise
                return status, received, b""
        finally:
            answer.release()  # closes the connection where the body was not read to its end

    async def _send(self, target: yarl.URL, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """The head of the answer. A connection kept from before may have ended meanwhile: then on a new one."""
        proxy = await self._connector.proxy_for(target)
        is_kept_connection.set(False)
        try:
            return await self._session.get(target, headers=headers, allow_redirects=False, proxy=proxy)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            if not is_kept_connection.get():
                raise
        return await self._session.get(target, headers=headers, allow_redirects=False, proxy=proxy)


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; empty, and so refused by the guard, when that cannot be read."""
    try:
        return urldefrag(urljoin(url, location)).url
    except ValueError:
        return ""


def _refused(request: Request, reason: Reason, hops: Sequence[Hop]) -> Failure:
    what = "the URL" if not hops else f"the URL that redirect {len(hops)} leads to"
    why = "leads to an address or port that is not allowed" if reason is Reason.BLOCKED_ADDRESS else "is not usable"
    return Failure(url=request.url, reason=reason, detail=f"{what} {why}")

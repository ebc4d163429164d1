"""The door to web servers: many GETs at once, each ending in a Response or a Failure, never in an exception.

Asynchronous code lives behind this door alone: one client on an event loop in a thread of its own; `fetch_many` is
synchronous and may be called by several threads at once. Every hop of a redirect is judged anew: scheme, port, address.
No cookies, no proxy from the environment, no credentials, gzip only. Read time limits do not stop a server that sends a
byte a second, so a deadline stands around each request with its redirects and its body.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ssl
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urldefrag, urljoin

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractResolver

from monitor.net.bodies import BodyRefusedError, read_body
from monitor.net.failures import EXPECTED_ERRORS, reason_of
from monitor.net.guard import check_url, checked_connect_to
from monitor.net.names import ThreadedNames
from monitor.net.trust import trusting_context
from monitor.net.wire import EXACT_URL, LOCATION, exact_url, open_client, received_headers, sent_headers
from monitor.types import Failure, Hop, Reason, Request, Response

STOP_POLL_S = 0.1
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpDoor:
    """Holds the client, its loop and its thread until `close`.

    `connect_to` leads exactly named hosts to a loopback address, for the demo and for tests; Host header and TLS name
    stay the host's. `socket_factory` and `resolver` are for tests; the guard judges what they give.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        concurrency: int,
        connect_timeout_s: float,
        read_timeout_s: float,
        total_timeout_s: float,
        max_redirects: int = 10,
        connect_to: Mapping[str, tuple[str, int]] | None = None,
        socket_factory: aiohttp.SocketFactoryType | None = None,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._timeout = httpx.Timeout(None, connect=connect_timeout_s, read=read_timeout_s)
        self._total_timeout_s = total_timeout_s
        self._max_redirects = max_redirects
        self._connect_to = checked_connect_to(connect_to)
        self._socket_factory = socket_factory
        self._resolver = resolver or ThreadedNames()
        self._ssl_context = ssl_context or trusting_context()
        self._slots = asyncio.Semaphore(concurrency)
        self._batches: set[asyncio.Task[list[Response | Failure]]] = set()
        self._fetches: set[asyncio.Task[Response | Failure]] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)
        self._thread.start()
        self._client = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def fetch_many(
        self, requests: Sequence[Request], *, stop: threading.Event | None = None
    ) -> list[Response | Failure]:
        """One answer for each request, in the same order.

        When `stop` is set (or the door closed) what is not yet answered ends as Failure(STOPPED) at once.
        """
        with self._lock:
            if self._is_closed:
                return [_stopped(request) for request in requests]
            batch = asyncio.run_coroutine_threadsafe(self._fetch_all(requests, stop), self._loop)
        try:
            return batch.result()
        except BaseException:  # Ctrl-C while waiting: nothing may go on behind the caller's back
            batch.cancel()
            raise

    def close(self) -> None:
        """Ends what is under way, closes every connection and the thread. A second call does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            closing = asyncio.run_coroutine_threadsafe(self._shut(), self._loop)
        concurrent.futures.wait([closing])
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        closing.result()

    async def _open(self) -> httpx.AsyncClient:
        return open_client(
            user_agent=self._user_agent,
            timeout=self._timeout,
            ssl_context=self._ssl_context,
            connect_to=self._connect_to,
            socket_factory=self._socket_factory,
            resolver=self._resolver,
        )

    async def _shut(self) -> None:
        for fetch in self._fetches:
            fetch.cancel()
        if self._batches:
            await asyncio.wait(self._batches)
        await self._client.aclose()
        await self._resolver.close()
        await self._loop.shutdown_asyncgens()
        await asyncio.sleep(0)  # lets closed transports say goodbye

    async def _fetch_all(self, requests: Sequence[Request], stop: threading.Event | None) -> list[Response | Failure]:
        fetches = [asyncio.create_task(self._fetch_in_turn(request)) for request in requests]
        self._fetches.update(fetches)
        batch = asyncio.current_task()
        assert batch is not None
        self._batches.add(batch)
        watch = asyncio.create_task(_cancel_on(stop, fetches)) if stop is not None else None
        try:
            results = await asyncio.gather(*fetches, return_exceptions=True)
        finally:
            self._fetches.difference_update(fetches)
            self._batches.discard(batch)
            if watch is not None:
                watch.cancel()
        return [_settled(request, result) for request, result in zip(requests, results, strict=True)]

    async def _fetch_in_turn(self, request: Request) -> Response | Failure:
        async with self._slots:
            started_s = self._loop.time()
            try:
                async with asyncio.timeout(self._total_timeout_s):
                    return await self._fetch(request, started_s)
            except EXPECTED_ERRORS as error:
                reason, detail = reason_of(error)
                return Failure(url=request.url, reason=reason, detail=detail)

    async def _fetch(self, request: Request, started_s: float) -> Response | Failure:
        url = request.url
        hops: list[Hop] = []
        n_allowed = self._max_redirects
        if request.max_redirects is not None:
            n_allowed = min(n_allowed, request.max_redirects)
        while True:
            refusal = check_url(url)
            if refusal is not None:
                return _refused(request, refusal, hops)
            status, headers, body, location = await self._ask(exact_url(url), request)
            if location is None:
                return Response(
                    url=request.url,
                    final_url=url,
                    status=status,
                    headers=headers,
                    body=body,
                    hops=tuple(hops),
                    elapsed_s=self._loop.time() - started_s,
                )
            hops.append(Hop(status=status, url=url))
            url = _joined(url, location)
            if len(hops) > n_allowed or url in {hop.url for hop in hops}:
                return Failure(
                    url=request.url, reason=Reason.TOO_MANY_REDIRECTS, detail=f"gave up after {len(hops)} redirects"
                )

    async def _ask(self, target: yarl.URL, request: Request) -> tuple[int, dict[str, str], bytes, str | None]:
        """One hop. A redirect's body is not read; an error's only if it can be, for its status is what counts."""
        extensions = {EXACT_URL: target}
        async with self._client.stream(
            "GET", str(target), headers=sent_headers(request), extensions=extensions
        ) as answer:
            headers = received_headers(answer.headers)
            status = answer.status_code
            if status in _REDIRECTS and answer.extensions.get(LOCATION):
                return status, headers, b"", answer.extensions[LOCATION]
            try:
                body = await read_body(answer.aiter_raw(), headers=headers, max_bytes=request.max_bytes)
            except BodyRefusedError:
                if status < 400:
                    raise
                body = b""
            return status, headers, body, None


async def _cancel_on(stop: threading.Event, fetches: Sequence[asyncio.Task[Response | Failure]]) -> None:
    while not stop.is_set():  # noqa: ASYNC110 - the event is a thread's, whoever sets it knows no loop
        await asyncio.sleep(STOP_POLL_S)
    for fetch in fetches:
        fetch.cancel()


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


def _stopped(request: Request) -> Failure:
    return Failure(url=request.url, reason=Reason.STOPPED, detail="stopped before the answer was complete")


def _settled(request: Request, result: Response | Failure | BaseException) -> Response | Failure:
    """A cancelled fetch was stopped; any other exception is a defect of ours and is raised."""
    if isinstance(result, asyncio.CancelledError):
        return _stopped(request)
    if isinstance(result, BaseException):
        raise result
    return result

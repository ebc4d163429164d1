"""The door to web servers: many GETs at once, each ending in a Response or a Failure, never in an exception.

Asynchronous code lives behind this door alone, on an event loop in a thread of its own; `fetches` (a stream) and
`fetch_many` (a batch) are synchronous and may be used by several threads at once. No proxy from the environment, no
cookies, no credentials.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver

from monitor.net.asking import Asker, Limits
from monitor.net.guard import GuardedConnector, checked_connect_to, checked_proxy
from monitor.net.names import ThreadedNames
from monitor.net.pipeline import Fetches, Pipeline
from monitor.net.transport import ExactTransport, open_transport
from monitor.net.trust import trusting_context
from monitor.types import Failure, Request, Response

LONG_S = 3_600.0


class HttpDoor:
    """Holds the transport, its loop and its thread until `close`.

    `concurrency` bounds the requests that make progress, `waiting` those beside them that wait for slow servers, both
    together the connections in use. `proxy` is "" or http://HOST:PORT and then the only thing connected to.
    `connect_to` leads exactly named hosts to a loopback address, past any proxy, for the demo and for tests; Host
    header and TLS name stay the host's. `socket_factory` and `resolver` are for tests; the guard judges what they give.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        concurrency: int,
        connect_timeout_s: float,
        read_timeout_s: float,
        total_timeout_s: float,
        waiting: int = 500,
        max_redirects: int = 10,
        proxy: str = "",
        connect_to: Mapping[str, tuple[str, int]] | None = None,
        socket_factory: aiohttp.SocketFactoryType | None = None,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._timeout = httpx.Timeout(None, connect=connect_timeout_s, read=read_timeout_s)
        self._limits = Limits(total_timeout_s=total_timeout_s, max_redirects=max_redirects)
        self._proxy = checked_proxy(proxy)
        self._connect_to = checked_connect_to(connect_to)
        self._socket_factory = socket_factory
        self._resolver = resolver or ThreadedNames()
        self._ssl_context = ssl_context or trusting_context()
        self._lock = threading.Lock()
        self._is_closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)
        self._thread.start()
        self._transport, asker = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        self._pipeline = Pipeline(asker.ask, concurrency=concurrency, n_waiting=waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def fetches(self, *, stop: threading.Event | None = None) -> Fetches:
        """A stream of requests and answers, to be used as a context; see `Fetches`."""
        return Fetches(self._call_on_loop, self._pipeline, stop=stop)

    def fetch_many(
        self, requests: Sequence[Request], *, stop: threading.Event | None = None
    ) -> list[Response | Failure]:
        """One answer for each request, in the same order.

        When `stop` is set (or the door closed) what is not yet answered ends as Failure(STOPPED) at once.
        """
        answers: dict[int, Response | Failure] = {}
        with self.fetches(stop=stop) as fetches:
            fetches.add(enumerate(requests))
            while fetches.n_open:
                answers.update(fetches.take(timeout_s=LONG_S, at_least=len(requests)))
        return [answers[number] for number in range(len(requests))]

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

    def _call_on_loop(self, work: Callable[[], None]) -> bool:
        with self._lock:
            if self._is_closed:
                return False
            self._loop.call_soon_threadsafe(work)
            return True

    async def _open(self) -> tuple[ExactTransport, Asker]:
        connector = GuardedConnector(
            ssl_context=self._ssl_context,
            connect_to=self._connect_to,
            proxy=self._proxy,
            socket_factory=self._socket_factory,
            resolver=self._resolver,
        )
        transport = open_transport(connector, user_agent=self._user_agent, timeout=self._timeout)
        return transport, Asker(transport, self._limits)

    async def _shut(self) -> None:
        await self._pipeline.close()
        await self._transport.aclose()
        await self._resolver.close()
        await self._loop.shutdown_asyncgens()
        await asyncio.sleep(0)  # lets closed transports say goodbye

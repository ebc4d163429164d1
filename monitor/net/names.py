"""Look-ups of host names in threads that never hold the process back.

The event loop's own look-ups run in an executor of a few threads which Python joins at exit: with a dead name server
the daemon would hang for the resolver's time limit (seconds to minutes). Here the threads are daemons of our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
from dataclasses import dataclass

from aiohttp.abc import AbstractResolver, ResolveResult

N_THREADS = 128
"""A name server that does not answer holds a thread for 5 to 30 s, and other names must not wait for it."""


@dataclass(frozen=True, slots=True)
class _LookUp:
    host: str
    port: int
    family: int
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[ResolveResult]]


class ThreadedNames(AbstractResolver):
    """Asks the system's resolver, for one event loop. A thread starts when all others are busy, up to `n_threads`."""

    def __init__(self, *, n_threads: int = N_THREADS) -> None:
        self._n_threads = n_threads
        self._n_started = 0
        self._n_open = 0
        self._waiting: queue.SimpleQueue[_LookUp | None] = queue.SimpleQueue()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of the name; OSError when it has none."""
        loop = asyncio.get_running_loop()
        look_up = _LookUp(host, port, family, loop, loop.create_future())
        self._waiting.put(look_up)
        self._n_open += 1
        if self._n_started < min(self._n_threads, self._n_open):
            self._n_started += 1
            threading.Thread(target=self._serve, name=f"names-{self._n_started}", daemon=True).start()
        return await look_up.answer

    async def close(self) -> None:
        """Lets every thread end after the look-up it is at; waits for none."""
        for _ in range(self._n_started):
            self._waiting.put(None)

    def _serve(self) -> None:
        while True:
            look_up = self._waiting.get()
            if look_up is None:
                return
            answer: list[ResolveResult] | Exception
            try:
                answer = _addresses(look_up)
            except (OSError, UnicodeError) as error:
                answer = error if isinstance(error, OSError) else OSError("not a name that can be looked up")
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                look_up.loop.call_soon_threadsafe(self._settle, look_up.answer, answer)

    def _settle(self, future: asyncio.Future[list[ResolveResult]], answer: list[ResolveResult] | Exception) -> None:
        self._n_open -= 1
        if future.done():
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _addresses(look_up: _LookUp) -> list[ResolveResult]:
    found = socket.getaddrinfo(
        look_up.host, look_up.port, family=look_up.family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [
        ResolveResult(hostname=look_up.host, host=str(to[0]), port=int(to[1]), family=family, proto=proto, flags=0)
        for family, _, proto, _, to in found
    ]

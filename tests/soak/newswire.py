"""Two hundred outlets on loopback that never stop publishing, behind servers that misbehave at random.

What an outlet publishes follows from the time alone, so that afterwards everybody can say what should be stored. Each
answer may be hit by a fault; faults come and go, no outlet is down for good.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime
from types import TracebackType
from typing import Any, Self

#: Entries that a document shows; every fourth feed shows few, so that what is polled too late is lost.
N_SHOWN, N_SHOWN_BY_SOME = 60, 15
STALL_S = 20.0
_WORDS = "harbour council budget strike ferry verdict school river bridge vote storm market clinic museum train".split()
#: Shares of answers to a feed that go wrong, one kind each; the rest is served properly.
FAULTS = {
    "stalled": 0.01,
    "reset": 0.03,
    "error": 0.04,
    "overloaded": 0.02,
    "malformed": 0.03,
    "cut": 0.02,
    "html": 0.02,
    "moved": 0.04,
    "moved_for_good": 0.02,
    "dripping": 0.01,
}

Writer = asyncio.StreamWriter


class Newswire:
    """`feeds` are the URLs; `published` says which entries an outlet had published by a moment."""

    def __init__(
        self, *, n_feeds: int, n_hosts: int, period_s: float, started_at: datetime, clock: Callable[[], datetime]
    ) -> None:
        self.hosts = [f"outlet{number}.example" for number in range(n_hosts)]
        self.feeds = [f"http://{self.hosts[number % n_hosts]}/feeds/{number}.xml" for number in range(n_feeds)]
        self.served: Counter[str] = Counter()
        self._period_s = period_s
        self._started_at = started_at
        self._clock = clock
        self._rng = random.Random(7)
        self._behaves = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    @property
    def connect_to(self) -> dict[str, tuple[str, int]]:
        return dict.fromkeys(self.hosts, ("127.0.0.1", int(self._server.sockets[0].getsockname()[1])))

    def published(self, number: int, at: datetime) -> range:
        """Numbers of the entries that feed `number` has published by then; each feed starts with three."""
        age_s = (at - self._started_at).total_seconds() + self._period_s * (number % 17) / 17
        return range(max(0, int(age_s // self._period_s)) + 3)

    def behave(self) -> None:
        """From now on nothing goes wrong."""
        self._behaves = True

    def link(self, number: int, entry: int) -> str:
        return f"http://{self.hosts[number % len(self.hosts)]}/articles/{number}-{entry}.html"

    async def _shut(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if not await self._answer(head.decode("latin-1"), writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, head: str, writer: Writer) -> bool:
        """Whether the connection stays open."""
        target = head.split(" ")[1]
        if target.startswith("/feeds/"):
            kind = self._fault() if not target.endswith("?again") else "proper"
            self.served[kind] += 1
            answer: Callable[[str, str, Writer], Coroutine[Any, Any, bool]] = getattr(self, f"_{kind}")
            return await answer(target, head, writer)
        if target.startswith("/articles/"):
            return await _send(writer, "200 OK", self._page(target), content_type="text/html; charset=utf-8")
        return await _send(writer, "404 Not Found", b"")

    def _fault(self) -> str:
        if self._behaves:
            return "proper"
        (kind,) = self._rng.choices([*FAULTS, "proper"], [*FAULTS.values(), 1 - sum(FAULTS.values())])
        return kind

    def _document(self, target: str) -> bytes:
        number = int(target.removeprefix("/feeds/").partition(".")[0])
        items = []
        n_shown = N_SHOWN_BY_SOME if number % 4 == 0 else N_SHOWN
        for entry in reversed(self.published(number, self._clock())[-n_shown:]):
            title = f"{_WORDS[(number + entry) % len(_WORDS)].title()} {_WORDS[entry % len(_WORDS)]} {number}-{entry}"
            items.append(
                f"<item><guid>n{number}-{entry}</guid><title>{title}</title><link>{self.link(number, entry)}</link>"
                f"<description>Report {entry} of outlet {number}.</description></item>"
            )
        return f"<rss version='2.0'><channel><title>Outlet {number}</title>{''.join(items)}</channel></rss>".encode()

    def _page(self, target: str) -> bytes:
        name = target.removeprefix("/articles/").removesuffix(".html")
        rng = random.Random(name)
        lines = [" ".join(rng.choices(_WORDS, k=14)).capitalize() + f" in {name}." for _ in range(8)]
        body = "".join(f"<p>{line}</p>" for line in lines)
        head = f"<!doctype html><html lang='en'><head><title>{name}</title></head>"
        return f"{head}<body><article><h1>{name}</h1>{body}</article></body></html>".encode()

    async def _proper(self, target: str, head: str, writer: Writer) -> bool:
        body = self._document(target)
        etag = f'"{zlib.crc32(body):x}"'
        if f"if-none-match: {etag}" in head.lower():
            self.served["304"] += 1
            return await _send(writer, "304 Not Modified", b"", etag=etag)
        return await _send(writer, "200 OK", gzip.compress(body), etag=etag, content_encoding="gzip")

    async def _stalled(self, _target: str, _head: str, _writer: Writer) -> bool:
        await asyncio.sleep(STALL_S)
        return False

    async def _reset(self, _target: str, _head: str, writer: Writer) -> bool:
        writer.transport.abort()
        return False

    async def _error(self, _target: str, _head: str, writer: Writer) -> bool:
        return await _send(writer, "500 Internal Server Error", b"oops")

    async def _overloaded(self, _target: str, _head: str, writer: Writer) -> bool:
        return await _send(writer, "503 Service Unavailable", b"", retry_after="5")

    async def _malformed(self, target: str, _head: str, writer: Writer) -> bool:
        return await _send(writer, "200 OK", self._document(target).replace(b"<channel>", b"<channel>&nope; <b>", 1))

    async def _cut(self, target: str, _head: str, writer: Writer) -> bool:
        body = self._document(target)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2])
        await writer.drain()
        return False

    async def _html(self, _target: str, _head: str, writer: Writer) -> bool:
        return await _send(writer, "200 OK", b"<!doctype html><title>Maintenance</title><p>Back soon.")

    async def _moved(self, target: str, _head: str, writer: Writer) -> bool:
        return await _send(writer, "302 Found", b"", location=f"{target}?again")

    async def _moved_for_good(self, target: str, _head: str, writer: Writer) -> bool:
        return await _send(writer, "301 Moved Permanently", b"", location=f"{target}?again")

    async def _dripping(self, _target: str, _head: str, writer: Writer) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(int(STALL_S)):
            writer.write(b"<")
            await writer.drain()
            await asyncio.sleep(1)
        return False


async def _send(writer: Writer, status: str, body: bytes, **headers: str) -> bool:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    return True

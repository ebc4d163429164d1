"""A server that answers 304 to everything, and the bare httpx + httpx-aiohttp loop that polling is measured beside."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

# A process of its own: what is measured shares neither its interpreter lock nor its time.
_SERVER = """
import asyncio

class Unchanged(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        *heads, self.rest = (self.rest + data).split(b"\\r\\n\\r\\n")
        self.transport.write(b"HTTP/1.1 304 Not Modified\\r\\nETag: W/1\\r\\nServer: bench\\r\\n\\r\\n" * len(heads))

async def main():
    server = await asyncio.get_running_loop().create_server(Unchanged, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@contextmanager
def unchanged_server() -> Iterator[int]:
    """Yields the port on loopback where it listens."""
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()


class _LoopbackNames(AbstractResolver):
    """Leads every name to one port on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del port
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def bare_loop(port: int, urls: Sequence[str], *, concurrency: int) -> int:
    """Ask for all URLs, as many at once; returns how many were answered by 304."""
    slots = asyncio.Semaphore(concurrency)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=_LoopbackNames(port), keepalive_timeout=5))

    async def get(client: httpx.AsyncClient, url: str) -> int:
        async with slots:
            return (await client.get(url, headers={"if-none-match": '"1"'})).status_code

    async with httpx.AsyncClient(transport=AiohttpTransport(client=session), timeout=20) as client:
        statuses = await asyncio.gather(*(get(client, url) for url in urls))
    return statuses.count(304)

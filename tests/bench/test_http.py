"""What the HTTP door costs beside a bare httpx + httpx-aiohttp loop given the same URLs: many hosts, and one host.

Requests per second and CPU per request (both of this process: door, caller and all), medians of rounds that take turns;
the server that answers 304 to everything is another process.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp
import httpx
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from monitor.net.http import HttpDoor
from monitor.types import Failure, Request, Response
from tests.bench.test_stages import report

pytestmark = pytest.mark.bench

N_ROUNDS = 3
N_REQUESTS = 5_000
CONCURRENCY = 50
HAND_OVER = 500

SERVER = """
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


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float


def cost(work: Callable[[], int]) -> Cost:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    assert work() == N_REQUESTS
    return Cost(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def compare(name: str, ours: Callable[[], int], bare: Callable[[], int]) -> tuple[float, float]:
    """(speed, CPU) as shares of the bare loop's: 1 is as good, more is better."""
    rounds = [(cost(ours), cost(bare)) for _ in range(N_ROUNDS)]
    walls = [statistics.median(found[side].wall_s for found in rounds) for side in (0, 1)]
    cpus = [statistics.median(found[side].cpu_s for found in rounds) for side in (0, 1)]
    speed = report(f"HTTP door, {name}", *walls, N_REQUESTS)
    return speed, report(f"HTTP door, {name}, per second of CPU", *cpus, N_REQUESTS)


@pytest.mark.parametrize("n_hosts", [N_REQUESTS, 1], ids=["many hosts", "one host"])
def test_the_door_keeps_the_speed_of_a_bare_client(port: int, n_hosts: int, request: pytest.FixtureRequest) -> None:
    hosts = [f"h{number}.example" for number in range(n_hosts)]
    urls = [f"http://{hosts[number % n_hosts]}/feed/{number}.xml" for number in range(N_REQUESTS)]
    name = request.node.callspec.id
    with open_door(dict.fromkeys(hosts, ("127.0.0.1", port))) as door:
        for how, ask in (("at once", ask_at_once), ("as a stream", ask_as_a_stream)):
            speed, cpu = compare(f"{name}, {how}", partial(ask, door, urls), lambda: asyncio.run(bare_loop(port, urls)))
            assert speed > 0.5
            assert cpu > 0.5


def open_door(connect_to: Mapping[str, tuple[str, int]]) -> HttpDoor:
    return HttpDoor(
        user_agent="bench/1",
        concurrency=CONCURRENCY,
        connect_timeout_s=10,
        read_timeout_s=20,
        total_timeout_s=60,
        connect_to=connect_to,
    )


def ask_at_once(door: HttpDoor, urls: Sequence[str]) -> int:
    return sum(map(is_unchanged, door.fetch_many([conditional(url) for url in urls])))


def ask_as_a_stream(door: HttpDoor, urls: Sequence[str]) -> int:
    """As the polling does: hand over, take, hand over more while others are under way."""
    waiting = [(number, conditional(url)) for number, url in enumerate(urls)]
    n_unchanged = 0
    with door.fetches() as fetches:
        while waiting or fetches.n_open:
            if waiting and fetches.n_open < HAND_OVER:
                fetches.add(waiting[:HAND_OVER])
                del waiting[:HAND_OVER]
            n_unchanged += sum(is_unchanged(answer) for _, answer in fetches.take(timeout_s=10, at_least=100))
    return n_unchanged


def conditional(url: str) -> Request:
    return Request(url=url, max_bytes=1_000_000, etag='"1"')


def is_unchanged(answer: Response | Failure) -> bool:
    return isinstance(answer, Response) and answer.status == 304


class LoopbackNames(AbstractResolver):
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


async def bare_loop(port: int, urls: Sequence[str]) -> int:
    slots = asyncio.Semaphore(CONCURRENCY)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=LoopbackNames(port), keepalive_timeout=5))

    async def get(client: httpx.AsyncClient, url: str) -> int:
        async with slots:
            return (await client.get(url, headers={"if-none-match": '"1"'})).status_code

    async with httpx.AsyncClient(transport=AiohttpTransport(client=session), timeout=20) as client:
        statuses = await asyncio.gather(*(get(client, url) for url in urls))
    return statuses.count(304)

"""What the HTTP door costs beside a bare httpx + httpx-aiohttp loop given the same URLs: many hosts, and one host.

Requests per second and CPU per request (both of this process: door, caller and all), medians of rounds that take turns;
the server that answers 304 to everything is another process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import pytest

from monitor.net.http import HttpDoor
from monitor.types import Failure, Request, Response
from tests.bench.figures import N_ROUNDS, cost, medians, report
from tests.bench.unchanged import bare_loop, unchanged_server

pytestmark = pytest.mark.bench

N_REQUESTS = 5_000
CONCURRENCY = 50
HAND_OVER = 500


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with unchanged_server() as opened:
        yield opened


def compare(name: str, ours: Callable[[], int], bare: Callable[[], int]) -> tuple[float, float]:
    """(speed, CPU) as shares of the bare loop's: 1 is as good, more is better."""
    rounds = [(cost(ours, N_REQUESTS), cost(bare, N_REQUESTS)) for _ in range(N_ROUNDS)]
    mine, theirs = medians([pair[0] for pair in rounds]), medians([pair[1] for pair in rounds])
    speed = report(f"HTTP door, {name}", mine.wall_s, theirs.wall_s, N_REQUESTS)
    return speed, report(f"HTTP door, {name}, per second of CPU", mine.cpu_s, theirs.cpu_s, N_REQUESTS)


@pytest.mark.parametrize("n_hosts", [N_REQUESTS, 1], ids=["many hosts", "one host"])
def test_the_door_keeps_the_speed_of_a_bare_client(port: int, n_hosts: int, request: pytest.FixtureRequest) -> None:
    hosts = [f"h{number}.example" for number in range(n_hosts)]
    urls = [f"http://{hosts[number % n_hosts]}/feed/{number}.xml" for number in range(N_REQUESTS)]
    name = request.node.callspec.id

    def bare() -> int:
        return asyncio.run(bare_loop(port, urls, concurrency=CONCURRENCY))

    with open_door(dict.fromkeys(hosts, ("127.0.0.1", port))) as door:
        for how, ask in (("at once", ask_at_once), ("as a stream", ask_as_a_stream)):
            speed, cpu = compare(f"{name}, {how}", partial(ask, door, urls), bare)
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

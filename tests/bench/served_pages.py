"""Pages for benchmarks of extraction, a server that hands them out, and bare trafilatura in as many processes."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import trafilatura

from monitor.data_files import data_folder

SITES = data_folder("seeds") / "newsroom" / "sites"
_SAMPLES: list[bytes] = []

# A process of its own: what is measured shares neither its interpreter lock nor its time. /N is page N, perturbed by N.
_SERVER = """
import asyncio, pickle, sys

pages = pickle.load(open(sys.argv[1], "rb"))

class Pages(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        *heads, self.rest = (self.rest + data).split(b"\\r\\n\\r\\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            if path.endswith(b"/robots.txt"):
                self.transport.write(b"HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n")
                continue
            number = int(path.rpartition(b"/")[2])
            body = pages[number % len(pages)].replace(b"@@@", b"%07d" % number)
            head = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
            self.transport.write(head + body)

async def main():
    server = await asyncio.get_running_loop().create_server(Pages, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def newsroom_pages() -> list[bytes]:
    """Small pages of one layout each, without anything around the article."""
    return [_marked(path.read_bytes()) for path in sorted(SITES.rglob("*.html"))]


def real_pages() -> list[bytes]:
    """Pages of 180 outlets, 170 kB each, where MONITOR_QUALITY_DATA names the labelled data; else none."""
    folder = Path(os.environ.get("MONITOR_QUALITY_DATA") or "nowhere") / "pages" / "aeb"
    return [_marked(gzip.decompress(path.read_bytes())) for path in sorted(folder.glob("*.html.gz"))]


def _marked(page: bytes) -> bytes:
    """The page with a place where its number goes: each paragraph of each page served is new."""
    return page.replace(b"</p>", b" @@@</p>")


@contextmanager
def page_server(pages: Sequence[bytes], folder: Path) -> Iterator[int]:
    """Yields the port on loopback where it listens."""
    file = folder / "pages.pickle"
    file.write_bytes(pickle.dumps(list(pages)))
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(file)], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()


@contextmanager
def bare_processes(pages: Sequence[bytes], n_processes: int) -> Iterator[ProcessPoolExecutor]:
    """Warm processes that hold the pages already."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_processes, context, initializer=_take, initargs=(list(pages),)) as pool:
        list(pool.map(_read_bare, range(min(len(pages), 40))))
        yield pool


def read_bare(pool: ProcessPoolExecutor, numbers: range) -> int:
    """How many pages bare trafilatura has read."""
    return sum(1 for _ in pool.map(_read_bare, numbers, chunksize=4))


def _take(pages: list[bytes]) -> None:
    _SAMPLES.extend(pages)


def _read_bare(number: int) -> bool:
    page = _SAMPLES[number % len(_SAMPLES)].replace(b"@@@", b"%07d" % number)
    return trafilatura.bare_extraction(page, with_metadata=True, include_comments=False) is not None

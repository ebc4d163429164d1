"""What tests of the doors talk to: a scripted server, a resolver that answers from a table, sockets that cannot leave.

Everything binds and connects to loopback only. `LoopbackSockets` raises for any other address whatever the guard says,
so that no test can reach another machine.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.net.http import HttpDoor
from monitor.types import Failure, Request, Response

TLS_FOLDER = Path(__file__).parent / "loopback_tls"
GIVE_UP_S = 20.0
HOST = "news.example"


class LeftLoopbackError(OSError):
    """A test was about to open a connection to another machine."""


class LoopbackSockets:
    """A socket factory that makes sockets for loopback addresses; the others it notes in `refused` and raises."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.n_made = 0

    def __call__(self, addr_info: Any) -> socket.socket:
        family, kind, protocol, _, to = addr_info
        if not ipaddress.ip_address(to[0]).is_loopback:
            self.refused.append(to[0])
            raise LeftLoopbackError("a test tried to leave loopback")
        self.n_made += 1
        return socket.socket(family, kind, protocol)


class TableResolver(AbstractResolver):
    """Answers from a table of name -> addresses, or name -> several lists, one for each look-up (the last stays)."""

    def __init__(self, table: Mapping[str, Sequence[str] | Sequence[Sequence[str]]]) -> None:
        self._table = {
            name: [list(answers)] if all(isinstance(ip, str) for ip in answers) else [list(ips) for ips in answers]
            for name, answers in table.items()
        }
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self._table:
            raise OSError(f"{host} is not in the table")
        answers = self._table[host]
        ips = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ResolveResult(hostname=host, host=ip, port=port, family=family, proto=0, flags=0) for ip in ips]

    async def close(self) -> None:
        pass


class Conversation:
    """One connection as the script of a `RawServer` sees it."""

    def __init__(self, connection: socket.socket, heard: list[bytes]) -> None:
        self._connection = connection
        self._heard = heard
        self._buffer = b""

    def head(self) -> bytes:
        """The next request up to its empty line, noted in the server's `heard`; empty when the client is gone."""
        return self._until(b"\r\n\r\n")

    def line(self) -> bytes:
        """The next line, noted too; empty when the client is gone."""
        return self._until(b"\r\n")

    def send(self, data: bytes) -> None:
        """Sends; silently nothing when the client is gone."""
        with contextlib.suppress(OSError):
            self._connection.sendall(data)

    def is_gone_within(self, seconds: float) -> bool:
        """Waits for the client to close the connection."""
        self._connection.settimeout(seconds)
        try:
            while data := self._connection.recv(65_536):
                self._buffer += data
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self._connection.settimeout(GIVE_UP_S)
        return True

    def tunnel(self, address: tuple[str, int]) -> None:
        """Carries bytes between the client and a server at `address` until one of them ends."""
        with socket.create_connection(address, GIVE_UP_S) as server:
            server.sendall(self._buffer)
            back = threading.Thread(target=_carry, args=(server, self._connection), daemon=True)
            back.start()
            _carry(self._connection, server)
            back.join(GIVE_UP_S)

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._connection.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            try:
                data = self._connection.recv(65_536)
            except OSError:
                data = b""
            if not data:
                return b""
            self._buffer += data
        found, _, self._buffer = self._buffer.partition(end)
        self._heard.append(found + end)
        return found + end


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


Script = Callable[[Conversation], None]


class RawServer:
    """Runs `script` for each connection in a thread of its own and closes the connection when the script returns."""

    def __init__(self, script: Script, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.heard: list[bytes] = []
        self.n_connections = 0
        self._script = script
        self._ssl_context = ssl_context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return ("127.0.0.1", int(self._listener.getsockname()[1]))

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(GIVE_UP_S)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(GIVE_UP_S)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.n_connections += 1
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(GIVE_UP_S)
        try:
            if self._ssl_context is not None:
                connection = self._ssl_context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        with self._lock:
            self._open.add(connection)
        try:
            self._script(Conversation(connection, self.heard))
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole HTTP answer that ends its connection. Underscores in header names stand for hyphens."""
    given = {"content_length": str(len(body)), "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def always(raw: bytes) -> Script:
    """A script that gives every request the same raw answer."""

    def script(conversation: Conversation) -> None:
        if conversation.head():
            conversation.send(raw)

    return script


def by_target(answers: Mapping[str, bytes]) -> Script:
    """A script that answers by the request's target (path and query); 404 for others."""

    def script(conversation: Conversation) -> None:
        head = conversation.head()
        if head:
            target = head.split(b" ")[1].decode("latin-1")
            conversation.send(answers.get(target, answer("404 Not Found")))

    return script


def server_tls() -> ssl.SSLContext:
    """A server's context with a certificate for secure.example."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS_FOLDER / "server.pem")
    return context


def client_tls() -> ssl.SSLContext:
    """A client's context that trusts the authority behind `server_tls` and nobody else."""
    return ssl.create_default_context(cafile=TLS_FOLDER / "authority.pem")


# --- a door in front of a server ---


def open_door(*servers: tuple[str, RawServer], **options: Any) -> HttpDoor:
    limits: dict[str, Any] = {
        "user_agent": "monitor-test/1",
        "concurrency": 20,
        "connect_timeout_s": GIVE_UP_S,
        "read_timeout_s": GIVE_UP_S,
        "total_timeout_s": GIVE_UP_S,
        "connect_to": {name: server.address for name, server in servers},
        "socket_factory": LoopbackSockets(),
        "resolver": TableResolver({}),
        "ssl_context": client_tls(),
    }
    return HttpDoor(**{**limits, **options})


@contextlib.contextmanager
def serving(script: Script, **options: Any) -> Iterator[tuple[RawServer, HttpDoor]]:
    with RawServer(script) as server, open_door((HOST, server), **options) as door:
        yield server, door


def get(door: HttpDoor, url: str = f"http://{HOST}/", **options: Any) -> Response | Failure:
    return door.fetch_many([Request(url=url, **{"max_bytes": 100_000, **options})])[0]


def got(door: HttpDoor, url: str = f"http://{HOST}/", **options: Any) -> Response:
    outcome = get(door, url, **options)
    assert isinstance(outcome, Response), outcome
    return outcome


def failed(door: HttpDoor, url: str = f"http://{HOST}/", **options: Any) -> Failure:
    outcome = get(door, url, **options)
    assert isinstance(outcome, Failure), outcome
    assert outcome.url == url
    assert outcome.detail
    assert "\n" not in outcome.detail
    return outcome

"""Serves a newsroom folder over HTTP on loopback under the names of its outlets, as if it were captured today.

The folder holds `newsroom.json` (reference_at, answers) and `sites/<host>/<path>`; a path without a file ending, or
with a slash at its end, is stored as given plus ".html". All dates move so that `reference_at` becomes `started_at`.
Rows of `answers` say what differs for a URL and when, in seconds since the start (from_s inclusive, until_s exclusive,
the first that fits wins): status, headers, file, content_type, pad. Answers carry ETag and Last-Modified and honour
them (304), and are gzipped for clients that accept it. Reach it with `HttpDoor(connect_to=newsroom.connect_to)`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from monitor.demo.dates import shifted

MIN_GZIP_BYTES = 500
_CONTENT_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".rdf": "application/rdf+xml",
    ".json": "application/json",
    ".txt": "text/plain",
}
_SHIFTED_ENDINGS = frozenset(_CONTENT_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One row of `answers`: how a URL is answered for a while."""

    url: str
    from_s: float = 0.0
    until_s: float = float("inf")
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    content_type: str | None = None
    pad: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one request is answered with, before conditional headers and gzip."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    changed_at: datetime


class Newsroom:
    """Serves while it is entered. `clock` says how far the answers have come since `started_at`; both are aware."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime], started_at: datetime) -> None:
        described = json.loads((folder / "newsroom.json").read_text("utf-8"))
        self._folder = folder
        self._clock = clock
        self._started_at = started_at
        self._shift = started_at - datetime.fromisoformat(described["reference_at"])
        self._answers = tuple(Answer(**row) for row in described.get("answers", []))
        stored = {path.name for path in (folder / "sites").iterdir() if path.is_dir()}
        self._hosts = frozenset(stored | {urlsplit(answer.url).hostname or "" for answer in self._answers})
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self._server.newsroom = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="newsroom", daemon=True)

    def __enter__(self) -> Self:
        self._server.server_bind()
        self._server.server_activate()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def hosts(self) -> frozenset[str]:
        """Every host in sites/ and in `answers`."""
        return self._hosts

    @property
    def connect_to(self) -> dict[str, tuple[str, int]]:
        """Leads every host to this server; valid while it serves."""
        return dict.fromkeys(sorted(self._hosts), ("127.0.0.1", int(self._server.server_address[1])))

    @property
    def n_requests(self) -> Counter[str]:
        """How often each URL was asked for since the server started, as asked (with its query)."""
        with self._lock:
            return self._counts.copy()

    def now(self) -> datetime:
        """The moment that the newsroom's own Date header shows."""
        return self._clock().astimezone(UTC)

    def reply(self, host: str, target: str) -> Reply:
        """The answer to a GET of `target` (path and query) at `host`, counted."""
        url = f"http://{host}{target}"
        with self._lock:
            self._counts[url] += 1
        row = self._row(url)
        path = self._file(row, host, target)
        if path is None and row.status == 200:
            row = Answer(url=url, status=404)
        body = _generic_page(row.status) if path is None else self._document(path, row.pad)
        ending = ".html" if path is None else path.suffix.lower()
        return Reply(
            status=row.status,
            headers={"Content-Type": row.content_type or _content_type(ending, body), **row.headers},
            body=body,
            changed_at=(self._started_at.astimezone(UTC) + timedelta(seconds=row.from_s)).replace(microsecond=0),
        )

    def _row(self, url: str) -> Answer:
        elapsed_s = (self._clock() - self._started_at).total_seconds()
        without_query = url.partition("?")[0]
        for row in self._answers:
            if row.url in (url, without_query) and row.from_s <= elapsed_s < row.until_s:
                return row
        return Answer(url=url)

    def _file(self, row: Answer, host: str, target: str) -> Path | None:
        if row.file is not None:
            return self._folder / row.file
        if row.status != 200 or host not in self._hosts:
            return None
        site = (self._folder / "sites" / host).resolve()
        path, _, query = target.partition("?")
        names = [f"{path}?{query}", path] if query else [path]
        for name in names:
            for stored in (name, f"{name}.html", f"{name.rstrip('/')}.html", f"{name.rstrip('/')}/index.html"):
                for spelled in (stored, unquote(stored)):
                    found = (site / spelled.lstrip("/")).resolve()
                    if found.is_relative_to(site) and found.is_file():
                        return found
        return None

    def _document(self, path: Path, pad: Mapping[str, Any] | None) -> bytes:
        body = path.read_bytes()
        if path.suffix.lower() in _SHIFTED_ENDINGS:
            body = shifted(body, self._shift)
        if pad is not None:
            body = body.replace(pad["marker"].encode(), pad["text"].encode() * int(pad["times"]))
        return body


def _content_type(ending: str, body: bytes) -> str:
    """By ending. A page in another charset than UTF-8 must say so itself, as many real ones do."""
    kind = _CONTENT_TYPES.get(ending, "application/octet-stream")
    if not kind.startswith("text/"):
        return kind
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return kind
    return f"{kind}; charset=utf-8"


def _generic_page(status: int) -> bytes:
    words = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"  # 520 to 527 are no standard
    title = f"{status} {words}"
    return f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n".encode()


def _is_unchanged(headers: Message, *, etag: str, changed_at: datetime) -> bool:
    """RFC 9110 section 13.2.2: If-None-Match counts alone when it is there, compared weakly."""
    known = headers.get("If-None-Match")
    if known is not None:
        return known.strip() == "*" or etag.removeprefix("W/") in re.findall(r'"[^"]*"', known)
    try:
        return changed_at <= parsedate_to_datetime(headers.get("If-Modified-Since", ""))
    except (ValueError, TypeError):
        return False


class _Server(ThreadingHTTPServer):
    """A thread for each connection. Connections still open when it closes are cut, so that no thread stays behind."""

    daemon_threads = True
    request_queue_size = 128
    newsroom: Newsroom

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._open: set[Any] = set()
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        with self._open_lock:
            still_open = tuple(self._open)
        for request in still_open:
            super().shutdown_request(request)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle of an answer is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        newsroom = self.server.newsroom
        host = self.headers.get("Host", "").partition(":")[0].lower()
        reply = newsroom.reply(host, self.path)
        etag = f'W/"{hashlib.sha256(reply.body).hexdigest()[:20]}"'
        headers = {"Date": format_datetime(newsroom.now(), usegmt=True), **reply.headers}
        status, body = reply.status, reply.body
        if status == 200:
            headers = {"ETag": etag, "Last-Modified": format_datetime(reply.changed_at, usegmt=True), **headers}
            if _is_unchanged(self.headers, etag=etag, changed_at=reply.changed_at):
                status, body = 304, b""
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) >= MIN_GZIP_BYTES:
            body = gzip.compress(body, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self._send(status, headers, body)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's signature
        """Says nothing: the demo shows progress of its own, tests count with `n_requests`."""

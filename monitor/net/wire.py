"""What really goes over the wire: the exact URL, the headers, and the transport that changes neither.

The stock transport of httpx-aiohttp hands URLs to yarl as text, which rewrites `%2F` and `%7E` and so breaks signed
URLs. Here the door decides the exact form once (`exact_url`), checks it, and gives it on as already encoded.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import quote, urlsplit

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions

from monitor.net.guard import GuardedConnector, ascii_host
from monitor.types import Request

EXACT_URL = "exact_url"
LOCATION = "location"
MAX_HEADER_BYTES = 16_384
MAX_HEADERS = 128
MAX_SENT_HEADER_CHARS = 1_000

# what a browser leaves alone; `%` is kept so that nothing is encoded twice
_KEPT_IN_PATH = "%/:@!$&'()*+,;=-._~[]|"
_KEPT_IN_QUERY = _KEPT_IN_PATH + "?\\`{}^"


def exact_url(url: str) -> yarl.URL:
    """The URL as it will be asked for: escapes kept as they are, only what cannot be sent encoded, no fragment.

    For URLs that `guard.check_url` lets pass; ValueError when it cannot be written. Userinfo is never sent.
    """
    parts = urlsplit(url)
    host = ascii_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        netloc += f":{parts.port}"
    target = quote(parts.path or "/", safe=_KEPT_IN_PATH)
    if parts.query:
        target += "?" + quote(parts.query, safe=_KEPT_IN_QUERY)
    return yarl.URL(f"{parts.scheme}://{netloc}{target}", encoded=True)


def sent_headers(request: Request) -> dict[str, str]:
    """Accept, and the validators that the server once gave us. One that cannot be sent in a header is left out."""
    wanted = {"accept": request.accept, "if-none-match": request.etag, "if-modified-since": request.last_modified}
    return {
        name: value
        for name, value in wanted.items()
        if value and value.isascii() and value.isprintable() and len(value) <= MAX_SENT_HEADER_CHARS
    }


def header_text(text: str) -> str:
    """The operator's words (a contact with accents, say) as a header may carry them: printable ASCII, else `?`."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text)


def received_headers(headers: httpx.Headers) -> dict[str, str]:
    """Lower-case names; repeated headers joined by a comma. Cookies are not for us and are left out."""
    received: dict[str, str] = {}
    for given, value in headers.multi_items():
        name = given.lower()
        if name != "set-cookie":
            received[name] = f"{received[name]}, {value}" if name in received else value
    return received


class ExactTransport(AiohttpTransport):
    """Sends GET requests to the URL in `extensions["exact_url"]`, byte for byte, through the session it was given.

    Location comes back in the answer's extensions and not in its headers, where httpx would judge it by other rules.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        # the parent's __init__ would build an SSL context (0.1 s) that a transport with a session never uses
        self.client = session
        self._session = session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions["timeout"]
        with map_aiohttp_exceptions():
            answer = await self._session.request(
                request.method,
                request.extensions[EXACT_URL],
                headers=request.headers,
                allow_redirects=False,
                # `connect` covers the look-up, all addresses and the handshake
                timeout=aiohttp.ClientTimeout(connect=timeout["connect"], sock_read=timeout["read"]),
            )
        locations = [value for name, value in answer.raw_headers if name.lower() == b"location"]
        return httpx.Response(
            status_code=answer.status,
            headers=[(name, value) for name, value in answer.raw_headers if name.lower() != b"location"],
            stream=AiohttpResponseStream(answer),
            request=request,
            extensions={LOCATION: _text(locations[0])} if locations else {},
        )


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def open_client(
    *,
    user_agent: str,
    timeout: httpx.Timeout,
    ssl_context: ssl.SSLContext,
    connect_to: Mapping[str, tuple[str, int]],
    socket_factory: aiohttp.SocketFactoryType | None,
    resolver: AbstractResolver,
) -> httpx.AsyncClient:
    """One client for the life of the door, made on the loop that will use it. Neither of its two jars keeps cookies."""
    session = aiohttp.ClientSession(
        connector=GuardedConnector(
            ssl_context=ssl_context,
            connect_to=connect_to,
            socket_factory=socket_factory,
            resolver=resolver,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
    return httpx.AsyncClient(
        transport=ExactTransport(session),
        headers={"user-agent": header_text(user_agent), "accept": "*/*", "accept-encoding": "gzip"},
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        timeout=timeout,
        trust_env=False,
    )

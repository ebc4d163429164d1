"""httpx over aiohttp: the transport that the door asks through, which changes nothing on the way.

The door speaks to it in httpx's requests, answers and errors, without a client between: redirects, time limits and
bodies are the door's own business, there are no cookies and no logins, and a client would cost 0.1 ms per request.
The stock transport of httpx-aiohttp hands URLs to yarl as text and so loses their exact form, and answers whose
Location httpx cannot read become errors. This one takes the URL from `extensions["exact_url"]`, goes through the proxy
where the connector says so, and asks once more where a connection kept from before had ended meanwhile.
"""

from __future__ import annotations

from functools import partial

import aiohttp
import httpx
import yarl
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions

from monitor.net.guard import GuardedConnector, is_kept_connection
from monitor.net.wire import header_text

EXACT_URL = "exact_url"
LOCATIONS = "locations"
MAX_HEADER_BYTES = 16_384
MAX_HEADERS = 128

_NO_BODY = httpx.ByteStream(b"")


class ExactTransport(AiohttpTransport):
    """Sends GET requests byte for byte to their exact URL, through the session it was given and closes at its end.

    Location comes back in the answer's extensions and not in its headers, where httpx would judge it by other rules.
    """

    def __init__(
        self, session: aiohttp.ClientSession, connector: GuardedConnector, *, user_agent: str, timeout: httpx.Timeout
    ) -> None:
        # the parent's __init__ would build an SSL context (0.1 s) that a transport with a session never uses
        self.client = session
        self._session = session
        self._connector = connector
        self._headers = [(b"user-agent", header_text(user_agent).encode("ascii")), (b"accept-encoding", b"gzip")]
        self._limits = timeout.as_dict()

    async def get(self, target: yarl.URL, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
        """The head of the answer of a GET of exactly this URL; its body is still to be read, or to be `let_go`."""
        request = httpx.Request(
            "GET",
            str(target),
            headers=self._headers + headers,
            stream=_NO_BODY,
            extensions={EXACT_URL: target, "timeout": self._limits},
        )
        return await self.handle_async_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with map_aiohttp_exceptions():
            answer = await self._head_of_answer(request)
        locations = [pair for pair in answer.raw_headers if pair[0].lower() == b"location"]
        return httpx.Response(
            status_code=answer.status,
            headers=[pair for pair in answer.raw_headers if pair not in locations] if locations else answer.raw_headers,
            stream=AiohttpResponseStream(answer),
            request=request,
            extensions={LOCATIONS: locations},
        )

    async def _head_of_answer(self, request: httpx.Request) -> aiohttp.ClientResponse:
        """A connection kept from before may have ended meanwhile: then once more, on another."""
        target: yarl.URL = request.extensions[EXACT_URL]
        limits = request.extensions["timeout"]
        get = partial(
            self._session.get,
            target,
            headers=[(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw],
            allow_redirects=False,
            proxy=await self._connector.proxy_for(target),
            # `connect` covers the look-up, all addresses and the handshake
            timeout=aiohttp.ClientTimeout(connect=limits["connect"], sock_read=limits["read"]),
        )
        is_kept_connection.set(False)
        try:
            return await get()
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            if not is_kept_connection.get():
                raise
        return await get()


def open_transport(connector: GuardedConnector, *, user_agent: str, timeout: httpx.Timeout) -> ExactTransport:
    """One for the life of the door, made on the loop that will use it. It closes the connector with itself."""
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
    # else a server that hangs up is asked once more at once, even where the connection was new
    session._retry_connection = False  # noqa: SLF001 - aiohttp offers no argument for it and is pinned exactly
    return ExactTransport(session, connector, user_agent=user_agent, timeout=timeout)


def all_headers(answer: httpx.Response) -> list[tuple[bytes, bytes]]:
    """As the server sent them, Location too."""
    return answer.headers.raw + answer.extensions[LOCATIONS]  # type: ignore[no-any-return] # extensions are untyped


async def let_go(answer: httpx.Response) -> None:
    """Ends the answer, and its connection where the body was not read to its end."""
    await answer.aclose()
    answer.stream = _NO_BODY  # httpx ties the two into a ring, which only a search for garbage would find

"""What really goes over the wire: the exact URL, the headers, and the session that changes neither.

yarl rewrites `%2F` and `%7E` in URLs given as text and so breaks signed ones. Here the door decides the exact form once
(`exact_url`) and gives it on as already encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

import aiohttp
import yarl

from monitor.net.guard import ascii_host
from monitor.types import Request

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


def received_headers(raw_headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; repeated headers joined by a comma, of Location the first. Cookies are not for us: left out."""
    received: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name = raw_name.decode("ascii", "replace").lower()
        if name not in received:
            received[name] = _text(raw_value)
        elif name != "location":
            received[name] += f", {_text(raw_value)}"
    received.pop("set-cookie", None)
    return received


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def open_session(
    connector: aiohttp.BaseConnector, *, user_agent: str, timeout: aiohttp.ClientTimeout
) -> aiohttp.ClientSession:
    """One session for the life of the door, made on the loop that will use it."""
    session = aiohttp.ClientSession(
        connector=connector,
        headers={"user-agent": header_text(user_agent), "accept-encoding": "gzip"},
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
    # else a server that hangs up is asked once more at once, even where the connection was new
    session._retry_connection = False  # noqa: SLF001 - aiohttp offers no argument for it and is pinned exactly
    return session

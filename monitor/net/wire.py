"""What really goes over the wire and comes back: the exact URL, the headers. Pure.

yarl rewrites `%2F` and `%7E` in URLs given as text and so breaks signed ones. Here the door decides the exact form once
(`exact_url`) and gives it on as already encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

import yarl

from monitor.net.guard import ascii_host
from monitor.types import Request

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


def sent_headers(request: Request) -> list[tuple[bytes, bytes]]:
    """Accept, and the validators that the server once gave us. One that cannot be sent in a header is left out."""
    wanted = (
        (b"accept", request.accept),
        (b"if-none-match", request.etag),
        (b"if-modified-since", request.last_modified),
    )
    return [
        (name, value.encode("ascii"))
        for name, value in wanted
        if value and value.isascii() and value.isprintable() and len(value) <= MAX_SENT_HEADER_CHARS
    ]


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

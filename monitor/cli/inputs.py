"""Documents that a command is given: a file, standard input, or a URL through the guarded door."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.app import open_http
from monitor.config import Settings
from monitor.errors import MonitorError, UsageError
from monitor.fetch.failures import explain_failure
from monitor.types import Failure, Request
from monitor.urls import absolute_url, masked

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Bytes with what is known of them; `url` is "" and `status` None for a file."""

    body: bytes
    url: str = ""
    content_type: str | None = None
    content_location: str | None = None
    status: int | None = None


def read_document(name: str, settings: Settings, *, accept: str, max_bytes: int) -> Document:
    """The document of that name: a URL, a file, or "-" for standard input; gzipped ones are inflated.

    Raises UsageError for what cannot be read and MonitorError for what cannot be fetched or is larger than `max_bytes`.
    """
    is_url = name.partition("://")[0].lower() in {"http", "https"} and "://" in name
    found = _fetched(name, settings, accept, max_bytes) if is_url else Document(body=_read(name, max_bytes))
    inflated = replace(found, body=_inflated(found.body, name, max_bytes))
    if len(inflated.body) > max_bytes:
        raise MonitorError(f"{masked(name)} has more than the {max_bytes} bytes that the configuration allows")
    return inflated


def _read(name: str, max_bytes: int) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(max_bytes + 1)
        with Path(name).open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None


def _inflated(body: bytes, name: str, max_bytes: int) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            return file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error):
        raise UsageError(f"{masked(name)} begins like a gzip file and is none") from None


def _fetched(url: str, settings: Settings, accept: str, max_bytes: int) -> Document:
    address = absolute_url("", url)
    if address is None:
        raise UsageError(f"{masked(url)} is no URL that can be asked for")
    with open_http(settings) as http:
        [answer] = http.fetch_many([Request(url=address, accept=accept, max_bytes=max_bytes)])
    if isinstance(answer, Failure):
        detail = f" ({answer.detail})" if answer.detail else ""
        raise MonitorError(f"{masked(url)} could not be fetched: {explain_failure(answer.reason, None)}{detail}")
    return Document(
        body=answer.body,
        url=answer.final_url,
        content_type=answer.headers.get("content-type"),
        content_location=answer.headers.get("content-location"),
        status=answer.status,
    )

"""Which `Reason` an exception of the HTTP libraries stands for, with words that hold nothing the server sent.

httpx-aiohttp turns refused connections, failed look-ups and disconnects alike into ConnectTimeout, so the exception
behind it (`__cause__`) decides; bad status lines and oversized headers arrive as plain aiohttp errors. aiohttp wraps
what happened while connecting; the `os_error` within decides. What a proxy did is told apart in words only: for a feed,
a proxy that does not connect is a server that cannot be reached.
"""

from __future__ import annotations

import errno
import socket
import ssl

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from monitor.net.bodies import BodyRefusedError
from monitor.net.guard import BlockedAddressError, ProxyNameError
from monitor.types import Reason

EXPECTED_ERRORS = (
    BodyRefusedError,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,  # ssl errors and the deadline's TimeoutError are among them
    ValueError,
    EOFError,
)

# the first that fits counts: subclasses stand before their parents
_WORDS: tuple[tuple[tuple[type[BaseException], ...], Reason, str], ...] = (
    ((BlockedAddressError,), Reason.BLOCKED_ADDRESS, "the address is not public"),
    ((ProxyNameError,), Reason.REFUSED, "the name of the proxy has no address"),
    ((aiohttp.ClientHttpProxyError,), Reason.REFUSED, "the proxy made no connection to the server"),
    ((aiohttp.ClientProxyConnectionError,), Reason.REFUSED, "no connection to the proxy"),
    ((aiohttp.ClientConnectorDNSError,), Reason.DNS, "the host name has no address"),
    ((aiohttp.ClientSSLError, ssl.SSLError, ssl.CertificateError), Reason.TLS, "no trusted TLS connection"),
    ((TimeoutError, httpx.TimeoutException), Reason.TIMEOUT, "no complete answer in time"),
    ((ConnectionResetError, BrokenPipeError), Reason.DISCONNECTED, "the connection was reset"),
    ((ConnectionRefusedError, aiohttp.ClientConnectorError), Reason.REFUSED, "no connection to the server"),
    ((aiohttp.ClientResponseError, HttpProcessingError), Reason.PROTOCOL, "the answer is not valid HTTP"),
    ((aiohttp.InvalidURL, httpx.InvalidURL), Reason.BAD_URL, "the URL cannot be asked for"),
    ((aiohttp.ClientPayloadError, EOFError), Reason.DISCONNECTED, "the answer ended too early"),
    ((aiohttp.ClientConnectionError, OSError), Reason.DISCONNECTED, "the server closed the connection"),
)


def reason_of(error: Exception) -> tuple[Reason, str]:
    """The reason, and one line for people; `error` is one of EXPECTED_ERRORS."""
    if isinstance(error, BodyRefusedError):
        return error.reason, str(error)
    behind = error.__cause__ if isinstance(error, httpx.TransportError) and error.__cause__ else error
    os_error = getattr(behind, "os_error", None)
    if isinstance(os_error, BlockedAddressError | ProxyNameError):
        behind = os_error
    elif isinstance(os_error, OSError) and not isinstance(behind, aiohttp.ClientConnectorDNSError):
        behind = TimeoutError() if os_error.errno == errno.ETIMEDOUT else _more_telling(behind, os_error)
    if isinstance(behind, aiohttp.ClientConnectorDNSError) and behind.errno == socket.EAI_AGAIN:
        return Reason.DNS_TEMPORARY, "no name server could say"
    for kinds, reason, words in _WORDS:
        if isinstance(behind, kinds):
            return reason, words
    return Reason.PROTOCOL, "the answer could not be read"


def _more_telling(behind: BaseException, os_error: OSError) -> BaseException:
    """A reset while connecting or shaking hands is a disconnect; everything else stays what the library calls it."""
    return os_error if isinstance(os_error, ConnectionResetError | BrokenPipeError | ssl.SSLError) else behind

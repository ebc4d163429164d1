"""Which addresses may be asked for, so that no feed or page can make the product talk to its own network (SSRF).

Two checks on one path, both on every redirect hop: `_resolve_host` of the connector sees each name and literal with all
its addresses (one private address among public ones refuses the whole name), and the socket factory sees the address of
each connection really opened. `check_url` refuses what needs no look-up: schemes, ports, userinfo, numbers as hosts.

`ipaddress.is_global` alone is not enough: Python 3.11 calls 192.0.0.0/24, NAT64 and 6to4 global. So IPv6 is limited to
2000::/3 less what is special there, addresses that carry an IPv4 address are judged by it, and IPv4 has its own list.
Sources: the IANA special-purpose address registries, RFC 6890, 6052 (NAT64), 3056 (6to4), 4380 (Teredo), 9637.

Behind a proxy (the operator's, so its address may be private) connections to anything else are not opened at all. Names
are looked up and judged here nevertheless, since the proxy may see a network that feeds must not; a name that does not
resolve here is left to the proxy.

`connect_to` leads exactly named hosts to loopback, past any proxy, for the demo and for tests; it is no configuration.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import idna
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.net.bodiless import BodilessHandler
from monitor.types import Reason

ALLOWED_PORTS = frozenset({80, 443, 8080, 8443})
MAX_URL_CHARS = 8_000
DNS_CACHE_S = 60
KEEP_ALIVE_S = 5
MAX_IDLE = 100
"""How many connections are kept for the next request; of more, those idle for longest are closed."""
PROXY_LOOK_UP_S = 2.0
"""How long a name may take to resolve that the proxy will look up once more anyhow."""

is_kept_connection: ContextVar[bool] = ContextVar("is_kept_connection", default=False)
"""Whether the request of this task got a connection that an earlier one had used."""

_DENIED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata address of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent behind a public-looking address
        "169.254.0.0/16",  # link-local, where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments (Teredo is unpacked before)
        "2001:db8::/32",
        "3fff::/20",
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST_NAME = re.compile(r"(?=.{1,254}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?\Z")
_NUMERIC_LABEL = re.compile(r"([0-9]+|0x[0-9a-f]*)\Z")


class BlockedAddressError(OSError):
    """An address that must not be connected to. An OSError, because the libraries that race addresses lose others.

    aiohttp hands it on as the `os_error` of its own exception.
    """


class ProxyNameError(OSError):
    """The name of the proxy has no address."""


@lru_cache(maxsize=4_096)
def is_public_address(ip: str) -> bool:
    """Whether this literal address lies in the public internet. Anything that is no address (or has a zone) is not."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return _is_public_v4(address)
    if address.scope_id is not None:
        return False
    carried = _carried_v4(address)
    if carried:
        return all(_is_public_v4(inner) for inner in carried)
    return address in _UNICAST_V6 and not any(address in network for network in _DENIED_V6)


def _is_public_v4(address: ipaddress.IPv4Address) -> bool:
    return not any(address in network for network in _DENIED_V4)


def _carried_v4(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that packets to this one end up at; both the server and the client of a Teredo address."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


@lru_cache(maxsize=4_096)
def ascii_host(host: str) -> str:
    """The host as it goes on the wire: lower case, IDNA. ValueError for what is neither a name nor a plain address.

    Numbers that some resolvers take for an address (2130706433, 0x7f.1, 0177.0.0.1, 10.0.0.1.) are refused.
    """
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    if not host.isascii():
        host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
    host = host.lower()
    if not _HOST_NAME.match(host):
        raise ValueError("the host is not a valid name")
    if _NUMERIC_LABEL.match(host.rstrip(".").rpartition(".")[2]):
        return str(ipaddress.IPv4Address(host))
    return host


def check_url(url: str) -> Reason | None:
    """Why this URL must not be asked for, judged without any look-up; None when it may be tried."""
    if len(url) > MAX_URL_CHARS or _CONTROL.search(url):
        return Reason.BAD_URL
    try:
        parts = urlsplit(url)
        host = ascii_host(parts.hostname or "")
        port = parts.port
    except ValueError:
        return Reason.BAD_URL
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or "\\" in parts.netloc:
        return Reason.BAD_URL
    if port is not None and port not in ALLOWED_PORTS:
        return Reason.BLOCKED_ADDRESS
    if _is_literal(host) and not is_public_address(host):
        return Reason.BLOCKED_ADDRESS
    return None


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def checked_connect_to(connect_to: Mapping[str, tuple[str, int]] | None) -> dict[str, tuple[str, int]]:
    """A private copy of the override. ValueError unless it leads plain names to loopback addresses."""
    checked = {}
    for name, (ip, port) in (connect_to or {}).items():
        if ascii_host(name) != name or _is_literal(name):
            raise ValueError(f"connect_to: {name!r} is not a lower-case host name")
        if not ipaddress.ip_address(ip).is_loopback or not 0 < port < 65536:
            raise ValueError(f"connect_to: {name!r} may lead to a loopback address and port only, not to {ip}:{port}")
        checked[name] = (ip, port)
    return checked


def checked_proxy(proxy: str) -> yarl.URL | None:
    """None for ""; ValueError for anything else that is not http://HOST:PORT."""
    if not proxy:
        return None
    url = yarl.URL(proxy)
    if url.scheme != "http" or not url.host or url.user is not None or url.path_qs != "/":
        raise ValueError("the proxy must be given as http://HOST:PORT")
    return url


def plain_socket(addr_info: aiohttp.AddrInfoType) -> socket.socket:
    """What the connector would do by itself: a socket for this address."""
    family, kind, protocol, _, _ = addr_info
    return socket.socket(family=family, type=kind, proto=protocol)


class GuardedConnector(aiohttp.TCPConnector):
    """Opens connections to public addresses only, whatever a name resolves to, and to those that `connect_to` names.

    With a proxy it opens connections to the proxy and those only. `socket_factory` makes the socket after the guard has
    agreed; tests give one that can reach loopback only.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext,
        connect_to: Mapping[str, tuple[str, int]] | None = None,
        proxy: yarl.URL | None = None,
        socket_factory: aiohttp.SocketFactoryType | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._connect_to = checked_connect_to(connect_to)
        self._allowed_targets = set(self._connect_to.values())  # and the addresses of the proxy, once they are known
        self._proxy = proxy
        self._make_socket = socket_factory or plain_socket
        super().__init__(
            ssl=ssl_context,
            resolver=resolver,
            socket_factory=self._guarded_socket,
            limit=0,  # the door's slots bound connections
            ttl_dns_cache=DNS_CACHE_S,
            keepalive_timeout=KEEP_ALIVE_S,
        )
        self._factory = partial(BodilessHandler, loop=self._loop)  # type: ignore[assignment] # partial is invariant

    async def proxy_for(self, target: yarl.URL) -> yarl.URL | None:
        """The proxy to ask for this URL, if there is one. BlockedAddressError when its name leads where it must not."""
        host, port = target.raw_host, target.port
        if self._proxy is None or host is None or port is None or host in self._connect_to:
            return None
        try:
            async with asyncio.timeout(PROXY_LOOK_UP_S):
                await self._public_addresses(host, port)
        except BlockedAddressError:
            raise
        except OSError:  # no address, or no answer in time
            pass
        return self._proxy

    async def _resolve_host(self, host: str, port: int, traces: Sequence[Any] | None = None) -> list[ResolveResult]:
        override = self._connect_to.get(host)
        if override is not None:
            ip, port = override
            return [ResolveResult(hostname=host, host=ip, port=port, family=0, proto=0, flags=0)]
        if self._proxy is None:
            return await self._public_addresses(host, port, traces)
        if (host, port) != (self._proxy.raw_host, self._proxy.port):
            raise BlockedAddressError("a connection past the proxy was about to be opened")
        try:
            answers = await super()._resolve_host(host, port, traces)
        except OSError as error:
            raise ProxyNameError("the name of the proxy has no address") from error
        self._allowed_targets.update((answer["host"], answer["port"]) for answer in answers)
        return answers

    async def _public_addresses(self, host: str, port: int, traces: Sequence[Any] | None = None) -> list[ResolveResult]:
        answers = await super()._resolve_host(host, port, traces)
        for answer in answers:
            if not is_public_address(answer["host"]):
                raise BlockedAddressError(f"{host} leads to an address that is not public")
            if answer["port"] not in ALLOWED_PORTS:
                raise BlockedAddressError(f"{host} leads to a port that is not allowed")
        return answers

    def _guarded_socket(self, addr_info: aiohttp.AddrInfoType) -> socket.socket:
        ip, port = addr_info[4][:2]
        if (ip, port) not in self._allowed_targets and (
            self._proxy is not None or not is_public_address(ip) or port not in ALLOWED_PORTS
        ):
            raise BlockedAddressError("a connection to an address that is not public was about to be opened")
        return self._make_socket(addr_info)

    async def _get(self, key: Any, traces: Any) -> Any:
        kept = await super()._get(key, traces)
        if kept is not None:
            is_kept_connection.set(True)
        return kept

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        while sum(map(len, self._conns.values())) > MAX_IDLE:
            oldest = next(iter(self._conns))
            idle, _ = self._conns[oldest].popleft()
            if not self._conns[oldest]:
                del self._conns[oldest]
            idle.close()

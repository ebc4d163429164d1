from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import yarl

from monitor.app import open_http
from monitor.config import Http, Settings
from monitor.net.guard import BlockedAddressError, GuardedConnector
from monitor.net.http import HttpDoor
from monitor.types import Reason, Request, Response
from tests.loopback import (
    HOST,
    Conversation,
    LoopbackSockets,
    RawServer,
    Script,
    TableResolver,
    always,
    answer,
    by_target,
    client_tls,
    failed,
    got,
    open_door,
    server_tls,
)

PUBLIC = "93.184.215.14"
NAMES = {
    "proxy.example": ["127.0.0.1"],
    "public.example": [PUBLIC],
    "private.example": ["10.1.2.3"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "rebound.example": [[PUBLIC], ["127.0.0.1"]],
}
PAGES = {
    "/": answer(body=b"page"),
    "/to-private": answer("302 Found", location="http://private.example/"),
    "/to-literal": answer("302 Found", location="http://127.0.0.1/"),
    "/to-port": answer("302 Found", location="http://public.example:22/"),
    "/to-safe": answer("301 Moved", location="https://secure.example/"),
}


def proxying(origins: Mapping[str, tuple[str, int]]) -> Script:
    """A little proxy: GET in absolute form and CONNECT, for the named hosts; 502 for others."""

    def script(conversation: Conversation) -> None:
        head = conversation.head()
        if not head:
            return
        method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        parts = urlsplit(target if method == "GET" else f"//{target}")
        address = origins.get(parts.hostname or "")
        if address is None:
            conversation.send(answer("502 Bad Gateway"))
        elif method == "CONNECT":
            conversation.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            conversation.tunnel(address)
        else:
            with socket.create_connection(address, 10) as origin:
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                origin.sendall(head.replace(target.encode("latin-1"), path.encode("latin-1"), 1))
                while data := origin.recv(65_536):
                    conversation.send(data)

    return script


@dataclass
class Rig:
    door: HttpDoor
    proxy: RawServer
    plain: RawServer
    sockets: LoopbackSockets

    def targets(self) -> list[str]:
        """The first line of every request that the proxy got."""
        return [head.split(b"\r\n")[0].decode("latin-1") for head in self.proxy.heard]


@contextlib.contextmanager
def proxied(**options: Any) -> Iterator[Rig]:
    with RawServer(by_target(PAGES)) as plain, RawServer(always(answer(body=b"safe")), ssl_context=server_tls()) as tls:
        origins = {
            HOST: plain.address,
            "public.example": plain.address,
            "rebound.example": plain.address,
            "private.example": plain.address,
            "secure.example": tls.address,
            "other.example": tls.address,
        }
        with RawServer(proxying(origins)) as proxy:
            sockets = LoopbackSockets()
            settings = {
                "proxy": f"http://127.0.0.1:{proxy.address[1]}",
                "resolver": TableResolver(NAMES),
                "socket_factory": sockets,
            }
            with open_door(**{**settings, **options}) as door:
                yield Rig(door, proxy, plain, sockets)


def test_a_page_is_asked_for_through_the_proxy_with_its_exact_url() -> None:
    with proxied() as rig:
        assert got(rig.door, f"http://{HOST}/?a=%2F%7E&b=c+d").status == 404
        assert got(rig.door, "http://public.example/").body == b"page"
    assert rig.targets() == [f"GET http://{HOST}/?a=%2F%7E&b=c+d HTTP/1.1", "GET http://public.example/ HTTP/1.1"]
    assert b"\r\nhost: news.example\r\n" in rig.proxy.heard[0].lower()
    assert b"proxy-authorization" not in rig.proxy.heard[0].lower()


def test_https_goes_through_a_tunnel_and_is_verified_against_the_name_of_the_target() -> None:
    with proxied() as rig:
        assert got(rig.door, "https://secure.example/").body == b"safe"
        assert failed(rig.door, "https://other.example/").reason is Reason.TLS
    assert rig.targets()[0] == "CONNECT secure.example:443 HTTP/1.1"


def test_the_proxy_may_have_a_name_and_a_private_address() -> None:
    with (
        proxied() as rig,
        open_door(proxy=f"http://proxy.example:{rig.proxy.address[1]}/", resolver=TableResolver(NAMES)) as door,
    ):
        assert got(door, "http://public.example/").body == b"page"
        assert got(door, "https://secure.example/").body == b"safe"


def test_redirects_are_followed_hop_by_hop_through_the_proxy() -> None:
    with proxied() as rig:
        response = got(rig.door, f"http://{HOST}/to-safe")
    assert (response.body, response.final_url) == (b"safe", "https://secure.example/")
    assert rig.targets() == [f"GET http://{HOST}/to-safe HTTP/1.1", "CONNECT secure.example:443 HTTP/1.1"]


@pytest.mark.parametrize(
    "url",
    [
        "http://private.example/",
        "https://private.example/",
        "http://mixed.example/",
        "http://metadata.example/latest/meta-data/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://public.example:22/",
        "http://user:secret@public.example/",
        "ftp://public.example/",
        "http://proxy.example/",
    ],
)
def test_the_proxy_is_not_asked_for_what_is_not_public(url: str) -> None:
    with proxied() as rig:
        assert failed(rig.door, url).reason in {Reason.BLOCKED_ADDRESS, Reason.BAD_URL}
    assert rig.proxy.n_connections == 0
    assert rig.sockets.n_made == 0


@pytest.mark.parametrize("target", ["/to-private", "/to-literal", "/to-port"])
def test_the_proxy_is_not_asked_for_what_a_redirect_leads_to_either(target: str) -> None:
    with proxied() as rig:
        assert failed(rig.door, f"http://{HOST}{target}").reason is Reason.BLOCKED_ADDRESS
    assert rig.targets() == [f"GET http://{HOST}{target} HTTP/1.1"]


def test_the_address_of_the_proxy_is_no_way_to_the_proxy_as_a_target() -> None:
    with proxied() as rig:
        url = f"http://127.0.0.1:{rig.proxy.address[1]}/"
        assert failed(rig.door, url).reason is Reason.BLOCKED_ADDRESS
    assert rig.proxy.n_connections == 0


class SilentAbout(TableResolver):
    """Knows the proxy and says nothing about any other name."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        if host in self._table:
            return await super().resolve(host, port, family)
        return await asyncio.get_running_loop().create_future()


def test_a_name_that_does_not_resolve_here_is_left_to_the_proxy() -> None:
    with proxied() as rig:
        assert got(rig.door, f"http://{HOST}/").body == b"page"
    with proxied(resolver=SilentAbout({})) as rig:
        assert got(rig.door, f"http://{HOST}/").body == b"page"


def test_a_proxy_that_is_not_there_or_makes_no_connection_is_told_in_the_words() -> None:
    with RawServer(always(b"")) as server:
        closed = f"http://127.0.0.1:{server.address[1]}"
    cases = {
        closed: "no connection to the proxy",
        "http://nowhere.example:3128": "the name of the proxy has no address",
    }
    for proxy, words in cases.items():
        for url in (f"http://{HOST}/", "https://secure.example/"):
            with open_door(proxy=proxy) as door:
                failure = failed(door, url)
                assert (failure.reason, failure.detail) == (Reason.REFUSED, words)
    with proxied() as rig:
        failure = failed(rig.door, "https://unknown.example/")
        assert (failure.reason, failure.detail) == (Reason.REFUSED, "the proxy made no connection to the server")
        assert got(rig.door, "http://unknown.example/").status == 502


def test_a_proxy_that_never_answers_ends_at_the_connect_limit() -> None:
    def silent(conversation: Conversation) -> None:
        conversation.head()
        conversation.is_gone_within(20)

    with RawServer(silent) as server:
        proxy = f"http://127.0.0.1:{server.address[1]}"
        with open_door(proxy=proxy, connect_timeout_s=0.2) as door:
            assert failed(door, "https://secure.example/").reason is Reason.TIMEOUT


def test_named_hosts_of_an_override_are_reached_past_the_proxy() -> None:
    with RawServer(always(answer(body=b"direct"))) as server:
        with proxied(connect_to={"demo.example": server.address}) as rig:
            assert got(rig.door, "http://demo.example/").body == b"direct"
        assert rig.proxy.n_connections == 0


ENVIRONMENT = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def test_proxies_in_the_environment_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(always(answer(body=b"wrong"))) as other:
        for name in ENVIRONMENT:
            monkeypatch.setenv(name, f"http://127.0.0.1:{other.address[1]}")
        for exempt in ("*", f"{HOST},secure.example", ""):
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.setenv(name, exempt)
            with proxied() as rig:
                assert got(rig.door, f"http://{HOST}/").body == b"page"
                assert got(rig.door, "https://secure.example/").body == b"safe"
                assert rig.proxy.n_connections == 2
            with (
                RawServer(always(answer(body=b"direct")), ssl_context=server_tls()) as server,
                open_door(("secure.example", server)) as door,
            ):
                assert got(door, "https://secure.example/").body == b"direct"
        assert other.n_connections == 0


def connector(proxy: str) -> GuardedConnector:
    return GuardedConnector(
        ssl_context=client_tls(),
        proxy=yarl.URL(proxy),
        resolver=TableResolver(NAMES),
        socket_factory=LoopbackSockets(),
    )


def test_behind_a_proxy_no_connection_to_anything_else_is_opened() -> None:
    async def look() -> None:
        guarded = connector("http://proxy.example:3128")
        try:
            for host, port in (("public.example", 80), (PUBLIC, 80), ("proxy.example", 80), ("127.0.0.1", 3128)):
                with pytest.raises(BlockedAddressError):
                    await guarded._resolve_host(host, port)
            addresses = [(PUBLIC, 80), ("127.0.0.1", 3128), ("127.0.0.1", 80)]
            for address in addresses:
                with pytest.raises(BlockedAddressError):
                    guarded._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", address))
            assert [found["host"] for found in await guarded._resolve_host("proxy.example", 3128)] == ["127.0.0.1"]
            guarded._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 3128))).close()
            with pytest.raises(BlockedAddressError):
                guarded._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
        finally:
            await guarded.close()

    asyncio.run(look())


def test_a_name_that_is_rebound_is_judged_at_every_request() -> None:
    async def ask_twice() -> None:
        guarded = connector("http://proxy.example:3128")
        target = yarl.URL("http://rebound.example/")
        try:
            assert await guarded.proxy_for(target) == yarl.URL("http://proxy.example:3128")
            guarded.clear_dns_cache()
            with pytest.raises(BlockedAddressError):
                await guarded.proxy_for(target)
        finally:
            await guarded.close()

    asyncio.run(ask_twice())


@pytest.mark.parametrize(
    "proxy",
    [
        "https://proxy.example:3128",
        "socks5://proxy.example:1080",
        "proxy.example:3128",
        "http://",
        "http://u:p@p.example",
        "http://p.example/x",
    ],
)
def test_what_is_no_plain_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(ValueError, match=r"proxy|[Uu]RL|port"):
        open_door(proxy=proxy)


def test_the_door_takes_its_proxy_and_its_waiting_room_from_the_configuration() -> None:
    with RawServer(proxying({})) as proxy:
        settings = Settings(http=Http(proxy=f"http://127.0.0.1:{proxy.address[1]}", waiting=7))
        with open_http(settings) as door:
            [outcome] = door.fetch_many([Request(url=f"http://{PUBLIC}/", max_bytes=100)])
            assert door._pipeline._slots._n_places == 7
        assert isinstance(outcome, Response)
        assert outcome.status == 502

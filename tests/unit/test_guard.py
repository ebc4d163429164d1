from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

import pytest

from monitor.net.guard import BlockedAddressError, GuardedConnector, check_url, checked_connect_to, is_public_address
from monitor.net.http import HttpDoor
from monitor.net.names import ThreadedNames
from monitor.types import Failure, Reason, Request, Response
from tests.loopback import (
    Conversation,
    LoopbackSockets,
    RawServer,
    TableResolver,
    answer,
    client_tls,
    failed,
    open_door,
)

PUBLIC_V4 = "93.184.215.14"
PUBLIC_V6 = "2606:4700:10::6816:1"

NAMES = {
    "public.example": [PUBLIC_V4],
    "public6.example": [PUBLIC_V6, PUBLIC_V4],
    "loopback.example": ["127.0.0.1"],
    "loopback6.example": ["::1"],
    "private.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": [PUBLIC_V4, "192.168.1.1"],
    "mixed6.example": [PUBLIC_V6, PUBLIC_V4, "::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nat64-local.example": ["64:ff9b:1::a00:1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "sixtofour.example": ["2002:a00:1::1"],
    "teredo.example": ["2001:0:4136:e378:8000:63bf:f5ff:fffe"],
    "unspecified.example": ["0.0.0.0"],
    "unspecified6.example": ["::"],
    "carrier.example": ["100.64.0.1"],
    "multicast.example": ["224.0.0.251"],
    "broadcast.example": ["255.255.255.255"],
    "unique-local.example": ["fd12:3456:789a::1"],
    "private-last.example": [PUBLIC_V4, "1.1.1.1", "8.8.8.8", "172.16.9.9"],
    "private-first.example": ["192.168.1.1", PUBLIC_V4],
    "zone.example": ["fe80::1%eth0"],
    "zone-number.example": ["fe80::1%2"],
    "zone-public.example": [f"{PUBLIC_V6}%eth0"],
    "no-address.example": ["127.0.0.1 "],
    "metadata.google.internal": ["169.254.169.254"],
    "metadata.example.": ["169.254.169.254"],
    "kubernetes.default.svc": ["10.96.0.1"],
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "loopback.example.": ["127.0.0.1"],
    # what the system's resolver makes of forms that look like names
    "0x7f.1": ["127.0.0.1"],
    "0x7f000001": ["127.0.0.1"],
    "2130706433": ["127.0.0.1"],
    "127.1": ["127.0.0.1"],
    "0177.0.0.1": ["127.0.0.1"],
}

# every one of these must be refused without a socket being made, asked for directly or reached by a redirect
REFUSED_URLS = [
    # literals
    "http://127.0.0.1/",
    "http://127.8.9.10:8080/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials/",
    "https://169.254.1.1/",
    "http://168.63.129.16/machine",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/opc/v2/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    # other spellings of addresses
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://169.254.169.254./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://１２７.０.０.１/",
    "http://¹²⁷.⁰.⁰.¹/",
    "http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/",
    "http://127｡0｡0｡1/",
    "http://１６９。２５４。１６９。２５４/latest/",
    "http://127.0.0.\u00ad1/",
    "http://２１３０７０６４３３/",
    "http://0ｘ7f.1/",
    "http://127.0.0.1\u3002/",
    "http://127.0.1/",
    "http://0/",
    "http://0000.0.0.0/",
    "http://4294967295/",
    "http://00000177.0.0.1/",
    "http://127.0.0.1.0x0/",
    # IPv6 and what it carries
    "http://[::1]/",
    "http://[::]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[0:0:0:0:0:FFFF:10.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[fe80::a9fe:a9fe%251]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",  # Teredo, client 127.0.0.1
    "http://[2001:0:7f00:1:8000:63bf:3fff:fdd2]/",  # Teredo, server 127.0.0.1
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1:ffff::1]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/",  # Teredo, client 10.0.0.1
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    # names
    "http://loopback.example/",
    "http://LOOPBACK.example/",
    "http://loopback.example./",
    "http://loopback6.example/",
    "https://private.example/",
    "http://metadata.example:8080/",
    "http://mixed.example/",
    "http://mixed6.example/",
    "http://nat64.example/",
    "http://nat64-local.example/",
    "http://mapped.example/",
    "http://sixtofour.example/",
    "http://teredo.example/",
    "http://unspecified.example/",
    "http://unspecified6.example/",
    "http://carrier.example/",
    "http://multicast.example/",
    "http://broadcast.example/",
    "http://unique-local.example/",
    "https://private-last.example/",
    "https://private-first.example/",
    "http://zone.example/",
    "http://zone-number.example/",
    "http://zone-public.example/",
    "http://no-address.example/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata.example./latest/",
    "https://kubernetes.default.svc/api",
    "http://localhost/",
    "http://localhost./",
    # ports
    "http://public.example:22/",
    "http://public.example:25/",
    "http://public.example:6379/",
    "http://public.example:0/",
    "http://public.example:99999/",
    "http://public.example:2375/",
    "http://public.example:9200/",
    "https://public.example:3306/",
    "http://public.example:-80/",
    "http://public.example:８０８1/",
    f"http://{PUBLIC_V4}:11211/",
    # userinfo and what tries to confuse parsers
    "http://user:secret@public.example/",
    "http://public.example@127.0.0.1/",
    "http://public.example\\@127.0.0.1/",
    "http://127.0.0.1\\@public.example/",
    "http://@public.example/",
    "http://127.0.0.1?@public.example/",
    "http://127.0.0.1#@public.example/",
    "http://public.example:80@127.0.0.1:8080/",
    "http://user@10.0.0.1/",
    "http://127.0.0.1%00.public.example/",
    "http://127.0.0.1%2f@public.example/",
    "http://public.example%40127.0.0.1/",
    "http://public.example:80:80/",
    # schemes
    "file:///etc/passwd",
    "ftp://public.example/",
    "gopher://127.0.0.1:6379/_INFO",
    "data:text/html,hello",
    "javascript:alert(1)",
    "ws://public.example/",
    "dict://127.0.0.1:11211/stat",
    "ldap://private.example/",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "jar:http://public.example!/x",
    "view-source:http://127.0.0.1/",
]


@dataclass
class Rig:
    door: HttpDoor
    start: RawServer
    sockets: LoopbackSockets
    resolver: TableResolver

    def ask(self, url: str) -> Response | Failure:
        return self.door.fetch_many([Request(url=url, max_bytes=1_000)])[0]


def redirecting(conversation: Conversation) -> None:
    """Redirects to the percent-encoded URL in the query; without one it is a page."""
    while head := conversation.head():
        target = head.split(b" ")[1].decode("latin-1")
        to = unquote(target.partition("?to=")[2]).encode("utf-8").decode("latin-1")
        conversation.send(answer("302 Found", location=to, connection="keep-alive") if to else answer(body=b"page"))


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    sockets, resolver = LoopbackSockets(), TableResolver(NAMES)
    with RawServer(redirecting) as start:
        door = HttpDoor(
            user_agent="monitor-test/1",
            concurrency=5,
            connect_timeout_s=10,
            read_timeout_s=10,
            total_timeout_s=10,
            connect_to={"start.example": start.address},
            socket_factory=sockets,
            resolver=resolver,
            ssl_context=client_tls(),
        )
        with door:
            yield Rig(door, start, sockets, resolver)


def assert_refused(rig: Rig, url: str) -> None:
    n_made, refused = rig.sockets.n_made, list(rig.sockets.refused)
    outcome = rig.ask(url)
    assert isinstance(outcome, Failure), outcome
    assert outcome.reason in (Reason.BLOCKED_ADDRESS, Reason.BAD_URL), outcome
    assert "secret" not in outcome.detail
    assert rig.sockets.refused == refused, "the guard let a socket be made"
    assert rig.sockets.n_made - n_made <= ("start.example" in url)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_what_is_not_public_is_refused(rig: Rig, url: str) -> None:
    assert_refused(rig, url)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_redirect_to_what_is_not_public_is_refused(rig: Rig, url: str) -> None:
    assert_refused(rig, f"http://start.example/?to={quote(url, safe='')}")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://public.example/", PUBLIC_V4),
        ("https://public.example:8443/", PUBLIC_V4),
        ("http://public6.example:8080/", PUBLIC_V6),
        (f"http://{PUBLIC_V4}/", PUBLIC_V4),
        (f"http://[{PUBLIC_V6}]/", PUBLIC_V6),
    ],
)
def test_what_is_public_gets_as_far_as_a_socket_and_no_further_here(rig: Rig, url: str, address: str) -> None:
    rig.sockets.refused.clear()
    for asked in (url, f"http://start.example/?to={quote(url, safe='')}"):
        outcome = rig.ask(asked)
        assert isinstance(outcome, Failure)
        assert outcome.reason is Reason.REFUSED
    assert rig.sockets.refused.count(address) >= 2


def test_the_override_leads_only_the_host_it_names_to_loopback(rig: Rig) -> None:
    served = rig.ask("http://START.example/")
    assert isinstance(served, Response)
    assert served.body == b"page"
    port = rig.start.address[1]
    for url in (f"http://127.0.0.1:{port}/", f"http://sub.start.example:{port}/", f"http://start.example.:{port}/"):
        assert_refused(rig, url)
    outcome = rig.ask("http://sub.start.example/")
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.DNS


# --- the connector ------------------------------------------------------------------------------------------------


def connector(resolver: TableResolver, sockets: LoopbackSockets) -> GuardedConnector:
    return GuardedConnector(ssl_context=client_tls(), resolver=resolver, socket_factory=sockets)


@pytest.mark.parametrize("is_public_first", [True, False])
def test_a_name_that_is_rebound_between_two_look_ups_is_judged_at_each(is_public_first: bool) -> None:
    answers = [[PUBLIC_V4], ["127.0.0.1"]] if is_public_first else [["127.0.0.1"], [PUBLIC_V4]]

    async def look_up(guarded: GuardedConnector) -> None:
        found = await guarded._resolve_host("rebound.example", 80)
        assert [one["host"] for one in found] == [PUBLIC_V4]

    async def look_up_twice() -> None:
        guarded = connector(TableResolver({"rebound.example": answers}), LoopbackSockets())
        try:
            for ips in answers:
                if ips == [PUBLIC_V4]:
                    await look_up(guarded)
                else:
                    with pytest.raises(BlockedAddressError):
                        await look_up(guarded)
                guarded.clear_dns_cache()
        finally:
            await guarded.close()

    asyncio.run(look_up_twice())


def test_a_redirect_kept_as_an_address_is_judged_again_when_it_is_asked_for() -> None:
    names = TableResolver({"moved.example": [[PUBLIC_V4], ["10.0.0.1"]]})
    sockets = LoopbackSockets()
    with RawServer(redirecting) as start:
        with open_door(("start.example", start), resolver=names, socket_factory=sockets) as door:
            first = failed(door, "http://start.example/?to=http%3A//moved.example/feed")
            assert first.reason is Reason.REFUSED  # public: it got as far as a socket
            assert sockets.refused == [PUBLIC_V4]
        with open_door(("start.example", start), resolver=names, socket_factory=sockets) as door:
            assert failed(door, "http://moved.example/feed").reason is Reason.BLOCKED_ADDRESS
            assert sockets.refused == [PUBLIC_V4]


def test_a_name_whose_answer_changes_while_it_is_cached_stays_what_was_judged() -> None:
    names = TableResolver({"rebound.example": [[PUBLIC_V4], ["127.0.0.1"]]})
    sockets = LoopbackSockets()
    with open_door(resolver=names, socket_factory=sockets) as door:
        for _ in range(3):
            assert failed(door, "http://rebound.example/").reason is Reason.REFUSED
    assert sockets.refused == [PUBLIC_V4] * 3
    assert names.asked == ["rebound.example"]


class MovingResolver(TableResolver):
    """Answers with another port than it was asked for, as a resolver may."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC):  # type: ignore[no-untyped-def]
        return await super().resolve(host, port + 6_299, family)


def test_a_resolver_cannot_lead_to_another_port() -> None:
    async def look_up() -> None:
        guarded = connector(MovingResolver({"public.example": [PUBLIC_V4]}), LoopbackSockets())
        try:
            with pytest.raises(BlockedAddressError):
                await guarded._resolve_host("public.example", 80)
        finally:
            await guarded.close()

    asyncio.run(look_up())


@pytest.mark.parametrize(
    "address", [("127.0.0.1", 80), ("10.0.0.1", 80), ("::1", 80, 0, 0), (PUBLIC_V4, 22), ("fe80::1", 80, 0, 2)]
)
def test_the_address_really_connected_to_is_checked_again(address: tuple[str, int]) -> None:
    async def make() -> LoopbackSockets:
        sockets = LoopbackSockets()
        guarded = connector(TableResolver({}), sockets)
        try:
            with pytest.raises(BlockedAddressError):
                guarded._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", address))
        finally:
            await guarded.close()
        return sockets

    sockets = asyncio.run(make())
    assert (sockets.n_made, sockets.refused) == (0, [])


def test_without_a_factory_of_its_own_the_guard_makes_plain_sockets() -> None:
    async def make() -> None:
        override = {"start.example": ("127.0.0.1", 8080)}
        guarded = GuardedConnector(ssl_context=ssl.create_default_context(), connect_to=override)
        made = guarded._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 8080)))
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)
        made.close()
        await guarded.close()

    asyncio.run(make())


@pytest.mark.parametrize(
    "override",
    [
        {"start.example": ("10.0.0.1", 80)},
        {"start.example": (PUBLIC_V4, 80)},
        {"start.example": ("0.0.0.0", 80)},
        {"start.example": ("127.0.0.1", 0)},
        {"start.example": ("localhost", 80)},
        {"127.0.0.1": ("127.0.0.1", 80)},
        {"::1": ("127.0.0.1", 80)},
        {"Start.Example": ("127.0.0.1", 80)},
        {"*.example": ("127.0.0.1", 80)},
        {"": ("127.0.0.1", 80)},
    ],
)
def test_an_override_may_lead_plain_names_to_loopback_and_nothing_else(override: dict[str, tuple[str, int]]) -> None:
    with pytest.raises(ValueError, match=r"connect_to|host"):
        checked_connect_to(override)


# --- addresses and URLs by themselves -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ip",
    [
        PUBLIC_V4,
        PUBLIC_V6,
        "1.1.1.1",
        "192.0.1.1",
        "100.128.0.1",
        "172.32.0.1",
        "223.255.255.254",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2a00:1450:4001:80e::200e",
    ],
)
def test_addresses_of_the_public_internet(ip: str) -> None:
    assert is_public_address(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "public.example",
        "1.1.1",
        "1.1.1.1/32",
        "01.1.1.1",
        "2606:4700::1%eth0",
        "192.88.99.1",
        "203.0.113.9",
        "4000::1",
    ],
)
def test_what_is_no_address_or_special_is_not_public(ip: str) -> None:
    assert not is_public_address(ip)


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example",
        "https://public.example:443/a?b#c",
        "http://public.example:/",
        "http://under_score.example/",
        "http://bücher.example/",
        "http://public.example./",
        "http://4chan.example/",
        "http://example.4x/",
    ],
)
def test_ordinary_urls_may_be_tried(url: str) -> None:
    assert check_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "public.example/path",
        "//public.example/",
        "http:///path",
        "http://[::1",
        "http://a..example/",
        "http://-/" + "a" * 9_000,
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 130}example/",
        "http://public.example/\r\nX-Evil: 1",
        "http://pub\tlic.example/",
        "http://public .example/",
        "http://public.example\x00/",
        "http://\ud800.example/",
    ],
)
def test_urls_that_cannot_be_meant_are_bad(url: str) -> None:
    assert check_url(url) is Reason.BAD_URL


# --- look-ups -----------------------------------------------------------------------------------------------------


def test_the_systems_names_are_looked_up_in_threads_of_our_own() -> None:
    async def look_up() -> None:
        names = ThreadedNames(n_threads=2)
        found = await asyncio.gather(*(names.resolve("127.0.0.1", 80) for _ in range(5)))
        assert [answers[0]["host"] for answers in found] == ["127.0.0.1"] * 5
        assert found[0][0]["port"] == 80
        with pytest.raises(OSError, match="not a name"):
            await names.resolve("a" * 70 + ".example", 80)
        await names.close()

    asyncio.run(look_up())


def test_a_thread_for_look_ups_is_started_only_when_all_others_are_busy() -> None:
    async def look_up() -> int:
        names = ThreadedNames(n_threads=10)
        for _ in range(5):
            await names.resolve("127.0.0.1", 80)
        one_by_one = names._n_started
        await asyncio.gather(*(names.resolve("127.0.0.1", 80) for _ in range(30)))
        await names.close()
        assert names._n_started <= 10
        return one_by_one

    assert asyncio.run(look_up()) == 1

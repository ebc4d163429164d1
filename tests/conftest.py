"""What every test can rely on: no packet leaves this machine, no setting leaks in, local time is not UTC."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.databases import (
    both_stores,
    database_url,
    eight_processes,
    empty_url,
    own_store,
    postgresql,
    postgresql_url,
    sqlite_template,
    sqlite_url,
    store,
)

# Fixtures for every test; named here so that the linter sees them used.
__all__ = [
    "both_stores",
    "database_url",
    "eight_processes",
    "empty_url",
    "own_store",
    "postgresql",
    "postgresql_url",
    "sqlite_template",
    "sqlite_url",
    "store",
]

# Timing depends on the machine's load; a failure must come again when the test is run again.
settings.register_profile("monitor", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("monitor")

_KEPT_VARIABLES = {"MONITOR_TEST_DATABASE_URL", "MONITOR_QUALITY_DATA"}
for _name in [name for name in os.environ if name.startswith("MONITOR_") and name not in _KEPT_VARIABLES]:
    del os.environ[_name]

# A zone with an odd offset and no relation to the product: code that forgets UTC shows.
os.environ["TZ"] = "Asia/Kathmandu"
time.tzset()

# A shell that starts this in the background ignores Ctrl-C for it, which some tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_attempts: list[str] = []


class NetworkForbiddenError(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def _is_loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _forbid(what: str) -> None:
    _attempts.append(what)
    raise NetworkForbiddenError(f"tests reach loopback only, and this one tried {what}")


def _guard(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: sees connects of every library in this process, and cannot be patched away."""
    if event in {"socket.connect", "socket.sendto"}:
        sock, address = args
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(str(address[0])):
            _forbid(f"to reach {address!r}")
    elif event == "socket.getaddrinfo" and args[0] is not None:
        host = args[0].decode() if isinstance(args[0], bytes) else str(args[0])
        if not _is_loopback(host) and not _is_literal(host):
            _forbid(f"to look up the address of {host!r}")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    """Fails a test that tried the network, even where the code under test took the refusal for a failed connection."""
    _attempts.clear()
    yield
    attempts = list(_attempts)
    _attempts.clear()
    if attempts:
        pytest.fail(f"tests reach loopback only, and this one tried {'; '.join(attempts)}")

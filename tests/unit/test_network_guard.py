from __future__ import annotations

import socket
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parent.parent / "conftest.py"


def test_a_test_that_connects_outside_fails_even_when_the_code_swallows_the_error(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(
        """
        import contextlib, socket

        def test_connects():
            with contextlib.suppress(Exception), socket.socket() as sock:
                sock.connect(("192.0.2.1", 80))

        def test_looks_up():
            with contextlib.suppress(Exception):
                socket.getaddrinfo("example.com", 80)

        def test_stays():
            socket.getaddrinfo("localhost", 80)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(["*to reach ('192.0.2.1', 80)*", "*to look up the address of 'example.com'*"])


def test_loopback_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()

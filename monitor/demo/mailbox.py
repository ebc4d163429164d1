"""A real SMTP server on loopback that keeps what it is handed, for the demo and for tests."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Listens on a free port while it is entered; takes every mail. A message is (envelope recipients, bytes)."""

    def __init__(self) -> None:
        self.messages: list[tuple[tuple[str, ...], bytes]] = []
        self._controller = _FreePortController(self, hostname="127.0.0.1", port=0)

    @property
    def host(self) -> str:
        """Always the loopback address."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The port the system gave; 0 before the mailbox is entered."""
        return int(self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd names it
        """Called by aiosmtpd for each mail, under the name that it prescribes."""
        content = envelope.content or b""
        self.messages.append((tuple(envelope.rcpt_tos), content if isinstance(content, bytes) else content.encode()))
        return "250 Message accepted for delivery"


class _FreePortController(Controller):
    """Takes a port from the system: the stock controller must be told one, which somebody else may have taken."""

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, host=self.hostname, port=0)

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # untyped there

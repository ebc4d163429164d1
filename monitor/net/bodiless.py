"""Answers that must not have a body (204, 304) and have one: the answer counts, the rest of its connection does not.

aiohttp takes the surplus for the next answer and fails this one with it, or not, by whether both arrived at once.
"""

from __future__ import annotations

import re

from aiohttp.client_proto import ResponseHandler

_HEAD = re.compile(rb"HTTP/1\.[01] (?:204|304)[ \r]")


class BodilessHandler(ResponseHandler):
    """aiohttp's protocol of one connection, which ends with a surplus body."""

    def data_received(self, data: bytes) -> None:
        """Cuts off what follows the head, and lets the connection go."""
        if _HEAD.match(data) and (self._payload is None or self._payload.is_eof()):
            end = data.find(b"\r\n\r\n") + 4
            if 4 <= end < len(data):
                data = data[:end]
                self.force_close()
        super().data_received(data)

"""A clock that runs with real time and can jump ahead, so that a day of the demo takes seconds."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Shows `start` when made, then goes on with the machine's monotonic clock plus all jumps. Never goes back."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a simulated clock must be an aware datetime")
        self._shown_at = start.astimezone(UTC)
        self._made_at_s = time.monotonic()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The simulated moment, in UTC."""
        with self._lock:
            return self._shown_at + timedelta(seconds=time.monotonic() - self._made_at_s)

    def jump(self, ahead: timedelta) -> None:
        """Moves the clock ahead at once."""
        if ahead < timedelta(0):
            raise ValueError("a simulated clock never goes back")
        with self._lock:
            self._shown_at += ahead

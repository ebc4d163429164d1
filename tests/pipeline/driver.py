"""Runs `once` or the daemon as a process of its own, with the doors of a test: it can be killed at any moment.

Called with one JSON document: settings, connect_to, mode ("once" or "run"), and optionally start_at (then the clock is
simulated), kill_at_step (kill -9 oneself before that step) and break_mail. A step is a statement that the database is
about to execute, or a commit that it is about to make. At its end it writes how many steps there were to stdout.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from monitor.cli.logs import log_to_stderr
from monitor.config import Settings
from monitor.demo.clock import SimulatedClock
from monitor.net.smtp import Accepted, MailFailure
from monitor.run_local import run_daemon, run_once


class Steps:
    """Counts what happens at the database, and ends the process before a chosen step."""

    def __init__(self, kill_at: int | None) -> None:
        self.n = 0
        self._kill_at = kill_at
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", self._step)

    def _statement(self, _conn: object, _cursor: object, statement: str, *_: object) -> None:
        # On SQLite alone a transaction begins with statements: steps are to mean the same on both databases.
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self._step()

    def _step(self, *_: object) -> None:
        self.n += 1
        if self.n == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


class BrokenMail:
    """A mail door with a fault that nobody foresaw."""

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Accepted | MailFailure:
        raise RuntimeError(f"no mail from {sender} to {recipient}: {message['Subject']}")


def main(document: str) -> int:
    told = json.loads(document)
    settings = Settings(**told["settings"])
    log_to_stderr("info", "json")
    faulthandler.register(signal.SIGUSR1)  # a test that waits in vain asks where this process stands
    steps = Steps(told.get("kill_at_step"))
    doors: dict[str, Any] = {
        "connect_to": {host: (ip, port) for host, (ip, port) in told["connect_to"].items()},
        "seed": told.get("seed", 1),
    }
    if "start_at" in told:
        doors["clock"] = SimulatedClock(datetime.fromisoformat(told["start_at"])).now
    if told.get("break_mail"):
        doors["mail"] = BrokenMail()
    code = (run_once if told["mode"] == "once" else run_daemon)(settings, **doors)
    sys.stdout.write(f"{steps.n}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Starting the driver, hearing what it logs, killing it, and looking at what it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.config import Settings
from tests.pipeline.world import ROOT, wait_until


class Driven:
    """One running driver. Its log lines are read as they come, so that it never waits for a full pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def events(self) -> list[dict[str, Any]]:
        """The log so far; lines that are no JSON are left out."""
        found = []
        for line in list(self.lines):
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return found

    def has_logged(self, name: str, **fields: Any) -> bool:
        return any(
            event["event"] == name and all(event.get(key) == value for key, value in fields.items())
            for event in self.events
        )

    def end(self, timeout_s: float = 300.0) -> int:
        """Wait for its end; returns the exit code. Fails with the stack of every thread when it does not end."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR1)
            self._reader.join(2)
            raise AssertionError(f"still running after {timeout_s:g} s:\n{''.join(self.lines)}") from None
        self._reader.join(10)
        return code

    @property
    def n_steps(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.read())

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)


@contextmanager
def driven(
    settings: Settings, connect_to: Mapping[str, tuple[str, int]], *, mode: str = "once", **more: Any
) -> Iterator[Driven]:
    """Start the driver; whatever happens, it is gone afterwards."""
    if isinstance(more.get("start_at"), datetime):
        more["start_at"] = more["start_at"].isoformat()
    told = {
        "settings": {**settings.model_dump(mode="json"), "folder": str(settings.folder)},
        "connect_to": dict(connect_to),
        "mode": mode,
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.driver", json.dumps(told)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        running = Driven(process)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(30)


def children(pid: int) -> set[int]:
    """All processes below this one."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    below: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in below | {pid}} - below:
        below |= more
    return below


def cpu_s(pid: int) -> float:
    """Processor time that a process has used; 0 when it is gone."""
    try:
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_gone(pids: set[int]) -> None:
    wait_until(lambda: not any(_is_alive(pid) for pid in pids), what=f"processes {pids} have ended", timeout_s=15)


def _is_alive(pid: int) -> bool:
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)

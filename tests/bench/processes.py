"""What the processes of a benchmark cost beside its own: their processor time and memory, from /proc of Linux."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def workers() -> list[str]:
    """Ids of the spawned processes of this one."""
    parents = {path.parent.name: _fields(path.parent.name)[1] for path in Path("/proc").glob("[0-9]*/stat")}
    own = [pid for pid, parent in parents.items() if parent == str(os.getpid())]
    return [pid for pid in own if b"spawn_main" in _command(pid)]


def backends(url: str) -> list[str]:
    """Ids of the processes of a PostgreSQL server on this machine that serve the database at a URL; none for SQLite."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("postgres"):
        return []
    name = f" {parsed.database} ".encode()
    pids = [path.name for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if _command(pid).startswith(b"postgres:") and name in _command(pid)]


def cpu_s(pids: Sequence[str]) -> float:
    """Processor time that these have taken since they started."""
    return sum(int(ticks) for pid in pids for ticks in _fields(pid)[11:13]) / _TICKS_PER_S


def memory_bytes() -> tuple[int, int]:
    """(of this process, of the largest worker), resident."""
    return resident_bytes("self"), max(map(resident_bytes, workers()), default=0)


def resident_bytes(pid: str) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _fields(pid: str) -> list[str]:
    """The fields of its stat behind its name, from its state on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return ["X", "0", *["0"] * 20]


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""

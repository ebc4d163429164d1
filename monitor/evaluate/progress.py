"""How far a long measurement is, and what it took."""

from __future__ import annotations

import sys
from collections.abc import Callable

if sys.platform != "win32":
    import resource

Report = Callable[[str, int, int], None]
"""Called with what is done to articles, how many are done, and how many there are."""


def silent(_what: str, _n_done: int, _n_all: int) -> None:
    """Tells nobody."""


def peak_memory_bytes() -> int:
    """The most memory that this process ever held, 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

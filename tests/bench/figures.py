"""How benchmarks measure, and where their figures go: a table for people, and build/bench.json for comparison."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path("build/bench.json")
N_ROUNDS = 3
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Cost:
    """What some work took: seconds by the clock, and of processor time of this process."""

    wall_s: float
    cpu_s: float


def cost(work: Callable[[], int], n: int) -> Cost:
    """Of work that must come to `n`."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    assert work() == n
    return Cost(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def medians(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(one.wall_s for one in costs), statistics.median(one.cpu_s for one in costs))


def median_s(work: Callable[[], object]) -> float:
    """Seconds, the median of some rounds."""

    def once() -> float:
        started_s = time.perf_counter()
        work()
        return time.perf_counter() - started_s

    return statistics.median(once() for _ in range(N_ROUNDS))


def report(name: str, ours_s: float, bare_s: float, n: int) -> float:
    """Print and keep one line; returns the speed as a share of the bare library's."""
    share = bare_s / ours_s
    figures = {"per_s": round(n / ours_s, 1), "bare_per_s": round(n / bare_s, 1), "ratio": round(share, 3)}
    keep(name, figures)
    print_table(name, {"": figures})
    return share


def keep(name: str, figures: Mapping[str, Any]) -> None:
    """Write the figures of one benchmark over those of its last run."""
    RESULTS.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(kept | {name: dict(figures)}, indent=2), "utf-8")


def print_table(title: str, rows: Mapping[str, Figures]) -> None:
    """One line for each row, one column for each figure."""
    columns = list(dict.fromkeys(column for figures in rows.values() for column in figures))
    width = max(map(len, rows))
    lines = [f"\n{title}", "  ".join([" " * width, *(f"{column:>9}" for column in columns)])]
    lines += [
        "  ".join([name.ljust(width), *(f"{figures.get(column, '')!s:>{max(9, len(column))}}" for column in columns)])
        for name, figures in rows.items()
    ]
    print("\n".join(lines))  # noqa: T201 - the figures are what a benchmark is for

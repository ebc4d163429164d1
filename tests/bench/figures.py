"""Where the figures of benchmarks go: a table for people, and build/bench.json for comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path("build/bench.json")
Figures = Mapping[str, float]


def keep(name: str, figures: Figures) -> None:
    """Write the figures of one benchmark over those of its last run."""
    RESULTS.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    kept[name] = dict(figures)
    RESULTS.write_text(json.dumps(kept, indent=2), "utf-8")


def print_table(title: str, rows: Mapping[str, Figures]) -> None:
    """One line for each row, one column for each figure."""
    columns = list(dict.fromkeys(column for figures in rows.values() for column in figures))
    width = max(map(len, rows))
    lines = [f"\n{title}", "  ".join([" " * width, *columns])]
    lines += [
        "  ".join([name.ljust(width), *(f"{figures.get(column, '')!s:>{len(column)}}" for column in columns)])
        for name, figures in rows.items()
    ]
    print("\n".join(lines))  # noqa: T201 - the figures are what a benchmark is for

"""Floors: below which figure is a labelled set worse than it was?

`floors.json` has for each set the hash of its corpus, and for each figure its `floor`, the figure that was measured
when it was set, and the highest floor that it ever had. A floor below that one needs a `because`. So a floor is lowered
on purpose or not at all: tests/unit/test_quality_floors.py looks.

    python -m tests.quality.floors build/quality.json     raises floors to what was just measured, lowers none

To lower one, edit its `floor` and write a `because`. `at_most` turns a floor into a ceiling.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "floors.json"
SLACK = 0.005
"""Below what was measured: other machines round sums otherwise, and orders of equal dates may differ."""
MAX_SLACK = 0.02

Entry = Mapping[str, Any]


def load() -> dict[str, Any]:
    """{set: {"sha256": ..., "figures": {name: {"floor", "measured", "highest", "at_most"?, "because"?}}}}"""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def failures(name: str, sha256: str, figures: Mapping[str, float]) -> list[str] | None:
    """What of a set lies below its floor, in words; None where the corpus is another one than the floors are for."""
    known = load().get(name)
    if known is None or known["sha256"] != sha256:
        return None
    return [
        f"{name}: {figure} is {figures[figure]:.4f}, and the floor is {entry['floor']}"
        for figure, entry in known["figures"].items()
        if figure in figures and is_below(figures[figure], entry["floor"], entry)
    ]


def is_below(value: float, other: float, entry: Entry) -> bool:
    """Is the first worse than the second?"""
    return value > other if entry.get("at_most") else value < other


def faults(floors: Mapping[str, Any]) -> list[str]:
    """What is wrong with recorded floors: lowered without a reason, or so low that they hold nothing up."""
    found = []
    for name, known in floors.items():
        for figure, entry in known["figures"].items():
            lowered = is_below(entry["floor"], entry["highest"], entry)
            if lowered and not str(entry.get("because") or "").strip():
                found.append(f"{name}: the floor of {figure} was lowered without a because")
            if is_below(entry["highest"], entry["floor"], entry):
                found.append(f"{name}: highest of {figure} must follow its floor")
            if abs(entry["measured"] - entry["floor"]) > MAX_SLACK + 1e-9:
                found.append(f"{name}: the floor of {figure} is more than {MAX_SLACK} away from what was measured")
    return found


def raised(floors: Mapping[str, Any], measured: Mapping[str, Any]) -> dict[str, Any]:
    """The floors after a measurement: new sets and figures get theirs, better figures raise theirs, none falls.

    Another corpus under a known name begins anew.
    """
    found: dict[str, Any] = json.loads(json.dumps(floors))
    for name, one in measured.items():
        known = found.get(name)
        if known is None or known["sha256"] != one["sha256"]:
            known = found[name] = {"sha256": one["sha256"], "figures": {}}
        for figure, value in one["figures"].items():
            at_most = figure in one.get("at_most", ())
            entry = known["figures"].get(figure) or ({"at_most": True} if at_most else {})
            floor = _near(value, at_most=at_most)
            if "floor" not in entry or is_below(entry["floor"], floor, entry):
                entry = {key: entry[key] for key in entry if key == "at_most"}
                known["figures"][figure] = {"floor": floor, "measured": value, "highest": floor, **entry}
    return found


def _near(value: float, *, at_most: bool) -> float:
    """Three decimals, as far from the figure as the slack allows."""
    thousandths = round(1000 * (value + SLACK if at_most else value - SLACK), 6)
    return (math.ceil(thousandths) if at_most else math.floor(thousandths)) / 1000


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tests.quality.floors build/quality.json", file=sys.stderr)  # noqa: T201
        return 2
    measured = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    FILE.write_text(json.dumps(raised(load(), measured), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

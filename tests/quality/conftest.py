"""What a quality run measured: printed as one table at its end, and kept in build/."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.quality import floors, table
from tests.quality.table import Line

BUILD = Path(__file__).parent.parent.parent / "build"
NOTES = (
    "baseline: the nearest earlier article by TF-IDF, or MinHash LSH, with the threshold that is best on the set",
    "ours: one configuration for all sets and languages, final on arrival",
    "hit after: only the state after merges and splits reaches the target",
    "sets with undated rows: means over three orders",
)


@dataclass
class Measured:
    """Lines of the table, and the figures that floors are set for."""

    lines: list[Line] = field(default_factory=list)
    sets: dict[str, Any] = field(default_factory=dict)

    def check(
        self,
        name: str,
        sha256: str,
        figures: Mapping[str, float],
        lines: Sequence[Line],
        *,
        at_most: Sequence[str] = (),
    ) -> None:
        """Notes a set; fails where a figure fell below its floor, and skips by name where the corpus is another one."""
        self.lines += lines
        self.sets[name] = {"sha256": sha256, "figures": dict(figures), "at_most": list(at_most)}
        failures = floors.failures(name, sha256, figures)
        if failures is None:
            pytest.skip(f"{name}: measured, but the floors are for another corpus than {sha256[:12]}; see the table")
        assert not failures, "; ".join(failures)


_measured = Measured()


@pytest.fixture(scope="session")
def measured() -> Measured:
    return _measured


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _measured.lines:
        return
    text = table.markdown(_measured.lines, NOTES)
    terminalreporter.section("quality")
    terminalreporter.write(text)
    BUILD.mkdir(exist_ok=True)
    (BUILD / "quality.md").write_text(text, encoding="utf-8")
    (BUILD / "quality.json").write_text(json.dumps(_measured.sets, indent=2, sort_keys=True), encoding="utf-8")

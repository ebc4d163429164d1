"""The table of a quality run: a row for each set, beside the baseline computed in the same run and the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COLUMNS = ("set", "figure", "ours", "after merges and splits", "baseline", "target", "", "articles/s", "baseline/s")


@dataclass(frozen=True)
class Line:
    """One figure of one set. `at_most`: the target is a ceiling."""

    name: str
    figure: str
    ours: float
    final: float | None = None
    baseline: float | None = None
    target: float | None = None
    at_most: bool = False
    articles_per_s: float | None = None
    baseline_per_s: float | None = None

    @property
    def verdict(self) -> str:
        """hit, missed, or "" without a target; told apart where only merges and splits reach it."""
        if self.target is None:
            return ""
        if self._reaches(self.ours):
            return "hit"
        return "hit after" if self.final is not None and self._reaches(self.final) else "MISSED"

    def _reaches(self, value: float) -> bool:
        target = self.target or 0.0
        return value <= target if self.at_most else value >= target

    def cells(self) -> tuple[str, ...]:
        sign = "≤" if self.at_most else "≥"
        return (
            self.name,
            self.figure,
            _share(self.ours),
            _share(self.final),
            _share(self.baseline),
            "" if self.target is None else f"{sign} {self.target:g}",
            self.verdict,
            _speed(self.articles_per_s),
            _speed(self.baseline_per_s),
        )


def markdown(lines: Sequence[Line], notes: Sequence[str] = ()) -> str:
    """The table with its columns aligned, as it is printed and kept."""
    rows = [COLUMNS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    drawn = [_row(row, widths) for row in rows]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*drawn, "", *(f"- {note}" for note in notes)]).rstrip() + "\n"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _speed(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"

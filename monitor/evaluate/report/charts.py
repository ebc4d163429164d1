"""Where do the lines and bars of a plot lie? Plain geometry, drawn as SVG by the templates.

Coordinates are those of a `WIDTH` wide view box, y downwards. Nothing here knows what is plotted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 12.0, 40.0
LINES_HEIGHT, BARS_HEIGHT, PANEL_HEIGHT = 280.0, 220.0, 92.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what stands there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value; `label` says which."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; `path` as SVG's polyline takes it."""

    name: str
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True, slots=True)
class LineChart:
    """Curves over one axis, with a vertical line at the value that the product uses."""

    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marked_x: float | None
    x_name: str
    height: float = LINES_HEIGHT


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its count; `group` numbers the series it belongs to."""

    x: float
    y: float
    width: float
    height: float
    label: str
    group: int = 0


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars of one or more series beside each other."""

    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    names: tuple[str, ...]
    x_name: str
    height: float = BARS_HEIGHT


@dataclass(frozen=True, slots=True)
class Panel:
    """One distribution of several that share their axis, each as high as its own highest bar."""

    name: str
    n: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Distributions:
    """Panels below each other; `marked_x` is where the decision turns."""

    panels: tuple[Panel, ...]
    x_ticks: tuple[Tick, ...]
    marked_x: float | None
    x_name: str
    height: float = PANEL_HEIGHT


def line_chart(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, marked: float | None, x_name: str
) -> LineChart:
    """Curves of shares 0..1; the y axis begins a little below the lowest value."""
    xs = sorted({x for _, values in series for x, _ in values})
    lowest = min(y for _, values in series for _, y in values)
    floor = max(0.0, int(lowest * 10 - 1e-9) / 10)
    lines = []
    for name, values in series:
        points = (Point(_scaled(x, xs), _height(y, floor), f"{name} {y:.3f} at {x:g}") for x, y in values)
        lines.append(Line(name, tuple(points)))
    n_steps = 5
    levels = [floor + (1 - floor) * step / n_steps for step in range(n_steps + 1)]
    return LineChart(
        lines=tuple(lines),
        x_ticks=tuple(Tick(_scaled(x, xs), f"{x:g}") for x in xs),
        y_ticks=tuple(Tick(_height(level, floor), f"{level:.2f}") for level in levels),
        marked_x=None if marked is None else _scaled(marked, xs),
        x_name=x_name,
    )


def bar_chart(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], *, x_name: str) -> BarChart:
    """Counts by label, the series beside each other; one scale for all."""
    highest = max((count for _, counts in series for count in counts), default=0) or 1
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    width = 0.8 * slot / max(1, len(series))
    room = BARS_HEIGHT - TOP - BOTTOM - 14
    bars = []
    for group, (name, counts) in enumerate(series):
        for position, count in enumerate(counts):
            tall = room * count / highest
            x = LEFT + position * slot + 0.1 * slot + group * width
            bars.append(Bar(x, BARS_HEIGHT - BOTTOM - tall, width, tall, f"{name}, {labels[position]}: {count}", group))
    ticks = (Tick(LEFT + (position + 0.5) * slot, label) for position, label in enumerate(labels))
    return BarChart(tuple(bars), tuple(ticks), tuple(name for name, _ in series), x_name)


def distributions(
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    first: float,
    last: float,
    n_bins: int = 40,
    n_ticks: int,
    marked: float | None,
    x_name: str,
) -> Distributions:
    """How often each value occurs, in bins between two ends; what lies beyond them counts in the outermost bins."""
    panels = [Panel(name, len(values), _bins(values, first, last, n_bins)) for name, values in series]
    steps = [first + (last - first) * step / n_ticks for step in range(n_ticks + 1)]
    ends = [first, last]
    return Distributions(
        panels=tuple(panels),
        x_ticks=tuple(Tick(_scaled(step, ends), f"{step:.2f}".rstrip("0").rstrip(".")) for step in steps),
        marked_x=None if marked is None else _scaled(marked, ends),
        x_name=x_name,
    )


def _bins(values: Sequence[float], first: float, last: float, n_bins: int) -> tuple[Bar, ...]:
    counts = [0] * n_bins
    for value in values:
        counts[min(n_bins - 1, max(0, int((value - first) / (last - first) * n_bins)))] += 1
    highest = max(counts) or 1
    slot = (WIDTH - LEFT - RIGHT) / n_bins
    room = PANEL_HEIGHT - 26
    bars = []
    for position, count in enumerate(counts):
        if count:
            begin = first + (last - first) * position / n_bins
            tall = max(1.5, room * count / highest)
            label = f"{begin:.2f} to {begin + (last - first) / n_bins:.2f}: {count}"
            bars.append(Bar(LEFT + position * slot, PANEL_HEIGHT - tall, slot * 0.9, tall, label))
    return tuple(bars)


def _scaled(x: float, xs: Sequence[float]) -> float:
    span = (xs[-1] - xs[0]) or 1.0
    return LEFT + (WIDTH - LEFT - RIGHT) * (x - xs[0]) / span


def _height(y: float, floor: float) -> float:
    span = (1.0 - floor) or 1.0
    return TOP + (LINES_HEIGHT - TOP - BOTTOM) * (1 - (y - floor) / span)

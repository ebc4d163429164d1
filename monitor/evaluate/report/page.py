"""One HTML page about a measurement: its figures, plots, and what went wrong, for people who do not read code.

Everything from a labelled file is somebody else's text: the templates escape by themselves, headlines are cleaned to
one line, and the page neither runs a script nor loads anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.evaluate.copies import CopyIndex
from monitor.evaluate.duplicates import GroupsRun, PairsRun, group_figures, pair_figures
from monitor.evaluate.report import charts, worst_pairs, worst_stories
from monitor.evaluate.report.charts import BarChart, LineChart
from monitor.evaluate.stories import StoriesRun, gold_of, story_figures
from monitor.evaluate.sweeps import Sweep
from monitor.text.normalise import clean_line

_SIZES: tuple[tuple[str, int, int], ...] = (
    ("1", 1, 1),
    ("2", 2, 2),
    ("3", 3, 3),
    ("4", 4, 4),
    ("5–6", 5, 6),
    ("7–10", 7, 10),
    ("11–20", 11, 20),
    ("21+", 21, 1 << 30),
)


def stories_page(run: StoriesRun, *, name: str, sweep: Sweep | None) -> str:
    """About stories; worst ones, sizes and margins are those of the first order."""
    placed = run.orders[0]
    scored = [each for each in placed if each.article.label is not None]
    margins = worst_stories.margins(placed)
    return _rendered(
        "stories.html",
        name=clean_line(name),
        figures=story_figures(run),
        sweep=None if sweep is None else _swept(sweep, "BCubed"),
        swept=sweep,
        sizes=_sizes(
            ("labelled", worst_stories.sizes(map(gold_of, scored))),
            ("found", worst_stories.sizes(each.story for each in scored)),
            x_name="labelled articles in a story",
        ),
        margins=charts.distributions(
            margins, first=-0.3, last=0.5, n_ticks=8, marked=0.0, x_name="score below (left) or above (right) its bar"
        ),
        precision=worst_stories.worst_precision(placed),
        recall=worst_stories.worst_recall(placed),
    )


def pairs_page(run: PairsRun, *, name: str, sweep: Sweep | None) -> str:
    """About labelled pairs."""
    containments = {
        "copies, found": [each.overlap.containment for each in run.pairs if each.is_duplicate and each.is_found],
        "copies, missed": [each.overlap.containment for each in run.pairs if each.is_duplicate and not each.is_found],
        "others, rightly apart": [
            each.overlap.containment for each in run.pairs if not each.is_duplicate and not each.is_found
        ],
        "others, taken for copies": [
            each.overlap.containment for each in run.pairs if not each.is_duplicate and each.is_found
        ],
    }
    return _rendered(
        "duplicates.html",
        name=clean_line(name),
        figures=pair_figures(run),
        sweep=None if sweep is None else _swept(sweep, "pairs"),
        swept=sweep,
        sizes=None,
        **_links_shown(containments, worst_pairs.wrong_pairs(run), run.stored.index),
    )


def groups_page(run: GroupsRun, *, name: str, sweep: Sweep | None) -> str:
    """About the copy groups of a stream."""
    wrong = worst_pairs.wrong_links(run)
    false = {pair.ids for pair in wrong if not pair.is_missed}
    ids = {run.stored.ids[article.key] for article in run.scored}
    links = [link for link in run.stored.index.links if ids & {link.article_id, link.original_id}]
    ends = [(link.original_id, link.article_id) for link in links]
    containments = {
        "links within a group": [link.containment for link, pair in zip(links, ends, strict=True) if pair not in false],
        "links between groups": [link.containment for link, pair in zip(links, ends, strict=True) if pair in false],
    }
    return _rendered(
        "duplicates.html",
        name=clean_line(name),
        figures=group_figures(run),
        sweep=None if sweep is None else _swept(sweep, "BCubed"),
        swept=sweep,
        sizes=_sizes(
            ("labelled", worst_stories.sizes(run.gold)),
            ("found", worst_stories.sizes(run.predicted())),
            x_name="labelled articles in a copy group",
        ),
        **_links_shown(containments, wrong, run.stored.index),
    )


def _links_shown(
    containments: Mapping[str, Sequence[float]], wrong: Sequence[worst_pairs.WrongPair], index: CopyIndex
) -> dict[str, Any]:
    """What both pages about duplicates show of links: how much texts share, and the worst errors."""
    n_missed = sum(pair.is_missed for pair in wrong)
    return {
        "scores": charts.distributions(
            list(containments.items()),
            first=0.0,
            last=1.0,
            n_ticks=10,
            marked=None,
            x_name="share of the shorter text that stands in the longer",
        ),
        "n_wrong": {"missed": n_missed, "false": len(wrong) - n_missed},
        "wrongly_linked": worst_pairs.worst(wrong, index, is_missed=False),
        "missed": worst_pairs.worst(wrong, index, is_missed=True),
    }


def _swept(sweep: Sweep, what: str) -> LineChart:
    values = sweep.values
    series = [
        (f"precision ({what})", [(each.value, each.score.p) for each in values]),
        (f"recall ({what})", [(each.value, each.score.r) for each in values]),
        ("F1", [(each.value, each.score.f1) for each in values]),
    ]
    default = next((each.value for each in values if each.is_default), None)
    return charts.line_chart(series, marked=default, x_name=sweep.field)


def _sizes(*series: tuple[str, Counter[int]], x_name: str) -> BarChart:
    counted = [
        (name, [sum(n for size, n in counts.items() if least <= size <= most) for _, least, most in _SIZES])
        for name, counts in series
    ]
    return charts.bar_chart([label for label, _, _ in _SIZES], counted, x_name=x_name)


def _rendered(template: str, **shown: Any) -> str:
    environment = Environment(
        loader=PackageLoader("monitor.evaluate.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"W": charts.WIDTH, "LEFT": charts.LEFT, "RIGHT": charts.RIGHT, "BOTTOM": charts.BOTTOM}
    environment.filters["share"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["percent"] = lambda value: f"{100 * value:.0f} %"
    environment.filters["thousands"] = lambda value: f"{value:,.0f}".replace(",", "\u202f")
    return environment.get_template(template).render(shown)

"""The report of an evaluation: what went wrong stands in it, and nothing that a text brings along takes effect."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from monitor.evaluate.duplicates import run_groups, run_pairs
from monitor.evaluate.report import charts
from monitor.evaluate.report.page import groups_page, pairs_page, stories_page
from monitor.evaluate.report.passages import facts_apart, shared_passages
from monitor.evaluate.report.worst_stories import margins, worst_precision, worst_recall
from monitor.evaluate.stories import run_stories
from monitor.evaluate.sweeps import sweep_groups, sweep_pairs, sweep_stories
from tests.unit.test_evaluate import BUDGET, FERRY, FERRY_TOO

HOSTILE = "<script>alert(1)</script> \"&' \x1b[31m \u202egnp.exe javascript:x <img src=x onerror=y> \ud800"


def row(key: str, text: str, cluster: str | None, **other: Any) -> dict[str, Any]:
    day = f"2026-03-0{1 + int(key)}T08:00:00Z"
    return {
        "id": key,
        "title": f"Title {key}",
        "text": text,
        "date": day,
        "lang": "en",
        "source": "s",
        "cluster": cluster,
    } | other


#: Copies that the labels keep apart, and reports that they put together: both kinds of error.
WRONG = [
    row("1", FERRY, "a"),
    row("2", FERRY + " More of it.", "b", title="A foreign headline"),
    row("3", BUDGET, "a", title="A lost headline"),
]


class Tags(HTMLParser):
    """All tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def pages(rows: list[dict[str, Any]]) -> list[str]:
    """The three kinds of report on the same rows."""
    stories, groups = run_stories(rows), run_groups(rows)
    pairs = run_pairs(
        [
            {"id": "p", "a": rows[0], "b": rows[1], "label": "other"},
            {"id": "q", "a": rows[0], "b": rows[2], "label": "dup"},
        ]
    )
    return [
        stories_page(stories, name="file.jsonl", sweep=sweep_stories(stories)),
        groups_page(groups, name="file.jsonl", sweep=sweep_groups(groups)),
        pairs_page(pairs, name="file.jsonl", sweep=sweep_pairs(pairs)),
    ]


def test_hostile_texts_are_shown_and_do_nothing() -> None:
    rows = [one | {name: f"{one[name]} {HOSTILE}" for name in ("title", "text", "source", "cluster")} for one in WRONG]
    rows = [one | {"id": f"{one['id']}{HOSTILE}"} for one in rows]
    for page in pages(rows):
        tags = Tags(page).found
        names = {tag for tag, _ in tags}
        assert names.isdisjoint({"script", "img", "iframe", "object", "link", "form", "a"})
        assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
        assert "\x1b" not in page
        assert "&lt;script&gt;" in page
        assert "default-src 'none'" in page
        assert not re.search(r"\b(?:src|href)=", page.replace("&lt;img src=x", ""))
        page.encode("utf-8", "replace")


def test_a_report_of_stories_names_what_does_not_belong_and_what_is_missing() -> None:
    page = pages(WRONG)[0]
    assert "A foreign headline" in page
    assert "belongs to another story" in page
    assert "it is a copy of an article of this story" in page
    assert "A lost headline" in page
    assert "began another part" in page
    assert "where 0.500 was needed" in page


def test_a_report_of_pairs_shows_both_texts_and_why() -> None:
    page = pages(WRONG)[2]
    assert "Taken for copies, and are none (1)" in page
    assert "Copies that were missed (1)" in page
    assert "<mark>" in page
    assert "the index did not bring them together" in page


def test_a_report_of_groups_tells_links_between_groups_and_missing_ones() -> None:
    page = pages(WRONG)[1]
    assert "Taken for copies, and are none (1)" in page
    assert "Copies that were missed (1)" in page


def test_a_report_without_errors_and_without_a_sweep_says_so() -> None:
    rows = [row("1", FERRY, "a"), row("2", FERRY, "a"), row("3", BUDGET, "b")]
    page = stories_page(run_stories(rows), name="f", sweep=None)
    assert "None: no story holds articles of two labelled ones." in page
    assert "None: every labelled story is in one piece." in page
    assert "What other bars would give" not in page


def test_a_story_costs_what_its_articles_lose() -> None:
    placed = run_stories(WRONG).orders[0]
    (foreign,) = worst_precision(placed)
    assert (foreign.share, foreign.lost, foreign.n_articles) == (0.5, 1.0, 2)
    assert [article.is_amiss for part in foreign.parts for article in part.articles].count(True) == 1
    (lost,) = worst_recall(placed)
    assert (lost.share, lost.lost, len(lost.parts)) == (0.5, 1.0, 2)
    assert [[article.is_amiss for article in part.articles] for part in lost.parts] == [[False], [True]]


def test_margins_tell_right_decisions_from_wrong_ones() -> None:
    rows = [row("1", FERRY, "a"), row("2", FERRY_TOO, "a"), row("3", BUDGET, "a"), row("4", FERRY_TOO, None)]
    found = {name: len(values) for name, values in margins(run_stories(rows).orders[0])}
    assert found == {
        "joined its story": 1,
        "joined a foreign story": 0,
        "rightly began a story": 1,
        "began one, though its story was there": 1,
    }


def test_passages_that_both_texts_have_are_marked_in_both() -> None:
    a, b = shared_passages(
        "The old bridge at Tarn fell down.\nNobody was hurt.", "Yesterday the old bridge at Tarn broke."
    )
    assert [(part.text, part.is_shared) for part in a[0]] == [("The old bridge at Tarn", True), (" fell down.", False)]
    assert [part.text for part in a[1]] == ["Nobody was hurt."]
    assert [(part.text, part.is_shared) for part in b[0]][1] == ("the old bridge at Tarn", True)


def test_scripts_without_spaces_are_marked_by_characters() -> None:
    a, _ = shared_passages("東京で大きな地震がありました", "昨日、大きな地震が大阪で")
    assert ("大きな地震が", True) in [(part.text, part.is_shared) for part in a[0]]


def test_long_texts_are_cut_and_empty_ones_are_no_error() -> None:
    a, b = shared_passages("word " * 10_000, "")
    assert sum(len(part.text) for paragraph in a for part in paragraph) < 5_000
    assert [part for paragraph in b for part in paragraph] == []


def test_numbers_and_names_of_one_text_alone_are_told_numbers_first() -> None:
    a, b = facts_apart("In Paris 40 people met Anna Lee.", "In Paris 41 people met Bo Ek.")
    assert a[0] == "40"
    assert "anna lee" in a
    assert b[0] == "41"


def test_curves_lie_within_their_plot_and_name_their_values() -> None:
    chart = charts.line_chart(
        [("F1", [(0.1, 0.95), (0.2, 0.8)]), ("recall", [(0.1, 1.0), (0.2, 0.7)])], marked=0.1, x_name="bar"
    )
    points = [point for line in chart.lines for point in line.points]
    assert all(charts.LEFT <= point.x <= charts.WIDTH - charts.RIGHT for point in points)
    assert all(charts.TOP <= point.y <= chart.height - charts.BOTTOM + 0.001 for point in points)
    assert points[0].y < points[1].y
    assert chart.marked_x == points[0].x
    assert "0.950 at 0.1" in points[0].label


@pytest.mark.parametrize("values", [[], [0.0], [-9.0, 9.0], [0.5] * 1000])
def test_distributions_hold_every_value(values: list[float]) -> None:
    chart = charts.distributions([("x", values)], first=0.0, last=1.0, n_ticks=4, marked=None, x_name="share")
    counted = sum(int(bar.label.rpartition(": ")[2]) for bar in chart.panels[0].bars)
    assert counted == len(values) == chart.panels[0].n


def test_dates_are_shown_in_utc() -> None:
    rows = [one | {"date": datetime(2026, 3, 2, 23, 30, tzinfo=UTC).isoformat()} for one in WRONG]
    assert "2026-03-02 23:30" in pages(rows)[0]

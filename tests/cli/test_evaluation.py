"""`monitor evaluate` on labelled files of one's own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import OTHER, WIRE, Monitor


def row(key: str, text: str, cluster: str | None) -> dict[str, Any]:
    return {"id": key, "title": f"Title {key}", "text": text, "date": "2026-01-06T10:00:00Z", "lang": "en",
            "source": f"{key}.example", "cluster": cluster}  # fmt: skip


STORIES = [row("a", WIRE, "treaty"), row("b", f"{WIRE}\nMore of it.", "treaty"), row("c", OTHER, "football")]
PAIRS = [
    {"id": "1", "a": STORIES[0], "b": STORIES[1], "label": "dup"},
    {"id": "2", "a": STORIES[0], "b": STORIES[2], "label": "other"},
]


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    body = "\n".join(map(json.dumps, rows)).encode()
    file.write_bytes(gzip.compress(body) if file.suffix == ".gz" else body)
    return file


@pytest.mark.parametrize("name", ["stories.jsonl", "stories.jsonl.gz"])
def test_stories_are_measured(monitor: Monitor, tmp_path: Path, name: str) -> None:
    figures = monitor("evaluate", "stories", write(tmp_path / name, STORIES), "--json").document
    assert {"n_articles", "n_labelled", "gold", "predicted", "bcubed", "bcubed_final", "pairwise", "ari", "polluted",
            "articles_per_s"} <= set(figures)  # fmt: skip
    assert (figures["n_articles"], figures["gold"], figures["predicted"]) == (3, 2, 2)
    assert figures["bcubed"] == {"p": 1.0, "r": 1.0, "f1": 1.0}


def test_duplicates_are_measured_on_pairs_and_on_clusters(monitor: Monitor, tmp_path: Path) -> None:
    figures = monitor("evaluate", "duplicates", write(tmp_path / "pairs.jsonl", PAIRS), "--json").document
    assert (figures["n_pairs"], figures["precision"], figures["recall"], figures["f1"]) == (2, 1.0, 1.0, 1.0)
    assert "pairs_per_s" in figures
    groups = monitor("evaluate", "duplicates", write(tmp_path / "groups.jsonl", STORIES), "--json").document
    assert groups["bcubed"]["f1"] == 1.0


def test_the_table_has_every_figure(monitor: Monitor, tmp_path: Path) -> None:
    ran = monitor("evaluate", "stories", write(tmp_path / "stories.jsonl", STORIES))
    assert "bcubed f1" in ran.out
    assert "1.0000" in ran.out


def test_undated_stories_are_measured_in_several_orders(monitor: Monitor, tmp_path: Path) -> None:
    file = write(tmp_path / "stories.jsonl", [one | {"date": None} for one in STORIES])
    assert monitor("evaluate", "stories", file, "--json").document["n_orders"] == 3
    assert monitor("evaluate", "stories", file, "--orders", "2", "--json").document["n_orders"] == 2
    assert monitor("evaluate", "stories", file, "--orders", "0", "--json").code == 2


def test_a_sweep_is_told_beside_the_figures(monitor: Monitor, tmp_path: Path) -> None:
    stories, pairs = write(tmp_path / "stories.jsonl", STORIES), write(tmp_path / "pairs.jsonl", PAIRS)
    for command, file in (("stories", stories), ("duplicates", stories), ("duplicates", pairs)):
        sweep = monitor("evaluate", command, file, "--sweep", "--json").document["sweep"]
        assert [value["is_default"] for value in sweep["values"]].count(True) == 1
        assert {"value", "p", "r", "f1"} <= set(sweep["values"][0])
        table = monitor("evaluate", command, file, "--sweep").out
        assert "a report, not the result" in table
        assert " used " in table


def test_a_report_is_one_page_and_its_place_is_told(monitor: Monitor, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    stories, pairs = write(tmp_path / "stories.jsonl", STORIES), write(tmp_path / "pairs.jsonl", PAIRS)
    for command, file in (("stories", stories), ("duplicates", pairs)):
        ran = monitor("evaluate", command, file, "--report", folder, "--json")
        assert ran.document
        page = folder / f"{command}.html"
        assert page.name in ran.err
        assert f"<bdi>{file.name}</bdi>" in page.read_text("utf-8")
    ran = monitor("evaluate", "stories", stories, "--report", stories / "below a file")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_a_file_of_pairs_is_no_file_of_stories(monitor: Monitor, tmp_path: Path) -> None:
    ran = monitor("evaluate", "stories", write(tmp_path / "pairs.jsonl", PAIRS))
    assert (ran.code, ran.out) == (2, "")
    assert "evaluate duplicates" in ran.err


@pytest.mark.parametrize("body", ["", "no json", "[]", '{"id": "a"}'])
def test_a_file_that_cannot_be_measured_is_wrong_usage(monitor: Monitor, tmp_path: Path, body: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(body)
    for command in ("stories", "duplicates"):
        ran = monitor("evaluate", command, file, "--json")
        assert (ran.code, ran.out) == (2, ""), command
        assert len(ran.err.splitlines()) == 1
    assert monitor("evaluate", "stories", tmp_path / "none.jsonl").code == 2


def test_extraction_is_measured_and_the_worst_pages_are_shown(monitor: Monitor, tmp_path: Path) -> None:
    text = "\n".join(
        f"The river rose by {n} metres on Monday, and the bridges of the town were closed." for n in range(9)
    )
    body = "".join(f"<p>{line}</p>" for line in text.splitlines())
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "one.html.gz").write_bytes(gzip.compress(f"<html><body><article>{body}</article></body></html>".encode()))
    (pages / "two.html").write_text("<html><body><p>Nothing of it.</p></body></html>")
    gold = tmp_path / "gold.json"
    gold.write_text(json.dumps({key: {"articleBody": text, "url": "https://a.example/1"} for key in ("one", "two")}))
    figures = monitor("evaluate", "extraction", pages, gold, "--report", tmp_path / "report", "--json").document
    assert (figures["n_pages"], figures["recall"]) == (2, 0.5)
    assert [page["id"] for page in figures["worst"]] == ["two", "one"]
    assert {"bare", "half_a", "half_b", "f1", "precision", "n_without_text"} <= set(figures)
    assert "Nothing of it" in (tmp_path / "report" / "worst_pages.html").read_text("utf-8")


def test_labels_without_their_pages_are_wrong_usage(monitor: Monitor, tmp_path: Path) -> None:
    gold = tmp_path / "gold.json"
    gold.write_text('{"one": {"articleBody": "x"}}')
    for file in (gold, tmp_path / "none.json"):
        ran = monitor("evaluate", "extraction", tmp_path, file, "--json")
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)

"""Evaluation: files in, figures out, through the product's own functions."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.evaluate.duplicates import evaluate_copy_groups, evaluate_duplicates
from monitor.evaluate.reading import labelled_article, read_rows
from monitor.evaluate.stories import evaluate_stories, stream_order

FERRY = """The port of Halmstad was closed on Tuesday after a fire broke out on the ferry Nordic Star with 412
passengers on board.
All of them were brought ashore, the coast guard said, and 17 were taken to hospital. Captain Erik Lund said
that the fire
had started in the engine room. Kattegat Lines cancelled 6 departures until Thursday, and prosecutor Maria Holm
asked for
the log of the ship. Crews from Falkenberg and Varberg put the fire out within two hours of the first call."""
FERRY_TOO = """More than four hundred people had to leave the burning ferry Nordic Star off Halmstad on
Tuesday. Boats of the coast
guard carried everyone ashore, and 17 passengers needed treatment. Kattegat Lines, which runs the ship, spoke
of a fire in
the engine room. Captain Erik Lund praised his crew for keeping calm."""
BUDGET = """The parliament in Oslo passed the budget for next year with 86 votes to 83 on Tuesday night.
Finance minister Kari Dahl
had agreed to raise spending on schools after weeks of talks with the Centre party. The opposition called the compromise
costly and announced that it would challenge the tax on salmon farms in court."""


def row(key: str, text: str, *, cluster: str | None, date: str | None = "2026-03-02T08:00:00Z") -> dict[str, Any]:
    return {"id": key, "title": text[:40], "text": text, "date": date, "lang": "en", "source": key, "cluster": cluster}


ROWS = [
    row("1", FERRY, cluster="ferry"),
    row("2", BUDGET, cluster="budget", date="2026-03-02T09:00:00Z"),
    row("3", FERRY_TOO, cluster="ferry", date="2026-03-02T10:00:00Z"),
    row("4", FERRY[:300], cluster="ferry", date="2026-03-02T11:00:00Z"),
]


def ticking() -> Callable[[], float]:
    seconds = itertools.count(step=2.0)
    return lambda: float(next(seconds))


def test_stories_are_scored_with_the_figures_that_the_command_promises() -> None:
    found = evaluate_stories(ROWS, clock=ticking())
    assert set(found) >= {"bcubed", "bcubed_final", "pairwise", "ari", "polluted"}
    assert (found["n_articles"], found["n_labelled"], found["gold"], found["predicted"]) == (4, 4, 2, 2)
    assert found["bcubed"] == {"p": 1.0, "r": 1.0, "f1": 1.0}
    assert (found["polluted"], found["articles_per_s"]) == (0.0, 2.0)
    assert found["per_language"] == {"en": {"p": 1.0, "r": 1.0, "f1": 1.0}}


def test_unlabelled_articles_stream_along_unscored_and_count_as_pollution() -> None:
    company = row("5", FERRY_TOO.replace("praised", "thanked"), cluster=None, date="2026-03-02T09:30:00Z")
    found = evaluate_stories([*ROWS, company])
    assert (found["n_articles"], found["n_labelled"]) == (5, 4)
    assert found["polluted"] == 0.5


def test_languages_never_share_a_story() -> None:
    other = row("6", FERRY, cluster="ferry") | {"lang": "sv"}
    assert evaluate_stories([*ROWS, other])["predicted"] == 3


def test_the_order_of_a_file_makes_no_difference() -> None:
    undated = [entry | {"date": None} for entry in ROWS]
    for rows in (ROWS, undated):
        forward, backward = (evaluate_stories(order, clock=ticking()) for order in (rows, rows[::-1]))
        assert forward == backward


def test_dated_rows_stream_by_date_and_undated_ones_by_seed() -> None:
    articles = [labelled_article(entry) for entry in ROWS]
    assert [each.key for each in stream_order(articles[::-1], "0")] == ["1", "2", "3", "4"]
    mixed = [*articles, labelled_article(row("5", "x", cluster=None, date=None))]
    orders = {tuple(each.key for each in stream_order(mixed, seed)) for seed in "0123"}
    assert len(orders) > 1


def test_a_file_without_labels_cannot_be_scored() -> None:
    with pytest.raises(UsageError, match="no article of this file has a cluster"):
        evaluate_stories([row("1", FERRY, cluster=None)])


def pair(a: str, b: str, label: str) -> dict[str, Any]:
    texts = {"f": FERRY, "t": FERRY[:250], "o": FERRY_TOO, "b": BUDGET}
    return {"id": f"{a}|{b}", "a": row(a, texts[a], cluster=None), "b": row(b, texts[b], cluster=None), "label": label}


def test_pairs_are_scored_through_candidates_and_verdicts() -> None:
    pairs = [
        pair("f", "t", "dup"),
        pair("f", "o", "partial_reuse"),
        pair("f", "b", "template_neg"),
        pair("o", "b", "dup"),
    ]
    found = evaluate_duplicates(pairs, clock=ticking())
    assert (found["n_pairs"], found["precision"], found["recall"]) == (4, 1.0, 0.5)
    assert (found["f1"], found["pairs_per_s"]) == (0.6667, 2.0)


@pytest.mark.parametrize("rows", [[], [{"id": "1", "text": "no pair"}]])
def test_a_file_without_pairs_is_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(UsageError, match="pair"):
        evaluate_duplicates(rows)


def test_copy_groups_of_a_stream_are_scored_among_everything_else() -> None:
    rows = [row("1", FERRY, cluster="g"), row("2", BUDGET, cluster="h"), row("3", FERRY[:250], cluster="g")]
    found = evaluate_copy_groups(rows)
    assert (found["n_articles"], found["n_labelled"]) == (3, 2)
    assert found["bcubed"]["f1"] == 1.0


def test_a_stream_without_groups_is_refused() -> None:
    with pytest.raises(UsageError, match="no group of two"):
        evaluate_copy_groups([row("1", FERRY, cluster="g")])


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_plain_and_gzipped_files_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = "\n\n".join(json.dumps(entry, ensure_ascii=False) for entry in ROWS).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert list(read_rows(path)) == ROWS


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jsonl", b'{"id": 1}\nnot json\n', "line 2: not JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1: not a JSON object"),
        ("a.jsonl", b'{"id": "\xff\xfe"}\n', "line 1: not JSON"),
        ("a.jsonl.gz", b"not gzip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_says_where(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UsageError, match=message):
        list(read_rows(path))


def test_a_missing_file_is_an_error() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_rows(Path("no/such/file.jsonl")))


def test_a_date_that_is_none_names_the_article() -> None:
    with pytest.raises(UsageError, match="article x: date 'yesterday' is not ISO 8601"):
        labelled_article({"id": "x", "date": "yesterday"})


def test_a_row_without_its_fields_is_an_undated_unlabelled_article() -> None:
    article = labelled_article({}, position=3)
    assert (article.key, article.title, article.text, article.at, article.label) == ("row 3", "", "", None, None)

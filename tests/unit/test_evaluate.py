"""Evaluation: files in, figures out, through the product's own functions."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor.cluster.assign import Assignment
from monitor.errors import UsageError
from monitor.evaluate.articles import stored_article
from monitor.evaluate.duplicates import evaluate_copy_groups, evaluate_duplicates, run_pairs
from monitor.evaluate.metrics import bcubed
from monitor.evaluate.reading import labelled_article, read_rows
from monitor.evaluate.stories import Placed, evaluate_stories, polluted, run_stories, story_figures, stream_order
from monitor.evaluate.sweeps import sweep_pairs, sweep_stories
from monitor.types import StoryId

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
    # two seconds to read the texts, two to place them
    assert (found["polluted"], found["articles_per_s"], found["n_orders"]) == (0.0, 1.0, 1)
    assert found["per_language"] == {"en": {"n_labelled": 4, "p": 1.0, "r": 1.0, "f1": 1.0, "final_f1": 1.0}}
    assert found["bcubed_final"] == found["bcubed"]
    assert found["peak_memory_bytes"] > 1_000_000


def test_unlabelled_articles_stream_along_unscored_and_count_as_pollution() -> None:
    company = row("5", FERRY_TOO.replace("praised", "thanked"), cluster=None, date="2026-03-02T09:30:00Z")
    found = evaluate_stories([*ROWS, company])
    assert (found["n_articles"], found["n_labelled"]) == (5, 4)
    assert found["polluted"] == 0.5


def test_languages_never_share_a_story() -> None:
    other = row("6", FERRY, cluster="ferry") | {"lang": "sv"}
    assert evaluate_stories([*ROWS, other])["predicted"] == 3


def figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """All that does not depend on the machine."""
    return {
        name: value for name, value in evaluate_stories(rows, clock=ticking()).items() if name != "peak_memory_bytes"
    }


def test_the_order_of_a_file_makes_no_difference() -> None:
    undated = [entry | {"date": None} for entry in ROWS]
    for rows in (ROWS, undated):
        forward, backward = (figures(order) for order in (rows, rows[::-1]))
        assert forward == backward


def test_dated_rows_stream_by_date_and_undated_ones_by_seed() -> None:
    articles = [labelled_article(entry) for entry in ROWS]
    assert [each.key for each in stream_order(articles[::-1], "0")] == ["1", "2", "3", "4"]
    mixed = [*articles, labelled_article(row("5", "x", cluster=None, date=None))]
    orders = {tuple(each.key for each in stream_order(mixed, seed)) for seed in "0123"}
    assert len(orders) > 1


def test_undated_rows_are_measured_in_three_orders_or_as_many_as_are_asked_for() -> None:
    undated = [entry | {"date": None} for entry in ROWS]
    run = run_stories(undated)
    assert len(run.orders) == 3
    means = story_figures(run)["bcubed"]
    singles = [evaluate_order(placed) for placed in run.orders]
    assert means["f1"] == pytest.approx(sum(singles) / 3, abs=1e-4)
    assert len({tuple(each.article.key for each in placed) for placed in run.orders}) > 1
    assert evaluate_stories(undated, n_orders=5)["n_orders"] == 5
    with pytest.raises(UsageError, match="at least one order"):
        evaluate_stories(undated, n_orders=0)


def evaluate_order(placed: Sequence[Placed]) -> float:
    return bcubed([each.story for each in placed], [each.article.label for each in placed]).f1


def test_a_labelled_text_is_cleaned_as_texts_that_come_in_are() -> None:
    text = f"By Ann Lee\n\nHALMSTAD (NWA) - {FERRY}\nAdvertisement\n(Reporting by Ann Lee; editing by Bo Ek)"
    article = stored_article(labelled_article({"id": "1", "text": text, "source": "port.example"}))
    assert article.dateline is not None
    assert article.agency == "NWA"
    assert "Reporting by" not in article.text
    assert "Advertisement" not in article.text
    assert article.title.startswith("HALMSTAD")
    assert (article.source, article.family) == ("port.example", "port.example")


def test_unknown_sources_are_nobodys_family() -> None:
    one, two = (stored_article(labelled_article({"id": key, "text": FERRY})) for key in "ab")
    assert one.family != two.family


def test_ids_that_recur_are_articles_of_their_own() -> None:
    found = evaluate_stories([row("1", FERRY, cluster="ferry"), row("1", BUDGET, cluster="budget")])
    assert (found["n_articles"], found["predicted"]) == (2, 2)
    same = [row(key, FERRY, cluster="ferry") for key in ("1", "1, row 3", "1")]
    assert evaluate_stories(same)["n_articles"] == 3


def test_progress_is_told_for_each_step() -> None:
    told: list[tuple[str, int, int]] = []
    run_stories(ROWS, report=lambda what, n_done, n_all: told.append((what, n_done, n_all)))
    assert {what for what, n_done, n_all in told if n_done == n_all == 4} == {
        "read",
        "compared with earlier texts",
        "put into stories",
    }


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
    # f and t: a third of the text, found; two more differ as much in length, and are labelled as no copies
    assert found["abridged"] == {"n_pairs": 3, "n_positive": 1, "p": 1.0, "r": 1.0, "f1": 1.0}
    assert (found["candidate_recall"], found["n_alike"]) == (1.0, 1)


def test_other_bars_are_tried_on_the_pairs_that_were_compared() -> None:
    edited = FERRY.replace("passengers", "people").replace("Tuesday", "Monday").replace("hospital", "a clinic")
    pairs = [
        pair("f", "t", "dup"),
        {"id": "e", "a": row("f", FERRY, cluster=None), "b": row("e", edited, cluster=None), "label": "dup"},
    ]
    sweep = sweep_pairs(run_pairs(pairs))
    assert [value.value for value in sweep.values if value.is_default] == [0.65]
    recalls = [value.score.r for value in sweep.values]
    assert recalls == sorted(recalls, reverse=True)
    assert next(value.score.r for value in sweep.values if value.is_default) == evaluate_duplicates(pairs)["recall"]


def test_other_bars_of_stories_are_a_report_beside_the_default() -> None:
    run = run_stories(ROWS)
    sweep = sweep_stories(run)
    default = next(value for value in sweep.values if value.is_default)
    assert default.score.rounded() == story_figures(run)["bcubed"]
    assert [value.value for value in sweep.values] == sorted(value.value for value in sweep.values)
    assert default.polluted == 0.0


def test_an_exact_copy_is_found_by_its_text_alone_and_an_old_one_is_not() -> None:
    short = "All trains stand still today"
    rows = [row("1", FERRY, cluster="g"), row("2", FERRY, cluster="g", date="2026-03-03T08:00:00Z")]
    assert evaluate_copy_groups(rows)["n_links"] == 1
    assert evaluate_copy_groups([rows[0], rows[1] | {"date": "2026-05-03T08:00:00Z"}])["n_links"] == 0
    assert evaluate_copy_groups([row("1", short, cluster="g"), row("2", short, cluster="g")])["n_links"] == 0


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
        ("a.jsonl.gz", b"not gzip", "cannot be read: Not a gzipped file"),
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


def test_a_date_at_the_end_of_the_calendar_is_refused_and_any_language_is_taken() -> None:
    for date in ("0001-01-01", "9999-12-31T23:59:59Z"):
        with pytest.raises(UsageError, match=r"row 4, article x: date .* is in none of the years"):
            labelled_article({"id": "x", "date": date}, position=4)
    rows = [{**one, "lang": "<x> \ud800"} for one in ROWS]
    assert list(evaluate_stories(rows)["per_language"]) == ["<x> \ud800"]


def test_a_date_that_is_none_names_the_article() -> None:
    with pytest.raises(UsageError, match="row 4, article x: date 'yesterday' is not ISO 8601"):
        labelled_article({"id": "x", "date": "yesterday"}, position=4)


@pytest.mark.parametrize("field", ["title", "text", "lang", "source", "url", "cluster"])
def test_a_field_of_another_kind_names_its_row(field: str) -> None:
    with pytest.raises(UsageError, match=f"row 7: {field} must be"):
        labelled_article({"id": "x", field: ["a", "b"]}, position=7)


@pytest.mark.parametrize(
    ("evaluate", "rows", "message"),
    [
        (evaluate_stories, [], "has no rows"),
        (evaluate_stories, [{"a": {}, "b": {}, "label": "dup"}], "measure them with `evaluate duplicates`"),
        (evaluate_stories, [{"name": "x"}], "row 1 is neither an article nor a pair"),
        (evaluate_duplicates, [{"id": "1", "text": "x"}], "needs a, b"),
    ],
)
def test_a_file_of_the_wrong_kind_says_what_to_do(
    evaluate: Callable[[list[dict[str, Any]]], object], rows: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(rows)


def test_pairs_that_contradict_themselves_name_their_row() -> None:
    same = {"id": "1", "a": ROWS[0], "b": ROWS[0], "label": "dup"}
    other = {"id": "2", "a": ROWS[0] | {"text": "other words"}, "b": ROWS[1], "label": "dup"}
    with pytest.raises(UsageError, match="row 1: a and b are one article"):
        evaluate_duplicates([same])
    with pytest.raises(UsageError, match="row 2: article '1' stands in another row with other words"):
        evaluate_duplicates([pair_of(ROWS[0], ROWS[1]), other])


def pair_of(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {"id": "p", "a": a, "b": b, "label": "dup"}


def test_a_row_without_its_fields_is_an_undated_unlabelled_article() -> None:
    article = labelled_article({}, position=3)
    assert (article.key, article.title, article.text, article.at, article.label) == ("row 3", "", "", None, None)


def test_pollution_counts_labelled_stories_and_not_articles() -> None:
    placed = [
        Placed(labelled_article(entry), ("en", story), ("en", story), Assignment(None, 0.0, 0.0, "x"))
        for entry, story in (
            (row("1", FERRY, cluster="ferry"), StoryId(1)),
            (row("2", FERRY, cluster="ferry"), StoryId(2)),
            (row("3", FERRY, cluster=None), StoryId(2)),
            (row("4", FERRY, cluster=None), StoryId(2)),
            (row("5", BUDGET, cluster="budget"), StoryId(3)),
        )
    ]
    assert polluted(placed) == 0.5

from __future__ import annotations

import pytest

from monitor.evaluate.extraction import ReadPage, figures_of, odd_sentences, why
from monitor.evaluate.extraction_report import report_page
from monitor.evaluate.shingles import mean_scores, overlap


def test_equal_texts_overlap_whatever_their_punctuation() -> None:
    assert overlap("One two, three four five.", "One two three four — five").f1 == 1.0


def test_shares_of_a_page_come_to_one() -> None:
    found = overlap("a b c d e", "a b c d x")  # shingles: abcd both, bcde missing, bcdx extra
    assert (found.both, found.extra, found.missing) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert (found.precision, found.recall, found.f1) == pytest.approx((0.5, 0.5, 0.5))


def test_a_page_without_text_costs_recall_and_says_nothing_of_precision() -> None:
    scores = mean_scores([overlap("a b c d", "a b c d"), overlap("a b c d", "")])
    assert (scores["precision"], scores["recall"]) == (1.0, 0.5)


def read(found: str, key: str = "k") -> ReadPage:
    return ReadPage(key=key, url="https://a.example/<x>", gold="It rained. The river rose.", found=found, bare="")


def test_why_quotes_what_is_missing_and_what_is_too_much() -> None:
    said = why(read("The river rose. Subscribe <now>!"))
    assert "missing: It rained." in said
    assert "too much: Subscribe <now>!" in said
    assert why(read("")) == "no text was found"
    assert odd_sentences("It rained. The river rose.", "the river rose The river rose") == ["It rained."]


def test_the_report_marks_differences_and_escapes_everything() -> None:
    html = report_page([read("The river rose. Subscribe <now>!")])
    assert '<mark class="missing">It rained.</mark>' in html
    assert '<mark class="extra">Subscribe &lt;now&gt;!</mark>' in html
    assert "<x>" not in html


def test_both_halves_and_the_worst_pages_are_told() -> None:
    pages = [read("It rained. The river rose.", key=str(number)) for number in range(12)]
    figures = figures_of(pages)
    assert figures["half_a"]["n_pages"] + figures["half_b"]["n_pages"] == figures["n_pages"] == 12
    assert (figures["f1"], figures["n_without_text"], len(figures["worst"])) == (1.0, 0, 10)

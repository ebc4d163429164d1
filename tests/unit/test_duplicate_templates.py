"""Texts made after one template stay apart, and publishers that repeat their own frames make no copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.dedup.explain import explain_duplicate
from monitor.dedup.fingerprint import fingerprint
from monitor.dedup.matching import Candidate, compare, decide_duplicate
from monitor.types import ArticleId, DuplicateLink

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
TEMPLATES = {
    "result": (
        (
            "{0} won the match of the second division on Saturday evening "
            "with {2} goals to {3} and moved up to place {4} of "
            "the table. In front of {5} spectators {6} opened the scoring in "
            "minute {7} after a corner, and the visitors from "
            "{1} had no answer before the break. In the second half the "
            "home side kept the upper hand, and the coach said "
            "afterwards that the team had earned the points by running "
            "more than the others. The next match is on Friday."
        ),
        ("Lund", "Varberg", "3", "1", "4", "12,400", "Berg", "17"),
        ("Kiruna", "Falun", "2", "0", "9", "3,150", "Strand", "64"),
    ),
    "markets": (
        (
            "Stocks closed higher on Tuesday as investors took heart from "
            "falling bond yields. The leading index gained {0}% "
            "to {1} points, while the index of smaller companies rose {2}% "
            "to {3} points. Gold traded at {4} dollars an ounce "
            "and crude oil at {5} dollars a barrel. Among single shares {6} "
            "stood out with a gain of {7}% after the company "
            "raised its outlook for the year. Analysts said that trading "
            "was thin ahead of the decision of the central bank."
        ),
        ("1.2", "16,510", "0.7", "8,204", "1,812", "71.3", "Kattegat Lines", "6.4"),
        ("0.4", "16,576", "0.9", "8,277", "1,799", "70.8", "Nordbank", "5.1"),
    ),
    "weather": (
        (
            "The day begins with fog in the valleys around {0} and low cloud "
            "along the coast, which will lift by late morning. "
            "Sunny spells follow in the afternoon with highs of {1} degrees "
            "and a light wind of {2} km an hour. It stays clear "
            "in the evening, with temperatures falling to {3} degrees "
            "overnight. Rain is expected to reach {0} by the weekend, "
            "bringing up to {4} millimetres. Pollen levels are moderate. Sunrise is at {5} and sunset at {6}.{7}"
        ),
        ("Lund", "18", "12", "7", "5", "6.12", "19.44", ""),
        ("Lund", "17", "14", "6", "5", "6.14", "19.42", ""),
    ),
}


def candidate(number: int, text: str, *, family: str = "herald", days: float = 0, title: str = "") -> Candidate:
    return Candidate(
        article_id=ArticleId(number),
        fingerprint=fingerprint(text),
        title=title,
        source=f"{family}.example",
        family=family,
        first_seen_at=START + timedelta(days=days),
        text=text,
    )


@pytest.mark.parametrize("family", ["herald", "other"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_texts_after_one_template_with_other_numbers_and_names_stay_apart(name: str, family: str) -> None:
    template, here, there = TEMPLATES[name]
    a = candidate(1, template.format(*here), title=name)
    b = candidate(2, template.format(*there), family=family, days=1, title=name)
    assert compare(a.fingerprint, b.fingerprint).containment > 0.5
    assert decide_duplicate(a, b) is None
    assert explain_duplicate(a, b).verdict == "none"


def test_an_explanation_says_that_the_numbers_differ() -> None:
    words = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(120))
    people = "Anna Berg, Erik Lund, Maria Holm and Karl Strand were there."
    a, b = (candidate(n, f"{words} {people} {n}1 {n}2 {n}3") for n in (1, 2))
    explained = explain_duplicate(a, b)
    assert explained.verdict == "none"
    assert "0% of its numbers" in explained.because


@pytest.mark.parametrize("name", TEMPLATES)
def test_one_corrected_number_keeps_two_versions_together(name: str) -> None:
    template, here, _ = TEMPLATES[name]
    a = candidate(1, template.format(*here))
    b = candidate(2, template.format(*here[:3], "11", *here[4:]), family="other")
    assert isinstance(decide_duplicate(a, b), DuplicateLink)


FRAME = " ".join(f"Photo {n} shows Anna Berg {n} and Erik Lund in the council of Varberg." for n in range(6))
NEWS = "The council met again on {0}. Nobody spoke about the {1}, and the mayor left by the {2} before the vote on it."


@pytest.mark.parametrize(
    ("days", "title", "is_copy"), [(0.5, "B", True), (4, "B", False), (4, "A", True), (9, "A", False)]
)
def test_a_frame_that_a_publisher_repeats_is_no_copy_without_title_or_date(
    days: float, title: str, is_copy: bool
) -> None:
    a = candidate(1, f"{NEWS.format('Monday', 'bridge', 'door')} {FRAME}", title="A")
    b = candidate(2, f"{FRAME} {NEWS.format('Friday', 'harbour', 'stairs')}", title=title, days=days)
    assert 0.65 < compare(a.fingerprint, b.fingerprint).containment < 0.85
    assert isinstance(decide_duplicate(a, b), DuplicateLink) is is_copy


def test_a_publisher_that_shows_the_same_text_weeks_later_under_its_title_repeats_itself() -> None:
    text = TEMPLATES["result"][0].format(*TEMPLATES["result"][1])
    a, b = candidate(1, text, title="Lund wins"), candidate(2, f"{text} Updated.", days=30, title="Lund wins")
    assert isinstance(decide_duplicate(a, b), DuplicateLink)
    assert decide_duplicate(a, candidate(3, f"{text} Updated.", days=30, title="Another headline")) is None


def test_a_short_text_of_one_publisher_needs_its_title() -> None:
    text = (
        "The library of Varberg stays closed on Monday because of a burst "
        "pipe in its cellar, said Anna Berg, who runs it, "
        "and books may be handed back at the town hall until 6 p.m. as usual during the holidays and on Friday."
    )
    a, changed = candidate(1, text, title="Library closed"), text.replace("as usual during", "like always in")
    assert isinstance(decide_duplicate(a, candidate(2, changed, title="Library closed")), DuplicateLink)
    assert decide_duplicate(a, candidate(2, changed, title="Notes from the region")) is None

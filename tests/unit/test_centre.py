"""The article that stands for a story, and the terms and names that the story is known by."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitor.cluster.centre import N_SHOWN, KeyWords, Report, by_centrality, key_words, speaking
from monitor.cluster.features import features
from monitor.cluster.guards import Kind
from monitor.cluster.statistics import Statistics
from monitor.cluster.vectors import vector
from monitor.text.spellings import spellings
from monitor.types import ArticleId

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
Text = tuple[str, str]
DAM: Text = (
    "Dam bursts above Brackwater",
    (
        "The Selwyn dam burst above Brackwater on Monday. Engineer Ada Ferrow said that the spillway of the Selwyn dam "
        "had been blocked. Rescuers took 40 people from flooded farms, and Ada Ferrow warned of a second wave."
    ),
)
DAM_TOO: Text = (
    "BRACKWATER FLOODED AFTER SELWYN DAM BURSTS",
    (
        "Brackwater's mayor said on Monday that the Selwyn dam burst at dawn. Rescuers took people from the flooded "
        "farms below the spillway. Engineer Ada Ferrow had warned of it."
    ),
)
BUDGET: Text = (
    "Mayor of Brackwater on the budget",
    (
        "The budget of the town pays for a library, said the mayor of Brackwater on Monday. Farms pay less. Critics "
        "call the library a luxury and ask why the swimming pool stays closed."
    ),
)


def statistics_of(*texts: Text) -> Statistics:
    statistics = Statistics("en")
    for text in texts:
        statistics.learn(statistics.ids(features(*text, "en").stems))
    return statistics


def report(number: int, text: Text, statistics: Statistics, *, hours: float = 0, **values: object) -> Report:
    given = {"kind": Kind.REPORT, "is_copy": False} | values
    terms = vector(features(*text, "en"), statistics)
    return Report(article_id=ArticleId(number), vector=terms, appeared_at=START + timedelta(hours=hours), **given)  # type: ignore[arg-type] # any of its fields


def order(reports: Sequence[Report], statistics: Statistics) -> list[int]:
    return [one.article_id for one in by_centrality(speaking(reports), statistics)]


def known_by(*texts: Text) -> KeyWords:
    statistics = statistics_of(*texts)
    reports = [report(number, text, statistics) for number, text in enumerate(texts)]
    return key_words(reports, [f"{title}\n{body}" for title, body in texts], statistics)


def test_the_report_that_is_nearest_to_the_others_stands_for_a_story() -> None:
    both = (f"{DAM[0]}, budget asked", f"{DAM[1]} {BUDGET[1]}")
    statistics = statistics_of(DAM, DAM_TOO, BUDGET, both)
    reports = [report(number, text, statistics) for number, text in enumerate((BUDGET, DAM, DAM_TOO, both))]
    assert order(reports, statistics)[0] == 3
    assert order(reports, statistics)[-1] == 0


def test_of_two_reports_the_earlier_one_stands_for_their_story() -> None:
    statistics = statistics_of(DAM, DAM_TOO)
    later, earlier = report(1, DAM, statistics, hours=2), report(2, DAM_TOO, statistics, hours=1)
    assert order([later, earlier], statistics) == order([earlier, later], statistics) == [2, 1]


def test_among_equals_the_earliest_comes_first_and_then_the_first_stored() -> None:
    statistics = statistics_of(DAM)
    reports = [report(number, DAM, statistics, hours=hours) for number, hours in ((4, 1), (3, 0), (1, 1), (2, 5))]
    assert order(reports, statistics) == [3, 1, 4, 2]


def test_copies_round_ups_and_live_blogs_stand_for_a_story_only_where_nothing_else_does() -> None:
    statistics = statistics_of(DAM, BUDGET)
    lone = report(1, BUDGET, statistics)
    copies = [report(number, DAM, statistics, is_copy=True) for number in (2, 3, 4)]
    live, roundup = report(5, DAM, statistics, kind=Kind.LIVE), report(6, DAM, statistics, kind=Kind.ROUNDUP)
    assert order([*copies, live, roundup, lone], statistics) == [1]
    assert order([*copies, roundup, live], statistics) == [5, 6]
    assert order(copies, statistics) == [2, 3, 4]
    assert order([], statistics) == []


def test_the_answer_does_not_hang_on_the_order_of_members_or_on_what_a_process_met_before() -> None:
    texts = [(f"{title} {number}", text) for number, (title, text) in enumerate((DAM, DAM_TOO, BUDGET, DAM))]
    met_before, fresh = statistics_of(*texts), Statistics("en")
    fresh.ids(["zebra", "dam", "aardvark"])
    for text in texts:
        fresh.learn(fresh.ids(features(*text, "en").stems))
    answers = set()
    for statistics, seed in ((met_before, 1), (fresh, 2), (fresh, 3)):
        reports = [report(number, text, statistics) for number, text in enumerate(texts)]
        random.Random(seed).shuffle(reports)
        ranked = by_centrality(reports, statistics)
        whole = ["\n".join(texts[one.article_id]) for one in ranked]
        answers.add((tuple(one.article_id for one in ranked), key_words(ranked, whole, statistics)))
    assert len(answers) == 1


def test_names_are_whole_and_as_they_are_written() -> None:
    names = known_by(DAM, DAM_TOO).names
    assert {"Brackwater", "Ada Ferrow", "Selwyn"} <= set(names)
    assert not {"Ada", "Ferrow", "BRACKWATER", "Monday"} & set(names)


def test_terms_are_neither_names_nor_days_nor_figures_nor_short_words() -> None:
    terms = known_by(DAM, DAM_TOO).terms
    assert {"dam", "spillway", "flooded"} <= set(terms)
    assert not {"40", "monday", "Monday", "on", "Selwyn", "selwyn"} & set(terms)


def test_what_one_report_of_three_says_is_no_term_of_their_story() -> None:
    told = known_by(DAM, DAM_TOO, (DAM[0], f"{DAM[1]} A zeppelin of Professor Quill circled."))
    assert "zeppelin" not in told.terms
    assert "Quill" not in " ".join(told.names)
    assert "spillway" in told.terms


def test_at_most_eight_of_each_are_given_and_none_for_an_empty_text() -> None:
    many = " ".join(f"Deputy Xa{letter * 4}o praised the xu{letter * 4}i." for letter in "bcdfghklmnpqrstv")
    told = known_by(("Deputies meet", many))
    assert (len(told.terms), len(told.names)) == (N_SHOWN, N_SHOWN)
    assert known_by(("", "")) == KeyWords((), ())
    assert key_words([], [], Statistics("en")) == KeyWords((), ())


def test_a_script_without_word_spaces_gives_what_its_reports_have_in_common() -> None:
    texts = [
        ("東京で地震発生", f"東京で地震発生、{place}の住民が避難した。気象庁が発表した。")
        for place in ("港区", "北区", "品川")
    ]
    statistics = Statistics("ja")
    for text in texts:
        statistics.learn(statistics.ids(features(*text, "ja").stems))
    reports = [
        Report(
            article_id=ArticleId(number),
            vector=vector(features(*text, "ja"), statistics),
            kind=Kind.REPORT,
            is_copy=False,
            appeared_at=START,
        )
        for number, text in enumerate(texts)
    ]
    terms = key_words(reports, ["\n".join(text) for text in texts], statistics).terms
    assert any("地震" in term for term in terms)
    assert not any("港区" in term for term in terms)


@pytest.mark.parametrize(
    ("text", "folded", "spelled"),
    [
        ("Meloni met the Élysée staff in l'Ukraine", "ukraine", "Ukraine"),
        ("The Élysée said so", "elysee", "Élysée"),
        ("Gunmen of al-Assad fled", "assad", "Assad"),
        ("Peru's coast", "peru", "Peru"),
        ("the Horn of Africa is dry", "horn of africa", "Horn of Africa"),
        ("Tom O'Brien spoke", "tom o brien", "Tom O'Brien"),
    ],
)
def test_a_name_is_found_as_it_is_written(text: str, folded: str, spelled: str) -> None:
    assert spellings([text]).names[folded] == spelled


def test_of_the_forms_of_a_word_one_is_shown() -> None:
    shown = known_by(
        ("Skateboarder wins", "The skateboarder won the skateboarding final. Skateboarders cheered."),
        ("Skateboarding final", "A skateboarder of 13 won in skateboarding. A skateboard broke."),
    )
    assert sum(term.casefold().startswith("skateb") for term in shown.terms) == 1


def test_of_words_with_one_stem_the_usual_one_is_shown() -> None:
    shown = known_by(
        ("The internet fails", "An internal fault cut the internet off. The internet of the town came back."),
        ("No internet for hours", "The town had no internet. An internal report on the internet is to follow."),
        ("Outage of the internet", "The internet failed. People of the town missed the internet."),
    )
    assert "internet" in shown.terms
    assert "internal" not in shown.terms


def test_names_do_not_go_on_over_a_comma_or_a_possessive() -> None:
    found = spellings(["Lima, Peru's Minister Ana Diaz"]).names
    assert "ana diaz" in found
    assert not {"lima peru", "peru minister"} & set(found)


def test_a_word_is_written_small_where_it_stands_so_anywhere() -> None:
    found = spellings(["Flooded farms. FLOODED FARMS. Flooded. the flooded road", "Hochwasser Hochwasser"]).words
    assert (found["flooded"], found["hochwasser"]) == ("flooded", "Hochwasser")


def test_spelling_takes_hostile_text() -> None:
    found = spellings(["\x1b[31m\u202eRed\x00 " + "A" * 5000 + " '’'’ -.- \ud800 l'", ""])
    assert found.names["red"] == "Red"

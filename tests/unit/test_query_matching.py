from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.query.grammar import parse
from monitor.query.matching import MAX_SENTENCE_CHARS, Match, match

TITLE = "Leaders gather in Paris"
TEXT = (
    "The summit opened on Monday with a minute of silence. Officials said peace talks would follow within weeks.\n"
    "Zelenskyy's delegation arrived late. The Élysée report mentions 1,000 guests.\n"
    "Peace was far away, talks were not. The summit ends on Friday after more talks."
)


def found(query: str, title: str = TITLE, text: str = TEXT) -> Match | None:
    return match(parse(query), title=title, text=text)


@pytest.mark.parametrize(
    "query",
    [
        "summit",
        "SUMMIT monday",
        "paris summit",
        '"peace talks"',
        '"PEACE — talks!"',
        "elysee",
        "Élysée",
        "zelenskyy",
        "1000",
        "(berlin OR paris) -football",
        "NOT berlin AND paris",
        'summit -"talks peace"',
        '"weeks Zelenskyy"',
    ],
)
def test_an_article_that_satisfies_the_query_matches(query: str) -> None:
    assert found(query) is not None


@pytest.mark.parametrize(
    "query",
    [
        "port",
        "summits",
        "paris berlin",
        "paris -summit",
        'paris -"peace talks"',
        '"talks peace"',
        '"peace was near"',
        '"paris the"',
        "paris -(berlin OR friday)",
    ],
)
def test_an_article_that_does_not_satisfy_the_query_does_not_match(query: str) -> None:
    assert found(query) is None


@pytest.mark.parametrize(
    ("query", "prominence"),
    [
        ("paris", "title"),
        ("paris summit", "lead"),
        ("paris OR summit", "title"),
        ("summit", "lead"),
        ('"peace talks"', "lead"),
        ("friday", "body"),
        ("paris friday", "body"),
        ("paris -berlin", "title"),
    ],
)
def test_prominence_is_the_smallest_part_that_satisfies_the_query(query: str, prominence: str) -> None:
    matched = found(query)
    assert matched is not None
    assert matched.prominence == prominence


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("Summit PARIS", ("Summit", "PARIS")),
        ("(berlin AND summit) OR friday", ("friday",)),
        ("berlin OR summit OR paris", ("summit", "paris")),
        ("summit -berlin", ("summit",)),
        ('"peace talks" OR summit', ("peace talks", "summit")),
    ],
)
def test_the_terms_are_those_that_made_it_match_as_written(query: str, terms: tuple[str, ...]) -> None:
    matched = found(query)
    assert matched is not None
    assert matched.terms == terms


def test_the_sentence_is_the_first_with_most_of_the_terms() -> None:
    for query, sentence in [
        ("summit", "The summit opened on Monday with a minute of silence."),
        ("summit friday", "The summit ends on Friday after more talks."),
        ('"peace talks"', "Officials said peace talks would follow within weeks."),
        ("paris", TITLE),
    ]:
        matched = found(query)
        assert matched is not None
        assert matched.sentence == sentence


def test_a_long_sentence_is_cut_around_the_term() -> None:
    matched = found("needle", text="hay " * 300 + "the needle " + "hay " * 300)
    assert matched is not None
    assert "needle" in matched.sentence
    assert len(matched.sentence) <= MAX_SENTENCE_CHARS
    assert matched.sentence.startswith("…")
    assert matched.sentence.endswith("…")


def test_the_sentence_is_one_harmless_line() -> None:
    matched = found("paris", title="x", text="In \x1b[31m Paris\u202e [/x] \r=HYPERLINK(1)")
    assert matched is not None
    assert not {"\x1b", "\u202e", "\r", "\n"} & set(matched.sentence)


def test_a_word_in_the_title_scores_higher_than_one_in_the_lead_or_the_body() -> None:
    scores = [matched.score for query in ("paris", "monday", "friday") if (matched := found(query))]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


def test_a_word_that_recurs_scores_higher() -> None:
    once, often = found("x", text="One. Two. Three x."), found("x", text="One. Two. Three x. Four x.")
    assert once is not None
    assert often is not None
    assert often.score > once.score


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Київ", "Переговори у КИЇВ прибули."),
        ("习近平", "国家主席习近平发表讲话。"),
        ("京", "他来到北京。"),
        ("القدس", "وصل إلى القُدس اليوم."),
        ("ｆｕｌｌ", "the full width"),
        ("straße", "In der STRASSE"),
    ],
)
def test_other_scripts_and_spellings_match(query: str, text: str) -> None:
    assert found(query, title="", text=text) is not None


def test_an_empty_article_matches_nothing() -> None:
    assert found("paris", title="", text="") is None


vocabulary = st.sampled_from(["a", "b", "c", "d", "e"])
texts = st.lists(vocabulary, max_size=12).map(" ".join)


@given(vocabulary, vocabulary, vocabulary, texts, texts)
def test_and_or_not_are_what_logic_says(x: str, y: str, z: str, title: str, text: str) -> None:
    present = set(title.split()) | set(text.split())
    matched = found(f"{x} AND ({y} OR NOT {z})", title=title, text=text)
    assert (matched is not None) == (x in present and (y in present or z not in present))
    if matched is not None:
        assert 0 < matched.score <= 1
        assert set(matched.terms) <= present

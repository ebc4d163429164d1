"""Forms of a word that count as one, and how articles that use other forms of the same words are compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cluster.features import MAX_COUNT, Features, features
from monitor.cluster.statistics import Statistics, stem_chances, word_chances
from monitor.cluster.vectors import TITLE, vector
from monitor.text.stems import STEM_CHARS, stem
from monitor.text.tokens import words


@pytest.mark.parametrize(
    "forms",
    [
        "skateboard skateboarder skateboarding",
        "withdraws withdrawal withdrawn",
        "elezione elezioni",
        "Überschwemmung Überschwemmungen",
        "выборы",
        "президента президентом президентов",
    ],
)
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(word) for word in words(forms)}) == 1


@pytest.mark.parametrize("term", ["rain", "office", "12500000", "covid-2019x", "東京", "2.5", ""])
def test_short_words_figures_and_pairs_of_characters_are_their_own_stems(term: str) -> None:
    assert stem(term) == term


def test_letters_are_counted_with_their_marks() -> None:
    president, national, commonwealth = words("राष्ट्रपति राष्ट्रीय राष्ट्रमंडल")
    assert len({stem(one) for one in (president, national, commonwealth)}) == 3
    assert stem(president) == president
    assert len({stem(one) for one in words("प्रधानमंत्री प्रधानमंत्रियों")}) == 1


def test_each_word_of_a_name_is_cut_off() -> None:
    assert stem("mayor annabelle berg") == "mayor annabe berg"


@given(st.text(max_size=60))
def test_a_stem_is_its_own_stem_and_no_longer_than_its_term(term: str) -> None:
    assert stem(stem(term)) == stem(term)
    assert len(stem(term)) <= len(term)


def made(title: str, body: str = "") -> Features:
    return features(title, body, "en")


def test_counts_of_forms_add_up_to_those_of_their_stem() -> None:
    one = made("Skateboarding skateboarders skateboard past rain")
    got = vector(one, Statistics("en"))
    assert one.stems == ("past", "rain", "skateb")
    assert got.counts[TITLE].tolist() == [1, 1, 3]


@given(st.lists(st.sampled_from(["withdraw", "withdrawn", "rain", "rainfall", "rainfalls", "berg", "12345678"])))
def test_a_vector_counts_what_stands_in_the_article(chosen: list[str]) -> None:
    one = made(" ".join(chosen))
    got = vector(one, Statistics("xx"))
    counted = [sum(n for term, n in one.title.items() if stem(term) == each) for each in one.stems]
    assert got.counts[TITLE].tolist() == counted
    assert len(got.ids) == len(set(got.ids.tolist())) == len(one.stems)


def test_counts_stay_within_a_byte() -> None:
    got = vector(made("", "withdrawn withdrawal " * 200), Statistics("en"))
    assert int(np.max(got.counts)) == MAX_COUNT


def test_an_article_that_uses_other_forms_shares_their_rarity() -> None:
    statistics = Statistics("en")
    statistics.learn(statistics.ids(made("Minister withdraws").stems))
    assert statistics.counts()["withdr"] == 1
    assert statistics.known(["withdrawal", "minister", "unheard"]).keys() == {"withdrawal", "minister"}


def test_a_stem_is_written_as_its_article_writes_it_most_often() -> None:
    one = made("Skateboarder wins", "The skateboarder won. Skateboarding is new. The skateboarder is 13.")
    assert one.written({"skateb", "wins"}) == {"skateb": "skateboarder", "wins": "wins"}


def test_the_prior_of_a_stem_is_the_chance_of_any_of_its_words() -> None:
    of_words, of_stems = word_chances("en"), stem_chances("en")
    forms = [word for word in of_words if stem(word) == "skateb"]
    assert len(forms) > 1
    assert max(map(of_words.__getitem__, forms)) < of_stems["skateb"] < sum(map(of_words.__getitem__, forms))
    assert stem_chances("ja") == {}
    assert max(of_stems.values()) <= 1.0
    assert all(len(each) <= STEM_CHARS or " " in each or any(map(str.isdigit, each)) for each in of_stems)

"""Features and statistics: what is counted, what survives storage, and what a prior adds."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cluster.features import MAX_BODY_WORDS, MAX_COUNT, Features, features, is_other
from monitor.cluster.statistics import PRIOR_N_ARTICLES, Statistics, word_chances

TEXT = """PARIS (NWA) — Mayor Anna Berg said on Monday that 1,250 homes were flooded. The river rose by 2.5 metres.
Crews from Lyon reached the old town at night. On Tuesday she asked people to stay away from the river."""


def test_each_field_counts_its_own_words() -> None:
    made = features("Flood in the old town", TEXT, "en")
    assert made.title == {"flood": 1, "in": 1, "the": 1, "old": 1, "town": 1}
    assert made.lead["homes"] == 1
    assert "crews" not in made.lead
    assert made.body["river"] == 2
    assert made.names["mayor anna berg"] == made.names["anna"] == 1
    assert made.names["1250"] == 1


def test_features_read_back_from_their_bytes_are_the_same() -> None:
    made = features("Flood in the old town", TEXT, "en")
    read = Features.from_bytes(made.to_bytes())
    assert read == made
    assert read.terms == made.terms == tuple(sorted(made.terms))


@given(st.text(max_size=80), st.text(max_size=400))
def test_any_article_has_features_that_survive_storage(title: str, text: str) -> None:
    made = features(title, text)
    assert Features.from_bytes(made.to_bytes()) == made


def test_features_of_another_scheme_are_refused() -> None:
    raw = zlib.decompress(features("a title", "a text").to_bytes())
    with pytest.raises(ValueError, match="features-0, not features-2"):
        Features.from_bytes(zlib.compress(raw.replace(b"features-2", b"features-0")))


def test_an_article_without_title_or_text_has_the_other_fields() -> None:
    assert features("", "It rained.").title == {}
    headline = features("Rain floods Lyon", "")
    assert (headline.body, headline.lead) == ({}, {})
    assert headline.title["lyon"] == 1
    assert features("", "").terms == ()


def test_only_the_opening_of_a_long_text_counts() -> None:
    made = features("", " ".join(f"word{i}" for i in range(2_000)))
    assert sum(made.body.values()) <= MAX_BODY_WORDS
    assert "word1999" not in made.body


def test_the_sketch_of_a_text_holds_its_wording_in_order() -> None:
    made = features("", "the river rose by two metres overnight")
    assert len(made.sketch) == 5
    assert list(made.sketch) == sorted(set(made.sketch))
    assert set(features("", "the river rose by two").sketch) < set(made.sketch)
    assert not set(features("", "overnight metres two by rose river the").sketch) & set(made.sketch)


def test_counts_fit_a_byte() -> None:
    assert features("go " * 1_000, "").title == {"go": MAX_COUNT}


def test_a_term_longer_than_any_word_is_left_out() -> None:
    assert features("x" * 500 + " rain", "").title == {"rain": 1}


def idf(statistics: Statistics, term: str) -> float:
    return float(statistics.idf(statistics.ids([term]))[0])


def test_terms_of_many_articles_weigh_less() -> None:
    statistics = Statistics("xx")
    for number in range(50):
        statistics.learn(statistics.ids(["common", f"only{number}"]))
    assert idf(statistics, "common") < idf(statistics, "only3") < idf(statistics, "never seen")


def test_a_known_language_knows_its_common_words_before_the_first_article() -> None:
    statistics = Statistics("en")
    assert idf(statistics, "the") < 0.1
    assert idf(statistics, "the") < idf(statistics, "river") < idf(statistics, "halmstad")


def test_the_stream_outweighs_the_prior_in_time() -> None:
    statistics = Statistics("en")
    before = idf(statistics, "halmstad")
    for _ in range(3 * PRIOR_N_ARTICLES):
        statistics.learn(statistics.ids(["halmstad"]))
    assert idf(statistics, "halmstad") < 0.5 < before


def test_an_unknown_language_starts_with_every_term_alike() -> None:
    statistics = Statistics("xx")
    assert word_chances("xx") == {}
    assert idf(statistics, "a") == idf(statistics, "zebra") > 0


def test_accents_do_not_hide_a_word_from_the_prior() -> None:
    assert word_chances("fr")["etait"] > 0.3


def test_statistics_loaded_from_their_counts_weigh_the_same() -> None:
    learned = Statistics("en")
    for number in range(40):
        learned.learn(learned.ids(["river", f"only{number}", "flood"] if number % 2 else ["river"]))
    loaded = Statistics("en", n_articles=learned.n_articles, counts=learned.counts())
    assert loaded.n_articles == 40
    for term in ("river", "flood", "only3", "never seen", "2024", "17"):
        assert idf(loaded, term) == idf(learned, term)


def test_rare_terms_are_those_of_few_articles() -> None:
    statistics = Statistics("xx")
    for number in range(200):
        statistics.learn(statistics.ids(["common", f"only{number}"]))
    assert statistics.rare(statistics.ids(["common", "only7", "new"])).tolist() == [False, True, True]


def test_a_vocabulary_may_outgrow_its_first_table() -> None:
    statistics = Statistics("xx")
    terms = [f"term{number}" for number in range(40_000)]
    statistics.learn(statistics.ids(terms))
    assert len(statistics) == 40_000
    assert statistics.counts() == dict.fromkeys(terms, 1)


REPORT = (
    TEXT + " " + " ".join(f"Engineer {name} looked at gate {n + 20} of the dam." for n, name in enumerate("ABCDEF"))
)


@pytest.mark.parametrize(
    ("title", "text", "is_another"),
    [
        ("Flood in the old town", REPORT.replace("flooded", "fluded"), False),
        ("Flood in the old town", REPORT.replace("1,250", "1,300"), False),
        ("Flood in old town of Lyon", REPORT, False),
        ("Flood in the old town", REPORT + " The mayor thanked all who had helped her that night.", False),
        ("Flood in the old town", "Mayor Anna Berg will speak at noon.", True),
        ("Strike at the port", "Dockers at the port of Kell stopped work for 24 hours, said Hajo Brink.", True),
        ("Flood in the old town", "", True),
    ],
    ids=["typo", "figure", "headline", "one sentence more", "notice", "another event", "nothing left"],
)
def test_a_text_is_another_one_when_a_quarter_of_its_terms_is(title: str, text: str, is_another: bool) -> None:
    before, after = features("Flood in the old town", REPORT, "en"), features(title, text, "en")
    assert is_other(before, after) is is_other(after, before) is is_another


def test_a_text_without_a_word_is_no_other_than_itself() -> None:
    assert not is_other(features("", ""), features("", ""))

"""Fingerprints: what survives storage, what is ignored, and that the bands find what they promise."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dedup.fingerprint import (
    N_BANDS,
    N_SHINGLE_BANDS,
    SCHEME,
    Fingerprint,
    fingerprint,
    is_fact_band,
    without,
)

VOCABULARY = [
    f"{a}{b}{c}" for a in "bdfgklmnprst" for b in ("a", "e", "i", "o") for c in ("ran", "lis", "tor", "mek", "vun")
]


def article(seed: int, n_words: int = 300) -> str:
    chosen = random.Random(seed)
    return " ".join(chosen.choice(VOCABULARY) for _ in range(n_words))


def share_a_band(a: Fingerprint, b: Fingerprint) -> bool:
    return bool(set(a.bands) & set(b.bands))


def test_a_fingerprint_read_back_from_its_bytes_is_the_same() -> None:
    made = fingerprint(
        "Mayor Anna Berg said 1,250 homes were flooded on 3 May. The river Oder rose by 2.5 metres overnight."
    )
    read = Fingerprint.from_bytes(made.to_bytes())
    assert read == made
    assert (read.scheme, read.text_hash, read.n_words, read.bands) == (SCHEME, made.text_hash, made.n_words, made.bands)
    assert np.array_equal(read.shingles, made.shingles)
    assert np.array_equal(read.facts, made.facts)


@given(st.text(max_size=300))
def test_any_text_has_a_fingerprint_that_survives_storage(text: str) -> None:
    made = fingerprint(text)
    assert Fingerprint.from_bytes(made.to_bytes()) == made
    assert len(made.bands) in {0, N_SHINGLE_BANDS, N_BANDS}


def test_bytes_of_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match="not a fingerprint"):
        Fingerprint.from_bytes(b"PK\x03\x04 something else entirely")


def test_bands_fit_a_signed_64_bit_column_and_carry_their_number() -> None:
    bands = fingerprint(f"{article(1)}. Mayor Anna Berg said 1,250 homes in Lund were flooded.").bands
    assert len(bands) == N_BANDS == len(set(bands))
    assert all(0 <= band < 2**63 for band in bands)
    assert [band & 63 for band in bands] == list(range(N_BANDS))
    assert [is_fact_band(band) for band in bands] == [number >= N_SHINGLE_BANDS for number in range(N_BANDS)]


def test_stored_fingerprints_stay_valid_as_long_as_the_scheme_keeps_its_name() -> None:
    made = fingerprint("The council of the town voted on Monday to close the old bridge for repairs.")
    assert made.text_hash == "6ea9f1f04068fd9be0ecb405f260e703"
    assert (made.bands[0], made.bands[35]) == (129890118317768192, 347428662952079587)
    assert int(made.shingles[0]) == 416191530929779750
    factual = fingerprint("Mayor Anna Berg said 1,250 homes in Lund were flooded.")
    assert (factual.bands[59], int(factual.facts[0])) == (100497915130553147, 2200008754699632516)


def test_a_text_with_hardly_a_fact_has_no_bands_of_facts() -> None:
    assert len(fingerprint(article(1)).bands) == N_SHINGLE_BANDS


def test_numbers_and_names_are_told_apart_by_their_lowest_bit() -> None:
    facts = fingerprint("On that day 1,250 homes and 3 schools near Lund were flooded, said Anna Berg.").facts
    assert Counter(int(fact) & 1 for fact in facts) == {0: 4, 1: 2}


def test_a_publisher_and_an_agency_that_the_caller_names_are_no_facts() -> None:
    text = "It rained, the mayor told Reuters in Lund."
    assert len(fingerprint(text, ("Reuters",)).facts) == len(fingerprint(text).facts) - 1


def test_german_nouns_are_no_names() -> None:
    text = "Am Montag hat die Feuerwehr von Lund den Brand im Keller der Schule von Anna Berg gelöscht."
    assert len(fingerprint(text, language="de").facts) < len(fingerprint(text).facts)


def retold(seed: int) -> tuple[str, str]:
    """Two texts that have eight names and numbers in common, and no three words in a row."""
    chosen = random.Random(seed)
    shared = [f"{chosen.choice(VOCABULARY).title()}" for _ in range(6)] + [
        str(chosen.randrange(100, 9999)) for _ in "ab"
    ]
    texts = []
    for _ in range(2):
        order = [*shared, *(chosen.choice(VOCABULARY).title() for _ in range(3))]
        chosen.shuffle(order)
        texts.append(" ".join(f"{chosen.choice(VOCABULARY)} {fact} {chosen.choice(VOCABULARY)}" for fact in order))
    return texts[0], texts[1]


def test_texts_that_retell_the_same_facts_in_other_words_share_a_band() -> None:
    made = [[fingerprint(text) for text in retold(seed)] for seed in range(60)]
    assert not any(len(np.intersect1d(a.shingles, b.shingles)) for a, b in made)
    assert sum(share_a_band(a, b) for a, b in made) >= 57


def test_an_empty_text_has_no_bands_and_no_shingles() -> None:
    made = fingerprint("  \n … !")
    assert (made.n_words, made.bands, len(made.shingles), len(made.facts)) == (0, (), 0, 0)


def test_markup_of_quotes_case_and_dashes_does_not_change_the_hash() -> None:
    assert fingerprint("“It’s over” — she SAID").text_hash == fingerprint('"It\'s over" - she said').text_hash


def test_word_order_changes_the_shingles() -> None:
    assert not set(fingerprint("alpha beta gamma").shingles) & set(fingerprint("gamma beta alpha").shingles)


def test_chinese_text_is_compared_by_pairs_of_characters() -> None:
    text = "国务院总理周五在北京会见了来访的外国代表团，双方就经贸合作交换了意见，并签署了多项协议。"
    longer = text + "会谈结束后，双方共同会见了记者，回答了关于贸易、投资和旅游的提问。"
    short, long = fingerprint(text), fingerprint(longer)
    assert short.n_words > 30
    assert len(np.intersect1d(short.shingles, long.shingles)) >= 0.9 * len(short.shingles)
    assert share_a_band(short, long)


def test_dateline_agency_line_and_credit_are_left_out_when_named() -> None:
    body = "The river rose by two metres overnight and flooded the old town.\nHundreds of people left their homes."
    wire = f"PARIS (NWA) — {body}\nNorthern Wire Agency"
    ignored = ("PARIS (NWA)", "Northern Wire Agency")
    assert fingerprint(wire, ignored).text_hash == fingerprint(body).text_hash
    assert fingerprint(wire).text_hash != fingerprint(body).text_hash


def test_an_ignored_word_stays_where_it_is_part_of_the_story() -> None:
    text = "The Herald was bought on Monday.\nReaders of the Herald were told on Tuesday."
    assert without(text, ("Herald",)) == text


def test_an_ignored_phrase_at_the_end_of_the_last_line_goes() -> None:
    assert without("It rained all day. (Herald)", ("herald",)) == "It rained all day."


@pytest.mark.parametrize("n_kept", [100, 150, 200])
def test_truncated_copies_share_a_band(n_kept: int) -> None:
    for seed in range(40):
        text = article(seed)
        assert share_a_band(fingerprint(text), fingerprint(" ".join(text.split()[:n_kept])))


def test_copies_with_every_tenth_word_replaced_share_a_band() -> None:
    for seed in range(40):
        tokens = article(seed).split()
        tokens[::10] = [f"{token}x" for token in tokens[::10]]
        assert share_a_band(fingerprint(article(seed)), fingerprint(" ".join(tokens)))


def test_unrelated_texts_rarely_share_a_band() -> None:
    made = [fingerprint(article(seed)) for seed in range(60)]
    n_colliding = sum(share_a_band(a, b) for i, a in enumerate(made) for b in made[:i])
    assert n_colliding <= 5  # of 1,770 pairs

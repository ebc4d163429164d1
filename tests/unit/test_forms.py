"""The stored forms of a wording, and the quick ways to its words: they are what their definitions say."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.query.forms import forms_of, revision_hash
from monitor.query.matching import index_words
from monitor.text.normalise import TOKEN, fold, text_hash, tokens_of
from monitor.text.tokens import n_words, words

TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="ab.U S5%,'!\n\t_1?\")x`", max_size=60),
    st.text(alphabet="aZü 。.!?’'\"`%5,０１\n\x1c\x7f\x85\u200b\u0301s”)（日本ก€¼ß¨\u0b3f\u2028-«", max_size=60),
)


@given(TEXTS, TEXTS)
@example("Up by 5", "% of all")
@example("Zürich\x7f", "a\x7fb c`s")
def test_forms_are_those_of_the_index_and_the_hashes(title: str, text: str) -> None:
    forms = forms_of(title, text)
    assert forms.folded == f" {' '.join(index_words(title, text).words)} "
    assert (forms.text_hash, forms.revision_hash) == (text_hash(text), revision_hash(title, text))


@given(TEXTS)
def test_words_are_counted_as_they_are_told(text: str) -> None:
    assert n_words(text) == len(words(text))


@given(TEXTS)
def test_ascii_is_parted_as_everything_else(text: str) -> None:
    assert tokens_of(fold(text)) == TOKEN.findall(fold(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann's 1,000 U.S. votes, 2nd of 1.5m: 20 %", ["ann", "1000", "us", "votes", "2nd", "of", "1.5m", "20%"]),
        ("Zürich: 3,5 % mehr", ["zurich", "3.5%", "mehr"]),
        ("東京 2026年 Tokyo's", ["東京", "2026", "年", "tokyo"]),
    ],
)
def test_words_of_plain_accented_and_unspaced_text(text: str, expected: list[str]) -> None:
    assert words(text) == expected

"""Passages outside quotations, and names of outlets and agencies in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dedup.fingerprint import fingerprint
from monitor.dedup.passages import has_own_quotations, names_any, shared_passages

STATEMENT = "we will rebuild the harbour stone by stone and no family of this town will be left behind"
OWN = "The minister came by train and walked through the empty market before anybody had noticed that she was there."
OTHER = (
    "Outside the hall fishermen waited in the rain, and some of them turned their backs when the car drove up to it."
)


@pytest.mark.parametrize("marks", ['""', "“”", "„“", "«»", "»«", "‘’"])
def test_a_statement_that_both_quote_is_no_passage(marks: str) -> None:
    quoted = f"{marks[0]}{STATEMENT}{marks[1]}"
    assert shared_passages(f"{OWN} {quoted}, she said.", f"{OTHER} {quoted}, the minister said.") == 0


def test_words_of_a_reporter_that_stand_in_both_are_a_passage() -> None:
    assert shared_passages(f"{OWN} {OTHER}", f"{STATEMENT} {OWN}") > 0.2


def test_a_statement_that_one_of_two_sets_without_marks_is_no_passage() -> None:
    assert shared_passages(f"{OWN}\n{STATEMENT}", f'{OTHER} "{STATEMENT}", she said.') == 0


def test_a_post_set_into_both_is_no_passage() -> None:
    post = f"{STATEMENT} https://t.example/4kH — Ida Berg-Lund (@idaberg) March 2, 2026"
    assert shared_passages(f"{OWN}\n{post}", f"{OTHER}\n{post}") == 0


@pytest.mark.parametrize("marks", ['""', "“”"])
def test_a_quotation_of_several_paragraphs_is_one_to_its_last(marks: str) -> None:
    quoted = f"{marks[0]}{STATEMENT}\n{marks[0]}{STATEMENT} again{marks[1]}"
    assert shared_passages(f"{OWN}\n{quoted}", f"{OTHER}\n{quoted}") == 0


def test_apostrophes_open_no_quotation() -> None:
    text = "It wasn’t the mayor’s idea to close the harbour’s old gate for the whole of the summer, and she said so."
    assert shared_passages(text, text) == 1


def test_quotation_marks_without_end_are_read_in_time() -> None:
    for opening in ("-'a", "“", '"', "„a", "«", "— a (@b", "—" * 300 + "(@b)\n", '\n"a'):
        assert shared_passages(opening * 100_000, OWN) == 0


@pytest.mark.parametrize("marks", ['""', "“”", "„“", "«»", "»«", "‘’"])
def test_a_quotation_that_the_other_text_has_not_is_a_text_s_own(marks: str) -> None:
    text = f"{OWN} {marks[0]}{STATEMENT}{marks[1]}, she said."
    assert has_own_quotations(text, fingerprint(OTHER).shingles)
    assert not has_own_quotations(text, fingerprint(f"{OTHER} {STATEMENT}, the minister said.").shingles)
    assert not has_own_quotations(f"{OWN} {OTHER}", fingerprint(OTHER).shingles)


@given(
    quotations=st.lists(st.lists(st.sampled_from("abcdefg"), min_size=3, max_size=12), max_size=8),
    other=st.lists(st.sampled_from("abcdefg"), max_size=60),
)
def test_a_quotation_is_a_text_s_own_by_less_than_half_of_its_shingles(
    quotations: list[list[str]], other: list[str]
) -> None:
    def shingles(tokens: list[str]) -> set[tuple[str, ...]]:
        return {tuple(tokens[i : i + 3]) for i in range(max(1, len(tokens) - 2))} if tokens else set()

    long = [shingles(each) for each in quotations if len(each) >= 5]
    expected = any(2 * len(each & shingles(other)) < len(each) for each in long)
    text = ", ".join(f"“{' '.join(each)}”" for each in quotations)
    assert has_own_quotations(text, fingerprint(" ".join(other)).shingles) == expected


def test_of_thousands_of_quotations_only_the_first_are_asked() -> None:
    many, other = f"“{STATEMENT}” " * 2_000, fingerprint(STATEMENT).shingles
    assert not has_own_quotations(f"{many} “{OWN}”", other)
    assert has_own_quotations(f"“{OWN}” {many}", other)


def test_a_title_in_marks_is_no_quotation() -> None:
    assert not has_own_quotations(f"{OWN} He read from “The Long Harbour”.", fingerprint(OTHER).shingles)


def test_texts_without_passages_share_none() -> None:
    assert shared_passages("", OWN) == 0
    assert shared_passages("", "") == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The bank will close, Tideline reported on Monday.", "Tideline"),
        ("The bank will close, TIDELINE reported.", "tideline.example"),
        ("Die Bank schließt, meldet die dpa.", "dpa"),
        ("The bank will close, Tideline reported.", "Tideline (Video)"),
        ("El banco cerrará, según informó Brújula.", "Agencia Brújula"),
        ("Le Courrier Du Nord l’annonce.", "courrier-du-nord"),
        ("Банк закроется (по материалам «Вестового»).", "Агентство «Вестовой»"),
        ("据北方社报道，银行将关闭。", "北方社"),
    ],
)
def test_a_text_names_an_outlet_in_any_of_its_forms(text: str, name: str) -> None:
    assert names_any(text, [name])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("At that time nobody knew.", "time.example"),
        ("The tidelines moved.", "Tideline"),
        ("A view of the square. (Ann Lee/Tideline)", "Tideline"),
        ("Nothing was said.", ""),
    ],
)
def test_words_and_picture_credits_name_no_outlet(text: str, name: str) -> None:
    assert not names_any(text, [name])

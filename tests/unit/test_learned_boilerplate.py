"""Sentences that end or begin most texts of a source are boilerplate, whatever the order of the texts."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.boilerplate import learn_boilerplate, sentence_key, without_boilerplate

FOLLOW = "Follow us on our channels for more."
RIGHTS = "Copyright 2026 Harbour Post. All rights reserved."


def body(number: int, n: int = 5) -> list[str]:
    return [f"Report {number * 31 + n}: the council of town {chr(97 + number % 26)}{number} voted on item {k} "
            f"after a debate of {'long ' * (k + 1)}hours in hall number{chr(97 + k)}." for k in range(n)]  # fmt: skip


def texts(n: int, *end: str, start: Sequence[str] = (), first: int = 0) -> list[str]:
    return ["\n".join([*start, *body(number), *end]) for number in range(first, first + n)]


def learned(some: Sequence[str], **kwargs: Sequence[str]) -> set[str]:
    return {one.sentence for one in learn_boilerplate(some, **kwargs)}


def test_a_line_that_ends_most_texts_is_learned_with_how_often_it_was_seen() -> None:
    [found] = learn_boilerplate([*texts(6, FOLLOW), *texts(4, first=10)])
    assert (found.sentence, found.edge, found.n_articles) == (FOLLOW, "end", 6)


def test_a_line_that_ends_half_of_the_texts_or_four_of_them_is_not() -> None:
    assert learned([*texts(5, FOLLOW), *texts(5, first=10)]) == set()
    assert learned(texts(4, FOLLOW)) == set()


def test_a_line_among_the_last_three_and_one_among_the_first_two_count() -> None:
    some = ["\n".join(["Harbour Post", *body(k), FOLLOW, f"Photo {chr(97 + k)}: Ann.", f"Room {chr(97 + k)}."])
            for k in range(8)]  # fmt: skip
    assert {(one.sentence, one.edge) for one in learn_boilerplate(some)} == {(FOLLOW, "end"), ("Harbour Post", "start")}


def test_the_last_sentence_of_the_last_paragraph_counts() -> None:
    some = ["\n".join([*body(k)[:-1], f"{body(k)[-1]} {FOLLOW}"]) for k in range(6)]
    assert learned(some) == {FOLLOW}
    assert without_boilerplate(some[0].splitlines(), [FOLLOW]) == tuple(body(0))


def test_years_and_typography_do_not_tell_sentences_apart() -> None:
    some = [text.replace("2026", str(2020 + number)) for number, text in enumerate(texts(6, RIGHTS))]
    assert len(learned(some)) == 1
    assert without_boilerplate([*body(1), RIGHTS.replace("2026", "1999").upper()], [RIGHTS]) == tuple(body(1))
    assert sentence_key("“Follow us”, he said") == sentence_key('"follow us" he said')


def test_copies_of_one_text_count_once() -> None:
    copied = "\n".join([*body(1), FOLLOW])
    assert learned([copied] * 9) == set()
    changed = [copied.replace("item 2", f"item {'x' * k}") for k in range(9)]
    assert learned(changed) == set()
    longer = "\n".join([*body(2, n=9), FOLLOW])
    assert learned([longer.replace("item 7", f"item {'x' * k}") for k in range(9)]) == set()


def test_a_line_that_is_most_of_its_articles_or_very_long_is_none() -> None:
    short = [f"Word {chr(97 + k)}.\nThe market was quiet today and nothing at all was sold." for k in range(8)]
    assert learned(short) == set()
    assert learned(texts(8, "word " * 61)) == set()


def test_what_is_uncovered_is_learned_in_the_same_go() -> None:
    ends = [f"{word} us now." for word in ("Ask", "Call", "Mail", "Meet", "Pay", "Tell")]
    some = texts(8, *ends)
    found = learned(some)
    assert found == set(ends)
    assert without_boilerplate(some[0].splitlines(), found) == tuple(body(0))


def test_a_rejected_sentence_is_not_learned_and_a_known_one_is_not_learned_again() -> None:
    some = texts(8, FOLLOW, RIGHTS)
    assert learned(some, rejected=[FOLLOW]) == {RIGHTS}
    assert learned(some, known=[FOLLOW]) == {RIGHTS}


def test_the_same_sentence_inside_an_article_stays() -> None:
    lines = [*body(1)[:2], FOLLOW, *body(1)[2:], FOLLOW]
    assert without_boilerplate(lines, [FOLLOW]) == tuple(lines[:-1])


def test_a_text_of_boilerplate_alone_stays_as_it_is() -> None:
    assert without_boilerplate([FOLLOW, RIGHTS], [FOLLOW, RIGHTS]) == (FOLLOW, RIGHTS)
    assert without_boilerplate([], [FOLLOW]) == ()


@pytest.mark.parametrize(
    "line", ["请关注我们的频道。", "تابعونا على قنواتنا", "ติดตามเราได้ที่ช่องของเรา", "Подписывайтесь на нас"]
)
def test_every_script_has_boilerplate(line: str) -> None:
    assert learned(texts(6, line)) == {line}


LINES = st.sampled_from([FOLLOW, RIGHTS, "Harbour Post", "***", "", "Ann Lee"])
SOURCES = st.lists(st.tuples(st.lists(LINES, max_size=2), st.lists(LINES, max_size=4)), max_size=12)


@given(SOURCES, st.randoms(use_true_random=False))
def test_the_order_of_the_texts_does_not_matter(
    edges: list[tuple[list[str], list[str]]], chance: random.Random
) -> None:
    some = ["\n".join([*start, *body(number), *end]) for number, (start, end) in enumerate(edges)]
    found = learn_boilerplate(some)
    shuffled = list(some)
    chance.shuffle(shuffled)
    assert learn_boilerplate(shuffled) == found


@given(st.lists(LINES | st.just("A report on the old bridge."), max_size=10), st.sets(LINES))
def test_stripping_twice_is_stripping_once_and_takes_nothing_from_within(lines: list[str], rules: set[str]) -> None:
    once = without_boilerplate(lines, rules)
    assert without_boilerplate(once, rules) == once
    rest = iter(lines)
    assert all(line in rest for line in once)

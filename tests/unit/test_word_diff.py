"""Word differences between two texts: complete, readable, in every script, and bounded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.word_diff import Segment, common, diff_words, shortened

WORDS = st.sampled_from(["the", "the", "council", "bridge", "東", "京", "ก็", "हिन्दी", "3,5", "don't", "."])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), max_size=6).map("\n".join)


def side(segments: Sequence[Segment], other: str) -> str:
    """One of the two texts, without white space: which of it is shown beside changed words does not matter."""
    return "".join("".join(segment.text for segment in segments if segment.kind != other).split())


def changed(before: str, after: str) -> list[tuple[str, str]]:
    return [(one.kind, one.text.strip()) for one in diff_words(before, after) if one.kind != "same"]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_segments(before: str, after: str) -> None:
    segments = diff_words(before, after)
    assert side(segments, "added") == "".join(before.split())
    assert side(segments, "removed") == "".join(after.split())
    assert all(segment.text for segment in segments)


@given(TEXTS)
def test_equal_texts_have_no_changes(text: str) -> None:
    assert {segment.kind for segment in diff_words(text, text)} <= {"same"}
    assert shortened(diff_words(text, text)) == ()


@given(st.lists(st.sampled_from("abc"), max_size=14), st.lists(st.sampled_from("abc"), max_size=14))
def test_what_is_common_is_as_long_as_can_be_also_when_halved(a: list[str], b: list[str]) -> None:
    lengths = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            lengths[i + 1][j + 1] = (
                lengths[i][j] + 1 if one == other else max(lengths[i][j + 1], lengths[i + 1][j])
            )  # fmt: skip
    for max_cells in (1, 1_000):
        found = common(a, b, max_table_cells=max_cells)
        assert len(found) == lengths[-1][-1]
        assert all(a[i] == b[j] for i, j in found)
        assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(found))


def test_a_changed_word_is_told_and_the_rest_is_not() -> None:
    before = "Nine people died in Arequipa.\nThe president spoke."
    after = "Twelve people died in Arequipa.\nThe president spoke."
    assert changed(before, after) == [("removed", "Nine"), ("added", "Twelve")]


def test_a_new_paragraph_is_one_addition() -> None:
    before = "First one here.\nLast one here."
    assert changed(before, "First one here.\nA new one here.\nLast one here.") == [("added", "A new one here.")]
    assert changed(before, f"{before}\nAt the end.") == [("added", "At the end.")]
    assert changed("A x one.\nB y.", "A z one.\nNew.\nB y.")[-1] == ("added", "New.")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("東京で大地震が発生した。", "大阪で大地震が発生した。", [("removed", "東京"), ("added", "大阪")]),
        ("地震で9人が死亡", "地震で12人が死亡", [("removed", "9"), ("added", "12")]),
        ("รัฐบาลไทยประกาศ", "รัฐบาลลาวประกาศ", [("removed", "ไทย"), ("added", "ลาว")]),
        ("हिन्दी में लिखा गया", "हिन्दी में कहा गया", [("removed", "लिखा"), ("added", "कहा")]),
        ("한국 정부는 말했다", "미국 정부는 말했다", [("removed", "한국"), ("added", "미국")]),
        ("It cost 1,500 euros", "It cost 1,700 euros", [("removed", "1,500"), ("added", "1,700")]),
    ],
)
def test_every_script_is_compared_by_what_its_readers_call_words(
    before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    assert changed(before, after) == expected


def test_words_common_by_chance_do_not_cut_a_rewritten_sentence_into_pieces() -> None:
    before = "Rescue teams of the coast guard searched for the crew of a capsized trawler all night"
    after = "Hopes of finding survivors faded as the operation off a northern island was called off"
    assert changed(before, after) == [("removed", before), ("added", after)]


def test_long_unchanged_stretches_are_shortened_to_some_words_beside_each_change() -> None:
    words = [f"w{number}" for number in range(100)]
    before, after = " ".join(words), " ".join([*words[:50], "new", *words[51:]])
    short = shortened(diff_words(before, after), n_context=3)
    assert [(one.kind, one.text.strip()) for one in short] == [
        ("left_out", ""), ("same", "w47 w48 w49"), ("removed", "w50"), ("added", "new"), ("same", "w51 w52 w53"),
        ("left_out", ""),
    ]  # fmt: skip


def test_what_is_left_out_tells_whether_a_paragraph_ended_in_it() -> None:
    before = "\n".join(" ".join(f"{name}{number}" for number in range(20)) for name in "ab")
    within = shortened(diff_words(before, before.replace("a0 ", "x0 ").replace("a19", "x19")), n_context=3)
    across = shortened(diff_words(before, before.replace("a0 ", "x0 ").replace("b19", "x19")), n_context=3)
    assert [one.text for one in within if one.kind == "left_out"] == ["", ""]
    assert [one.text for one in across if one.kind == "left_out"] == ["\n"]


def test_two_texts_too_long_to_compare_are_told_as_replaced() -> None:
    words = [f"w{number}" for number in range(60)]
    before, after = " ".join(words), " ".join(["same", *words[1:30], "x", *words[31:59], "end"])
    short = diff_words(before, after, max_cells=100)
    assert [one.kind for one in short if one.kind != "same"] == ["removed", "added"]
    assert side(short, "removed") == "".join(after.split())


@pytest.mark.slow
def test_texts_of_a_hundred_thousand_words_without_anything_in_common_are_compared() -> None:
    chance = random.Random(7)
    before, after = (" ".join(chance.choices(["the", "of", *map(str, range(5_000))], k=100_000)) for _ in range(2))
    assert side(diff_words(before, after), "removed") == "".join(after.split())

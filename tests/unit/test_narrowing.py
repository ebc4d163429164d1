from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.query.grammar import parse
from monitor.query.matching import match
from monitor.query.narrowing import MAX_GROUPS, required_words
from monitor.text.tokens import words


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ("paris", (("paris",),)),
        ("paris summit", (("summit",), ("paris",))),
        ('"peace talks"', (("peace",), ("talks",))),
        ("paris OR rome", (("paris", "rome"),)),
        ("kyiv (paris OR rome)", (("kyiv",), ("paris", "rome"))),
        ("paris -football", (("paris",),)),
        ('("peace negotiations" here) OR rome', (("negotiations", "rome"),)),
        ("Élysée", (("elysee",),)),
        ("习近平", (("习近",), ("近平",))),
        ("京", ()),
        ("京 OR paris", ()),
        ("京 paris", (("paris",),)),
    ],
)
def test_of_each_group_one_word_must_occur(query: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert required_words(parse(query)) == groups


def test_a_long_phrase_gives_only_the_most_selective_groups() -> None:
    groups = required_words(parse('"a bb ccc dddd eeeee ffffff ggggggg hhhhhhhh iiiiiiiii"'))
    assert len(groups) == MAX_GROUPS
    assert groups[0] == ("iiiiiiiii",)
    assert ("a",) not in groups


pieces = st.sampled_from(["a", "b", "c", "AND", "OR", "NOT", "(", ")", '"a b"', '"b c"', "-"])
texts = st.lists(st.sampled_from("abc"), max_size=6).map(" ".join)


@given(st.lists(pieces, min_size=1, max_size=12).map(" ".join), texts, texts)
def test_no_article_that_matches_is_ruled_out(query: str, title: str, text: str) -> None:
    try:
        node = parse(query.replace("- ", "-"))
    except QueryError:
        return
    present = {*words(title), *words(text)}
    groups = required_words(node)
    assert groups
    if match(node, title=title, text=text) is not None:
        assert all(present & set(group) for group in groups)

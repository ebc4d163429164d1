from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.query.grammar import MAX_DEPTH, And, Node, Not, Or, Phrase, Term, describe, parse

A, B, C = Term("a"), Term("b"), Term("c")


@pytest.mark.parametrize(
    ("query", "node"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a and b OR c", Or((And((A, B)), C))),
        ("a b or c", Or((And((A, B)), C))),
        ("a (b or c)", And((A, Or((B, C))))),
        ("a -b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("a AND NOT (b c)", And((A, Not(And((B, C)))))),
        ("a -(b or c)", And((A, Not(Or((B, C)))))),
        ('a -"b c"', And((A, Not(Phrase(("b", "c")))))),
        ("a NOT NOT b", And((A, B))),
        ("(a)", A),
        ("((a) b) c", And((A, B, C))),
        ("a a", A),
        ("a OR a OR b", Or((A, B))),
        ('"a b"', Phrase(("a", "b"))),
        ('"a"', A),
        ('"AND" or "not"', Or((Term("and"), Term("not")))),
        ("“a b” „c”", And((Phrase(("a", "b")), C))),
        ("«a b»", Phrase(("a", "b"))),
        ("a –b", And((A, Not(B)))),
        ("Élysée", Term("elysee")),
        ("COVID-19", Phrase(("covid", "19"))),
        ("U.S.", Term("us")),
        ("1,000", Term("1000")),
        ("20%", Term("20%")),
        ("a,b", Phrase(("a", "b"))),
        ("北京", Term("北京")),
        ("习近平", Phrase(("习近", "近平"))),
        ("  a\t\n b ", And((A, B))),
    ],
)
def test_a_query_is_read(query: str, node: Node) -> None:
    assert parse(query) == node


def test_a_term_remembers_how_it_was_written() -> None:
    node = parse("Zelenskyj")
    assert isinstance(node, Term)
    assert (node.word, node.text) == ("zelenskyj", "Zelenskyj")


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("-a", 0, "only takes away"),
        ("NOT a", 0, "only takes away"),
        ("a OR -b", 5, "only takes away"),
        ("(a OR NOT b) OR c", 6, "only takes away"),
        ("a AND", 5, "ends after"),
        ("a OR", 4, "ends after"),
        ("a NOT", 5, "ends after"),
        ("AND a", 0, "both sides"),
        ("a OR OR b", 5, "both sides"),
        ("a AND OR b", 6, "both sides"),
        ("(a", 0, "never closed"),
        ("a)", 1, "closes nothing"),
        ("()", 1, "Nothing stands before"),
        ("a ()", 3, "Nothing stands before"),
        ('a "b', 2, "never closed"),
        ('a ""', 2, "no letter or digit"),
        ("a & b", 2, "no letter or digit"),
        ("a - b", 2, "dash alone"),
        ("a --b", 2, "dash alone"),
        ("elect* b", 0, "Wildcards"),
        ('"peace t*lks"', 0, "Wildcards"),
        ("b title:paris", 2, "Fields"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_position(query: str, position: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as refused:
        parse(query)
    assert refused.value.position == position
    assert refused.value.args[0].endswith(".")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("a" * 2_001, "2000 are allowed"),
        (" OR ".join(f"w{n}" for n in range(201)), "more than 200 terms"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "deeper than 50"),
        ("a " + "NOT " * (MAX_DEPTH + 1) + "b", "deeper than 50"),
        ("(" * 2_000, "deeper than 50"),
    ],
)
def test_a_query_beyond_the_limits_is_refused(query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        parse(query)


def test_a_query_within_the_limits_is_read() -> None:
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    assert isinstance(parse(" OR ".join(f"w{n}" for n in range(200))), Or)


def test_the_refusal_shows_hostile_text_on_one_line() -> None:
    with pytest.raises(QueryError) as refused:
        parse("a\n\x1b[31m\u202e (")
    assert str(refused.value).count("\n") == 2
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "described"),
    [
        ("paris summit", "paris AND summit"),
        ("paris (summit or “peace talks”) -football", 'paris AND (summit OR "peace talks") AND NOT football'),
        ('"or" U.S. Côte-d’Or', '"or" AND "U.S." AND "Côte-d’Or"'),
        ("a OR b c", "a OR (b AND c)"),
        ("a -(b or c)", "a AND NOT (b OR c)"),
    ],
)
def test_a_query_is_described_in_full(query: str, described: str) -> None:
    assert describe(parse(query)) == described


pieces = st.sampled_from(
    ["a", "Été", "and", "OR", "not", "(", ")", "-", '"', "“", "x-y", "U.S.", "&", " ", " ", "习近平", "*"]
)


@given(st.lists(pieces, max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused_and_its_description_means_the_same(query: str) -> None:
    node: Node | None = None
    position = 0
    try:
        node = parse(query)
    except QueryError as refused:
        position = refused.position
    assert 0 <= position <= len(query)
    assert node is None or parse(describe(node)) == node

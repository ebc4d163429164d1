from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from monitor.errors import QueryError
from monitor.query.grammar import parse
from monitor.query.matching import index_words, match
from monitor.query.narrowing import required_words
from monitor.store import search
from monitor.store import tables as t
from monitor.store.engine import Connection, Store, open_store
from monitor.types import ArticleId
from tests.store.rows import HOUR, NOW, add_article, article_row, count, make_article, save_text

TEXTS = [
    ("Café in Zürich", "Crème brûlée is served. It costs 1,000 francs."),
    ("U.S. report", "The port of 20 % growth; Ankara's mayor said so."),
    ("東京の会議", "日本の首相は東京で会議に出席した。"),
    ("100% off", "An under_score and a back\\slash and a sl/ash."),
    ("Reports", "Nothing else."),
    ("Żółć и ёлка", "Мир. السلام عليكم"),
]


def fill(conn: Connection) -> list[ArticleId]:
    return [
        make_article(conn, f"https://one.example/{number}", title=title, body=body, seen_at=NOW + number * HOUR)
        for number, (title, body) in enumerate(TEXTS)
    ]


def found(conn: Connection, *groups: tuple[str, ...]) -> list[int]:
    """Places in TEXTS."""
    return [int(article.url.rpartition("/")[2]) for article in search.narrow(conn, groups)]


def asked(conn: Connection, query: str) -> list[int]:
    return sorted(
        int(one.article.url.rpartition("/")[2]) for one in search.search(conn, parse(query), limit=9).articles
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cafe", [0]),
        ("CAFÉ zurich", [0]),
        ("creme", [0]),
        ("1000", [0]),
        ('"1,000 francs"', [0]),
        ("US", [1]),
        ("U.S.", [1]),
        ("20%", [1]),
        ("ankara", [1]),
        ("port", [1]),
        ("東京", [2]),
        ("会議 首相", [2]),
        ("100%", [3]),
        ("under_score", [3]),
        ("zolc", [5]),
        ("елка", [5]),
        ("السلام", [5]),
        ("report OR reports", [1, 4]),
        ("nothing -else", []),
        ("nowhere", []),
    ],
)
def test_a_query_finds_the_same_on_both_databases(store: Store, query: str, expected: list[int]) -> None:
    with store.begin() as conn:
        fill(conn)
        assert asked(conn, query) == expected


@pytest.mark.parametrize("word", ["%", "_", "ca%", "caf_", "%e%", "/", "\\", "'", '"', " ", "[a-z]"])
def test_wildcards_in_a_word_are_letters_like_others(store: Store, word: str) -> None:
    with store.begin() as conn:
        fill(conn)
        assert found(conn, (word,)) == []


def test_one_word_of_each_group_must_occur(store: Store) -> None:
    with store.begin() as conn:
        fill(conn)
        assert found(conn, ("cafe", "port")) == [1, 0]
        assert found(conn, ("cafe", "port"), ("growth",)) == [1]
        assert found(conn, ("cafe",), ("growth",)) == []
        assert found(conn, ()) == found(conn) == [5, 4, 3, 2, 1, 0]


def test_a_word_is_not_found_inside_another(store: Store) -> None:
    with store.begin() as conn:
        fill(conn)
        assert found(conn, ("port",)) == [1]
        assert found(conn, ("repor",)) == []


def test_the_newest_text_is_searched_and_articles_without_text_are_not(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://one.example/7")
        article_id = make_article(conn, "https://one.example/8", body="before")
        save_text(conn, article_id, body="after")
        assert found(conn, ("before",)) == []
        assert found(conn, ("after",)) == [8]
        assert found(conn) == [8]


def test_more_articles_than_a_batch_are_all_read(store: Store) -> None:
    n_rows = search.BATCH + 1
    with store.begin() as conn:
        row = {**article_row(conn, make_article(conn, "https://one.example/0")), "match_due_at": None}
        rows = [{**row, "id": n, "url": f"https://one.example/{n}", "arrival_no": n} for n in range(2, n_rows + 1)]
        conn.execute(insert(t.articles), rows)
        assert len(set(found(conn))) == n_rows


def test_the_best_matches_are_kept_and_all_are_counted(store: Store) -> None:
    with store.begin() as conn:
        for number in range(5):
            make_article(conn, f"https://one.example/{number}", body="the same word", seen_at=NOW + number * HOUR)
        best = make_article(conn, "https://one.example/9", title="word word", body="word")
        result = search.search(conn, parse("word"), limit=3)
    assert (result.n_total, len(result.articles)) == (6, 3)
    assert result.articles[0].article.id == best
    assert [one.article.url[-1] for one in result.articles[1:]] == ["4", "3"]


@pytest.fixture
def sqlite_conn(sqlite_url: str) -> Iterator[Connection]:
    """SQLite alone: what is compared is the column, which is the same on both."""
    store = open_store(sqlite_url)
    with store.begin() as conn:
        yield conn
    store.close()


WORDS = st.sampled_from(
    [
        "U.S.",
        "1,000",
        "1.5",
        "20 %",
        "Ankara's",
        "東京都",
        "ไทย",
        "naïve",
        "co-op",
        "A.B",
        "x_y",
        "İstanbul",
        "ﬁne",
        "½",
        "٣",
        "e.g.",
        "#tag",
        "中a文",
    ]
)
SENTENCES = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=8).map(" ".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=SENTENCES, body=SENTENCES, data=st.data())
def test_narrowing_never_rules_out_an_article_that_the_query_matches(
    sqlite_conn: Connection, title: str, body: str, data: st.DataObject
) -> None:
    words = [word for word in index_words(title, body).words if word]
    if not words:
        return
    query = f'"{data.draw(st.sampled_from(words))}"'
    try:
        node = parse(query)
    except QueryError:
        return
    if match(node, title=title, text=body) is None:
        return
    url = f"https://one.example/{count(sqlite_conn, 'articles')}"
    saved = make_article(sqlite_conn, url, title=title, body=body)
    assert saved in {article.id for article in search.narrow(sqlite_conn, required_words(node))}

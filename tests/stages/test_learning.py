"""What ends most articles of a source is learned, and leaves them, in whatever order they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from monitor import learning
from monitor.app import App, open_app
from monitor.config import Database, Settings
from monitor.errors import NotFoundError
from monitor.store import boilerplate, pages
from monitor.store import tables as t
from monitor.store.engine import Store
from monitor.store.hints import load_hints
from monitor.types import Method, Progress
from tests.store.rows import HOUR, NOW, add_article, article_row, claim_page, count, extracted, make_article, response

FOLLOW = "Follow us on our channels for more."
DOMAIN = "one.example"


def body(number: int) -> str:
    return "\n".join(
        f"Report {number} of the town of {chr(97 + number) * 3}: the council voted on the {word} after a debate of "
        f"{number + 2} hours in {chr(97 + number) * 4} hall."
        for word in ("bridge", "school", "harbour", "theatre")
    )


def texts(n: int, end: str = FOLLOW) -> list[str]:
    return [f"{body(number)}\n{end}" for number in range(n)]


class _Opened:
    """An app over a store that a test has already."""

    def __init__(self, app: App, store: Store) -> None:
        self.app = replace(app, store=store, clock=lambda: NOW + HOUR)
        self.store = store

    def add(
        self, some: Sequence[str], *, host: str = DOMAIN, first: int = 0, method: Method = Method.PAGE
    ) -> list[int]:
        with self.store.begin() as conn:
            return [
                make_article(conn, f"https://{host}/{first + number}", title=f"T{number}", body=text, method=method)
                for number, text in enumerate(some)
            ]

    def learn(self) -> int:
        """Until nothing is left to do; how many looks it took."""
        n_looks = 0
        while learning.run(self.app) != Progress():
            n_looks += 1
            assert n_looks < 50
        return n_looks

    def texts(self) -> dict[str, str]:
        with self.store.read() as conn:
            return dict(conn.execute(select(t.articles.c.url, t.articles.c.text)).all())

    def revisions(self, article_id: int) -> list[dict[str, Any]]:
        with self.store.read() as conn:
            rows = select(t.revisions).where(t.revisions.c.article_id == article_id)
            return [dict(row) for row in conn.execute(rows.order_by(t.revisions.c.revision_no)).mappings()]


@pytest.fixture
def opened(store: Store, database_url: str) -> Any:
    with open_app(Settings(database=Database(url=database_url)), seed=1) as app:
        yield _Opened(app, store)


def test_a_sentence_that_ends_most_articles_leaves_those_that_are_stored(opened: _Opened) -> None:
    ids = opened.add([*texts(8), body(9)])
    assert opened.learn() == 1
    assert set(opened.texts().values()) == {body(number) for number in [*range(8), 9]}
    _, second = opened.revisions(ids[0])
    assert (second["kind"], second["revision_no"]) == ("reextracted", 2)
    assert (second["n_words_added"], second["n_words_removed"]) == (0, 7)
    assert len(opened.revisions(ids[8])) == 1
    with opened.store.read() as conn:
        row = article_row(conn, ids[0])
        assert row["match_due_at"] == row["watch_due_at"] == NOW + HOUR
        assert "channels" not in row["folded"]
        [found] = boilerplate.list_sentences(conn, row["source_id"])
        assert (found.sentence, found.edge, found.n_articles, found.first_seen_at) == (FOLLOW, "end", 8, NOW + HOUR)


def test_an_article_whose_page_is_kept_is_read_again_instead(opened: _Opened) -> None:
    opened.add(texts(6))
    with opened.store.begin() as conn:
        article_id = add_article(conn, f"https://{DOMAIN}/kept")
        fetched = replace(claim_page(conn, article_id), response=response(f"https://{DOMAIN}/kept"))
        pages.save_article(conn, fetched, extracted(body=f"{body(9)}\n{FOLLOW}"), NOW)
    opened.learn()
    with opened.store.read() as conn:
        row = article_row(conn, article_id)
    assert (row["reextract_due_at"], row["text"].splitlines()[-1]) == (NOW + HOUR, FOLLOW)
    assert len(opened.revisions(article_id)) == 1


def test_what_was_learned_is_told_to_whoever_reads_pages_of_that_source(opened: _Opened) -> None:
    ids = opened.add(texts(6))
    others = opened.add([body(20)], host="other.example")
    opened.learn()
    with opened.store.read() as conn:
        hints = load_hints(conn, [*ids[:1], *others])
        told = boilerplate.with_boilerplate(conn, hints)
        assert boilerplate.load_rules(conn, ["other.example", DOMAIN, "none.example"]) == {DOMAIN: (FOLLOW,)}
    assert (told[ids[0]].boilerplate, told[others[0]].boilerplate) == ((FOLLOW,), ())


def test_a_source_without_new_texts_is_not_looked_at(opened: _Opened) -> None:
    opened.add(texts(3))
    assert opened.learn() == 1
    assert learning.run(opened.app) == Progress()
    opened.add([f"{body(11)}\n{FOLLOW}"], first=11)
    assert opened.learn() == 1


def test_a_late_article_that_still_has_a_known_sentence_loses_it(opened: _Opened) -> None:
    opened.add(texts(6))
    opened.learn()
    opened.add([f"{body(12)}\n{FOLLOW}"], first=12)
    opened.learn()
    assert opened.texts()[f"https://{DOMAIN}/12"] == body(12)


def test_many_articles_are_looked_through_in_bounded_steps(opened: _Opened) -> None:
    many = learning.N_ARTICLES + 30
    opened.add([f"{body(number % 20)}\nNumber {number} {chr(97 + number % 26)}.\n{FOLLOW}" for number in range(many)])
    opened.add(texts(8), first=many)
    assert opened.learn() == 2
    assert not any(FOLLOW in text for text in opened.texts().values())


def test_a_rejected_sentence_comes_back_where_it_can_and_is_not_learned_again(opened: _Opened) -> None:
    opened.add(texts(6))
    opened.learn()
    with opened.store.begin() as conn:
        source_id = boilerplate.get_source(conn, DOMAIN)
        [found] = boilerplate.list_sentences(conn, source_id)
        fetched = replace(claim_page(conn, add_article(conn, f"https://{DOMAIN}/kept")), response=response())
        pages.save_article(conn, fetched, extracted(), NOW)
        assert boilerplate.reject(conn, source_id, found.key[:8], NOW)[1] == 1
        with pytest.raises(NotFoundError, match="no learned sentence 'zzz'"):
            boilerplate.reject(conn, source_id, "zzz", NOW)
        assert boilerplate.load_rules(conn, [DOMAIN]) == {}
    opened.add(texts(12)[6:], first=20)
    opened.learn()
    assert [opened.texts()[f"https://{DOMAIN}/{number}"].endswith(FOLLOW) for number in (0, 5, 20, 25)] == [
        False, False, True, True
    ]  # fmt: skip
    with opened.store.read() as conn:
        assert count(conn, "source_boilerplate") == 1


def test_summaries_of_feeds_teach_nothing(opened: _Opened) -> None:
    opened.add(texts(8), method=Method.FEED_SUMMARY)
    opened.learn()
    with opened.store.read() as conn:
        assert count(conn, "source_boilerplate") == 0


ENDS = st.sampled_from([FOLLOW, "All rights reserved 2024.", "Ask us.", ""])
ORDERS = st.permutations(range(12))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends=st.lists(st.lists(ENDS, max_size=3), min_size=12, max_size=12), orders=st.tuples(ORDERS, ORDERS))
def test_the_order_in_which_articles_come_does_not_matter(
    opened: _Opened, ends: list[list[str]], orders: tuple[list[int], list[int]]
) -> None:
    some = ["\n".join([body(number), *(end for end in ends[number] if end)]) for number in range(12)]
    results = []
    for order in orders:
        with opened.store.begin() as conn:
            for table in (t.source_boilerplate, t.articles, t.sources):
                conn.execute(delete(table))
        for number in order:
            opened.add([some[number]], first=number)
        opened.learn()
        results.append(opened.texts())
    assert results[0] == results[1]

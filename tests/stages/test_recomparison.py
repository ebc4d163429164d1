"""Comparing the window again, registered texts, and groups that are the same in whatever order articles arrive."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from monitor import recomparison
from monitor.app import App
from monitor.config import Settings
from monitor.dedup import stage
from monitor.dedup.fingerprint import SCHEME
from monitor.dedup.matching import derive_groups
from monitor.store import duplicates, recomparing
from monitor.store import tables as t
from monitor.store.engine import Connection, Store, open_store
from monitor.types import ArticleId, RewriteLink
from tests.databases import migrate
from tests.store.rows import DAY, NOW, count, make_article, save_text

WORDS = [
    f"{first}{last}" for first in ("bar", "tol", "mer", "kan", "sil", "ost") for last in ("ga", "ri", "don", "mel")
]


def text_of(seed: int, n: int = 120) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) for _ in range(n)) + f" {seed} metres and {seed + 7} Tarns."


def app_of(store: Store, at: datetime = NOW) -> App:
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    return App(settings=Settings(), store=store, clock=lambda: at + timedelta(minutes=1), **other)


def compare_all(app: App) -> int:
    n_done = 0
    while n := stage.run(app).n_done:
        n_done += n
    return n_done


def groups(conn: Connection) -> dict[str, str]:
    """URL of each copy -> URL of its original."""
    urls = dict(conn.execute(select(t.articles.c.id, t.articles.c.url)).all())
    rows = conn.execute(select(t.copies.c.article_id, t.copies.c.original_id))
    return {urls[copy_id]: urls[original_id] for copy_id, original_id in rows}


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def rename_scheme(conn: Connection, name: str) -> None:
    """As if all that is stored had been made by an earlier version."""
    for table in (t.fingerprints, t.duplicates, t.rewrites, t.copies):
        conn.execute(update(table).values(scheme=name))


def test_after_a_new_scheme_the_window_gets_new_fingerprints_and_no_copy_is_lost(store: Store) -> None:
    app = app_of(store)
    with store.begin() as conn:
        for n in range(4):
            make_article(conn, f"https://p{n}.example/{n}", body=text_of(1))
        make_article(conn, "https://old.example/1", body=text_of(2), seen_at=NOW - 40 * DAY, now=NOW - 40 * DAY)
    compare_all(app)
    with store.begin() as conn:
        before = groups(conn)
        rename_scheme(conn, "older-0")
        conn.execute(update(t.fingerprints).values(made_at=NOW + timedelta(seconds=30)))
        # Bands carry the name of their scheme: those of another one are never looked up.
        conn.execute(update(t.bands).values(band=-t.bands.c.band - 2))
        make_article(conn, "https://p9.example/9", body=text_of(1))
    assert compare_all(app) == 1
    with store.read() as conn:
        assert groups(conn) == before  # the new one meets nobody yet, and nobody lost anything
    assert recomparison.run(app).n_done == 4  # the one outside the window keeps what it has
    assert compare_all(app) == 4
    assert recomparison.run(app).n_done == 0
    with store.read() as conn:
        assert recomparing.find(conn) is None
        assert groups(conn) == {**before, "https://p9.example/9": "https://p0.example/0"}
        assert set(conn.execute(select(t.copies.c.scheme)).scalars()) == {SCHEME}
    assert recomparison.run(app_of(store, NOW + DAY)).n_done == 0


def test_a_link_of_an_older_scheme_counts_until_both_articles_have_newer_fingerprints(sqlite: Store) -> None:
    app = app_of(sqlite)
    with sqlite.begin() as conn:
        one = make_article(conn, "https://p1.example/1", body=text_of(1))
        two = make_article(conn, "https://p2.example/2", body=text_of(1))
    compare_all(app)
    with sqlite.begin() as conn:
        rename_scheme(conn, "older-0")
        conn.execute(update(t.fingerprints).values(made_at=NOW + timedelta(seconds=30)))
        duplicates.match_again(conn, [one], NOW)
    compare_all(app)
    with sqlite.read() as conn:
        assert duplicates.load_linked(conn, one) == [two]
    with sqlite.begin() as conn:
        duplicates.match_again(conn, [two], NOW)
    compare_all(app)
    with sqlite.begin() as conn:
        assert duplicates.load_linked(conn, one) == [two]
        conn.execute(delete(t.duplicates).where(t.duplicates.c.scheme == SCHEME))
        assert duplicates.load_linked(conn, one) == []  # today's scheme found them different, and that holds


def test_a_rewrite_that_earlier_rules_saw_counts_no_more_once_the_window_is_compared_again(store: Store) -> None:
    app = app_of(store)
    with store.begin() as conn:
        one, two, copy = (
            make_article(conn, f"https://p{n}.example/{n}", body=text_of(seed)) for n, seed in enumerate((1, 2, 1))
        )
    compare_all(app)
    with store.begin() as conn:
        rename_scheme(conn, "shingles-2")
        conn.execute(update(t.fingerprints).values(made_at=NOW + timedelta(seconds=30)))
        hashes = dict(conn.execute(select(t.fingerprints.c.article_id, t.fingerprints.c.text_hash)).all())
        followed = RewriteLink(
            article_id=two,
            original_id=one,
            containment=0.2,
            because="credits its source",
            scheme="shingles-2",
            article_text_hash=hashes[two],
            original_text_hash=hashes[one],
        )
        duplicates.save_links(conn, [], [followed], NOW)
        assert [found.kind for found in duplicates.load_relations(conn, two)] == ["rewrite"]
    assert recomparison.run(app).n_done == 3
    compare_all(app)
    with store.read() as conn:
        assert duplicates.load_relations(conn, two) == []
        assert count(conn, "rewrites") == 1  # the fact stays
        assert duplicates.load_originals(conn, [copy]) == {copy: one}


def test_comparing_again_goes_on_where_it_was_interrupted(sqlite: Store) -> None:
    app = app_of(sqlite)
    with sqlite.begin() as conn:
        for n in range(3):
            make_article(conn, f"https://p{n}.example/{n}", body=text_of(n // 2))
    compare_all(app)
    with sqlite.begin() as conn:
        before = groups(conn)
        conn.execute(delete(t.duplicates))
        conn.execute(delete(t.copies))
        recomparing.begin(conn, since=NOW - DAY, is_of_all=True)
        what = recomparing.find(conn)
        assert what is not None
        assert recomparing.count_left(conn, what, SCHEME) == 3
        assert recomparing.mark_next(conn, what, SCHEME, limit=2, now=NOW) == 2
        what = recomparing.find(conn)
        assert what is not None
        assert recomparing.count_left(conn, what, SCHEME) == 1
    assert recomparison.mark_portion(app) == 1
    assert compare_all(app) == 3
    assert recomparison.mark_portion(app) == 0
    with sqlite.read() as conn:
        assert before == groups(conn) != {}


def test_what_is_older_than_the_window_keeps_its_links_and_no_index(sqlite: Store) -> None:
    with sqlite.begin() as conn:
        for n in range(2):
            make_article(conn, f"https://p{n}.example/{n}", body=text_of(1))
    compare_all(app_of(sqlite))
    recomparison.thin(app_of(sqlite, NOW + 10 * DAY))
    with sqlite.read() as conn:
        assert count(conn, "bands") > 0
    recomparison.thin(app_of(sqlite, NOW + 40 * DAY))
    with sqlite.read() as conn:
        assert count(conn, "bands") == 0
        links, _ = duplicates.load_links_around(conn, [ArticleId(1)])
        assert len(links) == 1


Step = tuple[int, int]


@settings(max_examples=12)
@given(st.permutations([(n, n % 3) for n in range(7)]), st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2))))
def test_groups_do_not_depend_on_the_order_of_arrival(
    module_url: str, arrivals: list[Step], changes: list[Step]
) -> None:
    """Articles arrive in any order, some change their texts then; what counts is what they say in the end."""
    store = open_store(module_url)
    app = app_of(store, NOW + DAY)
    ids: dict[int, ArticleId] = {}
    last: dict[int, int] = {}
    try:
        for n, text_no in [*arrivals, *changes]:
            with store.begin() as conn:
                if n in ids:
                    save_text(conn, ids[n], body=text_of(text_no), now=NOW + timedelta(hours=n))
                else:
                    at = NOW + timedelta(minutes=n)
                    ids[n] = make_article(conn, f"https://p{n}.example/{n}", body=text_of(text_no), seen_at=at)
            last[n] = text_no
            compare_all(app)
        with store.begin() as conn:
            found = groups(conn)
            links, _ = duplicates.load_links_around(conn, list(ids.values()))
            derived = derive_groups(links, duplicates.load_appeared(conn, ids.values()))
            assert duplicates.load_originals(conn, ids.values()) == {
                one: copy.original_id for one, copy in derived.items()
            }
            conn.execute(delete(t.articles))
    finally:
        store.close()
    assert found == expected(last)


def expected(last: Mapping[int, int]) -> dict[str, str]:
    first = {text_no: min(n for n, its in last.items() if its == text_no) for text_no in last.values()}
    return {
        f"https://p{n}.example/{n}": f"https://p{first[text_no]}.example/{first[text_no]}"
        for n, text_no in last.items()
        if first[text_no] != n
    }


@pytest.fixture(scope="module")
def module_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('groups')}/monitor.db"
    migrate(url)
    return url


def test_a_much_copied_text_whose_copies_arrive_in_reverse_becomes_one_group(sqlite: Store) -> None:
    """More copies than candidates are looked at: each earlier one must take over the whole group."""
    n_copies = 90
    app = app_of(sqlite)
    for n in reversed(range(n_copies)):
        with sqlite.begin() as conn:
            make_article(conn, f"https://p{n}.example/{n}", body=text_of(1), seen_at=NOW + timedelta(seconds=n))
        if n % 15 == 0:
            compare_all(app)
    with sqlite.read() as conn:
        found = groups(conn)
    assert len(found) == n_copies - 1
    assert set(found.values()) == {"https://p0.example/0"}

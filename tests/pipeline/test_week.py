"""A week on a simulated clock: feeds are polled, digests are sent once a day each, what is old expires."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from monitor.config import Retention, Stories
from monitor.demo.clock import SimulatedClock
from monitor.run_local import work_off
from tests.pipeline.gold import STILL_DUE
from tests.pipeline.small_newsroom import make_newsroom
from tests.pipeline.world import World, parsed, running

#: Half past midnight, four days before the clocks go back in Europe; not so in America.
START = datetime(2026, 10, 21, 0, 30, tzinfo=UTC)
N_DAYS = 7
READERS = {
    "lyon@mail.example": ZoneInfo("Europe/Paris"),
    "paris@mail.example": ZoneInfo("Europe/Paris"),
    "york@mail.example": ZoneInfo("America/New_York"),
    "jersey@mail.example": ZoneInfo("America/New_York"),
}


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        ("sqlite", 6),
        pytest.param("sqlite", 1, marks=pytest.mark.slow),
        pytest.param("postgresql", 6, marks=pytest.mark.slow),
        pytest.param("postgresql", 1, marks=pytest.mark.slow),
    ],
)
def test_a_week_polls_extracts_clusters_and_sends_each_digest_once(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, hours: int
) -> None:
    database_url, step = request.getfixturevalue(f"{kind}_url"), timedelta(hours=hours)
    newsroom = tmp_path / "newsroom"
    items = make_newsroom(newsroom, n_days=N_DAYS)
    keep = {"retention": Retention(pages_days=2, poll_log_days=3), "stories": Stories(quiet_days=2)}
    with running(newsroom, database_url, start=START, **keep) as world, capture_logs() as logs:
        n_steps = int(timedelta(days=N_DAYS) / step)
        for number in range(n_steps + 1):
            world.go_to(number * step)
            assert work_off(world.app) == 0
            _nothing_waits(world)
        assert [line for line in logs if line["log_level"] in {"error", "critical"}] == []
        _every_article_once(world, {item.url for item in items})
        _one_mail_a_day_and_reader(world)
        _old_things_are_gone(world)
        _stories_follow_the_days(world)
        _polls_went_on(world, n_steps)


def _nothing_waits(world: World) -> None:
    with world.app.store.read() as conn:
        waiting = {what: conn.execute(text(query)).scalar_one() for what, query in STILL_DUE.items()}
    assert {what: n for what, n in waiting.items() if n} == {}


def _every_article_once(world: World, expected: set[str]) -> None:
    with world.app.store.read() as conn:
        urls = list(conn.execute(text("SELECT url FROM articles WHERE state = 'ready'")).scalars())
        # The last sentence of a template stands in most articles of its source: it is learned, and taken out of them.
        counted = text(
            "SELECT a.url, COUNT(*) FROM revisions r JOIN articles a ON a.id = r.article_id"
            " WHERE r.kind <> 'reextracted' GROUP BY a.url"
        )
        n_revisions = {url: n for url, n in conn.execute(counted)}  # noqa: C416 - a Row is no pair
    assert sorted(urls) == sorted(expected)
    assert sum(n_revisions.values()) == len(expected) + 1  # the correction
    assert max(n_revisions.values()) == 2


def _one_mail_a_day_and_reader(world: World) -> None:
    got: Counter[tuple[str, object]] = Counter()
    for (recipient,), raw in world.mailbox.messages:
        got[recipient, parsed(raw)["Date"].datetime.astimezone(READERS[recipient]).date()] += 1
    days = [(START + timedelta(days=number)).date() for number in range(N_DAYS)]
    assert got == Counter({(reader, day): 1 for reader in READERS for day in days})
    ids = [parsed(raw)["Message-ID"] for _, raw in world.mailbox.messages]
    assert len(set(ids)) == len(ids)
    with world.app.store.read() as conn:
        states = set(conn.execute(text("SELECT state FROM deliveries")).scalars())
        windows = conn.execute(
            text("SELECT subscription_id, window_start, window_end FROM digests ORDER BY subscription_id, window_start")
        ).all()
    assert states == {"sent"}
    for (before, _, end), (after, start, _) in pairwise(windows):
        assert before != after or end == start


def _old_things_are_gone(world: World) -> None:
    now = SimulatedClock.now(world.clock)
    pages = _moments(world, "SELECT MIN(fetched_at) FROM pages")
    polls = _moments(world, "SELECT MIN(polled_at) FROM poll_log")
    assert now - timedelta(days=2, hours=1) <= pages
    assert now - timedelta(days=3, hours=1) <= polls
    with world.app.store.read() as conn:
        n_pages, n_articles = conn.execute(
            text("SELECT (SELECT COUNT(*) FROM pages), (SELECT COUNT(*) FROM articles)")
        ).one()
    assert 0 < n_pages < n_articles


def _moments(world: World, query: str) -> datetime:
    with world.app.store.read() as conn:
        found = conn.execute(text(query)).scalar_one()
    moment = datetime.fromisoformat(found) if isinstance(found, str) else found
    assert isinstance(moment, datetime)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _stories_follow_the_days(world: World) -> None:
    with world.app.store.read() as conn:
        stories = conn.execute(text("SELECT state, language, n_articles, n_copies FROM v_stories")).all()
    # Every day: the event in English (wire, copy, report), in French, and the notice.
    assert Counter((language, n_articles, n_copies) for _, language, n_articles, n_copies in stories) == Counter(
        {("en", 3, 1): N_DAYS, ("fr", 1, 0): N_DAYS, ("en", 1, 0): N_DAYS}
    )
    states = Counter(state for state, *_ in stories)
    assert states["closed"] >= 3 * (N_DAYS - 4)
    assert states["open"] >= 3


def _polls_went_on(world: World, n_steps: int) -> None:
    with world.app.store.read() as conn:
        rows = conn.execute(text("SELECT n_polls_ok, n_polls_failed FROM source_days")).all()
        feeds = conn.execute(text("SELECT COUNT(*) FROM feeds WHERE state <> 'active'")).scalar_one()
    assert feeds == 0
    assert sum(failed for _, failed in rows) == 0
    # Four outlets on the days of the week and the one on which it ends; at most one poll of each in a step.
    assert len(rows) >= 4 * N_DAYS
    assert 4 * N_DAYS <= sum(ok for ok, _ in rows) <= 4 * (n_steps + 1)

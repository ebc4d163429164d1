"""Several processes on one PostgreSQL database at the same moment: the work is shared, nothing is done twice."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.store.engine import Store, open_store
from tests.pipeline.killing import (
    Run,
    Undisturbed,
    assert_all_done,
    assert_no_mail_twice,
    assert_same,
    assert_stories_equal_replay,
    read_state,
    served,
)
from tests.pipeline.processes import Driven, driven
from tests.pipeline.small_newsroom import make_newsroom
from tests.pipeline.world import AFTER, BUNDLED, running_newsroom, settings_for, wait_until

pytestmark = pytest.mark.slow


def _once_in_each(run: Run, n_processes: int, after: timedelta) -> list[Driven]:
    """That many `once`, started together and run to their ends."""
    if n_processes == 0:
        return []
    with run.process(after, seed=n_processes) as running:
        others = _once_in_each(run, n_processes - 1, after)
        code = running.end()
        assert code == 0, "".join(running.lines[-30:])
        return [running, *others]


def _assert_asked_once(run: Run) -> None:
    """Every page and every feed was fetched once, by whichever process."""
    assert {url: n for url, n in run.served.n_requests.items() if n > 1} == {}


def _events(drivers: list[Driven], name: str) -> Counter[str]:
    return Counter(event["job"] for driver in drivers for event in driver.events if event["event"] == name)


@pytest.mark.parametrize("n_processes", [2, 4])
def test_processes_on_one_database_share_the_work(
    bundled_undisturbed: Undisturbed, postgresql_url: str, n_processes: int
) -> None:
    with served(BUNDLED, postgresql_url) as run:
        drivers = _once_in_each(run, n_processes, AFTER[0])
        assert _events(drivers, "job.crashed") == Counter()
        _assert_asked_once(run)
        for after in AFTER[1:]:
            drivers += _once_in_each(run, n_processes, after)
        assert _events(drivers, "job.crashed") == Counter()
        assert sum(bool(_events([driver], "job.done")) for driver in drivers) > len(AFTER)
        store = open_store(postgresql_url)
        try:
            assert_all_done(store)
            assert_no_mail_twice(run, store, n_unknown_max=0)
            assert_same(read_state(store), bundled_undisturbed.state)
        finally:
            store.close()
        # Whoever looks first may find nothing to tell yet; then a later mail tells it.
        assert 0 < len(run.mailbox.messages) <= bundled_undisturbed.n_mails
        assert_stories_equal_replay(run)


def test_a_daemon_and_two_runs_share_one_database(postgresql_url: str, tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    items = make_newsroom(newsroom, n_days=1)
    with running_newsroom(newsroom) as (room, mailbox):
        run = Run(settings=settings_for(newsroom, url=postgresql_url, mailbox=mailbox), served=room, mailbox=mailbox)
        store = open_store(postgresql_url)
        try:
            with (
                driven(run.settings, room.connect_to, mode="run") as daemon,
                driven(run.settings, room.connect_to, seed=2) as first,
                driven(run.settings, room.connect_to, seed=3) as second,
            ):
                assert [first.end(), second.end()] == [0, 0]
                wait_until(lambda: _all_in_stories(store, len(items)), what="all articles are in stories")
                daemon.process.send_signal(signal.SIGTERM)
                assert daemon.end() == 0
            assert _events([daemon, first, second], "job.crashed") == Counter()
            _assert_asked_once(run)
            assert_all_done(store)
            assert_no_mail_twice(run, store, n_unknown_max=0)
        finally:
            store.close()
        assert_stories_equal_replay(run)


def _all_in_stories(store: Store, n_articles: int) -> bool:
    with store.read() as conn:
        n_members = conn.execute(text("SELECT COUNT(*) FROM story_members")).scalar_one()
        n_watched = conn.execute(text("SELECT COUNT(*) FROM articles WHERE watch_due_at IS NULL")).scalar_one()
    return bool(n_members == n_watched == n_articles)

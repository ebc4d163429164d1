"""Stories follow from the order of arrivals alone: not from batches, restarts, or how many assign them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from monitor.cluster import stage as cluster
from monitor.store import schema
from monitor.store import tables as t
from monitor.store.engine import Store, open_store
from tests.pipeline.killing import let_leases_run_out
from tests.pipeline.world import ROOT
from tests.stages.assigning import assign_all
from tests.stages.told import Events, app_of, assert_replayed, assign, places, tell_all

Stories = dict[int, frozenset[int]]


def write_stream(store: Store) -> None:
    """Forty reports on two events that look like one at first, on a third, and on others that nobody else reports."""
    told: list[tuple[Events, int]] = [(f"other{number}", 0) for number in range(12)]
    told.append((("ferry", "budget"), 0))
    told += [(("budget", "ferry", "strike")[number % 3], number) for number in range(1, 28)]
    tell_all(store, told)


def stories_of(store: Store) -> Stories:
    """The members of each story by its anchor: ids have gaps where transactions were rolled back."""
    with store.read() as conn:
        anchors = dict(conn.execute(select(t.stories.c.id, t.stories.c.anchor_article_id)).all())
    found = places(store)
    return {anchors[story_id]: frozenset(one for one in found if found[one] == story_id) for story_id in anchors}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("written") / "monitor.db"
    store = open_store(f"sqlite:///{file}")
    schema.upgrade(store)
    write_stream(store)
    store.close()
    return file


@pytest.fixture(scope="module")
def expected(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """By one assigner, in one go."""
    with opened(written, tmp_path_factory.mktemp("expected")) as store:
        assign(app_of(store))
        assert "split" in log_actions(store)
        return stories_of(store)


def log_actions(store: Store) -> set[str]:
    with store.read() as conn:
        return set(conn.execute(select(t.story_log.c.action)).scalars())


@contextmanager
def opened(written: Path, folder: Path) -> Iterator[Store]:
    """A copy of the written database."""
    shutil.copyfile(written, folder / "copy.db")
    store = open_store(f"sqlite:///{folder / 'copy.db'}")
    yield store
    store.close()


@pytest.fixture
def store_of_its_own(written: Path, tmp_path: Path) -> Iterator[Store]:
    with opened(written, tmp_path) as store:
        yield store


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_batches_and_restarts_between_them_change_nothing(
    store_of_its_own: Store, expected: Stories, batch: int
) -> None:
    while cluster.run(app_of(store_of_its_own), batch=batch).n_done:
        pass
    assert stories_of(store_of_its_own) == expected
    assert_replayed(store_of_its_own)


class NoDoor:
    """Fails a test that so much as looks at it."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(f"assigning stories asked a door to the outside for {name}")


def test_assigning_stories_never_waits_for_the_network(store_of_its_own: Store, expected: Stories) -> None:
    doors: Any = NoDoor()
    assign(replace(app_of(store_of_its_own), http=doors, mail=doors, workers=doors))
    assert stories_of(store_of_its_own) == expected


def test_assigners_that_compete_for_the_lease_change_nothing(store_of_its_own: Store, expected: Stories) -> None:
    with ThreadPoolExecutor(2) as pool:
        shares = list(pool.map(lambda _: assign_all(store_of_its_own, 3), range(2)))
    assert sum(shares) == 40
    assert stories_of(store_of_its_own) == expected
    assert_replayed(store_of_its_own)


@pytest.mark.slow
def test_of_two_processes_on_postgresql_one_may_be_killed_in_the_middle_of_a_batch(
    postgresql_url: str, expected: Stories
) -> None:
    store = open_store(postgresql_url)
    write_stream(store)
    with process(postgresql_url, stop_at=8) as victim, process(postgresql_url, stop_at=0) as other:
        assert [told(victim), told(victim), told(other)] == ["ready", "stopped", "ready"]
        victim.kill()
        assert victim.wait(30) == -signal.SIGKILL
        with store.read() as conn:
            n_assigned = len(conn.execute(select(t.story_members.c.article_id)).all())
        assert 5 <= n_assigned < 40
        let_leases_run_out(postgresql_url)
        assert other.wait(120) == 0
    assert stories_of(store) == expected
    assert_replayed(store)
    store.close()


def told(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


@contextmanager
def process(url: str, *, stop_at: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.stages.assigning", url, "5", str(stop_at)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()

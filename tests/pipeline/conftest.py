"""Whole runs of the product that several tests look at: made once for each database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from monitor.run_local import work_off
from tests.databases import BOTH
from tests.pipeline.gold import Figures, Gold, Made, compared, read_gold, read_made
from tests.pipeline.killing import Undisturbed
from tests.pipeline.mails import Told, read_told
from tests.pipeline.world import AFTER, BUNDLED, SECOND, running

_figures = pytest.StashKey[dict[str, Figures]]()

EVERYTHING = """
[[subscription]]
name = "Everything, to see every headline"
recipients = ["all@mail.example"]
hour = 7
zone = "Europe/Paris"
watchlists = []
max_stories = 200
"""


@dataclass(frozen=True)
class Run:
    """Three rounds of a newsroom. `told` holds what each round mailed and what SQL said at that moment."""

    newsroom: Path
    url: str
    gold: Gold
    made: Made
    after_round: list[Made]
    figures: Figures
    told: list[Told]
    logs: list[Any]
    n_crashed: int


@contextmanager
def database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The address of a new, migrated database for longer than one test."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "monitor.db")
        yield f"sqlite:///{folder / 'monitor.db'}"
        return
    server = request.getfixturevalue("postgresql")
    name = server.migrated()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(scope="session", params=BOTH)
def newsroom_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The bundled newsroom, with one more reader who is told every story."""
    folder = tmp_path_factory.mktemp(f"newsroom-{request.param}")
    newsroom = folder / "newsroom"
    newsroom.mkdir()
    for one in BUNDLED.iterdir():
        (newsroom / one.name).symlink_to(one)
    (newsroom / "subscriptions.toml").unlink()
    declared = (BUNDLED / "subscriptions.toml").read_text("utf-8")
    (newsroom / "subscriptions.toml").write_text(declared + EVERYTHING, "utf-8")
    with database(request.param, request, folder) as url:
        yield _three_rounds(request, newsroom, url, name=f"bundled newsroom, {request.param}")


@pytest.fixture(scope="session", params=BOTH)
def newsroom2_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The second newsroom, written by somebody who has not seen the code."""
    folder = tmp_path_factory.mktemp(f"newsroom2-{request.param}")
    with database(request.param, request, folder) as url:
        yield _three_rounds(request, SECOND, url, name=f"second newsroom, {request.param}")


def _three_rounds(request: pytest.FixtureRequest, newsroom: Path, url: str, *, name: str) -> Run:
    told: list[Told] = []
    after_round, n_crashed = [], 0
    with running(newsroom, url) as world, capture_logs(processors=(format_exc_info,)) as logs:
        for after in AFTER:
            world.go_to(after)
            n_crashed += work_off(world.app)
            told += read_told(world, n_known=len(told))
            after_round.append(read_made(world.app.store))
    gold, made = read_gold(newsroom), after_round[-1]
    figures = compared(gold, made)
    request.config.stash.setdefault(_figures, {})[name] = figures
    return Run(
        newsroom=newsroom,
        url=url,
        gold=gold,
        made=made,
        after_round=after_round,
        figures=figures,
        told=told,
        logs=logs,
        n_crashed=n_crashed,
    )


@pytest.fixture(scope="session")
def bundled_undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What processes make of the bundled newsroom when nobody disturbs them."""
    return Undisturbed(BUNDLED, tmp_path_factory.mktemp("undisturbed"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the newsrooms scored, whether or not a floor was missed."""
    for name, figures in config.stash.get(_figures, {}).items():
        terminalreporter.section(f"quality: {name}", sep="-")
        for line in figures.lines():
            terminalreporter.write_line(line)

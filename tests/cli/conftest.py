"""A small newsroom on disk and the real command line, called in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from monitor.app import open_app, utc_now
from monitor.cli.main import main
from monitor.cluster import stage as cluster
from monitor.config import Settings, load_settings
from monitor.dedup import stage as dedup
from monitor.store import schema
from monitor.store.engine import open_store
from monitor.sync import sync_files
from monitor.types import Progress
from monitor.watch import stage as watch
from tests.store.rows import make_article, save_text

HOSTILE = "[/x] \x1b[31mRed\x1b[0m =HYPERLINK(1)\r\nnext \u202eevil"
WIRE = "\n".join(
    f"Negotiators in Geneva said on Monday that paragraph {word} of the glacier treaty obliges {word} to pay "
    f"{number} million francs a year into the Rhone fund, as minister Anna Brunner of {word} had asked for in March."
    for number, word in enumerate(("Valais", "Savoy", "Ticino", "Aosta", "Tyrol", "Carniola"), start=11)
)
OTHER = "\n".join(
    f"The football club of Harborton sold its striker Lee Moreno for {number} million after a long {word} evening."
    for number, word in enumerate(("rainy", "windy", "foggy", "snowy", "sunny"), start=31)
)
CONFIG = """
[database]
url = "sqlite:///{folder}/monitor.db"
[mail]
folder = "{folder}/mail"
"""
FEEDS = """<opml version="2.0"><body><outline text="Alps">
<outline text="Alpine Wire" xmlUrl="https://wire.example/feed.xml?token=geheim"/></outline></body></opml>"""


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its JSON; fails when anything else stands on stdout."""
        return json.loads(self.out)


Monitor = Callable[..., Ran]


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration, declarative files, and a database of five articles in stories."""
    folder = tmp_path_factory.mktemp("newsroom")
    _write_files(folder)
    settings = load_settings(folder / "monitor.toml", {})
    fill(settings, utc_now() - timedelta(hours=2))
    return folder


def fill(settings: Settings, seen_at: datetime) -> None:
    """Migrate the database, bring the files into it, and the articles into stories."""
    store = open_store(settings.database.url)
    schema.upgrade(store)
    store.close()
    with open_app(settings, clock=lambda: seen_at + timedelta(minutes=1), seed=1) as app:
        sync_files(app)
        with app.store.begin() as conn:
            _write_articles(conn, seen_at)
        for stage in (dedup, cluster, watch):
            while stage.run(app) != Progress():
                pass


def _write_files(folder: Path) -> None:
    (folder / "monitor.toml").write_text(CONFIG.format(folder=folder))
    (folder / "feeds.opml").write_text(FEEDS)
    (folder / "publishers.toml").write_text('[[source]]\ndomain = "wire.example"\nname = "Alpine Wire"\n')
    (folder / "watchlists.toml").write_text('[[watchlist]]\nname = "Glaciers"\nquery = "glacier AND Geneva"\n')
    (folder / "subscriptions.toml").write_text(
        '[[subscription]]\nname = "Morning"\nrecipients = ["reader@mail.example"]\nhour = 7\nzone = "Europe/Zurich"\n'
        'watchlists = ["Glaciers"]\n'
    )


def _write_articles(conn: Any, seen_at: datetime) -> None:
    """Ids 1 to 4: a wire report, its copy, its shortened copy, and something else under a hostile headline."""
    rows = (
        ("https://wire.example/treaty", "Glacier treaty: who pays", WIRE),
        ("https://gazette.example/a?utm_source=x", "Glacier treaty: who pays", WIRE),
        ("https://post.example/alps", "What the treaty costs", WIRE.rpartition("\n")[0]),
        ("https://sports.example/7?token=geheim", HOSTILE, OTHER),
    )
    for minutes, (url, title, text) in enumerate(rows):
        now = seen_at + timedelta(seconds=minutes)
        make_article(conn, url, now=now, seen_at=now, title=title, body=text)
    save_text(conn, 1, now=seen_at + timedelta(seconds=9), title="Glacier treaty: who pays", body=f"{WIRE}\nCorrected.")


@pytest.fixture
def folder(newsroom: Path, tmp_path: Path) -> Path:
    """A copy of the newsroom of one's own."""
    shutil.copytree(newsroom, tmp_path / "newsroom")
    config = tmp_path / "newsroom" / "monitor.toml"
    config.write_text(CONFIG.format(folder=tmp_path / "newsroom"))
    return tmp_path / "newsroom"


@pytest.fixture
def monitor(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Monitor]:
    """`monitor ARGUMENTS` on the newsroom."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main(["--config", str(folder / "monitor.toml"), *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield run
    structlog.reset_defaults()  # a command may have sent the log to what this test captures

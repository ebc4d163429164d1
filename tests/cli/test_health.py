from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli.main import main
from monitor.store import feeds, schema
from monitor.store.engine import open_store


def add_feed_due(database: Path, at: datetime) -> None:
    store = open_store(f"sqlite:///{database}")
    schema.upgrade(store)
    with store.begin() as conn:
        feeds.add_feed(conn, feeds.NewFeed(url="http://a.example/feed"), now=at, interval_s=3600)
    store.close()


@pytest.mark.parametrize(("hours_late", "code"), [(0.5, 0), (3.0, 1)])
def test_health_fails_when_a_feed_is_overdue_for_more_than_an_hour(
    hours_late: float,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_feed_due(tmp_path / "m.db", datetime.now(UTC) - timedelta(hours=hours_late))
    monkeypatch.setenv("MONITOR_DATABASE_URL", f"sqlite:///{tmp_path / 'm.db'}")
    monkeypatch.chdir(tmp_path)
    assert main(["health", "--json"]) == code
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"healthy": code == 0, "overdue": {"feeds to poll": 1} if code else {}}

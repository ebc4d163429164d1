from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from monitor.cli.main import main
from monitor.store import feeds, hosts, schema
from monitor.store import tables as t
from monitor.store.engine import Store, open_store
from monitor.store.health import find_overdue
from tests.store.rows import DAY, HOUR, NOW, add_article, add_feed, make_article


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


def test_feeds_of_a_host_that_asked_to_be_left_alone_are_not_overdue(store: Store) -> None:
    with store.begin() as conn:
        add_feed(conn, "https://one.example/feed")
        add_feed(conn, "https://two.example/feed")
        hosts.hold_back(conn, "one.example", NOW + 2 * DAY)
        assert find_overdue(conn, NOW + DAY) == {"feeds to poll": 1}


def test_every_kind_of_work_that_nobody_does_is_told(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://one.example/waits")
        matched = make_article(conn)
        due = {"match_due_at": NOW, "assign_due_at": NOW, "watch_due_at": NOW}
        conn.execute(update(t.articles).where(t.articles.c.id == matched).values(due))
        conn.execute(insert(t.subscriptions).values(name="d", hour=7, zone="UTC", updated_at=NOW, next_digest_at=NOW))
        assert find_overdue(conn, NOW + HOUR) == {}
        assert find_overdue(conn, NOW + DAY) == {
            "pages to fetch": 1,
            "texts to compare": 1,
            "articles to put into stories": 1,
            "articles to match with watchlists": 1,
            "digests to make": 1,
        }

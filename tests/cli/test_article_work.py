"""`articles set-aside`, `requeue` and `reextract`."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.config import load_settings
from monitor.store import tables as t
from monitor.store.engine import open_store
from tests.cli.conftest import Monitor
from tests.store.rows import add_article


@pytest.fixture
def failed(folder: Path) -> Path:
    """Three pages that are set aside, of two sources."""
    store = open_store(load_settings(folder / "monitor.toml").database.url)
    with store.begin() as conn:
        for url, reason in (
            ("https://slow.example/1", "timeout"),
            ("https://slow.example/2", "timeout"),
            ("https://gone.example/1", "not_found"),
        ):
            row = t.articles.update().where(t.articles.c.id == add_article(conn, url))
            conn.execute(row.values(reason=reason, state="set_aside", fetch_due_at=None, n_page_failures=6))
    store.close()
    return folder


def waiting(folder: Path) -> set[str]:
    store = open_store(load_settings(folder / "monitor.toml").database.url)
    rows = select(t.articles.c.url).where(t.articles.c.state == "waiting", t.articles.c.fetch_due_at.is_not(None))
    with store.read() as conn:
        found = set(conn.execute(rows.where(t.articles.c.n_page_failures == 0)).scalars())
    store.close()
    return found


def test_pages_that_are_set_aside_are_listed_by_source_and_reason(monitor: Monitor, failed: Path) -> None:
    del failed
    rows = monitor("articles", "set-aside", "--json").document
    assert [(row["source"], row["reason"], row["n_pages"], row["n_without_text"]) for row in rows] == [
        ("slow.example", "timeout", 2, 2),
        ("gone.example", "not_found", 1, 1),
    ]
    assert "in time" in monitor("articles", "set-aside").out


def test_pages_are_asked_for_again_by_reason_source_or_number(monitor: Monitor, failed: Path) -> None:
    document = monitor("articles", "requeue", "--reason", "timeout", "--dry-run", "--json").document
    assert document == {"n_pages": 2, "by_reason": {"timeout": 2}, "dry_run": True}
    assert waiting(failed) == set()
    assert "2 pages are asked for again" in monitor("articles", "requeue", "--reason", "timeout").out
    assert waiting(failed) == {"https://slow.example/1", "https://slow.example/2"}
    monitor("articles", "requeue", "--source", "gone.example")
    assert len(waiting(failed)) == 3
    assert monitor("articles", "requeue", "1").code == 0


def test_all_that_is_set_aside_is_asked_for_again(monitor: Monitor, failed: Path) -> None:
    assert monitor("articles", "requeue", "--set-aside", "--json").document["n_pages"] == 3
    assert len(waiting(failed)) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--set-aside"),
        (["--reason", "nonsense"], "timeout (2)"),
        (["--source", "nonsense.example"], "there are:"),
        (["999999"], "no article 999999"),
        (["x"], "'x' is no number"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_what_is(
    monitor: Monitor, failed: Path, arguments: list[str], said: str
) -> None:
    del failed
    ran = monitor("articles", "requeue", *arguments)
    assert ran.code in {1, 2}
    assert said in ran.err
    assert ran.out == ""


def test_kept_pages_are_read_again(monitor: Monitor, folder: Path) -> None:
    page = "<html><body><article><h1>Title</h1>" + "".join(
        f"<p>The council decided on Monday that bridge number {n} will be repaired.</p>" for n in range(9)
    )
    store = open_store(load_settings(folder / "monitor.toml").database.url)
    with store.begin() as conn:
        conn.execute(
            t.pages.insert().values(
                article_id=1,
                url="https://wire.example/1",
                status=200,
                content_type="text/html",
                body_zlib=zlib.compress(page.encode()),
                n_bytes=len(page),
                fetched_at=datetime(2026, 3, 1, tzinfo=UTC),
                expires_at=datetime(2036, 3, 1, tzinfo=UTC),
            )
        )
    store.close()
    document = monitor("articles", "reextract", "--json").document
    assert (document["n_read"], document["n_changed"], document["stopped"]) == (1, 1, False)
    assert document["n_expired"] > 0
    kinds = [row["kind"] for row in monitor("articles", "show", "1", "--json").document["revisions"]]
    assert kinds[-1] == "reextracted"
    assert monitor("articles", "reextract", "1", "--json").document["n_changed"] == 0
    assert "1 page read" in monitor("articles", "reextract", "--since", "2020-01-01").out

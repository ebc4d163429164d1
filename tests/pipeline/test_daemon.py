"""The daemon as a process: it stops when it is told to, leaves nobody behind, works alone, and outlives a crash."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.config import Database, Extract, Files, Http, MailSettings, Politeness, Settings
from monitor.run_local import work_off
from monitor.store.engine import open_store
from tests.loopback import Conversation, RawServer
from tests.pipeline.processes import Driven, children, cpu_s, driven, wait_until_gone
from tests.pipeline.small_newsroom import make_newsroom
from tests.pipeline.world import ROOT, running, running_newsroom, settings_for, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

#: What SIGTERM may take (docker and systemd wait longer before they kill).
END_WITHIN_S = 10.0
_NO_FILES = Files(feeds="", publishers="", watchlists="", subscriptions="")


def _empty(url: str, folder: Path, **sections: object) -> Settings:
    chosen = {
        "database": Database(url=url),
        "files": _NO_FILES,
        "http": Http(contact="tests@monitor.example"),
        "politeness": Politeness(host_spacing_s=0, source_spacing_s=0),
        "mail": MailSettings(folder=str(folder / "mail")),
    }
    return Settings(**{**chosen, **sections})  # type: ignore[arg-type]


@contextmanager
def _daemon(settings: Settings, connect_to: dict[str, tuple[str, int]], **more: object) -> Iterator[Driven]:
    with driven(settings, connect_to, mode="run", **more) as daemon:
        wait_until(lambda: daemon.has_logged("daemon.started") or daemon.process.poll() is not None, what="it started")
        assert daemon.process.poll() is None, "".join(daemon.lines)
        yield daemon


def _stop(daemon: Driven, number: int = signal.SIGTERM) -> float:
    """Tell it to stop; returns the seconds that it took. None of its children may outlive it."""
    its_own = children(daemon.pid)
    before = time.monotonic()
    daemon.process.send_signal(number)
    code = daemon.end(30)
    took_s = time.monotonic() - before
    assert code == 0, "".join(daemon.lines)
    wait_until_gone(its_own)
    return took_s


def _opml(folder: Path, url: str) -> Files:
    file = folder / "feeds.opml"
    file.write_text(
        f"<opml version='2.0'><head/><body><outline type='rss' text='slow' xmlUrl='{url}'/></body></opml>", "utf-8"
    )
    return Files(feeds=str(file), publishers="", watchlists="", subscriptions="")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_ends_when_it_is_told_to(sqlite_url: str, tmp_path: Path, number: int) -> None:
    with _daemon(_empty(sqlite_url, tmp_path), {}) as daemon:
        assert _stop(daemon, number) < END_WITHIN_S
        assert daemon.has_logged("daemon.stopped")


def test_a_daemon_ends_while_a_server_keeps_it_waiting(database_url: str, tmp_path: Path) -> None:
    asked = threading.Event()

    def silent(conversation: Conversation) -> None:
        conversation.head()
        asked.set()
        conversation.is_gone_within(60)

    with RawServer(silent) as server:
        settings = _empty(database_url, tmp_path, files=_opml(tmp_path, "http://slow.example/feed.xml"))
        with _daemon(settings, {"slow.example": server.address}) as daemon:
            assert asked.wait(30)
            assert _stop(daemon) < END_WITHIN_S
            assert daemon.has_logged("daemon.stopped")
    row = _one_row(database_url, "SELECT leased_until, n_tries, reason, next_poll_at FROM feeds")
    # The feed is due for the next process at once, and nothing is held against it.
    assert row[:3] == (None, 0, None)


@pytest.mark.slow
def test_a_daemon_ends_while_a_page_keeps_a_worker_busy(database_url: str, tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    endless = make_newsroom(newsroom, n_days=1)[0]
    page = newsroom / "sites" / endless.host / f"{endless.path.lstrip('/')}.html"
    page.write_text(f"<html><body><article>{'<br>' * 250_000}</article></body></html>", "utf-8")
    with running_newsroom(newsroom) as (served, mailbox):
        settings = settings_for(newsroom, url=database_url, mailbox=mailbox, extract=Extract(deadline_s=300))
        with _daemon(settings, served.connect_to) as daemon:
            wait_until(lambda: served.n_requests[endless.url] > 0, what="the endless page was fetched")
            used = {pid: cpu_s(pid) for pid in children(daemon.pid)}
            wait_until(
                lambda: any(cpu_s(pid) - used.get(pid, 0) > 1 for pid in children(daemon.pid)),
                what="a worker was busy",
            )
            assert _stop(daemon) < END_WITHIN_S
    row = _one_row(
        database_url, f"SELECT fetch_leased_until, n_fetch_tries, state FROM articles WHERE url = '{endless.url}'"
    )
    assert row == (None, 0, "waiting")


def test_a_second_process_on_the_same_sqlite_file_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    no_files = "".join(f'{name} = ""\n' for name in ("feeds", "publishers", "watchlists", "subscriptions"))
    config.write_text(f'[database]\nurl = "{sqlite_url}"\n[files]\n{no_files}', "utf-8")
    with _daemon(_empty(sqlite_url, tmp_path), {}) as daemon:
        for command in ("run", "once"):
            second = subprocess.run(
                [sys.executable, "-c", "import sys; from monitor.cli.main import main; sys.exit(main())",
                 "--config", str(config), command],
                cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert second.returncode == 1
            assert second.stdout == ""
            assert "another monitor process already works on this database" in second.stderr
            assert "Traceback" not in second.stderr
            assert len(second.stderr.strip().splitlines()) == 1
        assert daemon.process.poll() is None
        _stop(daemon)
    # And when the first has gone, the way is free.
    with _daemon(_empty(sqlite_url, tmp_path), {}) as third:
        _stop(third)


def test_a_daemon_that_was_killed_leaves_no_process_and_no_lock(sqlite_url: str, tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    make_newsroom(newsroom, n_days=1)
    with running_newsroom(newsroom) as (served, mailbox):
        settings = settings_for(newsroom, url=sqlite_url, mailbox=mailbox)
        with _daemon(settings, served.connect_to) as daemon:
            wait_until(lambda: len(children(daemon.pid)) >= 2, what="workers were started")
            its_own = children(daemon.pid)
            daemon.process.kill()
            daemon.end()
            wait_until_gone(its_own)
        with _daemon(settings, served.connect_to) as again:
            assert _stop(again) < END_WITHIN_S


def _newsroom_with_a_digest_due(folder: Path, url: str) -> Path:
    """A newsroom whose articles are in the database already; a reader is to be told of them now."""
    newsroom = folder / "newsroom"
    make_newsroom(newsroom, n_days=1)
    started_at = datetime.now(UTC)
    declared = newsroom / "subscriptions.toml"
    declared.write_text("", "utf-8")
    with running(newsroom, url, start=started_at) as world:
        assert work_off(world.app) == 0
    declared.write_text(
        f'[[subscription]]\nname = "Now"\nrecipients = ["now@mail.example"]\nzone = "UTC"\nhour = {started_at.hour}\n',
        "utf-8",
    )
    return newsroom


def test_a_job_that_crashes_is_logged_and_the_others_go_on(sqlite_url: str, tmp_path: Path) -> None:
    newsroom = _newsroom_with_a_digest_due(tmp_path, sqlite_url)
    with running_newsroom(newsroom) as (served, mailbox):
        settings = settings_for(newsroom, url=sqlite_url, mailbox=mailbox)
        with _daemon(settings, served.connect_to, break_mail=True) as daemon:
            wait_until(lambda: daemon.has_logged("job.crashed"), what="the digest crashed")
            crashed = [event for event in daemon.events if event["event"] == "job.crashed"]
            assert [event["job"] for event in crashed] == ["digest"]
            assert "no mail from monitor@monitor.example" in str(crashed[0]["exception"])
            n_before = len(daemon.events)
            _request_every_page(sqlite_url)
            wait_until(
                lambda: any(event.get("job") == "extract" for event in daemon.events[n_before:]),
                what="pages were read after the crash",
            )
            assert daemon.process.poll() is None
            assert _stop(daemon) < END_WITHIN_S
        assert mailbox.messages == []
    # Nobody can say whether that mail went out: it is shown, and not sent again.
    with running(newsroom, sqlite_url, start=datetime.now(UTC)) as world:
        assert work_off(world.app) == 0
        assert world.mailbox.messages == []
    assert _one_row(sqlite_url, "SELECT state FROM deliveries") == ("unknown",)


@pytest.mark.slow
def test_a_daemon_ends_although_a_mail_server_never_answers(sqlite_url: str, tmp_path: Path) -> None:
    newsroom = _newsroom_with_a_digest_due(tmp_path, sqlite_url)
    asked = threading.Event()

    def silent(conversation: Conversation) -> None:
        conversation.send(b"220 mail.example\r\n")
        conversation.line()
        asked.set()
        conversation.is_gone_within(60)

    with RawServer(silent) as server, running_newsroom(newsroom) as (served, mailbox):
        host, port = server.address
        mail = MailSettings(transport="smtp", host=host, port=port, sender="monitor@monitor.example", timeout_s=300)
        settings = settings_for(newsroom, url=sqlite_url, mailbox=mailbox, mail=mail)
        with _daemon(settings, served.connect_to) as daemon:
            assert asked.wait(60)
            assert _stop(daemon) < END_WITHIN_S
            assert daemon.has_logged("daemon.abandoned_jobs")
    assert _one_row(sqlite_url, "SELECT state FROM deliveries") == ("sending",)


def _request_every_page(url: str) -> None:
    store = open_store(url)
    try:
        with store.begin() as conn:
            conn.execute(text("UPDATE articles SET fetch_due_at = first_seen_at"))
    finally:
        store.close()


def _one_row(url: str, query: str) -> tuple[object, ...]:
    store = open_store(url)
    try:
        with store.read() as conn:
            return tuple(conn.execute(text(query)).one())
    finally:
        store.close()

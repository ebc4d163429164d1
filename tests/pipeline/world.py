"""A newsroom, a mailbox and a working product between them, as the pipeline tests set them up."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any

from monitor.app import App
from monitor.config import (
    Database,
    DigestSettings,
    Extract,
    Fetch,
    Files,
    Http,
    MailSettings,
    Politeness,
    Settings,
)
from monitor.demo.clock import SimulatedClock
from monitor.demo.mailbox import Mailbox
from monitor.demo.newsroom import Newsroom
from monitor.demo.run import ROUNDS
from monitor.extract.page import warm_up
from monitor.run_local import working_app
from monitor.workers import WorkerPool

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "seeds" / "newsroom"
SECOND = ROOT / "tests" / "newsroom2"
#: Half a minute after 7:00 in Paris and 6:00 in Dublin, when the bundled subscriptions are due.
START = datetime(2026, 11, 20, 6, 0, 30, tzinfo=UTC)
AFTER = tuple(after for after, _ in ROUNDS)


def settings_for(newsroom: Path, *, url: str, mailbox: Mailbox, **sections: Any) -> Settings:
    """The configuration for a newsroom whose hosts are all this machine; `sections` replace whole sections."""

    def file(name: str) -> str:
        return str(newsroom / name) if (newsroom / name).exists() else ""

    chosen: dict[str, Any] = {
        "database": Database(url=url),
        "files": Files(
            feeds=file("feeds.opml"),
            publishers=file("publishers.toml"),
            watchlists=file("watchlists.toml"),
            subscriptions=file("subscriptions.toml"),
        ),
        "http": Http(contact="tests@monitor.example", total_timeout_s=60),
        "politeness": Politeness(host_spacing_s=0, source_spacing_s=0),
        "fetch": Fetch(default_interval_s=1800, max_interval_s=43_200),
        "extract": Extract(deadline_s=3, processes=1),
        "mail": mail_settings(mailbox),
        "digest": DigestSettings(title="Test newsroom"),
    }
    return Settings(**{**chosen, **sections})


def mail_settings(mailbox: Mailbox) -> MailSettings:
    return MailSettings(
        transport="smtp", host=mailbox.host, port=mailbox.port, sender="monitor@monitor.example", timeout_s=30
    )


@dataclass(frozen=True)
class World:
    """Everything that is running."""

    app: App
    clock: SimulatedClock
    served: Newsroom
    mailbox: Mailbox
    started_at: datetime

    def go_to(self, after: timedelta) -> None:
        """Let the clock show that long after the start, or more when it does already."""
        self.clock.jump(max(timedelta(), self.started_at + after - self.clock.now()))


@cache
def shared_workers() -> WorkerPool:
    """Warm workers for all tests of a session: starting some for each would take longer than most of the tests."""
    pool = WorkerPool(n_processes=1, memory_max_bytes=Settings().extract.memory_max_bytes, warm=warm_up)
    atexit.register(pool.close)
    return pool


@contextmanager
def running(newsroom: Path, url: str, *, start: datetime = START, **sections: Any) -> Iterator[World]:
    """A newsroom that is served, a mailbox, and the product ready to work on them with a simulated clock."""
    clock = SimulatedClock(start)
    with Newsroom(newsroom, clock=clock.now, started_at=start) as served, Mailbox() as mailbox:
        settings = settings_for(newsroom, url=url, mailbox=mailbox, **sections)
        doors = {"connect_to": served.connect_to, "workers": shared_workers()}
        with working_app(settings, clock=clock.now, seed=1, **doors) as app:
            yield World(app=app, clock=clock, served=served, mailbox=mailbox, started_at=start)


@contextmanager
def running_newsroom(newsroom: Path) -> Iterator[tuple[Newsroom, Mailbox]]:
    """A newsroom of this very moment and a mailbox, for a product in another process."""
    started_at = datetime.now(UTC)
    with Newsroom(newsroom, clock=lambda: datetime.now(UTC), started_at=started_at) as served, Mailbox() as mailbox:
        yield served, mailbox


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> tuple[str, str]:
    """The text part and the HTML part of a mail."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    return text.get_content(), html.get_content()


def wait_until(condition: Callable[[], bool], *, what: str, timeout_s: float = 60.0) -> None:
    """Look again and again until another process has come so far; fails when that takes too long."""
    never, waited_s = threading.Event(), 0.0
    while not condition():
        assert waited_s < timeout_s, f"waited {timeout_s:g} s in vain until {what}"
        never.wait(0.02)
        waited_s += 0.02

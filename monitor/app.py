"""What a running process holds: the composition root.

The only place that reads the wall clock and makes the generator of chance; everything below gets `now` and `jitter` as
arguments. Tests and the demo hand in other doors (a resolver override, a mailbox, a simulated clock), never other code.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from monitor.config import Settings
from monitor.embeddings import Embed, load_embedder
from monitor.net.http import HttpDoor
from monitor.net.smtp import FolderMail, Mail, SmtpMail
from monitor.store.engine import Store, open_store
from monitor.workers import WorkerPool


def utc_now() -> datetime:
    return datetime.now(UTC)


def product_version() -> str:
    try:
        return version("media-monitor")
    except PackageNotFoundError:
        return "0"


@dataclass(frozen=True, kw_only=True)
class App:
    """The doors of one process, its clock, and the flag that asks all work to end.

    `embed` is None where stories keep to one language. `memory` keeps what a stage holds between two runs (the open
    stories of a language) and can always rebuild.
    """

    settings: Settings
    store: Store
    http: HttpDoor
    mail: Mail
    workers: WorkerPool
    embed: Embed | None = None
    clock: Callable[[], datetime] = utc_now
    rng: random.Random = field(default_factory=random.Random)
    stop: threading.Event = field(default_factory=threading.Event)
    memory: dict[str, Any] = field(default_factory=dict)


def user_agent(settings: Settings) -> str:
    """An honest name with the operator's address."""
    contact = settings.http.contact or "no contact configured"
    return f"media-monitor/{product_version()} (news monitor; {contact})"


def open_mail(settings: Settings) -> Mail:
    """The mail transport that the configuration names."""
    mail = settings.mail
    if mail.transport == "folder":
        return FolderMail(path=Path(mail.folder))
    return SmtpMail(
        host=mail.host, port=mail.port, tls=mail.tls, user=mail.user, password=mail.password, timeout_s=mail.timeout_s
    )


def open_http(settings: Settings, connect_to: Mapping[str, tuple[str, int]] | None = None) -> HttpDoor:
    """The HTTP door that the configuration describes; `connect_to` leads named hosts to loopback."""
    http = settings.http
    return HttpDoor(
        user_agent=user_agent(settings),
        concurrency=http.concurrency,
        waiting=http.waiting,
        connect_timeout_s=http.connect_timeout_s,
        read_timeout_s=http.read_timeout_s,
        total_timeout_s=http.total_timeout_s,
        max_redirects=http.max_redirects,
        proxy=http.proxy,
        connect_to=connect_to,
    )


@contextmanager
def open_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    connect_to: Mapping[str, tuple[str, int]] | None = None,
    mail: Mail | None = None,
    warm: Callable[[], None] | None = None,
    workers: WorkerPool | None = None,
    embed: Embed | None = None,
    stop: threading.Event | None = None,
    seed: int | None = None,
) -> Iterator[App]:
    """Open all doors and close them at the end, but for `workers` that somebody else opened.

    `embed` stands for the model that the configuration names. `warm` runs once in each worker process; `seed` fixes
    chance.
    """
    if embed is None and settings.stories.embeddings:
        embed = load_embedder(settings.stories.embeddings)
    store = open_store(settings.database.url)
    limits = settings.extract
    own = WorkerPool(n_processes=limits.processes, memory_max_bytes=limits.memory_max_bytes, warm=warm)
    try:
        with open_http(settings, connect_to) as http, own if workers is None else nullcontext(workers) as pool:
            yield App(
                settings=settings,
                store=store,
                http=http,
                mail=mail or open_mail(settings),
                workers=pool,
                embed=embed,
                clock=clock,
                rng=random.Random(seed),
                stop=stop or threading.Event(),
            )
    finally:
        store.close()

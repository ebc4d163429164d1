"""Bringing the declarative files into the database: publishers, watchlists, subscriptions, feeds.

All files are read and checked before anything is written, and written in one transaction. What a file no longer lists
is paused, never deleted. A file with its default name may be absent: then nothing is declared, and what it declared
before stays as it is, so that a folder that was not mounted stops no feed. An empty name in the configuration says that
there is no such file: what it declared before is paused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monitor.app import App
from monitor.config import Files, Settings
from monitor.declared import (
    DeclaredSource,
    DeclaredSubscription,
    DeclaredWatchlist,
    read_publishers,
    read_subscriptions,
    read_watchlists,
)
from monitor.errors import ConfigError, UsageError
from monitor.fetch.opml import OpmlFeed, joined, parse_rows
from monitor.net.guard import check_url
from monitor.store import feeds, listed_feeds, sources, subscriptions, watchlists
from monitor.store.columns import URL_CHARS
from monitor.store.engine import Connection
from monitor.store.feeds import FeedRow, NewFeed
from monitor.types import Reason
from monitor.urls import absolute_url, host_of, masked

MAX_HOSTS_WITHOUT_CONTACT = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFiles:
    """What the files declare; None: that file is absent."""

    publishers: tuple[DeclaredSource, ...] | None = None
    watchlists: tuple[DeclaredWatchlist, ...] | None = None
    subscriptions: tuple[DeclaredSubscription, ...] | None = None
    feeds: tuple[NewFeed, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """How much the files declare, and what that changed about feeds."""

    n_sources: int
    n_watchlists: int
    n_subscriptions: int
    n_feeds: int
    n_feeds_added: int
    n_feeds_paused: int


def feed_address(url: str) -> str:
    """The URL to poll for what somebody wrote. Raises UsageError for what cannot be polled."""
    address = absolute_url("", url)
    if address is None:
        raise UsageError(f'"{masked(url)}" is no http or https URL')
    reason = check_url(address)
    if reason is not None:
        raise UsageError(f'"{masked(url)}" is not polled: {_REFUSED.get(reason, reason.value)}')
    if len(address) > URL_CHARS:
        raise UsageError(f'"{masked(url)[:80]}..." is longer than the {URL_CHARS} characters that a feed URL may have')
    return address


_REFUSED = {
    Reason.BAD_URL: "a user name, a password or this host name is not allowed in a URL",
    Reason.BLOCKED_ADDRESS: "only public addresses on ports 80, 443, 8080 and 8443 are",
}


def read_files(settings: Settings) -> DeclaredFiles:
    """Read and check all declarative files. Raises ConfigError with one line for each thing that is wrong."""
    files, defaults, problems = settings.files, Files(), list[str]()

    def read(name: str, read_file: Callable[[Path], tuple[T, ...]]) -> tuple[T, ...] | None:
        configured = str(getattr(files, name))
        if not configured:
            return ()
        path = settings.path(configured)
        if configured == getattr(defaults, name) and not path.exists():
            return None
        try:
            return read_file(path)
        except ConfigError as error:
            problems.append(str(error))
            return None

    publishers = read("publishers", read_publishers)
    lists = read("watchlists", read_watchlists)
    # A watchlist file that cannot be read is complaint enough: its names cannot be known.
    known = None if problems and lists is None else {one.name for one in lists or ()}
    wanted = read("subscriptions", lambda path: read_subscriptions(path, known))
    listed = read("feeds", lambda path: read_feeds(path, settings.fetch.min_interval_s))
    if listed:
        problems += contact_problems(settings, len({host_of(feed.url) for feed in listed}))
    if problems:
        raise ConfigError("\n".join(problems))
    return DeclaredFiles(publishers=publishers, watchlists=lists, subscriptions=wanted, feeds=listed)


def read_feeds(file: Path, min_interval_s: int) -> tuple[NewFeed, ...]:
    """The feeds of an OPML file. Raises ConfigError naming each that cannot be polled."""
    found, problems = [], []
    for number, row in enumerate(joined(read_opml(file)), start=1):
        try:
            found.append(new_feed(row, managed_by="file", min_interval_s=min_interval_s))
        except UsageError as error:
            problems.append(f'{file}: feed {number} ("{row.title[:80]}"): xmlUrl: {error}')
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple({feed.url: feed for feed in found}.values())


def read_opml(file: Path) -> list[OpmlFeed]:
    """The rows of an OPML file as they stand, also repeated ones and those without an address. Raises ConfigError."""
    try:
        return parse_rows(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def new_feed(row: OpmlFeed, *, managed_by: str, min_interval_s: int) -> NewFeed:
    """A row of an OPML file as a feed to subscribe to. Raises UsageError for what cannot be polled.

    An interval below the least one is raised to it, in whole minutes: a list made for another reader, or by a stranger,
    must not have servers asked more often than the configuration allows.
    """
    least_s = -(-min_interval_s // 60) * 60
    return NewFeed(
        url=feed_address(row.url),
        title=row.title,
        site_url=absolute_url("", row.site_url or ""),
        categories=row.categories,
        tags=row.tags,
        wanted_interval_s=None if row.interval_s is None else max(row.interval_s, least_s),
        managed_by=managed_by,
    )


def opml_feed(row: FeedRow) -> OpmlFeed:
    """A feed as a row of an OPML file, under the address that was subscribed to."""
    return OpmlFeed(
        url=row.url,
        title=row.title,
        site_url=row.site_url,
        categories=row.categories,
        tags=row.tags,
        interval_s=row.wanted_interval_s,
    )


def contact_problems(settings: Settings, n_hosts: int) -> list[str]:
    """Whether that many hosts may be polled by somebody who names no address."""
    if n_hosts <= MAX_HOSTS_WITHOUT_CONTACT or settings.http.contact.strip():
        return []
    rule = f"above {MAX_HOSTS_WITHOUT_CONTACT}, their owners must be able to reach you"
    advice = "write a mail address or a page there, or set MONITOR_HTTP_CONTACT"
    return [f'http.contact = "": {n_hosts} hosts are to be polled; {rule}: {advice}']


def sync_files(app: App) -> SyncReport:
    """Make the database say what the files say. Raises ConfigError, and then has changed nothing."""
    declared, now = read_files(app.settings), app.clock()
    with app.store.begin() as conn:
        if declared.publishers is not None:
            sources.save_declared(conn, declared.publishers, now=now)
        if declared.watchlists is not None:
            watchlists.save_declared(conn, {one.name: one.query for one in declared.watchlists}, now)
        if declared.subscriptions is not None:
            subscriptions.save_declared(conn, declared.subscriptions, now)
        n_added, n_paused = _save_feeds(app, conn, declared.feeds)
        problems = contact_problems(app.settings, feeds.n_hosts(conn))
        if problems:
            raise ConfigError("\n".join(problems))
    return SyncReport(
        n_sources=len(declared.publishers or ()),
        n_watchlists=len(declared.watchlists or ()),
        n_subscriptions=len(declared.subscriptions or ()),
        n_feeds=len(declared.feeds or ()),
        n_feeds_added=n_added,
        n_feeds_paused=n_paused,
    )


def _save_feeds(app: App, conn: Connection, listed: tuple[NewFeed, ...] | None) -> tuple[int, int]:
    """Returns how many feeds are new and how many were paused."""
    if listed is None:
        return 0, 0
    interval_s = app.settings.fetch.default_interval_s
    return listed_feeds.follow_file(conn, listed, now=app.clock(), interval_s=interval_s)

"""A poller among scripted servers: every host of the test is one listening socket, time is what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from monitor.app import App, open_app
from monitor.config import Database, Extract, Fetch, Http, Politeness, Settings
from monitor.fetch import stage
from monitor.store import entries, feeds, polls
from monitor.store import tables as t
from monitor.types import FeedId, Progress
from tests.loopback import Conversation, RawServer, answer
from tests.store.rows import NOW

URL = "http://news.example/feed"
NO_WAITING = Politeness(host_spacing_s=0, source_spacing_s=0, host_at_once=100, source_at_once=100)
Head = Mapping[str, str]
Answer = bytes | Callable[[Head], bytes]


def rss(*names: str, extra: str = "", link: str = "http://news.example") -> bytes:
    """A feed with an entry for each name."""
    items = "".join(
        f"<item><guid>{name}</guid><title>Title {name}</title><link>{link}/{name}</link></item>" for name in names
    )
    return f"<rss version='2.0'><channel><title>News</title>{extra}{items}</channel></rss>".encode()


def document(*names: str, extra: str = "", **headers: str) -> bytes:
    """A whole answer with that feed."""
    return answer(body=rss(*names, extra=extra), content_type="application/rss+xml", **headers)


def conditional(body: bytes, etag: str) -> Callable[[Head], bytes]:
    """A well-behaved server: 304 to whom knows the tag."""

    def answered(head: Head) -> bytes:
        if head.get("if-none-match") == etag:
            return answer("304 Not Modified", etag=etag)
        return answer(body=body, etag=etag)

    return answered


@dataclass
class Poller:
    """`answers` are by URL without its scheme ("news.example/feed"); `asked` lists what came in, in order."""

    app: App
    moment: list[datetime]
    answers: dict[str, Answer]
    asked: list[tuple[str, Head]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.moment[0]

    def add(self, url: str = URL, **values: Any) -> FeedId:
        """Subscribe; `values` are columns of the feed."""
        with self.app.store.begin() as conn:
            feed_id, _ = feeds.add_feed(conn, feeds.NewFeed(url=url), now=self.now, interval_s=3600)
            if values:
                conn.execute(t.feeds.update().where(t.feeds.c.id == feed_id).values(**values))
        return feed_id

    def poll(self, *, after: timedelta = timedelta(), answers: Mapping[str, Answer] | None = None) -> Progress:
        """Let time pass, let servers answer differently, and poll what is due."""
        self.moment[0] += after
        self.answers |= answers or {}
        return stage.run(self.app)

    def poll_when_due(self, feed_id: FeedId, answers: Mapping[str, Answer] | None = None) -> dict[str, Any]:
        """Go to the moment when this feed is due, poll, and give its row."""
        due_at = self.row(feed_id)["next_poll_at"]
        self.moment[0] = max(self.now, due_at)
        self.poll(answers=answers)
        return self.row(feed_id)

    def row(self, feed_id: FeedId) -> dict[str, Any]:
        with self.app.store.read() as conn:
            return dict(conn.execute(t.feeds.select().where(t.feeds.c.id == feed_id)).mappings().one())

    def log(self, feed_id: FeedId) -> list[str]:
        """Outcomes, newest first."""
        with self.app.store.read() as conn:
            return [line["outcome"] for line in polls.list_polls(conn, feed_id)]

    def guids(self, feed_id: FeedId) -> list[str]:
        with self.app.store.read() as conn:
            rows = select(t.entries.c.guid).where(t.entries.c.feed_id == feed_id).order_by(t.entries.c.id)
            return list(conn.execute(rows).scalars())

    def last_seen(self, feed_id: FeedId) -> dict[str, datetime]:
        with self.app.store.read() as conn:
            return entries.load_last_seen(conn, feed_id)

    def host(self, name: str) -> dict[str, Any]:
        with self.app.store.read() as conn:
            return dict(conn.execute(t.hosts.select().where(t.hosts.c.name == name)).mappings().one())

    def urls(self) -> list[str]:
        """What was asked for since the last call, in order."""
        found = [url for url, _ in self.asked]
        self.asked.clear()
        return found


def _head(raw: bytes) -> tuple[str, dict[str, str]]:
    """Target and headers, their names in small letters."""
    first, *lines = raw.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines if ": " in line]
    return first.split(" ")[1], {name.lower(): value for name, value in pairs}


@contextmanager
def polling(
    database_url: str,
    hosts: tuple[str, ...] = ("news.example",),
    *,
    tick: timedelta = timedelta(),
    **sections: Any,
) -> Iterator[Poller]:
    """A poller whose `hosts` are served; what no answer is given for is 404. `sections` replace whole sections.

    Each look at the clock lets `tick` pass.
    """
    moment, answers = [NOW], dict[str, Answer]()

    def clock() -> datetime:
        moment[0] += tick
        return moment[0]

    asked: list[tuple[str, Head]] = []

    def script(conversation: Conversation) -> None:
        raw = conversation.head()
        if not raw:
            return
        target, headers = _head(raw)
        url = f"{headers['host'].partition(':')[0]}{target}"
        asked.append((url, headers))
        given = answers.get(url, answer("404 Not Found"))
        conversation.send(given(headers) if callable(given) else given)

    chosen: dict[str, Any] = {
        "database": Database(url=database_url),
        "http": Http(contact="tests@monitor.example"),
        "politeness": NO_WAITING,
        "fetch": Fetch(parse_deadline_s=5),
        "extract": Extract(processes=1),
    }
    with RawServer(script) as server:
        connect_to = dict.fromkeys(hosts, server.address)
        settings = Settings(**{**chosen, **sections})
        with open_app(settings, clock=clock, connect_to=connect_to, seed=1) as app:
            yield Poller(app=app, moment=moment, answers=answers, asked=asked)

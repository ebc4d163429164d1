"""A run in several processes that can be killed on the way, and what must be equal however often that happened."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from monitor.config import Settings
from monitor.demo.mailbox import Mailbox
from monitor.demo.newsroom import Newsroom
from monitor.replaying import replay
from monitor.run_local import working_app
from monitor.store.engine import Store, open_store
from tests.pipeline.gold import STILL_DUE
from tests.pipeline.processes import Driven, driven
from tests.pipeline.world import AFTER, START, parsed, settings_for

#: How much later the run starts that goes on where a killed one stopped.
AGAIN_AFTER = timedelta(minutes=2)
N_KILLS = 10
SEED = 20261120
_LEASES = {
    "articles": ("fetch_leased_until", "match_leased_until", "watch_leased_until"),
    "feeds": ("leased_until",),
    "subscriptions": ("leased_until",),
    "language_statistics": ("leased_until",),
    "deliveries": ("leased_until",),
}


@dataclass(frozen=True)
class State:
    """What must not depend on where a run was interrupted, by URL."""

    articles: dict[str, tuple[Any, ...]]
    revisions: dict[str, list[str]]
    duplicates: set[tuple[str, str, str, str]]
    copies: dict[str, tuple[str, str]]
    rewrites: set[tuple[str, str]]
    entries: dict[tuple[str, str], str]
    hits: set[tuple[str, str]]


@dataclass
class Run:
    """A newsroom that is served to processes, the mailbox they write to, and the moment that it is."""

    settings: Settings
    served: Newsroom
    mailbox: Mailbox
    now: list[datetime] = field(default_factory=lambda: [START])
    rounds: Sequence[timedelta] = AFTER

    @contextmanager
    def process(self, after: timedelta, **more: Any) -> Iterator[Driven]:
        """`once`, started that long after the start of the newsroom."""
        self.now[0] = START + after
        with driven(self.settings, self.served.connect_to, start_at=self.now[0], **more) as running:
            yield running

    def once(self, after: timedelta, *, kill_at_step: int | None = None) -> int:
        """One run to its end, or to its death at a step; returns how many steps it took."""
        with self.process(after, kill_at_step=kill_at_step) as running:
            code = running.end()
            if kill_at_step is not None:
                assert code == -signal.SIGKILL, f"the run ended with {code} before step {kill_at_step}"
                return kill_at_step
            assert code == 0, "".join(running.lines[-20:])
            return running.n_steps

    def interrupted_at(self, killed_round: int, step: int) -> None:
        """All rounds, one of them killed at a step and started again."""
        for number, after in enumerate(self.rounds):
            if number == killed_round:
                self.once(after, kill_at_step=step)
                let_leases_run_out(self.settings.database.url)
            self.once(after + AGAIN_AFTER if number == killed_round else after)


@contextmanager
def served(
    newsroom: Path, url: str, mailbox: Mailbox | None = None, *, rounds: Sequence[timedelta] = AFTER
) -> Iterator[Run]:
    now = [START]
    with Newsroom(newsroom, clock=lambda: now[0], started_at=START) as room, mailbox or Mailbox() as box:
        yield Run(
            settings=settings_for(newsroom, url=url, mailbox=box), served=room, mailbox=box, now=now, rounds=rounds
        )


def let_leases_run_out(url: str) -> None:
    """As time would: on PostgreSQL nobody can know that a worker is dead. (On SQLite the next process knows.)"""
    if url.startswith("sqlite"):
        return
    store = open_store(url)
    try:
        with store.begin() as conn:
            for table, columns in _LEASES.items():
                for column in columns:
                    conn.execute(
                        text(f"UPDATE {table} SET {column} = now() - interval '1 second' WHERE {column} IS NOT NULL")
                    )
    finally:
        store.close()


def read_state(store: Store) -> State:
    def rows(query: str) -> list[Any]:
        with store.read() as conn:
            return list(conn.execute(text(query)))

    revisions: dict[str, list[str]] = {}
    for url, its_hash in rows(
        "SELECT a.url, r.revision_hash FROM revisions r JOIN articles a ON a.id = r.article_id ORDER BY r.revision_no"
    ):
        revisions.setdefault(url, []).append(its_hash)
    return State(
        articles={
            row[0]: tuple(row[1:])
            for row in rows("SELECT url, title, text_hash, language, access, method, state, reason FROM articles")
        },
        revisions=revisions,
        duplicates={
            tuple(row)
            for row in rows(
                "SELECT a.url, o.url, d.kind, d.scheme FROM duplicates d JOIN articles a ON a.id = d.article_id"
                " JOIN articles o ON o.id = d.original_id"
            )
        },
        copies={row[0]: (row[1], row[2]) for row in rows("SELECT article_url, original_url, kind FROM v_duplicates")},
        rewrites={
            (row[0], row[1])
            for row in rows(
                "SELECT a.url, o.url FROM rewrites r JOIN articles a ON a.id = r.article_id"
                " JOIN articles o ON o.id = r.original_id"
            )
        },
        entries={
            (row[0], row[1]): row[2]
            for row in rows(
                "SELECT f.url, e.guid, a.url FROM entries e JOIN feeds f ON f.id = e.feed_id"
                " LEFT JOIN articles a ON a.id = e.article_id"
            )
        },
        hits={
            (row[0], row[1])
            for row in rows(
                "SELECT w.name, a.url FROM hits h JOIN watchlists w ON w.id = h.watchlist_id"
                " JOIN articles a ON a.id = h.article_id"
            )
        },
    )


def assert_same(found: State, wanted: State) -> None:
    """One noun at a time, so that a difference is readable."""
    for name in State.__dataclass_fields__:
        assert getattr(found, name) == getattr(wanted, name), name


def assert_stories_equal_replay(run: Run) -> None:
    """The stories are those that deciding the stored order once more gives."""
    with working_app(run.settings) as app:
        with app.store.read() as conn:
            members = conn.execute(text("SELECT article_id, story_id, language FROM v_story_articles")).all()
            numbers = list(
                conn.execute(
                    text("SELECT arrival_no FROM articles WHERE arrival_no IS NOT NULL ORDER BY arrival_no")
                ).scalars()
            )
        languages = {language for *_, language in members}
        stored = {article_id: story_id for article_id, story_id, _ in members}
        again = {article_id: story for language in languages for article_id, story in _replayed(app, language)}
    assert len(numbers) == len(set(numbers)) == len(stored)
    assert _groups(stored) == _groups(again)


def _replayed(app: Any, language: str) -> list[tuple[int, tuple[str, int]]]:
    return [(article_id, (language, story)) for article_id, story in replay(app, language).items()]


def _groups(story_of: dict[int, Any]) -> set[frozenset[int]]:
    groups: dict[Any, set[int]] = {}
    for article_id, story in story_of.items():
        groups.setdefault(story, set()).add(article_id)
    return {frozenset(group) for group in groups.values()}


def assert_no_mail_twice(run: Run, store: Store, *, n_unknown_max: int) -> Counter[str]:
    """What is stored as sent arrived once; what is of unknown outcome at most once; returns the states."""
    arrived = Counter((recipients[0], str(parsed(raw)["Message-ID"])) for recipients, raw in run.mailbox.messages)
    assert max(arrived.values(), default=0) <= 1
    with store.read() as conn:
        rows = conn.execute(
            text("SELECT d.message_id, v.recipient, v.state FROM deliveries v JOIN digests d ON d.id = v.digest_id")
        ).all()
    states = Counter(state for *_, state in rows)
    assert set(states) <= {"sent", "unknown"}
    assert states["unknown"] <= n_unknown_max
    n_known = 0
    for message_id, recipient, state in rows:
        stem = message_id.partition("@")[0] + "."
        n_arrived = sum(n for (to, its_id), n in arrived.items() if to == recipient and its_id.startswith(stem))
        assert n_arrived == 1 if state == "sent" else n_arrived <= 1
        n_known += n_arrived
    assert n_known == sum(arrived.values())
    return states


def assert_all_done(store: Store) -> None:
    with store.read() as conn:
        left = {what: conn.execute(text(query)).scalar_one() for what, query in STILL_DUE.items()}
    assert {what: n for what, n in left.items() if n} == {}


class Undisturbed:
    """What a run comes to that nobody disturbs, and how many steps each of its rounds takes."""

    def __init__(self, newsroom: Path, folder: Path, *, rounds: Sequence[timedelta] = AFTER) -> None:
        url = f"sqlite:///{folder / 'undisturbed.db'}"
        with served(newsroom, url, rounds=rounds) as run:
            self.n_steps = [run.once(after) for after in rounds]
            store = open_store(url)
            try:
                self.state: State = read_state(store)
                assert_no_mail_twice(run, store, n_unknown_max=0)
                assert_all_done(store)
            finally:
                store.close()
            self.n_mails = len(run.mailbox.messages)
            assert_stories_equal_replay(run)

    def moment(self, number: int) -> tuple[int, int]:
        """The round and step of one of ten moments: random, one in each tenth of the whole run."""
        share = (number + random.Random(SEED + number).random()) / N_KILLS
        at = max(1, int(share * sum(self.n_steps)))
        for killed_round, n_steps in enumerate(self.n_steps):
            if at <= n_steps:
                # The last steps of a round differ a little from run to run.
                return killed_round, min(at, int(n_steps * 0.98))
            at -= n_steps
        raise AssertionError("a moment after the end")

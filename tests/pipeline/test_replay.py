"""The same feeds and pages in any order, twice, with crashes in between: the same articles, sightings and revisions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from monitor.app import App
from monitor.config import Extract, Fetch, Settings
from monitor.demo.clock import SimulatedClock
from monitor.demo.mailbox import Mailbox
from monitor.demo.newsroom import Newsroom
from monitor.jobs import PIPELINE, run_job
from monitor.run_local import work_off, working_app
from tests.databases import BOTH
from tests.pipeline.killing import let_leases_run_out
from tests.pipeline.pressroom import EXPECTED, ROUNDS, write_pressroom
from tests.pipeline.world import START, settings_for, shared_workers

#: Far apart enough that no order of work is like another, and yet the same in every run of the tests.
SEEDS = (11, 23)
N_CRASHES = 2


class Crash(BaseException):
    """The process ends here, as if by kill -9: nothing catches this."""


@dataclass(frozen=True)
class Outcome:
    """All that must not depend on the order of work. Ids do, and moments within one round could."""

    articles: dict[str, tuple[Any, ...]]
    authors: set[tuple[str, str]]
    urls: set[tuple[str, str]]
    sightings: set[tuple[str, str, str]]
    revisions: dict[str, list[tuple[Any, ...]]]


_ARTICLES = """
SELECT url, title, text, language, published_at, access, method, origin, agency, credit, dateline, state, reason,
       retracted_at IS NOT NULL
FROM articles
"""


def read_outcome(app: App) -> Outcome:
    def rows(query: str) -> list[Any]:
        with app.store.read() as conn:
            return [tuple(row) for row in conn.execute(text(query))]

    revisions: dict[str, list[tuple[Any, ...]]] = {}
    for url, *revision in rows(
        "SELECT a.url, r.kind, r.title, r.text FROM revisions r JOIN articles a ON a.id = r.article_id"
        " ORDER BY r.article_id, r.revision_no"
    ):
        revisions.setdefault(url, []).append(tuple(revision))
    return Outcome(
        articles={row[0]: (*row[1:4], _utc(row[4]), *map(_plain, row[5:])) for row in rows(_ARTICLES)},
        authors=set(
            rows(
                "SELECT a.url, w.name FROM article_authors b JOIN articles a ON a.id = b.article_id"
                " JOIN authors w ON w.id = b.author_id"
            )
        ),
        urls=set(rows("SELECT u.url, a.url FROM article_urls u JOIN articles a ON a.id = u.article_id")),
        sightings=set(
            rows(
                "SELECT a.url, f.url, e.guid FROM sightings s JOIN articles a ON a.id = s.article_id"
                " JOIN entries e ON e.id = s.entry_id JOIN feeds f ON f.id = s.feed_id"
            )
        ),
        revisions=revisions,
    )


def _utc(moment: Any) -> str:
    """SQLite gives text, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if isinstance(moment, datetime) else str(moment)[:19]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


@dataclass
class Replayed:
    """A pressroom that is served, and the product that can be started on its database again and again."""

    settings: Settings
    served: Newsroom
    clock: SimulatedClock

    @contextmanager
    def app(self) -> Iterator[App]:
        doors = {"connect_to": self.served.connect_to, "workers": shared_workers()}
        with working_app(self.settings, clock=self.clock.now, seed=1, **doors) as app:
            yield app

    def go_to(self, after: timedelta) -> None:
        self.clock.jump(max(timedelta(), START + after - self.clock.now()))

    def in_order(self) -> Outcome:
        """Every round as the product does it by itself."""
        with self.app() as app:
            for after in ROUNDS:
                self.go_to(after)
                assert work_off(app) == 0
            return read_outcome(app)

    def disturbed(self, seed: int) -> Outcome:
        """Every round in an order of its own and once more from the start, with crashes in the middle of work."""
        chance = random.Random(seed)
        crashing = set(chance.sample(range(len(ROUNDS)), N_CRASHES))
        for number, after in enumerate(ROUNDS):
            self.go_to(after)
            if number in crashing:
                self._crash(chance)
            with self.app() as app:
                _shuffle(app, chance)
                _work_anyhow(app, chance)
                _forget_what_was_done(app)
                _shuffle(app, chance)
                _work_anyhow(app, chance)
                outcome = read_outcome(app)
        return outcome

    def _crash(self, chance: random.Random) -> None:
        left = [chance.randrange(20, 150)]

        def step(*_: object) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Crash

        def work() -> None:
            with self.app() as app:
                _shuffle(app, chance)
                event.listen(Engine, "before_cursor_execute", step)
                try:
                    _work_anyhow(app, chance)
                finally:
                    event.remove(Engine, "before_cursor_execute", step)

        with pytest.raises(Crash):
            work()
        let_leases_run_out(self.settings.database.url)


def _work_anyhow(app: App, chance: random.Random) -> None:
    """Jobs in any order until none finds anything."""
    idle: set[str] = set()
    while len(idle) < len(PIPELINE):
        job = chance.choice([job for job in PIPELINE if job.name not in idle])
        outcome = run_job(app, job)
        assert outcome.crashed is None
        if outcome.progress.n_done:
            idle.clear()
        else:
            idle.add(job.name)


def _shuffle(app: App, chance: random.Random) -> None:
    """What is due becomes due in another order."""
    with app.store.begin() as conn:
        for table, column in (("feeds", "next_poll_at"), ("articles", "fetch_due_at"), ("entries", "resolve_due_at")):
            due = conn.execute(text(f"SELECT id FROM {table} WHERE {column} <= :now"), {"now": _bound(app)})
            ids = list(due.scalars())
            chance.shuffle(ids)
            for place, row_id in enumerate(ids):
                moment = _bound(app, timedelta(seconds=len(ids) - place))
                conn.execute(text(f"UPDATE {table} SET {column} = :at WHERE id = :id"), {"at": moment, "id": row_id})


def _bound(app: App, ago: timedelta = timedelta()) -> Any:
    moment = app.clock() - ago
    return moment if app.settings.database.url.startswith("postgresql") else moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _forget_what_was_done(app: App) -> None:
    """Everything is to be done again: no feed is known to be unchanged, no entry resolved, no page read."""
    now = {"now": _bound(app)}
    with app.store.begin() as conn:
        conn.execute(
            text("UPDATE feeds SET next_poll_at = :now, etag = NULL, last_modified = NULL, body_hash = ''"), now
        )
        conn.execute(text("UPDATE entries SET resolve_due_at = :now WHERE article_id IS NOT NULL"), now)
        conn.execute(text("UPDATE articles SET fetch_due_at = :now WHERE host <> '' AND fetch_due_at IS NOT NULL"), now)


@pytest.fixture
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
        return
    server = request.getfixturevalue("postgresql")
    name = server.make()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(scope="module")
def pressroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pressroom")
    write_pressroom(folder)
    return folder


@contextmanager
def replayed(pressroom: Path, url: str, **sections: Any) -> Iterator[Replayed]:
    clock = SimulatedClock(START)
    with Newsroom(pressroom, clock=clock.now, started_at=START) as served, Mailbox() as mailbox:
        settings = settings_for(pressroom, url=url, mailbox=mailbox, **sections)
        yield Replayed(settings=settings, served=served, clock=clock)


@pytest.fixture(scope="module")
def in_order(pressroom: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    url = f"sqlite:///{tmp_path_factory.mktemp('in-order') / 'monitor.db'}"
    with replayed(pressroom, url) as run:
        return run.in_order()


def test_the_pressroom_is_read_as_it_was_written(in_order: Outcome) -> None:
    sightings = Counter(url for url, *_ in in_order.sightings)
    found = {url: (sightings[url], len(in_order.revisions[url])) for url in in_order.articles}
    assert {url: counts for url, counts in found.items() if url in EXPECTED} == EXPECTED
    others = sorted(url for url in found if url not in EXPECTED)
    assert [url.split(":")[0] for url in others] == ["http", "https", "urn"]


@pytest.mark.parametrize("own_url", BOTH, indirect=True)
@pytest.mark.parametrize("seed", [SEEDS[0], pytest.param(SEEDS[1], marks=pytest.mark.slow)])
def test_any_order_twice_and_with_crashes_gives_the_same_articles(
    pressroom: Path, in_order: Outcome, own_url: str, seed: int
) -> None:
    small = {"fetch": Fetch(default_interval_s=1800, max_interval_s=43_200, batch=2)}
    small |= {"extract": Extract(deadline_s=3, processes=1, batch=3)}
    with replayed(pressroom, own_url, **small) as run:
        found = run.disturbed(seed)
    for name in Outcome.__dataclass_fields__:
        assert getattr(found, name) == getattr(in_order, name), name

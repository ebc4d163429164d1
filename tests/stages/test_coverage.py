"""The job that judges how sources were watched, on real databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from monitor.app import App
from monitor.config import Settings
from monitor.coverage import MAX_DAYS_BACK, last_finished, run
from monitor.fetch.completeness import day_bounds
from monitor.jobs import JOBS, TIDY, run_job
from monitor.store import feeds, source_days
from monitor.store import tables as t
from monitor.store.engine import Store
from monitor.types import DayVerdict, Progress, SourceDay
from tests.store.rows import DAY, HOUR, NOW, add_feed

#: A Sunday noon; what is judged first is the Saturday.
TODAY = NOW.date()
FIRST_ON = TODAY - 24 * DAY


@dataclass
class World:
    """A store and the job's clock."""

    store: Store
    now: datetime = NOW

    @property
    def app(self) -> App:
        none = cast("Any", None)
        return App(settings=Settings(), store=self.store, mail=none, http=none, workers=none, clock=lambda: self.now)

    def add(self, name: str) -> int:
        """A source with one feed, polled every hour."""
        with self.store.begin() as conn:
            feed_id = add_feed(conn, f"https://{name}.example/feed", now=NOW - 90 * DAY)
            conn.execute(update(t.feeds).values(last_good_poll_at=self.now, interval_s=3600))
        return feed_id

    def poll(self, feed_id: int, day_on: date, *, n_new: int = 10, hours: range = range(24), **counts: int) -> None:
        """A day's polls, as the poll stage leaves them."""
        start, _ = day_bounds(day_on)
        with self.store.begin() as conn:
            source_id = feeds.get_feed(conn, str(feed_id)).source_id
            values = {"n_polls_ok": len(hours), "n_new": n_new, **counts}
            conn.execute(insert(t.source_days).values(source_id=source_id, day_on=day_on, **values))
            line = {"feed_id": feed_id, "outcome": "ok", "n_entries": 20, "n_new": 0}
            if hours:
                conn.execute(insert(t.poll_log), [{**line, "polled_at": start + hour * HOUR} for hour in hours])

    def live(self, feed_id: int, *, until: date, since: date = FIRST_ON) -> None:
        day_on = since
        while day_on <= until:
            self.poll(feed_id, day_on)
            day_on += DAY

    def verdicts(self, since: date = FIRST_ON) -> dict[str, list[str | None]]:
        """The verdicts from a day on, by source."""
        with self.store.read() as conn:
            names = {row.source_id: row.source.partition(".")[0] for row in feeds.list_feeds(conn)}
            found = source_days.load_days(conn, since, self.now.date())
        return {names[source_id]: [day.verdict for day in days] for source_id, days in found.items()}


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def test_finished_days_are_judged_and_today_is_not(world: World) -> None:
    feed_id = world.add("one")
    world.live(feed_id, until=TODAY)
    assert run(world.app) == Progress(n_done=24)
    assert world.verdicts()["one"] == ["unknown"] * 14 + ["complete"] * 10 + [None]
    with world.store.read() as conn:
        assert conn.execute(select(t.source_days.c.n_expected).order_by(t.source_days.c.day_on)).scalars().all() == [
            *[None] * 14,
            *[10.0] * 10,
            None,
        ]


def test_the_job_does_nothing_until_the_next_day_is_over_and_settled(world: World) -> None:
    world.live(world.add("one"), until=TODAY)
    run(world.app)
    before = world.verdicts()
    for moment in (NOW, NOW + 5 * HOUR, NOW + 12.5 * HOUR):
        world.now = moment
        assert run(world.app) == Progress()
    assert world.verdicts() == before
    world.now = NOW + 13 * HOUR
    assert run(world.app) == Progress(n_done=1)
    assert last_finished(world.now) == TODAY


def test_each_verdict_comes_of_what_happened(world: World) -> None:
    yesterday = TODAY - DAY
    names = ("complete", "silent", "no_overlap", "partial", "failed", "not_polled")
    ids = {name: world.add(name) for name in names}
    for feed_id in ids.values():
        world.live(feed_id, until=yesterday - DAY)
    world.poll(ids["complete"], yesterday)
    world.poll(ids["silent"], yesterday, n_new=0)
    world.poll(ids["no_overlap"], yesterday, n_gaps=1)
    world.poll(ids["partial"], yesterday, hours=range(9))
    world.poll(ids["failed"], yesterday, n_new=0, hours=range(0), n_polls_failed=9)
    for feed_id in ids.values():
        world.poll(feed_id, TODAY, hours=range(0))
    with world.store.begin() as conn:  # all but the partial one were polled after midnight
        for name in ("complete", "silent", "no_overlap"):
            line = {"feed_id": ids[name], "polled_at": day_bounds(TODAY)[0] + HOUR / 2, "outcome": "not_modified"}
            conn.execute(insert(t.poll_log).values(**line))
    run(world.app)
    assert {name: found[0] for name, found in world.verdicts(yesterday).items()} == {name: name for name in names}


def test_days_on_which_the_daemon_was_down_get_rows_and_are_blind(world: World) -> None:
    feed_id = world.add("one")
    world.live(feed_id, until=TODAY - 6 * DAY)
    world.now = NOW - 5 * DAY
    run(world.app)
    world.now = NOW
    world.poll(feed_id, TODAY)
    assert run(world.app).n_done == 5
    assert world.verdicts(TODAY - 6 * DAY)["one"] == [
        "partial",
        *["not_polled"] * 5,
        None,
    ]  # its last hour was not seen
    with world.store.read() as conn:
        (days,) = source_days.load_days(conn, TODAY - DAY, TODAY - DAY).values()
    assert days == [SourceDay(day_on=TODAY - DAY, n_expected=10.0, verdict=DayVerdict.NOT_POLLED)]


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_a_source_without_a_feed_to_poll_is_not_watched_and_has_no_blind_days(world: World, state: str) -> None:
    feed_id = world.add("one")
    world.live(feed_id, until=TODAY - 6 * DAY)
    with world.store.begin() as conn:
        conn.execute(update(t.feeds).values(state=state, next_poll_at=None))
    run(world.app)
    assert len(world.verdicts(TODAY - 6 * DAY)["one"]) == 1


def test_after_a_pause_at_most_its_last_day_is_called_blind(world: World) -> None:
    feed_id = world.add("one")
    world.live(feed_id, until=TODAY - 6 * DAY)
    with world.store.begin() as conn:
        feeds.pause_feed(conn, feed_id, "enough")
    for n_back in range(5, 0, -1):
        world.now = NOW - n_back * DAY
        run(world.app)
    with world.store.begin() as conn:
        feeds.resume_feed(conn, feed_id, now=NOW - HOUR, because="again")
    world.now = NOW
    assert run(world.app).n_done == 1
    assert world.verdicts(TODAY - 5 * DAY)["one"] == ["not_polled"]  # it was judged when the feed was polled again


def test_a_source_added_today_has_no_day_before(world: World) -> None:
    with world.store.begin() as conn:
        add_feed(conn, now=NOW - HOUR)
    assert run(world.app) == Progress()
    assert world.verdicts() == {}


def test_a_long_absence_is_made_up_for_up_to_a_bound(world: World) -> None:
    feed_id = world.add("one")
    with world.store.begin() as conn:
        conn.execute(update(t.feeds).values(created_at=NOW - 900 * DAY))
        source_days.save_judged_on(conn, TODAY - 700 * DAY)
    world.poll(feed_id, TODAY)
    assert run(world.app).n_done == MAX_DAYS_BACK
    with world.store.read() as conn:
        assert source_days.find_first_day(conn) == TODAY - MAX_DAYS_BACK * DAY
        assert source_days.find_judged_on(conn) == TODAY - DAY


def test_a_job_that_was_stopped_goes_on_where_it_was(world: World) -> None:
    world.live(world.add("one"), until=TODAY)
    app = world.app
    app.stop.set()
    assert run(app) == Progress()
    assert run(world.app).n_done == 24


def test_days_older_than_the_poll_log_are_judged_by_their_counts(world: World) -> None:
    feed_id = world.add("one")
    world.live(feed_id, until=TODAY)
    world.now = NOW + timedelta(days=60)
    assert run_job(world.app, TIDY).crashed is None
    with world.store.read() as conn:
        assert conn.execute(select(t.poll_log.c.id)).all() == []
    run(world.app)
    found = world.verdicts()["one"]
    assert found[:25] == ["unknown"] * 14 + ["complete"] * 11
    assert set(found[25:]) == {"not_polled"}


def test_a_source_that_falls_silent_has_one_line_in_the_log(world: World) -> None:
    feed_id = world.add("one")
    world.live(feed_id, until=TODAY - 3 * DAY)
    for n_back in (2, 1, 0):
        world.poll(feed_id, TODAY - n_back * DAY, n_new=0)
    with capture_logs() as logs:
        for n_back in (2, 1, 0):
            world.now = NOW - n_back * DAY
            run(world.app)
    (line,) = [line for line in logs if line["event"] == "source.silent"]
    assert (line["day_on"], line["n_expected"]) == (str(TODAY - 2 * DAY), 10.0)
    assert world.verdicts(TODAY - 2 * DAY)["one"] == ["silent", "silent", None]


def test_sources_are_judged_in_portions_alike(world: World) -> None:
    for number in range(5):
        world.live(world.add(f"s{number}"), since=TODAY - 3 * DAY, until=TODAY)
    assert run(world.app, sources_at_once=2).n_done == 15
    assert set(map(tuple, world.verdicts().values())) == {("unknown", "unknown", "unknown", None)}


def test_the_job_is_one_of_the_daemons() -> None:
    assert [job.every_s for job in JOBS if job.run is run] == [3600]

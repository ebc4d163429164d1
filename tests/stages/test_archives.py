"""Articles out of an archive become copies and stories as those of today do, whenever the assigner is started anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import select, update

from monitor.cluster import stage as cluster
from monitor.dedup import stage as dedup
from monitor.store import tables as t
from monitor.store.engine import Store, open_store
from monitor.types import Progress
from tests.stages.events import report
from tests.stages.test_similarity import app_of
from tests.store.rows import DAY, NOW, make_article, mark_matched
from tests.store.rows import count as count_rows

YEAR = timedelta(days=365)
FIRST = (
    "The council of Arvel voted on Monday to rebuild the Tarn bridge for 14 million crowns. Mayor Ilse Brandt said "
    "that 230 families would be moved before work begins in April, and that ferries would cross the river meanwhile."
)
SECOND = (
    "Arvel will rebuild its Tarn bridge. The council approved 14 million crowns on Monday; 230 families have to leave "
    "first, Mayor Ilse Brandt said. Until the bridge opens, ferries are to carry cars and people over the river."
)


def test_an_archive_is_put_into_stories_as_if_it_were_of_today(store: Store) -> None:
    told = [(FIRST, NOW), (FIRST, NOW - YEAR), (SECOND, NOW - YEAR + DAY / 8)]
    for number, (body, seen_at) in enumerate(told):
        with store.begin() as conn:
            make_article(
                conn, f"https://p{number}.example/1", seen_at=seen_at, title="Arvel rebuilds Tarn bridge", body=body
            )
        app = app_of(store)  # a new process for each: what it holds is restored
        while dedup.run(app).n_done or cluster.run(app).n_done:
            pass
    with store.read() as conn:
        rows = select(t.story_members.c.story_id).order_by(t.story_members.c.article_id)
        today, last_year, day_after = conn.execute(rows).scalars()
    assert last_year == day_after
    assert today != last_year


def test_what_comes_out_of_an_archive_while_the_assigner_is_restored_waits_for_the_next_batch(sqlite_url: str) -> None:
    store = open_store(sqlite_url)

    def put(number: int, body: str, seen_at: datetime) -> None:
        with store.begin() as conn:
            url = f"https://p{number}.example/1"
            mark_matched(conn, make_article(conn, url, seen_at=seen_at, title="Arvel rebuilds Tarn bridge", body=body))

    put(1, FIRST, NOW - YEAR)
    while cluster.run(app_of(store)).n_done:
        pass
    put(2, "Of something else.", NOW)
    app = app_of(store)
    looks = count(1)

    def clock() -> datetime:
        if next(looks) == 2:  # the assigner has looked at what waits
            put(3, SECOND, NOW - YEAR + DAY / 8)
        return NOW + timedelta(minutes=1)

    app = replace(app, clock=clock)
    while cluster.run(app).n_done:
        pass
    with store.read() as conn:
        found = dict(conn.execute(select(t.story_members.c.article_id, t.story_members.c.story_id)).all())
    store.close()
    assert found[1] == found[3] != found[2]


def test_a_batch_that_begins_with_what_came_out_of_an_archive_meanwhile_is_tried_again_at_once(store: Store) -> None:
    for number, seen_at in ((1, NOW - YEAR), (2, NOW)):
        with store.begin() as conn:
            mark_matched(conn, make_article(conn, f"https://p{number}.example/1", seen_at=seen_at, body=FIRST))
        if number == 1:
            assert cluster.run(app_of(store)).n_done == 1
    looks = count(1)

    def clock() -> datetime:
        if next(looks) == 2:  # the assigner has looked at what waits
            with store.begin() as conn:
                conn.execute(update(t.articles).where(t.articles.c.id == 1).values(assign_due_at=NOW))
        return NOW + timedelta(minutes=1)

    app = replace(app_of(store), clock=clock)
    assert cluster.run(app) == Progress(next_at=NOW + timedelta(minutes=1))
    assert cluster.run(app) == Progress(n_done=2)


def test_an_archive_of_years_does_not_stay_in_memory(sqlite_url: str) -> None:
    n, store = 150, open_store(sqlite_url)
    with store.begin() as conn:
        for number in range(n):
            url, seen_at = f"https://p{number}.example/1", NOW - 9 * YEAR + number * 3 * DAY
            title, body = report(f"event{number}", 0)
            mark_matched(conn, make_article(conn, url, seen_at=seen_at, title=title, body=body))
    app = app_of(store)
    most = 0
    while cluster.run(app, batch=10).n_done:
        most = max(most, len(app.memory["assigner:en"].keeper.index))
    with store.read() as conn:
        assert count_rows(conn, "story_members") == n
    store.close()
    assert most < n - 20

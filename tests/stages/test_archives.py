"""Articles out of an archive become copies and stories as those of today do, whenever the assigner is started anew."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from monitor.cluster import stage as cluster
from monitor.dedup import stage as dedup
from monitor.store import tables as t
from monitor.store.engine import Store
from tests.stages.test_similarity import app_of
from tests.store.rows import DAY, NOW, make_article

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

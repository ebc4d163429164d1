"""One source with 500 feeds beside 50 with one each: hours of polling on a fixed clock, over the real store."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from monitor.config import Politeness
from monitor.politeness import manners_for_feeds
from monitor.store import polls
from monitor.store import tables as t
from monitor.store.engine import Store
from monitor.types import FeedId
from tests.store.rows import HOUR, NOW, add_feed

TICK = timedelta(seconds=30)
N_TICKS = 200
N_BIG, N_SMALL = 500, 50


def simulate(store: Store, *, limit: int) -> dict[FeedId, list[datetime]]:
    """When each feed was polled. Each tick claims once, and saves what it claimed as polled."""
    polled: defaultdict[FeedId, list[datetime]] = defaultdict(list)
    manners = manners_for_feeds(Politeness())
    with store.begin() as conn:
        for number in range(N_TICKS):
            now = NOW + number * TICK
            due = polls.claim_due(conn, now=now, lease_s=600, limit=limit, manners=manners)
            ids = [feed.id for feed in due]
            done = update(t.feeds).where(t.feeds.c.id.in_(ids))
            conn.execute(done.values(leased_until=None, n_tries=0, next_poll_at=now + HOUR))
            for feed_id in ids:
                polled[feed_id].append(now)
    return polled


@pytest.mark.parametrize("n_hosts", [1, 25])
def test_a_source_of_many_feeds_does_not_delay_the_others_and_gets_all_of_its_own_slots(
    store: Store, n_hosts: int
) -> None:
    with store.begin() as conn:
        big = {add_feed(conn, f"https://h{n % n_hosts}.big.example/{n}") for n in range(N_BIG)}
        small = {add_feed(conn, f"https://small{n}.example/feed") for n in range(N_SMALL)}
    polled = simulate(store, limit=20)
    end = NOW + N_TICKS * TICK
    for feed_id in small:
        moments = [NOW, *polled[feed_id], end]
        gaps = [after - before for before, after in pairwise(moments)]
        # A claim of 20 takes three ticks for 51 sources that are all due at once.
        assert max(gaps) <= HOUR + 3 * TICK
        assert gaps[0] <= 3 * TICK
    assert sum(len(polled[feed_id]) for feed_id in big) == N_TICKS
    # In turn: none is polled a second time while another one waits for its first.
    assert {len(polled[feed_id]) for feed_id in big} <= {0, 1}

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

from sqlalchemy import update

from monitor.politeness import Candidate, Manners
from monitor.store import claims, hosts, polls
from monitor.store import tables as t
from monitor.store.claims import Claimed
from monitor.store.engine import Connection, Store, open_store
from monitor.store.pages import PAGES
from monitor.store.polls import POLLS
from tests.store.rows import NOW, add_article, add_feed

SECOND = timedelta(seconds=1)


def manners(spacing_s: float = 0, **values: Any) -> Manners:
    """Hosts are spaced, sources are not, and nothing is limited."""
    given = {"host_spacing_s": spacing_s, "host_at_once": 99, "source_spacing_s": 0, "source_at_once": 99}
    return Manners(**{**given, **values})


def add_feeds(store: Store, *urls: str) -> list[int]:
    with store.begin() as conn:
        return [add_feed(conn, url) for url in urls]


def claim(
    store: Store, *, now: datetime = NOW, limit: int = 10, spacing_s: float = 10, lease_s: float = 600
) -> list[int]:
    with store.begin() as conn:
        return ids(_claim(conn, now=now, limit=limit, manners=manners(spacing_s), lease_s=lease_s))


def _claim(conn: Connection, **how: Any) -> Claimed:
    return hosts.claim_spaced(conn, POLLS, t.feeds.c.host, **how)


def ids(claimed: Claimed) -> list[int]:
    return [row["id"] for row in claimed.rows]


def next_at(store: Store, host: str) -> datetime:
    with store.read() as conn:
        found: datetime = conn.execute(t.hosts.select().where(t.hosts.c.name == host)).mappings().one()["next_at"]
        return found


def set_host(store: Store, host: str, **values: object) -> None:
    with store.begin() as conn:
        conn.execute(update(t.hosts).where(t.hosts.c.name == host).values(values))


def vanish(store: Store, which: Sequence[int]) -> None:
    with store.begin() as conn:
        gone = update(t.feeds).where(t.feeds.c.id.in_(which))
        conn.execute(gone.values(leased_until=NOW - timedelta(days=900)))


def test_each_host_is_asked_once_at_a_time(store: Store) -> None:
    one, two, three = add_feeds(store, "https://a.example/1", "https://a.example/2", "https://b.example/1")
    assert claim(store) == [one, three]
    assert claim(store) == []
    assert claim(store, now=NOW + 9 * SECOND) == []
    assert claim(store, now=NOW + 10 * SECOND) == [two]


def test_a_host_is_left_alone_for_the_spacing_after_each_request(store: Store) -> None:
    add_feeds(store, "https://a.example/1")
    claim(store, spacing_s=7)
    assert next_at(store, "a.example") == NOW + 7 * SECOND


def test_a_slow_host_gets_a_multiple_of_the_spacing(store: Store) -> None:
    add_feeds(store, "https://a.example/1")
    set_host(store, "a.example", slow_factor=4.0)
    claim(store, spacing_s=7)
    assert next_at(store, "a.example") == NOW + 28 * SECOND


def test_the_limit_counts_hosts_and_leaves_the_others_their_slots(store: Store) -> None:
    one, two = add_feeds(store, "https://a.example/1", "https://b.example/1")
    assert claim(store, limit=1) == [one]
    assert next_at(store, "b.example") == NOW
    assert claim(store, limit=1) == [two]


def test_fresh_rows_do_not_wait_for_a_suspect_of_the_same_host(store: Store) -> None:
    one, two = add_feeds(store, "https://a.example/1", "https://a.example/2")
    assert claim(store, limit=1, spacing_s=0) == [one]
    vanish(store, [one])
    assert claim(store, spacing_s=0) == [two]
    assert claim(store, spacing_s=0) == [one]


def test_rows_that_became_due_after_a_moment_are_left_out_and_not_waited_for(store: Store) -> None:
    (one,) = add_feeds(store, "https://a.example/1")
    later = NOW + 60 * SECOND
    with store.begin() as conn:
        early = NOW - SECOND
        how: dict[str, Any] = {"now": later, "lease_s": 600, "limit": 9, "manners": manners(10)}
        assert ids(_claim(conn, **how, due_by=early)) == []
        assert polls.next_due_at(conn, later, manners=manners(10), due_by=early) is None
        assert ids(_claim(conn, **how, due_by=NOW)) == [one]


def test_a_suspect_is_claimed_alone_and_other_hosts_keep_their_slots(store: Store) -> None:
    one, two, three = add_feeds(store, "https://a.example/1", "https://b.example/1", "https://c.example/1")
    assert claim(store, limit=2, spacing_s=0) == [one, two]
    vanish(store, [one, two])
    assert claim(store) == [three]
    assert claim(store) == [one]
    assert claim(store) == [two]


def test_a_host_that_asks_for_patience_is_held_back_and_never_for_a_shorter_time(store: Store) -> None:
    (one,) = add_feeds(store, "https://a.example/1")
    with store.begin() as conn:
        hosts.hold_back(conn, "a.example", NOW + 60 * SECOND)
        hosts.hold_back(conn, "a.example", NOW + 30 * SECOND)
    assert next_at(store, "a.example") == NOW + 60 * SECOND
    assert claim(store, now=NOW + 59 * SECOND) == []
    with store.read() as conn:
        assert hosts.next_spaced_at(conn, POLLS, t.feeds.c.host, now=NOW, manners=manners(10)) == NOW + 60 * SECOND
    assert claim(store, now=NOW + 60 * SECOND) == [one]


def test_rows_without_a_host_need_no_slot_and_are_not_held_back(store: Store) -> None:
    with store.begin() as conn:
        without = [add_article(conn, f"urn:entry:one.example:{number}") for number in range(3)]
        paged = [add_article(conn, f"https://a.example/{number}") for number in range(2)]
        hosts.hold_back(conn, "a.example", NOW + SECOND)
    found = []
    for now in (NOW, NOW + SECOND):
        with store.begin() as conn:
            claimed = hosts.claim_spaced(
                conn, PAGES, t.articles.c.host, now=now, lease_s=60, limit=9, manners=manners(5)
            )
            found.append(ids(claimed))
    assert found == [without, paged[:1]]


def test_hosts_that_are_known_keep_their_slots_when_they_are_met_again(store: Store) -> None:
    with store.begin() as conn:
        hosts.ensure_hosts(conn, ["a.example"], NOW + 5 * SECOND)
        hosts.ensure_hosts(conn, ["a.example", "b.example"], NOW)
        hosts.ensure_hosts(conn, [], NOW)
    assert next_at(store, "a.example") == NOW + 5 * SECOND
    assert next_at(store, "b.example") == NOW


def reserve(conn: Connection, *names: str, spacing_s: float = 5) -> list[str]:
    asked = [Candidate(name, name, None) for name in names]
    how: dict[str, Any] = {"now": NOW, "lease_now": NOW, "limit": 9, "manners": manners(spacing_s)}
    return [one.host for one in hosts.reserve(conn, asked, **how)]


def test_reserving_gives_the_hosts_that_are_free(store: Store) -> None:
    with store.begin() as conn:
        hosts.ensure_hosts(conn, ["a.example", "b.example"], NOW)
        hosts.hold_back(conn, "b.example", NOW + SECOND)
        assert reserve(conn, "a.example", "b.example", "unknown.example") == ["a.example"]
        assert reserve(conn, "a.example") == []
        assert reserve(conn) == []


def test_two_workers_at_the_same_moment_cannot_both_take_a_host(store: Store) -> None:
    n_rounds, n_workers = 12, 4
    add_feeds(store, *(f"https://a.example/{number}" for number in range(n_rounds * n_workers)))
    barrier = Barrier(n_workers)

    def work(moment: int) -> list[int]:
        barrier.wait(30)
        return claim(store, now=NOW + moment * 10 * SECOND)

    with ThreadPoolExecutor(n_workers) as pool:
        for moment in range(n_rounds):
            taken = list(pool.map(work, [moment] * n_workers))
            assert sorted(map(len, taken)) == [0, 0, 0, 1]


def test_a_worker_that_holds_a_host_in_an_open_transaction_does_not_block_the_others(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    one, two = add_feeds(store, "https://a.example/1", "https://b.example/1")
    with store.begin() as first, store.begin() as second:
        assert reserve(first, "a.example", spacing_s=10) == ["a.example"]
        assert ids(_claim(second, now=NOW, limit=9, manners=manners(10), lease_s=600)) == [two]
    assert claim(store, now=NOW + 10 * SECOND) == [one]
    store.close()


def test_a_lost_workers_lease_counts_among_the_next_moments(store: Store) -> None:
    (one,) = add_feeds(store, "https://a.example/1")
    assert claim(store, lease_s=50) == [one]
    with store.read() as conn:
        found = polls.next_due_at(conn, NOW, manners=manners(10))
        expected = claims.next_lease_end(conn, POLLS, NOW)
    assert found is not None
    assert expected is not None
    assert abs(found - expected) < SECOND
    assert NOW < found <= NOW + 50 * SECOND

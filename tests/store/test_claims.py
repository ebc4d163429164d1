from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, literal, select, text, update

from monitor.errors import LeaseLostError
from monitor.store import claims, polls
from monitor.store.claims import MAX_TRIES, Claimed
from monitor.store.engine import Store
from monitor.store.polls import POLLS
from monitor.store.sources import ensure_source
from monitor.store.tables import feeds as feed_table
from tests.store.processes import claim_until_empty
from tests.store.rows import HOUR, NOW

N_ROWS = 4_000
#: Leases on PostgreSQL are measured by the server's clock, so this is no simulated time.
LEASE_S = 600.0


def add_feeds(store: Store, n: int, *, due_at: datetime = NOW) -> list[int]:
    with store.begin() as conn:
        source_id = ensure_source(conn, "one.example", now=NOW)
        rows = [
            {
                "source_id": source_id,
                "url": f"https://one.example/{number}",
                "host": "one.example",
                "created_at": NOW,
                "interval_s": 60,
                "next_poll_at": due_at + timedelta(seconds=number),
            }
            for number in range(n)
        ]
        conn.execute(insert(feed_table), rows)
        return list(conn.execute(text("SELECT id FROM feeds ORDER BY next_poll_at, id")).scalars())


def claim(store: Store, limit: int, *, now: datetime = NOW + HOUR, lease_s: float = LEASE_S) -> Claimed:
    with store.begin() as conn:
        return claims.claim(conn, POLLS, now=now, lease_s=lease_s, limit=limit)


def ids(claimed: Claimed) -> list[int]:
    return [row["id"] for row in claimed.rows]


def tries(store: Store) -> list[int]:
    with store.read() as conn:
        return list(conn.execute(text("SELECT n_tries FROM feeds ORDER BY id")).scalars())


def let_lease_run_out(store: Store, *which: int) -> None:
    """As if so much time had passed on whichever clock measures leases."""
    with store.begin() as conn:
        conn.execute(
            update(feed_table)
            .where(feed_table.c.id.in_(which))
            .values(leased_until=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
        )


def test_eight_processes_claim_four_thousand_rows_and_each_row_once(
    store: Store, database_url: str, eight_processes: ProcessPoolExecutor
) -> None:
    added = add_feeds(store, N_ROWS)
    now = NOW + timedelta(days=1)
    futures = [eight_processes.submit(claim_until_empty, database_url, now, 20) for _ in range(8)]
    found = [future.result(120) for future in futures]
    counted = Counter(row_id for mine in found for row_id in mine)
    assert counted == Counter(added)
    assert all(found)
    assert set(tries(store)) == {1}


def test_the_oldest_due_rows_are_claimed_first_and_no_more_than_asked_for(store: Store) -> None:
    added = add_feeds(store, 10)
    assert ids(claim(store, 3)) == added[:3]
    assert ids(claim(store, 3)) == added[3:6]


def test_a_limit_holds_although_postgresql_has_no_statistics_of_the_table(own_store: Store) -> None:
    add_feeds(own_store, 200)
    assert len(claim(own_store, 2).rows) == 2


def test_rows_that_are_not_due_yet_are_left(store: Store) -> None:
    added = add_feeds(store, 3)
    assert ids(claim(store, 9, now=NOW + timedelta(seconds=1))) == added[:2]


def test_a_leased_row_is_not_claimed_until_its_lease_ran_out(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    claim(store, 1)
    assert ids(claim(store, 1)) == []
    let_lease_run_out(store, row_id)
    assert ids(claim(store, 1)) == [row_id]


def test_only_rows_that_are_named_are_claimed(store: Store) -> None:
    added = add_feeds(store, 3)
    with store.begin() as conn:
        nothing = claims.claim(conn, POLLS, now=NOW + HOUR, lease_s=LEASE_S, limit=9, among=[])
        second = claims.claim(conn, POLLS, now=NOW + HOUR, lease_s=LEASE_S, limit=9, among=[added[1]])
    assert ids(nothing) == []
    assert ids(second) == [added[1]]


def test_a_result_gives_the_lease_back_and_forgets_the_tries(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    claimed = claim(store, 1)
    with store.begin() as conn:
        claims.save(conn, POLLS, row_id, claimed.leased_until, title="saved", next_poll_at=NOW + 2 * HOUR)
    with store.read() as conn:
        row = conn.execute(feed_table.select()).mappings().one()
    assert (row["title"], row["leased_until"], row["n_tries"]) == ("saved", None, 0)
    assert row["next_poll_at"] == NOW + 2 * HOUR


def test_a_worker_that_overran_its_lease_saves_nothing(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    late = claim(store, 1)
    let_lease_run_out(store, row_id)
    successor = claim(store, 1, lease_s=LEASE_S + 1)

    def save_late() -> None:
        with store.begin() as conn:
            conn.execute(update(feed_table).values(etag="of the late one"))
            claims.save(conn, POLLS, row_id, late.leased_until, title="of the late one")

    with pytest.raises(LeaseLostError, match=f"feeds {row_id}"):
        save_late()
    with store.begin() as conn:
        claims.save(conn, POLLS, row_id, successor.leased_until, title="of its successor")
    with store.read() as conn:
        row = conn.execute(feed_table.select()).mappings().one()
    assert (row["title"], row["etag"]) == ("of its successor", None)


def test_a_result_cannot_be_saved_twice(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    claimed = claim(store, 1)
    with store.begin() as conn:
        claims.save(conn, POLLS, row_id, claimed.leased_until, title="once")
    with pytest.raises(LeaseLostError), store.begin() as conn:
        claims.save(conn, POLLS, row_id, claimed.leased_until, title="twice")


def test_a_lease_that_ran_out_but_was_taken_by_nobody_still_saves(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    claimed = claim(store, 1, lease_s=0)
    with store.begin() as conn:
        claims.save(conn, POLLS, row_id, claimed.leased_until, title="late and alone")


def test_holding_a_row_keeps_its_lease_and_refuses_a_lost_one(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    claimed = claim(store, 1)
    with store.begin() as conn:
        claims.hold(conn, POLLS, row_id, claimed.leased_until)
        claims.save(conn, POLLS, row_id, claimed.leased_until, title="saved")
    with pytest.raises(LeaseLostError), store.begin() as conn:
        claims.hold(conn, POLLS, row_id, claimed.leased_until)


def test_each_row_of_a_worker_that_vanished_is_claimed_alone_and_fresh_rows_do_not_wait(store: Store) -> None:
    added = add_feeds(store, 5)
    claim(store, 2)
    let_lease_run_out(store, *added[:2])
    assert ids(claim(store, 5)) == added[2:]
    assert ids(claim(store, 5)) == added[:1]
    assert ids(claim(store, 5)) == added[1:2]
    assert tries(store) == [2, 2, 1, 1, 1]


def test_a_suspect_that_was_due_an_hour_before_all_fresh_rows_comes_first(store: Store) -> None:
    (suspect,) = add_feeds(store, 1)
    claim(store, 1)
    let_lease_run_out(store, suspect)
    with store.begin() as conn:
        fresh = insert(feed_table).from_select(
            ["source_id", "url", "host", "created_at", "interval_s", "next_poll_at"],
            select(
                feed_table.c.source_id,
                feed_table.c.url + "/fresh",
                feed_table.c.host,
                feed_table.c.created_at,
                feed_table.c.interval_s,
                literal(NOW + 2 * HOUR),
            ),
        )
        conn.execute(fresh)
    assert ids(claim(store, 5, now=NOW + 3 * HOUR)) == [suspect]
    assert len(claim(store, 5, now=NOW + 3 * HOUR).rows) == 1


def test_the_suspect_with_the_fewest_tries_comes_first(store: Store) -> None:
    first, second = add_feeds(store, 2)
    for _ in range(2):
        with store.begin() as conn:
            claims.claim(conn, POLLS, now=NOW + HOUR, lease_s=LEASE_S, limit=1, among=[first])
        let_lease_run_out(store, first)
    with store.begin() as conn:
        claims.claim(conn, POLLS, now=NOW + HOUR, lease_s=LEASE_S, limit=1, among=[second])
    let_lease_run_out(store, second)
    assert ids(claim(store, 5)) == [second]


def test_a_row_whose_workers_vanish_each_time_is_exhausted(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    for _ in range(MAX_TRIES):
        with store.read() as conn:
            assert claims.exhausted(conn, POLLS, NOW + HOUR) == []
        claim(store, 1)
        let_lease_run_out(store, row_id)
    with store.read() as conn:
        assert claims.exhausted(conn, POLLS, NOW + HOUR) == [row_id]


def test_a_row_that_is_being_worked_on_is_not_exhausted(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    for _ in range(MAX_TRIES):
        let_lease_run_out(store, row_id)
        claim(store, 1)
    with store.read() as conn:
        assert claims.exhausted(conn, POLLS, NOW + HOUR) == []


def test_an_exhausted_feed_is_set_aside_with_its_reason(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    for _ in range(MAX_TRIES):
        claim(store, 1)
        let_lease_run_out(store, row_id)
    later = NOW + timedelta(days=1)
    with store.begin() as conn:
        assert polls.set_aside_crashed(conn, NOW + HOUR, later) == [row_id]
    with store.read() as conn:
        row = conn.execute(feed_table.select()).mappings().one()
    assert (row["state"], row["reason"], row["next_poll_at"], row["n_tries"]) == ("failing", "gave_up", later, 0)
    assert ids(claim(store, 1)) == []


def test_released_rows_can_be_claimed_at_once_and_are_no_suspects(store: Store) -> None:
    added = add_feeds(store, 3)
    claimed = claim(store, 3)
    with store.begin() as conn:
        claims.release(conn, POLLS, added[:2], claimed.leased_until)
    assert tries(store) == [0, 0, 1]
    assert ids(claim(store, 3)) == added[:2]


def test_rows_that_a_successor_took_are_not_released(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    late = claim(store, 1)
    let_lease_run_out(store, row_id)
    claim(store, 1, lease_s=LEASE_S + 1)
    with store.begin() as conn:
        claims.release(conn, POLLS, [row_id], late.leased_until)
    assert tries(store) == [2]
    assert ids(claim(store, 1)) == []


def test_a_process_that_is_alone_frees_every_lease_and_keeps_the_tries(store: Store) -> None:
    add_feeds(store, 3)
    claim(store, 2)
    with store.begin() as conn:
        assert claims.release_all(conn, POLLS) == 2
    assert tries(store) == [1, 1, 0]


def test_the_next_free_moment_is_told_on_the_clock_of_the_caller(store: Store) -> None:
    add_feeds(store, 2)
    with store.read() as conn:
        assert claims.next_lease_end(conn, POLLS, NOW + HOUR) is None
    claim(store, 2, lease_s=100)
    with store.read() as conn:
        free_at = claims.next_lease_end(conn, POLLS, NOW + HOUR)
    assert free_at is not None
    # PostgreSQL measures by its own clock, which went on since.
    assert timedelta(seconds=70) < free_at - (NOW + HOUR) <= timedelta(seconds=100)


def test_leases_on_sqlite_follow_the_given_clock_and_on_postgresql_the_servers(store: Store) -> None:
    (row_id,) = add_feeds(store, 1)
    claim(store, 1)
    much_later = NOW + timedelta(days=300)
    expected = [row_id] if store.engine.dialect.name == "sqlite" else []
    assert ids(claim(store, 1, now=much_later)) == expected

"""How many requests go to a host and to a source, and when: spacing, what is under way, hosts that ask for patience."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from monitor.politeness import Manners, domain_name
from monitor.store import claims, hosts, pages, polls
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.types import Failure, Reason, Response
from tests.databases import N_PROCESSES
from tests.store.processes import claim_politely
from tests.store.rows import NOW, add_article, add_feed

SECOND = timedelta(seconds=1)
SPACED = Manners(host_spacing_s=5, host_at_once=2, source_spacing_s=2, source_at_once=3)
HASTE = Manners(host_spacing_s=0, host_at_once=2, source_spacing_s=0, source_at_once=3)


def add_feeds(store: Store, *urls: str) -> list[int]:
    with store.begin() as conn:
        return [add_feed(conn, url) for url in urls]


def poll(store: Store, *, after_s: float = 0, manners: Manners = SPACED, limit: int = 50, lease_s: float = 900) -> Any:
    """The URLs of the feeds claimed, without their scheme."""
    with store.begin() as conn:
        how: dict[str, Any] = {"now": NOW + after_s * SECOND, "lease_s": lease_s, "limit": limit, "manners": manners}
        due = polls.claim_due(conn, **how)
    return [feed.url.removeprefix("https://") for feed in due]


def fetch(store: Store, *, after_s: float = 0, manners: Manners = SPACED) -> list[str]:
    with store.begin() as conn:
        due = pages.claim_pages(conn, now=NOW + after_s * SECOND, lease_s=900, limit=50, manners=manners)
    return [page.url.removeprefix("https://") for page in due]


def finish(store: Store) -> None:
    """As if everything that is under way had been answered and saved, and were due again at once."""
    with store.begin() as conn:
        conn.execute(update(t.feeds).values(leased_until=None, n_tries=0))


def rows(store: Store) -> dict[str, dict[str, Any]]:
    with store.read() as conn:
        return {row["name"]: dict(row) for row in conn.execute(select(t.hosts)).mappings()}


# --- hosts and domains ---------------------------------------------------------------------------------------------


def test_a_host_comes_with_the_row_of_its_registered_domain(store: Store) -> None:
    with store.begin() as conn:
        hosts.ensure_hosts(conn, ["news.bbc.co.uk", "www.bbc.co.uk", "10.0.0.1", "localhost"], NOW)
    assert {name: row["domain"] for name, row in rows(store).items()} == {
        "news.bbc.co.uk": "bbc.co.uk",
        "www.bbc.co.uk": "bbc.co.uk",
        ".bbc.co.uk": "bbc.co.uk",
        "10.0.0.1": "10.0.0.1",
        ".10.0.0.1": "10.0.0.1",
        "localhost": "localhost",
        ".localhost": "localhost",
    }


def test_hosts_of_one_source_take_turns(store: Store) -> None:
    add_feeds(store, "https://a.one.example/1", "https://b.one.example/1", "https://two.example/1")
    assert poll(store) == ["a.one.example/1", "two.example/1"]
    assert poll(store, after_s=1.9) == []
    assert poll(store, after_s=2) == ["b.one.example/1"]


def test_a_request_moves_on_the_host_and_its_source(store: Store) -> None:
    add_feeds(store, "https://a.one.example/1")
    poll(store)
    moments = {name: (row["next_at"] - NOW) / SECOND for name, row in rows(store).items()}
    assert moments == {"a.one.example": 5, ".one.example": 2}


def test_a_source_that_waits_says_until_when(store: Store) -> None:
    add_feeds(store, "https://a.one.example/1", "https://b.one.example/1")
    poll(store)
    with store.read() as conn:
        assert polls.next_due_at(conn, NOW, manners=SPACED) == NOW + 2 * SECOND


def test_pages_and_feeds_share_the_slots_of_a_source(store: Store) -> None:
    add_feeds(store, "https://a.one.example/1")
    with store.begin() as conn:
        add_article(conn, "https://b.one.example/page")
    assert poll(store) == ["a.one.example/1"]
    assert fetch(store) == []
    assert fetch(store, after_s=2) == ["b.one.example/page"]


def test_without_spacing_a_claim_takes_as_many_as_may_be_under_way(store: Store) -> None:
    add_feeds(store, *(f"https://{host}.one.example/{n}" for host in "ab" for n in range(5)), "https://two.example/1")
    assert poll(store, manners=HASTE) == ["a.one.example/0", "a.one.example/1", "b.one.example/0", "two.example/1"]
    assert poll(store, manners=HASTE) == []


def test_what_is_under_way_holds_a_host_back_however_long_it_takes(store: Store) -> None:
    add_feeds(store, *(f"https://one.example/{n}" for n in range(4)))
    assert poll(store) == ["one.example/0"]
    assert poll(store, after_s=5) == ["one.example/1"]
    assert poll(store, after_s=500) == []
    finish(store)
    assert len(poll(store, after_s=500)) == 1


def test_a_host_with_a_request_under_way_takes_only_what_is_left(store: Store) -> None:
    add_feeds(store, *(f"https://one.example/{n}" for n in range(4)))
    assert len(poll(store, manners=HASTE, limit=1)) == 1
    assert len(poll(store, manners=HASTE)) == 1
    assert poll(store, manners=HASTE) == []


def test_pages_under_way_hold_feeds_back_and_the_other_way_round(store: Store) -> None:
    add_feeds(store, "https://one.example/1", "https://one.example/2")
    with store.begin() as conn:
        for number in range(3):
            add_article(conn, f"https://one.example/page{number}")
    assert len(fetch(store, manners=HASTE)) == 2
    assert poll(store, manners=HASTE) == []
    with store.begin() as conn:
        conn.execute(update(t.articles).values(fetch_leased_until=None, n_fetch_tries=0, fetch_due_at=None))
    assert len(poll(store, manners=HASTE)) == 2
    assert fetch(store, manners=HASTE) == []


def test_a_full_host_is_looked_at_again_soon_and_not_at_once(store: Store) -> None:
    add_feeds(store, *(f"https://one.example/{n}" for n in range(3)))
    poll(store, manners=HASTE, lease_s=1e6)
    with store.read() as conn:
        assert polls.next_due_at(conn, NOW, manners=HASTE) == NOW + SECOND


def test_requests_of_a_vanished_worker_count_until_their_lease_ends(store: Store) -> None:
    add_feeds(store, *(f"https://one.example/{n}" for n in range(3)))
    assert len(poll(store, manners=HASTE, lease_s=60)) == 2
    with store.begin() as conn:  # the clock of leases is the server's on PostgreSQL
        ended = update(t.feeds).where(t.feeds.c.leased_until.is_not(None))
        conn.execute(ended.values(leased_until=NOW - timedelta(days=900)))
    assert poll(store, after_s=61, manners=HASTE) == ["one.example/2"]


def test_a_host_of_many_feeds_does_not_hide_the_others_from_a_small_claim(store: Store) -> None:
    add_feeds(store, *(f"https://{n % 7}.big.example/{n}" for n in range(40)))
    add_feeds(store, *(f"https://small{n}.example/1" for n in range(3)))
    found = poll(store, limit=4)
    assert sorted(found) == ["0.big.example/0", "small0.example/1", "small1.example/1", "small2.example/1"]


def test_without_spacing_a_small_claim_takes_its_share_of_a_host_of_many_feeds(store: Store) -> None:
    add_feeds(store, *(f"https://{n % 7}.big.example/{n}" for n in range(40)))
    add_feeds(store, *(f"https://small{n}.example/1" for n in range(3)))
    assert [url.partition("/")[0] for url in poll(store, limit=5, manners=HASTE)] == [
        "0.big.example",
        "1.big.example",
        "2.big.example",
        "small0.example",
        "small1.example",
    ]


# --- hosts that ask for patience -----------------------------------------------------------------------------------


def answer(host: str, status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url="https://start.example/", final_url=f"https://{host}/x", status=status, headers=named, body=b"")


def heed(store: Store, *answers: Response | Failure, now: datetime = NOW) -> None:
    with store.begin() as conn:
        hosts.heed_answers(conn, answers, now)


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_patience_is_slowed_down_and_eased_step_by_step(store: Store, status: int) -> None:
    add_feeds(store, "https://a.one.example/1", "https://b.one.example/1")
    factors = []
    for code in (status, status, 200, 304, 500, 404, 200):
        heed(store, answer("a.one.example", code))
        factors.append(rows(store)["a.one.example"]["slow_factor"])
    assert factors == [2, 4, 3, 2, 2, 2, 1.5]
    assert rows(store)["b.one.example"]["slow_factor"] == rows(store)[".one.example"]["slow_factor"] == 1


def test_a_slow_host_gets_a_multiple_of_its_spacing_and_its_source_does_not(store: Store) -> None:
    add_feeds(store, "https://one.example/1")
    heed(store, answer("one.example", 429))
    poll(store)
    found = rows(store)
    assert (found["one.example"]["next_at"], found[".one.example"]["next_at"]) == (NOW + 10 * SECOND, NOW + 2 * SECOND)


def test_many_hosts_are_slowed_down_and_eased_at_once_and_never_beyond_their_bounds(store: Store) -> None:
    names = [f"{n}.example" for n in range(4)]
    with store.begin() as conn:
        hosts.ensure_hosts(conn, names, NOW)
        for _ in range(9):
            hosts.slow_down(conn, names[:2])
        hosts.ease(conn, names)
    assert [rows(store)[name]["slow_factor"] for name in names] == [12, 12, 1, 1]


def test_retry_after_on_any_error_holds_back_the_host_that_answered(store: Store) -> None:
    add_feeds(store, "https://start.example/1", "https://one.example/1")
    heed(store, answer("one.example", 404, retry_after="60"), answer("start.example", 200, retry_after="60"))
    found = rows(store)
    assert found["one.example"]["next_at"] == found["one.example"]["retry_after_at"] == NOW + 60 * SECOND
    assert found["start.example"]["next_at"] == found[".one.example"]["next_at"] == NOW


def test_a_host_met_first_when_a_redirect_led_there_is_remembered(store: Store) -> None:
    heed(store, answer("new.example", 503, retry_after="60"))
    found = rows(store)["new.example"]
    assert (found["slow_factor"], found["next_at"], found["domain"]) == (2, NOW + 60 * SECOND, "new.example")


def test_a_failure_says_nothing_about_the_pace(store: Store) -> None:
    heed(store, Failure(url="https://one.example/", reason=Reason.TIMEOUT))
    assert rows(store) == {}


def test_a_delay_that_a_host_asks_for_counts_where_it_is_longer_than_ours(store: Store) -> None:
    add_feeds(store, "https://a.example/1", "https://b.example/1")
    with store.begin() as conn:
        for name, delay_s in (("a.example", 30.0), ("b.example", 1.0)):
            conn.execute(update(t.hosts).where(t.hosts.c.name == name).values(crawl_delay_s=delay_s))
    poll(store)
    found = rows(store)
    assert [(found[name]["next_at"] - NOW) / SECOND for name in ("a.example", "b.example")] == [30, 5]


# --- many workers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manners", [SPACED, HASTE], ids=["spaced", "not spaced"])
def test_many_workers_together_keep_the_limits_of_hosts_and_sources(
    database_url: str, store: Store, eight_processes: ProcessPoolExecutor, manners: Manners
) -> None:
    n_rounds = 6
    add_feeds(store, *(f"https://h{n % 4}.s{n % 6}.example/{n}" for n in range(240)))
    tasks = [eight_processes.submit(claim_politely, database_url, NOW, n_rounds, manners) for _ in range(N_PROCESSES)]
    results = [task.result(timeout=120) for task in tasks]
    taken = [one for mine in results for one_round in mine for one in one_round]
    assert len({feed_id for feed_id, _ in taken}) == len(taken)
    with store.read() as conn:
        domains = dict(conn.execute(select(t.hosts.c.name, t.hosts.c.domain)).all())
    at_host, at_source = Counter(host for _, host in taken), Counter(domains[host] for _, host in taken)
    # At one and the same moment: where requests are spaced, one; else as many as may be under way, and no slot is lost.
    assert max(at_host.values()) <= (1 if manners is SPACED else 2)
    assert set(at_source.values()) == ({1} if manners is SPACED else {3})
    assert len(at_source) == 6


def test_a_domain_that_another_worker_holds_is_left_to_it(postgresql_url: str, postgresql: Any) -> None:
    store = postgresql.store(postgresql_url)
    add_feeds(store, "https://a.one.example/1", "https://b.one.example/1", "https://two.example/1")
    with store.begin() as first, store.begin() as second:
        lock(first, domain_name("one.example"))
        due = polls.claim_due(second, now=NOW, lease_s=60, limit=9, manners=SPACED)
        assert [feed.host for feed in due] == ["two.example"]


def lock(conn: Connection, name: str) -> None:
    conn.execute(select(t.hosts.c.name).where(t.hosts.c.name == name).with_for_update()).all()


def test_a_suspect_that_its_late_worker_is_saving_is_not_waited_for(postgresql_url: str, postgresql: Any) -> None:
    store = postgresql.store(postgresql_url)
    (one,) = add_feeds(store, "https://one.example/1")
    assert poll(store) == ["one.example/1"]
    with store.begin() as conn:
        conn.execute(update(t.feeds).values(leased_until=NOW - timedelta(days=900)))
    with store.begin() as first, store.begin() as second:
        first.execute(select(t.feeds.c.id).where(t.feeds.c.id == one).with_for_update()).all()
        claimed = claims.claim(second, polls.POLLS, now=NOW + 60 * SECOND, lease_s=60, limit=9)
        assert claimed.rows == []

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from monitor.politeness import Manners
from monitor.robots import Rules
from monitor.store import hosts, pages, polls, robots
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.health import find_overdue
from monitor.store.leases import release_leases
from monitor.types import Reason
from tests.store.rows import DAY, HOUR, NOW, add_article, add_feed

SECOND = timedelta(seconds=1)
MANNERS = Manners(host_spacing_s=5, host_at_once=2, source_spacing_s=2, source_at_once=4, heeds_robots=True)
FREE = Rules("", None)


def unknown(conn: Connection, *, after: timedelta = timedelta(), limit: int = 9) -> dict[str, str]:
    return robots.claim_unknown(conn, pages.ASKED, now=NOW + after, lease_s=0, limit=limit, manners=MANNERS)


def fetchable(conn: Connection, *, after: timedelta = timedelta()) -> list[str]:
    due = pages.claim_pages(conn, now=NOW + after, lease_s=600, limit=9, manners=MANNERS)
    return [page.url for page in due]


def test_a_page_waits_until_the_robots_txt_of_its_host_was_asked_for_and_the_spacing_holds(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://a.one.example/1")
        assert fetchable(conn) == []
        assert pages.next_page_at(conn, NOW, manners=MANNERS) == NOW
        assert unknown(conn) == {"a.one.example": "https://a.one.example/1"}
        assert unknown(conn) == {}
        robots.save_robots(conn, "a.one.example", FREE, NOW)
        assert fetchable(conn) == []
        assert pages.next_page_at(conn, NOW, manners=MANNERS) == NOW + 5 * SECOND
        assert fetchable(conn, after=5 * SECOND) == ["https://a.one.example/1"]


def test_without_spacing_one_worker_asks_and_the_others_wait_for_its_answer(store: Store) -> None:
    haste = Manners(host_spacing_s=0, host_at_once=2, source_spacing_s=0, source_at_once=4, heeds_robots=True)
    how: dict[str, Any] = {"now": NOW, "lease_s": 600, "limit": 9, "manners": haste}
    with store.begin() as conn:
        add_article(conn, "https://one.example/1")
        assert list(robots.claim_unknown(conn, pages.ASKED, **how)) == ["one.example"]
        assert robots.claim_unknown(conn, pages.ASKED, **how) == {}
        assert pages.next_page_at(conn, NOW, manners=haste) == NOW + SECOND
        robots.release(conn, ["one.example"])
        assert list(robots.claim_unknown(conn, pages.ASKED, **how)) == ["one.example"]
        release_leases(conn)
        assert list(robots.claim_unknown(conn, pages.ASKED, **how)) == ["one.example"]
        robots.save_robots(conn, "one.example", FREE, NOW)
        assert len(pages.claim_pages(conn, **how)) == 1


def test_hosts_of_one_source_are_asked_for_their_robots_txt_in_turn(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://a.one.example/1")
        add_article(conn, "https://b.one.example/1")
        assert list(unknown(conn)) == ["a.one.example"]
        assert list(unknown(conn, after=2 * SECOND)) == ["b.one.example"]


def test_the_host_that_is_waited_for_longest_is_asked_first_and_rather_over_https(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://late.example/1", now=NOW - HOUR)
        add_article(conn, "http://early.example/2", now=NOW - 2 * HOUR)
        add_article(conn, "https://early.example/1", now=NOW - HOUR)
        assert unknown(conn, limit=1) == {"early.example": "https://early.example/1"}


def test_nobody_asks_for_hosts_where_nothing_is_due(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://one.example/1", now=NOW + HOUR)
        add_article(conn, "urn:entry:one.example:1")
        add_feed(conn, "https://two.example/feed")
        assert unknown(conn) == {}


@pytest.mark.parametrize(
    ("rules", "kept"), [(FREE, 24 * HOUR), (Rules("User-agent: *", None), 24 * HOUR), (Reason.TIMEOUT, HOUR)]
)
def test_robots_txt_counts_for_a_day_and_that_it_could_not_be_had_for_an_hour(
    store: Store, rules: Rules | Reason, kept: timedelta
) -> None:
    with store.begin() as conn:
        add_article(conn, "https://one.example/1")
        robots.save_robots(conn, "one.example", rules, NOW)
        assert unknown(conn, after=kept - SECOND) == {}
        assert list(unknown(conn, after=kept)) == ["one.example"]
        assert fetchable(conn, after=kept + HOUR) == []


def test_rules_of_an_earlier_day_stay_in_force_while_new_ones_cannot_be_had(store: Store) -> None:
    with store.begin() as conn:
        hosts.ensure_hosts(conn, ["old.example", "new.example"], NOW)
        robots.save_robots(conn, "old.example", Rules("User-agent: *\nDisallow: /a", 20.0), NOW)
        for name in ("old.example", "new.example"):
            robots.save_robots(conn, name, Reason.SERVER_ERROR, NOW + DAY)
        assert robots.load_robots(conn, ["old.example", "new.example", "unknown.example"]) == {
            "old.example": "User-agent: *\nDisallow: /a",
            "new.example": None,
            "unknown.example": None,
        }
        row = conn.execute(t.hosts.select().where(t.hosts.c.name == "old.example")).mappings().one()
        assert (row["crawl_delay_s"], row["robots_reason"]) == (20.0, "server_error")
        robots.save_robots(conn, "old.example", FREE, NOW + 2 * DAY)
        row = conn.execute(t.hosts.select().where(t.hosts.c.name == "old.example")).mappings().one()
        assert (row["crawl_delay_s"], row["robots_reason"], row["robots"]) == (None, None, "")


def test_feeds_wait_for_robots_txt_only_where_that_is_wanted(store: Store) -> None:
    with store.begin() as conn:
        add_feed(conn, "https://one.example/feed")
        how: dict[str, Any] = {"now": NOW, "lease_s": 60, "limit": 9}
        assert polls.claim_due(conn, manners=MANNERS, **how) == []
        asked = robots.claim_unknown(conn, polls.ASKED, now=NOW, lease_s=60, limit=9, manners=MANNERS)
        assert asked == {"one.example": "https://one.example/feed"}
        robots.save_robots(conn, "one.example", FREE, NOW)
        later: dict[str, Any] = {**how, "now": NOW + 5 * SECOND}
        assert len(polls.claim_due(conn, manners=MANNERS, **later)) == 1


def test_pages_that_wait_for_the_robots_txt_of_a_host_that_is_held_back_are_not_overdue(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://one.example/1")
        assert list(unknown(conn)) == ["one.example"]
        hosts.hold_back(conn, "one.example", NOW + 2 * DAY)
        assert find_overdue(conn, NOW + DAY) == {}
        assert find_overdue(conn, NOW + 4 * DAY) == {"pages to fetch": 1}


def test_feeds_of_a_source_that_is_busy_with_its_others_are_not_overdue(store: Store) -> None:
    with store.begin() as conn:
        add_feed(conn, "https://a.one.example/1")
        add_feed(conn, "https://b.one.example/1")
        conn.execute(update(t.hosts).where(t.hosts.c.name == ".one.example").values(next_at=NOW + DAY))
        assert find_overdue(conn, NOW + DAY) == {}
        assert find_overdue(conn, NOW + 2 * DAY) == {"feeds to poll": 2}

"""What robots.txt and hosts that ask for patience do to pages, over real HTTP on loopback."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.config import Politeness
from monitor.run_local import work_off
from monitor.store import articles
from monitor.store import tables as t
from tests.pipeline.world import World
from tests.stages.site import HOST, Site, body_of, links, page_of, served, stored
from tests.store.rows import DAY, HOUR

ROBOTS = f"http://{HOST}/robots.txt"
FORBIDDEN = "User-agent: *\nDisallow: /a\n"
MINUTE = timedelta(minutes=1)


def write_pages(site: Site, *names: str) -> None:
    site.feed(links(*names))
    for name in names:
        site.page(f"/{name}", page_of(f"News of {name}", body_of(name)))


def by_name(world: World) -> dict[str, dict[str, Any]]:
    return {url.rpartition("/")[2]: row for url, row in stored(world).items()}


def n_asked(world: World, path: str) -> int:
    return world.served.n_requests[f"http://{HOST}{path}"]


def host_row(world: World) -> dict[str, Any]:
    with world.app.store.read() as conn:
        return dict(conn.execute(t.hosts.select().where(t.hosts.c.name == HOST)).mappings().one())


def read_again(world: World, after: timedelta) -> None:
    """Let all pages be due, some time after the start, and do everything that is due then."""
    world.go_to(after)
    with world.app.store.begin() as conn:
        for row in by_name(world).values():
            articles.request_page(conn, row["id"], world.clock.now())
    assert work_off(world.app) == 0


def test_a_page_that_robots_txt_forbids_is_not_asked_for_and_its_feeds_text_stands_in(
    site: Site, database_url: str
) -> None:
    write_pages(site, "a", "b")
    site.robots(FORBIDDEN)
    with served(site, database_url) as world:
        found = by_name(world)
        assert (n_asked(world, "/a"), n_asked(world, "/b"), n_asked(world, "/robots.txt")) == (0, 1, 1)
    shown = {name: (row["state"], row["access"], row["method"]) for name, row in found.items()}
    assert shown == {"a": ("ready", "robots", "feed_summary"), "b": ("ready", "ok", "page")}
    assert {name for name, row in found.items() if row["fetch_due_at"] is not None} == {"b"}  # to be looked at again


def test_a_forbidden_page_whose_feed_says_nothing_is_set_aside_with_the_reason(site: Site, sqlite_url: str) -> None:
    write_pages(site, "a")
    feed = site.folder / "sites" / HOST / "feed.xml"
    feed.write_text(feed.read_text("utf-8").replace("In short: News of a was in the news today.", ""), "utf-8")
    site.robots(FORBIDDEN)
    with served(site, sqlite_url) as world:
        row = by_name(world)["a"]
    assert (row["state"], row["reason"], row["access"]) == ("set_aside", "robots", "robots")


def test_a_text_that_was_read_before_outlives_a_robots_txt_that_forbids_it(site: Site, sqlite_url: str) -> None:
    write_pages(site, "a")
    site.answer("/robots.txt", 404, until_s=60)
    site.robots(FORBIDDEN)
    with served(site, sqlite_url) as world:
        before = by_name(world)["a"]
        read_again(world, DAY + HOUR)
        after = by_name(world)["a"]
    assert (before["method"], after["method"], after["text"]) == ("page", "page", before["text"])
    assert after["reason"] == "robots"


def test_robots_txt_is_asked_for_once_a_day(site: Site, sqlite_url: str) -> None:
    write_pages(site, "a", "b")
    with served(site, sqlite_url) as world:
        assert n_asked(world, "/robots.txt") == 1
        read_again(world, 23 * HOUR)
        assert (n_asked(world, "/robots.txt"), n_asked(world, "/a")) == (1, 2)
        read_again(world, 25 * HOUR)
        assert (n_asked(world, "/robots.txt"), n_asked(world, "/a")) == (2, 3)


def test_nobody_asks_for_robots_txt_where_it_is_not_heeded(site: Site, sqlite_url: str) -> None:
    write_pages(site, "a")
    site.robots(FORBIDDEN)
    careless = Politeness(host_spacing_s=0, source_spacing_s=0, robots_for_pages=False)
    with served(site, sqlite_url, politeness=careless) as world:
        assert (n_asked(world, "/robots.txt"), by_name(world)["a"]["access"]) == (0, "ok")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_pages_wait_an_hour_while_nobody_can_say_what_robots_txt_allows(
    site: Site, sqlite_url: str, status: int
) -> None:
    write_pages(site, "a", "b")
    site.robots("User-agent: *\nDisallow: /b\n")
    site.answer("/robots.txt", status, until_s=1800)
    with served(site, sqlite_url) as world:
        first = by_name(world)
        assert (n_asked(world, "/a"), n_asked(world, "/robots.txt")) == (0, 1)
        wait = first["a"]["fetch_due_at"] - world.started_at
        assert HOUR <= wait <= HOUR + MINUTE
        world.go_to(HOUR - MINUTE)
        assert work_off(world.app) == 0
        assert n_asked(world, "/robots.txt") == 1
        world.go_to(HOUR + 2 * MINUTE)
        assert work_off(world.app) == 0
        then = by_name(world)
    assert [(row["state"], row["method"], row["access"]) for row in first.values()] == [
        ("ready", "feed_summary", "failed")
    ] * 2
    assert (then["a"]["method"], then["a"]["access"], then["b"]["access"]) == ("page", "ok", "robots")


def test_while_robots_txt_cannot_be_had_the_copy_of_an_earlier_day_counts(site: Site, sqlite_url: str) -> None:
    write_pages(site, "a", "b")
    site.robots(FORBIDDEN)
    site.answer("/robots.txt", 500, from_s=3600)
    with served(site, sqlite_url) as world:
        read_again(world, DAY + HOUR)
        assert (n_asked(world, "/robots.txt"), n_asked(world, "/a"), n_asked(world, "/b")) == (2, 0, 2)
        read_again(world, DAY + 2 * HOUR + MINUTE)
        assert (n_asked(world, "/robots.txt"), n_asked(world, "/a"), n_asked(world, "/b")) == (3, 0, 3)


def test_a_page_that_asks_for_patience_slows_its_host_down_and_is_asked_again_when_it_wants(
    site: Site, database_url: str
) -> None:
    write_pages(site, "a")
    site.answer("/a", 429, until_s=3600, headers={"Retry-After": "10800"})
    with served(site, database_url) as world:
        row, host = by_name(world)["a"], host_row(world)
        assert timedelta() <= row["fetch_due_at"] - world.started_at - 3 * HOUR <= MINUTE
        assert timedelta() <= host["next_at"] - world.started_at - 3 * HOUR <= MINUTE
        assert host["slow_factor"] == 2
        world.go_to(3 * HOUR + 2 * MINUTE)
        assert work_off(world.app) == 0
        assert by_name(world)["a"]["access"] == "ok"
        assert host_row(world)["slow_factor"] < 2


def test_a_delay_in_robots_txt_is_remembered_for_its_host(site: Site, sqlite_url: str) -> None:
    site.feed({})
    with served(site, sqlite_url) as world:
        assert host_row(world)["crawl_delay_s"] is None
    site.robots("User-agent: *\nCrawl-delay: 0.01\n")
    write_pages(site, "a")
    with served(site, sqlite_url) as world:
        world.go_to(2 * HOUR)
        assert work_off(world.app) == 0
        assert host_row(world)["crawl_delay_s"] == 0.01

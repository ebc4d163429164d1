"""Titles that change on the page, in the feed, or in turns: each real change is a revision, over real HTTP."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from sqlalchemy import select

from monitor import reextraction
from monitor.config import Extract
from monitor.run_local import work_off
from monitor.store import page_work
from monitor.store import tables as t
from monitor.store.page_work import Chosen
from tests.pipeline.world import World
from tests.stages.site import HOST, Site, body_of, links, page_of, served, stored
from tests.stages.test_history import HOUR, A, at_hours, later_page, only


def told(world: World) -> list[tuple[str, str, bool]]:
    c = t.revisions.c
    with world.app.store.read() as conn:
        rows = conn.execute(select(c.kind, c.title, c.title_changed).order_by(c.revision_no))
        return [(row.kind, row.title, row.title_changed) for row in rows]


def bridge(site: Site, *later: tuple[str, float]) -> None:
    """An article that its feed always calls "News of a", and its page otherwise from these hours on."""
    site.feed(links("a"))
    site.page("/a", page_of("The bridge is closed", body_of("a")))
    ends = [from_h for _, from_h in later[1:]]
    for (title, from_h), until_h in zip_longest(later, ends):
        later_page(site, body_of("a"), title=title, from_h=from_h, until_h=until_h)


def said_by(article: dict[str, Any]) -> tuple[str, str, str]:
    return article["title"], article["feed_title"], article["page_title"]


def test_a_title_that_changes_on_the_page_alone_is_a_revision(site: Site, database_url: str) -> None:
    bridge(site, ("The bridge is open again | Paper", 3))
    with served(site, database_url) as world:
        assert said_by(only(world)) == ("News of a", "News of a", "The bridge is closed")
        at_hours(world, 1)
        assert told(world) == [("first", "News of a", False)]
        at_hours(world, 6, 24)
        assert told(world)[1:] == [("changed", "The bridge is open again", True)]
        assert said_by(only(world)) == ("The bridge is open again", "News of a", "The bridge is open again")
        with world.app.store.begin() as conn:
            page_work.mark_to_reread(conn, Chosen(), world.app.clock())
        assert dict(reextraction.read_batch(world.app).counts) == {"same": 1}


def test_what_the_feed_says_later_stands_above_the_headline(site: Site, sqlite_url: str) -> None:
    bridge(site, ("The bridge is open again", 0.5))
    site.feed({A: "Traffic is back"}, name="feed.v2.xml", from_s=3 * 3600)
    with served(site, sqlite_url) as world:
        at_hours(world, 1, 6)
        assert [title for _, title, _ in told(world)] == ["News of a", "The bridge is open again", "Traffic is back"]


def test_an_article_of_before_learns_its_headline_without_a_revision(site: Site, sqlite_url: str) -> None:
    bridge(site, ("The bridge is open again", 0.5), ("Traffic is back", 3))
    with served(site, sqlite_url) as world:
        with world.app.store.begin() as conn:
            conn.execute(t.articles.update().values(feed_title=None, page_title=None))
        at_hours(world, 1)
        assert len(told(world)) == 1
        assert said_by(only(world)) == ("News of a", "News of a", "The bridge is open again")
        at_hours(world, 6)
        assert [title for _, title, _ in told(world)] == ["News of a", "Traffic is back"]


def test_headlines_that_take_turns_add_few_revisions(site: Site, sqlite_url: str) -> None:
    hours = tuple(range(1, 13))
    bridge(site)
    for hour in hours:
        title = "Mayor opens bridge" if hour % 2 else "The bridge is closed"
        later_page(site, body_of("a"), title=title, from_h=hour - 0.9, until_h=hour + 0.1)
    with served(site, sqlite_url, extract=Extract(processes=1, reread_hours=hours)) as world:
        for hour in hours:
            world.go_to(HOUR * (hour + 0.05))
            assert work_off(world.app) == 0
        found = told(world)
    assert [title for _, title, _ in found[1:]] == [
        "Mayor opens bridge", "The bridge is closed", "Mayor opens bridge", "The bridge is closed"
    ]  # fmt: skip


def test_a_page_without_a_headline_for_once_changes_nothing(site: Site, sqlite_url: str) -> None:
    bridge(site)
    site.page(
        "/a.bare", f"<!doctype html><html lang='en'><body><main><article>{body_of('a')}</article></main></body></html>"
    )
    site.answers.append({"url": A, "from_s": 1800, "until_s": 3 * 3600, "file": f"sites/{HOST}/a.bare.html"})
    with served(site, sqlite_url) as world:
        at_hours(world, 1, 6)
        assert len(told(world)) == 1
        assert said_by(next(iter(stored(world).values())))[2] == "The bridge is closed"

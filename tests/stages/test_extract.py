"""What becomes of pages that are not what a link promised, over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

import monitor.extract.entries
import monitor.extract.holding
import monitor.extract.stage
from monitor.run_local import work_off
from monitor.store import articles, entries, pages
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.types import DuePage, FeedId
from tests.pipeline.world import World
from tests.stages.site import HOST, Site, body_of, links, page_of, served, stored
from tests.store.rows import HOUR, MANNERS, NOW, add_feed, entry, save_entries

# --- which article a page is ---------------------------------------------------------------------------------------


def test_dead_links_that_lead_to_one_error_page_stay_articles_of_their_own(site: Site, sqlite_url: str) -> None:
    site.feed(links("a", "b"))
    for name in "ab":
        site.redirect(f"http://{HOST}/{name}", f"http://{HOST}/error/404")
    site.answers.append({"url": f"http://{HOST}/error/404", "status": 404})
    with served(site, sqlite_url) as world:
        found = stored(world)
        with world.app.store.read() as conn:
            assert articles.find_article(conn, [f"http://{HOST}/error/404"]) is None
    assert set(found) == set(links("a", "b"))
    assert {(row["access"], row["method"]) for row in found.values()} == {("gone", "feed_summary")}


def test_pages_behind_one_login_stay_articles_of_their_own(site: Site, sqlite_url: str) -> None:
    site.feed(links("a", "b", "c"))
    for name in "abc":
        site.redirect(f"http://{HOST}/{name}", f"http://{HOST}/login")
    site.page("/login", page_of("Sign in", body_of("the login page")))
    with served(site, sqlite_url) as world:
        titles = sorted(row["title"] for row in stored(world).values())
    assert titles == ["News of a", "News of b", "News of c"]


def test_pages_that_all_name_one_canonical_url_stay_articles_of_their_own(site: Site, sqlite_url: str) -> None:
    site.feed(links("a", "b", "c"))
    for name in "abc":
        head = f"<link rel='canonical' href='http://{HOST}/news/constant'>"
        site.page(f"/{name}", page_of(f"News of {name}", body_of(name), head=head))
    with served(site, sqlite_url) as world:
        found = {row["title"]: row["text"] for row in stored(world).values()}
    assert sorted(found) == ["News of a", "News of b", "News of c"]
    assert all(f"council of {title[-1]} decided" in text for title, text in found.items())


def test_two_links_to_one_page_are_one_article(site: Site, sqlite_url: str) -> None:
    real = f"http://{HOST}/news/bridge"
    site.feed({f"http://{HOST}/r/1": "News of the bridge", f"http://{HOST}/r/2": "News of the bridge"})
    for number in (1, 2):
        site.redirect(f"http://{HOST}/r/{number}", real)
    site.page("/news/bridge", page_of("News of the bridge", body_of("Bridgetown")))
    with served(site, sqlite_url) as world:
        assert set(stored(world)) == {real}


def test_an_article_belongs_to_the_source_that_a_redirect_leads_to(site: Site, sqlite_url: str) -> None:
    site.feed({"http://feedproxy.example/~r/1": "News of the bridge"})
    site.redirect("http://feedproxy.example/~r/1", "http://other.example/news/bridge")
    site.page("/news/bridge", page_of("News of the bridge", body_of("Bridgetown")), host="other.example")
    with served(site, sqlite_url) as world:
        (article,) = stored(world).values()
        with world.app.store.begin() as conn:
            assert conn.execute(select(t.hosts.c.name).where(t.hosts.c.name == "other.example")).scalar_one()
            now = world.clock.now() + HOUR
            articles.request_page(conn, article["id"], now)
            (page,) = pages.claim_pages(conn, now=now, lease_s=60, limit=9, manners=MANNERS)
    assert (article["url"], article["host"], article["domain"]) == (
        "http://other.example/news/bridge",
        "other.example",
        "other.example",
    )
    assert page.entry_url == article["url"]  # the slot was taken at this host


# --- pages that got worse ------------------------------------------------------------------------------------------


def test_a_link_that_ends_on_the_homepage_is_no_page_and_the_feeds_text_stands_in(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.redirect(f"http://{HOST}/a", f"http://{HOST}/")
    site.page("/index", page_of("Paper", body_of("everywhere")))
    with served(site, sqlite_url) as world:
        (article,) = stored(world).values()
    assert (article["url"], article["method"], article["access"]) == (f"http://{HOST}/a", "feed_summary", "gone")
    assert "everywhere" not in article["text"]


def to_homepage(site: Site) -> None:
    site.redirect(f"http://{HOST}/a", f"http://{HOST}/", from_s=60)
    site.page("/index", page_of("Paper", body_of("everywhere", n=30)))


def cut_short(site: Site) -> None:
    site.page("/a.v2", page_of("News of a", body_of("a", n=2)))
    site.answers.append({"url": f"http://{HOST}/a", "from_s": 60, "file": f"sites/{HOST}/a.v2.html"})


def behind_a_paywall(site: Site) -> None:
    facts = '{"@context":"https://schema.org","@type":"NewsArticle","isAccessibleForFree":false}'
    head = f"<script type='application/ld+json'>{facts}</script>"
    site.page("/a.v2", page_of("News of a", body_of("a", n=7), head=head))
    site.answers.append({"url": f"http://{HOST}/a", "from_s": 60, "file": f"sites/{HOST}/a.v2.html"})


@pytest.mark.parametrize(
    ("get_worse", "reason"),
    [(to_homepage, "not_found"), (cut_short, "shrunk"), (behind_a_paywall, "payment_required")],
    ids=["homepage", "cut-short", "paywall"],
)
def test_a_good_text_outlives_a_page_that_got_worse(
    site: Site, sqlite_url: str, get_worse: Callable[[Site], None], reason: str
) -> None:
    site.feed(links("a"))
    site.feed(links("a"), name="feed.v2.xml", note=" Now updated.", from_s=60)
    site.page("/a", page_of("News of a", body_of("a")))
    get_worse(site)
    with served(site, sqlite_url) as world:
        (before,) = stored(world).values()
        world.go_to(timedelta(hours=2))
        assert work_off(world.app) == 0
        (after,) = stored(world).values()
        assert world.served.n_requests[f"http://{HOST}/a"] == 2
    assert before["method"] == "page"
    kept = ("url", "text", "title", "access", "method", "n_words")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["reason"] == reason


def test_a_page_that_changed_a_little_is_saved(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.feed(links("a"), name="feed.v2.xml", note=" Now updated.", from_s=60)
    site.page("/a", page_of("News of a", body_of("a")))
    site.page("/a.v2", page_of("News of a", body_of("a", n=6)))
    site.answers.append({"url": f"http://{HOST}/a", "from_s": 60, "file": f"sites/{HOST}/a.v2.html"})
    with served(site, sqlite_url) as world:
        (before,) = stored(world).values()
        world.go_to(timedelta(hours=2))
        assert work_off(world.app) == 0
        (after,) = stored(world).values()
    assert after["n_words"] < before["n_words"]


def test_a_page_that_was_just_read_is_not_asked_for_again_at_once(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    with served(site, sqlite_url) as world:
        (article,) = stored(world).values()
        with world.app.store.begin() as conn:
            articles.request_page(conn, article["id"], world.clock.now())
        assert work_off(world.app) == 0
        assert world.served.n_requests[f"http://{HOST}/a"] == 1
        world.go_to(HOUR)
        assert work_off(world.app) == 0
        assert world.served.n_requests[f"http://{HOST}/a"] == 2


# --- one that fails among many -------------------------------------------------------------------------------------


@contextmanager
def reading_pages(world: World) -> Iterator[monitor.extract.stage._Pages]:
    app = world.app
    with app.http.fetches() as fetches, app.workers.works(monitor.extract.holding.read_page, deadline_s=3) as works:
        yield monitor.extract.stage._Pages(app=app, fetches=fetches, works=works)


def claim_page_less(world: World, n: int) -> tuple[list[Any], list[DuePage]]:
    with world.app.store.begin() as conn:
        ids = [add_page_less(conn, world, str(number)) for number in range(n)]
        due = pages.claim_pages(conn, now=world.clock.now(), lease_s=60, limit=9, manners=MANNERS)
    return ids, due


def test_a_lost_lease_does_not_throw_away_the_rest_of_its_batch(site: Site, database_url: str) -> None:
    site.feed({})
    with served(site, database_url) as world, reading_pages(world) as reading:
        ids, due = claim_page_less(world, 3)
        with world.app.store.begin() as conn:
            articles.request_page(conn, ids[0], world.clock.now() + HOUR)
        with capture_logs() as logs:
            reading._ask(reading._held(due, heeds_robots=False))
        states = [row["state"] for row in sorted(stored(world).values(), key=lambda row: row["id"])]
    assert (reading.n_done, reading.n_failed, reading.held) == (3, 3, {})
    assert states == ["waiting", "set_aside", "set_aside"]
    assert [line["event"] for line in logs] == ["extract.lease_lost"]


def test_pages_that_were_not_touched_go_back_at_once_when_one_raises(site: Site, database_url: str) -> None:
    site.feed({})
    with served(site, database_url) as world, reading_pages(world) as reading:
        _, due = claim_page_less(world, 3)
        due[1] = replace(due[1], n_page_failures="many")  # type: ignore[arg-type]  # breaks in the middle of saving
        with pytest.raises(TypeError):
            reading._ask(reading._held(due, heeds_robots=False))
        reading._give_back()
        rows = sorted(stored(world).values(), key=lambda row: row["id"])
    assert [row["state"] for row in rows] == ["set_aside", "waiting", "waiting"]
    assert [(row["fetch_leased_until"], row["n_fetch_tries"]) for row in rows] == [
        (None, 0),
        (due[1].leased_until, 1),
        (None, 0),
    ]


def test_a_stop_gives_back_what_was_not_read(site: Site, database_url: str) -> None:
    site.feed(links("a", "b", "c"))
    with served(site, database_url) as world:
        now = world.clock.now() + HOUR
        world.go_to(2 * HOUR)
        with world.app.store.begin() as conn:
            for row in stored(world).values():
                articles.request_page(conn, row["id"], now)
        with reading_pages(world) as reading:
            assert reading._top_up()
            assert len(reading.held) == 2  # as many as may be under way at the host
            world.app.stop.set()
            reading.run()
        rows = list(stored(world).values())
    assert {(row["fetch_due_at"], row["fetch_leased_until"], row["n_fetch_tries"]) for row in rows} == {(now, None, 0)}
    assert reading.n_done == 0


def add_page_less(conn: Connection, world: World, name: str) -> Any:
    """An article without a link, whose feed says nothing either."""
    source_id = conn.execute(select(t.sources.c.id).limit(1)).scalar_one()
    now = world.clock.now()
    new = articles.NewArticle(
        url=f"urn:entry:{HOST}:{name}",
        entry_url=f"urn:entry:{HOST}:{name}",
        host="",
        source_id=source_id,
        first_seen_at=now,
        not_seen_before_at=None,
        published_at=None,
    )
    return articles.add_article(conn, new, now)


def test_an_entry_that_cannot_be_resolved_waits_an_hour_and_the_others_go_on(store: Store) -> None:
    with store.begin() as conn:
        save_entries(conn, add_feed(conn), entry("a"), entry("b"), entry("c"))
    with store.begin() as conn, capture_logs() as logs:
        broken, *others = entries.load_unresolved(conn, now=NOW, limit=9)
        for one in (replace(broken, feed_id=FeedId(999)), *others):
            monitor.extract.entries._resolve_or_postpone(conn, one, NOW)
    assert [(line["event"], line["entry"]) for line in logs] == [("extract.entry_postponed", broken.id)]
    with store.begin() as conn:
        rows = conn.execute(select(t.entries).order_by(t.entries.c.id)).mappings().all()
        assert [row["resolve_due_at"] for row in rows] == [NOW + HOUR, None, None]
        assert [row["article_id"] is None for row in rows] == [True, False, False]
        # Nothing is left of the attempt: the next one makes the article.
        assert articles.find_article(conn, [broken.url or ""]) is None
        (again,) = entries.load_unresolved(conn, now=NOW + HOUR, limit=9)
    assert again.id == broken.id

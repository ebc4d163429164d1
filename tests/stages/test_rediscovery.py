"""Discoveries over real HTTP: how often a server is asked, and what becomes of feeds whose address leads nowhere."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from monitor.app import App, open_app, open_http
from monitor.config import Database, Politeness, Settings
from monitor.fetch.discovery import Find, How, begin, found
from monitor.jobs import JOBS, run_job
from monitor.rediscovery import WAIT_MAX_S, Doors, choose, discover, run
from monitor.store import feeds, hosts, proposals
from monitor.store import tables as t
from monitor.store.feeds import FeedRow
from monitor.types import FeedId, Progress
from monitor.workers import WorkerPool
from tests.loopback import RawServer, answer, by_target
from tests.store.rows import DAY, HOUR, MANNERS, NOW, add_feed

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>The Post</title><link>http://a.example/</link>
<item><title>One</title><link>/1</link><guid>1</guid><pubDate>Tue, 06 Jan 2026 11:10:00 GMT</pubDate></item>
</channel></rss>"""
EMPTY = b'<?xml version="1.0"?><rss version="2.0"><channel><title>The Post</title></channel></rss>'
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>http://a.example/news-1.xml</loc></sitemap><sitemap><loc>http://a.example/news-2.xml</loc></sitemap>
</sitemapindex>"""
HOSTS = ("a.example", "b.example")
OLD = "http://a.example/old.xml"


def linking(*urls: str) -> bytes:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{url}">' for url in urls)
    return answer(body=f"<html><head>{links}</head><body>Hello</body></html>".encode(), content_type="text/html")


@dataclass
class Site:
    """What the server answers by target, and what it was asked for."""

    server: RawServer
    answers: dict[str, bytes]

    @property
    def asked(self) -> list[str]:
        return [head.split(b" ")[1].decode() for head in self.server.heard]


class Clock:
    """Time passes only while somebody waits for the stop flag."""

    def __init__(self) -> None:
        self.now = NOW
        self.stop = _Waiting(self)


class _Waiting(threading.Event):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timedelta(seconds=timeout or 0)
        return self.is_set()


@pytest.fixture
def site() -> Iterator[Site]:
    answers: dict[str, bytes] = {}
    with RawServer(by_target(answers)) as server:
        yield Site(server, answers)


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerPool]:
    with WorkerPool(n_processes=1, memory_max_bytes=Settings().extract.memory_max_bytes) as pool:
        yield pool


@pytest.fixture
def doors(site: Site, workers: WorkerPool) -> Iterator[Doors]:
    settings = Settings()
    with open_http(settings, dict.fromkeys(HOSTS, site.server.address)) as http:
        yield Doors(http=http, workers=workers, settings=settings)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(site: Site, clock: Clock, workers: WorkerPool, database_url: str, tmp_path: Path) -> Iterator[App]:
    settings = Settings(folder=tmp_path, database=Database(url=database_url), politeness=Politeness(host_spacing_s=0))
    connect_to = dict.fromkeys(HOSTS, site.server.address)
    with open_app(settings, clock=lambda: clock.now, connect_to=connect_to, seed=1) as opened:
        yield replace(opened, stop=clock.stop, workers=workers)


def lost_feed(app: App, url: str = OLD, **values: Any) -> FeedId:
    """A feed that failed often enough, because of its address."""
    given = {"state": "failing", "reason": "not_found", "n_failures": 3.0, "site_url": "http://a.example/"}
    with app.store.begin() as conn:
        feed_id = add_feed(conn, url)
        conn.execute(update(t.feeds).where(t.feeds.c.id == feed_id).values(**{**given, **values}))
    return feed_id


def row(app: App, feed_id: FeedId) -> FeedRow:
    with app.store.read() as conn:
        return feeds.get_feed(conn, str(feed_id))


def test_a_server_is_asked_six_times_at_most_and_for_nothing_twice(doors: Doors, site: Site) -> None:
    site.answers.update(
        {
            "/": linking("/1.xml", "/2.xml", "/3.xml", "/4.xml", "/5.xml", "/", "/1.xml#x"),
            "/robots.txt": answer(body=b"Sitemap: /news.xml\nSitemap: http://a.example/1.xml?news\n"),
        }
    )
    ended = discover(begin("http://a.example/"), doors)
    assert ended.n_requests == len(site.asked) == 6
    assert max(Counter(site.asked).values()) == 1
    assert site.asked[:5] == ["/", "/1.xml", "/2.xml", "/3.xml", "/robots.txt"]


def test_redirects_of_a_site_are_among_the_six_requests(doors: Doors, site: Site) -> None:
    site.answers = {f"/{number}": answer("302 Found", location=f"/{number + 1}") for number in range(20)}
    site.answers["/"] = linking("/0", "/7", "/13")
    ended = discover(begin("http://a.example/"), doors)
    assert len(site.asked) <= 6
    assert ended.n_requests == len(site.asked)


def test_an_address_that_is_a_feed_itself_is_asked_for_once(doors: Doors, site: Site) -> None:
    site.answers.update({"/feed": answer(body=RSS)})
    (find,) = found(discover(begin("http://a.example/feed"), doors))
    assert site.asked == ["/feed"]
    assert (find.how, find.title, find.n_entries, find.newest_at) == (
        How.ITSELF,
        "The Post",
        1,
        datetime.fromisoformat("2026-01-06T11:10:00Z"),
    )


def test_a_declared_feed_is_found_with_the_page_that_was_read_for_it(doors: Doors, site: Site) -> None:
    site.answers.update({"/blog/": linking("news.rss"), "/blog/news.rss": answer(body=RSS)})
    finds = found(discover(begin("http://a.example/blog/"), doors))
    assert [(find.url, find.how) for find in finds] == [("http://a.example/blog/news.rss", How.LINK)]
    assert site.asked == ["/blog/", "/blog/news.rss", "/robots.txt"]


def test_addresses_of_this_network_are_not_asked_whatever_a_page_says(doors: Doors, site: Site) -> None:
    site.answers.update(
        {
            "/": linking("http://127.0.0.1/f", "http://169.254.169.254/f", "http://a.example:22/f", "/good"),
            "/good": answer(body=RSS),
            "/robots.txt": answer(body=b"Sitemap: http://[::1]/news.xml"),
        }
    )
    ended = discover(begin("http://a.example/"), doors)
    assert [find.url for find in ended.finds] == ["http://a.example/good"]
    outcomes = {one.outcome for one in ended.asked if "a.example/" not in one.url}
    assert outcomes == {"blocked_address"}
    assert site.server.n_connections == len(site.asked) == 3


@pytest.mark.parametrize(
    "raw",
    [
        answer(body=b"<" * 200_000, content_type="text/html"),
        answer(body=b"\x89PNG\r\n\x1a\n\0\0", content_type="image/png"),
        answer(body=b'<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"/>'),
        answer(body=b""),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n<html>",
        b"nonsense\r\n\r\n",
    ],
)
def test_hostile_answers_end_a_discovery_without_a_find(doors: Doors, site: Site, raw: bytes) -> None:
    site.answers.update({"/": raw, "/robots.txt": raw, "/feed/": raw})
    ended = discover(begin("http://a.example/"), doors)
    assert found(ended) == ()
    assert len(site.asked) <= 6


def test_a_wall_against_robots_is_left_alone(doors: Doors, site: Site) -> None:
    site.answers.update({"/": answer("403 Forbidden", b"<html>Just a moment</html>", cf_mitigated="challenge")})
    ended = discover(begin("http://a.example/"), doors)
    assert [one.outcome for one in ended.asked] == ["challenge"]
    assert site.asked == ["/"]


def test_what_is_found_for_a_lost_feed_is_proposed_and_not_applied(app: App, site: Site) -> None:
    site.answers.update({"/": linking("/old.xml", "/new.xml"), "/new.xml": answer(body=RSS)})
    feed_id = lost_feed(app)
    before = row(app, feed_id)
    assert run(app) == Progress(n_done=1)
    assert site.asked == ["/", "/new.xml", "/robots.txt"]
    assert row(app, feed_id) == replace(before, proposed_url="http://a.example/new.xml")


def test_a_lost_feed_is_looked_for_once_a_week(app: App, site: Site, clock: Clock) -> None:
    feed_id = lost_feed(app)
    assert run(app).n_done == 1
    assert run(app) == Progress()
    clock.now += 7 * DAY - HOUR
    assert run(app) == Progress()
    n_asked = len(site.asked)
    site.answers.update({"/": linking("/new.xml"), "/new.xml": answer(body=RSS)})
    clock.now += HOUR
    assert run(app).n_done == 1
    assert len(site.asked) > n_asked
    assert row(app, feed_id).proposed_url == "http://a.example/new.xml"


def test_a_proposal_that_is_no_longer_found_is_withdrawn(app: App) -> None:
    feed_id = lost_feed(app, proposed_url="http://a.example/once.xml")
    assert run(app).n_done == 1
    assert row(app, feed_id).proposed_url is None


@pytest.mark.parametrize(
    "values",
    [
        {"state": "active", "reason": None},
        {"state": "paused"},
        {"state": "removed"},
        {"n_failures": 2.5},
        {"reason": "challenge"},
        {"reason": "forbidden"},
        {"reason": "server_error"},
        {"reason": "timeout"},
        {"state": "ended", "reason": "merged"},
    ],
)
def test_other_feeds_are_not_looked_for(app: App, site: Site, values: dict[str, Any]) -> None:
    lost_feed(app, **values)
    assert run(app) == Progress()
    assert site.asked == []


@pytest.mark.parametrize(
    "values", [{"state": "ended", "reason": "gone", "n_failures": 1.0}, {"state": "dormant", "reason": "dns"}]
)
def test_ended_and_dormant_feeds_are_looked_for(app: App, values: dict[str, Any]) -> None:
    lost_feed(app, **values)
    assert run(app).n_done == 1


def test_a_feed_that_named_no_site_is_looked_for_at_the_root_of_its_host(app: App, site: Site) -> None:
    lost_feed(app, "http://b.example/x/old.xml", site_url=None)
    assert run(app).n_done == 1
    assert site.asked[0] == "/"
    assert b"host: b.example" in site.server.heard[0].lower()


def test_a_feed_that_is_polled_here_already_is_not_proposed(app: App, site: Site) -> None:
    site.answers.update(
        {
            "/": linking("/had.xml", "/moved.xml"),
            "/had.xml": answer(body=RSS),
            "/moved.xml": answer(body=RSS),
        }
    )
    feed_id = lost_feed(app)
    with app.store.begin() as conn:
        add_feed(conn, "http://a.example/had.xml")
        other = add_feed(conn, "http://b.example/elsewhere.xml")
        moved = update(t.feeds).where(t.feeds.c.id == other).values(current_url="http://a.example/moved.xml")
        conn.execute(moved)
    assert run(app).n_done == 1
    assert row(app, feed_id).proposed_url is None


def test_a_sitemap_index_is_a_find_and_is_proposed(app: App, site: Site) -> None:
    robots = answer(body=b"Sitemap: http://a.example/news-index.xml\n", content_type="text/plain")
    site.answers.update({"/robots.txt": robots, "/news-index.xml": answer(body=INDEX)})
    feed_id = lost_feed(app)
    assert run(app).n_done == 1
    assert row(app, feed_id).proposed_url == "http://a.example/news-index.xml"


def test_a_feed_whose_entries_were_seen_is_chosen_before_an_index() -> None:
    index = Find(url="http://a.example/index.xml", how=How.SITEMAP, format="sitemapindex", n_entries=0, n_documents=3)
    feed = Find(url="http://a.example/feed", how=How.WELL_KNOWN, n_entries=1)
    assert choose("Lost", [index]) == index
    assert choose("Lost", [index, feed]) == feed


def test_a_feed_without_entries_is_not_proposed(app: App, site: Site) -> None:
    site.answers.update({"/": linking("/new.xml"), "/new.xml": answer(body=EMPTY)})
    feed_id = lost_feed(app)
    assert run(app).n_done == 1
    assert row(app, feed_id).proposed_url is None


def test_each_request_takes_the_slot_of_its_host_and_waits_for_it(app: App, site: Site, clock: Clock) -> None:
    app = replace(app, settings=app.settings.model_copy(update={"politeness": Politeness(host_spacing_s=30)}))
    lost_feed(app)
    assert run(app).n_done == 1
    assert len(site.asked) == 6
    assert timedelta(seconds=150) <= clock.now - NOW <= timedelta(seconds=170)


def test_a_host_that_stays_busy_is_given_up(app: App, site: Site, clock: Clock) -> None:
    feed_id = lost_feed(app, proposed_url="http://a.example/before.xml")
    with app.store.begin() as conn:
        hosts.hold_back(conn, "a.example", NOW + DAY)
    assert run(app).n_done == 1
    assert site.asked == []
    assert clock.now - NOW <= timedelta(seconds=WAIT_MAX_S + 5)
    assert row(app, feed_id).proposed_url == "http://a.example/before.xml"


def test_a_feed_whose_search_was_stopped_is_looked_for_next_time(app: App, site: Site) -> None:
    lost_feed(app)
    app.stop.set()
    assert run(app) == Progress()
    assert site.asked == []
    app.stop.clear()
    assert run(app).n_done == 1


def test_looking_for_lost_feeds_is_a_job(app: App) -> None:
    lost_feed(app)
    (job,) = [job for job in JOBS if job.name == "rediscover"]
    assert run_job(app, job).progress == Progress(n_done=1)


def test_an_adopted_feed_is_polled_where_it_was_found_and_keeps_its_name(app: App) -> None:
    feed_id = lost_feed(app, proposed_url="http://b.example/new.xml", etag='"x"', body_hash="h", n_moves_seen=2)
    with app.store.begin() as conn:
        assert proposals.adopt(conn, feed_id, now=NOW + HOUR) == "http://b.example/new.xml"
        stored = conn.execute(t.feeds.select()).mappings().one()
    assert (stored["url"], stored["current_url"], stored["host"]) == (OLD, "http://b.example/new.xml", "b.example")
    assert (stored["etag"], stored["body_hash"], stored["proposed_url"], stored["n_moves_seen"]) == (
        None,
        None,
        None,
        0,
    )
    assert (stored["state"], stored["next_poll_at"], stored["n_failures"]) == ("active", NOW + HOUR, 0)
    with app.store.begin() as conn:
        assert hosts.take_slot(conn, "b.example", now=NOW + HOUR, manners=MANNERS)
        assert feeds.find_feed(conn, "http://b.example/new.xml") == feeds.find_feed(conn, OLD) == feed_id


FINDS = [
    Find(url="http://a.example/comments/feed", how=How.LINK, title="Comments", n_entries=9),
    Find(url="http://a.example/all", how=How.LINK, title="All", n_entries=9),
    Find(url="http://a.example/world", how=How.LINK, title="World", n_entries=9),
    Find(url="http://a.example/untried", how=How.LINK, title="Lost", is_tried=False),
]


@pytest.mark.parametrize(("title", "path"), [(" world", "world"), ("Lost", "all"), ("", "all")])
def test_of_several_finds_the_one_of_the_same_title_is_proposed(title: str, path: str) -> None:
    best = choose(title, FINDS)
    assert best is not None
    assert best.url == f"http://a.example/{path}"
    assert choose(title, FINDS[3:]) is None

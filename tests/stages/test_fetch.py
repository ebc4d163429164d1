"""Polling many feeds: what happens to one feed does not happen to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Connection

from monitor.config import Fetch, Politeness
from monitor.fetch import stage
from monitor.jobs import Job, pipeline_of, run_job
from monitor.store import feeds
from monitor.store import tables as t
from monitor.types import Progress
from tests.loopback import answer
from tests.stages.polled import Poller, document, polling
from tests.store.rows import HOUR, NOW

N_FEEDS = 4
HOSTS = tuple(f"h{number}.example" for number in range(N_FEEDS))


@pytest.fixture
def poller(sqlite_url: str) -> Iterator[Poller]:
    with polling(sqlite_url, HOSTS) as opened:
        for host in HOSTS:
            opened.add(f"http://{host}/feed")
        yield opened


def _rows(poller: Poller) -> list[tuple[Any, ...]]:
    columns = (t.feeds.c.reason, t.feeds.c.leased_until.is_not(None), t.feeds.c.n_tries)
    with poller.app.store.read() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).order_by(t.feeds.c.id))]


POLLED, UNTOUCHED = ("not_found", False, 0), (None, False, 0)


def test_a_feed_that_is_paused_meanwhile_costs_no_other_feed_its_poll(poller: Poller) -> None:
    def pause(_head: object) -> bytes:
        with poller.app.store.begin() as conn:
            paused = feeds.find_feed(conn, "http://h1.example/feed")
            assert paused is not None
            feeds.pause_feed(conn, paused, "meanwhile")
        return answer("404 Not Found")

    assert poller.poll(answers={"h1.example/feed": pause}).n_done == N_FEEDS - 1
    assert _rows(poller) == [POLLED, UNTOUCHED, POLLED, POLLED]


def test_a_feed_that_cannot_be_saved_keeps_its_try_and_the_rest_is_saved_or_given_back(poller: Poller) -> None:
    def refuse(_conn: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        rows = parameters if isinstance(parameters, list) else [parameters]
        if statement.startswith("INSERT INTO poll_log") and any(2 in tuple(row) for row in rows):
            raise ValueError("https://h1.example/feed?token=geheim")

    event.listen(poller.app.store.engine, "before_cursor_execute", refuse)
    outcome = run_job(poller.app, Job("poll", 1, stage.run))
    assert outcome.crashed == "ValueError: https://h1.example/feed?token=***"
    first, unsaved, *others = _rows(poller)
    assert unsaved == (None, True, 1)
    assert {first, *others} <= {POLLED, UNTOUCHED}


def test_one_run_polls_the_feeds_that_were_due_when_it_began(poller: Poller) -> None:
    (poll,) = [job for job in pipeline_of(NOW - HOUR) if job.name == "poll"]
    assert run_job(poller.app, poll).progress == Progress()
    (poll,) = [job for job in pipeline_of(NOW) if job.name == "poll"]
    assert run_job(poller.app, poll).progress.n_done == N_FEEDS


def test_a_stop_gives_back_what_nobody_answered_for(poller: Poller) -> None:
    def stop(_head: object) -> bytes:
        poller.app.stop.set()
        return answer("404 Not Found")

    def never(_head: object) -> bytes:
        poller.app.stop.wait(20)
        return answer("404 Not Found")

    poller.poll(answers={f"{host}/feed": never for host in HOSTS} | {"h0.example/feed": stop})
    assert [row[1:] for row in _rows(poller)] == [(False, 0)] * N_FEEDS


def test_more_feeds_than_one_claim_takes_are_polled_in_one_run(database_url: str) -> None:
    with polling(database_url, HOSTS, fetch=Fetch(batch=3)) as poller:
        ids = [poller.add(f"http://{host}/{n}") for n in range(5) for host in HOSTS]
        answers = {f"{host}/{n}": document(f"{host}-{n}") for n in range(5) for host in HOSTS}
        assert poller.poll(answers=answers).n_done == len(ids)
        assert sorted(poller.urls()) == sorted(answers)
        assert all(poller.guids(feed_id) for feed_id in ids)


# --- robots.txt for feeds, where the operator wants it ---------------------------------------------------------------


def test_robots_txt_is_not_asked_for_feeds_by_default(poller: Poller) -> None:
    poller.poll()
    assert sorted(poller.urls()) == [f"{host}/feed" for host in HOSTS]


def test_where_it_is_wanted_a_feed_that_robots_txt_forbids_is_not_asked_for(database_url: str) -> None:
    manners = Politeness(host_spacing_s=0, source_spacing_s=0, robots_for_feeds=True)
    with polling(database_url, HOSTS, politeness=manners) as poller:
        forbidden, allowed = poller.add("http://h0.example/feed"), poller.add("http://h1.example/feed")
        poller.poll(
            answers={
                "h0.example/robots.txt": answer(body=b"User-agent: *\nDisallow: /feed"),
                "h0.example/feed": document("a"),
                "h1.example/feed": document("b"),
            }
        )
        assert sorted(poller.urls()) == ["h0.example/robots.txt", "h1.example/feed", "h1.example/robots.txt"]
        row = poller.row(forbidden)
        assert (row["reason"], poller.guids(forbidden), poller.guids(allowed)) == ("robots", [], ["b"])
        assert row["next_poll_at"] >= poller.now + HOUR


# --- sitemap indexes -------------------------------------------------------------------------------------------------

NEWS = "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"


def _sitemap(*names: str) -> bytes:
    urls = "".join(
        f"<url><loc>http://h0.example/{name}</loc><news:news><news:publication><news:name>N</news:name>"
        f"<news:language>en</news:language></news:publication><news:title>Title {name}</news:title>"
        f"<news:publication_date>2026-03-01T10:00:00Z</news:publication_date></news:news></url>"
        for name in names
    )
    return answer(body=f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' {NEWS}>{urls}</urlset>".encode())


def _index(*names: str) -> bytes:
    maps = "".join(f"<sitemap><loc>http://h0.example/{name}</loc></sitemap>" for name in names)
    body = f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{maps}</sitemapindex>"
    return answer(body=body.encode(), etag='"constant"')


def test_a_sitemap_index_is_read_with_its_news_documents_at_each_poll(poller: Poller) -> None:
    feed_id = poller.add("http://h0.example/sitemap.xml")
    poller.poll(
        answers={
            "h0.example/sitemap.xml": _index("news-1.xml", "news-2.xml"),
            "h0.example/news-1.xml": _sitemap("a", "b"),
            "h0.example/news-2.xml": answer("500 Oops"),
        }
    )
    row = poller.row(feed_id)
    assert sorted(poller.guids(feed_id)) == ["http://h0.example/a", "http://h0.example/b"]
    assert (row["state"], row["etag"], row["format"]) == ("active", None, "sitemapindex")
    poller.poll_when_due(feed_id, {"h0.example/news-2.xml": _sitemap("c")})
    assert "http://h0.example/c" in poller.guids(feed_id)


def test_a_sitemap_index_of_which_nothing_can_be_read_has_failed(poller: Poller) -> None:
    feed_id = poller.add("http://h0.example/sitemap.xml")
    gone = {"h0.example/news-1.xml": answer("410 Gone")}
    poller.poll(answers={"h0.example/sitemap.xml": _index("news-1.xml"), **gone})
    row = poller.row(feed_id)
    assert (row["reason"], row["state"]) == ("not_found", "failing")


def test_a_host_that_asks_for_patience_is_not_asked_for_the_rest_of_an_index(poller: Poller) -> None:
    poller.add("http://h0.example/sitemap.xml")
    busy = {"h0.example/news-1.xml": answer("429 Too Many Requests", retry_after="7200")}
    poller.poll(answers={"h0.example/sitemap.xml": _index("news-1.xml", "news-2.xml"), **busy})
    asked = [url for url in poller.urls() if not url.endswith("/feed")]
    assert asked == ["h0.example/sitemap.xml", "h0.example/news-1.xml"]
    assert poller.host("h0.example")["next_at"] == NOW + timedelta(hours=2)


def test_the_documents_of_an_index_wait_for_their_hosts_turn(sqlite_url: str) -> None:
    asked_at: list[datetime] = []

    def noted(given: bytes) -> Callable[[object], bytes]:
        def answered(_head: object) -> bytes:
            asked_at.append(poller.now)
            return given

        return answered

    manners = Politeness(host_spacing_s=5, source_spacing_s=0)
    with polling(sqlite_url, HOSTS, tick=timedelta(seconds=0.4), politeness=manners) as poller:
        feed_id = poller.add("http://h0.example/sitemap.xml")
        poller.poll(
            answers={
                "h0.example/sitemap.xml": noted(_index("news-1.xml", "news-2.xml")),
                "h0.example/news-1.xml": noted(_sitemap("a")),
                "h0.example/news-2.xml": noted(_sitemap("b")),
            }
        )
        assert len(poller.guids(feed_id)) == 2
        assert all(later - earlier >= timedelta(seconds=4) for earlier, later in pairwise(asked_at))

"""Which source a host belongs to, and what moves when the table of exceptions changes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from monitor.declared import DeclaredSource
from monitor.store import feeds, sources
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.feeds import NewFeed
from monitor.types import ArticleId
from tests.store.rows import NOW, add_article, add_feed, entry, save_entries


def declare(conn: Connection, *declared: tuple[str, str]) -> None:
    """Sources by their domain, and their hosts."""
    rows = [
        DeclaredSource(domain=domain, name=domain.title(), hosts=tuple(hosts.split())) for domain, hosts in declared
    ]
    sources.save_declared(conn, rows, now=NOW)


def domain_of_host(conn: Connection, host: str) -> str:
    source_id = sources.ensure_source_of(conn, host, now=NOW)
    return str(conn.execute(select(t.sources.c.domain).where(t.sources.c.id == source_id)).scalar_one())


def domain_of(conn: Connection, article_id: ArticleId) -> str:
    owner = select(t.sources.c.domain).join(t.articles, t.articles.c.source_id == t.sources.c.id)
    return str(conn.execute(owner.where(t.articles.c.id == article_id)).scalar_one())


def domains_of_feeds(conn: Connection) -> list[str]:
    owner = select(t.sources.c.domain).join(t.feeds, t.feeds.c.source_id == t.sources.c.id)
    return list(conn.execute(owner.order_by(t.feeds.c.id)).scalars())


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("feeds.bbci.co.uk", "bbc.co.uk"),
        ("bbci.co.uk", "bbc.co.uk"),
        ("notbbci.co.uk", "notbbci.co.uk"),
        ("blogs.host.example", "paper.example"),
        ("deep.blogs.host.example", "paper.example"),
        ("host.example", "host.example"),
        ("www.host.example", "host.example"),
        ("own.blogs.host.example", "bbc.co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_a_host_belongs_to_the_most_specific_name(store: Store, host: str, domain: str) -> None:
    with store.begin() as conn:
        declare(conn, ("bbc.co.uk", "bbci.co.uk own.blogs.host.example"), ("paper.example", "blogs.host.example"))
        assert domain_of_host(conn, host) == domain
        assert sources.find_sources_of(conn, [host]) == {host: sources.ensure_source_of(conn, host, now=NOW)}


def test_a_host_of_a_source_that_nobody_met_is_not_found(store: Store) -> None:
    with store.begin() as conn:
        assert sources.find_sources_of(conn, ["www.new.example"]) == {}


def test_many_hosts_are_told_at_once(store: Store) -> None:
    names = [f"h{number}.s{number % 700}.example" for number in range(1_500)]
    with store.begin() as conn:
        declare(conn, ("one.example", "s3.example"))
        found = sources.ensure_sources_of(conn, names, now=NOW)
        assert len(set(found.values())) == 700
        assert found["h3.s3.example"] == sources.ensure_source(conn, "one.example", now=NOW)


def test_feeds_and_articles_move_to_the_source_that_a_host_is_given_to_and_back(store: Store) -> None:
    with store.begin() as conn:
        add_feed(conn, "https://feeds.bbci.co.uk/news/rss.xml")
        add_feed(conn, "https://feeds.other.example/rss.xml")
        theirs = add_article(conn, "https://news.bbci.co.uk/1")
        other = add_article(conn, "https://www.other.example/1")
        before = [domain_of(conn, theirs), domain_of(conn, other), *domains_of_feeds(conn)]
        declare(conn, ("bbc.co.uk", "bbci.co.uk"))
        given = [domain_of(conn, theirs), domain_of(conn, other), *domains_of_feeds(conn)]
        declare(conn, ("bbc.co.uk", ""))
        back = [domain_of(conn, theirs), domain_of(conn, other), *domains_of_feeds(conn)]
    assert before == back == ["bbci.co.uk", "other.example", "bbci.co.uk", "other.example"]
    assert given == ["bbc.co.uk", "other.example", "bbc.co.uk", "other.example"]


def test_an_article_without_a_page_moves_with_its_feed(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, "https://feeds.bbci.co.uk/news/rss.xml")
        save_entries(conn, feed_id, entry("1", url=None))
        (entry_id,) = conn.execute(select(t.entries.c.id)).scalars()
        source_id = conn.execute(select(t.feeds.c.source_id)).scalar_one()
        urn = add_article(conn, "urn:entry:bbci.co.uk:1")
        conn.execute(t.articles.update().values(source_id=source_id))
        conn.execute(
            t.sightings.insert().values(
                article_id=urn, entry_id=entry_id, feed_id=feed_id, first_seen_at=NOW, last_seen_at=NOW
            )
        )
        declare(conn, ("bbc.co.uk", "bbci.co.uk"))
        assert domain_of(conn, urn) == "bbc.co.uk"


def test_a_table_that_did_not_change_moves_nothing(store: Store) -> None:
    with store.begin() as conn:
        declare(conn, ("bbc.co.uk", "bbci.co.uk"))
        article_id = add_article(conn, "https://news.bbci.co.uk/1")
        somebody = sources.ensure_source(conn, "somebody.example", now=NOW)
        conn.execute(t.articles.update().values(source_id=somebody))
        declare(conn, ("bbc.co.uk", "bbci.co.uk"))
        assert domain_of(conn, article_id) == "somebody.example"
        assert conn.execute(select(t.source_hosts.c.name)).scalars().all() == ["bbci.co.uk"]


def test_hosts_of_one_source_or_family_are_one_publisher(store: Store) -> None:
    with store.begin() as conn:
        rows = [
            DeclaredSource(domain="bbc.co.uk", name="BBC", family="BBC", hosts=("bbci.co.uk",)),
            DeclaredSource(domain="bbc.com", name="BBC World", family="BBC"),
            DeclaredSource(domain="paper.example", name="Paper", hosts=("paper-amp.example",)),
        ]
        sources.save_declared(conn, rows, now=NOW)
        sources.ensure_source(conn, "other.example", now=NOW)
        names = (
            "feeds.bbci.co.uk",
            "www.bbc.com",
            "www.paper.example",
            "paper-amp.example",
            "other.example",
            "x.example",
        )
        found = sources.load_publishers(conn, names)
    assert found == {
        "feeds.bbci.co.uk": "family BBC",
        "www.bbc.com": "family BBC",
        "www.paper.example": "source paper.example",
        "paper-amp.example": "source paper.example",
        "other.example": "source other.example",
    }


def test_a_feed_at_a_given_host_belongs_to_the_source_and_resembles_its_others(store: Store) -> None:
    with store.begin() as conn:
        declare(conn, ("bbc.co.uk", "bbci.co.uk"))
        new = [NewFeed(url="https://feeds.bbci.co.uk/rss"), NewFeed(url="http://www.feeds.bbci.co.uk/rss/")]
        added = feeds.add_feeds(conn, new, now=NOW, interval_s=1800)
        assert domains_of_feeds(conn) == ["bbc.co.uk", "bbc.co.uk"]
        assert [one.resembles for one in added] == [None, added[0].id]

"""Lists of feeds on their way in and out: what an OPML file says is what the database has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from monitor.fetch.opml import OpmlFeed, parse_opml, render_opml
from monitor.store import feeds, listed_feeds
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.feeds import Adding, NewFeed
from monitor.sync import new_feed, opml_feed
from tests.store.rows import DAY, HOUR, NOW, add_feed, entry, save_entries

URL = "https://one.example/feed"


def add(conn: Connection, *urls: str, managed_by: str = "user") -> list[feeds.AddedFeed]:
    return feeds.add_feeds(conn, [NewFeed(url=url, managed_by=managed_by) for url in urls], now=NOW, interval_s=900)


def follow(conn: Connection, *listed: NewFeed) -> tuple[int, int]:
    managed = [replace(feed, managed_by="file") for feed in listed]
    return listed_feeds.follow_file(conn, managed, now=NOW + HOUR, interval_s=900)


def exported(conn: Connection) -> list[OpmlFeed]:
    return parse_opml(render_opml(opml_feed(row) for row in feeds.list_feeds(conn)))


paths = st.lists(st.sampled_from(["News", "Europe", "Öl & Gas", 'a "b"', "<x>"]), min_size=1, max_size=3).map("/".join)
words = st.sampled_from(["daily", "two words", "é", "&amp;", "\U0001f4f0"])
opml_feeds = st.builds(
    OpmlFeed,
    url=st.from_regex(r"http://[a-c]\.example/[a-z0-9]{0,6}(\?[a-z]=[0-9])?", fullmatch=True),
    title=st.sampled_from(["", "The Post", "A & B", "Новини"]),
    site_url=st.none() | st.sampled_from(["https://a.example/", "https://b.example/x?y=1"]),
    categories=st.lists(paths, max_size=3, unique=True).map(lambda names: tuple(sorted(names))),
    tags=st.lists(words, max_size=3, unique=True).map(lambda names: tuple(sorted(names))),
    interval_s=st.none() | st.integers(1, 43_200).map(lambda minutes: minutes * 60),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listed=st.lists(opml_feeds, max_size=6, unique_by=lambda feed: feed.url))
def test_a_list_that_was_imported_is_exported_as_it_was(store: Store, listed: list[OpmlFeed]) -> None:
    with store.engine.connect() as conn, conn.begin() as transaction:
        rows = parse_opml(render_opml(listed))
        added = feeds.add_feeds(
            conn, [new_feed(row, managed_by="user", min_interval_s=60) for row in rows], now=NOW, interval_s=900
        )
        assert [one.adding for one in added] == [Adding.ADDED] * len(listed)
        by_url = {feed.url: feed for feed in exported(conn)}
        assert [by_url[feed.url] for feed in listed] == listed
        assert len(by_url) == len(listed)
        transaction.rollback()


def test_a_feed_is_known_by_both_its_addresses(store: Store) -> None:
    with store.begin() as conn:
        [first] = add(conn, URL)
        conn.execute(update(t.feeds).values(current_url="https://two.example/feed"))
        again = add(conn, "https://two.example/feed", URL)
        assert [(one.id, one.adding) for one in again] == [(first.id, Adding.MOVED), (first.id, Adding.KNOWN)]
        assert feeds.find_feed(conn, "https://two.example/feed") == first.id
        assert feeds.get_feed(conn, "https://two.example/feed").id == first.id
        [other] = add(conn, "https://three.example/feed")
        conn.execute(update(t.feeds).where(t.feeds.c.id == other.id).values(current_url=URL))
        assert feeds.find_feed(conn, URL) == first.id  # its own address comes before one that another moved to


def test_the_same_address_twice_in_a_list_is_one_feed(store: Store) -> None:
    with store.begin() as conn:
        added = add(conn, URL, "https://two.example/f", URL)
        assert [one.adding for one in added] == [Adding.ADDED, Adding.ADDED, Adding.KNOWN]
        assert added[0].id == added[2].id
        assert len(feeds.list_feeds(conn)) == 2


@pytest.mark.parametrize(
    ("url", "is_alike"),
    [
        ("http://one.example/feed", True),
        ("https://www.one.example/feed/", True),
        ("https://one.example/feed?utm_source=x#top", True),
        ("https://one.example/feed?page=2", False),
        ("https://news.one.example/feed", False),
        ("https://one.example/Feed", False),
        ("https://one.example:8443/feed", False),
    ],
)
def test_addresses_that_look_alike_are_two_feeds_and_it_is_told(store: Store, url: str, is_alike: bool) -> None:
    with store.begin() as conn:
        [first] = add(conn, URL)
        [second] = add(conn, url)
        assert (second.adding, second.resembles) == (Adding.ADDED, first.id if is_alike else None)
        assert add(conn, URL)[0].resembles is None


def test_a_removed_feed_keeps_its_entries_and_is_taken_up_again(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, URL)
        save_entries(conn, feed_id, entry("1"))
        feeds.remove_feed(conn, feed_id, "removed by hand")
        assert feeds.list_feeds(conn) == []
        (row,) = feeds.list_all_feeds(conn)
        assert (row.state, row.next_poll_at, row.n_entries) == ("removed", None, 1)
        assert (feeds.n_hosts(conn), exported(conn)) == (0, [])
        [again] = add(conn, URL)
        assert (again.id, again.adding) == (feed_id, Adding.RESUMED)
        row = feeds.get_feed(conn, URL)
        assert (row.state, row.next_poll_at, row.n_entries) == ("active", NOW, 1)


def test_a_removed_feed_that_a_file_lists_belongs_to_the_file(store: Store) -> None:
    with store.begin() as conn:
        feeds.remove_feed(conn, add_feed(conn, URL), "removed by hand")
        assert follow(conn, NewFeed(url=URL, tags=("x",))) == (0, 0)
        row = feeds.get_feed(conn, URL)
    assert (row.state, row.managed_by, row.tags) == ("active", "file", ("x",))


def test_a_thousand_feeds_are_taken_in_with_few_statements(store: Store) -> None:
    new = [
        NewFeed(url=f"https://n{number % 300}.example/{number}", tags=("a", "b"), categories=(f"c{number % 7}",))
        for number in range(1_000)
    ]
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with store.begin() as conn:
        feeds.add_feeds(conn, new, now=NOW, interval_s=900)
        n_first = len(statements)
        again = feeds.add_feeds(conn, new, now=NOW, interval_s=900)
        rows = feeds.list_feeds(conn)
    assert n_first < 40
    assert {one.adding for one in again} == {Adding.KNOWN}
    assert len(rows) == 1_000
    assert {row.tags for row in rows} == {("a", "b")}


def test_what_a_file_says_of_a_feed_is_followed_when_it_changes(store: Store) -> None:
    with store.begin() as conn:
        old = NewFeed(url=URL, title="Given", categories=("A", "B/C"), tags=("x", "y"), wanted_interval_s=86_400)
        assert follow(conn, old) == (1, 0)
        conn.execute(update(t.feeds).values(title="Its own", next_poll_at=NOW + DAY))
        changed = NewFeed(url=URL, title="Other", categories=("B/C", "D"), tags=(), wanted_interval_s=1_800)
        assert follow(conn, changed) == (0, 0)
        row = feeds.get_feed(conn, URL)
        assert (row.title, row.categories, row.tags) == ("Its own", ("B/C", "D"), ())
        assert (row.wanted_interval_s, row.interval_s, row.next_poll_at) == (1_800, 1_800, NOW + HOUR + HOUR / 2)
        assert follow(conn, replace(changed, wanted_interval_s=None)) == (0, 0)
        assert feeds.get_feed(conn, URL).wanted_interval_s is None


def test_a_file_changes_nothing_about_feeds_of_a_person(store: Store) -> None:
    with store.begin() as conn:
        feeds.add_feeds(conn, [NewFeed(url=URL, tags=("mine",), wanted_interval_s=600)], now=NOW, interval_s=900)
        follow(conn, NewFeed(url=URL, tags=("theirs",)))
        row = feeds.get_feed(conn, URL)
    assert (row.managed_by, row.tags, row.wanted_interval_s) == ("user", ("mine",), 600)


def test_a_feed_that_moved_is_listed_under_either_address(store: Store) -> None:
    with store.begin() as conn:
        follow(conn, NewFeed(url=URL))
        conn.execute(update(t.feeds).values(current_url="https://two.example/feed"))
        for url in (URL, "https://two.example/feed"):
            assert follow(conn, NewFeed(url=url)) == (0, 0)
        assert follow(conn) == (0, 1)
        assert follow(conn, NewFeed(url="https://two.example/feed")) == (0, 0)
        assert feeds.get_feed(conn, URL).state == "active"


def test_a_feed_that_lives_on_in_another_is_no_trouble(store: Store) -> None:
    with store.begin() as conn:
        for reason in ("gone", "merged"):
            feed_id = add_feed(conn, f"https://{reason}.example/feed")
            conn.execute(update(t.feeds).where(t.feeds.c.id == feed_id).values(state="ended", reason=reason))
        lost = add_feed(conn, "https://lost.example/feed")
        conn.execute(update(t.feeds).where(t.feeds.c.id == lost).values(state="failing", reason=None))
        assert [row.reason for row in feeds.list_troubled(conn)] == ["gone", None]


def test_names_are_no_longer_than_their_columns(store: Store) -> None:
    with store.begin() as conn:
        long = NewFeed(url=URL, categories=("c" * 900,), tags=("t" * 900, "t" * 901))
        feeds.add_feeds(conn, [long], now=NOW, interval_s=900)
        assert conn.execute(select(t.feed_categories.c.category)).scalars().all() == ["c" * 200]
        assert conn.execute(select(t.feed_tags.c.tag)).scalars().all() == ["t" * 200]

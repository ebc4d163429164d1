from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select, update

from monitor.errors import NotFoundError, UsageError
from monitor.store import feeds, listed_feeds, polls
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.feeds import NewFeed
from monitor.store.sources import DeclaredSource, save_declared
from tests.store.rows import HOUR, MANNERS, NOW, add_feed, count, entry, save_entries

URL = "https://news.one.example/feed"


def states(conn: Connection) -> dict[str, str]:
    return {row.url: row.state for row in feeds.list_feeds(conn)}


def test_a_new_feed_is_due_at_once_and_belongs_to_the_source_of_its_registered_domain(store: Store) -> None:
    with store.begin() as conn:
        feed_id, is_new = feeds.add_feed(
            conn,
            NewFeed(url=URL, title="One", site_url="https://one.example/", tags=("b", "a", "a")),
            now=NOW,
            interval_s=900,
        )
        due = polls.claim_due(conn, now=NOW, lease_s=60, limit=5, manners=MANNERS)
        row = feeds.get_feed(conn, URL)
        domains = conn.execute(select(t.sources.c.domain)).scalars().all()
    assert is_new
    assert [feed.id for feed in due] == [feed_id]
    assert (due[0].host, due[0].interval_s, due[0].etag) == ("news.one.example", 900, None)
    assert (row.title, row.tags, row.state, row.n_entries) == ("One", ("a", "b"), "active", 0)
    assert domains == ["one.example"]


def test_a_removed_feed_that_is_added_again_is_polled_as_often_as_is_wanted_now(store: Store) -> None:
    with store.begin() as conn:
        for wanted_s in (1_800, 3_600, None):
            new = NewFeed(url="https://one.example/f", wanted_interval_s=wanted_s, tags=(f"t{wanted_s}",))
            [added] = feeds.add_feeds(conn, [new], now=NOW, interval_s=900)
            row = feeds.get_feed(conn, str(added.id))
            assert (row.wanted_interval_s, row.interval_s) == (wanted_s, wanted_s or 3_600)
            feeds.remove_feed(conn, added.id, because="removed by hand")
        assert feeds.get_feed(conn, str(added.id)).tags == ("t1800", "t3600", "tNone")


def test_adding_a_feed_again_changes_nothing(store: Store) -> None:
    with store.begin() as conn:
        first = feeds.add_feed(conn, NewFeed(url=URL, title="One"), now=NOW, interval_s=900)
        again = feeds.add_feed(conn, NewFeed(url=URL, title="Two"), now=NOW + HOUR, interval_s=60)
        assert (first, again) == ((first[0], True), (first[0], False))
        assert feeds.get_feed(conn, str(first[0])).title == "One"


def test_processes_that_add_the_same_feed_at_once_add_it_once(store: Store) -> None:
    barrier = Barrier(4)

    def add(_: int) -> tuple[int, bool]:
        barrier.wait(30)
        with store.begin() as conn:
            return feeds.add_feed(conn, NewFeed(url=URL, tags=("x",)), now=NOW, interval_s=900)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(add, range(4)))
    assert sorted(is_new for _, is_new in found) == [False, False, False, True]
    assert len({feed_id for feed_id, _ in found}) == 1


def test_a_feed_url_that_no_index_can_hold_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="at most 2048 characters"), store.begin() as conn:
        add_feed(conn, "https://one.example/" + "x" * 2048)


def test_overlong_titles_and_site_addresses_of_an_opml_file_do_not_stop_it(store: Store) -> None:
    with store.begin() as conn:
        new = NewFeed(url=URL, title="é" * 5_000, site_url="https://one.example/" + "x" * 5_000, tags=("y" * 900,))
        feeds.add_feed(conn, new, now=NOW, interval_s=900)
        row = feeds.get_feed(conn, URL)
    assert (len(row.title), row.site_url, len(row.tags[0])) == (1000, None, 200)


def test_a_file_pauses_only_what_it_manages_and_resumes_what_it_lists_again(store: Store) -> None:
    urls = [f"https://{name}.example/feed" for name in ("kept", "gone", "users")]
    with store.begin() as conn:
        for url in urls:
            managed_by = "user" if "users" in url else "file"
            feeds.add_feed(conn, NewFeed(url=url, managed_by=managed_by), now=NOW, interval_s=900)
        assert listed_feeds.pause_missing(conn, [urls[0]]) == 1
        assert states(conn) == dict(zip(urls, ("active", "paused", "active"), strict=True))
        assert listed_feeds.pause_missing(conn, [urls[0]]) == 0
        assert feeds.n_hosts(conn) == 2
        listed_feeds.resume_listed(conn, urls, NOW + HOUR)
        assert set(states(conn).values()) == {"active"}
        assert feeds.get_feed(conn, urls[1]).next_poll_at == NOW + HOUR
        assert feeds.get_feed(conn, urls[0]).next_poll_at == NOW


def test_a_feed_that_is_resumed_is_due_and_its_failures_are_forgotten(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, URL)
        conn.execute(update(t.feeds).values(n_failures=7.5, reason="gone"))
        feeds.pause_feed(conn, feed_id, "enough")
        feeds.resume_feed(conn, feed_id, now=NOW + HOUR, because="try again")
        row = feeds.get_feed(conn, URL)
    assert (row.state, row.next_poll_at, row.n_failures, row.reason) == ("active", NOW + HOUR, 0, None)


def test_troubled_feeds_are_those_that_fail_and_not_those_that_rest(store: Store) -> None:
    with store.begin() as conn:
        for state in ("active", "failing", "dormant", "ended", "paused"):
            add_feed(conn, f"https://{state}.example/feed")
            conn.execute(update(t.feeds).where(t.feeds.c.host == f"{state}.example").values(state=state))
        assert [feed.state for feed in feeds.list_troubled(conn)] == ["dormant", "ended", "failing"]


def test_feeds_are_listed_by_source_with_their_entries_counted(store: Store) -> None:
    with store.begin() as conn:
        first, second = add_feed(conn, "https://b.example/feed"), add_feed(conn, "https://a.example/feed")
        save_entries(conn, first, entry("1"), entry("2"))
        listed = feeds.list_feeds(conn)
    assert [(row.id, row.n_entries) for row in listed] == [(second, 0), (first, 2)]


def test_an_unknown_feed_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no feed 'nothing'"), store.read() as conn:
        feeds.get_feed(conn, "nothing")


def test_a_publishers_file_names_sources_and_puts_them_into_families(store: Store) -> None:
    declared = [
        DeclaredSource(domain="one.example", name="One", kind="agency", country="FR", language="fr", family="Group"),
        DeclaredSource(domain="two.example", name="Two", family="Group"),
    ]
    with store.begin() as conn:
        add_feed(conn, "https://one.example/feed")
        for _ in range(2):
            save_declared(conn, declared, now=NOW)
        rows = conn.execute(t.sources.select().order_by(t.sources.c.domain)).mappings().all()
        assert count(conn, "families") == 1
        save_declared(conn, [replace(declared[1], family=None)], now=NOW)
        after = conn.execute(t.sources.select().order_by(t.sources.c.domain)).mappings().all()
    assert [(row["name"], row["kind"], row["country"], row["managed_by"]) for row in rows] == [
        ("One", "agency", "FR", "file"),
        ("Two", "outlet", None, "file"),
    ]
    assert rows[0]["family_id"] == rows[1]["family_id"] is not None
    assert (after[0]["family_id"], after[1]["family_id"]) == (rows[0]["family_id"], None)

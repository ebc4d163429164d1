"""Which article an entry leads to: feeds as they are found in the wild, in any order, on both databases."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import monitor.extract.entries
from monitor.store import entries, feeds
from monitor.store import tables as t
from monitor.store.engine import Connection, Store, open_store
from monitor.text.normalise import text_hash
from monitor.types import FeedId, ParsedEntry
from tests.databases import BOTH
from tests.store.rows import DAY, HOUR, NOW, add_feed, article_row, count, make_article, save_entries

BBC = "https://www.bbc.com/news/articles/c4ng8wy1x2go"
BRIDGE = "Old bridge closed for a year"
SIGNED = "https://papers.example/abstract?v={}"
TOKENS = ("MDk0MjJDVVI3cWZZdVptRnk", "MTkzNTBGckNVUjdxZlp1Wm1", "MjgxMTlSckNVUjdxZlp1Wkd")


def told(guid: str, url: str | None, title: str = BRIDGE, *, at: datetime | None = NOW - HOUR) -> ParsedEntry:
    return ParsedEntry(guid=guid, url=url, title=title, published_at=at, content_hash=text_hash(f"{url} {title} {at}"))


@dataclass(frozen=True)
class Document:
    """What a feed shows at one poll."""

    feed: int
    entries: tuple[ParsedEntry, ...]


def shows(*parsed: ParsedEntry, feed: int = 1) -> Document:
    return Document(feed, parsed)


def google_link(target: str) -> str:
    """A link of Google News in its old form, which carries the target."""
    data = b"\x08\x13\x22" + bytes([len(target)]) + target.encode() + b"\xd2\x01\x00"
    name = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{name}?oc=5"


#: Documents in the order in which they are polled, and how many articles they are.
FIXTURES: dict[str, tuple[list[Document], int]] = {
    "versions of a guid": ([shows(told(f"{BBC}#0", BBC)), shows(told(f"{BBC}#1", BBC))], 1),
    "versions of a guid whose headline and slug changed": (
        [
            shows(told("https://a.example/x#0", "https://a.example/news/bridge-closed")),
            shows(
                told("https://a.example/x#1", "https://a.example/news/ferry-instead", "Ferry replaces it", at=NOW),
            ),
        ],
        1,
    ),
    "one guid for all, one entry at a time": (
        [
            shows(told("latest", "https://a.example/one", "Frost takes the harvest", at=NOW - DAY)),
            shows(told("latest", "https://a.example/two", "Museum finds a painting")),
            shows(told("latest", "https://a.example/one", "Frost takes the harvest", at=NOW - DAY)),
        ],
        2,
    ),
    "the homepage as guid of all": (
        [
            shows(told("https://www.a.example/", "https://a.example/1", "Morning briefing of the day", at=NOW - DAY)),
            shows(told("https://www.a.example/", "https://a.example/2", "Morning briefing of the day")),
        ],
        2,
    ),
    "a long guid that names something else by and by": (
        [
            shows(
                told("tag:a.example,2020:headline", "https://a.example/one", "Frost takes the harvest", at=NOW - DAY)
            ),
            shows(told("tag:a.example,2020:headline", "https://a.example/two", "Museum finds a painting")),
        ],
        2,
    ),
    "a guid with a new link and a better headline": (
        [
            shows(
                told("tag:a.example,2026:bridge", "https://a.example/2026/bridge-shut", "Old bridge shut for a year")
            ),
            shows(told("tag:a.example,2026:bridge", "https://a.example/2026/bridge-closed", BRIDGE)),
        ],
        1,
    ),
    "http becomes https": (
        [
            shows(told("http://a.example/2026/bridge", "http://a.example/2026/bridge")),
            shows(told("https://a.example/2026/bridge", "https://a.example/2026/bridge", at=NOW)),
        ],
        1,
    ),
    "http here, https there": (
        [shows(told("h1", "http://a.example/bridge")), shows(told("h2", "https://a.example/bridge"), feed=2)],
        1,
    ),
    "a site that moves to another domain": (
        [
            shows(told("https://old.example/2026/03/bridge", "https://old.example/2026/03/bridge")),
            shows(told("https://new.example/2026/03/bridge", "https://new.example/2026/03/bridge")),
        ],
        1,
    ),
    "a blog's guid that says a number": (
        [
            shows(told("http://a.example/?p=123456", "http://a.example/bridge")),
            shows(told("https://a.example/?p=123456", "https://a.example/2026/bridge/", at=NOW)),
        ],
        1,
    ),
    "two blogs with one number in a feed of feeds": (
        [
            shows(told("https://a.example/?p=654321", "https://a.example/closed")),
            shows(told("https://b.example/?p=654321", "https://b.example/soup", "How to make soup", at=NOW)),
        ],
        2,
    ),
    "a link that is signed anew each time": (
        [shows(told(url, url)) for url in map(SIGNED.format, TOKENS)],
        1,
    ),
    "signed links of two papers with one title": (
        [
            shows(told(SIGNED.format(TOKENS[0]) + "&db=b", SIGNED.format(TOKENS[0]) + "&db=b")),
            shows(told(SIGNED.format(TOKENS[1]) + "&db=b", SIGNED.format(TOKENS[1]) + "&db=b", at=NOW)),
        ],
        2,
    ),
    "signed links side by side": (
        [shows(*(told(url, url) for url in (f"{SIGNED.format(token)}&db=c" for token in TOKENS[:2])))],
        2,
    ),
    "one title and one date at two addresses": (
        [
            shows(told("https://a.example/notice-one", "https://a.example/notice-one")),
            shows(told("https://a.example/notice-two", "https://a.example/notice-two")),
        ],
        2,
    ),
    "numbers that differ are no tokens": (
        [
            shows(told("https://a.example/a?id=10001", "https://a.example/a?id=10001")),
            shows(told("https://a.example/a?id=10002", "https://a.example/a?id=10002")),
        ],
        2,
    ),
    "guid 1 of two feeds": (
        [shows(told("1", "https://a.example/one")), shows(told("1", "https://b.example/two"), feed=2)],
        2,
    ),
    "guid 1 of two feeds without links": ([shows(told("5", None)), shows(told("5", None, "Soup"), feed=2)], 2),
    "a counter as guid, and the slug changed": (
        [
            shows(told("17", "https://a.example/news/17/bridge-shut", "Bridge shut")),
            shows(told("17", "https://a.example/news/17/ferry-instead", "Ferry instead", at=NOW)),
        ],
        1,
    ),
    "the headline in guid and link, beside a number": (
        [
            shows(told("https://a.example/news/bridge-shut-1234567", "https://a.example/news/bridge-shut-1234567")),
            shows(
                told(
                    "https://a.example/news/ferry-instead-1234567",
                    "https://a.example/news/ferry-instead-1234567",
                    "Ferry instead of bridge",
                    at=NOW,
                )
            ),
        ],
        1,
    ),
    "the headline in the guid, the link stays": (
        [
            shows(told("a.example/bridge-shut", "https://a.example/p/k2")),
            shows(told("a.example/ferry-instead", "https://a.example/p/k2", "Ferry instead of bridge")),
        ],
        1,
    ),
    "the same without link or guid that lasts": (
        [shows(told("sha256:aaaa", None)), shows(told("sha256:bbbb", None))],
        1,
    ),
    "a short title says too little": (
        [shows(told("sha256:cccc", None, "Corrections")), shows(told("sha256:dddd", None, "Corrections"))],
        2,
    ),
    "all entries link to the homepage": (
        [shows(told("ep-100", "https://a.example/"), told("ep-101", "https://a.example/", "Second episode"))],
        2,
    ),
    "three feeds with one URL": (
        [
            shows(told("a", "https://a.example/bridge?utm_source=one")),
            shows(told("b", "https://a.example/bridge?fbclid=IwAR0#top", "Bridge"), feed=2),
            shows(told("c", "https://A.example:443/bridge?gclid=1", "The bridge"), feed=3),
        ],
        1,
    ),
    "addresses that differ in what other systems fold": (
        [
            shows(
                *(
                    told(url, url)
                    for url in (
                        "https://a.example/article.php?sid=101",
                        "https://a.example/article.php?sid=202",
                        "https://a.example/AbC",
                        "https://a.example/abc",
                        "https://news.bbc.co.uk/x",
                        "https://sport.bbc.co.uk/x",
                    )
                )
            )
        ],
        6,
    ),
    "a search alert, an old link of Google News, an AMP cache and the publisher": (
        [
            shows(told("g1", "https://www.google.com/url?rct=j&url=https://a.example/bridge&ct=ga"), feed=2),
            shows(told("g2", google_link("https://a.example/bridge")), feed=3),
            shows(told("g3", "https://a-example.cdn.ampproject.org/c/s/a.example/bridge?usqp=mq331"), feed=4),
            shows(told("g4", "https://a.example/bridge")),
        ],
        1,
    ),
}

#: One guid whose entry is overwritten by a later state of it: what it was before is not known any more.
OVERWRITTEN = {"a guid with a new link and a better headline", "a counter as guid, and the slug changed"}


def poll(conn: Connection, document: Document, at: datetime) -> None:
    url = f"https://feeds{document.feed}.example/feed"
    feed_id = feeds.find_feed(conn, url) or add_feed(conn, url)
    save_entries(conn, feed_id, *document.entries, now=at)


def resolve(conn: Connection, at: datetime, *, limit: int = 99) -> int:
    found = entries.load_unresolved(conn, now=at, limit=limit)
    monitor.extract.entries._resolve_all(conn, found, at)
    return len(found)


def resolve_one_by_one(conn: Connection, at: datetime) -> None:
    while resolve(conn, at, limit=1):
        pass


Groups = frozenset[frozenset[object]]


def articles_of(conn: Connection) -> Groups:
    """The articles, each by the sightings it has: feed, link and title of the entry."""
    rows = select(t.sightings.c.article_id, t.entries.c.feed_id, t.entries.c.url, t.entries.c.title, t.feeds.c.url)
    joined = rows.select_from(t.sightings.join(t.entries).join(t.feeds, t.feeds.c.id == t.sightings.c.feed_id))
    return _grouped((row[0], (row[4], row[2], row[3])) for row in conn.execute(joined))


def urls_of(conn: Connection) -> Groups:
    rows = select(t.article_urls.c.article_id, t.article_urls.c.url)
    return _grouped((row[0], row[1]) for row in conn.execute(rows))


def _grouped(pairs: Iterator[tuple[int, object]]) -> Groups:
    groups: dict[int, set[object]] = {}
    for article_id, one in pairs:
        groups.setdefault(article_id, set()).add(one)
    return frozenset(map(frozenset, groups.values()))


@pytest.mark.parametrize("name", FIXTURES)
def test_entries_lead_to_as_many_articles_as_there_are(store: Store, name: str) -> None:
    documents, n_articles = FIXTURES[name]
    n_entries = len({(one.feed, entry.guid, entry.url) for one in documents for entry in one.entries})
    with store.begin() as conn:
        for number, document in enumerate([*documents, *documents]):
            poll(conn, document, NOW + number * HOUR)
            resolve(conn, NOW + number * HOUR)
        assert count(conn, "articles") == n_articles
        kept = n_articles if name in OVERWRITTEN else n_entries
        assert count(conn, "sightings") == count(conn, "entries") == kept


@pytest.mark.parametrize("together", BOTH)
def test_entries_resolved_together_lead_where_each_by_itself_does(
    both_stores: tuple[Store, Store], together: str
) -> None:
    """All documents as of one moment, so that what is new stands among what is not, and among what is told twice."""
    given = [document for documents, _ in FIXTURES.values() for document in documents]
    found = []
    for kind, store in zip(BOTH, both_stores, strict=True):
        with store.begin() as conn:
            for number, half in enumerate((given[::2], given)):
                at = NOW + number * HOUR
                for document in half:
                    poll(conn, document, at)
                if kind == together:
                    resolve(conn, at, limit=500)
                else:
                    resolve_one_by_one(conn, at)
            n_left = len(entries.load_unresolved(conn, now=NOW + HOUR, limit=9))
            found.append((articles_of(conn), urls_of(conn), count(conn, "sightings"), n_left))
    assert found[0] == found[1]
    assert found[0][3] == 0


def test_one_entry_that_cannot_be_saved_is_postponed_alone(store: Store) -> None:
    """What is found out for all of them together is undone, and each has its own try."""
    with store.begin() as conn:
        save_entries(conn, add_feed(conn), *(told(f"g{n}", f"https://a.example/{n}") for n in range(3)))
        first, broken, last = entries.load_unresolved(conn, now=NOW, limit=9)
        monitor.extract.entries._resolve_all(conn, [first, replace(broken, feed_id=FeedId(999)), last], NOW)
        rows = conn.execute(t.entries.select().order_by(t.entries.c.id)).mappings().all()
    assert [row["article_id"] is None for row in rows] == [False, True, False]
    assert [row["resolve_due_at"] is None for row in rows] == [True, False, True]


def test_an_article_in_three_feeds_has_three_sightings_with_first_and_last(store: Store) -> None:
    documents, _ = FIXTURES["three feeds with one URL"]
    with store.begin() as conn:
        for number, document in enumerate([*documents, documents[0]]):
            poll(conn, document, NOW + number * HOUR)
            resolve(conn, NOW + number * HOUR)
        rows = conn.execute(t.sightings.select().order_by(t.sightings.c.entry_id)).mappings()
        seen = [(row["article_id"], row["first_seen_at"] - NOW, row["last_seen_at"] - NOW) for row in rows]
    assert seen == [(1, timedelta(0), 3 * HOUR), (1, HOUR, HOUR), (1, 2 * HOUR, 2 * HOUR)]


def test_entries_that_show_two_articles_to_be_one_join_them_and_the_id_redirects(store: Store) -> None:
    old, new = "http://a.example/?p=123456", "https://a.example/?p=123456"
    with store.begin() as conn:
        poll(conn, shows(told(old, "https://a.example/bridge")), NOW)
        poll(conn, shows(told("elsewhere", "https://a.example/2026/bridge"), feed=2), NOW)
        resolve(conn, NOW)
        assert count(conn, "articles") == 2
        poll(conn, shows(told(new, "https://a.example/2026/bridge")), NOW + HOUR)
        resolve(conn, NOW + HOUR)
        assert conn.execute(select(t.article_merges.c.old_id, t.article_merges.c.article_id)).all() == [(2, 1)]
        assert (count(conn, "articles"), count(conn, "sightings")) == (1, 3)
        assert len(urls_of(conn)) == 1


def test_an_article_with_a_text_takes_in_those_without_and_two_with_texts_stay(store: Store) -> None:
    old, new = "http://a.example/?p=123456", "https://a.example/?p=123456"
    with store.begin() as conn:
        poll(conn, shows(told(old, "https://a.example/bridge")), NOW)
        resolve(conn, NOW)
        read_id = make_article(conn, "https://a.example/2026/bridge")
        poll(conn, shows(told(new, "https://a.example/2026/bridge")), NOW + HOUR)
        resolve(conn, NOW + HOUR)
        assert count(conn, "articles") == 1
        make_article(conn, "https://a.example/again", title="B", body="Another text.")
        poll(conn, shows(told(f"{new}#2", "https://a.example/again")), NOW + 2 * HOUR)
        resolve(conn, NOW + 2 * HOUR)
        assert count(conn, "articles") == 2
        assert {row["article_id"] for row in conn.execute(t.entries.select()).mappings()} == {read_id}


def test_a_link_that_leads_nowhere_is_marked_and_the_feeds_own_source_has_it(store: Store) -> None:
    opaque = "https://news.google.com/rss/articles/CBMiK0FVX3lxTE9kZWFkYmVlZg?oc=5"
    with store.begin() as conn:
        poll(conn, shows(told("1", opaque)), NOW)
        resolve(conn, NOW)
        (found,) = conn.execute(select(t.articles.c.id)).scalars()
        row = article_row(conn, found)
        domain = conn.execute(select(t.sources.c.domain).where(t.sources.c.id == row["source_id"])).scalar_one()
    assert (row["url"], row["host"], domain) == (opaque, "", "feeds1.example")


# --- any order -----------------------------------------------------------------------------------------------------

POOL = [one for name, (documents, _) in FIXTURES.items() if name not in OVERWRITTEN for one in documents]


class UndoneError(Exception):
    """Takes back what a transaction did."""


@st.composite
def two_replays(draw: st.DrawFn) -> tuple[list[Document], list[Document]]:
    """Some documents, and the same ones in another order, the entries of each as well, some of them twice."""
    chosen = [
        POOL[number] for number in draw(st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=7, unique=True))
    ]
    again = draw(st.permutations([*chosen, *draw(st.lists(st.sampled_from(chosen), max_size=3))]))
    return chosen, [replace(one, entries=tuple(draw(st.permutations(one.entries)))) for one in again]


def replayed(store: Store, documents: Sequence[Document], *, limit: int) -> tuple[Groups, Groups]:
    with suppress(UndoneError), store.begin() as conn:
        for number, document in enumerate(documents):
            at = NOW + number * HOUR
            poll(conn, document, at)
            while resolve(conn, at, limit=limit):
                pass
        outcome = articles_of(conn), urls_of(conn)
        raise UndoneError
    return outcome


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(replays=two_replays(), limit=st.sampled_from([1, 2, 99]))
def test_the_same_entries_in_any_order_lead_to_the_same_articles(
    sqlite_store: Store, replays: tuple[list[Document], list[Document]], limit: int
) -> None:
    one, other = replays
    assert replayed(sqlite_store, one, limit=99) == replayed(sqlite_store, other, limit=limit)


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url)
    yield opened
    opened.close()

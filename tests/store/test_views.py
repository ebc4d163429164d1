from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import column, select, table, text

from monitor.digest.selection import story_figures
from monitor.store import duplicates, entries, fingerprints, stories
from monitor.store import tables as t
from monitor.store.articles import find_article, load_articles
from monitor.store.descriptions import save_description
from monitor.store.engine import Connection, Store
from monitor.store.fingerprints import PrintRow
from monitor.store.pages import save_article
from monitor.store.sources import DeclaredSource, save_declared
from monitor.store.story_groups import save_joins
from monitor.store.views import VIEWS
from monitor.types import (
    ArticleId,
    DayVerdict,
    DuplicateKind,
    DuplicateLink,
    FeedId,
    Origin,
    ParsedEntry,
    RewriteLink,
    SourceDay,
    StoryId,
)
from tests.store.rows import (
    DAY,
    HOUR,
    NOW,
    add_article,
    add_day,
    add_feed,
    claim_page,
    entry,
    extracted,
    make_article,
    mark_matched,
    save_entries,
    save_text,
)
from tests.store.test_stories import assign

SCHEME = "test/1"
VIEW = table("v_sightings")


@dataclass
class Newsroom:
    """Builds a story article by article; names the ids it made by a short word."""

    conn: Connection
    ids: dict[str, ArticleId]

    def report(self, name: str, source: str, **values: Any) -> ArticleId:
        article_id = make_article(self.conn, f"https://{source}.example/{name}", **values)
        mark_matched(self.conn, article_id)
        self.ids[name] = article_id
        row = PrintRow(article_id=article_id, scheme=SCHEME, text_hash=name, n_words=1, body=b"", band_numbers=())
        fingerprints.save_fingerprints(self.conn, [row], NOW)
        return article_id

    def copy(self, name: str, original: str, source: str, kind: DuplicateKind = DuplicateKind.NEAR) -> None:
        article_id = self.report(name, source)
        link = DuplicateLink(
            article_id=article_id,
            original_id=self.ids[original],
            kind=kind,
            containment=0.75,
            jaccard=0.5,
            scheme=SCHEME,
            article_text_hash=name,
            original_text_hash=original,
        )
        duplicates.save_links(self.conn, [link], [], NOW)
        duplicates.save_copy_groups(self.conn, [article_id], {article_id: link})

    def rewrite(self, name: str, *originals: str, source: str = "") -> None:
        article_id = self.ids[name] if name in self.ids else self.report(name, source)
        links = [
            RewriteLink(
                article_id=article_id,
                original_id=self.ids[one],
                containment=0.4,
                because="credits",
                scheme=SCHEME,
                article_text_hash=name,
                original_text_hash=one,
            )
            for one in originals
        ]
        duplicates.save_links(self.conn, [], links, NOW)

    def story(self, *names: str) -> StoryId:
        story_id = None
        for name in names:
            story_id = assign(self.conn, self.ids[name], story_id)
        assert story_id is not None
        return story_id


Case = Callable[[Newsroom], tuple[StoryId, tuple[int, int, int, int]]]
CASES: list[Case] = []


def case(build: Case) -> Case:
    """A story and its figures, counted by hand: articles, publishers, independent, copies."""
    CASES.append(build)
    return build


@case
def one_report(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("a", "one")
    return room.story("a"), (1, 1, 1, 0)


@case
def three_publishers(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    for source in ("one", "two", "three"):
        room.report(source, source)
    return room.story("one", "two", "three"), (3, 3, 3, 0)


@case
def two_reports_of_one_publisher(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("a", "one")
    room.report("b", "one")
    return room.story("a", "b"), (2, 1, 1, 0)


@case
def two_titles_of_one_family(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    for name in ("one", "two"):
        save_declared(room.conn, [DeclaredSource(domain=f"{name}.example", name=name, family="Group")], now=NOW)
    room.report("a", "one")
    room.report("b", "two")
    room.report("c", "three")
    return room.story("a", "b", "c"), (3, 3, 2, 0)


@case
def a_report_and_its_copies(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("a", "one")
    room.copy("b", "a", "two", DuplicateKind.SYNDICATED)
    room.copy("c", "a", "three", DuplicateKind.EXACT)
    room.report("d", "four")
    return room.story("a", "b", "c", "d"), (4, 4, 2, 2)


@case
def a_report_and_a_rewrite(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("a", "one")
    room.rewrite("b", "a", source="two")
    return room.story("a", "b"), (2, 2, 1, 0)


@case
def agency_texts_and_own_reports(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("a", "one", origin=Origin.AGENCY, agency="AFP")
    room.report("b", "one", origin=Origin.AGENCY, agency="AP")
    room.report("c", "one")
    room.report("d", "two", origin=Origin.AGENCY, agency="AFP")
    room.report("e", "two", origin=Origin.AGENCY, agency="AFP")
    return room.story("a", "b", "c", "d", "e"), (5, 2, 3, 0)


@case
def nothing_but_copies_of_reports_elsewhere(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("elsewhere", "one")
    room.copy("a", "elsewhere", "two")
    room.copy("b", "elsewhere", "three")
    return room.story("a", "b"), (2, 2, 1, 2)


@case
def nothing_but_rewrites(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("elsewhere", "one")
    room.rewrite("a", "elsewhere", source="two")
    room.rewrite("b", "elsewhere", source="three")
    return room.story("a", "b"), (2, 2, 1, 0)


@case
def a_copy_that_is_a_rewrite_as_well(room: Newsroom) -> tuple[StoryId, tuple[int, int, int, int]]:
    room.report("a", "one")
    room.report("b", "two")
    room.copy("c", "a", "three")
    room.rewrite("c", "b")
    room.rewrite("b", "a")
    return room.story("a", "b", "c"), (3, 3, 1, 1)


@pytest.mark.parametrize("build", CASES, ids=lambda build: build.__name__)
def test_the_figures_of_a_story_are_those_counted_by_hand(store: Store, build: Case) -> None:
    with store.begin() as conn:
        story_id, (n_articles, n_publishers, n_independent, n_copies) = build(Newsroom(conn, {}))
        row = conn.execute(text("SELECT * FROM v_stories WHERE id = :id"), {"id": story_id}).mappings().one()
        story = stories.get_story(conn, story_id)
    expected = {
        "n_articles": n_articles,
        "n_publishers": n_publishers,
        "n_independent": n_independent,
        "n_copies": n_copies,
    }
    assert {name: row[name] for name in expected} == expected
    figures = story_figures(story.members)
    assert {name: getattr(figures, name) for name in expected} == expected
    assert {name: getattr(story, name) for name in expected} == expected


def build_everything(store: Store) -> None:
    with store.begin() as conn:
        declared = DeclaredSource(domain="one.example", name="One", kind="agency", country="FR", family="Groupe é")
        save_declared(conn, [declared], now=NOW)
        room = Newsroom(conn, {})
        published_at = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
        room.report("a", "one", published_at=published_at, section="world", dateline="PARIS", credit="c", agency="AFP")
        room.copy("b", "a", "two", DuplicateKind.SYNDICATED)
        room.report("c", "three", title="Ünïcode 中文 | pipes", language="fr")
        room.rewrite("c", "b", "a")
        room.report("d", "four")
        save_text(conn, room.ids["d"], body="A second text.", now=NOW + DAY)
        add_article(conn, "https://one.example/without-text")
        told, other = room.story("a", "b"), room.story("c")
        head = load_articles(conn, [room.ids["a"]])[room.ids["a"]]
        save_description(conn, told, head, key_terms=["terme", "中文"], key_names=["Élysée"])
        save_joins(conn, [(other, told, 0.5)], scheme=SCHEME, now=NOW)
        see(conn, "https://one.example/feed", entry("g", url="https://one.example/a?utm_source=x"), room.ids["a"])
        for number, verdict in enumerate((None, *DayVerdict)):
            add_day(conn, "one.example", SourceDay(day_on=NOW.date() + number * DAY, n_expected=1.25, verdict=verdict))


def see(conn: Connection, feed_url: str, parsed: ParsedEntry, article_id: ArticleId, now: datetime = NOW) -> FeedId:
    """An entry of a feed that leads to an article."""
    feed_id = add_feed(conn, feed_url)
    save_entries(conn, feed_id, parsed, now=now)
    for one in entries.load_unresolved(conn, now=now, limit=9):
        entries.save_resolved(conn, one, article_id)
    return feed_id


def rows_of(store: Store, view: str) -> tuple[list[str], list[tuple[object, ...]]]:
    with store.read() as conn:
        found = conn.execute(text(f"SELECT * FROM {view}"))
        names = list(found.keys())
        rows = [tuple(_plain(name, value) for name, value in zip(names, row, strict=True)) for row in found]
    return names, sorted(rows, key=repr)


def _plain(name: str, value: object) -> object:
    """SQLite has no type for moments and days: a query gives text, in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    assert value is None or isinstance(value, str | int | float), name
    return value


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_the_same_names_and_values_on_both_databases(both_stores: tuple[Store, Store], view: str) -> None:
    for store in both_stores:
        build_everything(store)
    (sqlite_names, sqlite_rows), (names, rows) = (rows_of(store, view) for store in both_stores)
    assert names == sqlite_names
    assert rows == sqlite_rows
    assert rows


@pytest.fixture
def full(store: Store) -> Iterator[Connection]:
    build_everything(store)
    with store.read() as conn:
        yield conn


def test_articles_without_a_text_are_not_shown(full: Connection) -> None:
    urls = full.execute(text("SELECT url FROM v_articles")).scalars().all()
    assert sorted(urls) == [
        f"https://{source}.example/{name}" for source, name in zip(("four", "one", "three", "two"), "dacb", strict=True)
    ]


def test_an_article_shows_its_source_family_copies_and_revisions(full: Connection) -> None:
    rows = {row["id"]: row for row in full.execute(text("SELECT * FROM v_articles")).mappings()}
    a, b, c, d = (rows[number] for number in (1, 2, 3, 4))
    assert (a["source"], a["source_domain"], a["family"], a["country"]) == ("One", "one.example", "Groupe é", "FR")
    assert (b["source"], b["family"], b["duplicate_of"], b["duplicate_kind"]) == (
        "two.example",
        "two.example",
        1,
        "syndicated",
    )
    assert (c["rewrite_of"], c["title"], c["duplicate_of"]) == (1, "Ünïcode 中文 | pipes", None)
    assert (d["n_revisions"], d["story_id"], a["n_revisions"]) == (2, None, 1)
    assert a["story_id"] == b["story_id"] != c["story_id"]


def test_a_duplicate_names_both_ends(full: Connection) -> None:
    (row,) = full.execute(text("SELECT * FROM v_duplicates")).mappings().all()
    assert (row["article_url"], row["original_url"]) == ("https://two.example/b", "https://one.example/a")
    assert (row["kind"], row["containment"], row["jaccard"], row["scheme"]) == ("syndicated", 0.75, 0.5, SCHEME)


def test_a_day_of_a_source_is_blind_where_its_verdict_says_so(full: Connection) -> None:
    rows = full.execute(text("SELECT source, verdict, is_blind FROM v_source_days")).all()
    assert {source for source, _, _ in rows} == {"One"}
    assert {verdict: is_blind for _, verdict, is_blind in rows} == {
        None: None,
        **{str(verdict): int(verdict.is_blind) for verdict in DayVerdict},
    }


def test_a_sighting_lasts_as_long_as_unchanged_polls_find_the_document_that_shows_it(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn)
        feed_id = see(conn, "https://one.example/feed", entry("old"), article_id)
        see(conn, "https://one.example/feed", entry("kept"), article_id, NOW + HOUR)
        polled = {"last_read_at": NOW + HOUR, "last_good_poll_at": NOW + 5 * HOUR}
        conn.execute(t.feeds.update().where(t.feeds.c.id == feed_id).values(**polled))
        see(conn, "https://two.example/feed", entry("other"), article_id, NOW + 2 * HOUR)
        found = conn.execute(select(column("guid"), column("first_seen_at"), column("last_seen_at")).select_from(VIEW))
        seen = {guid: tuple(_plain("", moment) for moment in moments) for guid, *moments in found}
    assert seen == {
        "old": ("2026-03-01 12:00:00.000000", "2026-03-01 12:00:00.000000"),
        "kept": ("2026-03-01 13:00:00.000000", "2026-03-01 17:00:00.000000"),
        "other": ("2026-03-01 14:00:00.000000", "2026-03-01 14:00:00.000000"),
    }


def test_each_url_of_an_article_says_what_it_is_to_it(store: Store) -> None:
    url = "https://one.example/a"
    with store.begin() as conn:
        article_id = add_article(conn, url)
        see(conn, "https://one.example/feed", entry("1", url=f"{url}?utm_source=rss"), article_id)
        fetched = replace(
            claim_page(conn, article_id),
            canonical_url="https://one.example/full/a",
            other_urls={url: "asked", "https://one.example/amp/a": "final"},
            final_url="https://one.example/amp/a",
            declared_url="https://one.example/full/a",
        )
        save_article(conn, fetched, extracted(), NOW)
        found = conn.execute(text("SELECT kind, url FROM v_article_urls ORDER BY kind, url")).all()
    assert [tuple(row) for row in found] == [
        ("canonical", "https://one.example/full/a"),
        ("declared", "https://one.example/full/a"),
        ("entry", "https://one.example/a?utm_source=rss"),
        ("final", "https://one.example/amp/a"),
        ("other", "https://one.example/a"),
    ]


def test_what_a_page_declares_and_is_not_believed_leads_nowhere(store: Store) -> None:
    with store.begin() as conn:
        for number in (1, 2):
            article_id = add_article(conn, f"https://one.example/{number}")
            declared = replace(
                claim_page(conn, article_id),
                final_url=f"https://one.example/{number}",
                declared_url="https://two.example/a",
            )
            save_article(conn, declared, extracted(title=f"Report {number}"), NOW)
        assert find_article(conn, ["https://two.example/a"]) is None
        query = text("SELECT article_id FROM v_article_urls WHERE kind = 'declared' AND url = 'https://two.example/a'")
        assert len(conn.execute(query).all()) == 2


def test_the_spread_of_a_story_its_velocity_and_its_first_publisher(store: Store) -> None:
    with store.begin() as conn:
        room = Newsroom(conn, {})
        room.report("original", "two", seen_at=NOW + HOUR)
        room.copy("copy", "original", "one")  # seen at NOW, before its original
        for name, hours in (("late", 7.5), ("last", 7.75)):
            room.report(name, "three", seen_at=NOW + hours * HOUR)
        story_id = room.story("original", "copy", "late", "last")
        story = stories.get_story(conn, story_id)
        hours_of = stories.load_hours(conn, story_id)
    assert (story.first_publisher, story.articles_per_hour) == ("two.example", pytest.approx(2 / 6))
    shown = [(one.hour_at - NOW, one.n_articles, one.n_copies, one.n_publishers, one.n_voices) for one in hours_of]
    assert shown == [(0 * HOUR, 1, 1, 1, 0), (HOUR, 1, 0, 1, 1), (7 * HOUR, 2, 0, 1, 1)]

"""What comes back of what was stored: moments, numbers, and whatever feeds and pages send."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from monitor.store import articles, entries, feeds, pages, polls
from monitor.store import tables as t
from monitor.store.columns import storable
from monitor.store.engine import Connection, Store
from monitor.store.feeds import NewFeed
from monitor.store.hints import load_hints
from monitor.types import Access, PollLogRow, PollResult, Reason
from tests.store.rows import (
    NOW,
    add_article,
    add_feed,
    article_row,
    claim_feed,
    claim_page,
    entry,
    extracted,
    make_article,
    response,
    save_entries,
)

HOSTILE = [
    "nul \0 inside",
    "\0",
    "half a pair \ud83d",
    "other half \ude00 and \0",
    "two halves \ud83d\ude00",
    "\x1b[31mred\x1b[0m",
    "[/x] =HYPERLINK(1)",
    "\u202egnp.exe",
    "line\r\nbreak\u2028",
    "%s %(x)s :x {} \\ ' \" ; DROP TABLE articles",
    "\uffff\ufffe\U0010ffff",
    "é" * 100_000,
    "",
]


def set_moment(conn: Connection, value: object) -> object:
    conn.execute(t.hosts.delete())
    conn.execute(insert(t.hosts).values(name="h", next_at=value))
    return conn.execute(select(t.hosts.c.next_at)).scalar_one()


# --- moments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Paris")),  # an hour that does not exist
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris")),  # one that exists twice
        datetime(2026, 3, 1, 0, 0, tzinfo=timezone(timedelta(hours=-11, minutes=-30))),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_to_the_microsecond_in_utc(store: Store, moment: datetime) -> None:
    with store.begin() as conn:
        found = set_moment(conn, moment)
    assert isinstance(found, datetime)
    assert found == moment.astimezone(UTC)
    assert found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"), store.begin() as conn:
        set_moment(conn, naive)
    with pytest.raises(StatementError, match="naive"), store.begin() as conn:
        conn.execute(select(t.hosts).where(t.hosts.c.next_at < naive)).all()


def test_moments_compare_by_time_whatever_their_zone_and_fraction(store: Store) -> None:
    at = NOW.replace(microsecond=100)
    with store.begin() as conn:
        set_moment(conn, at)
        for offset, expected in ((-1, 0), (0, 1), (1, 1)):
            limit = (at + timedelta(microseconds=offset)).astimezone(ZoneInfo("Asia/Kathmandu"))
            due = conn.execute(select(t.hosts).where(t.hosts.c.next_at <= limit)).all()
            assert len(due) == expected


def test_numbers_of_64_bits_come_back(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn)
        for band in (2**63 - 1, -(2**63), 0):
            conn.execute(insert(t.bands).values(band=band, article_id=article_id))
        conn.execute(update(t.articles).values(arrival_no=2**62))
        assert conn.execute(select(t.bands.c.band).order_by(t.bands.c.band)).scalars().all() == [
            -(2**63),
            0,
            2**63 - 1,
        ]
        assert article_row(conn, article_id)["arrival_no"] == 2**62


def test_rows_that_refer_to_nothing_are_refused(store: Store) -> None:
    with pytest.raises(IntegrityError), store.begin() as conn:
        conn.execute(insert(t.bands).values(band=1, article_id=999))


# --- text ----------------------------------------------------------------------------------------------------------


def test_only_what_databases_refuse_is_taken_out_of_a_text() -> None:
    assert storable("a\0b\0") == "ab"
    assert storable("x\ud800y") == "x\ufffdy"
    assert storable("\udc00\ud800") == "\ufffd\ufffd"
    assert storable("\ud83d\ude00") == "😀"
    assert storable("é\x01\u202e\r\n\uffff") == "é\x01\u202e\r\n\uffff"


@given(st.text(alphabet=st.characters()))
def test_a_storable_text_can_be_encoded_and_stays_as_it_is(given_text: str) -> None:
    once = storable(given_text)
    assert "\0" not in once
    assert once.encode().decode() == once
    assert storable(once) == once


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\0\ud800\udfff")), max_size=30), max_size=4)
)
def test_any_text_comes_back_storable_from_columns_json_and_plain_sql(store: Store, texts: list[str]) -> None:
    with store.begin() as conn:
        for one in texts:
            found = conn.execute(text("SELECT CAST(:one AS TEXT)"), {"one": one}).scalar_one()
            assert found == storable(one)
        details = {"list": texts, "deep": {"tuple": [texts]}}
        row = insert(t.audit).values(who="w", action="a", noun="n", details=details, done_at=NOW)
        conn.execute(row)
        newest = select(t.audit.c.details).order_by(t.audit.c.id.desc()).limit(1)
        stored = [storable(one) for one in texts]
        assert conn.execute(newest).scalar_one() == {"list": stored, "deep": {"tuple": [stored]}}


def test_json_can_be_taken_apart_in_sql_whatever_a_feed_sent(store: Store) -> None:
    with store.begin() as conn:
        save_entries(conn, add_feed(conn), entry("1", authors=("A\0nn \ud800",)))
        reads = "authors ->> 0" if conn.dialect.name == "postgresql" else "json_extract(authors, '$[0]')"
        assert conn.execute(text(f"SELECT {reads} FROM entries")).scalar_one() == "Ann \ufffd"


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_entry_is_stored_and_known_again(store: Store, number: int) -> None:
    evil = HOSTILE[number]
    given_entry = entry(
        f"{evil}{number}",
        title=evil,
        authors=(evil, evil),
        summary=evil,
        content=evil,
        published_raw=evil,
        tags=(evil,),
        content_hash="h",
    )
    with store.begin() as conn:
        feed_id = add_feed(conn)
        assert save_entries(conn, feed_id, given_entry).n_new == 1
        assert save_entries(conn, feed_id, given_entry).n_changed == 0
        article_id = add_article(conn)
        for one in entries.load_unresolved(conn, now=NOW, limit=9):
            entries.save_resolved(conn, one, article_id)
        hints = load_hints(conn, [article_id])[article_id]
    assert hints.title == storable(evil)
    assert hints.authors == (storable(evil), storable(evil))


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_page_is_stored(store: Store, number: int) -> None:
    evil = HOSTILE[number]
    article = extracted(
        evil,
        evil,
        authors=(evil, "Ann", evil + "2"),
        tags=(evil, evil + "2"),
        section=evil,
        dateline=evil,
        credit=evil,
        agency=evil,
        language=evil[:50],
        language_declared=evil,
    )
    with store.begin() as conn:
        article_id = add_article(conn)
        headers = {"content-type": evil, "etag": evil, "last_modified": evil, "last-modified": evil}
        fetched = replace(
            claim_page(conn, article_id), response=replace(response(body=b"\0\xff" + b"x" * 10), headers=headers)
        )
        assert pages.save_article(conn, fetched, article, NOW)
        found = articles.load_articles(conn, [article_id])[article_id]
        assert (found.title, found.text) == (storable(evil), storable(evil))
        assert "Ann" in articles.load_details(conn, article_id)["authors"]
        # what was stored is what would be stored: the same page again is no revision
        later = NOW + timedelta(hours=1)
        articles.request_page(conn, article_id, later)
        assert not pages.save_article(conn, claim_page(conn, article_id, now=later), article, later)


def test_urls_of_the_greatest_length_are_keys_and_longer_ones_fall_back(store: Store) -> None:
    start = "https://one.example/"
    # no run repeats: PostgreSQL compresses index entries that do
    noise = "".join(chr(33 + (place * place * 31 + place) % 90) for place in range(2_048 - len(start)))
    longest = start + noise
    with store.begin() as conn:
        feed_id = add_feed(conn, longest)
        assert feeds.find_feed(conn, longest) == feed_id
        save_entries(conn, feed_id, entry(longest, url=longest), entry("2", url=longest + "x"))
        article_id = add_article(conn, longest)
        other = add_article(conn, "https://one.example/other")
        fetched = replace(
            claim_page(conn, other), canonical_url=longest + "y", other_urls={longest + "z": "final", longest: "asked"}
        )
        fetched = replace(fetched, response=response(longest + "w" * 9_000))
        pages.save_article(conn, fetched, extracted(), NOW)
        assert articles.find_article(conn, [longest]) == article_id
        assert article_row(conn, other)["url"] == "https://one.example/other"


def test_hostile_details_of_polls_and_pages_are_stored(store: Store) -> None:
    with store.begin() as conn:
        for number, evil in enumerate(HOSTILE):
            url = f"https://one.example/{number}"
            new = NewFeed(url=url, title=evil, tags=(evil,))
            feed_id, _ = feeds.add_feed(conn, new, now=NOW, interval_s=60)
            log = PollLogRow(outcome="bad", detail=evil)
            feed = claim_feed(conn, feed_id)
            polls.save_polls(conn, [PollResult(feed=feed, values={"because": evil}, log=log)], NOW)
            fetched = claim_page(conn, add_article(conn, url))
            pages.save_without_text(
                conn, replace(fetched, reason=Reason.EMPTY, detail=evil), access=Access.FAILED, now=NOW
            )
        assert {row.because for row in feeds.list_feeds(conn)} == {storable(evil) for evil in HOSTILE}

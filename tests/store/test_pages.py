from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import select, text, update

from monitor.errors import LeaseLostError
from monitor.store import articles, claims, duplicates, entries, pages, watchlists
from monitor.store import tables as t
from monitor.store.engine import Connection, Store, open_store
from monitor.store.pages import PAGES
from monitor.store.revisions import NewRevision, add_revision, load_wording
from monitor.text.differences import Wording, difference
from monitor.text.normalise import bytes_hash
from monitor.types import Access, ArticleId, DateOrigin, Method, Origin, Precision, Reason, RevisionKind
from tests.store.rows import (
    DAY,
    HOUR,
    MANNERS,
    NOW,
    add_article,
    add_feed,
    article_row,
    claim_page,
    count,
    entry,
    extracted,
    make_article,
    response,
    revision_of,
    save_entries,
    save_text,
)

URL = "https://one.example/1"


def names(conn: Connection, article_id: ArticleId) -> tuple[list[str], list[str]]:
    by = (
        select(t.authors.c.name)
        .join(t.article_authors)
        .where(t.article_authors.c.article_id == article_id)
        .order_by(t.article_authors.c.position)
    )
    about = select(t.tags.c.name).join(t.article_tags).where(t.article_tags.c.article_id == article_id)
    return list(conn.execute(by).scalars()), sorted(conn.execute(about).scalars())


def test_pages_are_claimed_with_the_url_of_their_entry(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("1", url=f"{URL}?from=feed"))
        for one in entries.load_unresolved(conn, now=NOW, limit=9):
            entries.save_resolved(conn, one, article_id)
        (page,) = pages.claim_pages(conn, now=NOW + HOUR, lease_s=60, limit=9, manners=MANNERS)
    assert (page.id, page.url, page.entry_url, page.is_new, page.method) == (
        article_id,
        URL,
        f"{URL}?from=feed",
        True,
        None,
    )
    with store.read() as conn:
        assert article_row(conn, article_id)["fetch_leased_until"] == page.leased_until


def test_the_first_text_gives_an_article_its_place_and_makes_it_due_for_what_follows(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL, not_seen_before_at=NOW - HOUR)
        fetched = replace(
            claim_page(conn, article_id),
            response=response(URL, b"<p>body</p>", etag='"1"'),
            canonical_url="https://one.example/canonical",
            other_urls={"https://one.example/hop": "final"},
        )
        article = extracted(
            "Title",
            "Body of text.",
            published_at=NOW - DAY,
            precision=Precision.MINUTE,
            date_origin=DateOrigin.FEED,
            section="world",
            credit="Agency",
            agency="AFP",
            origin=Origin.AGENCY,
            dateline="PARIS",
            language_declared="en-GB",
        )
        assert pages.save_article(conn, fetched, article, NOW + HOUR) is True
        row = article_row(conn, article_id)
        (page,) = conn.execute(t.pages.select()).mappings().all()
        for url in (URL, "https://one.example/canonical", "https://one.example/hop"):
            assert articles.find_article(conn, [url]) == article_id
    expected = {
        "url": "https://one.example/canonical",
        "text": "Body of text.",
        "arrival_no": 1,
        "state": "ready",
        "published_at": NOW - DAY,
        "published_origin": "feed",
        "appeared_at": NOW - HOUR,
        "access": "ok",
        "method": "page",
        "origin": "agency",
        "fetch_due_at": None,
        "fetch_leased_until": None,
        "n_fetch_tries": 0,
    }
    assert {row[name] for name in ("match_due_at", "assign_due_at", "watch_due_at")} == {NOW + HOUR}
    assert {name: row[name] for name in expected} == expected
    assert zlib.decompress(page["body_zlib"]) == b"<p>body</p>"
    assert (page["etag"], page["n_bytes"], page["expires_at"]) == ('"1"', 11, NOW + 14 * DAY)


def test_an_article_seen_earlier_while_its_page_was_fetched_appears_earlier(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        fetched = claim_page(conn, article_id)
        row = article_row(conn, article_id)
        earlier = articles.NewArticle(
            url=URL,
            entry_url=URL,
            host="",
            source_id=row["source_id"],
            first_seen_at=NOW - HOUR,
            not_seen_before_at=None,
            published_at=None,
        )
        articles.note_sighting(conn, article_id, earlier)
        pages.save_article(conn, fetched, extracted(), NOW)
        assert article_row(conn, article_id)["appeared_at"] == NOW - HOUR


def test_only_a_change_of_title_or_words_is_a_revision_and_makes_the_article_due_again(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL, title="Title", body="Twelve people died.")
        conn.execute(update(t.articles).values(match_due_at=None, watch_due_at=None, assign_due_at=None))
        first = article_row(conn, article_id)
        # typography and spaces are no change
        assert save_text(conn, article_id, title="Title", body="Twelve  people died!", now=NOW + HOUR) is False
        assert count(conn, "revisions") == 1
        assert article_row(conn, article_id)["match_due_at"] is None
        assert save_text(conn, article_id, title="Title", body="Thirteen people have died.", now=NOW + DAY) is True
        row = article_row(conn, article_id)
        _, second = conn.execute(t.revisions.select().order_by(t.revisions.c.revision_no)).mappings().all()
    assert (row["match_due_at"], row["watch_due_at"], row["assign_due_at"]) == (NOW + DAY,) * 3
    assert (row["arrival_no"], row["appeared_at"]) == (first["arrival_no"], first["appeared_at"])
    assert (second["revision_no"], second["n_words_added"], second["n_words_removed"]) == (2, 2, 1)
    assert second["seen_at"] == NOW + DAY


def test_a_new_text_is_compared_although_the_one_before_is_being_compared_just_now(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL)
        _, match_lease = duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)
        _, watch_lease = watchlists.claim_unwatched(conn, now=NOW, lease_s=60, limit=9)
        save_text(conn, article_id, body="Something else altogether.", now=NOW + HOUR)
    with store.begin() as conn:
        assert duplicates.hold(conn, [article_id], match_lease) == set()
        duplicates.finish_matches(conn, [article_id], match_lease)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        watchlists.save_hits(conn, article_id, [], leased_until=watch_lease, now=NOW)
    with store.begin() as conn:
        assert duplicates.claim_unmatched(conn, now=NOW + HOUR, lease_s=60, limit=9)[0] == [article_id]
        assert watchlists.claim_unwatched(conn, now=NOW + HOUR, lease_s=60, limit=9)[0] == [article_id]


def test_an_entry_that_changes_while_its_page_is_fetched_has_it_fetched_again(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        fetched = claim_page(conn, article_id)
        articles.request_page(conn, article_id, NOW + HOUR)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        pages.save_article(conn, fetched, extracted(), NOW)
    with store.begin() as conn:
        assert claim_page(conn, article_id, now=NOW + 2 * HOUR).page.id == article_id


def test_a_changed_entry_without_a_page_is_read_again_from_its_feed(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, "urn:entry:one.example:1")
        articles.request_page(conn, article_id, NOW)
        due = pages.claim_pages(conn, now=NOW, lease_s=60, limit=9, manners=MANNERS)
    assert [page.id for page in due] == [article_id]


def test_a_worker_that_overran_its_lease_saves_no_part_of_its_text(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        late = claim_page(conn, article_id)
        save_text(conn, article_id, title="of its successor", authors=("Ann",))
    late = replace(late, response=response(), other_urls={"https://one.example/late": "final"})
    with pytest.raises(LeaseLostError), store.begin() as conn:
        pages.save_article(conn, late, extracted("of the late one", authors=("Bob",)), NOW + HOUR)
    with store.read() as conn:
        assert article_row(conn, article_id)["title"] == "of its successor"
        assert [count(conn, table) for table in ("revisions", "pages", "authors", "article_urls")] == [1, 0, 1, 1]
        assert conn.execute(text("SELECT value FROM counters WHERE name = 'arrival'")).scalar_one() == 1


def test_two_workers_that_both_believe_to_hold_a_page_leave_one_text(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        late = claim_page(conn, article_id)
        articles.request_page(conn, article_id, NOW)
        rightful = claim_page(conn, article_id, now=NOW + HOUR, lease_s=90)
    barrier = Barrier(2)

    def save(fetched: pages.FetchedPage) -> str:
        barrier.wait(30)
        try:
            with store.begin() as conn:
                pages.save_article(conn, fetched, extracted(str(fetched.page.leased_until)), NOW)
        except LeaseLostError:
            return "lost"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(save, [late, rightful])) == ["lost", "saved"]
    with store.read() as conn:
        assert article_row(conn, article_id)["title"] == str(rightful.page.leased_until)


def test_authors_keep_their_order_and_are_replaced_by_those_of_the_newest_text(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL, authors=("Bea", "Al", "Bea"), tags=("b", "a", "b"))
        assert names(conn, article_id) == (["Bea", "Al"], ["a", "b"])
        save_text(conn, article_id, authors=("Al", "Cy"), tags=())
        assert names(conn, article_id) == (["Al", "Cy"], [])
        assert (count(conn, "authors"), count(conn, "tags")) == (3, 2)


def test_names_that_are_equal_once_stored_are_one_name(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(
            conn, URL, authors=("Ann", "An\0n", "", " ", "x" * 300 + "1", "x" * 300 + "2"), tags=("t\0", "t", "\0")
        )
        assert names(conn, article_id) == (["Ann", "x" * 300], ["t"])


def test_an_article_without_text_is_asked_for_again_or_set_aside_with_the_reason(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        again = replace(
            claim_page(conn, article_id), retry_at=NOW + HOUR, n_failures=1, reason=Reason.TIMEOUT, detail="x" * 9_000
        )
        pages.save_without_text(conn, again, access=Access.FAILED, now=NOW)
        row = article_row(conn, article_id)
        assert (row["state"], row["fetch_due_at"], row["n_page_failures"]) == ("waiting", NOW + HOUR, 1)
        assert (row["reason"], row["access"], len(row["detail"])) == ("timeout", "failed", 1000)
        last = replace(claim_page(conn, article_id, now=NOW + HOUR), reason=Reason.GONE)
        pages.save_without_text(conn, last, access=Access.GONE, now=NOW + HOUR)
        row = article_row(conn, article_id)
    assert (row["state"], row["fetch_due_at"], row["access"], row["arrival_no"]) == ("set_aside", None, "gone", None)


def test_a_page_that_vanished_later_leaves_the_stored_text_alone(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL)
        articles.request_page(conn, article_id, NOW)
        fetched = replace(claim_page(conn, article_id), reason=Reason.NOT_FOUND)
        pages.save_without_text(conn, fetched, access=Access.GONE, now=NOW)
        row = article_row(conn, article_id)
    assert (row["state"], row["access"], row["reason"], row["title"]) == ("ready", "ok", "not_found", "A title")


def test_pages_that_take_their_workers_down_are_set_aside_but_a_text_they_have_stays_ready(store: Store) -> None:
    with store.begin() as conn:
        fresh, known = add_article(conn, URL), make_article(conn, "https://one.example/2")
        articles.request_page(conn, known, NOW)
        conn.execute(update(t.articles).values(n_fetch_tries=claims.MAX_TRIES))
        assert sorted(pages.set_aside_crashed(conn, NOW)) == [fresh, known]
        rows = [article_row(conn, article_id) for article_id in (fresh, known)]
    assert [row["state"] for row in rows] == ["set_aside", "ready"]
    assert {(row["reason"], row["fetch_due_at"], row["n_fetch_tries"]) for row in rows} == {("gave_up", None, 0)}


def test_raw_pages_expire_and_texts_stay(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        for moment, days in ((NOW, 1), (NOW + HOUR, 2)):
            articles.request_page(conn, article_id, moment)
            fetched = claim_page(conn, article_id, now=moment)
            fetched = replace(fetched, response=response(), expires_at=NOW + days * DAY)
            article = extracted(body=f"A text of {days} words.")
            pages.save_article(conn, fetched, article, moment, revision=revision_of(conn, article_id, article))
        assert pages.expire_pages(conn, NOW + DAY) == 1
        assert (count(conn, "pages"), count(conn, "revisions"), count(conn, "articles")) == (1, 2, 1)


def test_an_empty_answer_leaves_no_page(store: Store) -> None:
    with store.begin() as conn:
        fetched = replace(claim_page(conn, add_article(conn, URL)), response=response(body=b""))
        pages.save_article(conn, fetched, extracted(), NOW)
        assert count(conn, "pages") == 0


def test_the_next_page_waits_for_its_host(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, URL)
        add_article(conn, "https://one.example/2")
        pages.claim_pages(conn, now=NOW, lease_s=600, limit=9, manners=MANNERS)
    with store.read() as conn:
        assert pages.next_page_at(conn, NOW, manners=MANNERS) == NOW + timedelta(seconds=10)


# --- several writers -----------------------------------------------------------------------------------------------


def test_four_writers_number_texts_without_gaps(store: Store) -> None:
    n_each = 8
    with store.begin() as conn:
        waiting = [add_article(conn, f"https://one.example/{number}") for number in range(4 * n_each)]
    barrier = Barrier(4)

    def write(which: int) -> None:
        barrier.wait(30)
        for number in range(n_each):
            article_id = waiting[which * n_each + number]
            by = (f"A{which}", "Shared", f"B{number}") if which % 2 else (f"B{number}", "Shared", f"A{which}")
            with store.begin() as conn:
                save_text(conn, article_id, authors=by, tags=by[::-1])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with store.read() as conn:
        numbers = [one.arrival_no for one in articles.load_in_arrival_order(conn)]
    assert numbers == list(range(1, 4 * n_each + 1))


def test_numbers_are_given_out_in_the_order_of_commits(postgresql_url: str) -> None:
    """A number is visible before all higher ones, or an assigner would pass over an article for ever."""
    store = open_store(postgresql_url)
    with store.begin() as conn:
        first, second = add_article(conn, URL), add_article(conn, "https://one.example/2")
    has_number = Event()

    def write_second() -> int | None:
        has_number.wait(30)
        with store.begin() as conn:
            save_text(conn, second)
        with store.read() as conn:
            found: int | None = article_row(conn, first)["arrival_no"]
            return found

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(write_second)
        with store.begin() as conn:
            save_text(conn, first)
            has_number.set()
            assert not future.done()
        assert future.result(30) == 1
    with store.read() as conn:
        assert article_row(conn, second)["arrival_no"] == 2
    store.close()


def test_a_number_whose_transaction_failed_is_given_out_again(store: Store) -> None:
    with store.begin() as conn:
        first, second = add_article(conn, URL), add_article(conn, "https://one.example/2")

    def save_and_fail() -> None:
        with store.begin() as conn:
            save_text(conn, first)
            raise RuntimeError("the process ends")

    with pytest.raises(RuntimeError, match="the process ends"):
        save_and_fail()
    with store.begin() as conn:
        save_text(conn, second)
        assert (article_row(conn, first)["arrival_no"], article_row(conn, second)["arrival_no"]) == (None, 1)


def test_two_resolvers_make_one_article_of_one_url(store: Store) -> None:
    with store.begin() as conn:
        for name in ("a", "b"):
            save_entries(conn, add_feed(conn, f"https://{name}.example/feed"), entry(name, url=URL))
    barrier = Barrier(2)

    def resolve(_: int) -> int:
        barrier.wait(30)
        with store.begin() as conn:
            found = entries.load_unresolved(conn, now=NOW, limit=1)
            for one in found:
                article_id = articles.find_article(conn, [URL]) or add_article(conn, URL)
                entries.save_resolved(conn, one, article_id)
            return len(found)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(resolve, range(2))) == [1, 1]
    with store.read() as conn:
        assert (count(conn, "articles"), count(conn, "sightings")) == (1, 2)
        assert claims.exhausted(conn, PAGES, NOW) == []
        assert article_row(conn, ArticleId(1))["method"] != Method.PAGE


# --- looked at again -----------------------------------------------------------------------------------------------


def test_an_article_that_is_gone_while_its_page_is_read_is_a_lost_lease(store: Store) -> None:
    with store.begin() as conn:
        known = make_article(conn, URL)
        articles.request_page(conn, known, NOW)
        fetched = claim_page(conn, known)
        conn.execute(t.articles.delete().where(t.articles.c.id == known))
    for save in (
        lambda conn: pages.save_article(conn, fetched, extracted("Else"), NOW),
        lambda conn: pages.save_without_text(conn, fetched, access=Access.GONE, now=NOW),
    ):
        with pytest.raises(LeaseLostError), store.begin() as conn:
            save(conn)
    with store.read() as conn:
        assert [count(conn, table) for table in ("articles", "pages", "revisions")] == [0, 0, 0]


def test_new_pages_go_before_those_that_are_looked_at_again_however_long_these_are_due(store: Store) -> None:
    with store.begin() as conn:
        known = [make_article(conn, f"https://host{n}.example/known") for n in range(3)]
        conn.execute(update(t.articles).values(fetch_due_at=NOW - DAY, n_fetch_tries=0))
        new = [add_article(conn, f"https://host{n}.example/new") for n in range(2)]
        due = pages.claim_pages(conn, now=NOW, lease_s=60, limit=9, manners=MANNERS)
        assert [page.id for page in due] == [*new, known[2]]  # each host has one turn
        assert [page.is_new for page in due] == [True, True, False]


def test_a_suspect_is_claimed_alone_and_by_nobody_who_holds_others(store: Store) -> None:
    with store.begin() as conn:
        suspect = add_article(conn, "https://one.example/bad", now=NOW - 2 * HOUR)
        others = [add_article(conn, f"https://host{n}.example/1") for n in range(2)]
        conn.execute(update(t.articles).where(t.articles.c.id == suspect).values(n_fetch_tries=1))
        how = {"now": NOW, "lease_s": 60, "limit": 1, "manners": MANNERS}
        assert [page.id for page in pages.claim_pages(conn, **how, n_held=3)] == others[:1]
        (alone,) = pages.claim_pages(conn, **{**how, "limit": 9})
    assert (alone.id, alone.is_suspect) == (suspect, True)


def test_one_page_is_kept_for_each_text_with_the_hashes_of_what_was_read(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL)
        for hours, body in ((1, b"<p>one</p>"), (2, b"<p>two</p>")):
            articles.request_page(conn, article_id, NOW + hours * HOUR)
            fetched = claim_page(conn, article_id, now=NOW + hours * HOUR)
            fetched = replace(fetched, response=response(body=body, etag=f'"{hours}"'), hints_hash="hints")
            pages.save_article(conn, fetched, extracted(), NOW + hours * HOUR)
        articles.request_page(conn, article_id, NOW + 3 * HOUR)
        (due,) = pages.claim_pages(conn, now=NOW + 3 * HOUR, lease_s=60, limit=9, manners=MANNERS)
        assert count(conn, "pages") == 1
    assert due.kept is not None
    assert (due.kept.etag, due.kept.body_hash, due.kept.hints_hash) == ('"2"', bytes_hash(b"<p>two</p>"), "hints")


def test_a_retraction_leaves_the_text_and_a_restoration_takes_the_mark_away(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL, title="Title", body="Twelve people died.")
        before = load_wording(conn, article_id)
        assert before is not None
        for kind, hours in ((RevisionKind.RETRACTED, 1), (RevisionKind.RESTORED, 2)):
            after = Wording("Title", "") if kind is RevisionKind.RETRACTED else before
            revision = NewRevision(kind=kind, wording=after, difference=difference(before, after))
            add_revision(conn, article_id, revision, NOW + hours * HOUR)
            row = article_row(conn, article_id)
            assert row["text"] == "Twelve people died."
            assert row["retracted_at"] == (NOW + HOUR if kind is RevisionKind.RETRACTED else None)
        rows = conn.execute(t.revisions.select().order_by(t.revisions.c.revision_no)).mappings().all()
    assert [(row["kind"], row["n_words"], row["n_words_removed"]) for row in rows] == [
        ("first", 3, 0),
        ("retracted", 0, 3),
        ("restored", 3, 0),
    ]

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import LeaseLostError, NotFoundError
from monitor.store import articles, pages
from monitor.store.articles import appeared_at
from monitor.store.engine import Store
from monitor.store.sources import DeclaredSource, save_declared
from monitor.types import ArticleId
from tests.store.rows import (
    DAY,
    HOUR,
    NOW,
    add_article,
    article_row,
    claim_page,
    count,
    extracted,
    make_article,
    new_article,
    response,
    save_text,
)

URL = "https://one.example/1"


def test_the_publishers_date_counts_where_it_can_be_true() -> None:
    seen, before = NOW, NOW - HOUR
    cases = [
        (None, before, seen),  # no date
        (NOW - timedelta(minutes=5), before, NOW - timedelta(minutes=5)),
        (NOW - 3 * DAY, before, before),  # back-dated: an hour ago it was not there yet
        (NOW - 3 * DAY, None, NOW - 3 * DAY),  # the first poll of a feed brings old articles
        (NOW - 9_000 * DAY, None, NOW - 14 * DAY),  # and wrong dates
        (NOW + DAY, before, seen),  # future-dated
        (NOW, before, seen),
    ]
    for published_at, not_seen_before_at, expected in cases:
        found = appeared_at(published_at, first_seen_at=seen, not_seen_before_at=not_seen_before_at)
        assert found == expected, published_at


def test_an_article_waits_for_its_page_and_is_found_by_either_url(store: Store) -> None:
    entry_url = f"{URL}?utm_source=rss"
    with store.begin() as conn:
        article_id = add_article(conn, URL, entry_url=entry_url, published_at=NOW - HOUR)
        assert articles.find_article(conn, [URL]) == article_id
        assert articles.find_article(conn, ["https://other.example/", entry_url]) == article_id
        assert articles.find_article(conn, ["https://other.example/"]) is None
        assert articles.find_article(conn, []) is None
        row = article_row(conn, article_id)
    assert (row["state"], row["fetch_due_at"], row["arrival_no"], row["appeared_at"]) == (
        "waiting",
        NOW,
        None,
        NOW - HOUR,
    )


def test_adding_an_article_whose_url_is_taken_gives_the_one_that_has_it(store: Store) -> None:
    with store.begin() as conn:
        first = add_article(conn, URL)
        assert add_article(conn, URL) == first
        assert count(conn, "articles") == 1


def test_a_url_keeps_its_first_meaning(store: Store) -> None:
    with store.begin() as conn:
        first, second = add_article(conn, URL), add_article(conn, "https://one.example/2")
        articles.add_urls(conn, second, {URL: "final", "https://one.example/3": "final", "": "final"}, NOW)
        assert articles.find_article(conn, [URL]) == first
        assert articles.find_article(conn, ["https://one.example/3"]) == second
        assert count(conn, "article_urls") == 3


def test_a_url_that_no_index_can_hold_is_no_alias(store: Store) -> None:
    longest = "https://one.example/" + "x" * (2048 - len("https://one.example/"))
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        articles.add_urls(conn, article_id, {longest: "final", longest + "y": "final"}, NOW)
        assert articles.find_article(conn, [longest]) == article_id
        assert articles.find_article(conn, [longest + "y"]) is None


def test_an_earlier_sighting_makes_an_article_appear_earlier_while_it_has_no_text(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL, not_seen_before_at=NOW - timedelta(minutes=30))
        earlier = new_article(first_seen_at=NOW - HOUR, not_seen_before_at=NOW - 2 * HOUR, published_at=NOW - DAY)
        articles.note_sighting(conn, article_id, earlier)
        row = article_row(conn, article_id)
    assert (row["first_seen_at"], row["not_seen_before_at"]) == (NOW - HOUR, NOW - 2 * HOUR)
    assert (row["published_at"], row["appeared_at"]) == (NOW - DAY, NOW - 2 * HOUR)


def test_a_later_sighting_moves_neither_the_first_nor_what_was_known_before_it(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL, not_seen_before_at=NOW - HOUR)
        later = new_article(first_seen_at=NOW + HOUR, not_seen_before_at=NOW, published_at=NOW - 5 * HOUR)
        articles.note_sighting(conn, article_id, later)
        row = article_row(conn, article_id)
    assert (row["first_seen_at"], row["not_seen_before_at"], row["appeared_at"]) == (NOW, NOW - HOUR, NOW - HOUR)


def test_a_sighting_changes_no_article_that_has_its_place_in_the_order(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn)
        before = article_row(conn, article_id)
        articles.note_sighting(conn, article_id, new_article(first_seen_at=NOW - DAY, published_at=NOW - DAY))
        assert article_row(conn, article_id) == before


def test_an_article_is_got_by_number_or_url_with_its_family(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL, title="T", body="B", agency="AFP", language="fr")
        plain = articles.get_article(conn, str(article_id))
        save_declared(conn, [DeclaredSource(domain="one.example", name="One", family="Group")], now=NOW)
        named = articles.get_article(conn, URL)
    assert (plain.source, plain.family, plain.language, plain.agency) == ("one.example", "one.example", "fr", "AFP")
    assert (named.id, named.source, named.family, named.title, named.text) == (article_id, "One", "Group", "T", "B")


@pytest.mark.parametrize("name", ["7", "https://nowhere.example/", "9" * 30, "٣", "²", "", "x\0y", "\ud800"])
def test_an_unknown_article_is_not_found(store: Store, name: str) -> None:
    with pytest.raises(NotFoundError), store.read() as conn:
        articles.get_article(conn, name)


def test_articles_that_are_not_stored_are_left_out(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn)
        assert list(articles.load_articles(conn, [article_id, ArticleId(999)])) == [article_id]
        assert articles.load_articles(conn, []) == {}


def test_the_arrival_order_is_the_order_of_first_texts(store: Store) -> None:
    with store.begin() as conn:
        waiting = [add_article(conn, f"https://one.example/{number}") for number in range(3)]
        for article_id in (waiting[2], waiting[0]):
            save_text(conn, article_id, language="de" if article_id == waiting[0] else "en")
        save_text(conn, waiting[2], body="Another text.")
        assert [one.id for one in articles.load_in_arrival_order(conn)] == [waiting[2], waiting[0]]
        assert [one.id for one in articles.load_in_arrival_order(conn, "de")] == [waiting[0]]
        assert [one.arrival_no for one in articles.load_in_arrival_order(conn)] == [1, 2]


def test_details_show_what_is_stored_beside_the_text(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL, authors=("Bea", "Al"))
        save_text(conn, article_id, body="Corrected.", authors=("Al",))
        details = articles.load_details(conn, article_id)
    assert details["authors"] == ["Al"]
    assert [revision["revision_no"] for revision in details["revisions"]] == [1, 2]
    assert details["urls"] == [{"url": URL, "kind": "canonical"}]


def test_a_canonical_url_that_became_another_articles_meanwhile_is_not_saved(store: Store) -> None:
    with store.begin() as conn:
        taken, page_id = make_article(conn, URL), add_article(conn, "https://one.example/2")
        fetched = claim_page(conn, page_id)
    with pytest.raises(LeaseLostError, match="became that of another"), store.begin() as conn:
        pages.save_article(conn, replace(fetched, canonical_url=URL), extracted(), NOW)
    with store.read() as conn:
        assert articles.find_article(conn, [URL]) == taken
        assert article_row(conn, page_id)["url"] == "https://one.example/2"


def test_a_page_that_was_just_read_waits_before_it_is_asked_for_again(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        pages.save_article(conn, replace(claim_page(conn, article_id), response=response()), extracted(), NOW)
        for now in (NOW, NOW + HOUR):
            articles.request_page(conn, article_id, now)
            assert article_row(conn, article_id)["fetch_due_at"] == max(now, NOW + articles.REREAD_AFTER)

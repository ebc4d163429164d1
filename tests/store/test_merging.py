"""Two articles become one, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from monitor.declared import DeclaredSubscription
from monitor.errors import LeaseLostError, NotFoundError, UsageError
from monitor.store import articles, claims, duplicates, entries, merging, pages, stories, subscriptions, watchlists
from monitor.store import tables as t
from monitor.store.duplicates import MATCHES
from monitor.store.engine import Connection, Store
from monitor.store.tables import metadata
from monitor.types import ArticleId
from tests.store.hanging import assign, hang_on, hit, link, print_text, tell
from tests.store.rows import (
    DAY,
    HOUR,
    NOW,
    add_article,
    add_feed,
    article_row,
    claim_page,
    count,
    entry,
    make_article,
    mark_matched,
    save_entries,
    save_text,
)

URL = "https://one.example/1"
OLD = "https://one.example/amp/1"
DAILY = DeclaredSubscription(name="daily", recipients=("a@x.example",), hour=12, zone="Etc/UTC")


def merge(conn: Connection, old_id: ArticleId, into_id: ArticleId, **values: Any) -> None:
    merging.merge_articles(conn, old_id, into_id, **{"because": "one text", "now": NOW + DAY, **values})


def make_two(conn: Connection) -> tuple[ArticleId, ArticleId]:
    """Two articles with texts and all that hangs on them; the first is the older one."""
    old, into = add_article(conn, OLD), add_article(conn, URL)
    hang_on(conn, old, name="old", tags=("a", "b"), authors=("Ann",))
    hang_on(conn, into, name="into", tags=("b", "c"), now=NOW + HOUR)
    return old, into


def members(conn: Connection, story_id: int) -> list[ArticleId]:
    return sorted(member.id for member in stories.get_story(conn, story_id).members)


def test_every_table_that_refers_to_articles_is_thought_of() -> None:
    found = {
        f"{table.name}.{key.parent.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "articles"
    }
    moved = {
        "article_authors.article_id", "article_merges.article_id", "article_tags.article_id", "article_urls.article_id",
        "digest_item_articles.article_id", "duplicates.article_id", "duplicates.original_id", "entries.article_id",
        "features.article_id", "pages.article_id", "revisions.article_id", "rewrites.article_id",
        "rewrites.original_id", "sightings.article_id", "stories.anchor_article_id", "story_constraints.article_a_id",
        "story_constraints.article_b_id", "story_members.article_id",
    }  # fmt: skip
    derived = {"bands.article_id", "copies.article_id", "copies.original_id", "fingerprints.article_id"}
    # A registered text stands at no address, and no page can turn out to be the same article.
    assert found == moved | derived | {"hits.article_id", "releases.article_id"}


def test_a_page_that_turns_out_to_be_a_known_article_leads_there_with_all_that_led_to_it(store: Store) -> None:
    with store.begin() as conn:
        known, page = make_article(conn, URL), add_article(conn, OLD)
        earlier = add_article(conn, "https://one.example/short")
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("both"), entry("one"))
        for one in entries.load_unresolved(conn, now=NOW, limit=9):
            entries.save_resolved(conn, one, page)
            if one.guid == "both":
                entries.save_resolved(conn, one, known)
                entries.save_resolved(conn, one, page)
        merging.merge_into(conn, claim_page(conn, earlier), page, NOW)
        merging.merge_into(conn, claim_page(conn, page), known, NOW)

        assert articles.find_article(conn, [OLD]) == known
        assert articles.find_article(conn, ["https://one.example/short"]) == known
        assert {row["article_id"] for row in conn.execute(t.entries.select()).mappings()} == {known}
        assert [row["article_id"] for row in conn.execute(t.sightings.select()).mappings()] == [known, known]
        assert articles.get_article(conn, str(page)).id == known
        assert articles.get_article(conn, str(earlier)).id == known
        assert count(conn, "articles") == 1


def test_an_article_appears_as_early_as_the_one_that_is_merged_into_it(store: Store) -> None:
    with store.begin() as conn:
        survivor = make_article(conn, URL, seen_at=NOW)
        early = add_article(
            conn,
            "https://one.example/r/1",
            first_seen_at=NOW - 5 * HOUR,
            not_seen_before_at=NOW - 6 * HOUR,
            published_at=NOW - 8 * HOUR,
        )
        merging.merge_into(conn, claim_page(conn, early), survivor, NOW)
        row = article_row(conn, survivor)
    assert (row["first_seen_at"], row["not_seen_before_at"]) == (NOW - 5 * HOUR, NOW - 6 * HOUR)
    assert (row["published_at"], row["appeared_at"]) == (NOW - 8 * HOUR, NOW - 6 * HOUR)


def test_a_worker_that_lost_its_lease_merges_nothing(store: Store) -> None:
    with store.begin() as conn:
        known, page_id = make_article(conn, URL), add_article(conn, OLD)
        late = claim_page(conn, page_id)
        save_text(conn, page_id, title="of its successor")
    with pytest.raises(LeaseLostError), store.begin() as conn:
        merging.merge_into(conn, late, known, NOW)
    with store.read() as conn:
        assert articles.get_article(conn, str(page_id)).title == "of its successor"


def test_a_page_whose_other_article_went_meanwhile_is_merged_into_nothing(store: Store) -> None:
    with store.begin() as conn:
        page_id = add_article(conn, OLD)
        fetched = claim_page(conn, page_id)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        merging.merge_into(conn, fetched, ArticleId(999), NOW)


def test_an_article_is_not_merged_into_itself_nor_into_none(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        with pytest.raises(UsageError, match="into itself"):
            merge(conn, article_id, article_id)
        with pytest.raises(NotFoundError, match="no article 999"):
            merge(conn, article_id, ArticleId(999))


def test_urls_pages_tags_and_entries_of_both_are_those_of_one(store: Store) -> None:
    with store.begin() as conn:
        old, into = make_two(conn)
        merge(conn, old, into)
        details = articles.load_details(conn, into)
        tags = select(t.tags.c.name).join(t.article_tags).where(t.article_tags.c.article_id == into)
        assert sorted(conn.execute(tags).scalars()) == ["a", "b", "c"]
        assert [count(conn, table) for table in ("articles", "pages", "sightings", "entries")] == [1, 2, 2, 2]
        assert articles.get_article(conn, OLD).id == articles.get_article(conn, str(old)).id == into
        assert articles.get_article(conn, str(into)).text == "Body of into."
        merged = conn.execute(t.article_merges.select()).mappings().one()
    assert (merged["old_id"], merged["because"]) == (old, "one text")
    assert details["authors"] == ["Ann"]  # the other one had none


def test_revisions_stand_in_one_line_by_time_without_neighbours_that_say_the_same(store: Store) -> None:
    with store.begin() as conn:
        old, into = add_article(conn, OLD), add_article(conn, URL)
        for hours, article_id, body in ((0, old, "One two."), (1, into, "One two."), (2, into, "One two three.")):
            save_text(conn, article_id, title="Title", body=body, now=NOW + hours * HOUR)
        merge(conn, old, into)
        found = articles.load_details(conn, into)["revisions"]
    assert [(row["revision_no"], row["text"], row["seen_at"]) for row in found] == [
        (1, "One two.", NOW),
        (2, "One two three.", NOW + 2 * HOUR),
    ]
    assert [(row["kind"], row["n_words_added"], row["similarity"]) for row in found] == [
        ("first", 0, None),
        ("changed", 1, pytest.approx(6 / 7, abs=1e-6)),
    ]


def test_the_text_that_stays_is_stated_again_where_the_other_was_seen_later(store: Store) -> None:
    with store.begin() as conn:
        old, into = add_article(conn, OLD), add_article(conn, URL)
        save_text(conn, into, title="Title", body="What stays.", now=NOW)
        save_text(conn, old, title="Title", body="Seen later.", now=NOW + HOUR)
        merge(conn, old, into)
        found = articles.load_details(conn, into)["revisions"]
        assert save_text(conn, into, title="Title", body="What stays.", now=NOW + 2 * DAY) is False
    assert [(row["text"], row["kind"], row["seen_at"]) for row in found] == [
        ("What stays.", "first", NOW),
        ("Seen later.", "changed", NOW + HOUR),
        ("What stays.", "reextracted", NOW + DAY),
    ]


def test_links_lead_to_the_other_article_and_never_to_itself(store: Store) -> None:
    with store.begin() as conn:
        old, into = make_two(conn)
        copy = add_article(conn, "https://two.example/copy")
        hang_on(conn, copy, name="copy", now=NOW + 2 * HOUR)
        print_text(conn, into, text_hash="Body of old.")
        link(conn, into, old)
        link(conn, copy, old)
        merge(conn, old, into)
        assert duplicates.load_linked(conn, copy) == [into]
        assert [count(conn, table) for table in ("duplicates", "rewrites", "fingerprints", "copies")] == [1, 1, 2, 0]
        # whoever is around is compared again, and the groups follow
        due = select(t.articles.c.id).where(t.articles.c.match_due_at.is_not(None)).order_by(t.articles.c.id)
        assert list(conn.execute(due).scalars()) == [into, copy]


def test_a_story_that_only_the_old_article_was_in_redirects_to_the_others(store: Store) -> None:
    with store.begin() as conn:
        subscriptions.save_declared(conn, [DAILY], NOW)
        old, into = make_two(conn)
        first, second = assign(conn, old), assign(conn, into)
        digest_id = tell(conn, first)
        merge(conn, old, into)
        assert stories.get_story(conn, first).id == second
        assert members(conn, second) == [into]
        (item,) = conn.execute(t.digest_items.select()).mappings().all()
        assert (item["digest_id"], item["story_id"]) == (digest_id, second)
        shown = conn.execute(t.digest_item_articles.select()).mappings().all()
        assert [(row["article_id"], row["story_id"]) for row in shown] == [(into, second)]
        log = conn.execute(select(t.story_log.c.action).where(t.story_log.c.story_id == first)).scalars()
        assert list(log) == ["started", "left", "merged"]
        # an earlier redirect leads on
        third = make_article(conn, "https://one.example/3")
        assign(conn, third)
        merge(conn, into, third)
        assert stories.get_story(conn, first).id == stories.get_story(conn, second).id
        assert members(conn, first) == [third]


def test_a_story_that_loses_its_anchor_to_another_goes_on_under_its_earliest_report(store: Store) -> None:
    with store.begin() as conn:
        old = make_article(conn, OLD, title="Old", seen_at=NOW - HOUR)
        later = make_article(conn, "https://one.example/2", title="Later")
        into = make_article(conn, URL, title="Into")
        mark_matched(conn, old, later, into)
        first = assign(conn, old)
        assign(conn, later, first)
        assign(conn, into)
        merge(conn, old, into)
        story = stories.get_story(conn, first)
        row = conn.execute(t.stories.select().where(t.stories.c.id == first)).mappings().one()
    assert (story.title, story.first_seen_at, [one.id for one in story.members]) == ("Later", NOW, [later])
    assert row["anchor_article_id"] == later


def test_an_article_without_a_text_takes_over_all_that_follows_from_one(store: Store) -> None:
    with store.begin() as conn:
        old, into = add_article(conn, OLD), add_article(conn, URL)
        hang_on(conn, old, name="old")
        number = article_row(conn, old)["arrival_no"]
        story_id = assign(conn, old)
        hit(conn, old)
        late = claim_page(conn, into)
        merge(conn, old, into)
        row = article_row(conn, into)
        assert (row["text"], row["arrival_no"], row["url"]) == ("Body of old.", number, URL)
        assert members(conn, story_id) == [into]
        assert [count(conn, table) for table in ("fingerprints", "features", "hits", "revisions")] == [1] * 4
    with pytest.raises(LeaseLostError), store.begin() as conn:
        claims.hold(conn, pages.PAGES, into, late.page.leased_until)


def test_whoever_works_on_the_old_article_or_on_its_stories_loses_the_lease(store: Store) -> None:
    with store.begin() as conn:
        old, into = make_two(conn)
        assign(conn, old)
        conn.execute(update(t.articles).values(match_due_at=NOW, watch_due_at=NOW))
        _, matching = duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)
        _, watching = watchlists.claim_unwatched(conn, now=NOW, lease_s=60, limit=9)
        conn.execute(update(t.articles).where(t.articles.c.id == into).values(match_due_at=None))
        claimed = stories.claim_language(conn, now=NOW + 2 * HOUR, lease_s=60)
        assert claimed is not None
        before = stories.last_assigned_no(conn, "en")
        merge(conn, old, into)
        assert stories.last_assigned_no(conn, "en") > before
        for finish in (
            lambda: claims.hold(conn, MATCHES, old, matching),
            lambda: watchlists.save_hits(conn, old, [], leased_until=watching, now=NOW),
        ):
            with pytest.raises(LeaseLostError):
                finish()
        stories.release_language(conn, "en", claimed[1])
        assert conn.execute(select(t.language_statistics.c.leased_until)).scalar_one() is None


def test_readers_are_told_once_of_two_articles_that_are_one(store: Store) -> None:
    with store.begin() as conn:
        subscriptions.save_declared(conn, [DAILY], NOW)
        old, into = make_two(conn)
        story_id = assign(conn, old)
        assign(conn, into, story_id)
        tell(conn, story_id)
        merge(conn, old, into)
        shown = conn.execute(t.digest_item_articles.select()).mappings().all()
        assert [row["article_id"] for row in shown] == [into]
        assert members(conn, story_id) == [into]

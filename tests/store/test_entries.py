from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.store import entries
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.entries import EntryChange, UnresolvedEntry
from monitor.store.hints import load_hints
from monitor.types import ArticleId, FeedHints, FeedId
from tests.store.rows import DAY, HOUR, NOW, add_article, add_feed, count, entry, save_entries


def rows(conn: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in conn.execute(t.entries.select().order_by(t.entries.c.id)).mappings()]


def sightings(conn: Connection) -> list[tuple[object, ...]]:
    found = conn.execute(t.sightings.select().order_by(t.sightings.c.article_id, t.sightings.c.entry_id)).mappings()
    return [(row["article_id"], row["first_seen_at"], row["last_seen_at"]) for row in found]


def unresolved(conn: Connection, now: datetime = NOW, limit: int = 99) -> list[UnresolvedEntry]:
    return entries.load_unresolved(conn, now=now, limit=limit)


def resolve_all(conn: Connection, article_id: ArticleId, now: datetime = NOW) -> None:
    for one in unresolved(conn, now):
        entries.save_resolved(conn, one, article_id)


def test_new_entries_are_stored_as_given_and_due_to_be_resolved(store: Store) -> None:
    published_at = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
    given_entry = entry(
        "g",
        authors=("Ann", "Bob"),
        summary="<p>s</p>",
        content="<p>c</p>",
        published_at=published_at,
        published_raw="Sat" * 200,
        tags=("x", "é"),
    )
    with store.begin() as conn:
        feed_id = add_feed(conn)
        change = save_entries(conn, feed_id, given_entry, before=NOW - HOUR)
        (row,) = rows(conn)
        (due,) = unresolved(conn)
    assert change == EntryChange(n_new=1, n_changed=0, n_known=0)
    assert (row["guid"], row["authors"], row["tags"]) == ("g", ["Ann", "Bob"], ["x", "é"])
    assert (row["published_at"], len(str(row["published_raw"]))) == (published_at, 200)
    assert (row["first_seen_at"], row["last_seen_at"], row["not_seen_before_at"]) == (NOW, NOW, NOW - HOUR)
    assert (due.feed_id, due.feed_url, due.article_id) == (feed_id, "https://one.example/feed", None)


def test_saving_the_same_poll_twice_changes_nothing(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("1"), entry("2"))
        resolve_all(conn, add_article(conn))
        before = rows(conn), sightings(conn)
        again = save_entries(conn, feed_id, entry("1"), entry("2"))
        assert again == EntryChange(n_new=0, n_changed=0, n_known=2)
        assert (rows(conn), sightings(conn)) == before
        assert unresolved(conn) == []


def test_a_changed_entry_is_due_again_and_keeps_its_article_and_first_sighting(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("1"), entry("2"))
        article_id = add_article(conn)
        resolve_all(conn, article_id)
        later = NOW + HOUR
        change = save_entries(
            conn, feed_id, entry("1", title="New", content_hash="second"), entry("2"), now=later, before=NOW
        )
        (due,) = unresolved(conn, later)
        first, second = rows(conn)
    assert change == EntryChange(n_new=0, n_changed=1, n_known=2)
    assert (due.guid, due.title, due.article_id) == ("1", "New", article_id)
    assert (first["first_seen_at"], first["last_seen_at"], first["not_seen_before_at"]) == (NOW, later, None)
    assert second["resolve_due_at"] is None


def test_one_guid_twice_in_a_poll_is_one_entry(store: Store) -> None:
    with store.begin() as conn:
        change = save_entries(conn, add_feed(conn), entry("1", title="a"), entry("1", title="b"))
        assert (change.n_new, count(conn, "entries")) == (1, 1)


def test_the_same_guid_in_two_feeds_is_two_entries(store: Store) -> None:
    with store.begin() as conn:
        for url in ("https://a.example/feed", "https://b.example/feed"):
            assert save_entries(conn, add_feed(conn, url), entry("1")).n_new == 1
        assert count(conn, "entries") == 2


def test_a_poll_of_two_thousand_entries_is_stored_and_known_again(store: Store) -> None:
    many = [entry(str(number)) for number in range(2_000)]
    with store.begin() as conn:
        feed_id = add_feed(conn)
        assert save_entries(conn, feed_id, *many) == EntryChange(n_new=2_000, n_changed=0, n_known=0)
        assert save_entries(conn, feed_id, *many, now=NOW + HOUR) == EntryChange(n_new=0, n_changed=0, n_known=2_000)


def set_polls(conn: Connection, feed_id: FeedId, *, read_at: datetime, good_at: datetime) -> None:
    polled = {"last_read_at": read_at, "last_good_poll_at": good_at}
    conn.execute(t.feeds.update().where(t.feeds.c.id == feed_id).values(**polled))


def test_what_the_last_read_saw_counts_as_seen_by_unchanged_polls_after_it_and_nothing_older(store: Store) -> None:
    with store.begin() as conn:
        feed_id, other_id = add_feed(conn), add_feed(conn, "https://b.example/feed")
        save_entries(conn, other_id, entry("kept"))
        save_entries(conn, feed_id, entry("old"), entry("kept"))
        save_entries(conn, feed_id, entry("kept"), now=NOW + HOUR)
        set_polls(conn, feed_id, read_at=NOW + HOUR, good_at=NOW + 5 * HOUR)
        assert entries.load_last_seen(conn, feed_id) == {"old": NOW, "kept": NOW + 5 * HOUR}
        assert entries.load_last_seen(conn, other_id) == {"kept": NOW}
        assert {one.guid: one.last_seen_at for one in unresolved(conn, NOW + HOUR) if one.feed_id == feed_id} == {
            "old": NOW,
            "kept": NOW + 5 * HOUR,
        }


def test_an_entry_that_leaves_its_feed_was_last_seen_by_the_unchanged_poll_before(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("older"), entry("gone"), entry("kept"))
        save_entries(conn, feed_id, entry("gone"), entry("kept"), now=NOW + HOUR)
        article_id = add_article(conn)
        resolve_all(conn, article_id, NOW + HOUR)
        set_polls(conn, feed_id, read_at=NOW + HOUR, good_at=NOW + 3 * HOUR)
        later = NOW + 4 * HOUR
        read = {"before": NOW + 3 * HOUR, "last_read_at": NOW + HOUR}
        change = save_entries(conn, feed_id, entry("kept"), entry("new"), now=later, **read)
        set_polls(conn, feed_id, read_at=later, good_at=later)
        seen = entries.load_last_seen(conn, feed_id)
        seen_articles = {last for _, _, last in sightings(conn)}
    assert (change.n_new, change.n_known, change.n_shared) == (1, 1, 1)
    assert seen == {"older": NOW, "gone": NOW + 3 * HOUR, "kept": later, "new": later}
    assert seen_articles == {NOW, NOW + 3 * HOUR, later}


def test_entries_that_the_read_before_did_not_have_are_not_shared_with_it(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        assert save_entries(conn, feed_id, entry("a")).n_shared is None
        save_entries(conn, feed_id, entry("b"), now=NOW + HOUR, last_read_at=NOW)
        again = save_entries(conn, feed_id, entry("a"), entry("c"), now=NOW + 2 * HOUR, last_read_at=NOW + HOUR)
        empty = save_entries(conn, feed_id, entry("d"), now=NOW + 9 * HOUR, last_read_at=NOW + 8 * HOUR)
    assert (again.n_known, again.n_shared) == (1, 0)
    assert empty.n_shared is None, "the document before was empty: nothing can be shared with it"


def test_a_first_poll_passes_over_what_is_too_old_for_good(store: Store) -> None:
    old = {"published_at": NOW - 30 * DAY}
    with store.begin() as conn:
        feed_id = add_feed(conn)
        first = entries.save_entries(
            conn,
            feed_id,
            [entry("old", **old), entry("young", published_at=NOW - DAY), entry("undated")],
            now=NOW,
            not_seen_before_at=None,
            oldest_at=NOW - 14 * DAY,
        )
        assert (first.n_new, first.n_passed_over) == (3, 1)
        assert [one.guid for one in unresolved(conn)] == ["young", "undated"]
        resolve_all(conn, add_article(conn))
        changed = save_entries(conn, feed_id, entry("old", content_hash="second", **old), now=NOW + HOUR)
        assert changed.n_changed == 1
        assert unresolved(conn, NOW + HOUR) == []


def test_unresolved_entries_come_oldest_first_and_no_more_than_asked_for(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("late"), now=NOW + HOUR)
        save_entries(conn, feed_id, entry("early"))
        assert [one.guid for one in unresolved(conn, NOW + HOUR)] == ["early", "late"]
        assert [one.guid for one in unresolved(conn, NOW + HOUR, limit=1)] == ["early"]
        assert [one.guid for one in unresolved(conn, NOW)] == ["early"]


def test_resolving_an_entry_again_keeps_one_sighting(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("1"))
        article_id = add_article(conn)
        (one,) = unresolved(conn)
        entries.save_resolved(conn, one, article_id)
        entries.save_resolved(conn, replace(one, last_seen_at=NOW + HOUR), article_id)
        assert sightings(conn) == [(article_id, NOW, NOW + HOUR)]


def save_for_hints(conn: Connection, feed_id: FeedId, article_id: ArticleId, now: datetime, **values: object) -> None:
    save_entries(conn, feed_id, entry(str(now), **values), now=now)
    resolve_all(conn, article_id, now)


def test_hints_take_the_first_title_the_earliest_date_and_the_longest_text(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn)
        one, two = add_feed(conn, "https://a.example/feed"), add_feed(conn, "https://b.example/feed")
        save_for_hints(conn, one, article_id, NOW, title="First", summary="short", published_at=NOW, tags=("t",))
        save_for_hints(
            conn,
            two,
            article_id,
            NOW + HOUR,
            title="Second",
            authors=("Ann",),
            summary="s",
            content="long",
            published_at=NOW - HOUR,
            tags=("u", "v"),
        )
        hints = load_hints(conn, [article_id])[article_id]
    assert hints == FeedHints(
        title="First",
        authors=("Ann",),
        published_at=NOW - HOUR,
        summary="s",
        content="long",
        tags=("u", "v"),
        first_seen_at=NOW,
        language=None,
    )


def test_an_article_without_entries_has_no_hints(store: Store) -> None:
    with store.begin() as conn:
        unseen = add_article(conn)
        assert load_hints(conn, [unseen]) == {unseen: FeedHints()}


def test_a_link_that_is_too_long_for_a_key_is_left_out_and_the_entry_kept(store: Store) -> None:
    with store.begin() as conn:
        save_entries(conn, add_feed(conn), entry("1", url="https://one.example/" + "x" * 4_000))
        assert rows(conn)[0]["url"] is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    guid=st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\0\ud800\udc00😀é")), max_size=40),
    n=st.sampled_from([1, 60]),
)
def test_any_guid_can_be_stored_and_is_known_in_the_next_poll(store: Store, guid: str, n: int) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn, f"https://one.example/{count(conn, 'feeds')}")
        assert save_entries(conn, feed_id, entry(guid * n)).n_new == 1
        again = save_entries(conn, feed_id, entry(guid * n), now=NOW + timedelta(hours=1))
        assert again == EntryChange(n_new=0, n_changed=0, n_known=1)


def test_guids_of_the_greatest_length_are_kept_apart(store: Store) -> None:
    long = ["é" * 2_000 + end for end in "ab"] + ["x" * 2_048, "😀" * 600]
    with store.begin() as conn:
        feed_id = add_feed(conn)
        assert save_entries(conn, feed_id, *map(entry, long)).n_new == 4
        assert save_entries(conn, feed_id, *map(entry, long)).n_known == 4

"""What was erased is nowhere left, and does not come back; on both databases."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select

from monitor.cluster.features import features
from monitor.declared import DeclaredSubscription
from monitor.errors import LeaseLostError, NotFoundError
from monitor.store import articles, claims, entries, erasing, pages, stories, subscriptions, tombstones
from monitor.store import tables as t
from monitor.store.bylines import forget_unused_names, save_bylines
from monitor.store.engine import Connection, Store, forget_deleted, open_store
from monitor.store.erasing import Order
from monitor.store.tables import metadata
from monitor.text.stems import stem
from monitor.types import Access, ArticleId, StoryId
from tests.store.hanging import assign, hang_on, hit, link, tell
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
)

CANARY = "Kanarienvogel"
AUTHOR = "Quillon Farthingale"
BODY = f"The {CANARY} sang in the harbour for three long hours while " + " ".join(f"word{n}" for n in range(20)) + "."
TITLE = f"A {CANARY} in the harbour"
URL = "https://one.example/1"
DAILY = DeclaredSubscription(name="daily", recipients=("a@x.example",), hour=12, zone="Etc/UTC")


def order(*ids: ArticleId, **values: Any) -> Order:
    return Order(article_ids=ids, **{"who": "op", "because": "a court said so", **values})


def places_of(conn: Connection, *needles: str) -> set[str]:
    """The columns of any table that hold one of these words, also within packed bytes."""
    found: set[str] = set()
    for table in metadata.tables.values():
        for row in conn.execute(select(table)).mappings():
            for column in table.columns:
                value = row[column.name]
                whole = _unpacked(value) if isinstance(column.type, LargeBinary) and value else str(value)
                found |= {f"{table.name}.{column.name}" for needle in needles if needle.lower() in whole.lower()}
    return found


def _unpacked(value: bytes) -> str:
    with suppress(zlib.error):
        value = zlib.decompress(value)
    return value.decode("utf-8", "replace")


def make_all(conn: Connection) -> tuple[ArticleId, ArticleId, StoryId]:
    """An article to be erased, another one of its story, and the story; everything hangs on the first."""
    subscriptions.save_declared(conn, [DAILY], NOW)
    erased, other = add_article(conn, URL), add_article(conn, "https://two.example/2", first_seen_at=NOW + HOUR)
    hang_on(conn, erased, name="canary", title=TITLE, body=BODY, authors=(AUTHOR,), tags=(CANARY, "birds"))
    hang_on(conn, other, name="other", title="Birds heard", tags=("birds",), now=NOW + HOUR)
    link(conn, other, erased)
    story_id = assign(conn, erased, terms=features(TITLE, BODY, "en").stems, features=TITLE.encode())
    assign(conn, other, story_id, terms=features("", "harbour", "en").stems)
    hit(conn, erased, BODY)
    return erased, other, story_id


def test_every_word_of_an_erased_article_is_gone_and_what_is_shared_stays(store: Store) -> None:
    with store.begin() as conn:
        erased, other, story_id = make_all(conn)
        assert len(places_of(conn, CANARY, AUTHOR)) > 10
        assert stories.load_statistics(conn, "en")[1].keys() >= {stem(CANARY.lower()), "harbou", "word7"}
        report = erasing.erase(conn, order(erased), NOW + DAY)
        assert places_of(conn, CANARY, AUTHOR) == set()
        assert stories.load_statistics(conn, "en")[1] == {"harbou": 2}
        assert sorted(conn.execute(select(t.tags.c.name)).scalars()) == ["birds"]
        story = stories.get_story(conn, story_id)
    assert (report.article_ids, report.n_entries, report.n_revisions, report.n_pages) == ((erased,), 1, 1, 1)
    assert (report.n_stories, report.n_copies_left) == (0, 1)
    assert (story.title, [member.id for member in story.members]) == ("Birds heard", [other])


def test_names_that_nothing_has_any_more_go_with_the_tidying_and_an_erased_author_at_once(store: Store) -> None:
    with store.begin() as conn:
        erased, other, _ = make_all(conn)
        for names in (["Ann Former"], [AUTHOR], ["Ann"]):
            save_bylines(conn, other, author_names=names, tag_names=["birds"])
        erasing.erase(conn, order(erased), NOW + DAY)
        named = select(t.authors.c.name).order_by(t.authors.c.name)
        assert conn.execute(named).scalars().all() == ["Ann", "Ann Former"]
        forget_unused_names(conn)
        assert conn.execute(named).scalars().all() == ["Ann"]
        save_bylines(conn, other, author_names=["Ann", AUTHOR], tag_names=[])
        save_entries(conn, add_feed(conn), entry("loose", authors=(AUTHOR,), title="Loose"))
        save_bylines(conn, other, author_names=["Ann"], tag_names=[])
        erasing.erase(conn, order(author=AUTHOR), NOW + DAY)
        assert conn.execute(named).scalars().all() == ["Ann"]


def test_what_would_go_is_told_and_nothing_is_changed(store: Store) -> None:
    with store.begin() as conn:
        erased, _, story_id = make_all(conn)
        digest_id = tell(conn, story_id)
        planned = erasing.describe(conn, order(erased))
        assert count(conn, "tombstones") == count(conn, "audit") == 0
        assert erasing.erase(conn, order(erased), NOW) == planned
    assert planned.digest_ids == (digest_id,)


def test_copies_of_an_erased_original_are_compared_again(store: Store) -> None:
    with store.begin() as conn:
        erased, other, _ = make_all(conn)
        erasing.erase(conn, order(erased), NOW + DAY)
        assert count(conn, "copies") == 0
        assert article_row(conn, other)["match_due_at"] == NOW + DAY


def test_a_story_that_nobody_is_left_in_goes_and_its_ids_say_so(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL)
        mark_matched(conn, article_id)
        story_id = assign(conn, article_id)
        conn.execute(t.story_redirects.insert().values(old_id=77, story_id=story_id, since_at=NOW))
        assert erasing.erase(conn, order(article_id), NOW).n_stories == 1
        for one in (story_id, 77):
            with pytest.raises(NotFoundError, match=f"story {one} is no more: its articles were erased on 2026-03-01"):
                stories.get_story(conn, one)


def test_an_erased_article_says_so_under_its_number_its_old_ones_and_its_urls(store: Store) -> None:
    with store.begin() as conn:
        article_id = make_article(conn, URL)
        conn.execute(t.article_merges.insert().values(old_id=77, article_id=article_id, merged_at=NOW, because=""))
        erasing.erase(conn, order(article_id), NOW)
        for name in (str(article_id), "77", URL):
            with pytest.raises(NotFoundError, match="was erased on 2026-03-01; nothing of it is kept"):
                articles.get_article(conn, name)
        with pytest.raises(NotFoundError, match="no article '78'"):
            articles.get_article(conn, "78")


def test_the_audit_tells_who_erased_what_and_why_without_the_content(store: Store) -> None:
    with store.begin() as conn:
        erased, _, _ = make_all(conn)
        erasing.erase(conn, order(erased), NOW + DAY)
        (row,) = conn.execute(t.audit.select()).mappings().all()
    assert (row["who"], row["action"], row["noun"], row["noun_id"], row["done_at"]) == (
        "op",
        "erase",
        "article",
        erased,
        NOW + DAY,
    )
    assert row["details"] == {"kind": "article", "because": "a court said so", "n_articles": 1, "n_entries": 1}


def test_an_erased_entry_that_stands_in_its_feed_still_is_not_stored_again(store: Store) -> None:
    with store.begin() as conn:
        erased, _, _ = make_all(conn)
        erasing.erase(conn, order(erased), NOW + DAY)
        feed_id = add_feed(conn)
        for content_hash in ("first", "changed"):
            change = save_entries(conn, feed_id, entry("canary", title=TITLE, content_hash=content_hash), now=NOW + DAY)
            assert (change.n_new, change.n_changed) == (0, 0)
        assert save_entries(conn, feed_id, entry("another")).n_new == 1
        assert places_of(conn, CANARY) == set()


def test_what_was_erased_is_known_by_url_text_and_entry_and_nothing_else_is(store: Store) -> None:
    with store.begin() as conn:
        erased, _, _ = make_all(conn)
        erasing.erase(conn, order(erased), NOW + DAY)
        assert tombstones.is_erased(conn, urls=[URL])
        assert tombstones.is_erased(conn, title=TITLE.upper(), text=BODY.upper().replace(".", " !"))
        assert tombstones.is_erased(conn, urls=["https://three.example/", URL], text="other")
        assert not tombstones.is_erased(
            conn, urls=["https://one.example/2"], text="Subscribe to read on", entry=(7, "")
        )
        assert not tombstones.is_erased(conn, authors=[AUTHOR])  # the article went, not its author
        assert not tombstones.is_erased(conn)


def test_a_text_that_may_be_anybodys_gets_no_tombstone() -> None:
    assert tombstones.text_keys(TITLE, "Subscribe to read on.") == []
    assert len(tombstones.text_keys(TITLE, BODY)) == 1


def test_what_an_outlet_writes_in_place_of_its_texts_erases_no_other_article(store: Store) -> None:
    notice = (
        "You have read all free articles of this month. Please subscribe to go on reading this report and all others, "
        "or sign in if you are a subscriber of the printed newspaper already."
    )
    with store.begin() as conn:
        erased = make_article(conn, URL, title=TITLE, body=notice)
        erasing.erase(conn, order(erased), NOW + DAY)
        assert tombstones.is_erased(conn, title=TITLE, text=notice)
        assert not tombstones.is_erased(conn, title="Quite another report", text=notice)


def test_a_long_text_is_known_under_any_title(store: Store) -> None:
    long = " ".join(f"{BODY} {part}" for part in "one two three four".split())
    with store.begin() as conn:
        erasing.erase(conn, order(make_article(conn, URL, title=TITLE, body=long)), NOW + DAY)
        assert tombstones.is_erased(conn, title="Quite another title", text=long)


def test_all_articles_of_an_author_go_with_the_name_and_later_ones_are_known(store: Store) -> None:
    with store.begin() as conn:
        erased, other, _ = make_all(conn)
        also = add_article(conn, "https://two.example/3")
        hang_on(conn, also, name="also", authors=("Ann", AUTHOR))
        save_entries(conn, add_feed(conn), entry("loose", authors=(AUTHOR.upper(),), title="Loose"))
        report = erasing.erase(conn, order(author="QUILLON  farthingale"), NOW + DAY)
        assert report.article_ids == (erased, also)
        assert report.n_entries == 3
        assert places_of(conn, AUTHOR) == set()
        assert [row["id"] for row in conn.execute(t.articles.select()).mappings()] == [other]
        assert tombstones.is_erased(conn, authors=["Somebody", AUTHOR])
        with pytest.raises(NotFoundError, match="as its author"):
            erasing.erase(conn, order(author=AUTHOR), NOW)


def test_all_of_a_source_goes_and_nothing_of_it_comes_back(store: Store) -> None:
    with store.begin() as conn:
        erased, other, _ = make_all(conn)
        feed_id = add_feed(conn)
        elsewhere = add_feed(conn, "https://two.example/feed")
        save_entries(conn, feed_id, entry("waiting"))
        save_entries(
            conn, elsewhere, entry("theirs", url="https://news.one.example/x"), entry("own", url="https://a.b/")
        )
        report = erasing.erase(conn, order(source="One.example"), NOW + DAY)
        assert report.article_ids == (erased,)
        assert [row["id"] for row in conn.execute(t.articles.select()).mappings()] == [other]
        assert [row["guid"] for row in conn.execute(t.entries.select()).mappings()] == ["other", "own"]
        assert tombstones.is_erased(conn, urls=["https://sport.one.example/next"])
        assert not tombstones.is_erased(conn, urls=["https://two.example/next"])
        states = select(t.feeds.c.state).where(
            t.feeds.c.source_id == t.sources.c.id, t.sources.c.domain == "one.example"
        )
        assert set(conn.execute(states).scalars()) == {"paused"}
        with pytest.raises(NotFoundError, match=r"no source 'none\.at\.all'"):
            erasing.erase(conn, order(source="none.at.all"), NOW)


def test_an_entry_that_leads_to_what_was_erased_goes(store: Store) -> None:
    with store.begin() as conn:
        feed_id = add_feed(conn)
        save_entries(conn, feed_id, entry("1"))
        (one,) = entries.load_unresolved(conn, now=NOW, limit=9)
        erasing.refuse_entry(conn, one.id, NOW)
        assert count(conn, "entries") == 0
        assert save_entries(conn, feed_id, entry("1")).n_new == 0


def test_a_page_with_an_erased_text_takes_its_new_article_with_it_and_leaves_an_older_one(store: Store) -> None:
    with store.begin() as conn:
        new, known = add_article(conn, URL), make_article(conn, "https://one.example/2", body="Of before.")
        articles.request_page(conn, known, NOW)
        for article_id in (new, known):
            erasing.refuse_page(conn, claim_page(conn, article_id), access=Access.OK, now=NOW)
        assert article_row(conn, known)["text"] == "Of before."
        assert (article_row(conn, known)["reason"], article_row(conn, known)["fetch_due_at"]) == ("erased", None)
        with pytest.raises(NotFoundError, match="was erased"):
            articles.get_article(conn, str(new))


def test_whoever_works_on_an_erased_article_loses_the_lease(store: Store) -> None:
    with store.begin() as conn:
        article_id = add_article(conn, URL)
        fetched = claim_page(conn, article_id)
        erasing.erase(conn, order(article_id), NOW)
        with pytest.raises(LeaseLostError):
            claims.hold(conn, pages.PAGES, article_id, fetched.page.leased_until)


def test_the_bytes_of_a_sqlite_file_hold_nothing_of_what_was_erased(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    file = Path(sqlite_url.removeprefix("sqlite:///"))

    def held() -> int:
        files = [file, file.with_name(f"{file.name}-wal")]
        return sum(one.read_bytes().count(CANARY.encode()) for one in files if one.exists())

    try:
        with store.begin() as conn:
            erased, _, _ = make_all(conn)
        assert held() > 0
        with store.begin() as conn:
            erasing.erase(conn, order(erased), NOW)
        assert held() > 0  # deleting alone takes nothing out of the file
        assert forget_deleted(store) is True
        assert held() == 0
        with store.begin() as conn:
            assert add_article(conn, "https://one.example/next") > erased
    finally:
        store.close()

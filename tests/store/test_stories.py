from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from monitor.cluster.statistics import Statistics
from monitor.errors import LeaseLostError, NotFoundError
from monitor.store import articles, memberships, stories
from monitor.store import tables as t
from monitor.store.engine import Connection, Store
from monitor.store.memberships import NewMember
from monitor.types import ArticleId, StoryId
from tests.store.rows import DAY, HOUR, NOW, add_article, count, make_article, mark_matched

SECOND = timedelta(seconds=1)
FAR = datetime(2030, 1, 1, tzinfo=NOW.tzinfo)


def make_articles(conn: Connection, n: int, *, matched: bool = True, **values: Any) -> list[ArticleId]:
    language = values.get("language", "en")
    ids = [make_article(conn, f"https://one.example/{language}{number}", **values) for number in range(n)]
    if matched:
        mark_matched(conn, *ids)
    return ids


def claim(conn: Connection, *, now: datetime = NOW, lease_s: float = 600) -> tuple[str, datetime]:
    claimed = stories.claim_language(conn, now=now, lease_s=lease_s)
    assert claimed is not None
    return claimed


def member(conn: Connection, article_id: ArticleId, story_id: StoryId | None = None, **values: Any) -> NewMember:
    given: dict[str, Any] = {
        "score": 0.5,
        "because": "similar",
        "scheme": "stories/1",
        "features_scheme": "features/1",
        "features": b"\0bytes",
    }
    article = articles.load_articles(conn, [article_id])[article_id]
    return NewMember(article=article, story_id=story_id, **{**given, **values})


def assign(
    conn: Connection,
    article_id: ArticleId,
    story_id: StoryId | None = None,
    *,
    now: datetime = NOW,
    terms: Iterable[str] = ("word",),
    **values: Any,
) -> StoryId:
    """Put one article into a story, with a lease taken for it alone."""
    language = articles.load_articles(conn, [article_id])[article_id].language
    held = update(t.language_statistics).where(t.language_statistics.c.language == language)
    stories.claim_language(conn, now=now, lease_s=1)
    conn.execute(held.values(leased_until=FAR))
    chosen = member(conn, article_id, story_id, **values)
    before = memberships.find_standing(conn, article_id, chosen.features_scheme)
    saved = memberships.save_member(conn, chosen, before=before, leased_until=FAR, now=now)
    memberships.count_terms(conn, language, [terms])
    memberships.mark_decided(conn, [article_id])
    conn.execute(held.values(leased_until=None))
    return saved


def test_a_language_is_assigned_by_one_worker_at_a_time(store: Store) -> None:
    with store.begin() as conn:
        make_articles(conn, 2)
        language, leased_until = claim(conn)
        assert language == "en"
        assert stories.claim_language(conn, now=NOW, lease_s=600) is None
        assert stories.next_assign_at(conn, NOW) is not None
        stories.release_language(conn, "en", leased_until - SECOND)
        assert stories.claim_language(conn, now=NOW, lease_s=600) is None
        stories.release_language(conn, "en", leased_until)
        assert stories.next_assign_at(conn, NOW) is None
        assert claim(conn)[0] == "en"


def test_workers_that_ask_at_once_get_a_language_each(store: Store) -> None:
    with store.begin() as conn:
        for language in ("en", "fr"):
            make_articles(conn, 1, language=language)
    barrier = Barrier(4)

    def work(_: int) -> str | None:
        barrier.wait(30)
        with store.begin() as conn:
            claimed = stories.claim_language(conn, now=NOW, lease_s=600)
            return claimed and claimed[0]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert sorted(filter(None, found)) == ["en", "fr"]


def test_the_lease_of_a_lost_assigner_runs_out(store: Store) -> None:
    with store.begin() as conn:
        make_articles(conn, 1)
        claim(conn, lease_s=0)
        assert claim(conn, now=NOW + SECOND)[0] == "en"


def test_nothing_is_claimed_where_nothing_waits(store: Store) -> None:
    with store.begin() as conn:
        add_article(conn, "https://one.example/without-text")
        assert stories.claim_language(conn, now=NOW, lease_s=60) is None
        assert count(conn, "language_statistics") == 0


def test_a_language_whose_next_article_is_not_compared_yet_holds_up_no_other(store: Store) -> None:
    with store.begin() as conn:
        make_articles(conn, 1, language="de", matched=False)
        make_articles(conn, 1, language="en")
        mark_matched(conn, make_article(conn, "https://one.example/de-second", language="de"))
        assert claim(conn)[0] == "en"
        assert stories.claim_language(conn, now=NOW, lease_s=60) is None


def test_the_language_that_waits_longest_comes_first(store: Store) -> None:
    with store.begin() as conn:
        make_articles(conn, 1, language="fr")
        make_articles(conn, 1, language="de")
        assert [claim(conn)[0], claim(conn)[0]] == ["fr", "de"]


def test_articles_are_taken_in_arrival_order_up_to_the_first_that_is_not_compared(store: Store) -> None:
    with store.begin() as conn:
        ids = make_articles(conn, 5, matched=False)
        mark_matched(conn, ids[0], ids[1], ids[3])
        make_articles(conn, 1, language="fr")
        assert stories.load_unassigned(conn, "en", 9) == ids[:2]
        assert stories.load_unassigned(conn, "en", 1) == ids[:1]
        mark_matched(conn, ids[2])
        assert stories.load_unassigned(conn, "en", 9) == ids[:4]
        assign(conn, ids[0])
        assert stories.load_unassigned(conn, "en", 9) == ids[1:4]


def test_an_article_starts_a_story_under_its_own_headline(store: Store) -> None:
    with store.begin() as conn:
        (article_id,) = make_articles(conn, 1, title="Head", body="First sentence here. Second one here. Third.")
        story_id = assign(conn, article_id)
        story = stories.get_story(conn, story_id)
        (log,) = conn.execute(t.story_log.select()).mappings().all()
        row = conn.execute(t.stories.select()).mappings().one()
    assert (story.title, story.lead, story.is_open) == ("Head", "First sentence here. Second one here.", True)
    assert [one.id for one in story.members] == [article_id]
    assert (story.first_seen_at, story.last_seen_at, row["anchor_article_id"]) == (NOW, NOW, article_id)
    assert (log["action"], log["who"], log["details"], log["logged_at"]) == (
        "started",
        "assigner",
        {"article_id": article_id},
        NOW,
    )


def test_a_member_extends_its_story_and_opens_it_again(store: Store) -> None:
    with store.begin() as conn:
        first = make_article(conn, "https://one.example/1", title="First")
        later = make_article(conn, "https://one.example/2", seen_at=NOW + DAY)
        earlier = make_article(conn, "https://one.example/3", seen_at=NOW - DAY, title="Earlier")
        mark_matched(conn, first, later, earlier)
        story_id = assign(conn, first)
        assert stories.close_quiet(conn, NOW + HOUR, NOW + HOUR) == 1
        assert stories.get_story(conn, story_id).is_open is False
        assign(conn, later, story_id)
        story = stories.get_story(conn, story_id)
        assert (story.is_open, story.first_seen_at, story.last_seen_at) == (True, NOW, NOW + DAY)
        assign(conn, earlier, story_id)
        story = stories.get_story(conn, story_id)
        assert (story.title, story.first_seen_at, story.last_seen_at) == ("Earlier", NOW - DAY, NOW + DAY)
        assert [one.id for one in story.members] == [earlier, first, later]
        assert stories.close_quiet(conn, NOW + DAY, NOW) == 0


def test_saving_a_member_counts_the_language_and_its_terms(store: Store) -> None:
    with store.begin() as conn:
        one, two = make_articles(conn, 2)
        assert stories.load_statistics(conn, "en") == (0, {})
        story_id = assign(conn, one, terms=frozenset({"word", "other", "x" * 500, "n\0ul", "é" * 200}))
        assign(conn, two, story_id, terms=frozenset({"word"}))
        n_articles, counts = stories.load_statistics(conn, "en")
        row = conn.execute(t.language_statistics.select()).mappings().one()
        assert stories.last_assigned_no(conn, "xx") == 0
    assert (n_articles, row["last_arrival_no"]) == (2, 2)
    assert counts == {"word": 2, "other": 1, "x" * 200: 1, "nul": 1, "é" * 200: 1}


def test_terms_that_are_stored_under_one_name_count_an_article_once(store: Store) -> None:
    with store.begin() as conn:
        (one,) = make_articles(conn, 1)
        assign(conn, one, terms=frozenset({"x" * 200 + "1", "x" * 200 + "2", "nul", "n\0ul"}))
        assert stories.load_statistics(conn, "en") == (1, {"x" * 200: 1, "nul": 1})


def test_an_assigner_that_overran_its_lease_saves_nothing(store: Store) -> None:
    with store.begin() as conn:
        (article_id,) = make_articles(conn, 1)
        _, leased_until = claim(conn)
    lost = leased_until - SECOND
    with pytest.raises(LeaseLostError, match="en"), store.begin() as conn:
        memberships.save_member(conn, member(conn, article_id), before=None, leased_until=lost, now=NOW)
    with store.begin() as conn:
        assert [count(conn, name) for name in ("stories", "story_members", "features", "terms", "story_log")] == [0] * 5
        assert stories.load_unassigned(conn, "en", 9) == [article_id]
        assert stories.last_assigned_no(conn, "en") == 0


def test_the_assigners_memory_is_restored_in_arrival_order(store: Store) -> None:
    with store.begin() as conn:
        old = make_article(conn, "https://one.example/old", seen_at=NOW - 9 * DAY)
        one, two = make_articles(conn, 2, published_at=NOW - HOUR)
        (french,) = make_articles(conn, 1, language="fr")
        mark_matched(conn, old)
        story_id = assign(conn, old)
        assign(conn, two, story_id, features=b"two")
        assign(conn, one, story_id, features=b"one")
        assign(conn, french)
        found = list(memberships.load_members(conn, "en", since=NOW - DAY, scheme="features/1"))
        assert [(each.article_id, each.story_id, each.features) for each in found] == [
            (one, story_id, b"one"),
            (two, story_id, b"two"),
        ]
        assert (found[0].published_at, found[0].first_seen_at) == (NOW - HOUR, NOW)
        assert not list(memberships.load_members(conn, "en", since=NOW - DAY, scheme="features/2"))
        assert stories.find_story_of(conn, [one, french, ArticleId(999)]).keys() == {one, french}


def test_stories_are_listed_newest_first(store: Store) -> None:
    with store.begin() as conn:
        ids = [
            make_article(conn, f"https://one.example/{hour}", seen_at=NOW + hour * HOUR, language=language)
            for hour, language in ((1, "en"), (3, "fr"), (2, "en"))
        ]
        mark_matched(conn, *ids)
        made = [assign(conn, article_id) for article_id in ids]
        assert [story.id for story in stories.load_stories(conn)] == [made[1], made[2], made[0]]
        assert [story.id for story in stories.load_stories(conn, made[:1])] == made[:1]
        assert stories.load_stories(conn, []) == []
        listed = stories.list_stories(conn, 2)
        assert [(row["id"], row["n_articles"], row["languages"]) for row in listed] == [
            (made[1], 1, ["fr"]),
            (made[2], 1, ["en"]),
        ]
        assert len(stories.list_stories(conn)) == stories.count_stories(conn) == 3


def test_active_stories_are_those_with_a_member_assigned_since(store: Store) -> None:
    with store.begin() as conn:
        one, two = make_articles(conn, 2)
        assign(conn, one)
        recent = assign(conn, two, now=NOW + HOUR)
        assert [story.id for story in stories.load_active(conn, NOW + HOUR)] == [recent]
        assert stories.load_active(conn, NOW + DAY) == []


def test_members_of_a_moment_are_listed_by_url_on_both_databases(both_stores: tuple[Store, Store]) -> None:
    urls = [f"https://one.example/{name}" for name in ("b", "B", "a-c", "ab", "a/b", "é")]
    for store in both_stores:
        with store.begin() as conn:
            ids = [make_article(conn, url) for url in urls]
            mark_matched(conn, *ids)
            story_id = assign(conn, ids[0])
            for article_id in ids[1:]:
                assign(conn, article_id, story_id)
            assert [one.url for one in stories.get_story(conn, story_id).members] == sorted(urls)


def test_a_story_that_was_merged_leads_to_the_one_it_became(store: Store) -> None:
    with store.begin() as conn:
        story_id = assign(conn, make_articles(conn, 1)[0])
        conn.execute(t.story_redirects.insert().values(old_id=77, story_id=story_id, since_at=NOW))
        assert stories.get_story(conn, 77).id == story_id


@pytest.mark.parametrize("story_id", [5, 0, -1, 10**30])
def test_an_unknown_story_is_not_found(store: Store, story_id: int) -> None:
    with pytest.raises(NotFoundError), store.read() as conn:
        stories.get_story(conn, story_id)


def test_a_reader_sees_the_figures_of_a_story_and_its_members_as_of_one_moment(store: Store) -> None:
    with store.begin() as conn:
        one, two = make_articles(conn, 2)
        story_id = assign(conn, one)
    with store.read() as reader:
        assert reader.execute(select(t.stories.c.id)).scalars().all() == [story_id]
        with store.begin() as writer:
            assign(writer, two, story_id)
        (story,) = stories.load_stories(reader)
        assert (story.n_articles, len(story.members)) == (1, 1)
    with store.read() as reader:
        assert stories.get_story(reader, story_id).n_articles == 2


def test_counts_of_terms_halve_with_every_so_many_arrivals_in_store_as_in_memory(store: Store) -> None:
    statistics = Statistics("en", halve_at=6)
    with store.begin() as conn:
        for number, article_id in enumerate(make_articles(conn, 14), start=1):
            found = {"always", f"once{number}", *(("even",) if number % 2 == 0 else ())}
            assign(conn, article_id, terms=frozenset(found))
            n_before = statistics.n_halvings
            statistics.learn(statistics.ids(found))
            if statistics.n_halvings > n_before:
                stories.halve_statistics(conn, "en")
            n_articles, counts = stories.load_statistics(conn, "en")
            assert (n_articles, counts) == (statistics.n_articles, statistics.counts())
            restored = Statistics("en", n_articles=n_articles, counts=counts)
            asked = ["always", "even", "once1", "never", "zebra"]
            assert restored.idf(restored.ids(asked)).tolist() == statistics.idf(statistics.ids(asked)).tolist()
        n_halvings = conn.execute(select(t.language_statistics.c.n_halvings)).scalar_one()
    assert (n_articles, statistics.n_halvings, n_halvings) == (5, 3, 3)
    assert counts["always"] == 5
    assert sum(term.startswith("once") for term in counts) == 2, "what was met once is forgotten"


def test_halving_leaves_other_languages_alone(store: Store) -> None:
    with store.begin() as conn:
        for language in ("en", "fr"):
            for article_id in make_articles(conn, 2, language=language):
                assign(conn, article_id, terms=frozenset({"two"}))
        stories.halve_statistics(conn, "fr")
        assert stories.load_statistics(conn, "fr") == (1, {"two": 1})
        assert stories.load_statistics(conn, "en") == (2, {"two": 2})

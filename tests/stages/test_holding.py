"""On PostgreSQL: who holds rows is waited for where that must be, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from monitor.cluster import stage as cluster
from monitor.dedup import stage as dedup
from monitor.errors import UsageError
from monitor.store import correcting, duplicates, erasing, stories
from monitor.store import tables as t
from monitor.store.correcting import Corrected
from monitor.store.engine import Connection, Store, open_store
from monitor.store.holding import hold_to_take_away
from monitor.store.rearranging import rearrange
from monitor.store.story_log import LOCKED
from monitor.types import ArticleId
from tests.stages.test_saving_together import somebody_waits
from tests.stages.told import app_of, assign, places, tell, tell_all, tell_others
from tests.store.rows import DAY, NOW, save_text


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    opened = open_store(postgresql_url)
    yield opened
    opened.close()


def impatient(conn: Connection) -> Connection:
    conn.execute(text("SET LOCAL lock_timeout = '200ms'"))
    return conn


def ferries(store: Store) -> list[ArticleId]:
    """Four reports on one event, in a story."""
    tell_others(store)
    told = tell_all(store, [("ferry", number) for number in range(4)])
    assign(app_of(store))
    return told


def test_a_story_can_be_split_while_somebody_holds_articles_to_take_them_away(store: Store) -> None:
    told = ferries(store)
    with store.begin() as one, store.begin() as other:
        duplicates.hold_around(one, told)
        done = rearrange(impatient(other), {told[0]: -1, told[1]: -1}, now=NOW)  # both parts get another anchor
    assert set(done.new_ids) == {-1}


def test_a_story_can_be_split_while_its_articles_are_compared(store: Store) -> None:
    told = ferries(store)
    with store.begin() as conn:
        conn.execute(update(t.articles).where(t.articles.c.id.in_(told)).values(match_due_at=NOW))
        ids, leased_until = duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)
    with store.begin() as one, store.begin() as other:
        assert duplicates.hold(one, ids, leased_until) == {*told}
        rearrange(impatient(other), {told[0]: -1}, now=NOW)


def test_the_assigner_touches_no_story_before_it_holds_its_language(store: Store) -> None:
    told = ferries(store)
    title = "Another headline for the same report"
    with store.begin() as conn:
        body = conn.execute(select(t.articles.c.text).where(t.articles.c.id == told[0])).scalar_one()
        save_text(conn, told[0], title=title, body=body)
    app = app_of(store)
    while dedup.run(app).n_done:
        pass
    with store.begin() as one, store.begin() as other:
        stories.hold(one, ["en"])
        with pytest.raises(OperationalError, match="lock timeout"):
            stories.load_unassigned(impatient(other), "en", 9)
    assert cluster.run(app).n_done == 1


def test_whoever_assigns_an_article_holds_the_language_that_it_was_decided_in(store: Store) -> None:
    told = ferries(store)
    with store.begin() as conn:
        save_text(conn, told[0], body="Ein Text in einer anderen Sprache.", language="de")
        conn.execute(update(t.articles).where(t.articles.c.id == told[0]).values(match_due_at=None))
    with store.begin() as one, store.begin() as other:
        assert stories.load_unassigned(one, "de", 9) == told[:1]
        with pytest.raises(OperationalError, match="lock timeout"):
            stories.hold(impatient(other), ["en"])


def test_a_story_that_somebody_holds_is_closed_later(store: Store) -> None:
    told = ferries(store)
    mine = places(store)[told[0]]
    with store.begin() as one, store.begin() as other:
        one.execute(update(t.stories).where(t.stories.c.id == mine).values(title="held"))
        n_others = len(set(places(store).values())) - 1
        assert stories.close_quiet(impatient(other), NOW + DAY, NOW) == n_others
    with store.begin() as conn:
        assert stories.close_quiet(conn, NOW + DAY, NOW) == 1


def test_erasing_does_not_wait_for_those_who_count_the_same_terms_in_another_language(store: Store) -> None:
    told = ferries(store)
    with store.begin() as conn:
        term = conn.execute(select(t.terms.c.term).order_by(t.terms.c.term).limit(1)).scalar_one()
        conn.execute(t.terms.insert().values(language="fr", term=term, n_articles=1))
    order = erasing.Order(article_ids=tuple(told), who="op", because="court")
    with store.begin() as one, store.begin() as other:
        one.execute(update(t.terms).where(t.terms.c.language == "fr").values(n_articles=2))
        erasing.erase(impatient(other), order, NOW)
    with store.read() as conn:
        assert stories.load_statistics(conn, "fr")[1] == {term: 2}


def test_nobody_refers_to_an_article_any_more_that_is_held_to_be_taken_away(store: Store) -> None:
    told = ferries(store)
    with store.begin() as one, store.begin() as other:
        hold_to_take_away(one, told[:1], beside=told[1:2])
        impatient(other)
        wanted = select(t.articles.c.id).where(t.articles.c.id == told[1])
        other.execute(wanted.with_for_update(read=True, key_share=True))
        with pytest.raises(OperationalError, match="lock timeout"):
            other.execute(
                select(t.articles.c.id).where(t.articles.c.id == told[0]).with_for_update(key_share=True, read=True)
            )


def test_a_correction_holds_the_language_alone_before_it_looks_at_stories(store: Store) -> None:
    told = ferries(store)
    story_id = places(store)[told[0]]
    tell(store, "ferry", 9)
    order = correcting.Order(who="ann", because="seen", now=NOW)
    with store.begin() as one, store.begin() as other:
        stories.load_unassigned(one, "en", 9)
        with pytest.raises(OperationalError, match="lock timeout"):
            correcting.split_story(impatient(other), story_id, told[2:], order)


def while_it_waits(
    store: Store, correct: Callable[[Connection], Corrected], change: Callable[[Connection], object]
) -> None:
    """A correction waits for the assigner of its language, who changes something before it lets go."""

    def work() -> Corrected:
        with store.begin() as conn:
            return correct(conn)

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as conn:
            stories.hold(conn, ["en"])
            correction = pool.submit(work)
            somebody_waits(store)
            change(conn)
        correction.result()


def test_a_story_that_becomes_one_of_another_language_while_it_is_waited_for_is_not_corrected(store: Store) -> None:
    told, order = ferries(store), correcting.Order(who="ann", because="seen", now=NOW)
    mine = places(store)[told[0]]
    renamed = update(t.stories).where(t.stories.c.id == mine).values(language="de")
    for work in (
        lambda conn: correcting.split_story(conn, mine, told[2:], order),
        lambda conn: correcting.set_lock(conn, mine, order, action=LOCKED),
    ):
        with pytest.raises(UsageError, match="another language meanwhile; run it again"):
            while_it_waits(store, work, lambda conn: conn.execute(renamed))
        with store.begin() as conn:
            conn.execute(renamed.values(language="en"))
    assert {places(store)[one] for one in told} == {mine}


def test_an_article_that_changes_places_while_it_is_waited_for_is_not_moved(store: Store) -> None:
    told, order = ferries(store), correcting.Order(who="ann", because="seen", now=NOW)
    (other, *_) = set(places(store).values()) - {places(store)[told[0]]}
    with pytest.raises(UsageError, match="changed places meanwhile; run it again"):
        while_it_waits(
            store,
            lambda conn: correcting.move_article(conn, told[3], other, order),
            lambda conn: rearrange(conn, {told[3]: -1}, now=NOW),
        )

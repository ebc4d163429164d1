"""What follows when a text changes: copy groups, stories in the order of arrivals, and what readers are told."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import or_, select, text, update

from monitor import replaying
from monitor.app import App
from monitor.cluster import stage as cluster
from monitor.config import MailSettings, Settings
from monitor.declared import DeclaredSubscription
from monitor.dedup import stage as dedup
from monitor.dedup.matching import derive_groups
from monitor.digest import stage as digest
from monitor.errors import LeaseLostError
from monitor.store import duplicates, erasing, merging, stories, subscriptions
from monitor.store import tables as t
from monitor.store.engine import Store, open_store
from monitor.store.erasing import Order
from monitor.types import ArticleId
from tests.store.rows import NOW, article_row, count, make_article, save_text

#: Two events told in four ways each, and one in another language.
EVENTS = {
    "bridge": ("Arvel", "bridge", "Tarn", "Ilse Brandt", "14 million crowns", "engineers", "river", "piers"),
    "fire": ("Osmund", "warehouse fire", "Kellport", "Jon Veider", "230 barrels", "firefighters", "smoke", "solvent"),
}
GERMAN = (
    "Die Gewerkschaft im Hafen von Lürenstedt hat sich mit den Reedern auf 4,2 Prozent mehr Lohn geeinigt. Das sagte "
    "Verhandlungsführer Hajo Brink am Montag nach langen Gesprächen. Die Arbeiter stimmen im April darüber ab."
)
OWN_REPORT = (
    "Solvent burned at Kellport until dawn. In the Osmund warehouse fire no firefighters were hurt, says Jon Veider, "
    "while 230 barrels are lost. Smoke lay over Osmund; the council meets on Friday about the Kellport warehouse."
)


def text_of(event: str, telling: int) -> str:
    place, thing, town, who, figure, people, near, part = EVENTS[event]
    return (
        f"The council of {place} spoke about the {thing} at {town} for {telling + 3} hours. {who} named {figure} as "
        f"the cost. Telling {telling} says that {people} looked at the {near} and found the {part} damaged, number "
        f"{telling * 17 + 20} of the report. In {town} {who} asked {people} of {place} about the {thing} again, "
        f"and heard of the {part} {('early', 'late', 'twice', 'never')[telling % 4]} near the {near}."
    )


def app_of(store: Store, *, minutes: float = 1) -> App:
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    configured = Settings(mail=MailSettings(sender="monitor@x.example"))
    return App(settings=configured, store=store, clock=lambda: NOW + timedelta(minutes=minutes), **other)


def write(store: Store, name: str, body: str, **values: Any) -> ArticleId:
    with store.begin() as conn:
        values = {"title": body.partition(".")[0], **values}
        return make_article(conn, f"https://{name}.example/{name}", body=body, **values)


def revise(store: Store, article_id: ArticleId, body: str, **values: Any) -> None:
    with store.begin() as conn:
        save_text(conn, article_id, body=body, **{"title": body.partition(".")[0], **values})


def settle(app: App) -> None:
    for stage in (dedup, cluster):
        while stage.run(app).n_done:
            pass


def story_of(store: Store, *ids: ArticleId) -> list[int]:
    with store.read() as conn:
        found = stories.find_story_of(conn, ids)
    return [found[article_id] for article_id in ids]


def actions(store: Store, story_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    with store.read() as conn:
        rows = conn.execute(t.story_log.select().where(t.story_log.c.story_id == story_id).order_by(t.story_log.c.id))
        return [(row["action"], row["who"], row["details"]) for row in rows.mappings()]


def groups_of(placed: dict[ArticleId, Any]) -> set[frozenset[ArticleId]]:
    return {frozenset(one for one in placed if placed[one] == story) for story in placed.values()}


def assert_replayed(store: Store) -> None:
    """The stories of each language are those that deciding its stored order once more gives."""
    app = app_of(store)
    with store.read() as conn:
        rows = conn.execute(
            select(t.story_members.c.article_id, t.story_members.c.story_id, t.stories.c.language).join(t.stories)
        ).all()
    for language in {language for *_, language in rows}:
        stored = {article_id: story_id for article_id, story_id, its in rows if its == language}
        assert groups_of(replaying.replay(app, language)) == groups_of(stored)


# --- copy groups -----------------------------------------------------------------------------------------------------


def test_an_article_that_becomes_independent_leaves_its_copy_group_and_may_join_another(store: Store) -> None:
    bridge, fire, copy = (
        write(store, name, text_of(event, 0)) for name, event in (("a", "bridge"), ("b", "fire"), ("c", "bridge"))
    )
    app = app_of(store)
    settle(app)
    with store.read() as conn:
        assert duplicates.load_originals(conn, [bridge, fire, copy]) == {copy: bridge}
    revise(store, copy, text_of("fire", 0))
    settle(app)
    with store.read() as conn:
        assert duplicates.load_originals(conn, [bridge, fire, copy]) == {copy: fire}
        assert count(conn, "duplicates") == 2
        relations = [one for one in duplicates.load_relations(conn, copy) if one.kind != "rewrite"]
        assert [one.article_id for one in relations] == [fire]
    revise(store, copy, GERMAN, language="de")
    settle(app)
    with store.read() as conn:
        assert count(conn, "copies") == 0
        assert duplicates.load_relations(conn, copy) == []


def test_a_rewrite_counts_as_long_as_both_texts_are_the_ones_compared(store: Store) -> None:
    first, second = write(store, "a", text_of("bridge", 0)), write(store, "b", text_of("bridge", 0))
    settle(app_of(store))
    with store.begin() as conn:
        conn.execute(t.rewrites.insert().from_select(
            ["article_id", "original_id", "scheme", "article_text_hash", "original_text_hash", "containment", "because",
             "found_at"],
            select(*(t.duplicates.c[name] for name in ("article_id", "original_id", "scheme", "article_text_hash",
                   "original_text_hash", "containment")), t.duplicates.c.kind, t.duplicates.c.found_at),
        ))  # fmt: skip
        conn.execute(t.copies.delete())
        assert stories.load_story_members(conn, [second])[second].rewrite_of == first
    revise(store, first, text_of("fire", 3))
    settle(app_of(store))
    with store.read() as conn:
        assert stories.load_story_members(conn, [second])[second].rewrite_of is None


def test_copies_whose_original_changed_are_a_group_of_their_own(store: Store) -> None:
    original, one, two = (write(store, name, text_of("bridge", 0)) for name in "abc")
    app = app_of(store)
    settle(app)
    revise(store, original, text_of("fire", 1))
    settle(app)
    with store.read() as conn:
        assert duplicates.load_originals(conn, [original, one, two]) == {two: one}


@pytest.mark.parametrize("seed", range(4))
def test_texts_that_change_at_once_give_the_same_groups_in_any_order_of_comparing(store: Store, seed: int) -> None:
    ids = [write(store, name, text_of(event, 0)) for name, event in zip("abcdef", ["bridge", "fire"] * 3, strict=True)]
    app = app_of(store)
    settle(app)
    for article_id, event in zip(ids, ("fire", "bridge", "bridge", "fire", "fire", "bridge"), strict=True):
        revise(store, article_id, text_of(event, 0))
    order = random.Random(seed).sample(ids, len(ids))
    for article_id in order:
        with store.begin() as conn:  # one alone is due at a time
            conn.execute(update(t.articles).values(match_due_at=None))
            mine = update(t.articles).where(t.articles.c.id.in_(order[order.index(article_id) :][:1]))
            conn.execute(mine.values(match_due_at=NOW))
        dedup.run(app)
    with store.read() as conn:
        found = duplicates.load_originals(conn, ids)
    a, b, c, d, e, f = ids
    assert found == {d: a, e: a, c: b, f: b}


# --- stories ---------------------------------------------------------------------------------------------------------


def test_a_corrected_typo_changes_the_headline_of_its_story_and_not_its_place(store: Store) -> None:
    ids = [write(store, f"p{n}", text_of("bridge", n)) for n in range(3)]
    app = app_of(store)
    settle(app)
    before = story_of(store, *ids)
    with store.read() as conn:
        head = stories.get_story(conn, before[0]).representative_id
    assert head is not None
    place = ids.index(head)
    revise(
        store, head, text_of("bridge", place).replace("asked", "questioned"), title="Corrected headline of Arvel bridge"
    )
    settle(app)
    with store.read() as conn:
        assert stories.get_story(conn, before[0]).title == "Corrected headline of Arvel bridge"
        assert article_row(conn, head)["arrival_no"] == place + 1
        assert article_row(conn, head)["assign_due_at"] is None
        assert count(conn, "features") == 3
        assert stories.load_statistics(conn, "en")[0] == 3
    assert story_of(store, *ids) == before


def test_an_article_whose_text_tells_of_another_event_moves_to_its_story(store: Store) -> None:
    bridges = [write(store, f"p{n}", text_of("bridge", n)) for n in range(3)]
    fires = [write(store, f"q{n}", text_of("fire", n)) for n in range(3)]
    app = app_of(store)
    settle(app)
    old, new = story_of(store, bridges[0], fires[0])
    assert old != new
    revise(store, bridges[0], text_of("fire", 3))
    settle(app)
    assert story_of(store, *bridges, *fires) == [new, old, old, new, new, new]
    what = {"article_id": bridges[0], "revision_no": 2}
    assert actions(store, old)[-1] == ("left", "assigner", {**what, "for": new})
    assert actions(store, new)[-1] == ("joined", "assigner", {**what, "from": old})
    with store.read() as conn:
        # it anchored and headed the story that it left
        row = conn.execute(t.stories.select().where(t.stories.c.id == old)).mappings().one()
        assert row["anchor_article_id"] == bridges[1]
        assert row["title"] == text_of("bridge", 1).partition(".")[0]
        assert article_row(conn, bridges[0])["arrival_no"] == 7
        assert count(conn, "features") == 7
    assert_replayed(store)


def test_an_article_that_is_alone_and_near_to_nothing_keeps_its_story_under_its_new_headline(store: Store) -> None:
    article_id = write(store, "a", text_of("bridge", 0))
    app = app_of(store)
    settle(app)
    (before,) = story_of(store, article_id)
    revise(store, article_id, text_of("fire", 0), title="Fire after all")
    settle(app)
    assert story_of(store, article_id) == [before]
    assert actions(store, before)[-1] == ("renewed", "assigner", {"article_id": article_id, "revision_no": 2})
    with store.read() as conn:
        story = stories.get_story(conn, before)
    assert (story.title, story.n_articles) == ("Fire after all", 1)
    assert_replayed(store)


def test_a_story_that_its_only_article_leaves_redirects_to_where_it_went(store: Store) -> None:
    lone, fire = write(store, "a", text_of("bridge", 0)), write(store, "b", text_of("fire", 0))
    app = app_of(store)
    settle(app)
    old, new = story_of(store, lone, fire)
    revise(store, lone, text_of("fire", 1))
    settle(app)
    assert story_of(store, lone, fire) == [new, new]
    with store.read() as conn:
        assert stories.get_story(conn, old).id == new
        assert [one["id"] for one in stories.list_stories(conn)] == [new]
    assert actions(store, old)[-1] == ("merged", "assigner", {"into": new})
    assert_replayed(store)


def test_a_text_that_changes_again_before_its_turn_is_decided_once_by_the_last_one(store: Store) -> None:
    lone, fire = write(store, "a", text_of("bridge", 0)), write(store, "b", text_of("fire", 0))
    app = app_of(store)
    settle(app)
    before = story_of(store, lone, fire)
    revise(store, lone, text_of("fire", 1))
    dedup.run(app)
    assert cluster.run(app).n_done == 1  # it has a new place now, and waits for its turn there
    revise(store, lone, text_of("bridge", 0))
    settle(app)
    assert story_of(store, lone, fire) == before
    with store.read() as conn:
        assert count(conn, "features") == 2
    assert_replayed(store)


def test_an_article_whose_language_changes_leaves_the_stories_of_the_old_one(store: Store) -> None:
    ids = [write(store, f"p{n}", text_of("bridge", n)) for n in range(3)]
    german = write(store, "d", GERMAN, language="de")
    app = app_of(store)  # its assigners are in memory all the time
    settle(app)
    english, hafen = story_of(store, ids[0], german)
    revise(store, ids[0], GERMAN.replace("Montag", "Dienstag"), language="de")
    settle(app)
    later = write(store, "p9", text_of("bridge", 3))
    settle(app)
    assert story_of(store, *ids, german, later) == [hafen, english, english, hafen, english]
    with store.read() as conn:
        assert conn.execute(select(t.stories.c.language).where(t.stories.c.id == hafen)).scalar_one() == "de"
    assert_replayed(store)


def test_a_lone_article_in_another_language_keeps_its_story(store: Store) -> None:
    article_id = write(store, "a", text_of("bridge", 0))
    app = app_of(store)
    settle(app)
    before = story_of(store, article_id)
    revise(store, article_id, GERMAN, language="de")
    settle(app)
    assert story_of(store, article_id) == before
    with store.read() as conn:
        assert stories.get_story(conn, before[0]).language == "de"
    assert_replayed(store)


def test_an_article_that_took_another_language_before_its_turn_arrives_again(store: Store) -> None:
    early = write(store, "a", text_of("bridge", 0), language="de")
    others = [write(store, f"p{n}", text_of("fire", n)) for n in range(2)]
    app = app_of(store)
    with store.begin() as conn:
        conn.execute(update(t.articles).values(match_due_at=None))
        conn.execute(update(t.articles).where(t.articles.c.id == early).values(assign_due_at=NOW + timedelta(days=1)))
    cluster.run(app)
    revise(store, early, text_of("bridge", 1), language="en")
    settle(app)
    with store.read() as conn:
        assert article_row(conn, early)["arrival_no"] == 4
    assert len(set(story_of(store, early, *others))) == 2
    assert_replayed(store)


def test_nothing_joins_a_story_for_the_sake_of_an_article_that_left_it(store: Store) -> None:
    lone, fire = write(store, "a", text_of("bridge", 0)), write(store, "b", text_of("fire", 0))
    app = app_of(store)  # in memory all the time
    settle(app)
    revise(store, lone, text_of("fire", 1))
    settle(app)
    late = write(store, "c", text_of("bridge", 1))
    settle(app)
    moved, other, its = story_of(store, lone, fire, late)
    assert moved == other != its
    assert_replayed(store)


def test_what_was_erased_or_merged_is_no_reason_to_join_and_no_original(store: Store) -> None:
    gone, part, one, two = (
        write(store, name, text_of(event, 0))
        for name, event in (("a", "bridge"), ("b", "fire"), ("c", "bridge"), ("d", "bridge"))
    )
    app = app_of(store)  # in memory all the time
    settle(app)
    with store.begin() as conn:
        assert duplicates.load_originals(conn, [one, two]) == {one: gone, two: gone}
        erasing.erase(conn, Order(article_ids=(gone,), who="op", because="court"), NOW)
    settle(app)
    with store.begin() as conn:
        assert duplicates.load_originals(conn, [one, two]) == {two: one}
        merging.merge_articles(conn, part, one, because="one", now=NOW)
        erasing.erase(conn, Order(article_ids=(two,), who="op", because="court"), NOW)
    late = write(store, "e", text_of("fire", 1))
    settle(app)
    assert len(set(story_of(store, one, late))) == 2
    assert_sound(store, [one, late])


# --- any course of events --------------------------------------------------------------------------------------------


def course(store: Store, events: list[tuple[str, int]]) -> list[ArticleId]:
    """Articles come, change, become one and are erased, stages run in two processes, which start anew; those left."""
    tellings = [(text_of(event, n), "en") for event in EVENTS for n in range(4)] + [(GERMAN, "de")]
    apps = [app_of(store), app_of(store)]
    ids: list[ArticleId] = []
    for what, number in events:
        body, language = tellings[number % len(tellings)]
        app = apps[number % 2]
        if what == "new":
            ids.append(write(store, f"n{number}-{len(events)}-{count_of(store)}", body, language=language))
        elif what == "revise" and ids:
            revise(store, ids[number % len(ids)], body, language=language)
        elif what == "work":
            settle(app)
        elif what == "match":
            dedup.run(app)
        elif what == "assign":
            cluster.run(app)
        elif what == "restart":
            app.memory.clear()
        elif what == "merge" and len(ids) > 1:
            old = ids.pop(number % len(ids))
            with store.begin() as conn:
                merging.merge_articles(conn, old, ids[number % len(ids)], because="one", now=NOW)
        elif what == "erase" and ids:
            with store.begin() as conn:
                order = Order(article_ids=(ids.pop(number % len(ids)),), who="op", because="court")
                erasing.erase(conn, order, NOW)
    settle(apps[0])
    return ids


def count_of(store: Store) -> int:
    with store.read() as conn:
        return count(conn, "article_urls") + count(conn, "tombstones")


def assert_sound(store: Store, ids: list[ArticleId]) -> None:
    """Nothing waits, stories have members and are theirs, old ids lead somewhere, groups are those of today's links."""
    with store.read() as conn:
        due = select(t.articles.c.id).where(
            or_(t.articles.c.match_due_at.is_not(None), t.articles.c.assign_due_at.is_not(None))
        )
        assert conn.execute(due).all() == []
        found = stories.load_stories(conn)
        anchors = dict(conn.execute(select(t.stories.c.id, t.stories.c.anchor_article_id)).all())
        assert {story.id for story in found} == anchors.keys()
        assert sorted(member.id for story in found for member in story.members) == sorted(ids)
        for story in found:
            assert anchors[story.id] in {member.id for member in story.members}
            assert story.title in {member.title for member in story.members}
            assert {member.language for member in story.members} == {story.language}
        redirects = conn.execute(select(t.story_redirects)).mappings().all()
        assert {row["story_id"] for row in redirects} <= anchors.keys()
        assert {row["old_id"] for row in redirects}.isdisjoint(anchors)
        links, _ = duplicates.load_links_around(conn, ids)
        derived = derive_groups(links, duplicates.load_appeared(conn, ids))
        assert duplicates.load_originals(conn, ids) == {one: copy.original_id for one, copy in derived.items()}


@contextmanager
def copy_of(template: Path) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, f"{folder}/monitor.db")
        store = open_store(f"sqlite:///{folder}/monitor.db")
        try:
            yield store
        finally:
            store.close()


STEPS = ["new", "new", "new", "revise", "revise", "revise", "work", "work", "match", "assign", "restart"]


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 99)), max_size=40))
def test_stories_equal_a_replay_of_the_arrivals_whatever_came_when(
    sqlite_template: Path, events: list[tuple[str, int]]
) -> None:
    with copy_of(sqlite_template) as store:
        ids = course(store, events)
        assert_replayed(store)
        assert_sound(store, ids)


ENDS = [*STEPS, "new", "revise", "merge", "erase"]


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(ENDS), st.integers(0, 99)), max_size=40))
def test_stories_and_groups_are_sound_whatever_articles_become_one_or_are_erased(
    sqlite_template: Path, events: list[tuple[str, int]]
) -> None:
    with copy_of(sqlite_template) as store:
        assert_sound(store, course(store, events))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_stories_equal_a_replay_of_the_arrivals_on_both_databases(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    ids = course(store, [(chance.choice(STEPS), chance.randrange(100)) for _ in range(50)])
    assert_replayed(store)
    assert_sound(store, ids)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_stories_and_groups_are_sound_on_both_databases(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    assert_sound(store, course(store, [(chance.choice(ENDS), chance.randrange(100)) for _ in range(50)]))


# --- readers ---------------------------------------------------------------------------------------------------------


def test_readers_are_not_told_again_of_an_article_that_moved_to_another_story(store: Store) -> None:
    daily = DeclaredSubscription(name="daily", recipients=("a@x.example",), hour=12, zone="Etc/UTC")
    with store.begin() as conn:
        subscriptions.save_declared(conn, [daily], NOW)
    bridges = [write(store, f"p{n}", text_of("bridge", n)) for n in range(3)]
    app = app_of(store)
    settle(app)
    told, _ = digest.preview(app, "daily")
    assert [item.n_new for item in told.items] == [3]
    with store.begin() as conn:
        subscription = subscriptions.get_subscription(conn, "daily")
        rendered, mail = digest.preview(app, "daily")
        assert digest.digests.save_digest(conn, rendered, mail, app.clock()) is not None
        assert subscription.id
    revise(store, bridges[0], text_of("fire", 0))
    app = app_of(store, minutes=60)
    settle(app)
    old, new = story_of(store, bridges[1], bridges[0])
    assert old != new
    later, _ = digest.preview(app, "daily")
    assert later.items == ()
    write(store, "q", OWN_REPORT)
    settle(app)
    later, _ = digest.preview(app, "daily")
    assert [(item.story.id, item.n_new, item.is_update) for item in later.items] == [(new, 1, True)]


def n_deadlocks(store: Store) -> int:
    """How often two transactions waited for each other, until PostgreSQL ended one of them."""
    if store.engine.dialect.name == "sqlite":
        return 0
    store.engine.dispose()  # a session counts at its end at the latest
    with store.read() as conn:
        told = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        found: int = conn.execute(text(told)).scalar_one()
    return found


def test_stages_go_on_beside_whoever_revises_merges_and_erases(store: Store) -> None:
    """At the same moment, on PostgreSQL: nobody waits for ever, and what comes of it is sound."""
    ids = [write(store, f"{event}{n}", text_of(event, n % 4)) for n in range(8) for event in EVENTS]
    settle(app_of(store))
    left = list(ids)
    n_turns = 6

    def work() -> None:
        app = app_of(store)
        for _ in range(n_turns * 3):
            dedup.run(app)
            with suppress(LeaseLostError):  # somebody took its stories away meanwhile: the job tries again
                cluster.run(app)

    def end() -> None:
        for turn in range(n_turns):
            for number, article_id in enumerate(left):
                if number % 3 == turn % 3:
                    with suppress(ValueError):  # a stage holds its row just now: no page to claim
                        revise(store, article_id, text_of(("bridge", "fire")[turn % 2], number % 4))
            old = left.pop()
            with store.begin() as conn:
                if turn % 2:
                    merging.merge_articles(conn, old, left[turn], because="one", now=NOW)
                else:
                    erasing.erase(conn, Order(article_ids=(old,), who="op", because="court"), NOW)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work), pool.submit(work), pool.submit(end)]:
            done.result(120)
    with store.begin() as conn:
        conn.execute(update(t.articles).values(match_leased_until=None))
    settle(app_of(store))
    assert_sound(store, left)
    assert n_deadlocks(store) == 0

"""Kept pages read again by the rules of today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

import monitor.extract.stage
import monitor.fetch.stage
from monitor import learning, reextraction
from monitor.jobs import JOBS
from monitor.run_local import work_off
from monitor.store import page_work
from monitor.store import tables as t
from monitor.store.page_work import Chosen
from tests.pipeline.world import World
from tests.stages.site import HOST, Site, body_of, links, page_of, served, stored

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def revisions(world: World) -> list[dict[str, Any]]:
    query = select(t.revisions).order_by(t.revisions.c.article_id, t.revisions.c.revision_no)
    with world.app.store.read() as conn:
        return [dict(row) for row in conn.execute(query).mappings()]


def newsroom(site: Site, *names: str) -> None:
    site.feed(links(*names))
    for name in names:
        site.page(f"/{name}", page_of(f"News of {name}", body_of(name)))


def as_by_older_rules(world: World, name: str) -> None:
    """As if the rules of then had kept a line that those of today leave out."""
    with world.app.store.begin() as conn:
        changed = t.articles.update().where(t.articles.c.title == f"News of {name}")
        conn.execute(changed.values(text=t.articles.c.text + "\nSubscribe to our newsletter"))


def mark(world: World, chosen: Chosen | None = None) -> tuple[int, int]:
    with world.app.store.begin() as conn:
        return page_work.mark_to_reread(conn, chosen or Chosen(), world.app.clock())


def test_a_text_that_comes_out_different_is_saved_and_compared_again(site: Site, database_url: str) -> None:
    newsroom(site, "a", "b")
    with served(site, database_url) as world:
        before = {row["title"]: row["text"] for row in stored(world).values()}
        as_by_older_rules(world, "a")
        assert mark(world) == (2, 0)
        done = reextraction.read_batch(world.app)
        after = stored(world).values()
        found = revisions(world)
        assert work_off(world.app) == 0
    assert (done.n_read, dict(done.counts)) == (2, {"changed": 1, "same": 1})
    assert {row["title"]: row["text"] for row in after} == before
    assert {row["title"]: row["match_due_at"] is not None for row in after} == {"News of a": True, "News of b": False}
    assert [row["kind"] for row in found] == ["first", "reextracted", "first"]
    assert found[1]["n_words_removed"] == 4


def test_the_job_does_nothing_where_nothing_is_due(site: Site, sqlite_url: str) -> None:
    newsroom(site, "a")
    with served(site, sqlite_url) as world:
        assert reextraction.run(world.app).n_done == 0
        mark(world)
        assert reextraction.run(world.app).n_done == 1
        assert reextraction.run(world.app).n_done == 0
    assert [job.name for job in JOBS if job.run is reextraction.run] == ["reextract"]


def test_what_a_stop_leaves_is_gone_on_with(site: Site, database_url: str) -> None:
    newsroom(site, "a", "b")
    with served(site, database_url) as world:
        as_by_older_rules(world, "a")
        mark(world)
        world.app.stop.set()
        assert reextraction.read_batch(world.app).n_read == 0
        world.app.stop.clear()
        with world.app.store.read() as conn:
            assert page_work.count_to_reread(conn) == 2
        assert reextraction.read_batch(world.app).counts["changed"] == 1
        with world.app.store.read() as conn:
            assert page_work.count_to_reread(conn) == 0


def test_two_workers_never_read_one_page_at_once(site: Site, database_url: str) -> None:
    newsroom(site, "a", "b")
    with served(site, database_url) as world:
        mark(world)
        with world.app.store.begin() as conn:
            mine = page_work.claim_to_reread(conn, now=world.app.clock(), lease_s=300, limit=1)
        with world.app.store.begin() as conn:
            theirs = page_work.claim_to_reread(conn, now=world.app.clock(), lease_s=300, limit=9)
    assert len({page.id for page in mine} | {page.id for page in theirs}) == 2
    assert (len(mine), len(theirs)) == (1, 1)


def test_a_text_whose_page_is_not_kept_any_more_is_counted(site: Site, sqlite_url: str) -> None:
    newsroom(site, "a", "b")
    with served(site, sqlite_url) as world:
        (first, _) = stored(world).values()
        with world.app.store.begin() as conn:
            conn.execute(t.pages.delete().where(t.pages.c.article_id == first["id"]))
        assert mark(world) == (1, 1)


def test_rules_that_find_no_text_any_more_leave_the_stored_one(site: Site, sqlite_url: str) -> None:
    newsroom(site, "a")
    with served(site, sqlite_url) as world:
        (before,) = stored(world).values()
        with world.app.store.begin() as conn:
            conn.execute(t.pages.update().values(status=403))
        mark(world)
        assert dict(reextraction.read_batch(world.app).counts) == {"unreadable": 1}
        (after,) = stored(world).values()
    assert (after["text"], after["reextract_due_at"]) == (before["text"], None)


def look_again(world: World) -> None:
    with world.app.store.begin() as conn:
        conn.execute(t.articles.update().values(fetch_due_at=world.clock.now()))
    assert monitor.extract.stage.run(world.app).n_done


@pytest.mark.parametrize(("more", "kind"), [("", "reextracted"), ("<p>Two men were hurt on Tuesday.</p>", "changed")])
def test_a_look_between_learning_a_sentence_and_reading_again_makes_no_news_of_it(
    site: Site, database_url: str, more: str, kind: str
) -> None:
    end, names = "The Paper is printed in Bridgetown on every morning but Sunday.", "abcdef"
    site.feed(links(*names[:4]))
    site.feed(links(*names), name="feed.v2.xml", from_s=600)
    for name in names:
        site.page(f"/{name}", page_of(f"News of {name}", f"{body_of(name)}<p>{end}</p>"))
        site.page(f"/{name}.later", page_of(f"News of {name}", f"{body_of(name)}{more}<p>{end}</p>"))
        site.answers.append({"url": f"http://{HOST}/{name}", "from_s": 3600, "file": f"sites/{HOST}/{name}.later.html"})
    with served(site, database_url) as world:
        world.go_to(HOUR / 2)
        assert monitor.fetch.stage.run(world.app).n_done
        assert monitor.extract.stage.run(world.app).n_done
        assert [row["text"].endswith(end) for row in stored(world).values()] == [True] * len(names)
        learning.run(world.app)
        world.go_to(HOUR)
        look_again(world)
        found = revisions(world)
        assert {row["kind"] for row in found if row["revision_no"] > 1} == {kind}
        reextraction.read_batch(world.app)
        assert len(revisions(world)) == len(found) == 2 * len(names)
        assert not any(end in row["text"] for row in stored(world).values())
        assert {row["n_small_changes"] for row in stored(world).values()} == {int(bool(more))}


POISON = """
CREATE TRIGGER poison BEFORE UPDATE OF text ON articles WHEN NEW.title = 'News of a'
BEGIN SELECT RAISE(ABORT, 'this row is poison'); END
"""


def test_a_page_whose_text_cannot_be_saved_is_set_aside_after_five_tries_and_keeps_no_other_from_its_text(
    site: Site, sqlite_url: str
) -> None:
    newsroom(site, "a", "b")
    with served(site, sqlite_url) as world:
        for name in "ab":
            as_by_older_rules(world, name)
        with world.app.store.begin() as conn:
            conn.execute(text(POISON))
        mark(world)
        counts = [dict(reextraction.read_batch(world.app).counts)]
        for _ in range(6):
            world.clock.jump(world.app.settings.extract.lease_s * SECOND + SECOND)
            counts.append(dict(reextraction.read_batch(world.app).counts))
        rows = {row["title"]: row for row in stored(world).values()}
    assert counts == [{"failed": 1, "changed": 1}, *[{"failed": 1}] * 4, {}, {}]
    left = rows["News of a"]
    assert (left["reason"], left["reextract_due_at"], left["state"]) == ("gave_up", None, "ready")
    assert left["detail"] == "reading its kept page again failed 5 times; the log says how"
    assert left["text"].endswith("newsletter")
    assert not rows["News of b"]["text"].endswith("newsletter")

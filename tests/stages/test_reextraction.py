"""Kept pages read again by the rules of today."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from monitor import reextraction
from monitor.jobs import JOBS
from monitor.run_local import work_off
from monitor.store import page_work
from monitor.store import tables as t
from monitor.store.page_work import Chosen
from tests.pipeline.world import World
from tests.stages.site import Site, body_of, links, page_of, served, stored


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

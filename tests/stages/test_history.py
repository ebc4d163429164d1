"""Looks at pages again: the schedule, revisions, retraction, retries, over real HTTP on loopback."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.config import Extract
from monitor.run_local import work_off
from monitor.store import tables as t
from monitor.store.entries import load_sightings
from monitor.store.stories import load_stories
from tests.pipeline.world import World
from tests.stages.site import HOST, SENTENCE, Site, body_of, links, page_of, served, stored

A = f"http://{HOST}/a"
HOUR = timedelta(hours=1)


def at_hours(world: World, *hours: float) -> None:
    """Work off what is due that long after the start, and somewhat later: looks are late by chance."""
    for hour in hours:
        world.go_to(HOUR * (hour * 1.1 + 0.1))
        assert work_off(world.app) == 0


def revisions(world: World) -> list[dict[str, Any]]:
    query = select(t.revisions).order_by(t.revisions.c.article_id, t.revisions.c.revision_no)
    with world.app.store.read() as conn:
        return [dict(row) for row in conn.execute(query).mappings()]


def n_pages(world: World) -> int:
    with world.app.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(t.pages)).scalar_one())


def only(world: World) -> dict[str, Any]:
    (article,) = stored(world).values()
    return article


def n_asked(world: World) -> int:
    return world.served.n_requests[A]


def later_page(site: Site, body: str, *, title: str = "News of a", from_h: float, until_h: float | None = None) -> None:
    """The page from then on, and until then."""
    name = f"/a.{from_h}"
    site.page(name, page_of(title, body))
    row = {"url": A, "from_s": from_h * 3600, "file": f"sites/{HOST}{name}.html"}
    site.answers.append(row if until_h is None else {**row, "until_s": until_h * 3600})


# --- the schedule --------------------------------------------------------------------------------------------------


def test_a_page_is_looked_at_again_four_times_and_costs_nothing_while_it_stays_the_same(
    site: Site, database_url: str
) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    with served(site, database_url) as world:
        counts = [n_asked(world)]
        for hour in (0.5, 1, 3, 6, 12, 24, 48, 72, 200):
            at_hours(world, hour)
            counts.append(n_asked(world))
        article = only(world)
        assert (n_pages(world), len(revisions(world))) == (1, 1)
    assert counts == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert (article["n_rereads"], article["fetch_due_at"], article["reason"]) == (4, None, None)


def test_an_empty_schedule_looks_at_nothing_again(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    with served(site, sqlite_url, extract=Extract(processes=1, reread_hours=())) as world:
        at_hours(world, 1, 100)
        assert n_asked(world) == 1
        assert only(world)["fetch_due_at"] is None


def test_a_change_in_the_feed_takes_no_look_from_the_schedule(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.feed(links("a"), name="feed.v2.xml", note=" Now updated.", from_s=7200)
    site.page("/a", page_of("News of a", body_of("a")))
    with served(site, sqlite_url) as world:
        at_hours(world, 1)
        assert n_asked(world) == 2
        at_hours(world, 3)
        assert (n_asked(world), only(world)["n_rereads"]) == (3, 1)
        at_hours(world, 6)
        assert (n_asked(world), only(world)["n_rereads"]) == (4, 2)


def test_a_page_is_asked_for_no_sooner_than_45_minutes_after_whatever_came_of_the_last_time(
    site: Site, database_url: str
) -> None:
    site.feed(links("a"))
    for number, minute in enumerate((10, 20, 80), start=1):
        site.feed(links("a"), name=f"feed.v{number}.xml", note=f" Edition {number}.", from_s=minute * 60,
                  until_s=(minute + 10) * 60 if minute < 80 else 1e9)  # fmt: skip
    site.answer("/a", 503, file="empty.html", until_s=2700)
    site.page("/a", page_of("News of a", body_of("a")))
    (site.folder / "empty.html").write_text("")
    asked = {}
    with served(site, database_url) as world:
        for minute in (12, 22, 44, 46, 75, 85, 118, 125):
            world.go_to(timedelta(minutes=minute))
            poll_again(world)
            asked[minute] = n_asked(world)
    # At 75 minutes by the schedule.
    assert asked == {12: 1, 22: 1, 44: 1, 46: 2, 75: 3, 85: 3, 118: 3, 125: 4}


def test_an_article_whose_page_failed_gets_the_pages_text_later(site: Site, database_url: str) -> None:
    site.feed(links("a"))
    site.answer("/a", 403, until_s=1800)
    site.page("/a", page_of("News of a", body_of("a")))
    with served(site, database_url) as world:
        before = only(world)
        at_hours(world, 1)
        after = only(world)
        kinds = [row["kind"] for row in revisions(world)]
    assert (before["method"], before["access"], before["reason"]) == ("feed_summary", "blocked", "forbidden")
    assert (after["method"], after["access"], after["reason"]) == ("page", "ok", None)
    assert kinds == ["first", "changed"]


# --- revisions -----------------------------------------------------------------------------------------------------


def test_a_real_change_is_a_revision_with_its_figures_and_is_compared_again(site: Site, database_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    later_page(site, body_of("a") + "<p>Two more bridges were closed on Tuesday, the mayor said.</p>", from_h=0.5)
    with served(site, database_url) as world:
        at_hours(world, 1)
        first, second = revisions(world)
        article = only(world)
        with world.app.store.read() as conn:
            n_fingerprints = conn.execute(select(func.count()).select_from(t.fingerprints)).scalar_one()
    assert (first["kind"], first["similarity"], first["n_words_added"]) == ("first", None, 0)
    assert (second["kind"], second["n_words_added"], second["n_words_removed"]) == ("changed", 10, 0)
    assert 0.9 < second["similarity"] < 1
    assert (second["title_changed"], second["n_chars"]) == (False, len(article["text"]))
    assert article["text"].endswith("the mayor said.")
    assert (article["n_small_changes"], article["match_due_at"]) == (1, None)
    assert n_fingerprints


@pytest.mark.parametrize(
    "noise",
    [
        "<p>Updated 5 minutes ago</p>",
        "<p>1,234 views</p><p>12 comments</p>",
        "<p>Share on Facebook</p>",
    ],
)
def test_clocks_and_counters_are_no_revision(site: Site, sqlite_url: str, noise: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    later_page(site, noise + body_of("a").replace(".", " .") + noise, from_h=0.5)
    with served(site, sqlite_url) as world:
        before = only(world)
        at_hours(world, 1)
        after = only(world)
        assert len(revisions(world)) == 1
        assert n_pages(world) == 1
    assert after["text"] == before["text"]


def test_a_text_that_lost_most_of_its_words_follows_only_after_a_second_look(site: Site, database_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a", n=12)))
    later_page(site, body_of("a", n=4), from_h=0.5)
    with served(site, database_url) as world:
        before = only(world)
        at_hours(world, 1)
        doubted = only(world)
        assert len(revisions(world)) == 1
        at_hours(world, 2.5)
        after = only(world)
        _, second = revisions(world)
        at_hours(world, 6)
        assert len(revisions(world)) == 2
    assert (doubted["text"], doubted["reason"]) == (before["text"], "shrunk")
    assert doubted["doubted_at"] is not None
    assert (second["kind"], second["n_words"]) == ("shrunk", after["n_words"])
    assert second["n_words_removed"] > second["n_words"]
    assert (after["reason"], after["doubted_at"]) == (None, None)


def test_a_page_that_was_half_loaded_once_leaves_no_trace(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a", n=12)))
    later_page(site, body_of("a", n=3), from_h=0.5, until_h=2)
    with served(site, sqlite_url) as world:
        before = only(world)
        at_hours(world, 1, 2.5)
        after = only(world)
        assert len(revisions(world)) == 1
    assert (after["text"], after["reason"], after["doubted_at"]) == (before["text"], None, None)


def test_a_wall_that_comes_later_is_a_fact_and_the_text_stays(site: Site, database_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    facts = json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", "isAccessibleForFree": False})
    head = f"<script type='application/ld+json'>{facts}</script>"
    site.page("/a.wall", page_of("News of a", body_of("a"), head=head))
    site.answers.append({"url": A, "from_s": 1800, "file": f"sites/{HOST}/a.wall.html"})
    with served(site, database_url) as world:
        at_hours(world, 1)
        article = only(world)
        assert len(revisions(world)) == 1
    assert (article["access"], article["reason"]) == ("ok", "payment_required")
    assert article["detail"] == "could be read before and is now: paywall"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("", "2026-11-19T08:00:00+01:00", ("2026-11-19 07:00", "minute", "meta")),
        ("2026-11-19", "2026-11-19T08:00:00+01:00", ("2026-11-19 07:00", "minute", "meta")),
        ("2026-11-18T09:30:00Z", "2026-11-19T08:00:00Z", ("2026-11-18 09:30", "minute", "meta")),
        ("2026-11-18T09:30:00Z", "2026-11-18", ("2026-11-18 09:30", "minute", "meta")),
    ],
)
def test_a_date_that_a_later_look_finds_is_kept_where_it_is_the_first_or_more_exact(
    site: Site, sqlite_url: str, before: str, after: str, found: tuple[str, str, str]
) -> None:
    def dated(date: str) -> str:
        head = f"<meta property='article:published_time' content='{date}'>" if date else ""
        return page_of("News of a", body_of("a"), head=head)

    site.feed(links("a"))
    site.page("/a", dated(before))
    site.page("/a.later", dated(after))
    site.answers.append({"url": A, "from_s": 1800, "file": f"sites/{HOST}/a.later.html"})
    with served(site, sqlite_url) as world:
        appeared_at = only(world)["appeared_at"]
        at_hours(world, 1)
        article = only(world)
    assert f"{article['published_at']:%Y-%m-%d %H:%M}" == found[0]
    assert (article["published_precision"], article["published_origin"]) == found[1:]
    assert article["appeared_at"] == appeared_at


# --- retraction ----------------------------------------------------------------------------------------------------


def test_a_page_that_is_not_found_twice_is_retracted_and_restored_when_it_is_back(
    site: Site, database_url: str
) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    site.answer("/a", 404, from_s=1800, until_s=10 * 3600)
    with served(site, database_url) as world:
        text = only(world)["text"]
        at_hours(world, 1)
        assert (only(world)["retracted_at"], only(world)["reason"]) == (None, "not_found")
        at_hours(world, 2.5)
        gone = only(world)
        assert [row["kind"] for row in revisions(world)] == ["first", "retracted"]
        at_hours(world, 6, 24)
        back = only(world)
        kinds = [row["kind"] for row in revisions(world)]
    assert (gone["text"], gone["state"]) == (text, "ready")
    assert gone["retracted_at"] is not None
    assert (back["text"], back["retracted_at"], back["reason"]) == (text, None, None)
    assert kinds == ["first", "retracted", "restored"]


def test_a_page_that_is_gone_is_retracted_at_once(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    site.answer("/a", 410, from_s=1800)
    with served(site, sqlite_url) as world:
        at_hours(world, 1)
        article = only(world)
        _, second = revisions(world)
        at_hours(world, 6)
        assert len(revisions(world)) == 2
        with world.app.store.read() as conn:
            (story,) = load_stories(conn)
            (sighting,) = load_sightings(conn, article["id"])
    assert (second["kind"], second["text"], second["title"]) == ("retracted", "", "News of a")
    assert [member.retracted_at for member in story.members] == [article["retracted_at"]]
    assert (sighting["title"], sighting["first_seen_at"]) == ("News of a", article["first_seen_at"])
    assert sighting["last_seen_at"] > sighting["first_seen_at"]
    assert article["text"]


def test_a_page_that_says_that_the_article_was_removed_is_a_retraction(site: Site, database_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    later_page(site, "<p>Dieser Artikel wurde aus rechtlichen Gründen entfernt.</p>", title="Paper", from_h=0.5)
    with served(site, database_url) as world:
        text = only(world)["text"]
        at_hours(world, 1)
        article = only(world)
        _, second = revisions(world)
    assert (second["kind"], second["text"]) == (
        "retracted",
        "Dieser Artikel wurde aus rechtlichen Gründen entfernt.",
    )
    assert article["text"] == text
    assert article["retracted_at"] is not None


# --- retries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 522, 524])
def test_a_failure_that_may_pass_is_tried_again(site: Site, sqlite_url: str, status: int) -> None:
    site.feed(links("a"))
    site.answer("/a", status, until_s=5400)
    site.page("/a", page_of("News of a", body_of("a")))
    with served(site, sqlite_url) as world:
        before = only(world)
        at_hours(world, 1, 3.5)
        after = only(world)
    assert before["method"] == "feed_summary"
    assert before["n_page_failures"] == 1
    assert (after["method"], after["n_page_failures"], after["reason"]) == ("page", 0, None)


def test_retries_end_and_the_feeds_text_stands_with_the_reason(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.answer("/a", 503)
    extract = Extract(processes=1, reread_hours=(), retry_hours=(1, 2))
    with served(site, sqlite_url, extract=extract) as world:
        at_hours(world, 1, 4, 30)
        article = only(world)
        assert n_asked(world) == 3
    assert (article["state"], article["method"], article["reason"]) == ("ready", "feed_summary", "server_error")
    assert article["fetch_due_at"] is None


def test_a_page_that_wishes_to_be_left_alone_is(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.answer("/a", 503, headers={"Retry-After": "20000"})
    with served(site, sqlite_url) as world:
        article = only(world)
        assert article["fetch_due_at"] - world.clock.now() > 5 * HOUR


def test_a_page_that_is_not_there_at_first_is_looked_for_once_more(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.answer("/a", 404)
    with served(site, sqlite_url) as world:
        at_hours(world, 1)
        assert n_asked(world) == 2
        at_hours(world, 6, 24, 72)
        article = only(world)
        assert n_asked(world) == 2
    assert (article["access"], article["reason"], article["fetch_due_at"]) == ("gone", "not_found", None)
    assert (article["retracted_at"], article["state"]) == (None, "ready")


def test_a_page_that_changes_a_little_for_ever_adds_24_revisions_and_larger_changes_still_count(
    site: Site, sqlite_url: str
) -> None:
    hours = tuple(range(1, 31))
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a", n=10)))
    for hour in hours[:-1]:
        later_page(
            site,
            body_of("a", n=10) + f"<p>The bridge has {hour + 100} arches today.</p>",
            from_h=hour - 0.9,
            until_h=hour + 0.1,
        )
    more = "".join(f"<p>{SENTENCE.format(name='another town', n=n)}</p>" for n in range(9))
    later_page(site, body_of("a", n=10) + more, from_h=hours[-1] - 0.9)
    with served(site, sqlite_url, extract=Extract(processes=1, reread_hours=hours[:20])) as world:
        for hour in range(1, 32):
            world.go_to(HOUR * (hour + 0.2))
            assert work_off(world.app) == 0
            if hour >= 20:
                ask_again(world)
        found = revisions(world)
        article = only(world)
    assert article["n_small_changes"] == 24
    assert len(found) == 1 + 24 + 1
    assert article["text"].count("another town") == 9


def ask_again(world: World) -> None:
    with world.app.store.begin() as conn:
        conn.execute(t.articles.update().values(fetch_due_at=world.clock.now()))


def poll_again(world: World) -> None:
    with world.app.store.begin() as conn:
        conn.execute(t.feeds.update().values(next_poll_at=world.clock.now()))
    assert work_off(world.app) == 0

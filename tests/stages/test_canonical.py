"""By which URL an article is known once its page was read, over real HTTP on loopback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from monitor.run_local import work_off
from monitor.store import articles
from tests.pipeline.world import World
from tests.stages.site import HOST, Site, body_of, links, page_of, served, stored

AMP_HOST = "paper-amp.example"
FULL = f"http://{HOST}/news/bridge"
TITLE = "Old bridge closed for a year"


def canonical(url: str) -> str:
    return f"<link rel='canonical' href='{url}'>"


def urls(world: World) -> set[tuple[str, str]]:
    with world.app.store.read() as conn:
        return {tuple(row) for row in conn.execute(text("SELECT kind, url FROM v_article_urls"))}


@pytest.mark.parametrize(
    "variant", [f"http://amp.{HOST}/bridge", f"http://m.{HOST}/bridge", f"http://{HOST}/amp/bridge"]
)
def test_a_variant_for_readers_on_the_move_is_known_by_what_it_names_as_canonical(
    site: Site, database_url: str, variant: str
) -> None:
    site.feed({f"{variant}?utm_source=rss": TITLE, FULL: TITLE})
    host, _, path = variant.removeprefix("http://").partition("/")
    site.page(f"/{path}", page_of(TITLE, body_of("Bridgetown"), head=canonical(FULL)), host=host)
    site.page("/news/bridge", page_of(TITLE, body_of("Bridgetown"), head=canonical(FULL)))
    with served(site, database_url) as world:
        assert set(stored(world)) == {FULL}
        assert {("canonical", FULL), ("declared", FULL), ("entry", FULL)} < urls(world)
        assert ("entry", f"{variant}?utm_source=rss") in urls(world)
        with world.app.store.read() as conn:
            assert articles.find_article(conn, [variant]) is not None
            assert conn.execute(text("SELECT COUNT(*) FROM v_sightings")).scalar_one() == 2


def source(domain: str, family: str, *hosts: str) -> str:
    return f"[[source]]\ndomain = '{domain}'\nname = '{domain}'\nfamily = '{family}'\n" + (
        f"hosts = {list(hosts)}\n" if hosts else ""
    )


@pytest.mark.parametrize(
    ("publishers", "expected"),
    [
        ("", f"http://{AMP_HOST}/bridge"),
        (source(HOST, "P", AMP_HOST), FULL),
        (source(HOST, "P") + source(AMP_HOST, "P"), FULL),
        (source(HOST, "P") + source(AMP_HOST, "Q"), f"http://{AMP_HOST}/bridge"),
    ],
    ids=["a stranger", "a host of the source", "the same family", "another family"],
)
def test_a_declared_url_counts_only_within_the_publisher_and_is_kept_in_any_case(
    site: Site, sqlite_url: str, publishers: str, expected: str
) -> None:
    site.feed({f"http://{AMP_HOST}/bridge": TITLE})
    site.page("/bridge", page_of(TITLE, body_of("Bridgetown"), head=canonical(FULL)), host=AMP_HOST)
    if publishers:
        (site.folder / "publishers.toml").write_text(publishers, "utf-8")
    with served(site, sqlite_url) as world:
        assert set(stored(world)) == {expected}
        assert {
            ("canonical", expected),
            ("declared", FULL),
            ("final", f"http://{AMP_HOST}/bridge"),
            ("entry", f"http://{AMP_HOST}/bridge"),
        } <= urls(world)
        with world.app.store.read() as conn:
            assert (articles.find_article(conn, [FULL]) is None) is (expected != FULL)


def test_a_redirect_keeps_where_it_started_and_where_it_ended(site: Site, sqlite_url: str) -> None:
    short = "http://short.example/2"
    site.feed({short: TITLE})
    site.redirect(short, f"{FULL}?utm_source=short")
    site.page("/news/bridge", page_of(TITLE, body_of("Bridgetown")))
    with served(site, sqlite_url) as world:
        assert set(stored(world)) == {FULL}
        assert {("entry", short), ("canonical", FULL), ("final", f"{FULL}?utm_source=short")} <= urls(world)


def test_an_aggregators_link_is_not_asked_for_and_its_article_is_told_to_be_one(site: Site, sqlite_url: str) -> None:
    link = "http://news.google.com/rss/articles/CBMiK0FVX3lxTE9kZWFkYmVlZg?oc=5"
    site.feed({link: TITLE})
    wall = page_of("Before you continue", body_of("consent"))
    site.page("/rss/articles/CBMiK0FVX3lxTE9kZWFkYmVlZg", wall, host="news.google.com")
    with served(site, sqlite_url) as world:
        (article,) = stored(world).values()
        assert world.served.n_requests[link] == 0
    assert (article["url"], article["access"], article["method"]) == (link, "none", "feed_summary")
    assert (article["origin"], article["domain"]) == ("aggregator", HOST)
    assert "consent" not in article["text"]


def test_a_link_that_ends_on_a_consent_page_takes_no_text_from_it(site: Site, sqlite_url: str) -> None:
    site.feed({"http://short.example/2": TITLE})
    site.redirect("http://short.example/2", "http://consent.google.com/m")
    site.page("/m", page_of("Before you continue", body_of("consent")), host="consent.google.com")
    with served(site, sqlite_url) as world:
        (article,) = stored(world).values()
    kept = (article["url"], article["access"], article["method"])
    assert kept == ("http://short.example/2", "consent", "feed_summary")
    assert "consent" not in article["text"]


def test_a_search_alert_leads_to_the_publishers_page(site: Site, sqlite_url: str) -> None:
    site.feed({f"http://www.google.com/url?rct=j&url={FULL}&ct=ga": TITLE})
    site.page("/news/bridge", page_of(TITLE, body_of("Bridgetown")))
    with served(site, sqlite_url) as world:
        (article,) = stored(world).values()
    assert (article["url"], article["access"], article["origin"]) == (FULL, "ok", "own")


def test_a_page_that_failed_at_first_is_known_by_the_canonical_url_that_it_names_later(
    site: Site, database_url: str
) -> None:
    site.feed(links("a"))
    site.feed(links("a", "b"), name="feed.v2.xml", from_s=2 * 3600)
    head = f"<link rel='canonical' href='http://{HOST}/b'>"
    site.answer("/a", 403, until_s=1800)
    for path in ("/a", "/b"):
        site.page(path, page_of("News of a", body_of("Aville"), head=head))
    with served(site, database_url) as world:
        for hours in (1.2, 3):
            world.go_to(timedelta(hours=hours))
            assert work_off(world.app) == 0
        assert [row["url"] for row in stored(world).values()] == [f"http://{HOST}/a"]


def test_a_live_page_that_names_what_is_gone_is_an_article_of_its_own(site: Site, database_url: str) -> None:
    a, copy = f"http://{HOST}/a", f"http://{HOST}/copy"
    head = canonical(a)
    site.feed({a: "News of a"})
    site.feed({a: "News of a", copy: "News of a"}, name="feed.v2.xml", from_s=2 * 3600)
    for path in ("/a", "/copy"):
        site.page(path, page_of("News of a", body_of("Aville"), head=head))
    site.answer("/a", 410, from_s=1800)
    with served(site, database_url) as world:
        for hours in (1.2, 3):
            world.go_to(timedelta(hours=hours))
            assert work_off(world.app) == 0
        found = stored(world)
        assert {url: row["retracted_at"] is not None for url, row in found.items()} == {a: True, copy: False}
        assert found[copy]["declared_url"] == a

"""How far a page could be reached, and why it gave no text: over real HTTP, with a feed that has a text and without."""

from __future__ import annotations

import json
from html import escape

import pytest

from tests.stages.site import HOST, Site, body_of, page_of, served, stored
from tests.stages.test_history import at_hours, later_page, links, only, revisions

_NOT_FREE = json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", "isAccessibleForFree": False})
_NOT_FREE_HEAD = f"<script type='application/ld+json'>{_NOT_FREE}</script>"
_CONSENT = (
    "<p>We and our partners use cookies to process your personal data.</p><p>Your privacy: consent to our vendors.</p>"
    "<form action='/consent'><button>Accept all</button><button>Reject all</button></form>"
)
_SCRIPTS = (
    "<html><head><title>App</title></head><body><div id='root'></div><noscript>Please enable JavaScript.</noscript>"
    "<script src='a.js'></script><script src='b.js'></script><script src='c.js'></script></body></html>"
)
_CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1>"
    "<script>window._cf_chl_opt={}</script></body></html>"
)
_SOFT_404 = page_of("Page not found - Paper", "<p>Sorry, what you want is not here.</p>").replace("article>", "div>")
_PAGES = {
    "wall": (page_of("Behind a wall", "", head=_NOT_FREE_HEAD), "paywall", "payment_required"),
    "consent": (page_of("Before you continue", _CONSENT), "consent", "consent"),
    "scripts": (_SCRIPTS, "js_only", "js_only"),
    "challenge": (_CHALLENGE, "blocked", "challenge"),
    "soft404": (_SOFT_404, "gone", "not_found"),
    "print": ("%PDF-1.4 no page", "failed", "pdf"),
}
_STATUSES = {
    401: ("paywall", "unauthorized"),
    402: ("paywall", "payment_required"),
    451: ("paywall", "legal"),
    403: ("blocked", "forbidden"),
    404: ("gone", "not_found"),
    410: ("gone", "gone"),
    522: ("failed", "server_error"),
}


def feed_of(site: Site, names: list[str], *, has_summary: bool) -> None:
    """A feed of headlines, with a sentence for each or without."""
    items = "".join(
        f"<item><guid>{name}</guid><link>http://{HOST}/{name}</link><title>The council and {name}</title>"
        f"{f'<description>The council spoke about {escape(name)} today.</description>' if has_summary else ''}</item>"
        for name in names
    )
    file = site.folder / "sites" / HOST / "feed.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<rss version='2.0'><channel><title>Paper</title>{items}</channel></rss>", "utf-8")


@pytest.mark.parametrize("has_summary", [True, False])
def test_every_wall_and_failure_ends_in_its_access_and_reason_whatever_the_feed_has(
    site: Site, database_url: str, has_summary: bool
) -> None:
    for name, (content, _, _) in _PAGES.items():
        site.page(f"/{name}", content)
    for status in _STATUSES:
        site.answer(f"/{status}", status)
    site.page("/robots", page_of("Hidden", body_of("hidden")))
    site.robots("User-agent: *\nDisallow: /robots\n")
    feed_of(site, [*_PAGES, *map(str, _STATUSES), "robots"], has_summary=has_summary)
    with served(site, database_url) as world:
        found = {url.rsplit("/", 1)[1]: row for url, row in stored(world).items()}
    wanted = {
        **{name: (access, reason) for name, (_, access, reason) in _PAGES.items()},
        **{str(status): told for status, told in _STATUSES.items()},
        "robots": ("robots", "robots"),
    }
    assert {name: (row["access"], row["reason"]) for name, row in found.items()} == wanted
    methods = {row["method"] for row in found.values()}
    assert methods == ({"feed_summary"} if has_summary else {None})


def test_short_reports_about_error_pages_are_articles(site: Site, sqlite_url: str) -> None:
    titles = ["404 Media wins a prize", "Oops, wrong number: mayor calls the zoo", "Not found guilty: mayor walks free"]
    names = {f"http://{HOST}/{number}": title for number, title in enumerate(titles)}
    for number, title in enumerate(titles):
        site.page(f"/{number}", page_of(title, f"<p>{title}, the town hall said in a short statement on Monday.</p>"))
    site.feed(names)
    with served(site, sqlite_url) as world:
        found = {(row["access"], row["method"], row["reason"]) for row in stored(world).values()}
    assert found == {("ok", "page", None)}


def test_a_page_that_is_not_found_with_status_200_is_retracted_after_two_looks(site: Site, database_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    site.page("/gone", _SOFT_404)
    site.answers.append(
        {"url": f"http://{HOST}/a", "from_s": 1800, "until_s": 36_000, "file": f"sites/{HOST}/gone.html"}
    )
    with served(site, database_url) as world:
        text = only(world)["text"]
        at_hours(world, 1)
        doubted = only(world)
        assert [row["kind"] for row in revisions(world)] == ["first"]
        at_hours(world, 2.5)
        gone = only(world)
        at_hours(world, 24)
        back = only(world)
        kinds = [row["kind"] for row in revisions(world)]
    assert (doubted["reason"], doubted["detail"]) == ("not_found", "the page says that there is none")
    assert (doubted["retracted_at"], doubted["access"], doubted["text"]) == (None, "ok", text)
    assert gone["retracted_at"] is not None
    assert (back["retracted_at"], back["text"], back["reason"]) == (None, text, None)
    assert kinds == ["first", "retracted", "restored"]


def test_a_wall_in_place_of_a_text_that_was_read_leaves_the_text(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.page("/a", page_of("News of a", body_of("a")))
    later_page(site, _CONSENT, title="Before you continue", from_h=0.5)
    with served(site, sqlite_url) as world:
        text = only(world)["text"]
        at_hours(world, 1)
        article = only(world)
        assert len(revisions(world)) == 1
    assert (article["text"], article["access"], article["reason"]) == (text, "ok", "consent")

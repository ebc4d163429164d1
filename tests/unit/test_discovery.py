from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.discovery import (
    MAX_REQUESTS,
    Candidate,
    Discovery,
    How,
    Reading,
    begin,
    found,
    learn,
    leave_host,
    max_redirects,
    plan_next,
)
from monitor.fetch.links import Link, PageLinks
from monitor.types import Hop, ParsedEntry, ParsedFeed, Reason

PAGE = "https://a.example/blog/post"
NEWEST = datetime(2026, 1, 6, tzinfo=UTC)
FEED = ParsedFeed(
    format="rss20",
    title="The Post",
    url=None,
    language=None,
    entries=(
        ParsedEntry(guid="1", url=None, title="x", published_at=NEWEST),
        ParsedEntry(guid="2", url=None, title="y"),
    ),
)
NOT_FOUND = Reading(final_url="", status=404, reason=Reason.NOT_FOUND)
BLANK = PageLinks()


def page(**links: object) -> Reading:
    return Reading(final_url="", status=200, page=replace(BLANK, **links))  # type: ignore[arg-type]


def feed(**values: object) -> Reading:
    return Reading(final_url="", status=200, feed=FEED, **values)  # type: ignore[arg-type]


def named(*urls: str) -> tuple[Link, ...]:
    return tuple(Link(url=f"https://a.example{url}") for url in urls)


def run(answers: dict[str, Reading], url: str = PAGE, *, otherwise: Reading = NOT_FOUND) -> Discovery:
    """A whole discovery with the answers of a site by URL."""
    state = begin(url)
    while (candidate := plan_next(state)) is not None:
        reading = answers.get(candidate.url, otherwise)
        final_url = reading.final_url or candidate.url
        state = learn(state, candidate, replace(reading, final_url=final_url))
    return state


def asked(state: Discovery) -> list[str]:
    return [one.url.removeprefix("https://a.example") for one in state.asked]


def test_an_address_that_is_a_feed_is_asked_for_once_and_that_is_all() -> None:
    state = run({PAGE: feed()})
    assert asked(state) == ["/blog/post"]
    (find,) = found(state)
    assert (find.url, find.how, find.title, find.format) == (PAGE, How.ITSELF, "The Post", "rss20")
    assert (find.n_entries, find.newest_at, find.is_tried) == (2, NEWEST, True)


def test_the_feeds_that_a_page_declares_come_first_then_robots_txt() -> None:
    robots = Reading(final_url="", status=200, robots=b"Sitemap: https://a.example/news.xml")
    answers = {
        PAGE: page(
            declared=named("/1", "/2", "/3", "/4", "/5"), anchors=named("/rss"), canonical_url="https://a.example/c"
        ),
        "https://a.example/robots.txt": robots,
        **{f"https://a.example/{number}": feed() for number in range(1, 6)},
        "https://a.example/news.xml": feed(),
    }
    state = run(answers)
    assert asked(state) == ["/blog/post", "/1", "/2", "/3", "/robots.txt", "/news.xml"]
    assert [(find.url[-2:], find.is_tried) for find in found(state)] == [
        ("/1", True),
        ("/2", True),
        ("/3", True),
        ("ml", True),
        ("/4", False),
        ("/5", False),
    ]
    assert found(state)[3].how is How.SITEMAP


def test_where_nothing_is_declared_the_canonical_page_is_read_too() -> None:
    state = run({PAGE: page(canonical_url="https://a.example/c"), "https://a.example/c": page(declared=named("/f"))})
    assert asked(state)[:3] == ["/blog/post", "/c", "/f"]


def test_anchors_and_well_known_places_are_for_pages_that_declare_nothing() -> None:
    state = run({PAGE: page(anchors=named("/r1", "/r2", "/r3")), "https://a.example/feed/": feed()})
    assert asked(state) == ["/blog/post", "/r1", "/r2", "/robots.txt", "/feed/"]
    assert [find.how for find in found(state)] == [How.WELL_KNOWN]


def test_a_page_of_feeds_behind_an_anchor_is_read() -> None:
    answers = {PAGE: page(anchors=named("/rss")), "https://a.example/rss": page(anchors=named("/rss/world.xml"))}
    assert asked(run(answers))[:3] == ["/blog/post", "/rss", "/rss/world.xml"]


def test_guesses_that_nobody_named_are_not_told_as_feeds() -> None:
    state = run({PAGE: page()})
    assert len(state.asked) == MAX_REQUESTS
    assert found(state) == ()


def test_what_a_platform_has_is_asked_for_before_the_page() -> None:
    url = "https://github.com/a/b"
    state = run({f"{url}/releases.atom": feed()}, url)
    assert [one.url for one in state.asked] == [f"{url}/releases.atom"]
    assert [(find.title, find.is_tried) for find in found(state)] == [
        ("The Post", True),
        ("tags", False),
        ("commits", False),
    ]
    assert [one.how for one in run({}, "https://medium.com/@ann").asked][:2] == [How.PLATFORM, How.ITSELF]


@pytest.mark.parametrize(
    "answer",
    [
        Reading(final_url="", status=429, reason=Reason.RATE_LIMITED),
        Reading(final_url="", status=503, reason=Reason.SERVER_ERROR),
        Reading(final_url="", status=403, reason=Reason.CHALLENGE),
        Reading(final_url="", reason=Reason.DNS),
        Reading(final_url="", reason=Reason.TIMEOUT),
    ],
)
def test_a_host_that_cannot_or_will_not_answer_is_left_alone(answer: Reading) -> None:
    assert asked(run({}, otherwise=answer)) == ["/blog/post"]


def test_a_host_that_is_busy_is_left_alone_and_others_are_asked() -> None:
    links = (Link(url="https://b.example/f"), *named("/f"))
    state = learn(begin(PAGE), Candidate(url=PAGE, how=How.ITSELF), replace(page(declared=links), final_url=PAGE))
    state = leave_host(state, "a.example")
    assert plan_next(state) == Candidate(url="https://b.example/f", how=How.LINK)
    assert plan_next(leave_host(state, "b.example")) is None


def test_a_missing_page_still_lets_robots_txt_and_well_known_places_be_tried() -> None:
    assert asked(run({}))[:3] == ["/blog/post", "/robots.txt", "/feed/"]


def test_addresses_that_are_not_to_be_asked_again_are_not() -> None:
    state = begin("https://a.example/", not_again=["https://a.example/feed/"])
    while (candidate := plan_next(state)) is not None:
        state = learn(state, candidate, replace(NOT_FOUND, final_url=candidate.url))
    assert "/feed/" not in asked(state)
    assert len(asked(state)) == MAX_REQUESTS


def test_redirects_count_as_requests_and_the_last_may_not_follow_any() -> None:
    hops = (Hop(status=302, url=PAGE), Hop(status=302, url="https://a.example/x"))
    state = run({PAGE: replace(page(), hops=hops, final_url="https://a.example/y")})
    assert state.n_requests == MAX_REQUESTS
    assert len(state.asked) == MAX_REQUESTS - len(hops)
    assert max_redirects(replace(state, n_requests=MAX_REQUESTS - 1)) == 0
    assert max_redirects(begin(PAGE)) == 3


def test_an_answer_that_leads_to_one_already_read_is_learned_once() -> None:
    hop = (Hop(status=301, url="https://a.example/2"),)
    answers = {
        PAGE: page(declared=named("/1", "/2")),
        "https://a.example/1": feed(),
        "https://a.example/2": Reading(final_url="https://a.example/1", status=200, feed=FEED, hops=hop),
    }
    assert [find.url for find in found(run(answers)) if find.is_tried] == ["https://a.example/1"]


@pytest.mark.parametrize(("status", "url"), [(301, "https://a.example/new"), (302, PAGE)])
def test_the_address_of_a_feed_is_where_permanent_redirects_lead(status: int, url: str) -> None:
    moved = Reading(final_url="https://a.example/new", status=200, feed=FEED, hops=(Hop(status=status, url=PAGE),))
    assert [find.url for find in found(run({PAGE: moved}))] == [url]


def test_what_the_guard_refuses_costs_no_request() -> None:
    links = tuple(Link(url=f"http://10.0.0.{number}/f") for number in range(10))
    blocked = Reading(final_url="", reason=Reason.BLOCKED_ADDRESS)
    answers = {PAGE: page(declared=links), **{link.url: blocked for link in links}}
    state = run(answers)
    assert state.n_requests == MAX_REQUESTS
    assert len(state.asked) == MAX_REQUESTS + len(links)


paths = st.sampled_from(["/", "/1", "/2", "/feed/", "/rss.xml", "/robots.txt", "/a/b"])
site_links = st.lists(paths, max_size=6).map(lambda chosen: named(*chosen))
pages = st.builds(
    PageLinks,
    declared=site_links,
    anchors=site_links,
    canonical_url=st.none() | paths.map("https://a.example{}".format),
    is_wordpress=st.booleans(),
)
readings = st.one_of(
    pages.map(lambda links: Reading(final_url="", status=200, page=links)),
    st.just(NOT_FOUND),
    st.just(feed()),
    st.just(Reading(final_url="", status=200, robots=b"Sitemap: /news.xml\nSitemap: /1?news")),
    st.tuples(paths, st.integers(1, 3)).map(
        lambda way: Reading(
            final_url=f"https://a.example{way[0]}",
            status=404,
            hops=tuple(Hop(status=301, url=f"https://a.example/hop{number}") for number in range(way[1])),
            reason=Reason.NOT_FOUND,
        )
    ),
)


@given(st.dictionaries(paths.map("https://a.example{}".format), readings), readings)
def test_whatever_a_site_answers_it_is_asked_few_times_and_nothing_twice(
    answers: dict[str, Reading], otherwise: Reading
) -> None:
    state = begin("https://a.example/a/b")
    while (candidate := plan_next(state)) is not None:
        reading = answers.get(candidate.url, otherwise)
        hops = reading.hops[: max_redirects(state)]
        final_url = (hops and reading.final_url) or candidate.url
        state = learn(state, candidate, replace(reading, final_url=final_url, hops=hops))
    assert state.n_requests <= MAX_REQUESTS
    assert len(asked(state)) == len(set(asked(state)))

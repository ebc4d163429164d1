"""Feeds made to break a reader, in real worker processes with their memory cap and deadline.

Whatever becomes of a hostile feed, the sound feeds in the same run are read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import Settings
from monitor.fetch.entries import MAX_TAGS
from monitor.fetch.stage import parse_response
from monitor.types import ParsedFeed, Reason
from monitor.workers import WorkerPool, WorkFailure

URL = "https://news.example/feed.xml"
DEADLINE_S = 5.0
GOOD = b'<rss version="2.0"><channel><title>Good</title><item><title>One</title><link>/1</link></item></channel></rss>'


def rss(items: str, before: str = "") -> bytes:
    return f'{before}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


def laughs() -> bytes:
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    return rss("<item><title>&j;</title></item>", f"<!DOCTYPE rss [{entities}]>")


def xxe(system: str) -> bytes:
    return rss("<item><title>&x;</title></item>", f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{system}">]>')


def quadratic() -> bytes:
    return rss(f"<item><title>{'&a;' * 20_000}</title></item>", f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>')


def categories() -> bytes:
    return rss("<item><title>x</title>" + "".join(f"<category>tag {n}</category>" for n in range(20_000)) + "</item>")


def malformed() -> bytes:
    item = "<item><title>A & B</title><link>/1</link><description>" + "words " * 100 + "</description></item>"
    return rss(item * (10_000_000 // len(item)))


def nested() -> bytes:
    return rss("<item><title>x</title>" + "<a>" * 100_000 + "</a>" * 100_000 + "</item>")


HOSTILE: dict[str, tuple[bytes, frozenset[Reason | type[ParsedFeed]]]] = {
    "billion laughs": (laughs(), frozenset({Reason.ENTITIES})),
    "a file as entity": (xxe("file:///etc/passwd"), frozenset({Reason.ENTITIES})),
    "an address as entity": (xxe("http://127.0.0.1:9/x"), frozenset({Reason.ENTITIES})),
    "quadratic entities": (quadratic(), frozenset({Reason.ENTITIES})),
    "20,000 categories": (categories(), frozenset({ParsedFeed})),
    # feedparser's loose parser takes what it takes: a fast machine may read these within the deadline.
    "10 MB malformed": (malformed(), frozenset({ParsedFeed, Reason.PARSE_TIMEOUT, Reason.OUT_OF_MEMORY})),
    "100,000 nested tags": (nested(), frozenset({ParsedFeed, Reason.PARSE_TIMEOUT, Reason.NOT_A_FEED})),
    "a CDATA section without end": (
        rss("<item><title>x</title><description><![CDATA[" + "<p>words " * 20_000),
        frozenset({ParsedFeed}),
    ),
    "NUL bytes": (GOOD.replace(b"One", b"O\x00n\x00e").replace(b"</", b"\x00</"), frozenset({ParsedFeed})),
    "a web page": (b"<!DOCTYPE html><html><body><p>Sign in</p></body></html>", frozenset({Reason.NOT_A_FEED})),
    "an empty body": (b"", frozenset({Reason.EMPTY})),
    "deep JSON": (b'{"items":' + b"[" * 1_000_000, frozenset({Reason.NOT_A_FEED})),
    "JSON of many items": (
        b'{"version":"https://jsonfeed.org/version/1.1","items":[' + b",".join([b'{"tags":["a"]}'] * 200_000) + b"]}",
        frozenset({ParsedFeed}),
    ),
    "a sitemap that declares entities": (
        b'<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
        frozenset({Reason.ENTITIES}),
    ),
    "deep sitemap": (b"<urlset>" + b"<url>" * 200_000, frozenset({Reason.NOT_A_FEED})),
}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[ParsedFeed | Reason | WorkFailure, ParsedFeed | Reason | WorkFailure]]:
    """What became of each hostile feed and of the sound feed that came after it, all in one run."""
    bodies = [body for hostile, _ in HOSTILE.values() for body in (hostile, GOOD)]
    with WorkerPool(n_processes=2, memory_max_bytes=Settings().extract.memory_max_bytes) as workers:
        results = workers.run(
            parse_response,
            [(body, URL, "application/xml") for body in bodies],
            deadline_s=DEADLINE_S,
            timeout_reason=Reason.PARSE_TIMEOUT,
        )
    return dict(zip(HOSTILE, zip(results[::2], results[1::2], strict=True), strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_feed_ends_as_a_feed_or_a_reason_and_no_other_suffers(
    name: str, outcomes: dict[str, tuple[ParsedFeed | Reason | WorkFailure, ParsedFeed | Reason | WorkFailure]]
) -> None:
    result, neighbour = outcomes[name]
    outcome = result.reason if isinstance(result, WorkFailure) else result
    _, allowed = HOSTILE[name]
    assert (type(outcome) if isinstance(outcome, ParsedFeed) else outcome) in allowed
    assert isinstance(neighbour, ParsedFeed)
    assert [entry.title for entry in neighbour.entries] == ["One"]


def test_nothing_of_a_file_is_read(
    outcomes: dict[str, tuple[ParsedFeed | Reason | WorkFailure, ParsedFeed | Reason | WorkFailure]],
) -> None:
    passwd = Path("/etc/passwd").read_text("utf-8").splitlines()[0]
    assert all(passwd not in repr(result) for pair in outcomes.values() for result in pair)


def test_of_20_000_categories_the_first_are_kept(
    outcomes: dict[str, tuple[ParsedFeed | Reason | WorkFailure, ParsedFeed | Reason | WorkFailure]],
) -> None:
    feed, _ = outcomes["20,000 categories"]
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].tags == tuple(f"tag {number}" for number in range(MAX_TAGS))


def test_nul_bytes_leave_the_text_as_it_was(
    outcomes: dict[str, tuple[ParsedFeed | Reason | WorkFailure, ParsedFeed | Reason | WorkFailure]],
) -> None:
    feed, _ = outcomes["NUL bytes"]
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].title == "One"

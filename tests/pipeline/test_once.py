"""What `once` waits for and what it leaves to the next run; and that no feed or page, however odd, stops it."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from monitor.config import Politeness
from monitor.run_local import work_off
from tests.pipeline.gold import read_made
from tests.pipeline.mails import n_headers
from tests.pipeline.small_newsroom import make_newsroom
from tests.pipeline.world import World, parsed, parts, running


def _answer_first(newsroom: Path, row: dict[str, Any]) -> None:
    file = newsroom / "newsroom.json"
    described = json.loads(file.read_text("utf-8"))
    described["answers"].insert(0, row)
    file.write_text(json.dumps(described), "utf-8")


def _work_off_within(world: World, seconds: float) -> bool:
    """Whether everything was done in time; else it is stopped."""
    watchdog = threading.Timer(seconds, world.app.stop.set)
    watchdog.start()
    try:
        assert work_off(world.app) == 0
        return not world.app.stop.is_set()
    finally:
        watchdog.cancel()


def test_a_host_that_asks_to_be_left_alone_does_not_keep_once_waiting(sqlite_url: str, tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    busy, _, other = [item for item in make_newsroom(newsroom, n_days=1) if item.host != "lavallee.example"][1:]
    assert (busy.host, other.host) == ("coastpost.example", "coastpost.example")
    for item in (busy, other):
        _answer_first(newsroom, {"url": item.url, "until_s": 7200, "status": 429, "headers": {"Retry-After": "7200"}})
    one_by_one = Politeness(host_spacing_s=0, host_at_once=1, source_spacing_s=0)
    with running(newsroom, sqlite_url, politeness=one_by_one) as world:
        assert _work_off_within(world, 60)
        # One of the two pages was refused and is known by what its feed says; the other was not asked for any more.
        assert sum(world.served.n_requests[item.url] for item in (busy, other)) == 1
        first = read_made(world.app.store)
        assert len([url for url in (busy.url, other.url) if first.articles[url]["state"] == "ready"]) == 1
        world.go_to(timedelta(hours=3))
        assert _work_off_within(world, 60)
        made = read_made(world.app.store)
        assert {made.articles[item.url]["access"] for item in (busy, other)} == {"ok"}
        assert {made.articles[item.url]["method"] for item in (busy, other)} == {"page"}
        assert {what: n for what, n in made.n_due.items() if n} == {}


LONG = "Überlange Wörter\u202e und \u2028Zeilen, "
_ODD_FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>{long}</title><link>http://odd.example/{path}</link><language>{path}</language><ttl>99999999999</ttl>
<item><guid>{path}{path}</guid><title>{long}</title><link>http://odd.example/long/{path}</link>
<author>{long}</author>
<category>{long}</category><pubDate>Mon, 32 Foo 20266 99:99:99 +9999</pubDate>
<description>{long}</description></item>
<item><guid>two</guid><title>Zero &#x0; half &#xD83D; escape \x1b[31m bell \x07</title>
<link>http://odd.example/two</link><pubDate>Thu, 01 Jan 0001 00:00:00 GMT</pubDate>
<description>Nothing \x00 of it may stop you from reading on, not even &#55357; half a letter.</description></item>
<item><guid>three</guid><title></title><link>http://odd.example/three</link>
<pubDate>31 Dec 9999 23:59:59 +0000</pubDate><content:encoded><![CDATA[<p>{long}</p>]]></content:encoded></item>
<item><title>Neither link nor guid</title><description>Only a few words of text stand here.</description></item>
<item><guid>five</guid><title>=HYPERLINK("x")\r\nBcc: x@y.example</title>
<link>http://odd.example/five?a=%fe%ff&amp;b=é ü</link>
<description>A link with bytes that are no characters and with blanks in it leads to this text.</description></item>
<item><guid>six</guid><title>A link that is too long</title><link>http://odd.example/{path}{path}</link>
<description>Nobody can store such a link, but the words that the feed itself has are kept.</description></item>
</channel></rss>
"""
_ODD_PAGE = """<!doctype html><html lang="{path}"><head><title>{long}</title>
<meta name="author" content="{long}"><meta property="article:section" content="{long}">
<meta property="article:published_time" content="99999-13-32T25:61:61Z">
<meta name="keywords" content="{long},{long}">
<link rel="canonical" href="http://odd.example/canonical/{path}{path}">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "\\ud83d", "author": {{"name": 7}}}}</script>
</head><body><article><h1>{long}</h1><p>{long}</p><p>By {long}</p><p>{path}</p></article></body></html>
"""


def test_odd_feeds_and_pages_are_stored_and_told_like_any_other(database_url: str, tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    make_newsroom(newsroom, n_days=1)
    fill = {"long": LONG * 200, "path": "p" * 1900}
    site = newsroom / "sites" / "odd.example"
    site.mkdir()
    (site / "feed.xml").write_text(_ODD_FEED.format(**fill), "utf-8")
    for name in ("two", "three", "page"):
        (site / f"{name}.html").write_text(_ODD_PAGE.format(**fill), "utf-8")
    _answer_first(newsroom, {"url": f"http://odd.example/long/{fill['path']}", "file": "sites/odd.example/page.html"})
    opml = newsroom / "feeds.opml"
    added = "<outline type='rss' text='odd' xmlUrl='http://odd.example/feed.xml'/></body>"
    opml.write_text(opml.read_text("utf-8").replace("</body>", added), "utf-8")
    with running(newsroom, database_url) as world, capture_logs(processors=(format_exc_info,)) as logs:
        n_crashed = work_off(world.app)
        assert [line.get("exception") for line in logs if line["log_level"] == "error"] == []
        assert n_crashed == 0
        made = read_made(world.app.store)
        assert {what: n for what, n in made.n_due.items() if n} == {}
        with world.app.store.read() as conn:
            odd = conn.execute(
                text("SELECT COUNT(*) FROM entries WHERE url LIKE 'http://odd%' OR url IS NULL")
            ).scalar()
            states = list(conn.execute(text("SELECT state FROM feeds")).scalars())
        assert odd == 6
        assert set(states) == {"active"}
        for _, raw in world.mailbox.messages:
            assert max(n_headers(raw).values()) == 1
            assert all(parts(parsed(raw)))
        assert world.mailbox.messages

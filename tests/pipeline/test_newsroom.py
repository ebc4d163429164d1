"""Three rounds of the bundled newsroom, feeds in and mails out, over real HTTP and SMTP on loopback."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from lxml import html as lxml_html
from sqlalchemy import text

from monitor.store.articles import load_details
from monitor.store.engine import open_store
from tests.pipeline.conftest import Run
from tests.pipeline.gold import is_hostile, same_title
from tests.pipeline.mails import n_headers
from tests.pipeline.world import ROOT

SEED = "http://axadletimes.example/2026/u-s-and-european-allies-convene-in-paris-to-discuss-ukraine-security-guarantees"
WIRE = "http://northwire.example/article/paris-talks-security-guarantees-ukraine-0412"
CORRECTED = "http://capitaldispatch.example/stories/allies-in-paris-try-to-write-the-fine-print-of-a-ukraine-truce"
WITHOUT_TEXT = "http://harborledger.example/local/photos-pier-9-at-dusk"
FAILS_AT_FIRST = "http://alpenbote.example/feed.xml"

HEADERS = {
    "from", "to", "subject", "date", "message-id", "list-id", "auto-submitted", "mime-version", "content-type",
}  # fmt: skip
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_nothing_unexpected_happens(newsroom_run: Run) -> None:
    assert [line.get("exception") for line in newsroom_run.logs if line["event"] == "job.crashed"] == []
    assert newsroom_run.n_crashed == 0
    assert [line for line in newsroom_run.logs if line["log_level"] in {"error", "critical"}] == []


def test_every_expected_article_exists_once_and_no_other_has_a_link(newsroom_run: Run) -> None:
    ready = {url for url, article in newsroom_run.made.articles.items() if article["arrival_no"] is not None}
    # An entry without a usable link is kept under a name of ours; that is no address.
    assert {url for url in ready if not url.startswith("urn:")} == set(newsroom_run.gold.articles)
    assert len(ready) - len(newsroom_run.gold.articles) <= len(newsroom_run.gold.dropped)


def test_language_access_and_title_are_as_expected(newsroom_run: Run) -> None:
    wrong = []
    for url, wanted in newsroom_run.gold.articles.items():
        made = newsroom_run.made.articles[url]
        wrong += [
            (url, name, made[name], wanted[name]) for name in ("language", "access") if made[name] != wanted[name]
        ]
        wrong += [] if same_title(wanted["title"], made["title"]) else [(url, "title", made["title"], wanted["title"])]
    assert wrong == []


def test_some_headlines_of_the_newsroom_are_hostile(newsroom_run: Run) -> None:
    assert sum(is_hostile(article["title"]) for article in newsroom_run.gold.articles.values()) >= 3


def test_articles_of_one_event_lie_in_one_story(newsroom_run: Run) -> None:
    assert newsroom_run.figures.below_floor() == {}, newsroom_run.figures.complaint()


def test_every_duplicate_is_found_with_its_kind_and_none_is_false(newsroom_run: Run) -> None:
    assert set(newsroom_run.made.duplicates) == set(newsroom_run.gold.duplicates), newsroom_run.figures.complaint()
    assert newsroom_run.made.duplicates == dict(newsroom_run.gold.duplicates)


def test_a_text_called_a_rewrite_is_one(newsroom_run: Run) -> None:
    assert newsroom_run.made.rewrites - newsroom_run.gold.rewrites == set(), newsroom_run.figures.complaint()
    assert (SEED, WIRE) in newsroom_run.made.rewrites


def test_the_seed_article_is_clean_and_in_the_story_of_the_summit(newsroom_run: Run) -> None:
    store = open_store(newsroom_run.url)
    try:
        with store.read() as conn:
            made = load_details(conn, newsroom_run.made.articles[SEED]["id"])
    finally:
        store.close()
    title, *lines = (ROOT / "seeds" / "axadle-times-paris-summit.txt").read_text("utf-8").split("\n")
    body = [line for line in lines if line.strip() and not line.startswith(("- Advertisement", "By ", "Axadle Times"))]
    assert made["title"] == title.strip()
    assert made["text"].split("\n") == [" ".join(line.split()) for line in body]
    assert made["authors"] == ["Abdiwahab Ahmed"]
    assert made["credit"] == "Axadle Times international–Monitoring"
    assert newsroom_run.made.story_of[SEED] == newsroom_run.made.story_of[WIRE]


def test_a_correction_is_a_second_revision(newsroom_run: Run) -> None:
    before, after = (made.revisions[CORRECTED] for made in newsroom_run.after_round[:2])
    assert [revision["revision_no"] for revision in before] == [1]
    assert [revision["revision_no"] for revision in after] == [1, 2]
    assert after[1]["text"] != after[0]["text"]
    assert after[1]["n_words_added"] > 0
    assert newsroom_run.made.articles[CORRECTED]["text"] == after[1]["text"]
    (shown,) = _rows(newsroom_run, f"SELECT n_revisions FROM v_articles WHERE url = '{CORRECTED}'")
    assert shown["n_revisions"] == 2
    changed = {url for url, revisions in newsroom_run.made.revisions.items() if len(revisions) > 1}
    assert changed == {CORRECTED}


def test_news_of_the_second_day_joins_the_stories_of_the_first(newsroom_run: Run) -> None:
    first, last = newsroom_run.after_round[0], newsroom_run.made
    gold = newsroom_run.gold.articles
    joined: dict[str, bool] = {}
    for url, article in gold.items():
        event = article["language"], article["story"]
        same = [other for other, its in gold.items() if (its["language"], its["story"]) == event]
        earlier = {first.story_of[other] for other in same if other in first.story_of}
        if article["day"] and earlier:
            joined[url] = last.story_of[url] in earlier
    of_the_seed = [url for url in joined if gold[url]["story"] == "paris-summit"]
    assert len(of_the_seed) == 3
    assert all(joined[url] for url in of_the_seed)
    # What of the others may stay alone is for the floor of the stories to say.
    assert sum(joined.values()) >= 0.8 * len(joined), [url for url, is_joined in joined.items() if not is_joined]


def test_no_article_moves_once_it_is_in_a_story(newsroom_run: Run) -> None:
    for before, after in zip(newsroom_run.after_round, newsroom_run.after_round[1:], strict=False):
        assert {url: after.story_of[url] for url in before.story_of} == before.story_of


def test_a_link_that_leads_nowhere_ends_with_its_reason(newsroom_run: Run) -> None:
    made = newsroom_run.made.articles[WITHOUT_TEXT]
    assert (made["state"], made["access"], made["reason"]) == ("set_aside", "gone", "not_found")
    aside = {url for url, article in newsroom_run.made.articles.items() if article["state"] != "ready"}
    assert aside == {WITHOUT_TEXT}


def test_a_feed_that_fails_at_first_is_tried_again_and_recovers(newsroom_run: Run) -> None:
    rows = _rows(
        newsroom_run,
        "SELECT p.outcome, p.status FROM poll_log p JOIN feeds f ON f.id = p.feed_id"
        f" WHERE f.url = '{FAILS_AT_FIRST}' ORDER BY p.polled_at",
    )
    assert [(row["outcome"], row["status"]) for row in rows][:2] == [("server_error", 500), ("ok", 200)]
    states = _rows(newsroom_run, "SELECT url, state, reason FROM feeds")
    assert [row for row in states if (row["state"], row["reason"]) != ("active", None)] == []


def test_nothing_is_left_due(newsroom_run: Run) -> None:
    for made in newsroom_run.after_round:
        assert {what: n for what, n in made.n_due.items() if n} == {}


def test_no_stored_link_is_anything_but_http(newsroom_run: Run) -> None:
    queries = {
        "articles": "SELECT url FROM articles",
        "article_urls": "SELECT url FROM article_urls",
        "entries": "SELECT url FROM entries WHERE url IS NOT NULL",
        "pages": "SELECT url FROM pages",
        "feeds": "SELECT site_url AS url FROM feeds WHERE site_url IS NOT NULL",
    }
    found = {(name, row["url"]) for name, query in queries.items() for row in _rows(newsroom_run, query)}
    assert found
    assert [one for one in found if not one[1].startswith(("http://", "urn:entry:"))] == []
    assert not any(one[1].startswith("urn:") for one in found if one[0] in {"entries", "pages", "feeds"})


def test_every_reader_gets_a_mail_on_both_days(newsroom_run: Run) -> None:
    got = sorted((told.recipient, told.message["Date"].datetime.day) for told in newsroom_run.told)
    readers = ("all@mail.example", "desk@mail.example", "editor@mail.example", "reader@mail.example")
    assert got == sorted((reader, day) for reader in readers for day in (20, 21))
    assert len({told.message["Message-ID"] for told in newsroom_run.told}) == len(newsroom_run.told)


def test_no_headline_adds_a_header_to_a_mail(newsroom_run: Run) -> None:
    for told in newsroom_run.told:
        count = n_headers(told.raw)
        assert set(count) <= HEADERS
        assert max(count.values()) == 1
        assert told.message["To"] == told.recipient
        assert "\n" not in told.message["Subject"]


def test_every_hostile_headline_reaches_the_reader_of_everything_as_words(newsroom_run: Run) -> None:
    first = next(told for told in newsroom_run.told if told.recipient == "all@mail.example")
    shown = "".join(lxml_html.fromstring(first.html).text_content().split())
    told_as_text = "".join(first.text.split())
    for url, wanted in newsroom_run.gold.articles.items():
        if not is_hostile(wanted["title"]) or wanted["day"]:
            continue
        headline = "".join(newsroom_run.made.articles[url]["title"].split())
        assert headline in shown
        assert headline in told_as_text


def test_the_html_of_a_mail_holds_nothing_that_acts(newsroom_run: Run) -> None:
    for told in newsroom_run.told:
        document: Any = lxml_html.fromstring(told.html)
        names = {element.tag for element in document.iter() if isinstance(element.tag, str)}
        assert not names & {"script", "iframe", "object", "embed", "form", "link", "base", "img", "svg", "input"}
        attributes = {name for element in document.iter() for name in element.attrib}
        assert not {name for name in attributes if name.startswith("on") or name in {"src", "background", "action"}}
        links = [element.get("href") for element in document.iter("a")]
        assert links
        assert {urlsplit(link).scheme for link in links} <= {"http", "mailto"}
        assert _UNSHOWABLE.findall(told.html) == []
        assert "javascript:" not in told.html.lower()


def test_the_text_of_a_mail_holds_nothing_that_a_terminal_obeys(newsroom_run: Run) -> None:
    for told in newsroom_run.told:
        assert _UNSHOWABLE.findall(told.text.replace("\r\n", "\n")) == []
        assert "javascript:" not in told.text.lower()
        assert max(map(len, told.raw.split(b"\r\n"))) <= 998


def _rows(run: Run, query: str) -> list[dict[str, Any]]:
    store = open_store(run.url)
    try:
        with store.read() as conn:
            return [dict(row) for row in conn.execute(text(query)).mappings()]
    finally:
        store.close()


#: Pages that could not be read, and how the text begins that the feed gives instead.
TROUBLED = {
    "http://southernpost.example/world/peru-quake-tsunami-alert-lifted": (
        "feed_content", "For two hours on Saturday, ports from Matarani to Arica stood empty."
    ),
    "http://quotidiendurhone.example/culture/le-musee-de-la-soie-retrouve-une-robe-disparue": (
        "feed_summary", "Une robe de bal tissée à Lyon en 1867 et volée sous l’Occupation"
    ),
    "http://harborledger.example/local/branch-library-reopens-wharf-street": (
        "feed_summary", "The Wharf Street branch of the Harbor City library will reopen on January 20"
    ),
    "http://circuitbeacon.example/posts/nimbra-outage-certificate-expired": (
        "feed_content", "An internal certificate that nobody renewed knocked out three"
    ),
}  # fmt: skip


def test_a_page_that_could_not_be_read_leaves_the_feed_s_own_text(newsroom_run: Run) -> None:
    troubled = {url for url, wanted in newsroom_run.gold.articles.items() if wanted["access"] not in {"ok", "paywall"}}
    assert troubled == set(TROUBLED)
    for url, (method, start) in TROUBLED.items():
        last = newsroom_run.made.revisions[url][-1]
        assert (newsroom_run.made.articles[url]["method"], last["text"][: len(start)]) == (method, start)
        assert "cookie" not in last["text"].lower()

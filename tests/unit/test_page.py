from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.extract.page import article_from_feed, extract_article, warm_up
from monitor.types import Access, DateOrigin, ExtractedArticle, FeedHints, Method, Precision, Reason

URL = "https://www.northpost.example/world/summit"
SENTENCES = [
    "Leaders of twelve countries met on Monday to discuss a treaty on the harbours of the northern sea.",
    "The talks, which began before dawn, ended without a vote, two delegates said on leaving the hall.",
    "A second round is planned for the spring, when the fishing season opens and quotas are due again.",
    "Officials in the capital said they were confident that a text could be signed before the summer.",
    "Fishermen in three ports blocked the roads in protest, and police diverted traffic until the evening.",
]
PARAGRAPHS = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
LD = """<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebPage","name":"x"},
{"@type":["NewsArticle"],"headline":"Summit on harbours ends &amp; resumes","datePublished":"2026-01-05T10:00:00+02:00",
"author":[{"@type":"Person","name":"Ann Lee"},{"name":"BO EK"}],"publisher":{"name":"North Post"},
"articleSection":["World"],"keywords":"sea, harbour","isAccessibleForFree":%s}]}</script>"""
CONSENT_TEXT = """<h1>Before you continue</h1><p>We and our partners use cookies and your personal data to show
personalised ads and content.</p><p>You can accept or manage your choices, and withdraw consent at any time under
privacy settings.</p><form action="/consent/save"><button>Accept all</button><button>Reject all</button></form>"""


def page(content: str = PARAGRAPHS, *, head: str = "", title: str = "Summit on harbours ends | North Post") -> bytes:
    return (
        f'<!doctype html><html lang="en-GB"><head><title>{title}</title>{head}</head><body>'
        f"<nav><a href='/'>Home</a><a href='/world'>World</a></nav><main><article><h1>Summit on harbours ends</h1>"
        f"{content}</article></main><footer>About us</footer></body></html>"
    ).encode()


def extract(
    body: bytes | None, hints: FeedHints | None = None, *, status: int | None = 200
) -> ExtractedArticle | Reason:
    return extract_article(
        body, url=URL, content_type="text/html; charset=utf-8", status=status, hints=hints or FeedHints()
    )


def article(body: bytes | None, hints: FeedHints | None = None, *, status: int | None = 200) -> ExtractedArticle:
    found = extract(body, hints, status=status)
    assert isinstance(found, ExtractedArticle)
    return found


FEED = FeedHints(
    title="Harbour summit &lt;ends&gt;",
    authors=("By Cy Fox",),
    published_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
    summary="<p>Twelve countries met to discuss harbours.</p>",
    tags=("Sea",),
    language="de",
)


def test_the_page_gives_the_text_and_the_feed_what_it_knows() -> None:
    found = article(page(head=LD % "true"), FEED)
    assert found.text.splitlines() == SENTENCES
    assert (found.title, found.authors) == ("Harbour summit <ends>", ("Cy Fox",))
    assert (found.published_at, found.date_origin) == (FEED.published_at, DateOrigin.FEED)
    assert (found.method, found.access) == (Method.PAGE, Access.OK)
    assert found.tags == ("Sea", "sea", "harbour")
    assert (found.language, found.language_declared) == ("en", "en")


def test_without_a_feed_the_page_s_declarations_count() -> None:
    found = article(page(head=LD % "true"))
    assert found.title == "Summit on harbours ends & resumes"
    assert found.authors == ("Ann Lee", "Bo Ek")
    assert found.published_at == datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    assert (found.precision, found.date_origin) == (Precision.MINUTE, DateOrigin.JSON_LD)
    assert found.section == "World"


def test_the_site_s_name_is_no_part_of_the_title() -> None:
    assert article(page()).title == "Summit on harbours ends"
    body = page(title="North Post: Treaty signed", head='<meta property="og:site_name" content="North Post">')
    assert article(body.replace(b"<h1>Summit on harbours ends</h1>", b"")).title == "Treaty signed"


def test_a_year_in_the_text_is_no_date_of_publication() -> None:
    found = article(page(PARAGRAPHS + "<p>The last treaty of this kind was signed by nine countries in 2014.</p>"))
    assert found.published_at is None
    assert found.date_origin is DateOrigin.FIRST_SEEN


def test_a_declared_day_is_precise_to_the_day() -> None:
    found = article(page(head='<meta property="article:published_time" content="2026-01-05">'))
    assert (found.published_at, found.precision) == (datetime(2026, 1, 5, tzinfo=UTC), Precision.DAY)


def test_the_page_s_canonical_url_is_absolute_and_canonical() -> None:
    found = article(page(head='<link rel="canonical" href="/world/summit?utm_source=x#top">'))
    assert found.canonical_url == "https://www.northpost.example/world/summit"


def test_the_feed_s_content_stands_in_when_the_page_has_less() -> None:
    content = PARAGRAPHS + "<p>By Dee Gray</p>"
    found = article(page(f"<p>{SENTENCES[0]}</p>"), FeedHints(title="T", content=content))
    assert found.method is Method.FEED_CONTENT
    assert found.text.splitlines() == SENTENCES
    assert found.authors == ("Dee Gray",)


def test_a_shorter_summary_does_not_replace_the_page() -> None:
    assert article(page(), FEED).method is Method.PAGE


@pytest.mark.parametrize(
    ("status", "access"),
    [(403, Access.BLOCKED), (404, Access.GONE), (410, Access.GONE), (429, Access.BLOCKED), (500, Access.FAILED)],
)
def test_a_refused_page_leaves_the_feed_s_text(status: int, access: Access) -> None:
    found = article(page("<p>The page you were looking for is not here, sorry about that.</p>"), FEED, status=status)
    assert (found.access, found.method) == (access, Method.FEED_SUMMARY)
    assert found.text == "Twelve countries met to discuss harbours."


@pytest.mark.parametrize("status", [401, 402, 451])
def test_a_page_to_be_paid_for_is_a_paywall(status: int) -> None:
    assert article(page(), FEED, status=status).access is Access.PAYWALL


def test_the_publisher_s_own_word_makes_a_paywall() -> None:
    assert article(page(head=LD % "false")).access is Access.PAYWALL
    assert article(page(head=LD % '"False"')).access is Access.PAYWALL
    assert article(page(head=LD % "true")).access is Access.OK


def test_no_page_and_no_feed_text_is_empty() -> None:
    assert extract(None, status=None) is Reason.EMPTY
    assert extract(b"", FeedHints(title="Only a title")) in {Reason.EMPTY, Reason.NOT_HTML}


def test_no_page_leaves_the_feed_s_text() -> None:
    found = article(None, FEED, status=None)
    assert (found.access, found.method, found.language_declared) == (Access.FAILED, Method.FEED_SUMMARY, "de")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"%PDF-1.7 <p>x</p>", Reason.PDF),
        (b"\x89PNG\r\n", Reason.MEDIA),
        (b"\x00\x00\x00\x20ftypisom", Reason.MEDIA),
        (b"PK\x03\x04", Reason.NOT_HTML),
        (b"just words", Reason.NOT_HTML),
        (b"\x00\x01\x02", Reason.NOT_HTML),
    ],
)
def test_what_is_not_html_is_never_the_article(body: bytes, reason: Reason) -> None:
    assert extract(body) is reason
    assert article(body, FEED).method is Method.FEED_SUMMARY


def test_html_declared_as_something_else_is_html_by_its_bytes() -> None:
    found = extract_article(page(), url=URL, content_type="text/plain", status=200, hints=FeedHints())
    assert isinstance(found, ExtractedArticle)


def test_the_text_of_a_consent_wall_never_becomes_the_article() -> None:
    wall = page(CONSENT_TEXT, title="Cookie settings")
    assert extract(wall) is Reason.CONSENT
    found = article(wall, FEED)
    assert (found.access, found.text) == (Access.CONSENT, "Twelve countries met to discuss harbours.")


def test_an_article_about_cookies_is_no_consent_wall() -> None:
    about = "".join(
        f"<p>The court ruled that the company must ask for consent before it sets cookies, case {n} of the privacy"
        f" regulator, and that personal data of {n} million readers were sold to partners abroad.</p>"
        for n in range(2, 9)
    )
    head = LD % "true" + "<script src='https://cdn.cookieplatform.example/onetrust.js'></script>"
    found = article(page(about, head=head))
    assert found.access is Access.OK
    assert "The court ruled" in found.text


def test_an_article_with_a_consent_banner_is_no_consent_wall() -> None:
    found = article(page(PARAGRAPHS + f"<div id='onetrust-banner'>{CONSENT_TEXT}</div>"))
    assert found.access is Access.OK
    assert SENTENCES[-1] in found.text


def test_a_robot_check_is_blocked() -> None:
    check = page("<p>Checking your browser before accessing the site. Please wait.</p>", title="Just a moment...")
    check = check.replace(b"</body>", b"<script>window._cf_chl_opt={}</script></body>")
    assert article(check, FEED).access is Access.BLOCKED


def test_a_page_for_scripts_to_fill_is_js_only() -> None:
    shell = (
        b"<!doctype html><html><head><title>North Post</title></head><body><noscript>You need to enable "
        b"JavaScript to run this app.</noscript><div id='root'></div><script src='/main.js'></script>"
        b"<script>boot()</script></body></html>"
    )
    assert extract(shell) is Reason.JS_ONLY
    found = article(shell, FEED)
    assert (found.access, found.method) == (Access.JS_ONLY, Method.FEED_SUMMARY)


def test_pages_laid_out_in_tables_are_read() -> None:
    rows = "".join(f"<p>{sentence} It was the {n}th such day.</p>" for n, sentence in enumerate(SENTENCES))
    table = f"<table><tr><td>Home Local news</td><td>{rows}</td><td>Letters</td></tr></table>"
    body = f"<html><head><title>Summit</title></head><body><table><tr><td>{table}</td></tr></table></body></html>"
    assert "|" not in article(body.encode()).text


def test_short_texts_trust_the_declared_language_and_long_ones_the_detected() -> None:
    assert article(None, replace(FEED, summary="Hafen offen"), status=None).language == "de"
    assert article(page(), FEED).language == "en"


def test_hostile_markup_in_hints_and_page_is_text_only() -> None:
    hints = FeedHints(title="<script>alert(1)</script>A\r\nB\x1b[31m", summary="<img src=x onerror=alert(1)>Text of it")
    found = article_from_feed(hints, url=URL, access=Access.NONE)
    assert isinstance(found, ExtractedArticle)
    assert (found.title, found.text) == ("A B", "Text of it")


@pytest.mark.parametrize(
    "ld",
    ["[" * 100_000, '{"@type":"NewsArticle","headline":{"a":1},"author":5}', '{"@type":"NewsArticle"', "null", "[[1]]"],
)
def test_broken_structured_data_is_passed_over(ld: str) -> None:
    found = article(page(head=f'<script type="application/ld+json">{ld}</script>'))
    assert found.title == "Summit on harbours ends"


def test_the_same_bytes_give_the_same_article() -> None:
    warm_up()
    assert article(page(), FEED) == article(page(), FEED)

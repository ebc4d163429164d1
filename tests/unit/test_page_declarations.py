"""What a page declares about itself in the ways that sites have of declaring it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.extract.page import extract_article
from monitor.types import Access, DateOrigin, ExtractedArticle, FeedHints, Origin, Precision

TEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
PARAGRAPHS = "".join(
    f"<p>{text}</p>"
    for text in (
        "Leaders of twelve countries met on Monday to discuss a treaty on the harbours of the northern sea.",
        "The talks, which began before dawn, ended without a vote, two delegates said on leaving the hall.",
        "A second round is planned for the spring, when the fishing season opens and quotas are due again.",
        "Officials in the capital said they were confident that a text could be signed before the summer.",
    )
)


def read(head: str = "", *, above: str = "", lang: str = "en", hints: FeedHints | None = None) -> ExtractedArticle:
    page = (
        f"<!doctype html><html lang='{lang}'><head><title>Summit on harbours ends</title>{head}</head><body><main>"
        f"<article><h1>Summit on harbours ends</h1>{above}{PARAGRAPHS}</article></main></body></html>"
    )
    found = extract_article(
        page.encode(),
        url="https://northpost.example/summit",
        content_type="text/html",
        status=200,
        hints=hints or FeedHints(),
    )
    assert isinstance(found, ExtractedArticle)
    return found


def ld(node: str) -> str:
    return f'<script type="application/ld+json">{node}</script>'


def test_an_author_given_by_reference_has_the_name_that_stands_elsewhere() -> None:
    graph = """{"@graph":[{"@type":"NewsArticle","headline":"Summit on harbours ends","author":{"@id":"#p"}},
    {"@type":"Person","@id":"#p","name":"Ann Lee"},{"@type":"Person","@id":"#q","name":"Bo Ek"}]}"""
    assert read(ld(graph)).authors == ("Ann Lee",)


@pytest.mark.parametrize("author", ['{"@id":"#nobody"}', "7", "[[]]", '{"name":["x"]}', '"https://n.example/author/x"'])
def test_an_author_that_is_no_name_is_nobody(author: str) -> None:
    node = f'{{"@type":"NewsArticle","headline":"Summit on harbours ends","author":{author}}}'
    assert read(ld(node)).authors == ()


def test_the_time_beside_the_headline_counts_and_that_of_a_list_does_not() -> None:
    above = (
        "<aside><time datetime='2026-01-01T08:00:00Z'>1 January</time></aside><ul><li><time datetime='2026-01-02'>"
        "2 January</time></li></ul><time datetime='2026-01-05T12:00:00+02:00'>Monday</time>"
    )
    found = read(above=above)
    assert (found.published_at, found.precision, found.date_origin) == (TEN, Precision.MINUTE, DateOrigin.PAGE)


def test_a_date_in_the_future_is_refused_by_when_the_article_was_first_seen() -> None:
    head = "<meta property='article:published_time' content='2026-03-05T10:00:00Z'>"
    seen = FeedHints(first_seen_at=TEN)
    assert read(head, hints=seen).published_at is None
    assert read(head).published_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


def test_an_agency_declared_as_the_author_is_the_origin() -> None:
    found = read("<meta name='author' content='Reuters'>")
    assert (found.authors, found.credit, found.agency, found.origin) == ((), "Reuters", "Reuters", Origin.AGENCY)


def test_an_agency_named_by_the_feed_is_the_origin() -> None:
    found = read(hints=FeedHints(authors=("Par Luc Roy avec AFP",)))
    assert (found.authors, found.credit, found.agency) == (("Luc Roy",), "AFP", "AFP")


def test_the_language_declared_and_the_one_detected_are_both_told() -> None:
    found = read(lang="de-AT")
    assert (found.language, found.language_declared, found.language_detected) == ("en", "de", "en")
    named = read("<meta property='og:locale' content='en_GB'>", lang="")
    assert named.language_declared == "en"


def test_section_and_tags_are_read_from_meta_elements_too() -> None:
    found = read("<meta name='parsely-section' content='World'><meta name='news_keywords' content='sea, harbours'>")
    assert (found.section, found.tags) == ("World", ("sea", "harbours"))


@pytest.mark.parametrize(
    ("title", "heading", "head"),
    [
        ("404 - Page not found", "Page not found", ""),
        ("Seite nicht gefunden | Nordpost", "Fehler 404", ""),
        ("Page introuvable", "", "<meta name='robots' content='noindex,follow'>"),
        ("页面不存在", "页面不存在", ""),
    ],
)
def test_a_page_that_says_it_is_not_there_is_gone_whatever_its_status(title: str, heading: str, head: str) -> None:
    page = (
        f"<html><head><title>{title}</title>{head}</head><body><h1>{heading}</h1>"
        "<p>The page that you asked for is not here. Try the search, or go back to the front page.</p></body></html>"
    )
    hints = FeedHints(title="Summit", summary="Leaders of twelve countries met on Monday to discuss a treaty.")
    found = extract_article(page.encode(), url="https://n.example/a", content_type="text/html", status=200, hints=hints)
    assert isinstance(found, ExtractedArticle)
    assert (found.access, found.text) == (Access.GONE, hints.summary)


def test_a_report_about_pages_that_are_not_found_is_no_such_page() -> None:
    page = (
        "<html><head><title>Page not found: how links die</title></head><body><article><h1>Page not found: how links"
        f" die</h1>{PARAGRAPHS}</article></body></html>"
    )
    found = extract_article(
        page.encode(), url="https://n.example/a", content_type="text/html", status=200, hints=FeedHints()
    )
    assert isinstance(found, ExtractedArticle)
    assert found.access is Access.OK

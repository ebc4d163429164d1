"""What does a document say that somebody hands over: a page, a plain text, or the text of a record?

A text counts as an article whose first line is the headline when it looks like one: a line of at most 200 characters
that does not end as a sentence does. All that is known of the rest (advertisement markers, byline, credit) is applied
as it is to pages. Runs in a killable worker, like everything that reads a page.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from monitor.extract.lines import is_sentence
from monitor.extract.page import article_from_feed, extract_article
from monitor.types import Access, DateOrigin, ExtractedArticle, FeedHints, Method, Precision, Reason

MAX_HEADLINE_CHARS = 200


def article_from_document(
    body: bytes, url: str, content_type: str | None, status: int | None
) -> ExtractedArticle | Reason:
    """The article of a page or plain text; `url` is "" when nobody knows it, `status` None for a file."""
    article = extract_article(body, url=url, content_type=content_type, status=status, hints=FeedHints())
    if article is not Reason.NOT_HTML:
        return article
    try:
        return article_from_text(body.decode("utf-8-sig"), url=url)
    except UnicodeDecodeError:
        return Reason.NOT_HTML


def article_from_text(text: str, *, url: str) -> ExtractedArticle | Reason:
    """The article in a plain text, a paragraph a line. NOT_HTML for what is no text, EMPTY without any."""
    if "\x00" in text:
        return Reason.NOT_HTML
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    headline = lines[0] if len(lines) > 1 and _is_headline(lines[0]) else ""
    paragraphs = lines[1:] if headline else lines
    content = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    article = article_from_feed(FeedHints(title=escape(headline), content=content), url=url, access=Access.OK)
    return article if isinstance(article, Reason) else replace(article, method=Method.GIVEN)


def _is_headline(line: str) -> bool:
    return len(line) <= MAX_HEADLINE_CHARS and not is_sentence(line)


def article_from_record(
    html: str, *, url: str, hints: FeedHints, is_page: bool, precision: Precision, section: str | None
) -> ExtractedArticle | Reason:
    """The article in a record that somebody hands over; `html` is its text, or with `is_page` a whole page.

    `hints` are what the record says beside its text, and are believed. EMPTY for a text without any words.
    """
    if is_page:
        # Marked as UTF-8, whatever the page said of itself before it was put into a record.
        body = b"\xef\xbb\xbf" + html.encode("utf-8", "replace")
        article = extract_article(body, url=url, content_type="text/html; charset=utf-8", status=None, hints=hints)
    else:
        article = article_from_feed(replace(hints, content=html, summary=""), url=url, access=Access.NONE)
    if isinstance(article, Reason):
        return article
    if not is_page and article.method is not Method.FEED_CONTENT:
        return Reason.EMPTY
    told = replace(article, method=Method.GIVEN, access=Access.NONE, section=section or article.section)
    if hints.published_at is None:
        return told
    return replace(told, published_at=hints.published_at, precision=precision, date_origin=DateOrigin.GIVEN)


def warm_up_given() -> None:
    """Loads what reading a given text loads late, for a worker's start."""
    article_from_text("A headline\nThis text says nothing about anything at all, and it is long enough.", url="")

"""What does a document say that somebody hands over: a page, or a plain text?

A text counts as an article whose first line is the headline when it looks like one: a line of at most 200 characters
that does not end as a sentence does. All that is known of the rest (advertisement markers, byline, credit) is applied
as it is to pages. Runs in a killable worker, like everything that reads a page.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from monitor.extract.lines import is_sentence
from monitor.extract.page import article_from_feed, extract_article
from monitor.types import Access, ExtractedArticle, FeedHints, Method, Reason

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

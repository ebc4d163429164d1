"""What does a page say as a readable article?

`extract_article` turns the bytes of a page and what the feed said into one `ExtractedArticle`. The feed comes first for
title, date and authors (measured: a page's own title is exact 60-70 % of the time, and an author is invented for 40 %
of the pages without one); the page comes first for the text. When the page failed, is a wall or has less text than
the feed's own content, the feed's text is the article. How the page could be reached is decided by status and declared
facts. Text of a consent wall or robot check never becomes the article.

Runs in a killable worker: hostile pages can keep any extractor busy for ever. The same bytes give the same article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import trafilatura

from monitor.extract.authors import agencies_among, choose_authors
from monitor.extract.cleaning import Cleaned, clean_paragraphs
from monitor.extract.moments import choose_moment
from monitor.extract.page_facts import PageFacts, read_facts
from monitor.extract.titles import choose_title, title_of_text
from monitor.extract.walls import wall_of
from monitor.text.language import detect_language, normal_language
from monitor.text.normalise import clean_line, line_of, plain_text
from monitor.text.tokens import n_words
from monitor.types import Access, ExtractedArticle, FeedHints, Method, Reason

MAX_FEED_CHARS = 1_000_000
MAX_PARAGRAPHS = 5_000
_ENOUGH_LETTERS = 80
"""With this much text the detected language wins over the declared one."""
_MOSTLY = 0.9
"""A page text of this share of the feed's content is not shorter: feeds add a line or two of their own."""
_HTML_START = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<(?:!doctype\s+html|html|head|body)",
    re.IGNORECASE,
)
_SOME_MARKUP = re.compile(rb"<(?:p|div|article|section|h1|title|meta|br)[\s>/]", re.IGNORECASE)
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF")
_ACCESS_BY_STATUS = {
    401: Access.PAYWALL,
    402: Access.PAYWALL,
    451: Access.PAYWALL,
    403: Access.BLOCKED,
    429: Access.BLOCKED,
    404: Access.GONE,
    410: Access.GONE,
}


def extract_article(
    body: bytes | None, *, url: str, content_type: str | None, status: int | None, hints: FeedHints
) -> ExtractedArticle | Reason:
    """The article of a page; `url` is where the page was found (after redirects).

    `body` None: the page could not be had, the feed's own text is the article. Reason.EMPTY when there is no text at
    all, Reason.NOT_HTML when the page is something else than HTML and the feed has no text either.
    """
    access = access_of_status(status, body)
    if body is None or access in {Access.GONE, Access.BLOCKED, Access.FAILED}:
        return article_from_feed(hints, url=url, access=access if access is not Access.OK else Access.FAILED)
    if not _is_html(body, content_type):
        article = article_from_feed(hints, url=url, access=Access.FAILED)
        return Reason.NOT_HTML if isinstance(article, Reason) else article
    facts = read_facts(body, url=url)
    page = _read_page(body, facts, url=url, hints=hints)
    wall = wall_of(facts, page.raw_text, body=body, url=url)
    if wall is not None:
        return article_from_feed(hints, url=url, access=wall)
    if facts.is_free is False:
        access = Access.PAYWALL
    return _chosen(page, facts, hints=hints, url=url, access=access)


def article_from_feed(hints: FeedHints, *, url: str, access: Access) -> ExtractedArticle | Reason:
    """The article as the feed alone gives it: its content, else its summary; Reason.EMPTY when it has neither."""
    text = _feed_text(hints)
    if text is None:
        return Reason.EMPTY
    return _article(text, PageFacts(), hints=hints, url=url, access=access)


def warm_up() -> None:
    """Loads what extraction loads late (language model, date parser data: up to 5 s), for a worker's start."""
    lines = "".join(f"<p>The {n}th paragraph of a page that says nothing about anything at all.</p>" for n in range(9))
    page = f"<html><head><title>A page</title></head><body><p>vor 3 Tagen, 12 mars</p>{lines}</body></html>"
    hints = FeedHints(title="A page")
    extract_article(page.encode(), url="https://warm.example/a", content_type="text/html", status=200, hints=hints)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A candidate for the text of the article. `raw_text` is what it was before cleaning."""

    cleaned: Cleaned
    method: Method
    title: str = ""
    authors: tuple[str, ...] = ()
    found_date: str = ""
    raw_text: str = ""

    @property
    def n_words(self) -> int:
        return sum(n_words(paragraph) for paragraph in self.cleaned.paragraphs)


def access_of_status(status: int | None, body: bytes | None) -> Access:
    """What the status alone says about how a page could be reached; None: no answer came."""
    if status is None:
        return Access.FAILED if body is None else Access.OK
    if status in _ACCESS_BY_STATUS:
        return _ACCESS_BY_STATUS[status]
    return Access.OK if 200 <= status < 300 else Access.FAILED


def _is_html(body: bytes, content_type: str | None) -> bool:
    """By the bytes where they are clear, else by the declared type."""
    if body.lstrip()[:8].startswith(_BINARY):
        return False
    if _HTML_START.match(body[:4_000]):
        return True
    declared = (content_type or "").split(";")[0].strip().lower()
    if declared and "html" not in declared:
        return False
    return b"\x00" not in body[:1_000] and bool(_SOME_MARKUP.search(body[:100_000]))


def _read_page(body: bytes, facts: PageFacts, *, url: str, hints: FeedHints) -> _Text:
    document = _extract(body, url=url, include_tables=not facts.has_layout_tables)
    if document is not None and _is_laid_out_in_tables(document.text or ""):
        document = _extract(body, url=url, include_tables=False) or document
    if document is None:
        return _Text(cleaned=Cleaned(paragraphs=()), method=Method.PAGE)
    raw_text = document.text or ""
    titles = (line_of(hints.title), facts.headline, facts.first_heading, facts.page_title)
    return _Text(
        cleaned=clean_paragraphs(
            raw_text.splitlines()[:MAX_PARAGRAPHS],
            titles=titles,
            known_authors=(*hints.authors, *facts.authors),
            known_credits=agencies_among((*hints.authors, *facts.authors)),
        ),
        method=Method.PAGE,
        title=clean_line(document.title or ""),
        authors=tuple(clean_line(name) for name in (document.author or "").split(";") if name.strip()),
        found_date=document.date or "",
        raw_text=raw_text,
    )


def _extract(body: bytes, *, url: str, include_tables: bool) -> Any:
    return trafilatura.bare_extraction(
        body,
        url=url,
        with_metadata=True,
        include_comments=False,
        include_tables=include_tables,
        # without extensive search: else years that the text mentions become the date of pages that declare none
        date_extraction_params={"original_date": True, "extensive_search": False},
    )


def _is_laid_out_in_tables(text: str) -> bool:
    """Is most of the text the content of table cells? Old sites put whole pages into tables; data tables are short."""
    lines = text.splitlines()
    in_cells = sum(len(line) for line in lines if line.startswith("|"))
    return in_cells > len(text) / 2 and any(len(cell) > 400 for line in lines for cell in line.split("|"))


def _feed_text(hints: FeedHints) -> _Text | None:
    """Content if the feed has it, else the summary."""
    for html, method in ((hints.content, Method.FEED_CONTENT), (hints.summary, Method.FEED_SUMMARY)):
        lines = plain_text(html[:MAX_FEED_CHARS]).splitlines()[:MAX_PARAGRAPHS]
        cleaned = clean_paragraphs(
            lines,
            titles=[line_of(hints.title)],
            known_authors=hints.authors,
            known_credits=agencies_among(hints.authors),
        )
        if any(char.isalnum() for paragraph in cleaned.paragraphs for char in paragraph):
            return _Text(cleaned=cleaned, method=method)
    return None


def _chosen(page: _Text, facts: PageFacts, *, hints: FeedHints, url: str, access: Access) -> ExtractedArticle | Reason:
    """The page's text, unless the feed's own is longer."""
    feed = _feed_text(hints)
    if feed is not None and (not page.n_words or page.n_words < _MOSTLY * feed.n_words):
        from_page = replace(page, cleaned=_with_edges_of(feed.cleaned, page.cleaned), method=feed.method)
        return _article(from_page, facts, hints=hints, url=url, access=access)
    if not page.n_words:
        return Reason.EMPTY
    return _article(page, facts, hints=hints, url=url, access=access)


def _with_edges_of(text: Cleaned, other: Cleaned) -> Cleaned:
    """Who wrote and whom to credit, said by the text that was not chosen, is still known."""
    return replace(
        text,
        authors=text.authors or other.authors,
        credit=text.credit or other.credit,
        agency=text.agency or other.agency,
    )


def _article(text: _Text, facts: PageFacts, *, hints: FeedHints, url: str, access: Access) -> ExtractedArticle:
    cleaned = text.cleaned
    body = "\n".join(cleaned.paragraphs)
    declared = normal_language(facts.language) or normal_language(hints.language)
    moment = choose_moment(hints.published_at, facts.dates, found=text.found_date, first_seen_at=hints.first_seen_at)
    detected = _detected(body, declared)
    return ExtractedArticle(
        title=choose_title(
            line_of(hints.title),
            (facts.headline, facts.first_heading, facts.page_title, text.title),
            heading=facts.first_heading,
            site_names=facts.site_names,
            url=url,
        )
        or title_of_text(body),
        text=body,
        authors=choose_authors(
            (hints.authors, facts.authors, cleaned.authors, text.authors), site_names=facts.site_names
        ),
        published_at=moment.at,
        precision=moment.precision,
        date_origin=moment.origin,
        language=detected or declared,
        language_detected=detected,
        language_declared=declared,
        access=access,
        method=text.method,
        canonical_url=facts.canonical_url,
        section=facts.section,
        tags=tuple(dict.fromkeys(tag for tag in (*map(line_of, hints.tags), *facts.tags) if tag))[:20],
        dateline=cleaned.dateline,
        credit=cleaned.credit,
        agency=cleaned.agency,
        origin=cleaned.origin,
        n_words=n_words(body),
    )


def _detected(body: str, declared: str | None) -> str | None:
    """What the text itself says; None where it is too short to be believed against what is declared."""
    n_letters = sum(map(str.isalpha, body[:4_000]))
    return None if declared is not None and n_letters < _ENOUGH_LETTERS else detect_language(body)

"""What does a page say as a readable article?

`extract_article` turns the bytes of a page and what the feed said into one `ExtractedArticle`. The feed comes first for
title, date and authors (measured: a page's own title is exact 60-70 % of the time, and an author is invented for 40 %
of the pages without one). The text is the best of a ladder, see monitor.extract.candidates; the greedy reading is only
tried where the others look like too little. How the page could be reached is decided by status and declared facts.
Text of a consent wall or robot check never becomes the article.

Runs in a killable worker: hostile pages can keep any extractor busy for ever. The same bytes give the same article.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml.html import HtmlElement

from monitor.extract.authors import agencies_among, choose_authors
from monitor.extract.boilerplate import without_boilerplate
from monitor.extract.candidates import Candidate, agree, choose, is_suspicious
from monitor.extract.cleaning import Cleaned, clean_paragraphs
from monitor.extract.extractor import Guess, guess, read_text
from monitor.extract.kinds import what_is_no_page
from monitor.extract.moments import choose_moment, is_settled
from monitor.extract.page_facts import PageFacts, read_facts
from monitor.extract.page_shape import has_layout_tables
from monitor.extract.paragraphs import declared_paragraphs, paragraphs_of
from monitor.extract.people import is_person
from monitor.extract.pruning import paragraphs_shown, prune
from monitor.extract.titles import headline_of, title_of_text
from monitor.extract.tree import parse_page
from monitor.extract.walls import wall_of
from monitor.text.language import judge_language
from monitor.text.normalise import line_of, plain_text
from monitor.text.tokens import n_words
from monitor.types import Access, ExtractedArticle, FeedHints, Method, Reason

MAX_FEED_CHARS = 1_000_000
_ACCESS_BY_STATUS = {
    401: Access.PAYWALL,
    402: Access.PAYWALL,
    451: Access.PAYWALL,
    403: Access.BLOCKED,
    429: Access.BLOCKED,
    404: Access.GONE,
    410: Access.GONE,
}
REASON_OF_ACCESS = {
    Access.PAYWALL: Reason.PAYMENT_REQUIRED,
    Access.BLOCKED: Reason.CHALLENGE,
    Access.CONSENT: Reason.CONSENT,
    Access.JS_ONLY: Reason.JS_ONLY,
    Access.GONE: Reason.NOT_FOUND,
}
"""Why a page gave no text, of which no status says so."""


def extract_article(
    body: bytes | None, *, url: str, content_type: str | None, status: int | None, hints: FeedHints
) -> ExtractedArticle | Reason:
    """The article of a page; `url` is where the page was found (after redirects).

    `body` None: the page could not be had, the feed's own text is the article. Where the feed has no text either:
    PDF, MEDIA or NOT_HTML when the page is something else than HTML; CONSENT, CHALLENGE, JS_ONLY, NOT_FOUND or
    PAYMENT_REQUIRED when it is or has a wall (REASON_OF_ACCESS); else EMPTY.
    """
    access = access_of_status(status, body)
    if body is None or access in {Access.GONE, Access.BLOCKED, Access.FAILED}:
        return article_from_feed(hints, url=url, access=access if access is not Access.OK else Access.FAILED)
    no_page = what_is_no_page(body, content_type)
    root = None if no_page else parse_page(body, content_type=content_type)
    if root is None:
        article = article_from_feed(hints, url=url, access=Access.FAILED)
        return (no_page or Reason.EMPTY) if isinstance(article, Reason) else article
    return _article_of_page(root, body, url=url, content_type=content_type, access=access, hints=hints)


def _article_of_page(
    root: HtmlElement, body: bytes, *, url: str, content_type: str | None, access: Access, hints: FeedHints
) -> ExtractedArticle | Reason:
    facts = read_facts(root, url=url, with_dates=not is_settled(hints.published_at, hints.first_seen_at))
    include_tables = not has_layout_tables(root)
    prune(root)
    text = _text_of_page(root, url=url, include_tables=include_tables)

    def anew() -> HtmlElement:
        again = parse_page(body, content_type=content_type)
        return root if again is None else again

    wall = wall_of(facts, text, anew, body=body, url=url, fed_title=hints.title)
    has_declared_text = wall is Access.JS_ONLY and facts.body_is_own and bool(facts.article_body)
    if wall is not None and not has_declared_text:  # scripts would only show what the page declares
        article = article_from_feed(hints, url=url, access=wall)
        return REASON_OF_ACCESS[wall] if isinstance(article, Reason) else article
    chosen, page = _chosen(text, root, facts, url=url, hints=hints)
    if chosen is None:
        return Reason.PAYMENT_REQUIRED if facts.is_free is False else Reason.EMPTY
    # Who wrote and whom to credit, said by a text that was not chosen, is still known.
    chosen = replace(chosen, cleaned=_with_edges_of(chosen.cleaned, page.cleaned))
    access = Access.PAYWALL if facts.is_free is False else access
    article = _article(chosen, facts, Guess(), hints=hints, url=url, access=access)
    if any(map(is_person, article.authors)) and (hints.published_at or facts.dates.published):
        return article
    return _article(chosen, facts, guess(anew(), url=url), hints=hints, url=url, access=access)


def article_from_feed(hints: FeedHints, *, url: str, access: Access) -> ExtractedArticle | Reason:
    """The article as the feed alone gives it: its content, else its summary; Reason.EMPTY when it has neither."""
    chosen = next((one for one in _of_feed(hints)), None)
    if chosen is None:
        return Reason.EMPTY
    return _article(chosen, PageFacts(), Guess(), hints=hints, url=url, access=access)


def warm_up() -> None:
    """Loads what extraction loads late (language model, date parser data: up to 5 s), for a worker's start."""
    lines = "".join(f"<p>The {n}th paragraph of a page that says nothing about anything at all.</p>" for n in range(9))
    page = f"<html><head><title>A page</title></head><body><p>vor 3 Tagen, 12 mars</p>{lines}</body></html>"
    hints = FeedHints(title="A page")
    extract_article(page.encode(), url="https://warm.example/a", content_type="text/html", status=200, hints=hints)


def access_of_status(status: int | None, body: bytes | None) -> Access:
    """What the status alone says about how a page could be reached; None: no answer came."""
    if status is None:
        return Access.FAILED if body is None else Access.OK
    if status in _ACCESS_BY_STATUS:
        return _ACCESS_BY_STATUS[status]
    return Access.OK if 200 <= status < 300 else Access.FAILED


# --- candidates -----------------------------------------------------------------------------------------------------


def _text_of_page(root: HtmlElement, *, url: str, include_tables: bool, favor_recall: bool = False) -> str:
    text = read_text(root, url=url, include_tables=include_tables, favor_recall=favor_recall)
    if include_tables and _is_laid_out_in_tables(text):
        return read_text(root, url=url, include_tables=False, favor_recall=favor_recall) or text
    return text


def _is_laid_out_in_tables(text: str) -> bool:
    """Is most of the text the content of table cells? Old sites put whole pages into tables; data tables are short."""
    lines = text.splitlines()
    in_cells = sum(len(line) for line in lines if line.startswith("|"))
    return in_cells > len(text) / 2 and any(len(cell) > 400 for line in lines for cell in line.split("|"))


def _chosen(
    text: str, root: HtmlElement, facts: PageFacts, *, url: str, hints: FeedHints
) -> tuple[Candidate | None, Candidate]:
    """The best candidate, and the one that the extractor found in the page."""
    page = _of_lines(text, Method.PAGE, facts, hints)
    cheap = [page, *_of_declared(text, root, facts, hints), *_of_feed(hints, longer_than=len(page.text))]
    best = choose(cheap)
    if is_suspicious(best, lambda: sum(map(len, paragraphs_shown(root)))):
        more = _text_of_page(root, url=url, include_tables=True, favor_recall=True)
        best = choose([*cheap, _of_lines(more, Method.PAGE_RECALL, facts, hints)])
    return best, page


def _of_lines(text: str, method: Method, facts: PageFacts, hints: FeedHints) -> Candidate:
    titles = (line_of(hints.title), facts.headline, facts.first_heading, facts.page_title)
    cleaned = clean_paragraphs(
        without_boilerplate(paragraphs_of(text, titles=titles), hints.boilerplate),
        titles=titles,
        known_authors=(*hints.authors, *facts.authors),
        known_credits=agencies_among((*hints.authors, *facts.authors), site_names=facts.site_names),
    )
    return Candidate(cleaned=_without_boilerplate(cleaned, hints), method=method)


def _of_declared(text: str, root: HtmlElement, facts: PageFacts, hints: FeedHints) -> Iterator[Candidate]:
    """The articleBody that the page declares, where it is longer than the text found and of this article."""
    if len(facts.article_body) <= len(text):
        return
    declared = "\n".join(declared_paragraphs(facts.article_body, paragraphs_shown(root)))
    if facts.body_is_own or agree(declared, text):
        yield _of_lines(declared, Method.JSON_LD, facts, hints)


def _of_feed(hints: FeedHints, *, longer_than: int = 0) -> Iterator[Candidate]:
    """Content and summary of the feed, if they have more than so many characters."""
    for html, method in ((hints.content, Method.FEED_CONTENT), (hints.summary, Method.FEED_SUMMARY)):
        lines = paragraphs_of(plain_text(html[:MAX_FEED_CHARS])) if len(html) > longer_than else []
        if any(char.isalnum() for line in lines for char in line):
            cleaned = clean_paragraphs(
                without_boilerplate(lines, hints.boilerplate),
                titles=[line_of(hints.title)],
                known_authors=hints.authors,
                known_credits=agencies_among(hints.authors, site_names=()),
            )
            if any(char.isalnum() for line in cleaned.paragraphs for char in line):
                yield Candidate(cleaned=_without_boilerplate(cleaned, hints), method=method)


def _without_boilerplate(cleaned: Cleaned, hints: FeedHints) -> Cleaned:
    """Once more, since bylines and credits may have stood around what was learned."""
    if not hints.boilerplate:
        return cleaned
    return replace(cleaned, paragraphs=without_boilerplate(cleaned.paragraphs, hints.boilerplate))


def _with_edges_of(text: Cleaned, other: Cleaned) -> Cleaned:
    return replace(
        text,
        authors=text.authors or other.authors,
        credit=text.credit or other.credit,
        agency=text.agency or other.agency,
    )


# --- the article ----------------------------------------------------------------------------------------------------


def _article(
    text: Candidate, facts: PageFacts, guessed: Guess, *, hints: FeedHints, url: str, access: Access
) -> ExtractedArticle:
    cleaned, body = text.cleaned, text.text
    languages = judge_language(body, (facts.language, facts.meta.get("og:locale"), hints.language))
    moment = choose_moment(hints.published_at, facts.dates, found=guessed.published, first_seen_at=hints.first_seen_at)
    feed_title, page_title = line_of(hints.title), _headline(facts, url)
    return ExtractedArticle(
        title=feed_title or page_title or title_of_text(body),
        feed_title=feed_title,
        page_title=page_title,
        text=body,
        authors=choose_authors(
            (hints.authors, facts.authors, cleaned.authors, guessed.authors), site_names=facts.site_names
        ),
        published_at=moment.at,
        precision=moment.precision,
        date_origin=moment.origin,
        language=languages.language,
        language_detected=languages.detected,
        language_declared=languages.declared,
        access=access,
        method=text.method,
        canonical_url=facts.canonical_url,
        section=facts.section,
        tags=tuple(dict.fromkeys(tag for tag in (*map(line_of, hints.tags), *facts.tags) if tag))[:20],
        dateline=cleaned.dateline,
        credit=cleaned.credit,
        agency=cleaned.agency,
        origin=cleaned.origin,
        n_words=sum(map(n_words, cleaned.paragraphs)),
    )


def _headline(facts: PageFacts, url: str) -> str:
    candidates = (facts.headline, facts.first_heading, facts.page_title)
    return headline_of(candidates, heading=facts.first_heading, site_names=facts.site_names, url=url)

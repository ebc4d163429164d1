"""What does a page declare about itself?

Reads the markup: JSON-LD (schema.org), meta elements (Open Graph), rel=canonical, the language, the title. Declarations
are untrusted and may contradict each other; which one counts is decided in monitor.extract.page. A page may describe
several articles: its own is the one whose URL or headline fits. Refuses nothing: a page without facts gives empty
facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from monitor.extract.json_ld import article_of, body_of, is_free, is_own, objects_of
from monitor.extract.moments import Moment, parse_declared_date
from monitor.text.normalise import clean_line, plain_text
from monitor.types import DateOrigin, Precision
from monitor.urls import absolute_url, canonical_url

_MAX_METAS = 300
_MAX_LINKS = 500
_MAX_LINE_CHARS = 500
_AUTHOR_KEYS = ("author", "article:author", "dc.creator", "parsely-author")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """Declarations of one page; texts are single clean lines, but for `article_body`, which is as it was declared.

    `body_is_own`: its object names the URL or a title of this page.
    """

    headline: str = ""
    page_title: str = ""
    first_heading: str = ""
    description: str = ""
    site_names: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    precision: Precision = Precision.UNKNOWN
    date_origin: DateOrigin = DateOrigin.FIRST_SEEN
    section: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    canonical_url: str | None = None
    is_free: bool | None = None
    declares_article: bool = False
    article_body: str = ""
    body_is_own: bool = False
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Markup:
    """What one walk over the page picks up."""

    meta: dict[str, str] = field(default_factory=dict)
    canonical: str = ""
    title: str = ""
    heading: str = ""
    json_scripts: list[str] = field(default_factory=list)


def read_facts(root: etree._Element, *, url: str) -> PageFacts:
    """Facts of a parsed page that was found at `url`."""
    markup = _walk(root)
    meta = markup.meta
    items = list(objects_of(markup.json_scripts))
    absolute = absolute_url(url, markup.canonical) if markup.canonical else None
    canonical = canonical_url(absolute) if absolute else None
    titles = [title for title in (meta.get("og:title"), markup.heading, markup.title) if title]
    article = article_of(items, urls=(url, canonical or url), titles=titles)
    published = _published(article, meta)
    return PageFacts(
        headline=_line(article.get("headline")) or meta.get("og:title", ""),
        page_title=markup.title,
        first_heading=markup.heading,
        description=meta.get("og:description") or meta.get("description", ""),
        site_names=_site_names(article, meta),
        authors=_authors(article.get("author"), meta),
        published_at=published.at,
        precision=published.precision,
        date_origin=published.origin,
        section=_line(_first(article.get("articleSection"))) or meta.get("article:section") or None,
        tags=_tags(article),
        language=root.get("lang") or root.get("xml:lang") or _line(article.get("inLanguage")) or meta.get("og:locale"),
        canonical_url=canonical,
        is_free=is_free([article, *items]),
        declares_article=bool(article) or meta.get("og:type") == "article",
        article_body=body_of(article),
        body_is_own=is_own(article, urls=(url, canonical or url), titles=titles),
        meta=meta,
    )


def _walk(root: etree._Element) -> _Markup:
    found = _Markup()
    n_metas = n_links = 0
    for element in root.iter("meta", "link", "title", "h1", "script"):
        if element.tag == "meta" and n_metas < _MAX_METAS:
            n_metas += 1
            name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
            if name and name not in found.meta and (content := _line(element.get("content"))):
                found.meta[name] = content
        elif element.tag == "link" and not found.canonical and n_links < _MAX_LINKS:
            n_links += 1
            if "canonical" in (element.get("rel") or "").lower().split():
                found.canonical = element.get("href") or ""
        elif element.tag == "title" and not found.title:
            found.title = _line("".join(element.itertext()))
        elif element.tag == "h1" and not found.heading:
            found.heading = _line("".join(element.itertext()))
        elif element.tag == "script" and "ld+json" in (element.get("type") or "").lower():
            found.json_scripts.append(element.text or "")
    return found


def _line(value: object) -> str:
    """One clean line of any declared value; markup and entities in it are resolved."""
    if not isinstance(value, str):
        return ""
    return clean_line(plain_text(value[: 4 * _MAX_LINE_CHARS]))[:_MAX_LINE_CHARS]


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _authors(value: object, meta: Mapping[str, str]) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    names = [_line(item.get("name") if isinstance(item, dict) else item) for item in given[:20]]
    declared = [name for name in names if name]
    if not declared:
        declared = [name for key in _AUTHOR_KEYS if (name := meta.get(key))]
    return tuple(dict.fromkeys(name for name in declared if "://" not in name))


def _site_names(article: Mapping[str, Any], meta: Mapping[str, str]) -> tuple[str, ...]:
    publisher = _first(article.get("publisher"))
    named = publisher.get("name") if isinstance(publisher, dict) else publisher
    found = (_line(named), meta.get("og:site_name", ""), meta.get("application-name", ""))
    return tuple(dict.fromkeys(name for name in found if name))


def _tags(article: Mapping[str, Any]) -> tuple[str, ...]:
    keywords = article.get("keywords")
    parts = keywords.split(",") if isinstance(keywords, str) else keywords if isinstance(keywords, list) else []
    return tuple(dict.fromkeys(tag for part in parts[:50] if (tag := _line(part))))[:20]


# --- dates ------------------------------------------------------------------------------------------------------


def _published(article: Mapping[str, Any], meta: Mapping[str, str]) -> Moment:
    in_json, in_meta = DateOrigin.JSON_LD, DateOrigin.META
    declared = (
        (_line(_first(article.get("datePublished"))), in_json),
        (meta.get("article:published_time", ""), in_meta),
        (meta.get("datepublished", ""), in_meta),
        (meta.get("parsely-pub-date", ""), in_meta),
        (meta.get("dc.date.issued", ""), in_meta),
        (meta.get("date", ""), in_meta),
        (_line(_first(article.get("dateCreated"))), in_json),
    )
    for raw, origin in declared:
        published_at, precision = parse_declared_date(raw)
        if published_at is not None:
            return Moment(published_at, precision, origin)
    return Moment()

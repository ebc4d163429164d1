"""What does a page declare about itself?

Reads the markup: JSON-LD (schema.org), meta elements (Open Graph), rel=canonical, the language, the title. Declarations
are untrusted and may contradict each other; which one counts is decided in monitor.extract.page. A page may describe
several articles: its own is the one whose URL or headline fits. Refuses nothing: a page without facts gives empty
facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from monitor.extract.json_ld import Node, article_of, body_of, is_free, is_own, objects_of
from monitor.extract.moments import DeclaredDates, declared_dates
from monitor.text.normalise import clean_line, plain_text
from monitor.types import DateOrigin
from monitor.urls import absolute_url, canonical_url

_MAX_METAS = 300
_MAX_LINKS = 500
_MAX_LINE_CHARS = 500
_MAX_AUTHORS = 20
_AUTHOR_KEYS = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author")
_META_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "dc.date.issued",
    "dcterms.created",
    "pubdate",
    "publishdate",
    "date",
)
_META_CHANGED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """Declarations of one page; texts are single clean lines, but for `article_body`, which is as it was declared.

    `body_is_own`: there is one, and its object names the URL or a title of this page.
    """

    headline: str = ""
    page_title: str = ""
    first_heading: str = ""
    description: str = ""
    site_names: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    dates: DeclaredDates = field(default_factory=DeclaredDates)
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


def read_facts(root: etree._Element, *, url: str, with_dates: bool = True) -> PageFacts:
    """Facts of a parsed page that was found at `url`; without `with_dates` its dates are not looked for."""
    markup = _walk(root)
    meta = markup.meta
    items = list(objects_of(markup.json_scripts))
    absolute = absolute_url(url, markup.canonical) if markup.canonical else None
    canonical = canonical_url(absolute) if absolute else None
    urls = (url, canonical or url)
    titles = [title for title in (meta.get("og:title"), markup.heading, markup.title) if title]
    article = article_of(items, urls=urls, titles=titles)
    article_body = body_of(article)
    return PageFacts(
        headline=_line(article.get("headline")) or meta.get("og:title", ""),
        page_title=markup.title,
        first_heading=markup.heading,
        description=meta.get("og:description") or meta.get("description", ""),
        site_names=_site_names(article, meta),
        authors=_authors(article.get("author"), items, meta),
        dates=_dates(article, meta, root) if with_dates else DeclaredDates(),
        section=_section(article, meta),
        tags=_tags(article, meta),
        language=root.get("lang") or root.get("xml:lang") or _line(article.get("inLanguage")) or meta.get("og:locale"),
        canonical_url=canonical,
        is_free=is_free([article, *items]),
        declares_article=bool(article) or meta.get("og:type") == "article",
        article_body=article_body,
        body_is_own=bool(article_body) and is_own(article, urls=urls, titles=titles),
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


def _authors(value: object, items: Sequence[Node], meta: Mapping[str, str]) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    declared = [name for item in given[:_MAX_AUTHORS] if (name := _author(item, items))]
    if not declared:
        declared = [meta[key] for key in _AUTHOR_KEYS if meta.get(key)]
    return tuple(dict.fromkeys(name for name in declared if "://" not in name))


def _author(item: object, items: Sequence[Node]) -> str:
    """The name of an author, also where only its @id is given and the name stands with another object."""
    if not isinstance(item, dict):
        return _line(item)
    if item.get("name") or not item.get("@id"):
        return _line(item.get("name"))
    named = (other["name"] for other in items if other.get("@id") == item["@id"] and other.get("name"))
    return _line(next(named, ""))


def _site_names(article: Mapping[str, Any], meta: Mapping[str, str]) -> tuple[str, ...]:
    publisher = _first(article.get("publisher"))
    named = publisher.get("name") if isinstance(publisher, dict) else publisher
    found = (_line(named), meta.get("og:site_name", ""), meta.get("application-name", ""))
    return tuple(dict.fromkeys(name for name in found if name))


def _section(article: Mapping[str, Any], meta: Mapping[str, str]) -> str | None:
    declared = _line(_first(article.get("articleSection")))
    return declared or meta.get("article:section") or meta.get("parsely-section")


def _tags(article: Mapping[str, Any], meta: Mapping[str, str]) -> tuple[str, ...]:
    keywords = article.get("keywords") or meta.get("news_keywords") or meta.get("parsely-tags")
    parts = keywords.split(",") if isinstance(keywords, str) else keywords if isinstance(keywords, list) else []
    return tuple(dict.fromkeys(tag for part in parts[:50] if (tag := _line(part))))[:20]


# --- dates ------------------------------------------------------------------------------------------------------


def _dates(article: Mapping[str, Any], meta: Mapping[str, str], root: Any) -> DeclaredDates:
    in_json, in_meta, in_page = DateOrigin.JSON_LD, DateOrigin.META, DateOrigin.PAGE
    published = (
        (_stamp(article.get("datePublished")), in_json),
        *((meta.get(name, ""), in_meta) for name in _META_PUBLISHED),
        (_stamp(article.get("dateCreated")), in_json),
        *((raw, in_page) for raw in _time_elements(root)),
    )
    changed = (
        (_stamp(article.get("dateModified")), in_json),
        *((meta.get(name, ""), in_meta) for name in _META_CHANGED),
    )
    return declared_dates(published, changed)


def _stamp(value: object) -> str:
    value = _first(value)
    return str(value) if isinstance(value, int | float) else _line(value)


def _time_elements(root: Any) -> list[str]:
    """Dates of publication in the markup: marked as such, else the first beside the headline."""
    marked = root.xpath("//*[@itemprop='datePublished']|//time[@pubdate]|//time[contains(@class, 'publish')]")[:5]
    beside = root.xpath("(//article|//main)[.//h1][1]//time[not(ancestor::aside|ancestor::nav|ancestor::li)]")[:1]
    found = [element.get("datetime") or element.get("content") or "" for element in (*marked, *beside)]
    return [_line(raw) for raw in found if raw]

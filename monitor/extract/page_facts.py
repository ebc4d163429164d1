"""What does a page declare about itself?

Reads the markup: JSON-LD (schema.org), meta elements (Open Graph), rel=canonical, the language, the title, and how
much of the page is script and text. Declarations are untrusted and may contradict each other; which one counts is
decided in monitor.extract.page. Refuses nothing: a page without facts gives empty facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from monitor.extract.moments import DeclaredDates, declared_dates
from monitor.text.normalise import clean_line, plain_text
from monitor.types import DateOrigin
from monitor.urls import absolute_url, canonical_url

_MAX_JSON_CHARS = 300_000
_MAX_JSON_SCRIPTS = 20
_MAX_JSON_NODES = 5_000
_MAX_LINE_CHARS = 500
_ARTICLE_TYPES = re.compile(
    r"(?:News|Opinion|Analysis|Reportage|Background|Review)?(?:News)?Article$|BlogPosting$|^Report$"
)
_ROOT_ID = re.compile(
    r"^(?:root|app|__next|__nuxt|___gatsby|main-?app|app-?root|react-root|svelte|ember\d*)$", re.IGNORECASE
)
_XPATH_META = "//meta[@content]"
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
    """Declarations of one page; texts are single clean lines. `n_visible_words` counts the body without scripts."""

    headline: str = ""
    page_title: str = ""
    first_heading: str = ""
    site_names: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    dates: DeclaredDates = field(default_factory=DeclaredDates)
    section: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    canonical_url: str | None = None
    is_free: bool | None = None
    declares_article: bool = False
    n_visible_words: int = 0
    n_scripts: int = 0
    n_script_chars: int = 0
    n_body_chars: int = 0
    has_empty_root: bool = False
    has_layout_tables: bool = False
    noscript: str = ""
    controls: tuple[str, ...] = ()
    form_actions: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)


def read_facts(body: bytes, *, url: str) -> PageFacts:
    """Facts of an HTML page; empty facts when the bytes do not parse at all."""
    root = _parse(body)
    if root is None:
        return PageFacts()
    meta = _meta(root)
    items = list(_json_ld(root))
    article = _article_of(items)
    return PageFacts(
        headline=_line(article.get("headline")) or meta.get("og:title", ""),
        page_title=_text_of(root, "//title"),
        first_heading=_text_of(root, "//h1"),
        site_names=_site_names(article, meta),
        authors=_authors(article.get("author"), meta),
        dates=_dates(article, meta, root),
        section=_line(_first(article.get("articleSection"))) or meta.get("article:section") or None,
        tags=_tags(article),
        language=root.get("lang") or root.get("xml:lang") or _line(article.get("inLanguage")) or meta.get("og:locale"),
        canonical_url=_canonical(root, url),
        is_free=_is_free([article, *items]),
        declares_article=bool(article) or meta.get("og:type") == "article",
        meta=meta,
        **_shape(root),
    )


def _parse(body: bytes) -> Any:
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding=_encoding(body))
    try:
        return etree.fromstring(body.replace(b"\x00", b""), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return None


def _encoding(body: bytes) -> str | None:
    """utf-8 if the bytes are; else what the markup declares is left to the parser."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _meta(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.xpath(_XPATH_META)[:300]:
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        if name and (content := _line(element.get("content"))):
            found.setdefault(name, content)
    return found


def _line(value: object) -> str:
    """One clean line of any declared value; markup and entities in it are resolved."""
    if not isinstance(value, str):
        return ""
    return clean_line(plain_text(value[: 4 * _MAX_LINE_CHARS]))[:_MAX_LINE_CHARS]


def _text_of(root: Any, path: str) -> str:
    for element in root.xpath(path)[:1]:
        return _line("".join(element.itertext()))
    return ""


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _canonical(root: Any, url: str) -> str | None:
    for element in root.xpath("//link[@rel and @href]")[:500]:
        if "canonical" in element.get("rel").lower().split():
            absolute = absolute_url(url, element.get("href"))
            return canonical_url(absolute) if absolute else None
    return None


# --- JSON-LD ----------------------------------------------------------------------------------------------------


def _json_ld(root: Any) -> Iterator[dict[str, Any]]:
    """Objects of all JSON-LD scripts, breadth first, with a limit on how many are looked at."""
    scripts = root.xpath("//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]")[:_MAX_JSON_SCRIPTS]
    queue: list[Any] = [loaded for script in scripts if (loaded := _loaded(script.text or "")) is not None]
    for index in range(_MAX_JSON_NODES):
        if index >= len(queue):
            return
        node = queue[index]
        if isinstance(node, dict):
            yield node
            queue.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            queue.extend(value for value in node[:1_000] if isinstance(value, dict | list))


def _loaded(text: str) -> Any:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    if len(text) > _MAX_JSON_CHARS:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _article_of(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The first object of an article type with a headline: with breadth first search, the page's own."""
    for item in items:
        types = item.get("@type")
        names = types if isinstance(types, list) else [types]
        if item.get("headline") and any(isinstance(name, str) and _ARTICLE_TYPES.search(name) for name in names):
            return item
    return {}


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


def _is_free(items: list[dict[str, Any]]) -> bool | None:
    """The publisher's own word: isAccessibleForFree of the article, or of the page when the article says nothing."""
    for item in items:
        types = str(item.get("@type") or "")
        if "isAccessibleForFree" in item and "WebPageElement" not in types:
            return str(item["isAccessibleForFree"]).strip().lower() not in {"false", "0", "no"}
    return None


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


# --- how the page is made ---------------------------------------------------------------------------------------


def _shape(root: Any) -> dict[str, Any]:
    bodies = root.xpath("//body")
    body = bodies[0] if bodies else root
    scripts = [script for script in root.xpath("//script") if "json" not in (script.get("type") or "")]
    roots = [element for element in body.xpath(".//*[@id]") if _ROOT_ID.match(element.get("id"))]
    controls = body.xpath(".//button|.//input[@type='submit' or @type='button']|.//a[contains(@class, 'btn')]")
    return {
        "n_visible_words": len(_visible(body).split()),
        "n_scripts": len(scripts),
        "n_script_chars": sum(len(script.text or "") for script in scripts),
        "n_body_chars": sum(len(text) for text in body.itertext()),
        "has_empty_root": any(len(_visible(element).split()) < 5 for element in roots[:5]),
        "has_layout_tables": _has_layout_tables(body),
        "noscript": _line(" ".join(" ".join(n.itertext()) for n in root.xpath("//noscript")[:20])),
        "controls": tuple(_line(c.get("value") or "".join(c.itertext())) for c in controls[:40]),
        "form_actions": tuple(action for form in root.xpath("//form[@action]")[:20] if (action := form.get("action"))),
    }


def _has_layout_tables(body: Any) -> bool:
    """Do tables place things on this page rather than hold data? After the signs that the HTML standard names."""
    tables = body.xpath(".//table")[:200]
    is_data = "boolean(.//th|.//caption|.//thead)"
    is_layout = "boolean(@cellpadding|@cellspacing|@width|@bgcolor|@align|self::*[@border='0' or @role='presentation'])"
    return (
        bool(tables)
        and not any(table.xpath(is_data) for table in tables)
        and all(table.xpath(is_layout) for table in tables)
    )


def _visible(element: Any) -> str:
    """Text that a reader sees, up to 20,000 characters; walked with events, since hostile markup nests deeply."""
    pieces: list[str] = []
    n_chars = 0
    hidden = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        is_hidden = node.tag in {"script", "style", "noscript", "template", "svg", "head"}
        hidden += is_hidden if event == "start" else -is_hidden
        text = node.text if event == "start" else node.tail if node is not element else None
        if text and not hidden:
            pieces.append(text)
            n_chars += len(text)
        if n_chars > 20_000:
            break
    return " ".join(pieces)

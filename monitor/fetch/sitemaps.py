"""What does a sitemap say about news?

Reads a `urlset` whose addresses carry Google's news tags, and a `sitemapindex`, whose news are in other documents:
it names those that are worth fetching, and `merged` puts their entries into one feed. Refuses (None) a plain sitemap:
it lists pages, not news. A malformed sitemap is read as far as libxml2 can make sense of it; entities are never read.
Sources: sitemaps.org protocol, Google's news and image sitemaps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from monitor.fetch.decoding import root_position
from monitor.fetch.entries import MAX_ENTRIES, MAX_MEDIA, MAX_URL_CHARS
from monitor.fetch.given import GivenEntry, GivenFeed, GivenMedia, GivenText
from monitor.text.dates import parse_date
from monitor.types import ParsedEntry, ParsedFeed

MAX_CHILDREN = 3
"""How many documents of an index are worth a request each time it is polled."""

_MAX_LISTED = 50_000  # as many as a sitemap may list
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:urlset|sitemapindex)\b")
_DECLARATION = re.compile(r"<\?xml[^>]*?>")
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def is_sitemap(text: str) -> bool:
    """Whether the root element of the document is that of a sitemap or an index of sitemaps."""
    return _ROOT.match(text, root_position(text)) is not None


def read_sitemap(text: str, *, max_children: int = MAX_CHILDREN) -> GivenFeed | None:
    """The news of a sitemap, or the children of an index; None for a sitemap without news tags and an empty index."""
    root, complaint = _parsed(text)
    if root is None:
        return None
    if _local(root) == "sitemapindex":
        children = _news_children(root)[:max_children]
        return GivenFeed(format="sitemapindex", children=children, complaint=complaint) if children else None
    given = GivenFeed(format="newssitemap", complaint=complaint)
    for address in root:
        news = next((part for part in address if _local(part) == "news"), None)
        if news is None or _local(address) != "url":
            continue
        given.n_entries += 1
        if given.n_entries <= MAX_ENTRIES:
            given.entries.append(_entry(address, news))
            _publication(given, news)
    return given if given.entries else None


def merged(index: ParsedFeed, children: Sequence[ParsedFeed]) -> ParsedFeed:
    """The index with the entries of its children, at most MAX_ENTRIES; an entry that several of them list comes once.

    A child that is an index itself adds nothing: nobody follows a chain of indexes.
    """
    entries: dict[str, ParsedEntry] = {}
    for child in children:
        for entry in child.entries:
            entries.setdefault(entry.guid, entry)
    languages = {child.language for child in children}
    n_indexes = sum(bool(child.children) for child in children)
    problems = [*index.problems, *dict.fromkeys(problem for child in children for problem in child.problems)]
    if n_indexes:
        problems.append(f"{n_indexes} sitemaps of the index are indexes themselves")
    if len(entries) > MAX_ENTRIES:
        problems.append(f"{len(entries)} entries, only the first {MAX_ENTRIES} were read")
    return replace(
        index,
        title=index.title or next((child.title for child in children if child.title), ""),
        language=languages.pop() if len(languages) == 1 else None,
        entries=tuple(entries.values())[:MAX_ENTRIES],
        problems=tuple(problems),
    )


def _parsed(text: str) -> tuple[Any, str]:
    """The root element, None if there is none, and why the document is not well-formed."""
    declaration = _DECLARATION.match(text)
    body = (text[declaration.end() :] if declaration else text).encode("utf-8")
    try:
        return etree.fromstring(body, _parser()), ""
    except etree.XMLSyntaxError as error:
        complaint = str(error.msg)
    try:
        return etree.fromstring(body, _parser(recover=True)), complaint
    except etree.XMLSyntaxError:
        return None, complaint


def _parser(*, recover: bool = False) -> Any:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _entry(address: Any, news: Any) -> GivenEntry:
    said = _parts(news)
    about = _parts(address)
    return GivenEntry(
        link=about.get("loc", ""),
        title=GivenText(said.get("title", ""), "text/plain"),
        published=said.get("publication_date", ""),
        updated=about.get("lastmod", ""),
        tags=[word.strip() for word in said.get("keywords", "").split(",")],
        media=[_picture(part) for part in list(address.iterchildren())[: 4 * MAX_MEDIA] if _local(part) == "image"],
    )


def _picture(image: Any) -> GivenMedia:
    parts = _parts(image)
    return GivenMedia(parts.get("loc", ""), "image", title=parts.get("title") or parts.get("caption", ""))


def _publication(given: GivenFeed, news: Any) -> None:
    """The first publication that is named gives the feed its title and language."""
    publication = next((part for part in news if _local(part) == "publication"), None)
    if publication is not None:
        parts = _parts(publication)
        given.about.title.value = given.about.title.value or parts.get("name", "")
        given.language = given.language or parts.get("language", "")


def _news_children(root: Any) -> list[str]:
    """Addresses in the order of their worth: news by name, if any is, and of these the last changed first."""
    listed = []
    for child in list(root.iterchildren())[:_MAX_LISTED]:
        parts = _parts(child)
        address = parts.get("loc", "")
        if _local(child) == "sitemap" and 0 < len(address) <= MAX_URL_CHARS:
            listed.append((address, parse_date(parts.get("lastmod", "")) or _EARLIEST))
    named = [one for one in listed if _names_news(one[0])]
    newest_first = sorted(named or listed, key=lambda one: one[1], reverse=True)
    return [address for address, _ in newest_first]


def _names_news(address: str) -> bool:
    """Whether the path speaks of news; the host of a newspaper often does, whatever the document holds."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return "news" in f"{parts.path}?{parts.query}".lower()


def _parts(element: Any) -> dict[str, str]:
    """The texts of the element's children by local name; the first of a name counts."""
    found: dict[str, str] = {}
    for child in element:
        found.setdefault(_local(child), (child.text or "").strip())
    return found


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""

"""What does the body of a feed say?

Reads RSS, RDF, Atom, JSON Feed and Google's news sitemaps and answers with entries that all follow the same rules
(`entries.py`): text is untrusted, links are absolute http(s) or None, titles are plain text, summaries and contents
are HTML. Refuses documents that declare entities, web pages and empty bodies with a `Reason`; a malformed document
that can be read gives its entries and says what was wrong.

Well-formed feeds are read by `reading.py`; what it declines is read by feedparser, which gives the same and may cost
seconds of CPU on a hostile document: call `parse_feed` in a killable worker.
Sources: RSS 2.0, RFC 4287, RSS 1.0, XML Base, JSON Feed 1.1, sitemaps.org, Google's news sitemaps.
"""

from __future__ import annotations

import re

from monitor.fetch.decoding import DecodedXml, declares_entities, decode_xml, is_html
from monitor.fetch.entries import (
    MAX_ENTRIES,
    MAX_GUID_CHARS,
    MAX_HTML_BYTES,
    MAX_TITLE_CHARS,
    feed_of,
)
from monitor.fetch.fallback import read_with_feedparser
from monitor.fetch.given import GivenFeed
from monitor.fetch.jsonfeed import read_json_feed
from monitor.fetch.reading import read_feed
from monitor.fetch.sitemaps import MAX_CHILDREN, is_sitemap, read_sitemap
from monitor.types import ParsedFeed, Reason
from monitor.urls import absolute_url

__all__ = ["MAX_ENTRIES", "MAX_GUID_CHARS", "MAX_HTML_BYTES", "MAX_TITLE_CHARS", "parse_feed"]

_MAX_SKIP_CHARS = 4_000
_HOUR = re.compile(r"<hour\s*>\s*(\d{1,2})\s*<", re.IGNORECASE)
_DAY = re.compile(r"<day\s*>\s*([a-z]{6,9})\s*<", re.IGNORECASE)


def parse_feed(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    content_location: str | None = None,
    max_children: int = MAX_CHILDREN,
) -> ParsedFeed | Reason:
    """The feed in `body`, or why there is none: EMPTY, ENTITIES, NOT_A_FEED.

    `url` is the address the body came from and `content_location` the header of that name; relative links are taken
    from them unless the document has an xml:base (RFC 3986, 5.1). `max_children` bounds what an index names.
    """
    document = decode_xml(body, content_type)
    if not document.text:
        return Reason.EMPTY
    base = (absolute_url(url, content_location) if content_location else None) or url
    given = _read(document.text, base=base, max_children=max_children)
    return given if isinstance(given, Reason) else feed_of(given, base=base, notes=_notes(document))


def _read(text: str, *, base: str, max_children: int) -> GivenFeed | Reason:
    if text[0] == "{":
        return read_json_feed(text) or Reason.NOT_A_FEED
    if declares_entities(text):
        return Reason.ENTITIES
    if is_html(text):
        return Reason.NOT_A_FEED
    if is_sitemap(text):
        return read_sitemap(text, max_children=max_children) or Reason.NOT_A_FEED
    given = read_feed(text, base=base) or read_with_feedparser(text, base=base)
    if given is None:
        return Reason.NOT_A_FEED
    given.skip_hours, given.skip_days = _skipped(text, "skipHours", _HOUR), _skipped(text, "skipDays", _DAY)
    return given


def _skipped(text: str, name: str, part: re.Pattern[str]) -> list[str]:
    """Feedparser keeps only the last of several hours or days, so both readers leave them to this."""
    for spelling in (name, name.lower()):
        start = text.find(f"<{spelling}>")
        end = text.find(f"</{spelling}>", start, start + _MAX_SKIP_CHARS) if start >= 0 else -1
        if end >= 0:
            return part.findall(text, start, end)
    return []


def _notes(document: DecodedXml) -> list[str]:
    return [f"{document.n_replaced} bytes are not {document.encoding}"] if document.n_replaced else []

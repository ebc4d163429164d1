"""What does the body of a feed say?

Reads RSS, Atom and RDF through feedparser and answers with entries as given: text is untrusted, links are absolute
http(s) or None, titles are plain text, summaries and contents are HTML. Refuses documents that declare entities, web
pages and empty bodies with a `Reason`; a malformed document that can be read gives its entries and says what was wrong.
May cost seconds of CPU on a hostile document (feedparser is quadratic in places): call it in a killable worker.

feedparser gets bytes in a BytesIO, never bare bytes or text, which it would take for the name of a file or a URL first.
Its sanitiser and its rewriting of links inside HTML are off (measured: 4 to 11 times faster with equal entries). Its
mapping of a missing `updated` to `published` is never used: values are read with `dict.get`.
Sources: RSS 2.0, RFC 4287, RSS 1.0 with its syndication module, XML Base.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape, unescape
from html.entities import html5
from typing import Any
from xml.sax import SAXException

import feedparser

from monitor.fetch.dates import parse_date
from monitor.fetch.decoding import DecodedXml, declares_entities, decode_xml, is_html
from monitor.text.normalise import clean_line, plain_text
from monitor.types import ParsedEntry, ParsedFeed, Reason
from monitor.urls import absolute_url

MAX_ENTRIES = 2_000
MAX_TITLE_CHARS = 1_000
MAX_GUID_CHARS = 2_000
MAX_URL_CHARS = 2_048
MAX_HTML_BYTES = 1_000_000
MAX_AUTHORS, MAX_TAGS, MAX_NAME_CHARS = 20, 50, 200
MAX_TTL_S = 86_400

# feedparser lets these escape on documents made to break it: elements named like its own keys, impossible ports.
FEEDPARSER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    SAXException,
    TypeError,
    ValueError,
)

_PERIODS_S = {
    "hourly": 3_600,
    "daily": 86_400,
    "dayly": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{1,8}){0,3}")
_TAG_NAMES = (
    "a|abbr|acronym|address|article|b|bdi|bdo|big|blockquote|br|center|cite|code|dd|del|details|dfn|div|dl|dt|em|"
    "figcaption|figure|font|h[1-6]|hr|i|iframe|img|ins|kbd|li|mark|nobr|ol|p|pre|q|s|samp|script|section|small|span|"
    "strike|strong|style|sub|sup|svg|table|tbody|td|th|tr|tt|u|ul|var|wbr"
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})\b[^<>]*>|<!--[^<>]*-->", re.IGNORECASE)
_SURELY_MARKUP = re.compile(rf"</(?:{_TAG_NAMES})\s*>|<(?:br|p|img|hr)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MAILBOX = re.compile(r"^\S+@\S+?\s*\((?P<after>[^()]+)\)$|^(?P<before>[^<>@]+)<\S+@\S+>$")
# feedparser knows top-level domains of two to four letters and leaves "ple (Ann Lee" of "a@news.example (Ann Lee)".
_CUT_MAILBOX = re.compile(r"^[a-z]{1,20}\s*\(([^()]+)$")


def parse_feed(body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | Reason:
    """The feed in `body`, or why there is none: EMPTY, ENTITIES, NOT_A_FEED.

    `url` is the address the body came from; relative links are taken from it unless the document has an xml:base.
    """
    document = decode_xml(body, content_type)
    if not document.text:
        return Reason.EMPTY
    if declares_entities(document.text):
        return Reason.ENTITIES
    if is_html(document.text):
        return Reason.NOT_A_FEED
    try:
        parsed = feedparser.parse(
            io.BytesIO(document.text.encode("utf-8")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except FEEDPARSER_FAULTS:
        return Reason.NOT_A_FEED
    if not parsed.version:
        return Reason.NOT_A_FEED
    return _feed(parsed, document, url=url)


def _feed(parsed: Mapping[str, Any], document: DecodedXml, *, url: str) -> ParsedFeed:
    raw_entries = _mappings(parsed, "entries")
    feed_format = str(parsed["version"])
    read = [_entry(raw, url=url, feed_format=feed_format) for raw in raw_entries[:MAX_ENTRIES]]
    entries = _with_own_guids(read)
    about = parsed["feed"] if isinstance(parsed["feed"], dict) else {}
    language = _LANGUAGE.fullmatch(_text(about, "language"))
    return ParsedFeed(
        format=feed_format,
        title=_title(about, feed_format),
        url=_link(about, url),
        language=language[0].lower().replace("_", "-") if language else None,
        entries=entries,
        ttl_s=_ttl_s(about),
        problems=tuple(_problems(parsed, document, raw_entries=raw_entries, read=read, entries=entries)),
    )


def _problems(
    parsed: Mapping[str, Any],
    document: DecodedXml,
    *,
    raw_entries: Sequence[Mapping[str, Any]],
    read: Sequence[ParsedEntry],
    entries: Sequence[ParsedEntry],
) -> list[str]:
    """What was wrong and how it was dealt with: one line each, for people."""
    found = []
    if parsed.get("bozo"):
        found.append(f"not well-formed: {_complaint(parsed.get('bozo_exception'))}")
    if document.n_replaced:
        found.append(f"{document.n_replaced} bytes are not {document.encoding}")
    if len(raw_entries) > MAX_ENTRIES:
        found.append(f"{len(raw_entries)} entries, only the first {MAX_ENTRIES} were read")
    if n_repeated := len(read) - len(entries):
        found.append(f"{n_repeated} entries were there twice")
    if n_without_url := sum(entry.url is None for entry in entries):
        found.append(f"{n_without_url} entries have no usable link")
    if n_undated := sum(bool(entry.published_raw) and entry.published_at is None for entry in entries):
        found.append(f"{n_undated} dates could not be read")
    return found


def _complaint(fault: object) -> str:
    message = fault.getMessage() if isinstance(fault, SAXException) else str(fault)
    return clean_line(message)[:MAX_NAME_CHARS]


def _entry(raw: Mapping[str, Any], *, url: str, feed_format: str) -> ParsedEntry:
    title = _title(raw, feed_format)
    link = _link(raw, url)
    updated_raw = _line(raw, "updated")
    # RSS 1.0 has only dc:date, which feedparser calls `updated`, and Atom makes <published> optional.
    published_raw = _line(raw, "published") or _line(raw, "created") or updated_raw
    updated_at = parse_date(updated_raw)
    summary, content = _summary(raw, feed_format), _content(raw, feed_format)
    return ParsedEntry(
        guid=_guid(raw, link=link, title=title, published_raw=published_raw),
        url=link,
        title=title,
        authors=_authors(raw),
        summary=summary,
        content=content,
        published_at=parse_date(published_raw) or updated_at,
        published_raw=published_raw,
        updated_at=updated_at,
        tags=_tags(raw),
        # Of the text alone: markup that changes with every poll (tracking pixels, counters) is no change.
        content_hash=_sha256(
            title,
            link or "",
            plain_text(summary),
            plain_text(content),
            updated_at.isoformat() if updated_at else "",
        ),
    )


def _guid(raw: Mapping[str, Any], *, link: str | None, title: str, published_raw: str) -> str:
    guid = clean_line(_text(raw, "id")) or link
    return _bounded_guid(guid) if guid else _digest(title, published_raw, "" if title else _text(raw, "summary"))


def _bounded_guid(guid: str) -> str:
    return guid if len(guid) <= MAX_GUID_CHARS else _digest(guid)


def _digest(*parts: str) -> str:
    return f"sha256:{_sha256(*parts)}"


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _with_own_guids(entries: Sequence[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Entries with a guid each of their own: a guid on several links is split by link; a mere repetition is left out.

    All sharers of such a guid are renamed, the first too: which of them comes first changes from poll to poll.
    """
    sharers: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        sharers[entry.guid].add(entry.url or entry.title)
    own: dict[str, ParsedEntry] = {}
    for entry in entries:
        guid = entry.guid
        if len(sharers[guid]) > 1:
            guid = _bounded_guid(f"{guid} {entry.url or entry.title}")
        own.setdefault(guid, replace(entry, guid=guid))
    return tuple(own.values())


def _link(raw: Mapping[str, Any], url: str) -> str | None:
    """The first link that leads to a page on the web. FeedBurner keeps the publisher's own link beside its redirect."""
    alternates = [_text(link, "href") for link in _mappings(raw, "links") if _text(link, "rel") == "alternate"]
    link = _text(raw, "link")
    if link == _text(raw, "id") and not link.startswith(("http://", "https://", "/")):
        link = ""  # a guid that claims to be a link and is none
    for candidate in (_text(raw, "feedburner_origlink"), link, *alternates):
        target = absolute_url(url, candidate) if 0 < len(candidate) <= MAX_URL_CHARS else None
        if target and len(target) <= MAX_URL_CHARS:
            return target
    return None


def _title(raw: Mapping[str, Any], feed_format: str) -> str:
    title = _text(raw, "title")[: 20 * MAX_TITLE_CHARS]
    details = raw.get("title_detail")
    if _is_html_text(title, details if isinstance(details, dict) else {}, feed_format):
        title = _TAG.sub("", title)
    for _ in range(2):  # many publishers escape twice: &amp;eacute;
        title = _ENTITY.sub(_character, title)
    return clean_line(title)[:MAX_TITLE_CHARS].rstrip()


def _character(found: re.Match[str]) -> str:
    """What an entity stands for; names that HTML does not know stay (html.unescape would read &notit; as ¬it;)."""
    is_known = found[0][1] == "#" or found[0][1:] in html5
    return unescape(found[0]) if is_known else found[0]


def _is_html_text(text: str, details: Mapping[str, Any], feed_format: str) -> bool:
    """RSS never says whether text is HTML, so it is; Atom does say, and "text" is believed unless tags are closed."""
    return (
        not feed_format.startswith("atom")
        or "html" in _text(details, "type")
        or _SURELY_MARKUP.search(text) is not None
    )


def _summary(raw: Mapping[str, Any], feed_format: str) -> str:
    details = raw.get("summary_detail")
    return _html(_text(raw, "summary"), details if isinstance(details, dict) else {}, feed_format)


def _content(raw: Mapping[str, Any], feed_format: str) -> str:
    """The longest of the contents that is text; Atom allows pictures and links to elsewhere."""
    readable = [content for content in _mappings(raw, "content") if _is_text_type(_text(content, "type"))]
    longest = max(readable, key=lambda content: len(_text(content, "value")), default={})
    return _html(_text(longest, "value"), longest, feed_format)


def _is_text_type(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type in {"", "application/xhtml+xml"}


def _html(text: str, details: Mapping[str, Any], feed_format: str) -> str:
    cut = text.encode("utf-8", "ignore")[:MAX_HTML_BYTES].decode("utf-8", "ignore").replace("\x00", "")
    return cut if _is_html_text(cut, details, feed_format) else escape(cut, quote=False)


def _authors(raw: Mapping[str, Any]) -> tuple[str, ...]:
    names = [_person(_line(author, "name")) for author in _mappings(raw, "authors")]
    return _distinct(names or [_person(_line(raw, "author"))], MAX_AUTHORS)


def _person(name: str) -> str:
    """RSS asks for a mailbox and gets names, "box@host (Name)", "Name <box@host>" and bare mailboxes."""
    if "@" not in name:
        cut = _CUT_MAILBOX.match(name)
        return cut[1] if cut else name
    found = _MAILBOX.match(name)
    return (found["after"] or found["before"]).strip() if found else ""


def _tags(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return _distinct([_line(tag, "label") or _line(tag, "term") for tag in _mappings(raw, "tags")], MAX_TAGS)


def _distinct(values: Sequence[str], n_max: int) -> tuple[str, ...]:
    return tuple(Counter(unescape(value) for value in values if value))[:n_max]


def _ttl_s(about: Mapping[str, Any]) -> int | None:
    """How long the publisher asks readers to wait: RSS ttl in minutes, or the syndication module's period."""
    minutes = _number(_text(about, "ttl"))
    if minutes:
        return int(min(minutes * 60, MAX_TTL_S))
    period_s = _PERIODS_S.get(_text(about, "sy_updateperiod").lower())
    if period_s is None:
        return None
    return int(min(period_s / (_number(_text(about, "sy_updatefrequency")) or 1), MAX_TTL_S))


def _number(text: str) -> float | None:
    """A positive number of at most six digits before the point, else None."""
    return float(text) or None if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", text, re.ASCII) else None


def _line(raw: Mapping[str, Any], key: str) -> str:
    return clean_line(_text(raw, key)[: 4 * MAX_NAME_CHARS])[:MAX_NAME_CHARS].rstrip()


def _text(raw: Mapping[str, Any], key: str) -> str:
    """A stored string, or "": an element with attributes puts a mapping under a name that feedparser does not know."""
    value = dict.get(raw, key) if isinstance(raw, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _mappings(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    values = dict.get(raw, key) if isinstance(raw, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []

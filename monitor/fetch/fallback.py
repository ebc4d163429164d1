"""What does a document say that only feedparser can read: not well-formed, or in ways nobody foresaw?

feedparser gets bytes in a BytesIO, never bare bytes or text, which it would take for the name of a file or a URL first.
Its sanitiser and its rewriting of links inside HTML are off (measured: 4 to 11 times faster with equal entries). Its
mapping of a missing `updated` to `published` is never used: values are read with `dict.get`. It may cost seconds of
CPU on a hostile document (it is quadratic in places): call it in a killable worker.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from xml.sax import SAXException

import feedparser

from monitor.fetch.context import tag_name
from monitor.fetch.entries import MAX_ENTRIES
from monitor.fetch.given import GivenEntry, GivenFeed, GivenMedia, GivenText

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


def read_with_feedparser(text: str, *, base: str) -> GivenFeed | None:
    """What feedparser finds, or None where it finds no feed. `base` is what the document's xml:base is relative to.

    Links and guids without an xml:base stay as they are written; a guid never depends on `base`, so that a feed may
    move and its guids stay.
    """
    given = _read(text, {})
    if given is None or "xml:base" not in text:
        return given
    based = _read(text, {"content-location": base})
    if based is None or len(based.entries) != len(given.entries):
        return given
    for entry, plain in zip((based.about, *based.entries), (given.about, *given.entries), strict=True):
        if plain.link == plain.guid:
            entry.link = plain.link
        entry.guid, entry.stable_link = plain.guid, plain.link
    return based


def _read(text: str, headers: dict[str, str]) -> GivenFeed | None:
    try:
        parsed = feedparser.parse(
            io.BytesIO(text.encode("utf-8")),
            response_headers={"content-type": "application/xml; charset=utf-8", **headers},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except FEEDPARSER_FAULTS:
        return None
    return given_by_feedparser(parsed) if parsed.version else None


def given_by_feedparser(parsed: Mapping[str, Any]) -> GivenFeed:
    """Feedparser's result in our words."""
    about = parsed["feed"] if isinstance(parsed["feed"], dict) else {}
    entries = _mappings(parsed, "entries")
    return GivenFeed(
        format=str(parsed["version"]),
        about=_entry(about),
        language=_text(about, "language"),
        ttl_minutes=_text(about, "ttl"),
        update_period=_text(about, "sy_updateperiod"),
        update_frequency=_text(about, "sy_updatefrequency"),
        entries=[_entry(entry) for entry in entries[:MAX_ENTRIES]],
        n_entries=len(entries),
        complaint=_complaint(parsed.get("bozo_exception")) if parsed.get("bozo") else "",
    )


def _complaint(fault: object) -> str:
    return (fault.getMessage() if isinstance(fault, SAXException) else str(fault)) or type(fault).__name__


def _entry(raw: Mapping[str, Any]) -> GivenEntry:
    links = _mappings(raw, "links")
    authors = _mappings(raw, "authors")
    return GivenEntry(
        guid=_text(raw, "id"),
        link=_text(raw, "link"),
        own_link=_text(raw, "feedburner_origlink"),
        links=[_text(link, "href") for link in links if _text(link, "rel") == "alternate"],
        title=_detailed(raw, "title"),
        summary=_detailed(raw, "summary"),
        contents=[GivenText(_text(one, "value"), _text(one, "type")) for one in _mappings(raw, "content")],
        authors=[_text(author, "name") for author in authors] or [_text(raw, "author")],
        tags=[tag_name(_text(tag, "term"), _text(tag, "label")) for tag in _mappings(raw, "tags")],
        media=_media(raw, links),
        published=_text(raw, "published"),
        created=_text(raw, "created"),
        updated=_text(raw, "updated"),
    )


def _detailed(raw: Mapping[str, Any], key: str) -> GivenText:
    details = raw.get(f"{key}_detail")
    return GivenText(_text(raw, key), _text(details, "type") if isinstance(details, dict) else "")


def _media(raw: Mapping[str, Any], links: list[Mapping[str, Any]]) -> list[GivenMedia]:
    enclosures = [
        GivenMedia(_text(link, "href"), _text(link, "type"), _text(link, "length"), _text(link, "title"))
        for link in links
        if _text(link, "rel") == "enclosure"
    ]
    contents = [
        GivenMedia(_text(one, "url"), _text(one, "type") or _text(one, "medium"), _text(one, "filesize"))
        for one in _mappings(raw, "media_content")
    ]
    thumbnails = [GivenMedia(_text(one, "url"), "image") for one in _mappings(raw, "media_thumbnail")]
    return [one for one in (*enclosures, *contents, *thumbnails) if one.url]


def _text(raw: Mapping[str, Any], key: str) -> str:
    """A stored string, or "": an element with attributes puts a mapping under a name that feedparser does not know."""
    value = dict.get(raw, key) if isinstance(raw, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _mappings(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    values = dict.get(raw, key) if isinstance(raw, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []

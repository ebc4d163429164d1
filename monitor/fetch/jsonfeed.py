"""What does a JSON Feed say?

Reads versions 1.0 and 1.1 and forgives what publishers get wrong: numbers as ids, a missing title, one author instead
of several. Refuses (None) whatever does not name a version of JSON Feed, is broken, or nests deeper than Python reads.
Sources: jsonfeed.org/version/1 and /version/1.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.fetch.decoding import without_forbidden
from monitor.fetch.entries import MAX_AUTHORS, MAX_ENTRIES, MAX_MEDIA, MAX_TAGS
from monitor.fetch.given import GivenEntry, GivenFeed, GivenMedia, GivenText

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/(1(?:\.[01])?)/?", re.IGNORECASE)


def read_json_feed(text: str) -> GivenFeed | None:
    """The feed that a JSON document is, or None."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    version = _VERSION.fullmatch(_text(document, "version").strip())
    items = document.get("items")
    if version is None or not isinstance(items, list):
        return None
    entries = [item for item in items if isinstance(item, dict)]
    return GivenFeed(
        format="json11" if version[1] == "1.1" else "json1",
        about=GivenEntry(title=_plain(document, "title"), link=_text(document, "home_page_url")),
        language=_text(document, "language"),
        entries=[_entry(item) for item in entries[:MAX_ENTRIES]],
        n_entries=len(entries),
    )


def _entry(item: Mapping[str, Any]) -> GivenEntry:
    content = _plain(item, "content_text")
    if _text(item, "content_html"):
        content = GivenText(_text(item, "content_html"), "text/html")
    summary = _plain(item, "summary")
    return GivenEntry(
        guid=_text(item, "id"),
        link=_text(item, "url"),
        links=[_text(item, "external_url")],
        title=_plain(item, "title"),
        summary=summary if summary.value.strip() else content,
        contents=[content],
        authors=[_text(author, "name") for author in _authors(item)],
        tags=[_string(tag) for tag in _list(item, "tags")[: 4 * MAX_TAGS]],
        media=_media(item),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
    )


def _authors(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Version 1.1 has several, 1.0 one."""
    authors = [*_list(item, "authors")[: 4 * MAX_AUTHORS], item.get("author")]
    return [author for author in authors if isinstance(author, dict)]


def _media(item: Mapping[str, Any]) -> list[GivenMedia]:
    attachments = [one for one in _list(item, "attachments")[: 4 * MAX_MEDIA] if isinstance(one, dict)]
    found = [
        GivenMedia(_text(one, "url"), _text(one, "mime_type"), _text(one, "size_in_bytes"), _text(one, "title"))
        for one in attachments
    ]
    found += [GivenMedia(_text(item, key), "image") for key in ("image", "banner_image")]
    return [one for one in found if one.url]


def _plain(raw: Mapping[str, Any], key: str) -> GivenText:
    return GivenText(_text(raw, key), "text/plain")


def _list(raw: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def _text(raw: Mapping[str, Any], key: str) -> str:
    return _string(raw.get(key))


def _string(value: object) -> str:
    """Text as it may stand in XML too; a number as its digits; "" for anything else."""
    if isinstance(value, str):
        return without_forbidden(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""

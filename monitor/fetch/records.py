"""What does one line of a JSON Lines file say: an article of an archive, or of another crawler?

A line is one JSON object: `id`, `url`, `title`, `text`, `published_at`, `source`, and if there are any `authors` and
`tags` (a list, or one text), `summary`, `language`, `section`, `seen_at`. It must name an id or a URL, and bring a text
or a URL where one can be read. Other keys say nothing. Text, summary and title may be plain or HTML; moments are dates
as feeds write them (ISO 8601 above all, from 1990 on) or seconds since 1970. What is wrong with a line comes back as a
sentence that says what to do; nothing is guessed and nothing is cut silently.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

from monitor.fetch.entries import bounded_guid
from monitor.text.dates import parse_date
from monitor.text.normalise import clean_line, line_of
from monitor.types import EntryDate, ParsedEntry, Precision
from monitor.urls import absolute_url

MAX_LINE_BYTES = 8_000_000
MAX_TEXT_CHARS = 1_000_000
MAX_TITLE_CHARS, MAX_NAME_CHARS, MAX_URL_CHARS, MAX_NAMES = 1_000, 200, 2_048, 50

_FIRST_S, _LAST_S = 631_152_000, 4_102_444_800  # 1990 to 2100
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{1,8}){0,3}")
_MARKUP = re.compile(
    r"</?(?:p|div|br|h[1-6]|li|ul|ol|table|tr|td|article|section|span|a|b|i|em|strong|blockquote|img|figure|html|body)"
    r"(?:\s[^<>]*)?/?>|<!doctype",
    re.IGNORECASE,
)
_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TOO_DEEP = "is no JSON that can be read: it is nested too deep, or a number is too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A line that can be stored. `html` is its text as HTML, "" where only its URL is given; `source` as written.

    `entry` holds what feeds say as well; its content is `html`, unless that is a whole page.
    """

    entry: ParsedEntry
    html: str
    is_page: bool
    source: str
    language: str | None
    section: str | None
    precision: Precision
    seen_at: datetime | None


class _WrongError(ValueError):
    """What is wrong with a line, for people."""


def read_record(line: bytes) -> Record | str:
    """The record in a line, or what is wrong with the line."""
    try:
        return _record(_object(line))
    except _WrongError as error:
        return str(error)
    except RecursionError:  # what just could be read need not be shallow enough to be written down
        return _TOO_DEEP


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _WrongError(f"byte {error.start + 1} is no UTF-8; convert the file to UTF-8") from None
    except json.JSONDecodeError as error:
        raise _WrongError(f"is no JSON at character {error.pos + 1}: {error.msg}; write one object a line") from None
    except (ValueError, RecursionError):
        raise _WrongError(_TOO_DEEP) from None
    if not isinstance(found, dict):
        raise _WrongError('is no JSON object; write one a line, as {"id": ..., "url": ..., "text": ...}')
    return found


def _record(given: Mapping[str, Any]) -> Record:
    url = _url(given)
    guid = clean_line(_text(given, "id", MAX_TEXT_CHARS, numbers=True)) or url
    if not guid:
        raise _WrongError("has neither id nor url; give it one of them")
    text = _text(given, "text", MAX_TEXT_CHARS)
    html = _html(text)
    if not html and url is None:
        raise _WrongError("has neither text nor url; give it one of them")
    is_page = bool(_PAGE.match(html))
    published_at, published_raw = _moment(given, "published_at")
    title = line_of(_text(given, "title", 20 * MAX_TITLE_CHARS))[:MAX_TITLE_CHARS].rstrip()
    entry = ParsedEntry(
        guid=bounded_guid(guid),
        url=url,
        title=title,
        authors=_names(given, "authors"),
        summary=_html(_text(given, "summary", MAX_TEXT_CHARS)),
        content="" if is_page else html,
        published_at=published_at,
        published_raw=published_raw,
        date_origin=EntryDate.NONE if published_at is None else EntryDate.PUBLISHED,
        tags=_names(given, "tags"),
        content_hash=_hash(given),
    )
    return Record(
        entry=entry,
        html=html,
        is_page=is_page,
        source=_text(given, "source", MAX_NAME_CHARS).strip(),
        language=_language(given),
        section=clean_line(_text(given, "section", MAX_NAME_CHARS)) or None,
        precision=_precision(published_at, published_raw),
        seen_at=_moment(given, "seen_at")[0],
    )


def _text(given: Mapping[str, Any], key: str, max_chars: int, *, numbers: bool = False) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if numbers and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _WrongError(f"{key} must be a text, and is {_kind(value)}")
    if len(value) > max_chars:
        raise _WrongError(f"{key} has {len(value)} characters; shorten it to {max_chars} at most")
    return value


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
        str: "a text",
    }
    return names.get(type(value), "something else")


def _url(given: Mapping[str, Any]) -> str | None:
    raw = _text(given, "url", MAX_TEXT_CHARS).strip()
    if not raw:
        return None
    url = absolute_url("", raw) if len(raw) <= MAX_URL_CHARS else None
    if url is None or len(url) > MAX_URL_CHARS:
        raise _WrongError(
            f"url must be an absolute http or https URL of at most {MAX_URL_CHARS} characters; "
            "correct it, or leave it out and give an id"
        )
    return url


def _names(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = given.get(key)
    listed = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise _WrongError(f"{key} must be a list of texts, or one text")
    names = (clean_line(name[: 4 * MAX_NAME_CHARS])[:MAX_NAME_CHARS].rstrip() for name in listed[:MAX_NAMES])
    return tuple(dict.fromkeys(name for name in names if name))


def _language(given: Mapping[str, Any]) -> str | None:
    raw = _text(given, "language", MAX_NAME_CHARS).strip()
    if raw and not _LANGUAGE.fullmatch(raw):
        raise _WrongError('language must be a code as "en" or "pt-BR"; correct it or leave it out')
    return raw.lower().replace("_", "-") or None


def _moment(given: Mapping[str, Any], key: str) -> tuple[datetime | None, str]:
    """The moment and how it is written."""
    value = given.get(key)
    if value is None or value == "":
        return None, ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not _FIRST_S <= value < _LAST_S:
            raise _WrongError(f"{key} is a number, but no seconds since 1970 of a moment between 1990 and 2100")
        return datetime.fromtimestamp(value, UTC), str(value)
    moment = parse_date(value) if isinstance(value, str) else None
    if moment is None:
        raise _WrongError(f"{key} is no date from 1990 on that can be read; write it as 2026-01-06T10:30:00Z")
    return moment, clean_line(str(value))[:MAX_NAME_CHARS]


def _precision(moment: datetime | None, raw: str) -> Precision:
    if moment is None:
        return Precision.UNKNOWN
    is_number = raw.replace(".", "").isdigit() and len(raw.partition(".")[0]) > 8
    return Precision.MINUTE if ":" in raw or "T" in raw or is_number else Precision.DAY


def _html(text: str) -> str:
    """A text as HTML: markup as it is, plain text with a paragraph for each of its lines."""
    if _MARKUP.search(text):
        return text
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line)


def _hash(given: Mapping[str, Any]) -> str:
    """Changes with everything a line says, but not with when it was seen."""
    told = json.dumps({key: value for key, value in given.items() if key != "seen_at"}, sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

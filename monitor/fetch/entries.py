"""What entries does the product make of what a feed says?

One set of rules for every format: titles are plain text, links absolute http(s) or None, guids an entry's own, dates
UTC, summaries and contents HTML, media addresses absolute. Everything is bounded. Refuses nothing: what cannot be used
is left out, and `problems` says so in a line for people. Sources: RSS 2.0, RFC 4287, RSS 1.0 with its syndication
module, Media RSS, JSON Feed 1.1.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape, unescape
from html.entities import html5

from monitor.fetch.given import GivenEntry, GivenFeed, GivenMedia, GivenText
from monitor.text.dates import parse_date
from monitor.text.normalise import clean_line
from monitor.types import EntryDate, Media, ParsedEntry, ParsedFeed
from monitor.urls import absolute_url

MAX_ENTRIES = 2_000
MAX_TITLE_CHARS = 1_000
MAX_GUID_CHARS = 2_000
MAX_URL_CHARS = 2_048
MAX_HTML_BYTES = 1_000_000
MAX_AUTHORS, MAX_TAGS, MAX_MEDIA, MAX_LINKS, MAX_NAME_CHARS = 20, 50, 20, 20, 200
MAX_TTL_S = 86_400

_PERIODS_S = {
    "hourly": 3_600,
    "daily": 86_400,
    "dayly": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORMATS_THAT_SAY = ("atom", "json", "newssitemap")
_NO_TEXT = GivenText()
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{1,8}){0,3}")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_TAG_NAMES = (
    "a|abbr|acronym|address|article|b|bdi|bdo|big|blockquote|br|center|cite|code|dd|del|details|dfn|div|dl|dt|em|"
    "figcaption|figure|font|h[1-6]|hr|i|iframe|img|ins|kbd|li|mark|nobr|ol|p|pre|q|s|samp|script|section|small|span|"
    "strike|strong|style|sub|sup|svg|table|tbody|td|th|tr|tt|u|ul|var|wbr"
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})\b[^<>]*>|<!--[^<>]*-->", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[a-zA-Z!/?][^<>]*>")
_SURELY_MARKUP = re.compile(rf"</(?:{_TAG_NAMES})\s*>|<(?:br|p|img|hr)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MAILBOX = re.compile(r"^\S+@\S+?\s*\((?P<after>[^()]+)\)$|^(?P<before>[^<>@]+)<\S+@\S+>$")
# feedparser knows top-level domains of two to four letters and leaves "ple (Ann Lee" of "a@news.example (Ann Lee)".
_CUT_MAILBOX = re.compile(r"^[a-z]{1,20}\s*\(([^()]+)$")
# An address that is absolute already and needs no escape: most are, and finding out is cheap.
_PLAIN_URL = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.){1,6}[a-z]{2,20}"
    r"(?![^?]*/\.)/[A-Za-z0-9._~/-]*(?:\?[A-Za-z0-9._~=&-]+)?"
)
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+*-]{1,80}")
_MEDIA_KINDS = frozenset({"image", "audio", "video"})


def feed_of(given: GivenFeed, *, base: str, notes: Sequence[str] = ()) -> ParsedFeed:
    """The feed as the product knows it. `base` is what relative links are taken from; `notes` join the problems."""
    read = [_entry(one, base=base, feed_format=given.format) for one in given.entries[:MAX_ENTRIES]]
    entries = _with_own_guids(read)
    language = _LANGUAGE.fullmatch(given.language.strip()[:MAX_NAME_CHARS])
    return ParsedFeed(
        format=given.format,
        title=_title(given.about.title, given.format),
        url=_link(given.about, base)[0],
        language=language[0].lower().replace("_", "-") if language else None,
        entries=entries,
        ttl_s=_ttl_s(given),
        skip_hours=_skip_hours(given.skip_hours),
        skip_days=_skip_days(given.skip_days),
        children=_children(given.children, base),
        problems=tuple(_problems(given, notes, read=read, entries=entries)),
    )


def _problems(
    given: GivenFeed, notes: Sequence[str], *, read: Sequence[object], entries: Sequence[ParsedEntry]
) -> list[str]:
    """What was wrong and how it was dealt with: one line each, for people."""
    found = [f"not well-formed: {clean_line(given.complaint)[:MAX_NAME_CHARS]}"] if given.complaint else []
    found += notes
    if given.n_entries > MAX_ENTRIES:
        found.append(f"{given.n_entries} entries, only the first {MAX_ENTRIES} were read")
    if n_repeated := len(read) - len(entries):
        found.append("1 entry was there twice" if n_repeated == 1 else f"{n_repeated} entries were there twice")
    if n_without_url := sum(entry.url is None for entry in entries):
        found.append(
            "1 entry has no usable link" if n_without_url == 1 else f"{n_without_url} entries have no usable link"
        )
    if n_undated := sum(bool(entry.published_raw) and entry.published_at is None for entry in entries):
        found.append("1 date could not be read" if n_undated == 1 else f"{n_undated} dates could not be read")
    return found


def _entry(given: GivenEntry, *, base: str, feed_format: str) -> tuple[ParsedEntry, str]:
    """The entry, and what tells it from others of the same guid."""
    title = _title(given.title, feed_format)
    link, stable_link = _link(given, base)
    updated_raw = _line(given.updated)
    published_at, published_raw, date_origin = _date(_line(given.published), _line(given.created), updated_raw)
    updated_at = published_at if updated_raw == published_raw else parse_date(updated_raw)
    longest = _longest(given.contents)
    summary = _html(given.summary, feed_format)
    content = summary if longest == given.summary else _html(longest, feed_format)
    summary_words = _words(summary)
    entry = ParsedEntry(
        guid=_guid(given, link=stable_link, title=title),
        url=link,
        title=title,
        authors=_distinct((_person(_line(name)) for name in given.authors), MAX_AUTHORS),
        summary=summary,
        content=content,
        published_at=published_at,
        published_raw=published_raw,
        date_origin=date_origin,
        updated_at=updated_at,
        tags=_distinct(map(_line, given.tags), MAX_TAGS),
        media=_media(given.media, base),
        # Of the text alone: markup that changes with every poll (tracking pixels, counters) is no change.
        content_hash=_sha256(
            title.encode("utf-8", "surrogatepass"),
            (link or "").encode("utf-8", "surrogatepass"),
            summary_words,
            # What many feeds give twice is read once.
            summary_words if content == summary else _words(content),
            updated_at.isoformat().encode() if updated_at else b"",
        ),
    )
    return entry, stable_link or title


def _words(html: str) -> bytes:
    """What is left of HTML without tags, scripts and white space: enough to see a change, at a tenth of the cost."""
    if "<" in html:
        for name in ("script", "style"):
            if f"<{name}" in html:
                html = _without(html, f"<{name}", f"</{name}")
        html = _ANY_TAG.sub("", html)
    return html.encode("utf-8", "surrogatepass").translate(None, b" \t\r\n")


def _without(html: str, start: str, end: str) -> str:
    """The parts outside of `start` ... `end`, in linear time."""
    kept, position = [], 0
    while (found := html.find(start, position)) >= 0:
        kept.append(html[position:found])
        position = html.find(end, found)
        if position < 0:
            return "".join(kept)
    return "".join([*kept, html[position:]])


def _date(published: str, created: str, updated: str) -> tuple[datetime | None, str, EntryDate]:
    """The date to go by, as it is written, and which it is: the first that can be read, in this order.

    RSS 1.0 has only dc:date, which says when an entry was updated, and Atom makes <published> optional.
    """
    for raw, origin in (
        (published, EntryDate.PUBLISHED),
        (created, EntryDate.CREATED),
        (updated, EntryDate.UPDATED),
    ):
        moment = parse_date(raw) if raw else None
        if moment is not None:
            return moment, raw, origin
    return None, published or created or updated, EntryDate.NONE


def _guid(given: GivenEntry, *, link: str, title: str) -> str:
    guid = clean_line(given.guid) or link
    if guid:
        return bounded_guid(guid)
    date = _line(given.published) or _line(given.created) or _line(given.updated)
    return _digest(title, date, "" if title else given.summary.value.strip())


def bounded_guid(guid: str) -> str:
    """The guid, or a digest of one that is too long to be a key."""
    return guid if len(guid) <= MAX_GUID_CHARS else _digest(guid)


def _digest(*parts: str) -> str:
    return f"sha256:{_sha256(*(part.encode('utf-8', 'surrogatepass') for part in parts))}"


def _sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"\x1f".join(parts)).hexdigest()


def _with_own_guids(read: Sequence[tuple[ParsedEntry, str]]) -> tuple[ParsedEntry, ...]:
    """Entries with a guid each of their own: a guid on several links is split by link; a mere repetition is left out.

    All sharers of such a guid are renamed, the first too: which of them comes first changes from poll to poll.
    """
    if len({entry.guid for entry, _ in read}) == len(read):
        return tuple(entry for entry, _ in read)
    sharers: defaultdict[str, set[str]] = defaultdict(set)
    for entry, own_mark in read:
        sharers[entry.guid].add(own_mark)
    own: dict[str, ParsedEntry] = {}
    for entry, own_mark in read:
        guid = entry.guid
        if len(sharers[guid]) > 1:
            guid = bounded_guid(f"{guid} {own_mark}")
        own.setdefault(guid, replace(entry, guid=guid))
    return tuple(own.values())


def _link(given: GivenEntry, base: str) -> tuple[str | None, str]:
    """The first link that leads to a page on the web, and the same for a guid: not resolved against the document's
    address, so that it stays when the feed moves; None and "" without one.

    FeedBurner keeps the publisher's own link beside its redirect.
    """
    link = given.link.strip()
    if link == given.guid.strip() and not link.startswith(("http://", "https://", "/")):
        link = ""  # a guid that claims to be a link and is none
    for candidate in (given.own_link, link, *given.links[:MAX_LINKS]):
        written = candidate.strip()
        target = _absolute(base, written)
        if target:
            stable = given.stable_link.strip() or written if candidate == link else written
            return target, target if target == stable else _absolute("", stable) or clean_line(stable)
    return None, ""


def _absolute(base: str, link: str) -> str | None:
    if _PLAIN_URL.fullmatch(link):
        return link if len(link) <= MAX_URL_CHARS else None
    target = absolute_url(base, link) if 0 < len(link) <= MAX_URL_CHARS else None
    return target if target and len(target) <= MAX_URL_CHARS else None


def _title(given: GivenText, feed_format: str) -> str:
    title = given.value.strip()[: 20 * MAX_TITLE_CHARS]
    if "<" in title and _is_html(title, given.media_type, feed_format):
        title = _TAG.sub("", title)
    for _ in range(2):  # many publishers escape twice: &amp;eacute;
        if "&" in title:
            title = _ENTITY.sub(_character, title)
    return clean_line(title)[:MAX_TITLE_CHARS].rstrip()


def _character(found: re.Match[str]) -> str:
    """What an entity stands for; names that HTML does not know stay (html.unescape would read &notit; as ¬it;)."""
    is_known = found[0][1] == "#" or found[0][1:] in html5
    return unescape(found[0]) if is_known else found[0]


def _is_html(text: str, media_type: str, feed_format: str) -> bool:
    """RSS never says whether text is HTML, so it is; other formats say, and are believed unless tags are closed."""
    is_told = feed_format.startswith(_FORMATS_THAT_SAY)
    return not is_told or "html" in media_type or ("<" in text and _SURELY_MARKUP.search(text) is not None)


def _longest(contents: Sequence[GivenText]) -> GivenText:
    """The longest of the contents that is text; Atom allows pictures and links to elsewhere."""
    readable = [one for one in contents if _is_text_type(one.media_type)]
    return max(readable, key=lambda one: len(one.value.strip()), default=_NO_TEXT)


def _is_text_type(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type in {"", "application/xhtml+xml"}


def _html(given: GivenText, feed_format: str) -> str:
    text = given.value.strip()
    if len(text) * 4 > MAX_HTML_BYTES:
        text = text.encode("utf-8", "ignore")[:MAX_HTML_BYTES].decode("utf-8", "ignore")
    elif not text.isascii():
        text = text.encode("utf-8", "ignore").decode("utf-8")
    text = text.replace("\x00", "")
    return text if _is_html(text, given.media_type, feed_format) else escape(text, quote=False)


def _person(name: str) -> str:
    """RSS asks for a mailbox and gets names, "box@host (Name)", "Name <box@host>" and bare mailboxes."""
    if "@" not in name:
        cut = _CUT_MAILBOX.match(name)
        return cut[1] if cut else name
    found = _MAILBOX.match(name)
    return (found["after"] or found["before"]).strip() if found else ""


def _distinct(values: Iterable[str], n_max: int) -> tuple[str, ...]:
    """The first distinct ones; a feed may bring tens of thousands."""
    found: dict[str, None] = {}
    for value in values:
        if value:
            found[unescape(value) if "&" in value else value] = None
            if len(found) == n_max:
                break
    return tuple(found)


def _media(given: Sequence[GivenMedia], base: str) -> tuple[Media, ...]:
    """Media with an address each of their own; what is said about an address first stays, what was missing is added."""
    found: dict[str, Media] = {}
    for one in given[: 4 * MAX_MEDIA]:
        url = _absolute(base, one.url.strip())
        if url is None:
            continue
        media = Media(
            url=url, media_type=_media_type(one.media_type), n_bytes=_n_bytes(one.size), title=_line(one.title)
        )
        known = found.get(url, media)
        found[url] = replace(
            known,
            media_type=known.media_type or media.media_type,
            n_bytes=known.n_bytes if known.n_bytes is not None else media.n_bytes,
            title=known.title or media.title,
        )
    return tuple(found.values())[:MAX_MEDIA]


def _media_type(given: str) -> str:
    """A media type without its parameters; a mere kind becomes a range ("image/*"); "" for anything else.

    "text/html" is what feedparser takes a link without a type for, and no picture, sound or film.
    """
    text = given.partition(";")[0].strip().lower()
    if text in _MEDIA_KINDS:
        return f"{text}/*"
    return text if _MEDIA_TYPE.fullmatch(text) and text != "text/html" else ""


def _n_bytes(given: str) -> int | None:
    text = given.strip()
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _children(given: Sequence[str], base: str) -> tuple[str, ...]:
    urls = (_absolute(base, one.strip()) for one in given)
    return tuple(dict.fromkeys(url for url in urls if url))


def _ttl_s(given: GivenFeed) -> int | None:
    """How long the publisher asks readers to wait: RSS ttl in minutes, or the syndication module's period."""
    minutes = _number(given.ttl_minutes)
    if minutes:
        return int(min(minutes * 60, MAX_TTL_S))
    period_s = _PERIODS_S.get(given.update_period.strip().lower())
    if period_s is None:
        return None
    return int(min(period_s / (_number(given.update_frequency) or 1), MAX_TTL_S))


def _number(text: str) -> float | None:
    """A positive number of at most six digits before the point, else None."""
    text = text.strip()
    return float(text) or None if _NUMBER.fullmatch(text) else None


def _skip_hours(given: Sequence[str]) -> tuple[int, ...]:
    """Hours 0..23 in UTC; RSS 0.91 counted 1..24."""
    numbers = [int(text) for one in given if (text := one.strip()).isascii() and text.isdigit() and len(text) <= 2]
    hours = {number % 24 for number in numbers if number <= 24}
    return tuple(sorted(hours)) if len(hours) < 24 else ()


def _skip_days(given: Sequence[str]) -> tuple[int, ...]:
    days = {_DAYS.index(name) for one in given if (name := one.strip().lower()) in _DAYS}
    return tuple(sorted(days)) if len(days) < 7 else ()


def _line(text: str) -> str:
    return clean_line(text.strip()[: 4 * MAX_NAME_CHARS])[:MAX_NAME_CHARS].rstrip() if text else ""

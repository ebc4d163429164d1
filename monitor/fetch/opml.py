"""Which feeds does an OPML file list, and how is such a list written?

Reads what feed readers export: OPML 1.0 and 2.0 with folders, the `category` attribute, intervals, bare ampersands,
quotes inside titles, and any encoding. Gives a row's URL as it stands there, whatever it is: whether it may be polled
is for the caller to say, row by row. Refuses (ConfigError) what is no OPML and what declares entities.
`parse_rows` gives every row as it stands, also those that are listed twice or have no address; `parse_opml` gives the
feeds that they come to. `parse_opml(render_opml(feeds))` gives the same feeds in the same order.

Sources: OPML 2.0 (opml.org/spec2): the items of `category` are separated by commas; one with a slash is a path
("/Politics/Europe"), one without is a tag. No standard knows intervals: Liferea writes `updateInterval` in minutes,
FreshRSS `frss:ttl` in seconds, negative for a feed that rests. Both are read and both are written.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import groupby
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from monitor.errors import ConfigError
from monitor.fetch.decoding import declares_entities, decode_xml
from monitor.text.normalise import clean_line

MAX_FEEDS = 100_000
_MAX_FOLDERS = 10
_MAX_CHARS = 2_048
_MAX_NAME_CHARS = 200
_MAX_INTERVAL_S = 30 * 86_400
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_FEED_TYPES = frozenset({"rss", "atom", "rdf", "jsonfeed"})
_FRESHRSS = "https://freshrss.org/opml"
_BARE_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
# A quotation mark that neither opens nor closes the value of an attribute.
_STRAY_QUOTE = re.compile(r"""(?<!=)"(?!\s*(?:/?>|[\w:]+=["']))""")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """One row: `categories` are paths ("News/Europe"), from folders and from the attribute; `tags` are single words.

    Neither has commas, tags have no slashes. `interval_s` is how often somebody wants it polled, in whole minutes.
    """

    url: str
    title: str = ""
    site_url: str | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    interval_s: int | None = None


def parse_opml(body: bytes) -> list[OpmlFeed]:
    """The feeds of an OPML document in its order; one that stands in several folders comes once, with all of them.

    Raises ConfigError with a sentence for the user.
    """
    return joined(parse_rows(body))


def parse_rows(body: bytes) -> list[OpmlFeed]:
    """Every row of an OPML document that is meant as a feed, in its order; `url` is "" where it names no address.

    Raises ConfigError with a sentence for the user.
    """
    text = decode_xml(body).text
    if declares_entities(text):
        raise ConfigError("This OPML file declares entities, which no feed list needs: refused.")
    return [_feed(folders, row) for folders, row in _repaired_outlines(_DECLARATION.sub("", text, count=1))]


def joined(rows: Iterable[OpmlFeed]) -> list[OpmlFeed]:
    """One feed for each address that rows have, in the order of their first rows."""
    feeds: dict[str, OpmlFeed] = {}
    for row in rows:
        if row.url:
            known = feeds.get(row.url)
            feeds[row.url] = _joined(known, row) if known else row
    return list(feeds.values())


def _joined(known: OpmlFeed, again: OpmlFeed) -> OpmlFeed:
    """A feed that stands in two folders; the first row's title, site and interval count where it has them."""
    return OpmlFeed(
        url=known.url,
        title=known.title or again.title,
        site_url=known.site_url or again.site_url,
        categories=tuple(dict.fromkeys(known.categories + again.categories)),
        tags=tuple(dict.fromkeys(known.tags + again.tags)),
        interval_s=known.interval_s or again.interval_s,
    )


def _repaired_outlines(text: str) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    text = _BARE_AMPERSAND.sub("&amp;", text)
    try:
        return _outlines(text)
    except expat.ExpatError:
        text = _STRAY_QUOTE.sub("&quot;", text)
    try:
        return _outlines(text)
    except expat.ExpatError as fault:
        problem = expat.ErrorString(fault.code)
        raise ConfigError(f"This is not an OPML file: line {fault.lineno}: {problem}.") from fault


def _outlines(text: str) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """(folders above, attributes by lower-case name) of every outline that has a feed, or should have one.

    An outline with the type of a feed and without an address should, unless others stand in it: then it is a folder.
    """
    rows: list[tuple[tuple[str, ...], dict[str, str]]] = []
    opened: list[str | None] = []
    folder_rows: set[int] = set()
    row_at_depth: dict[int, int] = {}  # of the rows without an address that are open

    def start(name: str, attributes: dict[str, str]) -> None:
        row = {key.lower(): value for key, value in attributes.items()}
        is_outline = name.lower() == "outline"
        is_feed = is_outline and bool(row.get("xmlurl", "").strip())
        is_meant = is_feed or (is_outline and row.get("type", "").strip().lower() in _FEED_TYPES)
        if not opened and name.lower() != "opml":
            raise ConfigError(f"This is not an OPML file: it begins with <{clean_line(name)[:40]}>.")
        if is_outline and len(opened) - 1 in row_at_depth:
            folder_rows.add(row_at_depth[len(opened) - 1])
        if is_meant:
            folders = tuple(folder for folder in opened if folder)[:_MAX_FOLDERS]
            if not is_feed:
                row_at_depth[len(opened)] = len(rows)
            rows.append((folders, row))
        if len(rows) > MAX_FEEDS:
            raise ConfigError(f"This OPML file lists more than {MAX_FEEDS} feeds.")
        is_folder = is_outline and not is_feed
        opened.append(category_path(row.get("text") or row.get("title") or "") if is_folder else None)

    def end(_name: str) -> None:
        opened.pop()
        row_at_depth.pop(len(opened), None)

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.ParseFile(io.BytesIO(text.encode("utf-8")))
    return [row for number, row in enumerate(rows) if number not in folder_rows]


def _feed(folders: Iterable[str], row: Mapping[str, str]) -> OpmlFeed:
    named = row.get("category", "").split(",")
    paths = ["/".join(folders), *(item for item in named if "/" in item)]
    return OpmlFeed(
        url=clean_line(row.get("xmlurl", ""))[:_MAX_CHARS],
        title=_title(row.get("title") or row.get("text") or ""),
        site_url=clean_line(row.get("htmlurl", ""))[:_MAX_CHARS] or None,
        categories=_distinct(category_path(path) for path in paths),
        tags=_distinct(tag_word(item) for item in named if "/" not in item),
        interval_s=_interval_s(row),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _interval_s(row: Mapping[str, str]) -> int | None:
    minutes, seconds = (row.get(name, "").strip() for name in ("updateinterval", "frss:ttl"))
    wanted_s = int(minutes) * 60 if _NUMBER.fullmatch(minutes) else 0  # -1 stands for "as by default"
    if wanted_s <= 0 and _NUMBER.fullmatch(seconds):
        wanted_s = abs(int(seconds))
    return min(-(-wanted_s // 60) * 60, _MAX_INTERVAL_S) if wanted_s > 0 else None


def category_path(text: str) -> str:
    """A category as it is kept: clean names between slashes, without the characters that would make two of it."""
    parts = (_title(part) for part in text.replace(",", " ").split("/"))
    path = "/".join(part for part in parts if part)
    return path if len(path) <= _MAX_NAME_CHARS else path[:_MAX_NAME_CHARS].rstrip("/ ")


def tag_word(text: str) -> str:
    """A tag as it is kept: one clean line without what would make a category or two tags of it."""
    return _title(text.replace(",", " ").replace("/", " "))[:_MAX_NAME_CHARS].rstrip()


def _title(text: str) -> str:
    return clean_line(unescape(text))[:1_000].strip()


def render_opml(feeds: Iterable[OpmlFeed], *, title: str = "Feeds") -> bytes:
    """An OPML 2.0 document: folders by a feed's first category; the `category` attribute has them all, and the tags."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:frss="{_FRESHRSS}">',
        f"  <head><title>{escape(clean_line(title))}</title></head>",
        "  <body>",
    ]
    for path, rows in groupby(feeds, key=lambda feed: feed.categories[0] if feed.categories else ""):
        folders = path.split("/") if path else []
        for depth, folder in enumerate(folders):
            lines.append(f"{_indent(depth)}<outline text={quoteattr(_plain(folder))}>")
        lines += [f"{_indent(len(folders))}<outline{_attributes(feed)}/>" for feed in rows]
        lines += [f"{_indent(depth)}</outline>" for depth in reversed(range(len(folders)))]
    lines += ["  </body>", "</opml>", ""]
    return "\n".join(lines).encode("utf-8", "replace")


def _indent(depth: int) -> str:
    return "  " * (depth + 2)


def _attributes(feed: OpmlFeed) -> str:
    title = _plain(feed.title)
    named = [_plain(name) for name in (*(f"/{category}" for category in feed.categories), *feed.tags)]
    values = {
        "text": title,
        "title": title,
        "type": "rss",
        "xmlUrl": feed.url,
        "htmlUrl": feed.site_url or "",
        "category": ",".join(named),
        "updateInterval": str(feed.interval_s // 60) if feed.interval_s else "",
        "frss:ttl": str(feed.interval_s) if feed.interval_s else "",
    }
    is_needed = {"text", "type", "xmlUrl"} | {name for name, value in values.items() if value}
    return "".join(f" {name}={quoteattr(clean_line(value))}" for name, value in values.items() if name in is_needed)


def _plain(text: str) -> str:
    """As `parse_opml` reads it back: names that look like HTML entities and are none stay as they are."""
    return text if unescape(text) == text else text.replace("&", "&amp;")

"""Where do a page, an address and a robots.txt say that feeds are?

Answers with absolute http(s) URLs, best first, none of which was asked yet. Refuses nothing: a page that does not parse
says nothing. `read_links` parses hostile markup and may cost seconds: call it in a killable worker. Entities that a
page declares are never expanded, and of a large page only the beginning is read.

Sources: the autodiscovery of the HTML standard (`link rel=alternate`, `rel=feed`), sitemaps.org for robots.txt, the
well-known paths that Miniflux and feedbin try, and what the platforms document about their feeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urldefrag, urlsplit

from lxml import etree

from monitor.text.normalise import clean_line
from monitor.urls import absolute_url, host_of

MAX_HTML_BYTES = 1_000_000
MAX_ROBOTS_BYTES = 512_000
MAX_DECLARED, MAX_ANCHORS, MAX_SITEMAPS = 20, 8, 5
_MAX_TITLE_CHARS = 200
_MAX_ELEMENTS = 5_000

_FEED_TYPES = frozenset(
    "application/rss+xml application/atom+xml application/rdf+xml application/feed+json application/xml text/xml"
    " application/json text/rss+xml application/x.atom+xml application/x-atom+xml".split()
)
# What WordPress and others declare as alternates in JSON and XML and is no feed.
_NO_FEED = re.compile(r"/wp-json/|oembed|xmlrpc|/api/|sitemap|opensearch|manifest", re.IGNORECASE)
_FEED_PATH = re.compile(
    r"(?:^|[/._=-])(?:feeds?|rss\d{0,3}|atom|rdf)(?=$|[/._=&-])|\.(?:xml|rss|rdf|atom)$", re.IGNORECASE
)
# Buttons that hand a feed's address to another reader.
_READERS = frozenset(
    "feedly.com cloud.feedly.com www.feedly.com add.my.yahoo.com www.inoreader.com newsblur.com www.newsblur.com"
    " fusion.google.com podcasts.apple.com".split()
)
_NEWS_SITEMAP = re.compile(r"news|rss|atom|feed", re.IGNORECASE)
_WORDPRESS = re.compile(rb"/wp-(?:content|includes)/|https://api\.w\.org/|content=[\"']WordPress", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)

_WELL_KNOWN = (
    "feed/ rss.xml feed.xml atom.xml index.xml rss/ feed.json index.rss feed.atom rss/feed.xml news-sitemap.xml"
    " sitemap-news.xml"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address with what the page calls it."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLinks:
    """What a page says: `declared` by link elements, `anchors` that look like feeds; all without fragments."""

    declared: tuple[Link, ...] = ()
    anchors: tuple[Link, ...] = ()
    canonical_url: str | None = None
    is_wordpress: bool = False


def read_links(body: bytes, url: str) -> PageLinks:
    """What the page at `url` says of feeds. Never raises; what cannot be parsed says nothing."""
    body = body[:MAX_HTML_BYTES].replace(b"\x00", b"")
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding=_encoding(body))
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        root = None
    if root is None:
        return PageLinks()
    base = next((found for element in root.iter("base") if (found := _address(url, element.get("href")))), url)
    links = list(islice(root.iter("link"), _MAX_ELEMENTS))
    return PageLinks(
        declared=_best_first(_declared(links, base))[:MAX_DECLARED],
        anchors=_best_first(_anchors(islice(root.iter("a"), _MAX_ELEMENTS), base))[:MAX_ANCHORS],
        canonical_url=next((_address(base, one.get("href")) for one in links if "canonical" in _rel(one)), None),
        is_wordpress=_WORDPRESS.search(body) is not None,
    )


def _encoding(body: bytes) -> str | None:
    """utf-8 if the bytes are, but for a character cut at the end; else what the markup declares."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start >= len(body) - 3 else None
    return "utf-8"


def _declared(elements: Iterable[Any], base: str) -> Iterator[Link]:
    for element in elements:
        media_type = (element.get("type") or "").partition(";")[0].strip().lower()
        is_feed = "alternate" in _rel(element) and media_type in _FEED_TYPES
        url = _address(base, element.get("href"))
        if url and (is_feed or "feed" in _rel(element)) and not _NO_FEED.search(url):
            yield Link(url=url, title=_line(element.get("title")))


def _anchors(elements: Iterable[Any], base: str) -> Iterator[Link]:
    for element in elements:
        url = _address(base, element.get("href"))
        if url and host_of(url) not in _READERS and not _NO_FEED.search(url) and _looks_like_feed(url):
            yield Link(url=url, title=_line("".join(islice(element.itertext(), 20))))


def _looks_like_feed(url: str) -> bool:
    parts = urlsplit(url)
    return _FEED_PATH.search(f"{parts.path}?{parts.query}" if parts.query else parts.path) is not None


def _best_first(links: Iterable[Link]) -> tuple[Link, ...]:
    """Each address once; feeds of comments after those of articles, and of one article's comments too."""
    once: dict[str, Link] = {}
    for link in links:
        once.setdefault(link.url, link)
    return tuple(sorted(once.values(), key=lambda link: "comment" in f"{link.url} {link.title}".lower()))


def _address(base: str, href: object) -> str | None:
    """Where a link leads, without its fragment; `feed:` is what some pages still write for `http:`."""
    if not isinstance(href, str) or not href.strip():
        return None
    href = re.sub(r"^\s*feed:(?://)?(?=https?:)|^\s*feed:(?=//)", "", href, flags=re.IGNORECASE)
    found = absolute_url(base, href)
    return urldefrag(found).url if found else None


def _rel(element: Any) -> list[str]:
    return (element.get("rel") or "").lower().split()


def _line(text: str | None) -> str:
    return clean_line((text or "")[: 4 * _MAX_TITLE_CHARS])[:_MAX_TITLE_CHARS].strip()


def sitemaps_of(body: bytes, url: str) -> tuple[str, ...]:
    """The sitemaps in a robots.txt that may hold news, those that say so by their name only."""
    text = body[:MAX_ROBOTS_BYTES].decode("utf-8", "replace")
    named = dict.fromkeys(_address(url, found[1]) for found in islice(_SITEMAP_LINE.finditer(text), 1_000))
    return tuple(one for one in named if one and _NEWS_SITEMAP.search(urlsplit(one).path))[:MAX_SITEMAPS]


def well_known(url: str, *, is_wordpress: bool) -> tuple[str, ...]:
    """Addresses where many sites keep a feed, at the root and in the page's folder: worth a try, nobody named them.

    A page that is a folder itself ("/blog/") is more likely to have its own feed than to show the root's.
    """
    path = urlsplit(url).path
    folder, root = absolute_url(url, "./"), absolute_url(url, "/")
    bases = [folder, root] if path.endswith("/") else [root, folder]
    names = _WELL_KNOWN if not is_wordpress else ["feed/", "feed/atom/", *_WELL_KNOWN[1:]]
    found = (absolute_url(base, name) for name in names for base in bases if base)
    return tuple(dict.fromkeys(one for one in found if one))


def platform_feeds(url: str) -> tuple[Link, ...]:
    """The feeds that a known platform has for this address, told without a request."""
    parts = urlsplit(url)
    host, segments = host_of(url).removeprefix("www."), [part for part in parts.path.split("/") if part]
    if _looks_like_feed(url) or not segments:
        return ()
    return tuple(_of_platform(host, segments, parse_qs(parts.query)))


def _of_platform(host: str, segments: list[str], query: dict[str, list[str]]) -> Iterator[Link]:
    first, second = segments[0], segments[1] if len(segments) > 1 else ""
    if host in {"youtube.com", "m.youtube.com"}:
        kinds = {"channel": ("channel_id", second), "user": ("user", second)}
        name, value = kinds.get(first, ("playlist_id", query.get("list", [""])[0]))
        if value:
            yield Link(url=f"https://www.youtube.com/feeds/videos.xml?{name}={value}", title="videos")
    elif host == "github.com" and second:
        repository = f"https://github.com/{first}/{second.removesuffix('.git')}"
        yield from (Link(url=f"{repository}/{name}.atom", title=name) for name in ("releases", "tags", "commits"))
    elif host in {"reddit.com", "old.reddit.com"} and first in {"r", "user", "u"} and second:
        yield Link(url=f"https://www.reddit.com/{first}/{second}/.rss", title=f"{first}/{second}")
    elif host == "medium.com":
        yield Link(url=f"https://medium.com/feed/{first}", title=first)
    elif first.startswith("@") and len(segments) == 1 and "@" not in first[1:]:  # Mastodon and its kin
        yield Link(url=f"https://{host}/{first}.rss", title=first)

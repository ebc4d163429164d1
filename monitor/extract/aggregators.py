"""Which links of aggregators lead to an article, and which to a page of the aggregator's own?

Many carry the article's URL in the open (a parameter, the old form of Google News): `target_url` reads it, and nobody
needs to be asked. Others answer with a page that only scripts, consent or an account lead on from: `is_aggregator_link`
knows them. They are marked and never fetched: what they answer is not the article. Shorteners and the redirects of
feed services (t.co, bit.ly, feedproxy.google.com, feeds.feedburner.com) are neither: they answer with a redirect, which
is followed. Hosts that show whole articles under their own name (msn.com, news.yahoo.com) are publishers like others.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

from monitor.urls import canonical_url, host_of, publisher_url

MAX_UNWRAPPED = 4
_MAX_ID_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class _Link:
    """Links of a host by their path; `parameters` are those that carry a target."""

    host: re.Pattern[str]
    path: re.Pattern[str]
    parameters: tuple[str, ...] = ()


def _link(host: str, path: str = "", parameters: str = "") -> _Link:
    return _Link(re.compile(host), re.compile(path, re.IGNORECASE), tuple(parameters.split()))


_GOOGLE = r"(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}"
#: They lead nowhere by themselves, unless one of the parameters carries the target.
_AGGREGATORS = (
    _link(r"news\.google\.com", r"^/(?:rss/|__i/rss/rd/)?(?:articles|read)/"),
    _link(r"news\.google\.com", r"^/news/url$", "url"),
    _link(_GOOGLE, r"^/(?:url|imgres)$", "url q"),
    _link(r"(?:www\.)?bing\.com", r"^/news/apiclick\.aspx", "url"),
    _link(r"(?:www\.)?bing\.com", r"^/ck/a$"),
    _link(r"r\.search\.yahoo\.com"),
    _link(r"feedly\.com", r"^/i/entry/"),
    _link(r"(?:www\.)?flipboard\.com", r"^/(?:redirect|article/)", "url"),
    _link(r"(?:www\.)?inoreader\.com", r"^/article/"),
    _link(r"apple\.news"),
    _link(r"(?:www\.)?newsnow\.(?:co\.uk|com)", r"^/[a-z]/"),
    _link(r"(?:www\.)?smartnews\.com", r"^/.*article"),
    # pages that ask for consent, and where their "guce" redirects end
    _link(r"consent\.(?:google|youtube|yahoo)\.[a-z.]{2,6}"),
    _link(r"guce\.[a-z]+\.[a-z]{2,6}"),
)
#: They answer with a redirect, or with a page that warns of it; the target is in the open.
_WRAPPERS = (
    _link(r"lm?\.(?:facebook|instagram)\.com", r"^/l\.php$|^/$", "u"),
    _link(r"out\.reddit\.com", "", "url"),
    _link(r"t\.umblr\.com", r"^/redirect$", "z"),
    _link(r"getpocket\.com", r"^/redirect$", "url"),
    _link(r"(?:www\.)?linkedin\.com", r"^/redir/redirect$", "url"),
    _link(r"(?:www\.)?youtube\.com", r"^/redirect$", "q"),
)
_YAHOO_TARGET = re.compile(r"/RU=([^/]+)/")
_GOOGLE_ID = re.compile(r"^/(?:rss/|__i/rss/rd/)?(?:articles|read)/(?P<id>CBMi[A-Za-z0-9_-]+)")


def is_aggregator_link(url: str) -> bool:
    """Is it a link of an aggregator that answers with a page of its own instead of leading to the article?"""
    return _found(url, _AGGREGATORS) is not None


@lru_cache(maxsize=1_024)
def target_url(url: str) -> str:
    """The URL that a link carries in the open, through several of them and the caches of AMP; else the link itself."""
    for _ in range(MAX_UNWRAPPED):
        target = publisher_url(_target(url) or url)
        if target == url:
            break
        url = target
    return url


def _target(url: str) -> str | None:
    link = _found(url, (*_AGGREGATORS, *_WRAPPERS))
    if link is None:
        return None
    parts = urlsplit(url)
    carried = [value for name in link.parameters for value in _parameter(parts.query, name)]
    if found := _YAHOO_TARGET.search(parts.path):
        carried.append(unquote(found[1]))
    if found := _GOOGLE_ID.match(parts.path):
        carried.append(_in_google_id(found["id"]))
    return next((value for value in carried if _is_page(value)), None)


def _parameter(query: str, name: str) -> list[str]:
    try:
        return parse_qs(query, max_num_fields=100).get(name, [])
    except ValueError:
        return []


def _in_google_id(google_id: str) -> str:
    """The URL in the old form of an id: base64 of the bytes 08 13 22, a length, the URL; "" for the opaque form."""
    if len(google_id) > _MAX_ID_CHARS:
        return ""
    try:
        data = base64.urlsafe_b64decode(google_id + "=" * (-len(google_id) % 4))
    except (binascii.Error, ValueError):
        return ""
    if not data.startswith(b"\x08\x13\x22") or len(data) < 5:
        return ""
    # The length: seven bits of it in each byte, the lowest first, the eighth bit set in all but the last.
    n_bytes, start = data[3] & 0x7F, 4
    if data[3] & 0x80:
        n_bytes, start = n_bytes | (data[4] & 0x7F) << 7, 5
    return data[start : start + n_bytes].decode("ascii", "replace")


def _is_page(url: str) -> bool:
    try:
        return "." in host_of(canonical_url(url))
    except ValueError:
        return False


def _found(url: str, links: tuple[_Link, ...]) -> _Link | None:
    host = host_of(url)
    if not host:
        return None
    path = urlsplit(url).path or "/"
    return next((link for link in links if link.host.fullmatch(host) and link.path.match(path)), None)

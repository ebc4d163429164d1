"""Which article does an entry of a feed lead to?

Decided twice. Before the page is fetched: `decide_identity` says by which key the article of an entry is known, from
its link, or from feed and guid when there is none; what the store knows comes in as mappings. After it:
`choose_canonical` chooses among the URL asked for, the URL that answered, and the page's own rel=canonical.

Refuses to trust a rel=canonical that leads to another registered domain, to a homepage or to nothing, and a redirect
that ends on a homepage: both would make many articles one. Links of aggregators that do not lead to a page by
redirect (news.google.com/rss/articles/...) are marked, never fetched: what they answer is not the article.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from monitor.urls import canonical_url, host_of, registered_domain

Known = TypeVar("Known")

_AGGREGATOR_LINKS = (
    ("news.google.com", re.compile(r"^/(?:rss/|__i/rss/rd/)?(?:articles|read)/")),
    ("consent.google.com", re.compile(r"^/")),
    ("www.bing.com", re.compile(r"^/news/apiclick\.aspx", re.IGNORECASE)),
    ("www.google.com", re.compile(r"^/url$")),
    ("consent.yahoo.com", re.compile(r"^/")),
    ("guce.yahoo.com", re.compile(r"^/")),
)
_HOME_PATHS = re.compile(
    r"^/(?:index|home|default|startseite|accueil)?(?:\.(?:html?|php|aspx?|jsp))?/?$", re.IGNORECASE
)
_LANGUAGE_HOME = re.compile(r"^/[a-z]{2}(?:[-_][a-z]{2})?/?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Generic[Known]):
    """`canonical_url` is the key of the article: an http(s) URL, or a URN for an entry without a usable link.

    `fetch_url` is the page to ask for, None when there is none: no link, or an aggregator's. `known` is the article
    that the entry was found to belong to, in the terms of the caller.
    """

    canonical_url: str
    fetch_url: str | None
    is_aggregator_link: bool = False
    known: Known | None = None


def candidate_urls(*, guid: str, url: str | None, feed_url: str) -> list[str]:
    """The keys to look up before `decide_identity`: the canonical URL of the link, and the link as given."""
    key = _canonical(url or "", feed_host=host_of(feed_url))
    if url is None or key is None:
        return [entry_urn(feed_url, guid)]
    return list(dict.fromkeys((key, url)))


def decide_identity(
    *, guid: str, url: str | None, feed_url: str, by_guid: Mapping[str, Known], by_url: Mapping[str, Known]
) -> Identity[Known]:
    """Before the fetch. `by_guid` holds what entries of this feed led to, `by_url` what `candidate_urls` led to.

    A guid that this feed used before means the same article, whatever its link says now; else a known URL does. A
    guid of another feed means nothing: sites count "1, 2, 3".
    """
    keys = candidate_urls(guid=guid, url=url, feed_url=feed_url)
    known = by_guid.get(guid)
    if known is None:
        known = next((by_url[key] for key in keys if key in by_url), None)
    is_aggregator = is_aggregator_link(keys[0])
    has_page = not is_aggregator and not keys[0].startswith("urn:")
    return Identity(
        canonical_url=keys[0],
        fetch_url=url if has_page else None,
        is_aggregator_link=is_aggregator,
        known=known,
    )


def choose_canonical(*, asked_url: str, final_url: str, declared_url: str | None) -> str:
    """After the fetch: the canonical URL among the one asked for, the one that answered and the page's rel=canonical.

    The declared one counts if it stays within the registered domain of the final URL and is no homepage; else the
    final one, unless a redirect ended on a homepage or at an aggregator; else the one asked for. A key that is no
    http(s) URL (an entry without a link) comes back as it is.
    """
    asked, final = _canonical(asked_url), _canonical(final_url)
    if asked is None or final is None or is_detour(asked, final):
        return asked or asked_url
    own = _canonical(declared_url or "")
    if own is None or is_homepage(own) or registered_domain(own) != registered_domain(final):
        return final
    return own


def is_detour(asked_url: str, final_url: str) -> bool:
    """Did a redirect end on a homepage or at an aggregator? What was answered there is not the article."""
    asked, final = _canonical(asked_url), _canonical(final_url)
    if asked is None or final is None or asked == final:
        return False
    return is_aggregator_link(final) or (is_homepage(final) and not is_homepage(asked))


def entry_urn(feed_url: str, guid: str) -> str:
    """The key of an entry without a usable link: "urn:entry:<registered domain of the feed>:<hash of the guid>".

    The guids of a feed that lies at no web address (a file that somebody handed over) mean nothing beside its own.
    """
    domain = registered_domain(feed_url)
    known_by = guid if domain else f"{feed_url}\x1f{guid}"
    digest = hashlib.sha256(known_by.encode("utf-8", "replace")).hexdigest()[:32]
    return f"urn:entry:{domain or 'unknown'}:{digest}"


def is_aggregator_link(url: str) -> bool:
    """Is it a link of an aggregator that answers with a page of its own instead of leading to the article?"""
    host, path = host_of(url), urlsplit(url).path
    return any(host == known and pattern.match(path) for known, pattern in _AGGREGATOR_LINKS)


def is_homepage(url: str) -> bool:
    """Is it the front page of a site or of one of its languages? "/election-night" is neither."""
    parts = urlsplit(url)
    return not parts.query and bool(_HOME_PATHS.match(parts.path or "/") or _LANGUAGE_HOME.match(parts.path))


def _canonical(url: str, *, feed_host: str | None = None) -> str | None:
    try:
        return canonical_url(url, feed_host=feed_host)
    except ValueError:
        return None

"""Which article does an entry of a feed lead to?

Decided twice. Before the page is fetched, `decide_identity` climbs down a ladder: what this feed's guid led to before;
what another entry of the feed led to that has an alias of the guid, or the same title and date with a link that is
signed anew each time; what the URL leads to. What the store knows comes in as plain data. After the fetch,
`choose_canonical` chooses among the URL asked for, the URL that answered, and the page's own rel=canonical.

Refuses to trust a rel=canonical that leads to another publisher, to a homepage or to nothing, and a redirect that ends
on a homepage: both would make many articles one. A link to a homepage is no link of an article. Links of aggregators
that lead nowhere by themselves are marked, never fetched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from monitor.extract.aggregators import is_aggregator_link, target_url
from monitor.likeness import Entry, EntryKeys, entry_keys, guid_alias, is_other_article, is_same_article
from monitor.types import ArticleId, ExtractedArticle, Origin, Reason
from monitor.urls import canonical_url, host_of, registered_domain

Known = TypeVar("Known")

_HOME_PATHS = re.compile(
    r"^/(?:index|home|default|startseite|accueil)?(?:\.(?:html?|php|aspx?|jsp))?/?$", re.IGNORECASE
)
_LANGUAGE_HOME = re.compile(r"^/[a-z]{2}(?:[-_][a-z]{2})?/?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Generic[Known]):
    """`canonical_url` is the key of the article: an http(s) URL, or a URN for an entry without a usable link.

    `fetch_url` is the page to ask for, None when there is none: no link, or an aggregator's. `known` is the article
    that the entry was found to belong to, in the terms of the caller; `also` are others that it belongs to as well, so
    that all of them are one.
    """

    canonical_url: str
    fetch_url: str | None
    is_aggregator_link: bool = False
    known: Known | None = None
    also: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class PageUrls:
    """After the fetch: the URL an article is known by, the one that answered, and what its page says is canonical."""

    canonical: str
    final: str | None = None
    declared: str | None = None


class SeenEntry(Entry, Protocol):
    """An entry, and when it was first and last seen in its feed."""

    @property
    def first_seen_at(self) -> datetime: ...
    @property
    def last_seen_at(self) -> datetime: ...


class AlikeEntry(SeenEntry, Protocol):
    """Another entry of the same feed that leads to an article already, and its keys."""

    @property
    def article_id(self) -> ArticleId: ...
    @property
    def keys(self) -> EntryKeys: ...


def candidate_urls(*, guid: str, url: str | None, feed_url: str) -> list[str]:
    """The keys to look up before `decide_identity`: the canonical URL of the link, the same under the other of http and
    https, and the link as given."""
    target = target_url(url) if url else ""
    key = _canonical(target, feed_host=host_of(feed_url))
    if url is None or key is None or _is_front_page(key):
        return [entry_urn(feed_url, guid)]
    return list(dict.fromkeys((key, _other_scheme(key), target, url)))


def decide_identity(
    *,
    guid: str,
    url: str | None,
    feed_url: str,
    by_guid: Mapping[str, Known],
    by_url: Mapping[str, Known],
    alike: Sequence[Known] = (),
) -> Identity[Known]:
    """Before the fetch. `by_guid` holds what entries of this feed led to, `alike` what `alike_articles` found, `by_url`
    what `candidate_urls` led to.

    A guid that this feed used before means the same article, whatever its link says now. A guid of another feed means
    nothing: sites count "1, 2, 3".
    """
    keys = candidate_urls(guid=guid, url=url, feed_url=feed_url)
    found = [by_guid[guid]] if guid in by_guid else []
    found += [*alike, *(by_url[key] for key in keys if key in by_url)]
    known, *also = dict.fromkeys(found) or [None]
    is_aggregator = is_aggregator_link(keys[0])
    has_page = not is_aggregator and not keys[0].startswith("urn:")
    return Identity(
        canonical_url=keys[0],
        fetch_url=target_url(url) if url and has_page else None,
        is_aggregator_link=is_aggregator,
        known=known,
        also=tuple(one for one in also if one is not None),
    )


def alike_articles(entry: SeenEntry, others: Sequence[AlikeEntry]) -> list[ArticleId]:
    """The articles of those other entries of the same feed that mean the same one as this entry, best reason first.

    Two entries that stood in one document side by side are two articles unless their links agree.
    """
    keys = entry_keys(entry)
    by_guid = [one for one in others if _share(keys.guid_alias, one.keys.guid_alias) and _is_one(one, entry)]
    by_title = [
        one
        for one in others
        if _share(keys.title_key, one.keys.title_key) and not _stood_beside(one, entry) and is_same_article(one, entry)
    ]
    return list(dict.fromkeys(one.article_id for one in (*by_guid, *by_title)))


def _share(key: str | None, other: str | None) -> bool:
    return key is not None and key == other


def _is_one(old: SeenEntry, new: SeenEntry) -> bool:
    if is_other_article(old, new):
        return False
    return not _stood_beside(old, new) or _canonical(old.url or "") == _canonical(new.url or "")


def _stood_beside(old: SeenEntry, new: SeenEntry) -> bool:
    return bool({old.first_seen_at, old.last_seen_at} & {new.first_seen_at, new.last_seen_at})


def choose_canonical(
    *, asked_url: str, final_url: str, declared_url: str | None, publishers: Mapping[str, str] | None = None
) -> str:
    """After the fetch: the canonical URL among the one asked for, the one that answered and the page's rel=canonical.

    The declared one counts if it stays with the publisher of the final URL and is no homepage; else the final one,
    unless a redirect ended on a homepage or at an aggregator; else the one asked for. `publishers` names those of
    hosts; a host that it leaves out is told by its registered domain. A key that is no http(s) URL (an entry without a
    link) comes back as it is.
    """
    asked, final = _canonical(asked_url), _canonical(final_url)
    if asked is None or final is None or is_detour(asked, final):
        return asked or asked_url
    own = _canonical(declared_url or "")
    if own is None or is_homepage(own) or not _is_one_publisher(own, final, publishers or {}):
        return final
    return own


def _is_one_publisher(one: str, two: str, publishers: Mapping[str, str]) -> bool:
    if registered_domain(one) == registered_domain(two):
        return True
    named = publishers.get(host_of(one))
    return named is not None and named == publishers.get(host_of(two))


def is_detour(asked_url: str, final_url: str) -> bool:
    """Did a redirect end on a homepage or at an aggregator? What was answered there is not the article."""
    asked, final = _canonical(asked_url), _canonical(final_url)
    if asked is None or final is None or asked == final:
        return False
    return is_aggregator_link(final) or (is_homepage(final) and not is_homepage(asked))


def entry_urn(feed_url: str, guid: str) -> str:
    """The key of an entry without a usable link: "urn:entry:<registered domain of the feed>:<hash of the guid>".

    A guid that says too little names nothing outside of its feed, and neither does any of a feed that lies at no web
    address (a file that somebody handed over).
    """
    domain = registered_domain(feed_url)
    scope = "" if domain and guid_alias(guid) else f"{feed_url}\n"
    digest = hashlib.sha256(f"{scope}{guid}".encode("utf-8", "replace")).hexdigest()[:32]
    return f"urn:entry:{domain or 'unknown'}:{digest}"


def marked(result: ExtractedArticle | Reason, url: str) -> ExtractedArticle | Reason:
    """What the feed alone says of an article: told to be an aggregator's where its link is."""
    is_marked = isinstance(result, ExtractedArticle) and is_aggregator_link(url)
    return replace(result, origin=Origin.AGGREGATOR) if is_marked and isinstance(result, ExtractedArticle) else result


def is_homepage(url: str) -> bool:
    """Is it the front page of a site or of one of its languages? "/election-night" is neither."""
    parts = urlsplit(url)
    is_language = not parts.query and not parts.fragment and bool(_LANGUAGE_HOME.match(parts.path))
    return is_language or _is_front_page(url)


def _is_front_page(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.query and not parts.fragment and bool(_HOME_PATHS.match(parts.path or "/"))


@lru_cache(maxsize=1_024)
def _canonical(url: str, *, feed_host: str | None = None) -> str | None:
    try:
        return canonical_url(url, feed_host=feed_host)
    except ValueError:
        return None


def _other_scheme(url: str) -> str:
    scheme, rest = url.split("://", 1)
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"

"""Which feeds does a site have, found with few requests and none of them twice?

Pure steps around somebody else's requests: `begin` a discovery, ask for what `plan_next` names, `learn` from the
answer, until it names nothing more; `found` tells the feeds. The order: what a known platform has (needs no page), the
address itself, feeds that link elements declare, the canonical page, anchors that look like feeds, the news sitemaps
that robots.txt names, well-known paths. What nobody named is tried only while nothing was found. At most
`MAX_REQUESTS` requests, redirects included, and none to a host that asked us to go away.

Refuses to guess that something is a feed: what was not asked for is told as such. A redirect may lead to an address
that was asked already; then nothing is learned twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urldefrag

from monitor.fetch.links import Link, PageLinks, platform_feeds, sitemaps_of, well_known
from monitor.types import Hop, ParsedFeed, Reason
from monitor.urls import absolute_url, host_of

MAX_REQUESTS = 6
MAX_REDIRECTS = 3
_MAX_CANDIDATES = 100
#: So many of a kind are asked for before robots.txt has its turn.
_FIRST_DECLARED, _FIRST_ANCHORS = 3, 2
_PERMANENT = frozenset({301, 308})
_GO_AWAY = frozenset({429, 503})
_UNREACHABLE = frozenset(
    {Reason.DNS, Reason.DNS_TEMPORARY, Reason.REFUSED, Reason.TLS, Reason.TIMEOUT, Reason.DISCONNECTED}
)


class How(StrEnum):
    """How an address became known."""

    PLATFORM = "platform"
    ITSELF = "itself"
    LINK = "link"
    CANONICAL = "canonical"
    ANCHOR = "anchor"
    ROBOTS = "robots"
    SITEMAP = "sitemap"
    WELL_KNOWN = "well_known"


#: Somebody said that there is a feed, so it is told even where no request was left to try it.
_DECLARED = frozenset({How.PLATFORM, How.LINK, How.SITEMAP})
#: Worth a request only while nothing was found.
_LAST_HOPES = frozenset({How.ITSELF, How.CANONICAL, How.ANCHOR, How.WELL_KNOWN})
_TURNS: Mapping[How, int] = {how: 2 * turn for turn, how in enumerate(How)}
_AFTER_SITEMAPS, _AFTER_ALL = _TURNS[How.SITEMAP] + 1, 2 * len(How)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed, or say where one is."""

    url: str
    how: How
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A feed. What was not tried may be none: then `format` is empty and nothing is known of its entries.

    The entries of an index stand elsewhere: in `n_documents` that a poll reads.
    """

    url: str
    how: How
    title: str = ""
    format: str = ""
    n_entries: int | None = None
    n_documents: int = 0
    newest_at: datetime | None = None
    is_tried: bool = True

    @property
    def is_of_use(self) -> bool:
        """Whether polling it is known to bring entries."""
        return bool(self.n_entries or self.n_documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request and what came of it: "feed", "page", "robots" or a reason."""

    url: str
    how: How
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came back, parsed: a feed, a page's links, the bytes of a robots.txt, or the reason why none of them."""

    final_url: str
    status: int | None = None
    hops: tuple[Hop, ...] = ()
    reason: Reason | None = None
    feed: ParsedFeed | None = None
    page: PageLinks | None = None
    robots: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """A discovery under way. `seen` are all addresses asked or led to; `shut` the hosts to be left alone."""

    url: str
    candidates: tuple[Candidate, ...]
    asked: tuple[Asked, ...] = ()
    finds: tuple[Find, ...] = ()
    seen: frozenset[str] = frozenset()
    shut: frozenset[str] = frozenset()
    n_requests: int = 0
    is_surveyed: bool = False


def begin(url: str, *, not_again: Iterable[str] = ()) -> Discovery:
    """The discovery of what the site of this absolute http(s) URL has; addresses in `not_again` are not asked."""
    start = urldefrag(url).url
    candidates = [*_candidates(How.PLATFORM, platform_feeds(start)), Candidate(url=start, how=How.ITSELF)]
    return Discovery(url=start, candidates=tuple(candidates), seen=frozenset(not_again))


def plan_next(state: Discovery) -> Candidate | None:
    """What to ask for next; None: the discovery is over."""
    if state.n_requests >= MAX_REQUESTS or any(find.how in {How.ITSELF, How.PLATFORM} for find in state.finds):
        return None
    open_ones = [one for one in state.candidates if _is_worth_it(state, one)]
    return min(open_ones, key=lambda one: _turn(state, one), default=None)


def max_redirects(state: Discovery) -> int:
    """How many redirects the next request may follow."""
    return min(MAX_REDIRECTS, MAX_REQUESTS - state.n_requests - 1)


def _is_worth_it(state: Discovery, candidate: Candidate) -> bool:
    if candidate.url in state.seen or host_of(candidate.url) in state.shut:
        return False
    return not (state.finds and candidate.how in _LAST_HOPES)


def _turn(state: Discovery, candidate: Candidate) -> int:
    n_asked = sum(asked.how is candidate.how for asked in state.asked)
    if candidate.how is How.LINK and n_asked >= _FIRST_DECLARED:
        return _AFTER_SITEMAPS
    if candidate.how is How.ANCHOR and n_asked >= _FIRST_ANCHORS:
        return _AFTER_ALL
    return _TURNS[candidate.how]


def leave_host(state: Discovery, host: str) -> Discovery:
    """Ask nothing more of this host."""
    return replace(state, shut=state.shut | {host})


def learn(state: Discovery, candidate: Candidate, reading: Reading) -> Discovery:
    """The discovery after an answer."""
    is_known = reading.final_url != candidate.url and reading.final_url in state.seen
    state = replace(
        state,
        asked=(*state.asked, Asked(url=candidate.url, how=candidate.how, outcome=_outcome(reading))),
        seen=state.seen | {candidate.url, reading.final_url} | {hop.url for hop in reading.hops},
        n_requests=state.n_requests + _n_requests(state, reading),
        shut=state.shut | _shut_by(reading),
    )
    if is_known:
        return state
    if reading.feed is not None:
        return replace(state, finds=(*state.finds, _find(candidate, reading, reading.feed)))
    if reading.robots is not None:
        named = (Link(url=one) for one in sitemaps_of(reading.robots, reading.final_url))
        return _with(state, _candidates(How.SITEMAP, named))
    return _survey(state, candidate, reading)


def _survey(state: Discovery, candidate: Candidate, reading: Reading) -> Discovery:
    """What a page adds; the first answer, page or not, adds what may be known about its site without being named."""
    page = reading.page or PageLinks()
    more = [*_candidates(How.LINK, page.declared), *_candidates(How.ANCHOR, page.anchors)]
    if candidate.how is not How.ITSELF or state.is_surveyed:
        return _with(state, more)
    url = reading.final_url
    if page.canonical_url:
        more.append(Candidate(url=page.canonical_url, how=How.CANONICAL))
        more += _candidates(How.PLATFORM, platform_feeds(page.canonical_url))
    if robots := absolute_url(url, "/robots.txt"):
        more.append(Candidate(url=robots, how=How.ROBOTS))
    guesses = (Link(url=one) for one in well_known(url, is_wordpress=page.is_wordpress))
    return replace(_with(state, [*more, *_candidates(How.WELL_KNOWN, guesses)]), is_surveyed=True)


def _with(state: Discovery, more: Iterable[Candidate]) -> Discovery:
    """With candidates not met before; of the ways in which an address became known the best one counts."""
    known: dict[str, Candidate] = {}
    for one in (*state.candidates, *more):
        if one.url not in known or _TURNS[one.how] < _TURNS[known[one.url].how]:
            known[one.url] = one
    return replace(state, candidates=tuple(known.values())[:_MAX_CANDIDATES])


def _candidates(how: How, links: Iterable[Link]) -> list[Candidate]:
    return [Candidate(url=link.url, how=how, title=link.title) for link in links]


def _outcome(reading: Reading) -> str:
    if reading.feed is not None:
        return "feed"
    if reading.robots is not None:
        return "robots"
    return "page" if reading.page is not None else (reading.reason or Reason.NOT_A_FEED).value


def _n_requests(state: Discovery, reading: Reading) -> int:
    """How many requests an answer cost; what the guard refused was never sent."""
    if reading.reason in {Reason.BLOCKED_ADDRESS, Reason.BAD_URL} and reading.status is None:
        return 0
    if reading.reason is Reason.TOO_MANY_REDIRECTS:
        return 1 + max_redirects(state)
    return 1 + len(reading.hops)


def _shut_by(reading: Reading) -> frozenset[str]:
    wants_peace = reading.status in _GO_AWAY or reading.reason is Reason.CHALLENGE
    if wants_peace or (reading.status is None and reading.reason in _UNREACHABLE):
        return frozenset({host_of(reading.final_url)})
    return frozenset()


def _find(candidate: Candidate, reading: Reading, feed: ParsedFeed) -> Find:
    """The address to poll is where permanent redirects lead, else the one that was asked."""
    is_moved = bool(reading.hops) and all(hop.status in _PERMANENT for hop in reading.hops)
    return Find(
        url=reading.final_url if is_moved else candidate.url,
        how=candidate.how,
        title=feed.title or candidate.title,
        format=feed.format,
        n_entries=len(feed.entries),
        n_documents=len(feed.children),
        newest_at=max((entry.published_at for entry in feed.entries if entry.published_at), default=None),
    )


def found(state: Discovery) -> tuple[Find, ...]:
    """The feeds, those that were tried first; then what was declared and no request was left to try."""
    untried = [
        Find(url=one.url, how=one.how, title=one.title, is_tried=False)
        for one in state.candidates
        if one.how in _DECLARED and one.url not in state.seen
    ]
    return (*state.finds, *untried)

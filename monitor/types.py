"""The nouns of the product as frozen dataclasses, in the words of docs/glossary.md.

Says nothing about how a noun is stored, fetched or judged. Moments are aware datetimes in UTC, durations seconds,
sizes bytes, similarities 0..1. Text that came from a feed or page is untrusted wherever it appears here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

SourceId = NewType("SourceId", int)
FeedId = NewType("FeedId", int)
EntryId = NewType("EntryId", int)
ArticleId = NewType("ArticleId", int)
RevisionId = NewType("RevisionId", int)
StoryId = NewType("StoryId", int)
WatchlistId = NewType("WatchlistId", int)
SubscriptionId = NewType("SubscriptionId", int)
DigestId = NewType("DigestId", int)


class Reason(StrEnum):
    """Why something expected failed. A closed set: the values are metric labels and stand in the database."""

    # reaching a server
    BAD_URL = "bad_url"
    BLOCKED_ADDRESS = "blocked_address"
    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_ENCODING = "bad_encoding"
    STOPPED = "stopped"
    # what a server answered
    UNAUTHORIZED = "unauthorized"
    PAYMENT_REQUIRED = "payment_required"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    GONE = "gone"
    RATE_LIMITED = "rate_limited"
    LEGAL = "legal"
    SERVER_ERROR = "server_error"
    HTTP_ERROR = "http_error"
    # what a body held
    NOT_A_FEED = "not_a_feed"
    ENTITIES = "entities"
    PARSE_TIMEOUT = "parse_timeout"
    EMPTY = "empty"
    NOT_HTML = "not_html"
    EXTRACT_TIMEOUT = "extract_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_DIED = "worker_died"
    # delivering mail
    REFUSED_RECIPIENT = "refused_recipient"
    TEMPORARY = "temporary"
    # attempts of ours that ended without a saved result
    GAVE_UP = "gave_up"

    @classmethod
    def of_status(cls, status: int) -> Reason:
        """Why a server that answered with this status, none of success, gave nothing."""
        if status in _REASONS_BY_STATUS:
            return _REASONS_BY_STATUS[status]
        return cls.SERVER_ERROR if status >= 500 else cls.HTTP_ERROR


_REASONS_BY_STATUS = {
    401: Reason.UNAUTHORIZED,
    402: Reason.PAYMENT_REQUIRED,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    410: Reason.GONE,
    429: Reason.RATE_LIMITED,
    451: Reason.LEGAL,
}


class Access(StrEnum):
    """What fetching the page of an article ended in; never guessed from the text alone."""

    OK = "ok"
    PAYWALL = "paywall"
    BLOCKED = "blocked"
    CONSENT = "consent"
    JS_ONLY = "js_only"
    ROBOTS = "robots"
    GONE = "gone"
    TIMEOUT = "timeout"
    FAILED = "failed"
    NONE = "none"  # no page was asked for: the entry had no usable link


class Method(StrEnum):
    """Where the stored text of an article comes from."""

    PAGE = "page"
    FEED_CONTENT = "feed_content"
    FEED_SUMMARY = "feed_summary"
    GIVEN = "given"


class Origin(StrEnum):
    """Where a text comes from."""

    OWN = "own"
    AGENCY = "agency"
    PRESS_RELEASE = "press_release"
    AGGREGATOR = "aggregator"


class DateOrigin(StrEnum):
    """Who said when an article was published."""

    FEED = "feed"
    PAGE = "page"
    FIRST_SEEN = "first_seen"


class Precision(StrEnum):
    """How exactly `published_at` is known."""

    MINUTE = "minute"
    DAY = "day"
    UNKNOWN = "unknown"


class DuplicateKind(StrEnum):
    """How a copy relates to its original."""

    EXACT = "exact"
    NEAR = "near"
    SYNDICATED = "syndicated"


# --- bytes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET. The HTTP door adds User-Agent and Accept-Encoding; `max_bytes` caps the inflated body."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str = "*/*"
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect: `status` was answered by `url`."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a server answered, whatever the status. `headers` have lower-case names; `body` is inflated."""

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    hops: tuple[Hop, ...] = ()
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer. `detail` is for people: one line, no secrets."""

    url: str
    reason: Reason
    detail: str = ""


# --- feeds ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One element of a feed, as given. `url` is absolute http(s) or None; `summary` and `content` are HTML.

    `content_hash` changes when title, link, summary, content or the updated date change.
    """

    guid: str
    url: str | None
    title: str
    authors: tuple[str, ...] = ()
    summary: str = ""
    content: str = ""
    published_at: datetime | None = None
    published_raw: str = ""
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A parsed feed. `format` is feedparser's version word ("rss20", "atom10", "rss10", ...)."""

    format: str
    title: str
    url: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    ttl_s: int | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What planning the next poll of a feed needs."""

    interval_s: int
    n_failures: float = 0.0
    next_poll_at: datetime | None = None
    last_good_poll_at: datetime | None = None


# --- articles ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHints:
    """What the feed says about an article; preferred over what its page says."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    summary: str = ""
    content: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedArticle:
    """The readable article: `text` holds paragraphs separated by one newline, without byline, credit and advertisement.

    `dateline` stays in the text as well. `canonical_url` is the page's own rel=canonical, if it has one.
    """

    title: str
    text: str
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    precision: Precision = Precision.UNKNOWN
    date_origin: DateOrigin = DateOrigin.FIRST_SEEN
    language: str | None = None
    language_declared: str | None = None
    access: Access = Access.OK
    method: Method = Method.PAGE
    canonical_url: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    dateline: str | None = None
    credit: str | None = None
    agency: str | None = None
    origin: Origin = Origin.OWN
    n_words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A stored article as duplicates, stories, watchlists and digests see it.

    `appeared_at` is the publisher's date held inside the interval in which we know that the article appeared.
    """

    id: ArticleId
    url: str
    title: str
    text: str
    language: str
    source: str
    family: str
    origin: Origin = Origin.OWN
    agency: str | None = None
    published_at: datetime | None = None
    first_seen_at: datetime
    appeared_at: datetime
    arrival_no: int | None = None
    dateline: str | None = None
    credit: str | None = None


# --- stories and duplicates -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateLink:
    """An immutable fact: `article_id` repeats `original_id`. Scores are 0..1 over word shingles."""

    article_id: ArticleId
    original_id: ArticleId
    kind: DuplicateKind
    containment: float
    jaccard: float
    scheme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteLink:
    """An immutable fact: `article_id` follows the text of `original_id` without being its duplicate."""

    article_id: ArticleId
    original_id: ArticleId
    containment: float
    because: str
    scheme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermWeight:
    """One term that two articles share, and how much it adds to their similarity."""

    term: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article satisfies a watchlist: the terms that matched and a keyword-in-context sentence."""

    watchlist_id: WatchlistId
    article_id: ArticleId
    terms: tuple[str, ...]
    prominence: str
    sentence: str


# --- digests ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """One article of a story, as the digest and `stories show` list it."""

    id: ArticleId
    title: str
    source: str
    family: str
    url: str
    language: str
    published_at: datetime | None
    first_seen_at: datetime
    origin: Origin
    agency: str | None
    duplicate_of: ArticleId | None = None
    duplicate_kind: DuplicateKind | None = None
    rewrite_of: ArticleId | None = None
    lead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story with its members in arrival order and the figures that every view and mail shows."""

    id: StoryId
    title: str
    lead: str
    language: str
    first_seen_at: datetime
    last_seen_at: datetime
    is_open: bool
    n_articles: int
    n_publishers: int
    n_independent: int
    n_copies: int
    members: tuple[StoryMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStory:
    """What a subscription was already told of a story: its figures then, and the articles it listed."""

    story_id: StoryId
    n_articles: int
    n_independent: int
    article_ids: frozenset[ArticleId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who gets a digest, when (local `hour` in `zone`, an IANA name) and about which watchlists (none: all stories)."""

    id: SubscriptionId
    name: str
    recipients: tuple[str, ...]
    hour: int
    zone: str
    watchlists: tuple[str, ...] = ()
    max_stories: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestItem:
    """One story in a digest. `n_new` of its articles were not told before; `is_update` when the story was."""

    story: Story
    is_update: bool
    n_new: int
    new_article_ids: frozenset[ArticleId] = frozenset()
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Everything a mail shows. The window is half-open: [window_start, window_end)."""

    subscription: Subscription
    window_start: datetime
    window_end: datetime
    items: tuple[DigestItem, ...]
    n_left_out: int = 0
    feed_problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMail:
    """A mail, rendered once and stored: subject, both parts, and the Message-ID it will carry."""

    subject: str
    text: str
    html: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one run of a job did: rows done, rows failed as values, and when blocked work becomes free."""

    n_done: int = 0
    n_failed: int = 0
    next_at: datetime | None = None

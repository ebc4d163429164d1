"""Which closed sets of words and which ids there are."""

from __future__ import annotations

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
    DNS_TEMPORARY = "dns_temporary"  # no name server could say
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
    CHALLENGE = "challenge"  # a wall against robots, whatever its status says
    SERVER_ERROR = "server_error"
    HTTP_ERROR = "http_error"
    # what we decided about a feed or host
    MERGED = "merged"  # it moved to an address that another feed has
    ERASED = "erased"  # what the page says was taken down here
    ROBOTS = "robots"  # robots.txt forbids it
    ROBOTS_UNREACHABLE = "robots_unreachable"  # nobody can say whether robots.txt forbids it
    # what a body held
    NOT_A_FEED = "not_a_feed"
    ENTITIES = "entities"
    PARSE_TIMEOUT = "parse_timeout"
    EMPTY = "empty"
    NOT_HTML = "not_html"
    PDF = "pdf"
    MEDIA = "media"  # an image, a sound, a film
    EXTRACT_TIMEOUT = "extract_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_DIED = "worker_died"
    # delivering mail
    REFUSED_RECIPIENT = "refused_recipient"
    TEMPORARY = "temporary"
    # what a page is instead of the article that it was or should be
    CONSENT = "consent"  # a wall that asks for consent
    JS_ONLY = "js_only"  # only scripts fill it
    SHRUNK = "shrunk"  # most of the text is not there any more
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

    JSON_LD = "json_ld"  # the articleBody that the page declares
    PAGE = "page"
    PAGE_RECALL = "page_recall"  # the page, with the extractor told to rather take too much
    FEED_CONTENT = "feed_content"
    FEED_SUMMARY = "feed_summary"
    GIVEN = "given"

    @property
    def is_page(self) -> bool:
        """Whether the page itself gave the text."""
        return self in {Method.JSON_LD, Method.PAGE, Method.PAGE_RECALL}


class RevisionKind(StrEnum):
    """What happened to an article between the revision before this one and this one."""

    FIRST = "first"
    CHANGED = "changed"
    SHRUNK = "shrunk"  # most of the text was taken away
    RETRACTED = "retracted"  # the page is gone, or says that the article was removed; the text is what stood there then
    RESTORED = "restored"  # there again after it was retracted
    REEXTRACTED = "reextracted"  # the same page, read by other rules of ours: nothing the publisher did


class Origin(StrEnum):
    """Where a text comes from."""

    OWN = "own"
    AGENCY = "agency"
    PRESS_RELEASE = "press_release"
    AGGREGATOR = "aggregator"


class DateOrigin(StrEnum):
    """Who said when an article was published."""

    FEED = "feed"
    JSON_LD = "json_ld"
    META = "meta"
    PAGE = "page"  # found in the markup, the URL or the text of the page
    GIVEN = "given"  # in a file that somebody handed over
    FIRST_SEEN = "first_seen"


class EntryDate(StrEnum):
    """Which of an entry's own dates `published_at` is."""

    PUBLISHED = "published"
    UPDATED = "updated"
    CREATED = "created"
    CLAMPED = "clamped"  # it lay in the future: held at the moment when the entry was read
    NONE = "none"  # no date, or none that can be read


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


class DayVerdict(StrEnum):
    """How well a source was watched on one day (UTC), and whether it brought what it usually brings."""

    COMPLETE = "complete"  # polled as planned; nothing speaks for anything missed
    SILENT = "silent"  # polled well, but it brought nothing, or far less than usual
    UNKNOWN = "unknown"  # polled well; too young to know what is usual
    NO_OVERLAP = "no_overlap"  # a poll shared no entry with the one before: entries were probably missed
    PARTIAL = "partial"  # not read for long enough that entries may have been missed
    FAILED = "failed"  # asked, and nothing could be read
    NOT_POLLED = "not_polled"  # nobody asked: we were down, or far behind

    @property
    def is_blind(self) -> bool:
        """Whether nothing may be concluded from what did not come."""
        return self in {DayVerdict.NO_OVERLAP, DayVerdict.PARTIAL, DayVerdict.FAILED, DayVerdict.NOT_POLLED}

"""What goes to servers and comes back: requests, answers, feeds; and what a run of a job came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from monitor.types.words import DayVerdict, EntryDate, FeedId, Reason, SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET. The HTTP door adds User-Agent and Accept-Encoding; `max_bytes` caps the inflated body.

    `max_redirects` allows fewer of them than the door does.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str = "*/*"
    max_bytes: int
    max_redirects: int | None = None


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
    """Why there is no answer. `detail` is for people: one line, no secrets.

    `hops` are the redirects that were followed before, `final_url` is the address that failed after them: what a
    redirect leads to is another's failure than that of `url`. Empty where it cannot be told.
    """

    url: str
    reason: Reason
    detail: str = ""
    hops: tuple[Hop, ...] = ()
    final_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture, sound or film that an entry brings: an enclosure or Media RSS. `url` is absolute http(s).

    `media_type` is a range ("image/*") where the feed names the kind alone, "" where it says nothing.
    """

    url: str
    media_type: str = ""
    n_bytes: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One element of a feed, as given. `url` is absolute http(s) or None; `summary` and `content` are HTML.

    `published_at` is the date to go by, `date_origin` says which one it is, `published_raw` how the feed writes it.
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
    date_origin: EntryDate = EntryDate.NONE
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A parsed feed. `format` is feedparser's version word ("rss20", "atom10", "rss10", ...) or one of our own:
    "json1", "json11", "newssitemap", "sitemapindex".

    `ttl_s`, `skip_hours` (0..23, UTC) and `skip_days` (0 is Monday) are what the document asks of readers. A sitemap
    index has no entries: they stand in the documents at `children`, the most worthwhile first.
    """

    format: str
    title: str
    url: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    children: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What planning the next poll of a feed needs.

    `wanted_interval_s` is set by a person; `last_new_at` is when a poll last brought an entry never seen before,
    `last_gap_at` when one last shared nothing with the poll before it.
    """

    interval_s: int
    n_failures: float = 0.0
    next_poll_at: datetime | None = None
    last_good_poll_at: datetime | None = None
    wanted_interval_s: int | None = None
    last_new_at: datetime | None = None
    last_gap_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFeed:
    """A claimed feed with all that polling it needs. `url` is what somebody subscribed to."""

    id: FeedId
    source_id: SourceId
    url: str
    current_url: str | None
    host: str
    state: str
    interval_s: int
    wanted_interval_s: int | None
    n_failures: float
    next_poll_at: datetime
    leased_until: datetime
    last_good_poll_at: datetime | None
    last_full_poll_at: datetime | None
    last_read_at: datetime | None
    last_new_at: datetime | None
    gap_at: datetime | None
    n_unchanged: int
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    ttl_s: int | None
    skip_hours: tuple[int, ...]
    skip_days: tuple[int, ...]
    moved_to: str | None
    moved_since_at: datetime | None
    n_moves_seen: int

    @property
    def address(self) -> str:
        """The URL to ask for: where the feed has moved to, if it has."""
        return self.current_url or self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLogRow:
    """One line of the poll log."""

    outcome: str
    status: int | None = None
    n_entries: int = 0
    n_new: int = 0
    n_bytes: int = 0
    elapsed_s: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What one poll came to: the columns of the feed that change, its log line, and whether its source's day has a gap.

    `log.outcome` is "ok", "not_modified" or a Reason.
    """

    feed: DueFeed
    log: PollLogRow
    values: Mapping[str, Any] = field(default_factory=dict)
    has_gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one run of a job did: rows done, rows failed as values, and when blocked work becomes free."""

    n_done: int = 0
    n_failed: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDay:
    """How a source was polled on a day (UTC) and what came. `n_expected` and `verdict` are None until it is judged."""

    day_on: date
    n_polls_ok: int = 0
    n_polls_failed: int = 0
    n_new: int = 0
    n_gaps: int = 0
    n_expected: float | None = None
    verdict: DayVerdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFeed:
    """A feed as far as it tells how its source is watched. `is_due`: it is to be polled, not paused or ended."""

    id: FeedId
    source_id: SourceId
    interval_s: int
    created_at: datetime
    ttl_s: int | None = None
    skip_hours: Sequence[int] = ()
    skip_days: Sequence[int] = ()
    n_failures: float = 0.0
    last_good_poll_at: datetime | None = None
    last_poll_at: datetime | None = None
    next_poll_at: datetime | None = None
    is_due: bool = True


class GoodPoll(NamedTuple):
    """One poll that read its feed or found it unchanged; then both counts may be 0."""

    polled_at: datetime
    n_entries: int
    n_new: int

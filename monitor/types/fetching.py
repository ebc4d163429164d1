"""What goes to servers and comes back: requests, answers, feeds; and what a run of a job came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.types.words import EntryDate, Reason


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
    """Why there is no answer. `detail` is for people: one line, no secrets."""

    url: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture, sound or film that an entry brings: an enclosure or Media RSS. `url` is absolute http(s)."""

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
    """A parsed feed. `format` is feedparser's version word ("rss20", "atom10", "rss10", ...) or one of our own.

    `ttl_s`, `skip_hours` (0..23, UTC) and `skip_days` (0 is Monday) are what the document asks of readers.
    """

    format: str
    title: str
    url: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What planning the next poll of a feed needs."""

    interval_s: int
    n_failures: float = 0.0
    next_poll_at: datetime | None = None
    last_good_poll_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one run of a job did: rows done, rows failed as values, and when blocked work becomes free."""

    n_done: int = 0
    n_failed: int = 0
    next_at: datetime | None = None

"""Articles as feeds, pages and the database give them; what texts have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.types.words import (
    Access,
    ArticleId,
    DateOrigin,
    DuplicateKind,
    Method,
    Origin,
    Precision,
    Reason,
    WatchlistId,
)


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
    #: Sentences that end (or begin) most articles of this source, as learned: no part of its texts.
    boilerplate: tuple[str, ...] = ()
    #: When an entry first led to the article: no date of publication lies more than a day later.
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """The last page of an article that is kept: its validators, and hashes of its bytes and of what the feeds said."""

    status: int
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    hints_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """An article that is leased so that its page is fetched; `is_new` until its first text is saved, at `ready_at`.

    `method`, `access` and `n_words` are those of the stored text, `reason` and `detail` are what the last look ended in
    and `doubted_at` since when that is in doubt. `refusal`: why its host's robots.txt says that the page must not be
    asked for, once that was looked at. `is_suspect`: the process that claimed it before vanished.
    """

    id: ArticleId
    url: str
    entry_url: str
    host: str
    is_new: bool
    method: str | None
    first_seen_at: datetime
    n_page_failures: int
    leased_until: datetime
    access: str | None = None
    n_words: int = 0
    reason: str | None = None
    detail: str = ""
    ready_at: datetime | None = None
    doubted_at: datetime | None = None
    retracted_at: datetime | None = None
    n_small_changes: int = 0
    is_suspect: bool = False
    kept: KeptPage | None = None
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedArticle:
    """The readable article: `text` holds paragraphs separated by one newline, without byline, credit and advertisement.

    `title` is what the feed calls it, else the page: `feed_title` and `page_title` are what each of them says, "" where
    it says nothing or was not asked. `dateline` stays in the text as well. `canonical_url` is the page's own
    rel=canonical, if it has one. `language` is the detected one, or the declared one where the text is too short to
    tell.
    """

    title: str
    text: str
    feed_title: str = ""
    page_title: str = ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    precision: Precision = Precision.UNKNOWN
    date_origin: DateOrigin = DateOrigin.FIRST_SEEN
    language: str | None = None
    language_declared: str | None = None
    language_detected: str | None = None
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
class KnownTitles:
    """What feed and page called an article when they were last read, "" where that is not known.

    `earlier`: the titles that it took up so far, in their order, with the one of today.
    """

    feed: str = ""
    page: str = ""
    earlier: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateLink:
    """An immutable fact: `article_id` repeats `original_id`. Scores are 0..1 over word shingles.

    It is about the two texts with these hashes (as fingerprints hash them), and says nothing of later ones.
    """

    article_id: ArticleId
    original_id: ArticleId
    kind: DuplicateKind
    containment: float
    jaccard: float
    scheme: str
    article_text_hash: str
    original_text_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteLink:
    """An immutable fact: `article_id` follows the text of `original_id` without being its duplicate.

    About the two texts with these hashes, as a duplicate link.
    """

    article_id: ArticleId
    original_id: ArticleId
    containment: float
    because: str
    scheme: str
    article_text_hash: str
    original_text_hash: str


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

"""Stories as views and mails show them, and the digests that tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.types.articles import Hit
from monitor.types.words import ArticleId, DuplicateKind, Origin, StoryId, SubscriptionId


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
    #: The registered text that it copies or follows.
    release_id: ArticleId | None = None
    lead: str = ""
    retracted_at: datetime | None = None


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
    #: Source of the earliest report, copies left out where there is anything else.
    first_publisher: str = ""
    #: Over the last six hours of its coverage.
    articles_per_hour: float = 0.0
    #: The article whose headline and lead stand for the story; None until somebody described it.
    representative_id: ArticleId | None = None
    key_terms: tuple[str, ...] = ()
    key_names: tuple[str, ...] = ()
    members: tuple[StoryMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHour:
    """What appeared of a story within an hour, in UTC; `n_voices`: independent ones, as `n_independent` counts them."""

    hour_at: datetime
    n_articles: int
    n_copies: int
    n_publishers: int
    n_voices: int


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

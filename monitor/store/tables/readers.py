"""Who is told what: watchlists and hits, subscriptions, digests and their deliveries, and what was erased."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from monitor.store.columns import Key, UTCDateTime
from monitor.store.tables.metadata import key, metadata, refers

watchlists = Table(
    "watchlists",
    metadata,
    key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("query", Text, nullable=False),
    Column("state", String(10), nullable=False, default="active"),
    Column("managed_by", String(20), nullable=False, default="user"),
    Column("updated_at", UTCDateTime, nullable=False),
)

hits = Table(
    "hits",
    metadata,
    refers("watchlist_id", "watchlists.id", primary_key=True),
    refers("article_id", "articles.id", primary_key=True, index=True),
    Column("terms", JSON, nullable=False),
    Column("prominence", String(10), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("matched_at", UTCDateTime, nullable=False),
)

recipients = Table(
    "recipients",
    metadata,
    key(),
    Column("address", String(320), nullable=False, unique=True),
    Column("state", String(20), nullable=False, default="active"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("hour", Integer, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("max_stories", Integer, nullable=False, default=20),
    Column("state", String(10), nullable=False, default="active"),
    Column("managed_by", String(20), nullable=False, default="user"),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("leased_until", UTCDateTime),
    Column("n_tries", Integer, nullable=False, default=0),
    Column("next_digest_at", UTCDateTime, index=True),
)

subscription_recipients = Table(
    "subscription_recipients",
    metadata,
    refers("subscription_id", "subscriptions.id", primary_key=True),
    refers("recipient_id", "recipients.id", primary_key=True),
)

subscription_watchlists = Table(
    "subscription_watchlists",
    metadata,
    refers("subscription_id", "subscriptions.id", primary_key=True),
    refers("watchlist_id", "watchlists.id", primary_key=True),
)

digests = Table(
    "digests",
    metadata,
    key(),
    refers("subscription_id", "subscriptions.id"),
    Column("window_start", UTCDateTime, nullable=False),
    Column("window_end", UTCDateTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("message_id", String(300), nullable=False, unique=True),
    Column("headers", JSON, nullable=False, default=dict),
    Column("n_stories", Integer, nullable=False),
    Column("n_left_out", Integer, nullable=False, default=0),
    Column("rendered_at", UTCDateTime, nullable=False),
    UniqueConstraint("subscription_id", "window_start"),
)

digest_items = Table(
    "digest_items",
    metadata,
    refers("digest_id", "digests.id", primary_key=True),
    refers("story_id", "stories.id", primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    Column("is_update", Boolean, nullable=False),
    Column("n_new", Integer, nullable=False),
    Column("n_articles", Integer, nullable=False),
    Column("n_publishers", Integer, nullable=False),
    Column("n_independent", Integer, nullable=False),
    Column("n_copies", Integer, nullable=False),
)

digest_item_articles = Table(
    "digest_item_articles",
    metadata,
    refers("digest_id", "digests.id", primary_key=True),
    refers("article_id", "articles.id", primary_key=True, index=True),
    refers("story_id", "stories.id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    key(),
    refers("digest_id", "digests.id"),
    Column("recipient", String(320), nullable=False),
    # pending -> sending -> sent | refused | unknown; a temporary refusal goes back to pending.
    Column("state", String(10), nullable=False, default="pending"),
    Column("next_try_at", UTCDateTime, index=True),
    Column("leased_until", UTCDateTime),
    Column("n_tries", Integer, nullable=False, default=0),
    Column("reason", String(40)),
    Column("detail", Text, nullable=False, default=""),
    Column("sent_at", UTCDateTime),
    UniqueConstraint("digest_id", "recipient"),
)

tombstones = Table(
    "tombstones",
    metadata,
    key(),
    Column("kind", String(20), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("because", Text, nullable=False, default=""),
    Column("erased_at", UTCDateTime, nullable=False),
    UniqueConstraint("kind", "key_hash"),
)

audit = Table(
    "audit",
    metadata,
    key(),
    Column("who", String(200), nullable=False),
    Column("action", String(60), nullable=False),
    Column("noun", String(40), nullable=False),
    Column("noun_id", Key),
    Column("details", JSON, nullable=False, default=dict),
    Column("done_at", UTCDateTime, nullable=False, index=True),
)

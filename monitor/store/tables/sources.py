"""Who publishes, where to poll, and how polling went: sources, hosts, feeds and their log."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, Index, Integer, String, Table, Text, UniqueConstraint

from monitor.store.columns import Key, UTCDateTime
from monitor.store.tables.metadata import key, metadata, refers

families = Table("families", metadata, key(), Column("name", String(200), nullable=False, unique=True))

sources = Table(
    "sources",
    metadata,
    key(),
    Column("domain", String(253), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
    Column("kind", String(20), nullable=False, default="outlet"),
    Column("tier", Integer),
    Column("country", String(2)),
    Column("language", String(8)),
    refers("family_id", "families.id", nullable=True, index=True),
    Column("text_policy", String(20), nullable=False, default="full"),
    Column("managed_by", String(20), nullable=False, default="user"),
    Column("created_at", UTCDateTime, nullable=False),
)

source_tags = Table(
    "source_tags",
    metadata,
    refers("source_id", "sources.id", primary_key=True),
    Column("tag", String(100), primary_key=True),
)

source_days = Table(
    "source_days",
    metadata,
    refers("source_id", "sources.id", primary_key=True),
    Column("day_on", Date, primary_key=True),
    Column("n_polls_ok", Integer, nullable=False, default=0),
    Column("n_polls_failed", Integer, nullable=False, default=0),
    Column("n_new", Integer, nullable=False, default=0),
    Column("n_expected", Float),
    Column("verdict", String(20)),
)

source_boilerplate = Table(
    "source_boilerplate",
    metadata,
    refers("source_id", "sources.id", primary_key=True),
    Column("sentence_hash", String(64), primary_key=True),
    Column("sentence", Text, nullable=False),
    Column("n_articles", Integer, nullable=False, default=0),
    Column("first_seen_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime, nullable=False),
)

hosts = Table(
    "hosts",
    metadata,
    Column("name", String(253), primary_key=True),
    Column("next_at", UTCDateTime, nullable=False),
    Column("slow_factor", Float, nullable=False, default=1.0),
    Column("retry_after_at", UTCDateTime),
    Column("robots", Text),
    Column("robots_fetched_at", UTCDateTime),
    Column("robots_reason", String(40)),
)

feeds = Table(
    "feeds",
    metadata,
    key(),
    refers("source_id", "sources.id", index=True),
    Column("url", String(2048), nullable=False, unique=True),
    Column("host", String(253), nullable=False, index=True),
    Column("title", String(1000), nullable=False, default=""),
    Column("site_url", String(2048)),
    Column("format", String(20)),
    Column("language", String(20)),
    Column("managed_by", String(20), nullable=False, default="user"),
    Column("created_at", UTCDateTime, nullable=False),
    Column("state", String(20), nullable=False, default="active"),
    Column("reason", String(40)),
    Column("because", Text, nullable=False, default=""),
    Column("interval_s", Integer, nullable=False),
    Column("next_poll_at", UTCDateTime),
    Column("leased_until", UTCDateTime),
    Column("n_tries", Integer, nullable=False, default=0),
    Column("n_failures", Float, nullable=False, default=0.0),
    Column("last_poll_at", UTCDateTime),
    Column("last_good_poll_at", UTCDateTime),
    Column("last_full_poll_at", UTCDateTime),
    Column("last_status", Integer),
    Column("etag", String(1000)),
    Column("last_modified", String(200)),
    Column("body_hash", String(64)),
    Column("moved_to", String(2048)),
    Column("moved_since_at", UTCDateTime),
    Column("n_moves_seen", Integer, nullable=False, default=0),
    Index(None, "next_poll_at"),
)

feed_tags = Table(
    "feed_tags",
    metadata,
    refers("feed_id", "feeds.id", primary_key=True),
    Column("tag", String(200), primary_key=True),
)

poll_log = Table(
    "poll_log",
    metadata,
    key(),
    refers("feed_id", "feeds.id"),
    Column("polled_at", UTCDateTime, nullable=False, index=True),
    Column("outcome", String(40), nullable=False),
    Column("status", Integer),
    Column("n_entries", Integer, nullable=False, default=0),
    Column("n_new", Integer, nullable=False, default=0),
    Column("n_bytes", Integer, nullable=False, default=0),
    Column("elapsed_s", Float, nullable=False, default=0.0),
    Column("detail", Text, nullable=False, default=""),
    # One row per poll: a result that is saved again after a crash does not count twice.
    UniqueConstraint("feed_id", "polled_at"),
)

#: Numbers that are given out in commit order: the row stays locked until the transaction that took one ends.
counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Key, nullable=False),
)

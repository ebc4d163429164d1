"""Who publishes, where to poll, and how polling went: sources, hosts, feeds and their log."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, Index, Integer, String, Table, Text, UniqueConstraint

from monitor.store.columns import Key, Numbers, UTCDateTime
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
    # Up to which arrival its articles were looked at for sentences that are in most of them, and freed from these.
    Column("learned_arrival_no", Key, nullable=False, default=0),
    Column("managed_by", String(20), nullable=False, default="user"),
    Column("created_at", UTCDateTime, nullable=False),
)

#: Hosts and domains that belong to another source than their registered domain says: "bbci.co.uk" to the BBC, a
#: sub-domain to a publisher of its own. The most specific name counts.
source_hosts = Table(
    "source_hosts",
    metadata,
    Column("name", String(253), primary_key=True),
    refers("source_id", "sources.id", index=True),
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
    Column("day_on", Date, primary_key=True, index=True),
    Column("n_polls_ok", Integer, nullable=False, default=0),
    Column("n_polls_failed", Integer, nullable=False, default=0),
    Column("n_new", Integer, nullable=False, default=0),
    # Polls that shared no entry with the one before: something may have been missed in between.
    Column("n_gaps", Integer, nullable=False, default=0),
    Column("n_expected", Float),
    Column("verdict", String(20)),
)

source_boilerplate = Table(
    "source_boilerplate",
    metadata,
    refers("source_id", "sources.id", primary_key=True),
    Column("sentence_hash", String(64), primary_key=True),
    # What a reader sees, and where it stands: "start" or "end" of an article.
    Column("sentence", Text, nullable=False),
    Column("edge", String(10), nullable=False, default="end"),
    # In how many of the texts that it was learned from; later ones are stored without it.
    Column("n_articles", Integer, nullable=False, default=0),
    Column("first_seen_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime, nullable=False),
    # Somebody said that it belongs to the articles: it stays in them, and is not learned again.
    Column("rejected_at", UTCDateTime),
)

#: A name with a leading dot (".bbc.co.uk") is a registered domain with all its hosts: the source's own row.
hosts = Table(
    "hosts",
    metadata,
    Column("name", String(254), primary_key=True),
    Column("domain", String(253), nullable=False, default=""),
    Column("next_at", UTCDateTime, nullable=False),
    Column("slow_factor", Float, nullable=False, default=1.0),
    Column("retry_after_at", UTCDateTime),
    Column("robots", Text),
    Column("robots_fetched_at", UTCDateTime),
    Column("robots_reason", String(40)),
    # Until when somebody is asking for it.
    Column("robots_leased_until", UTCDateTime),
    Column("crawl_delay_s", Float),
)
#: The few hosts that somebody asks for their robots.txt.
Index(
    None,
    hosts.c.robots_leased_until,
    sqlite_where=hosts.c.robots_leased_until.is_not(None),
    postgresql_where=hosts.c.robots_leased_until.is_not(None),
)

Index(None, hosts.c.slow_factor, sqlite_where=hosts.c.slow_factor > 1.0, postgresql_where=hosts.c.slow_factor > 1.0)

feeds = Table(
    "feeds",
    metadata,
    key(),
    refers("source_id", "sources.id", index=True),
    # As somebody subscribed to it, for good; `current_url` is where it is polled since it moved.
    Column("url", String(2048), nullable=False, unique=True),
    Column("current_url", String(2048), index=True),
    # The host that is asked: of `current_url` where there is one.
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
    # Set by somebody: then the interval does not adapt.
    Column("wanted_interval_s", Integer),
    # What the feed itself last asked of readers.
    Column("ttl_s", Integer),
    Column("skip_hours", Numbers, nullable=False, default=()),
    Column("skip_days", Numbers, nullable=False, default=()),
    Column("next_poll_at", UTCDateTime),
    Column("leased_until", UTCDateTime),
    Column("n_tries", Integer, nullable=False, default=0),
    Column("n_failures", Float, nullable=False, default=0.0),
    Column("last_poll_at", UTCDateTime),
    Column("last_good_poll_at", UTCDateTime),
    Column("last_full_poll_at", UTCDateTime),
    # The last poll whose entries were read; since then `n_unchanged` polls found the same document.
    Column("last_read_at", UTCDateTime),
    Column("n_unchanged", Integer, nullable=False, default=0),
    # The last poll that brought an entry never seen before, and the last that shared none with the one before it.
    Column("last_new_at", UTCDateTime),
    Column("gap_at", UTCDateTime),
    Column("last_status", Integer),
    Column("etag", String(1000)),
    Column("last_modified", String(200)),
    Column("body_hash", String(64)),
    Column("moved_to", String(2048)),
    Column("moved_since_at", UTCDateTime),
    Column("n_moves_seen", Integer, nullable=False, default=0),
    refers("merged_into_id", "feeds.id", nullable=True, index=True),
    # What looking again for a failing feed found; nothing is polled there until somebody agrees.
    Column("proposed_url", String(2048)),
    Column("rediscovered_at", UTCDateTime),
    Index(None, "next_poll_at"),
)
#: The few rows that somebody works on.
Index(
    None,
    feeds.c.leased_until,
    sqlite_where=feeds.c.leased_until.is_not(None),
    postgresql_where=feeds.c.leased_until.is_not(None),
)

#: Folders of a feed list, as paths: "News/Europe". Tags are words beside them.
feed_categories = Table(
    "feed_categories",
    metadata,
    refers("feed_id", "feeds.id", primary_key=True),
    Column("category", String(200), primary_key=True),
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

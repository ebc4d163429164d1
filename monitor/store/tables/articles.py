"""What was published: feed entries as given, fetched pages, articles and their revisions."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from monitor.store.columns import Key, UTCDateTime
from monitor.store.tables.metadata import key, metadata, refers

entries = Table(
    "entries",
    metadata,
    key(),
    refers("feed_id", "feeds.id"),
    Column("guid", String(2048), nullable=False),
    Column("url", String(2048)),
    Column("title", Text, nullable=False),
    Column("authors", JSON, nullable=False, default=list),
    Column("summary", Text, nullable=False, default=""),
    Column("content", Text, nullable=False, default=""),
    Column("published_at", UTCDateTime),
    Column("published_raw", String(200), nullable=False, default=""),
    Column("date_origin", String(20), nullable=False, default="none"),
    Column("updated_at", UTCDateTime),
    Column("tags", JSON, nullable=False, default=list),
    Column("media", JSON, nullable=False, default=list),
    Column("content_hash", String(64), nullable=False),
    # What else an entry is known by within its feed: the guid without scheme, host and count of versions; the title
    # with the date. Hashes; NULL where it says too little.
    Column("guid_alias", String(64)),
    Column("title_key", String(64)),
    # Too old when its feed was first polled: known from then on, but it leads to no article.
    Column("passed_over", Boolean, nullable=False, default=False),
    Column("first_seen_at", UTCDateTime, nullable=False),
    # When the entry was last read. Polls that found the document unchanged are counted on the feed alone.
    Column("last_seen_at", UTCDateTime, nullable=False),
    # The previous good poll of this feed: the entry was not there yet.
    Column("not_seen_before_at", UTCDateTime),
    refers("article_id", "articles.id", nullable=True, index=True),
    Column("resolve_due_at", UTCDateTime, index=True),
    UniqueConstraint("feed_id", "guid"),
    Index(None, "feed_id", "last_seen_at"),
    Index(None, "feed_id", "guid_alias"),
    Index(None, "feed_id", "title_key"),
)

articles = Table(
    "articles",
    metadata,
    key(),
    Column("url", String(2048), nullable=False, unique=True),
    # The URL that answered, and the one that the page names as canonical, also where it is not believed: these are
    # facts, and need not lead here.
    Column("final_url", String(2048)),
    Column("declared_url", String(2048)),
    Column("host", String(253), nullable=False),
    refers("source_id", "sources.id", index=True),
    Column("title", Text, nullable=False, default=""),
    # What the feed and the page called it when each was last read: a change of either is told from a difference.
    Column("feed_title", Text),
    Column("page_title", Text),
    Column("text", Text, nullable=False, default=""),
    Column("text_hash", String(64), index=True),
    # The words of title and text as queries are compared with them, each between spaces: LIKE narrows a search the
    # same way on both databases and never rules out a match.
    Column("folded", Text, nullable=False, default=""),
    Column("language", String(8)),
    Column("language_declared", String(20)),
    Column("language_detected", String(8)),
    Column("published_at", UTCDateTime, index=True),
    Column("published_precision", String(10), nullable=False, default="unknown"),
    Column("published_origin", String(20), nullable=False, default="first_seen"),
    Column("first_seen_at", UTCDateTime, nullable=False, index=True),
    Column("not_seen_before_at", UTCDateTime),
    # The publisher's date, held inside [not_seen_before_at, first_seen_at]: who was first cannot be back-dated.
    Column("appeared_at", UTCDateTime, nullable=False, index=True),
    Column("arrival_no", Key, unique=True),
    Column("access", String(20)),
    Column("method", String(20)),
    Column("n_words", Integer, nullable=False, default=0),
    Column("section", String(200)),
    Column("dateline", String(200)),
    Column("credit", String(500)),
    Column("agency", String(200)),
    Column("origin", String(20), nullable=False, default="own"),
    Column("state", String(20), nullable=False, default="waiting"),
    Column("reason", String(40)),
    Column("detail", Text, nullable=False, default=""),
    Column("fetch_due_at", UTCDateTime, index=True),
    Column("fetch_leased_until", UTCDateTime),
    # When its page was last asked for, whatever came of it: feeds that change often get no answer sooner.
    Column("asked_at", UTCDateTime),
    Column("n_fetch_tries", Integer, nullable=False, default=0),
    Column("n_page_failures", Integer, nullable=False, default=0),
    # When its text was first saved, from where the times of the later looks at its page are counted, and how many of
    # these there were.
    Column("ready_at", UTCDateTime),
    Column("n_rereads", Integer, nullable=False, default=0),
    # Since when the page is gone, or says that the article was removed; its last text stays.
    Column("retracted_at", UTCDateTime),
    # Since when its page shows something that another look must confirm: most of the text is gone, or all of it.
    Column("doubted_at", UTCDateTime),
    # Small changes that became revisions: a page that never stops changing stops adding to them.
    Column("n_small_changes", Integer, nullable=False, default=0),
    # Its kept page is to be read again by the rules of today.
    Column("reextract_due_at", UTCDateTime, index=True),
    Column("reextract_leased_until", UTCDateTime),
    Column("n_reextract_tries", Integer, nullable=False, default=0),
    Column("match_due_at", UTCDateTime, index=True),
    Column("match_leased_until", UTCDateTime),
    Column("n_match_tries", Integer, nullable=False, default=0),
    Column("assign_due_at", UTCDateTime),
    Column("watch_due_at", UTCDateTime, index=True),
    Column("watch_leased_until", UTCDateTime),
    Column("n_watch_tries", Integer, nullable=False, default=0),
    # The due date first: it is NULL for all but the few articles that wait.
    Index(None, "assign_due_at", "language", "arrival_no"),
    # The last texts of a source, and whether there are new ones.
    Index(None, "source_id", "arrival_no"),
    # The id of an article that was merged away redirects for ever: it is never given out again.
    sqlite_autoincrement=True,
)
#: The few pages that somebody fetches.
Index(
    None,
    articles.c.fetch_leased_until,
    sqlite_where=articles.c.fetch_leased_until.is_not(None),
    postgresql_where=articles.c.fetch_leased_until.is_not(None),
)

sightings = Table(
    "sightings",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    refers("entry_id", "entries.id", primary_key=True, index=True),
    refers("feed_id", "feeds.id", index=True),
    Column("first_seen_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime, nullable=False),
)

article_urls = Table(
    "article_urls",
    metadata,
    Column("url", String(2048), primary_key=True),
    refers("article_id", "articles.id", index=True),
    Column("kind", String(20), nullable=False),
    Column("first_seen_at", UTCDateTime, nullable=False),
)

article_merges = Table(
    "article_merges",
    metadata,
    Column("old_id", Key, primary_key=True, autoincrement=False),
    refers("article_id", "articles.id", index=True),
    Column("merged_at", UTCDateTime, nullable=False),
    Column("because", Text, nullable=False, default=""),
)

pages = Table(
    "pages",
    metadata,
    key(),
    refers("article_id", "articles.id", index=True),
    Column("url", String(2048), nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", String(200)),
    Column("etag", String(1000)),
    Column("last_modified", String(200)),
    Column("body_zlib", LargeBinary, nullable=False),
    Column("body_hash", String(64)),
    # Of what the feeds said when it was read: the same bytes and the same words give the same article.
    Column("hints_hash", String(64)),
    Column("n_bytes", Integer, nullable=False),
    Column("fetched_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False, index=True),
    UniqueConstraint("article_id", "fetched_at"),
)

revisions = Table(
    "revisions",
    metadata,
    key(),
    refers("article_id", "articles.id"),
    Column("revision_no", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("revision_hash", String(64), nullable=False),
    Column("kind", String(20), nullable=False, default="changed"),
    Column("n_chars", Integer, nullable=False, default=0),
    Column("n_words", Integer, nullable=False),
    Column("n_words_added", Integer, nullable=False, default=0),
    Column("n_words_removed", Integer, nullable=False, default=0),
    # 0..1, of the words of title and text in their order, to the revision before; NULL for the first.
    Column("similarity", Float),
    Column("title_changed", Boolean, nullable=False, default=False),
    Column("seen_at", UTCDateTime, nullable=False),
    UniqueConstraint("article_id", "revision_no"),
)

authors = Table("authors", metadata, key(), Column("name", String(300), nullable=False, unique=True))

article_authors = Table(
    "article_authors",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    refers("author_id", "authors.id", primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

tags = Table("tags", metadata, key(), Column("name", String(200), nullable=False, unique=True))

article_tags = Table(
    "article_tags",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    refers("tag_id", "tags.id", primary_key=True, index=True),
)

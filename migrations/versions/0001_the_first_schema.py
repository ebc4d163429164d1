"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import Key, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Key, nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("noun_id", Key, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("done_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_done_at"), "audit", ["done_at"], unique=False)
    op.create_table(
        "authors",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authors")),
        sa.UniqueConstraint("name", name=op.f("uq_authors_name")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", Key, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "families",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_families")),
        sa.UniqueConstraint("name", name=op.f("uq_families_name")),
    )
    op.create_table(
        "hosts",
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("next_at", UTCDateTime, nullable=False),
        sa.Column("slow_factor", sa.Float(), nullable=False),
        sa.Column("retry_after_at", UTCDateTime, nullable=True),
        sa.Column("robots", sa.Text(), nullable=True),
        sa.Column("robots_fetched_at", UTCDateTime, nullable=True),
        sa.Column("robots_reason", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosts")),
    )
    op.create_table(
        "language_statistics",
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("n_articles", sa.Integer(), nullable=False),
        sa.Column("last_arrival_no", Key, nullable=False),
        sa.Column("leased_until", UTCDateTime, nullable=True),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("language", name=op.f("pk_language_statistics")),
    )
    op.create_table(
        "recipients",
        sa.Column("id", Key, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipients")),
        sa.UniqueConstraint("address", name=op.f("uq_recipients_address")),
    )
    op.create_table(
        "schemes",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schemes")),
    )
    op.create_table(
        "story_log",
        sa.Column("id", Key, nullable=False),
        sa.Column("story_id", Key, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("logged_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_log")),
    )
    op.create_index(op.f("ix_story_log_story_id"), "story_log", ["story_id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("max_stories", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("managed_by", sa.String(length=20), nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.Column("leased_until", UTCDateTime, nullable=True),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("next_digest_at", UTCDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("name", name=op.f("uq_subscriptions_name")),
    )
    op.create_index(op.f("ix_subscriptions_next_digest_at"), "subscriptions", ["next_digest_at"], unique=False)
    op.create_table(
        "tags",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
    )
    op.create_table(
        "terms",
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("term", sa.String(length=200), nullable=False),
        sa.Column("n_articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("language", "term", name=op.f("pk_terms")),
    )
    op.create_table(
        "tombstones",
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("erased_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
        sa.UniqueConstraint("kind", "key_hash", name=op.f("uq_tombstones_kind_key_hash")),
    )
    op.create_table(
        "watchlists",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("managed_by", sa.String(length=20), nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlists")),
        sa.UniqueConstraint("name", name=op.f("uq_watchlists_name")),
    )
    op.create_table(
        "digests",
        sa.Column("id", Key, nullable=False),
        sa.Column("subscription_id", Key, nullable=False),
        sa.Column("window_start", UTCDateTime, nullable=False),
        sa.Column("window_end", UTCDateTime, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=300), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("n_stories", sa.Integer(), nullable=False),
        sa.Column("n_left_out", sa.Integer(), nullable=False),
        sa.Column("rendered_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_digests_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("message_id", name=op.f("uq_digests_message_id")),
        sa.UniqueConstraint("subscription_id", "window_start", name=op.f("uq_digests_subscription_id_window_start")),
    )
    op.create_table(
        "sources",
        sa.Column("id", Key, nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("family_id", Key, nullable=True),
        sa.Column("text_policy", sa.String(length=20), nullable=False),
        sa.Column("managed_by", sa.String(length=20), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_sources_family_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("domain", name=op.f("uq_sources_domain")),
    )
    op.create_index(op.f("ix_sources_family_id"), "sources", ["family_id"], unique=False)
    op.create_table(
        "subscription_recipients",
        sa.Column("subscription_id", Key, nullable=False),
        sa.Column("recipient_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipients.id"],
            name=op.f("fk_subscription_recipients_recipient_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_recipients_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", "recipient_id", name=op.f("pk_subscription_recipients")),
    )
    op.create_table(
        "subscription_watchlists",
        sa.Column("subscription_id", Key, nullable=False),
        sa.Column("watchlist_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_watchlists_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["watchlist_id"],
            ["watchlists.id"],
            name=op.f("fk_subscription_watchlists_watchlist_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", "watchlist_id", name=op.f("pk_subscription_watchlists")),
    )
    op.create_table(
        "articles",
        sa.Column("id", Key, nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=True),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("language_declared", sa.String(length=20), nullable=True),
        sa.Column("published_at", UTCDateTime, nullable=True),
        sa.Column("published_precision", sa.String(length=10), nullable=False),
        sa.Column("published_origin", sa.String(length=20), nullable=False),
        sa.Column("first_seen_at", UTCDateTime, nullable=False),
        sa.Column("not_seen_before_at", UTCDateTime, nullable=True),
        sa.Column("appeared_at", UTCDateTime, nullable=False),
        sa.Column("arrival_no", Key, nullable=True),
        sa.Column("access", sa.String(length=20), nullable=True),
        sa.Column("method", sa.String(length=20), nullable=True),
        sa.Column("n_words", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=True),
        sa.Column("dateline", sa.String(length=200), nullable=True),
        sa.Column("credit", sa.String(length=500), nullable=True),
        sa.Column("agency", sa.String(length=200), nullable=True),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("fetch_due_at", UTCDateTime, nullable=True),
        sa.Column("fetch_leased_until", UTCDateTime, nullable=True),
        sa.Column("n_fetch_tries", sa.Integer(), nullable=False),
        sa.Column("n_page_failures", sa.Integer(), nullable=False),
        sa.Column("match_due_at", UTCDateTime, nullable=True),
        sa.Column("match_leased_until", UTCDateTime, nullable=True),
        sa.Column("n_match_tries", sa.Integer(), nullable=False),
        sa.Column("assign_due_at", UTCDateTime, nullable=True),
        sa.Column("watch_due_at", UTCDateTime, nullable=True),
        sa.Column("watch_leased_until", UTCDateTime, nullable=True),
        sa.Column("n_watch_tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_articles_source_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("arrival_no", name=op.f("uq_articles_arrival_no")),
        sa.UniqueConstraint("url", name=op.f("uq_articles_url")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_articles_appeared_at"), "articles", ["appeared_at"], unique=False)
    op.create_index(
        op.f("ix_articles_assign_due_at_language_arrival_no"),
        "articles",
        ["assign_due_at", "language", "arrival_no"],
        unique=False,
    )
    op.create_index(op.f("ix_articles_fetch_due_at"), "articles", ["fetch_due_at"], unique=False)
    op.create_index(op.f("ix_articles_first_seen_at"), "articles", ["first_seen_at"], unique=False)
    op.create_index(op.f("ix_articles_match_due_at"), "articles", ["match_due_at"], unique=False)
    op.create_index(op.f("ix_articles_published_at"), "articles", ["published_at"], unique=False)
    op.create_index(op.f("ix_articles_source_id"), "articles", ["source_id"], unique=False)
    op.create_index(op.f("ix_articles_text_hash"), "articles", ["text_hash"], unique=False)
    op.create_index(op.f("ix_articles_watch_due_at"), "articles", ["watch_due_at"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", Key, nullable=False),
        sa.Column("digest_id", Key, nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_try_at", UTCDateTime, nullable=True),
        sa.Column("leased_until", UTCDateTime, nullable=True),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sent_at", UTCDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_deliveries_digest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("digest_id", "recipient", name=op.f("uq_deliveries_digest_id_recipient")),
    )
    op.create_index(op.f("ix_deliveries_next_try_at"), "deliveries", ["next_try_at"], unique=False)
    op.create_table(
        "feeds",
        sa.Column("id", Key, nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("site_url", sa.String(length=2048), nullable=True),
        sa.Column("format", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("managed_by", sa.String(length=20), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        sa.Column("next_poll_at", UTCDateTime, nullable=True),
        sa.Column("leased_until", UTCDateTime, nullable=True),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("n_failures", sa.Float(), nullable=False),
        sa.Column("last_poll_at", UTCDateTime, nullable=True),
        sa.Column("last_good_poll_at", UTCDateTime, nullable=True),
        sa.Column("last_full_poll_at", UTCDateTime, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(length=1000), nullable=True),
        sa.Column("last_modified", sa.String(length=200), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("moved_to", sa.String(length=2048), nullable=True),
        sa.Column("moved_since_at", UTCDateTime, nullable=True),
        sa.Column("n_moves_seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_feeds_source_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("url", name=op.f("uq_feeds_url")),
    )
    op.create_index(op.f("ix_feeds_host"), "feeds", ["host"], unique=False)
    op.create_index(op.f("ix_feeds_next_poll_at"), "feeds", ["next_poll_at"], unique=False)
    op.create_index(op.f("ix_feeds_source_id"), "feeds", ["source_id"], unique=False)
    op.create_table(
        "source_boilerplate",
        sa.Column("source_id", Key, nullable=False),
        sa.Column("sentence_hash", sa.String(length=64), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("n_articles", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime, nullable=False),
        sa.Column("last_seen_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_boilerplate_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "sentence_hash", name=op.f("pk_source_boilerplate")),
    )
    op.create_table(
        "source_days",
        sa.Column("source_id", Key, nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("n_polls_ok", sa.Integer(), nullable=False),
        sa.Column("n_polls_failed", sa.Integer(), nullable=False),
        sa.Column("n_new", sa.Integer(), nullable=False),
        sa.Column("n_expected", sa.Float(), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_days_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "day_on", name=op.f("pk_source_days")),
    )
    op.create_table(
        "source_tags",
        sa.Column("source_id", Key, nullable=False),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_tags_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "tag", name=op.f("pk_source_tags")),
    )
    op.create_table(
        "article_authors",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("author_id", Key, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_authors_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["authors.id"], name=op.f("fk_article_authors_author_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "author_id", name=op.f("pk_article_authors")),
    )
    op.create_index(op.f("ix_article_authors_author_id"), "article_authors", ["author_id"], unique=False)
    op.create_table(
        "article_merges",
        sa.Column("old_id", Key, autoincrement=False, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("merged_at", UTCDateTime, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_merges_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_article_merges")),
    )
    op.create_index(op.f("ix_article_merges_article_id"), "article_merges", ["article_id"], unique=False)
    op.create_table(
        "article_tags",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("tag_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_tags_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_article_tags_tag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "tag_id", name=op.f("pk_article_tags")),
    )
    op.create_index(op.f("ix_article_tags_tag_id"), "article_tags", ["tag_id"], unique=False)
    op.create_table(
        "article_urls",
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("first_seen_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_urls_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_article_urls")),
    )
    op.create_index(op.f("ix_article_urls_article_id"), "article_urls", ["article_id"], unique=False)
    op.create_table(
        "bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_bands_article_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("band", "article_id", name=op.f("pk_bands")),
    )
    op.create_index(op.f("ix_bands_article_id"), "bands", ["article_id"], unique=False)
    op.create_table(
        "copies",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("original_id", Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("containment", sa.Float(), nullable=False),
        sa.Column("jaccard", sa.Float(), nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_copies_article_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["original_id"], ["articles.id"], name=op.f("fk_copies_original_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_copies")),
    )
    op.create_index(op.f("ix_copies_original_id"), "copies", ["original_id"], unique=False)
    op.create_table(
        "duplicates",
        sa.Column("id", Key, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("original_id", Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("containment", sa.Float(), nullable=False),
        sa.Column("jaccard", sa.Float(), nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("found_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_duplicates_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["articles.id"], name=op.f("fk_duplicates_original_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicates")),
        sa.UniqueConstraint(
            "article_id", "original_id", "scheme", name=op.f("uq_duplicates_article_id_original_id_scheme")
        ),
    )
    op.create_index(op.f("ix_duplicates_original_id"), "duplicates", ["original_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", Key, nullable=False),
        sa.Column("feed_id", Key, nullable=False),
        sa.Column("guid", sa.String(length=2048), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("published_at", UTCDateTime, nullable=True),
        sa.Column("published_raw", sa.String(length=200), nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("first_seen_at", UTCDateTime, nullable=False),
        sa.Column("last_seen_at", UTCDateTime, nullable=False),
        sa.Column("not_seen_before_at", UTCDateTime, nullable=True),
        sa.Column("article_id", Key, nullable=True),
        sa.Column("resolve_due_at", UTCDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_entries_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_entries_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("feed_id", "guid", name=op.f("uq_entries_feed_id_guid")),
    )
    op.create_index(op.f("ix_entries_article_id"), "entries", ["article_id"], unique=False)
    op.create_index(op.f("ix_entries_feed_id_last_seen_at"), "entries", ["feed_id", "last_seen_at"], unique=False)
    op.create_index(op.f("ix_entries_resolve_due_at"), "entries", ["resolve_due_at"], unique=False)
    op.create_table(
        "features",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_features_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "scheme", name=op.f("pk_features")),
    )
    op.create_table(
        "feed_tags",
        sa.Column("feed_id", Key, nullable=False),
        sa.Column("tag", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_feed_tags_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "tag", name=op.f("pk_feed_tags")),
    )
    op.create_table(
        "fingerprints",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("n_words", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_fingerprints_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "scheme", name=op.f("pk_fingerprints")),
    )
    op.create_index(op.f("ix_fingerprints_text_hash"), "fingerprints", ["text_hash"], unique=False)
    op.create_table(
        "hits",
        sa.Column("watchlist_id", Key, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("prominence", sa.String(length=10), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("matched_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_hits_article_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["watchlist_id"], ["watchlists.id"], name=op.f("fk_hits_watchlist_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("watchlist_id", "article_id", name=op.f("pk_hits")),
    )
    op.create_index(op.f("ix_hits_article_id"), "hits", ["article_id"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", Key, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=200), nullable=True),
        sa.Column("etag", sa.String(length=1000), nullable=True),
        sa.Column("last_modified", sa.String(length=200), nullable=True),
        sa.Column("body_zlib", sa.LargeBinary(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("fetched_at", UTCDateTime, nullable=False),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_pages_article_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("article_id", "fetched_at", name=op.f("uq_pages_article_id_fetched_at")),
    )
    op.create_index(op.f("ix_pages_article_id"), "pages", ["article_id"], unique=False)
    op.create_index(op.f("ix_pages_expires_at"), "pages", ["expires_at"], unique=False)
    op.create_table(
        "poll_log",
        sa.Column("id", Key, nullable=False),
        sa.Column("feed_id", Key, nullable=False),
        sa.Column("polled_at", UTCDateTime, nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("n_entries", sa.Integer(), nullable=False),
        sa.Column("n_new", sa.Integer(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("elapsed_s", sa.Float(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_poll_log_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_log")),
        sa.UniqueConstraint("feed_id", "polled_at", name=op.f("uq_poll_log_feed_id_polled_at")),
    )
    op.create_index(op.f("ix_poll_log_polled_at"), "poll_log", ["polled_at"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("id", Key, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("revision_no", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision_hash", sa.String(length=64), nullable=False),
        sa.Column("n_words", sa.Integer(), nullable=False),
        sa.Column("n_words_added", sa.Integer(), nullable=False),
        sa.Column("n_words_removed", sa.Integer(), nullable=False),
        sa.Column("seen_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_revisions_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("article_id", "revision_no", name=op.f("uq_revisions_article_id_revision_no")),
    )
    op.create_table(
        "rewrites",
        sa.Column("id", Key, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("original_id", Key, nullable=False),
        sa.Column("containment", sa.Float(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("found_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_rewrites_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["articles.id"], name=op.f("fk_rewrites_original_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rewrites")),
        sa.UniqueConstraint(
            "article_id", "original_id", "scheme", name=op.f("uq_rewrites_article_id_original_id_scheme")
        ),
    )
    op.create_index(op.f("ix_rewrites_original_id"), "rewrites", ["original_id"], unique=False)
    op.create_table(
        "stories",
        sa.Column("id", Key, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("anchor_article_id", Key, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("first_seen_at", UTCDateTime, nullable=False),
        sa.Column("last_seen_at", UTCDateTime, nullable=False),
        sa.Column("closed_at", UTCDateTime, nullable=True),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["anchor_article_id"], ["articles.id"], name=op.f("fk_stories_anchor_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
        sa.UniqueConstraint("anchor_article_id", name=op.f("uq_stories_anchor_article_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_stories_language_state_last_seen_at"), "stories", ["language", "state", "last_seen_at"], unique=False
    )
    op.create_table(
        "story_constraints",
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("article_a_id", Key, nullable=False),
        sa.Column("article_b_id", Key, nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_a_id"], ["articles.id"], name=op.f("fk_story_constraints_article_a_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["article_b_id"], ["articles.id"], name=op.f("fk_story_constraints_article_b_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_constraints")),
    )
    op.create_index(op.f("ix_story_constraints_article_a_id"), "story_constraints", ["article_a_id"], unique=False)
    op.create_index(op.f("ix_story_constraints_article_b_id"), "story_constraints", ["article_b_id"], unique=False)
    op.create_table(
        "digest_item_articles",
        sa.Column("digest_id", Key, nullable=False),
        sa.Column("article_id", Key, nullable=False),
        sa.Column("story_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_digest_item_articles_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_digest_item_articles_digest_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_digest_item_articles_story_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest_id", "article_id", name=op.f("pk_digest_item_articles")),
    )
    op.create_index(op.f("ix_digest_item_articles_article_id"), "digest_item_articles", ["article_id"], unique=False)
    op.create_table(
        "digest_items",
        sa.Column("digest_id", Key, nullable=False),
        sa.Column("story_id", Key, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_update", sa.Boolean(), nullable=False),
        sa.Column("n_new", sa.Integer(), nullable=False),
        sa.Column("n_articles", sa.Integer(), nullable=False),
        sa.Column("n_publishers", sa.Integer(), nullable=False),
        sa.Column("n_independent", sa.Integer(), nullable=False),
        sa.Column("n_copies", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_digest_items_digest_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_digest_items_story_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest_id", "story_id", name=op.f("pk_digest_items")),
    )
    op.create_index(op.f("ix_digest_items_story_id"), "digest_items", ["story_id"], unique=False)
    op.create_table(
        "sightings",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("entry_id", Key, nullable=False),
        sa.Column("feed_id", Key, nullable=False),
        sa.Column("first_seen_at", UTCDateTime, nullable=False),
        sa.Column("last_seen_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_sightings_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_sightings_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_sightings_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "entry_id", name=op.f("pk_sightings")),
    )
    op.create_index(op.f("ix_sightings_entry_id"), "sightings", ["entry_id"], unique=False)
    op.create_index(op.f("ix_sightings_feed_id"), "sightings", ["feed_id"], unique=False)
    op.create_table(
        "story_members",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("story_id", Key, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("assigned_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_story_members_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_story_members_story_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_story_members")),
    )
    op.create_index(op.f("ix_story_members_assigned_at"), "story_members", ["assigned_at"], unique=False)
    op.create_index(op.f("ix_story_members_story_id"), "story_members", ["story_id"], unique=False)
    op.create_table(
        "story_redirects",
        sa.Column("old_id", Key, autoincrement=False, nullable=False),
        sa.Column("story_id", Key, nullable=False),
        sa.Column("since_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_story_redirects_story_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_story_redirects")),
    )
    op.create_index(op.f("ix_story_redirects_story_id"), "story_redirects", ["story_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_story_redirects_story_id"), table_name="story_redirects")
    op.drop_table("story_redirects")
    op.drop_index(op.f("ix_story_members_story_id"), table_name="story_members")
    op.drop_index(op.f("ix_story_members_assigned_at"), table_name="story_members")
    op.drop_table("story_members")
    op.drop_index(op.f("ix_sightings_feed_id"), table_name="sightings")
    op.drop_index(op.f("ix_sightings_entry_id"), table_name="sightings")
    op.drop_table("sightings")
    op.drop_index(op.f("ix_digest_items_story_id"), table_name="digest_items")
    op.drop_table("digest_items")
    op.drop_index(op.f("ix_digest_item_articles_article_id"), table_name="digest_item_articles")
    op.drop_table("digest_item_articles")
    op.drop_index(op.f("ix_story_constraints_article_b_id"), table_name="story_constraints")
    op.drop_index(op.f("ix_story_constraints_article_a_id"), table_name="story_constraints")
    op.drop_table("story_constraints")
    op.drop_index(op.f("ix_stories_language_state_last_seen_at"), table_name="stories")
    op.drop_table("stories")
    op.drop_index(op.f("ix_rewrites_original_id"), table_name="rewrites")
    op.drop_table("rewrites")
    op.drop_table("revisions")
    op.drop_index(op.f("ix_poll_log_polled_at"), table_name="poll_log")
    op.drop_table("poll_log")
    op.drop_index(op.f("ix_pages_expires_at"), table_name="pages")
    op.drop_index(op.f("ix_pages_article_id"), table_name="pages")
    op.drop_table("pages")
    op.drop_index(op.f("ix_hits_article_id"), table_name="hits")
    op.drop_table("hits")
    op.drop_index(op.f("ix_fingerprints_text_hash"), table_name="fingerprints")
    op.drop_table("fingerprints")
    op.drop_table("feed_tags")
    op.drop_table("features")
    op.drop_index(op.f("ix_entries_resolve_due_at"), table_name="entries")
    op.drop_index(op.f("ix_entries_feed_id_last_seen_at"), table_name="entries")
    op.drop_index(op.f("ix_entries_article_id"), table_name="entries")
    op.drop_table("entries")
    op.drop_index(op.f("ix_duplicates_original_id"), table_name="duplicates")
    op.drop_table("duplicates")
    op.drop_index(op.f("ix_copies_original_id"), table_name="copies")
    op.drop_table("copies")
    op.drop_index(op.f("ix_bands_article_id"), table_name="bands")
    op.drop_table("bands")
    op.drop_index(op.f("ix_article_urls_article_id"), table_name="article_urls")
    op.drop_table("article_urls")
    op.drop_index(op.f("ix_article_tags_tag_id"), table_name="article_tags")
    op.drop_table("article_tags")
    op.drop_index(op.f("ix_article_merges_article_id"), table_name="article_merges")
    op.drop_table("article_merges")
    op.drop_index(op.f("ix_article_authors_author_id"), table_name="article_authors")
    op.drop_table("article_authors")
    op.drop_table("source_tags")
    op.drop_table("source_days")
    op.drop_table("source_boilerplate")
    op.drop_index(op.f("ix_feeds_source_id"), table_name="feeds")
    op.drop_index(op.f("ix_feeds_next_poll_at"), table_name="feeds")
    op.drop_index(op.f("ix_feeds_host"), table_name="feeds")
    op.drop_table("feeds")
    op.drop_index(op.f("ix_deliveries_next_try_at"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_articles_watch_due_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_text_hash"), table_name="articles")
    op.drop_index(op.f("ix_articles_source_id"), table_name="articles")
    op.drop_index(op.f("ix_articles_published_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_match_due_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_first_seen_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_fetch_due_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_assign_due_at_language_arrival_no"), table_name="articles")
    op.drop_index(op.f("ix_articles_appeared_at"), table_name="articles")
    op.drop_table("articles")
    op.drop_table("subscription_watchlists")
    op.drop_table("subscription_recipients")
    op.drop_index(op.f("ix_sources_family_id"), table_name="sources")
    op.drop_table("sources")
    op.drop_table("digests")
    op.drop_table("watchlists")
    op.drop_table("tombstones")
    op.drop_table("terms")
    op.drop_table("tags")
    op.drop_index(op.f("ix_subscriptions_next_digest_at"), table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index(op.f("ix_story_log_story_id"), table_name="story_log")
    op.drop_table("story_log")
    op.drop_table("schemes")
    op.drop_table("recipients")
    op.drop_table("language_statistics")
    op.drop_table("hosts")
    op.drop_table("families")
    op.drop_table("counters")
    op.drop_table("authors")
    op.drop_index(op.f("ix_audit_done_at"), table_name="audit")
    op.drop_table("audit")

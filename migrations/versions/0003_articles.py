"""Articles: identity within a feed, looks at pages again, kinds of revisions, arrivals, texts that links compare"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import Key, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ARTICLE_COLUMNS = (
    "reextract_due_at",
    "n_small_changes",
    "doubted_at",
    "retracted_at",
    "n_rereads",
    "ready_at",
    "language_detected",
    "declared_url",
    "final_url",
)
_REVISION_COLUMNS = ("title_changed", "similarity", "n_chars", "kind")
_LINKS = ("duplicates", "rewrites")
_LINK_KEY = ("article_id", "original_id", "scheme")
_TEXT_HASHES = ("article_text_hash", "original_text_hash")


def upgrade() -> None:
    with op.batch_alter_table("entries") as entries:
        entries.add_column(sa.Column("guid_alias", sa.String(length=64), nullable=True))
        entries.add_column(sa.Column("title_key", sa.String(length=64), nullable=True))
        entries.create_index(op.f("ix_entries_feed_id_guid_alias"), ["feed_id", "guid_alias"])
        entries.create_index(op.f("ix_entries_feed_id_title_key"), ["feed_id", "title_key"])
    with op.batch_alter_table("articles") as articles:
        articles.add_column(sa.Column("final_url", sa.String(length=2048), nullable=True))
        articles.add_column(sa.Column("declared_url", sa.String(length=2048), nullable=True))
        articles.add_column(sa.Column("language_detected", sa.String(length=8), nullable=True))
        articles.add_column(sa.Column("ready_at", UTCDateTime, nullable=True))
        articles.add_column(sa.Column("n_rereads", sa.Integer(), nullable=False, server_default="0"))
        articles.add_column(sa.Column("retracted_at", UTCDateTime, nullable=True))
        articles.add_column(sa.Column("doubted_at", UTCDateTime, nullable=True))
        articles.add_column(sa.Column("n_small_changes", sa.Integer(), nullable=False, server_default="0"))
        articles.add_column(sa.Column("reextract_due_at", UTCDateTime, nullable=True))
        articles.create_index(op.f("ix_articles_reextract_due_at"), ["reextract_due_at"])
        articles.create_index(op.f("ix_articles_source_id_arrival_no"), ["source_id", "arrival_no"])
    op.execute(
        "UPDATE articles SET language_detected = language, "
        "ready_at = (SELECT MIN(seen_at) FROM revisions WHERE revisions.article_id = articles.id) "
        "WHERE arrival_no IS NOT NULL"
    )
    with op.batch_alter_table("pages") as pages:
        pages.add_column(sa.Column("body_hash", sa.String(length=64), nullable=True))
        pages.add_column(sa.Column("hints_hash", sa.String(length=64), nullable=True))
    _widen_revisions()
    with op.batch_alter_table("sources") as sources:
        sources.add_column(sa.Column("learned_arrival_no", Key, nullable=False, server_default="0"))
    with op.batch_alter_table("source_boilerplate") as boilerplate:
        boilerplate.add_column(sa.Column("edge", sa.String(length=10), nullable=False, server_default="end"))
        boilerplate.add_column(sa.Column("rejected_at", UTCDateTime, nullable=True))
    op.create_table(
        "source_hosts",
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_hosts_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source_hosts")),
    )
    op.create_index(op.f("ix_source_hosts_source_id"), "source_hosts", ["source_id"])
    _key_features_by_arrival()
    for table in _LINKS:
        _name_compared_texts(table)


def _widen_revisions() -> None:
    with op.batch_alter_table("revisions") as revisions:
        revisions.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="changed"))
        revisions.add_column(sa.Column("n_chars", sa.Integer(), nullable=False, server_default="0"))
        revisions.add_column(sa.Column("similarity", sa.Float(), nullable=True))
        revisions.add_column(sa.Column("title_changed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE revisions SET n_chars = LENGTH(text)")
    op.execute("UPDATE revisions SET kind = 'first' WHERE revision_no = 1")


def _key_features_by_arrival() -> None:
    with op.batch_alter_table("features") as features:
        features.add_column(sa.Column("arrival_no", Key, nullable=True))
        features.add_column(sa.Column("assigned_at", UTCDateTime, nullable=True))
        features.add_column(sa.Column("language", sa.String(length=8), nullable=True))
        features.add_column(sa.Column("published_at", UTCDateTime, nullable=True))
        features.add_column(sa.Column("first_seen_at", UTCDateTime, nullable=True))
        features.add_column(sa.Column("follows_id", Key, nullable=True))
    op.execute(
        "UPDATE features SET arrival_no = (SELECT arrival_no FROM articles WHERE articles.id = features.article_id), "
        "assigned_at = (SELECT assigned_at FROM story_members WHERE story_members.article_id = features.article_id), "
        "language = (SELECT s.language FROM story_members m JOIN stories s ON s.id = m.story_id "
        "WHERE m.article_id = features.article_id), "
        "published_at = (SELECT published_at FROM articles WHERE articles.id = features.article_id), "
        "first_seen_at = (SELECT first_seen_at FROM articles WHERE articles.id = features.article_id)"
    )
    op.execute("DELETE FROM features WHERE arrival_no IS NULL OR assigned_at IS NULL OR language IS NULL")
    _name_followed()
    with op.batch_alter_table("features") as features:
        features.alter_column("arrival_no", existing_type=Key, nullable=False)
        features.alter_column("assigned_at", existing_type=UTCDateTime, nullable=False)
        features.alter_column("language", existing_type=sa.String(length=8), nullable=False)
        features.alter_column("first_seen_at", existing_type=UTCDateTime, nullable=False)
        features.drop_constraint(op.f("pk_features"), type_="primary")
        features.create_primary_key(op.f("pk_features"), ["article_id", "scheme", "arrival_no"])
        features.create_index(op.f("ix_features_follows_id"), ["follows_id"])
        features.create_index(op.f("ix_features_language_scheme_arrival_no"), ["language", "scheme", "arrival_no"])


def _name_followed() -> None:
    """A copy joined the story of the earliest arrived article of its language that it was known to be linked to."""
    op.execute(
        "UPDATE features SET follows_id = ("
        "SELECT o.article_id FROM features o JOIN duplicates d ON "
        "(d.article_id = o.article_id AND d.original_id = features.article_id) OR "
        "(d.original_id = o.article_id AND d.article_id = features.article_id) "
        "WHERE o.arrival_no < features.arrival_no AND o.language = features.language "
        "AND d.found_at <= features.assigned_at ORDER BY o.arrival_no LIMIT 1) "
        "WHERE EXISTS (SELECT 1 FROM story_members m WHERE m.article_id = features.article_id AND m.because = 'copy')"
    )


def _name_compared_texts(table: str) -> None:
    """What a link compared was the text of then; the fingerprints of today are the best that is known of it."""
    old_key = op.f(f"uq_{table}_{'_'.join(_LINK_KEY)}")
    with op.batch_alter_table(table) as links:
        for column in _TEXT_HASHES:
            links.add_column(sa.Column(column, sa.String(length=64), nullable=False, server_default=""))
    for column, end in zip(_TEXT_HASHES, ("article_id", "original_id"), strict=True):
        op.execute(
            f"UPDATE {table} SET {column} = COALESCE((SELECT text_hash FROM fingerprints f "  # noqa: S608 - our names
            f"WHERE f.article_id = {table}.{end} AND f.scheme = {table}.scheme), '')"
        )
    with op.batch_alter_table(table) as links:
        links.drop_constraint(old_key, type_="unique")
        links.create_unique_constraint(op.f(f"uq_{table}_texts"), [*_LINK_KEY, *_TEXT_HASHES])


def downgrade() -> None:
    for table in _LINKS:
        op.execute(
            f"DELETE FROM {table} WHERE id NOT IN (SELECT MIN(id) FROM {table} "  # noqa: S608 - our names
            "GROUP BY article_id, original_id, scheme)"
        )
        with op.batch_alter_table(table) as links:
            links.drop_constraint(op.f(f"uq_{table}_texts"), type_="unique")
            for column in reversed(_TEXT_HASHES):
                links.drop_column(column)
            links.create_unique_constraint(op.f(f"uq_{table}_{'_'.join(_LINK_KEY)}"), list(_LINK_KEY))
    op.execute(
        "DELETE FROM features WHERE EXISTS (SELECT 1 FROM features later WHERE later.article_id = features.article_id "
        "AND later.scheme = features.scheme AND later.arrival_no > features.arrival_no)"
    )
    with op.batch_alter_table("features") as features:
        features.drop_constraint(op.f("pk_features"), type_="primary")
        features.drop_index(op.f("ix_features_follows_id"))
        features.drop_index(op.f("ix_features_language_scheme_arrival_no"))
        features.drop_column("follows_id")
        features.drop_column("first_seen_at")
        features.drop_column("published_at")
        features.drop_column("language")
        features.drop_column("assigned_at")
        features.drop_column("arrival_no")
        features.create_primary_key(op.f("pk_features"), ["article_id", "scheme"])
    op.drop_index(op.f("ix_source_hosts_source_id"), table_name="source_hosts")
    op.drop_table("source_hosts")
    with op.batch_alter_table("source_boilerplate") as boilerplate:
        boilerplate.drop_column("rejected_at")
        boilerplate.drop_column("edge")
    with op.batch_alter_table("sources") as sources:
        sources.drop_column("learned_arrival_no")
    with op.batch_alter_table("revisions") as revisions:
        for column in _REVISION_COLUMNS:
            revisions.drop_column(column)
    with op.batch_alter_table("pages") as pages:
        pages.drop_column("hints_hash")
        pages.drop_column("body_hash")
    op.drop_index(op.f("ix_articles_source_id_arrival_no"), table_name="articles")
    op.drop_index(op.f("ix_articles_reextract_due_at"), table_name="articles")
    for column in _ARTICLE_COLUMNS:
        # In place: a table that SQLite makes anew forgets which ids it gave out.
        op.drop_column("articles", column)
    with op.batch_alter_table("entries") as entries:
        entries.drop_index(op.f("ix_entries_feed_id_title_key"))
        entries.drop_index(op.f("ix_entries_feed_id_guid_alias"))
        entries.drop_column("title_key")
        entries.drop_column("guid_alias")

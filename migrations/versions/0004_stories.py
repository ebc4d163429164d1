"""Titles of feed and page, registered texts, stories that people correct, stories in several languages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import Key, UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("feed_title", sa.Text(), nullable=True))
    op.add_column("articles", sa.Column("page_title", sa.Text(), nullable=True))
    op.add_column("features", sa.Column("family", sa.String(length=300), nullable=False, server_default=""))
    op.add_column("language_statistics", sa.Column("n_halvings", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("language_statistics", sa.Column("calibration", sa.JSON(), nullable=True))
    op.add_column("stories", sa.Column("locked_at", UTCDateTime, nullable=True))
    op.add_column("stories", sa.Column("representative_id", Key, nullable=True))
    op.add_column("stories", sa.Column("key_terms", sa.JSON(), nullable=True))
    op.add_column("stories", sa.Column("key_names", sa.JSON(), nullable=True))
    op.add_column("story_constraints", sa.Column("made_no", Key, nullable=True))
    op.add_column("story_constraints", sa.Column("lifted_at", UTCDateTime, nullable=True))
    op.add_column("story_log", sa.Column("arrival_no", Key, nullable=True))
    op.add_column("story_log", sa.Column("undoes_id", Key, nullable=True))
    op.create_table(
        "releases",
        sa.Column("article_id", Key, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("added_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_releases_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_releases")),
    )
    op.create_table(
        "story_gists",
        sa.Column("story_id", Key, nullable=False),
        sa.Column("scheme", sa.String(length=200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("n_headlines", sa.Integer(), nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_story_gists_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_story_gists")),
    )
    op.create_table(
        "story_groups",
        sa.Column("story_id", Key, nullable=False),
        sa.Column("group_id", Key, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("scheme", sa.String(length=200), nullable=False),
        sa.Column("joined_at", UTCDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_story_groups_story_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_story_groups")),
    )
    op.create_index(op.f("ix_story_groups_group_id"), "story_groups", ["group_id"])


def downgrade() -> None:
    op.drop_table("story_groups")
    op.drop_table("story_gists")
    op.drop_table("releases")
    for table, columns in (
        ("story_log", ("undoes_id", "arrival_no")),
        ("story_constraints", ("lifted_at", "made_no")),
        ("stories", ("key_names", "key_terms", "representative_id", "locked_at")),
        ("language_statistics", ("calibration", "n_halvings")),
        ("features", ("family",)),
        ("articles", ("page_title", "feed_title")),
    ):
        with op.batch_alter_table(table) as altered:
            for column in columns:
                altered.drop_column(column)

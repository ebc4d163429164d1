"""Titles of feed and page, looks and later readings of pages, keys of old entries, registered texts, stories that people correct, stories in several languages"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from monitor.likeness import entry_keys
from monitor.store.columns import Key, UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000
#: Entries that were last seen longer before the newest one stay without keys, unless they stand in their feed still:
#: the same article does not come back under another guid so late, and a database may hold millions.
_KEYED = timedelta(days=30)
_ENTRIES = sa.table(
    "entries",
    sa.column("id", Key),
    sa.column("feed_id", Key),
    sa.column("last_seen_at", UTCDateTime),
    sa.column("guid", sa.String),
    sa.column("url", sa.String),
    sa.column("title", sa.Text),
    sa.column("published_at", UTCDateTime),
    sa.column("guid_alias", sa.String),
    sa.column("title_key", sa.String),
)
_FEEDS = sa.table("feeds", sa.column("id", Key), sa.column("last_read_at", UTCDateTime))


def upgrade() -> None:
    op.add_column("articles", sa.Column("feed_title", sa.Text(), nullable=True))
    op.add_column("articles", sa.Column("page_title", sa.Text(), nullable=True))
    op.add_column("articles", sa.Column("asked_at", UTCDateTime, nullable=True))
    op.add_column("articles", sa.Column("reextract_leased_until", UTCDateTime, nullable=True))
    op.add_column("articles", sa.Column("n_reextract_tries", sa.Integer(), nullable=False, server_default="0"))
    _key_old_entries()
    op.add_column("features", sa.Column("family", sa.String(length=300), nullable=False, server_default=""))
    op.add_column("language_statistics", sa.Column("n_halvings", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("stories", sa.Column("locked_at", UTCDateTime, nullable=True))
    op.add_column("stories", sa.Column("representative_id", Key, nullable=True))
    op.add_column("stories", sa.Column("key_terms", sa.Text(), nullable=True))
    op.add_column("stories", sa.Column("key_names", sa.Text(), nullable=True))
    op.add_column("story_constraints", sa.Column("made_no", Key, nullable=True))
    op.add_column("story_constraints", sa.Column("lifted_no", Key, nullable=True))
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


def _key_old_entries() -> None:
    """What else an entry is known by, where it was resolved before anybody noted that."""
    conn, c, last_id = op.get_bind(), _ENTRIES.c, 0
    newest_at = conn.execute(sa.select(sa.func.max(c.last_seen_at))).scalar_one()
    if newest_at is None:
        return
    its = {"guid_alias": sa.bindparam("alias"), "title_key": sa.bindparam("title_and_date")}
    write = sa.update(_ENTRIES).where(c.id == sa.bindparam("its_id")).values(its)
    is_recent = sa.or_(c.last_seen_at >= newest_at - _KEYED, c.last_seen_at >= _FEEDS.c.last_read_at)
    unkeyed = sa.select(c.id, c.guid, c.url, c.title, c.published_at).join(_FEEDS, _FEEDS.c.id == c.feed_id)
    unkeyed = unkeyed.where(c.guid_alias.is_(None), c.title_key.is_(None), is_recent).order_by(c.id).limit(_BATCH)
    while rows := conn.execute(unkeyed.where(c.id > last_id)).all():
        keys_of = {row.id: entry_keys(row) for row in rows}
        keyed = [
            {"its_id": row_id, "alias": keys.guid_alias, "title_and_date": keys.title_key}
            for row_id, keys in keys_of.items()
            if keys.guid_alias or keys.title_key
        ]
        if keyed:
            conn.execute(write, keyed)
        last_id = rows[-1].id


def downgrade() -> None:
    op.drop_table("story_groups")
    op.drop_table("story_gists")
    op.drop_table("releases")
    for table, columns in (
        ("story_log", ("undoes_id", "arrival_no")),
        ("story_constraints", ("lifted_at", "lifted_no", "made_no")),
        ("stories", ("key_names", "key_terms", "representative_id", "locked_at")),
        ("language_statistics", ("n_halvings",)),
        ("features", ("family",)),
        ("articles", ("n_reextract_tries", "reextract_leased_until", "asked_at", "page_title", "feed_title")),
    ):
        for column in columns:
            # In place: a table that SQLite makes anew forgets which ids it gave out.
            op.drop_column(table, column)

"""Polling: moves, gaps, robots.txt, rows of whole domains, categories"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import Key, UTCDateTime
from monitor.urls import registered_domain

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LEASES = (("feeds", "leased_until"), ("articles", "fetch_leased_until"), ("hosts", "robots_leased_until"))


def upgrade() -> None:
    with op.batch_alter_table("hosts") as hosts:
        hosts.alter_column("name", type_=sa.String(length=254), existing_type=sa.String(length=253))
        hosts.add_column(sa.Column("domain", sa.String(length=253), nullable=False, server_default=""))
        hosts.add_column(sa.Column("crawl_delay_s", sa.Float(), nullable=True))
        hosts.add_column(sa.Column("robots_leased_until", UTCDateTime, nullable=True))
    _name_domains()
    op.add_column("source_days", sa.Column("n_gaps", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_source_days_day_on"), "source_days", ["day_on"])
    with op.batch_alter_table("entries") as entries:
        entries.add_column(sa.Column("date_origin", sa.String(length=20), nullable=False, server_default="published"))
        entries.add_column(sa.Column("media", sa.JSON(), nullable=False, server_default="[]"))
        entries.add_column(sa.Column("passed_over", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("feeds") as feeds:
        feeds.add_column(sa.Column("current_url", sa.String(length=2048), nullable=True))
        feeds.add_column(sa.Column("wanted_interval_s", sa.Integer(), nullable=True))
        feeds.add_column(sa.Column("ttl_s", sa.Integer(), nullable=True))
        feeds.add_column(sa.Column("skip_hours", sa.JSON(), nullable=False, server_default="[]"))
        feeds.add_column(sa.Column("skip_days", sa.JSON(), nullable=False, server_default="[]"))
        feeds.add_column(sa.Column("last_read_at", UTCDateTime, nullable=True))
        feeds.add_column(sa.Column("n_unchanged", sa.Integer(), nullable=False, server_default="0"))
        feeds.add_column(sa.Column("last_new_at", UTCDateTime, nullable=True))
        feeds.add_column(sa.Column("gap_at", UTCDateTime, nullable=True))
        feeds.add_column(sa.Column("merged_into_id", Key, nullable=True))
        feeds.add_column(sa.Column("proposed_url", sa.String(length=2048), nullable=True))
        feeds.add_column(sa.Column("rediscovered_at", UTCDateTime, nullable=True))
        feeds.create_index(op.f("ix_feeds_current_url"), ["current_url"], unique=False)
        feeds.create_index(op.f("ix_feeds_merged_into_id"), ["merged_into_id"], unique=False)
        feeds.create_foreign_key(
            op.f("fk_feeds_merged_into_id"), "feeds", ["merged_into_id"], ["id"], ondelete="CASCADE"
        )
    # What the last good poll saw was marked as seen then, whether it was read anew or not.
    op.execute("UPDATE feeds SET last_read_at = last_good_poll_at")
    for table, column in _LEASES:
        taken = sa.text(f"{column} IS NOT NULL")
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], sqlite_where=taken, postgresql_where=taken)
    op.create_table(
        "feed_categories",
        sa.Column("feed_id", Key, nullable=False),
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_feed_categories_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "category", name=op.f("pk_feed_categories")),
    )
    # Folders of feed lists were kept as tags; a name with a slash cannot have been anything else.
    op.execute(
        "INSERT INTO feed_categories (feed_id, category) SELECT feed_id, tag FROM feed_tags WHERE tag LIKE '%/%'"
    )
    op.execute("DELETE FROM feed_tags WHERE tag LIKE '%/%'")


def _name_domains() -> None:
    """Every host learns its registered domain, and each domain gets a row of its own."""
    hosts = sa.table("hosts", sa.column("name"), sa.column("domain"), sa.column("next_at"), sa.column("slow_factor"))
    conn = op.get_bind()
    domains = {name: registered_domain(name) for (name,) in conn.execute(sa.select(hosts.c.name))}
    for name, domain in domains.items():
        conn.execute(sa.update(hosts).where(hosts.c.name == name).values(domain=domain))
    first = sa.select(sa.literal(".") + hosts.c.domain, hosts.c.domain, sa.func.min(hosts.c.next_at), sa.literal(1.0))
    conn.execute(
        sa.insert(hosts).from_select(
            ["name", "domain", "next_at", "slow_factor"], first.where(hosts.c.domain != "").group_by(hosts.c.domain)
        )
    )


def downgrade() -> None:
    op.execute(
        "INSERT INTO feed_tags (feed_id, tag) SELECT feed_id, category FROM feed_categories WHERE NOT EXISTS "
        "(SELECT 1 FROM feed_tags WHERE feed_tags.feed_id = feed_categories.feed_id AND feed_tags.tag = category)"
    )
    op.drop_table("feed_categories")
    for table, column in reversed(_LEASES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    with op.batch_alter_table("feeds") as feeds:
        feeds.drop_constraint(op.f("fk_feeds_merged_into_id"), type_="foreignkey")
        feeds.drop_index(op.f("ix_feeds_merged_into_id"))
        feeds.drop_index(op.f("ix_feeds_current_url"))
        for column in (
            "rediscovered_at",
            "proposed_url",
            "merged_into_id",
            "gap_at",
            "last_new_at",
            "n_unchanged",
            "last_read_at",
            "skip_days",
            "skip_hours",
            "ttl_s",
            "wanted_interval_s",
            "current_url",
        ):
            feeds.drop_column(column)
    with op.batch_alter_table("entries") as entries:
        for column in ("passed_over", "media", "date_origin"):
            entries.drop_column(column)
    op.drop_index(op.f("ix_source_days_day_on"), table_name="source_days")
    op.drop_column("source_days", "n_gaps")
    op.execute("DELETE FROM hosts WHERE name LIKE '.%'")
    with op.batch_alter_table("hosts") as hosts:
        hosts.drop_column("robots_leased_until")
        hosts.drop_column("crawl_delay_s")
        hosts.drop_column("domain")
        hosts.alter_column("name", type_=sa.String(length=253), existing_type=sa.String(length=254))

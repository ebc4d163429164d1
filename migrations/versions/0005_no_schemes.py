"""The table of schemes is dropped: each row that was made by a scheme names it, and nothing ever wrote to that table"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("schemes")


def downgrade() -> None:
    op.create_table(
        "schemes",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schemes")),
    )

"""What a language model wrote of needs for staff, beside the needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "case_outlines",
        sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("about", sa.Text, primary_key=True, index=True),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )

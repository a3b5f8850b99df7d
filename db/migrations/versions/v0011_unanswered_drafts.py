"""Which files were brought in to answer which question that had no answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "unanswered_drafts",
        sa.Column("mark", sa.Integer, sa.ForeignKey("unanswered_marks.id"), primary_key=True),
        sa.Column("draft", sa.Integer, sa.ForeignKey("corpus_drafts.id"), primary_key=True, index=True),
    )

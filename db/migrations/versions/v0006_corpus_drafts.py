"""Files on their way into the corpus, and every step they took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "corpus_drafts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("stage", sa.Text, nullable=False, index=True),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_digest", sa.Text, nullable=False, unique=True),
        sa.Column("read", sa.Text, nullable=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "corpus_draft_steps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("draft", sa.Integer, sa.ForeignKey("corpus_drafts.id"), nullable=False, index=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("file_digest", sa.Text, nullable=False),
        sa.Column("parser_version", sa.Text, nullable=False),
    )

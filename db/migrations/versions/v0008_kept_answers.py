"""Answers that staff wrote and approved, every step they took, and what was done about questions without an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.Text, nullable=False, index=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("wordings", sa.Text, nullable=False),
        sa.Column("grounds", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("replaces", sa.Integer, sa.ForeignKey("kept_answers.id")),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "kept_answer_steps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("answer", sa.Integer, sa.ForeignKey("kept_answers.id"), nullable=False, index=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
    )
    op.create_table(
        "unanswered_marks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False, index=True),
    )

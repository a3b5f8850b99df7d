"""The first schema: people and their accounts, the record of turns, the outbox, the corpus and its releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _history()
    _outbox()
    _corpus()


def _people() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("persons.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("channel", "key"),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_digest", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False, index=True),
    )


def _history() -> None:
    op.create_table(
        "conversations",
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("conversation", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("reply_json", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("release", sa.Text),
        sa.Column("focus", sa.JSON),
        sa.Column("timings", sa.JSON),
        sa.Column("found", sa.JSON),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("account", "message"),
        sa.ForeignKeyConstraint(
            ["account", "conversation"], ["conversations.account", "conversations.id"], ondelete="CASCADE"
        ),
    )
    op.create_index(None, "turns", ["account", "conversation", "id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("failed_at", _MOMENT),
        sa.Column("error", sa.Text),
    )


def _corpus() -> None:
    op.create_table(
        "corpus_documents",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("policy", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("spans", sa.Text, nullable=False),
    )
    op.create_table(
        "corpus_passages",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("article", sa.Text),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("provision", sa.Integer),
        sa.Column("confidence", sa.Text),
    )
    op.create_table(
        "corpus_releases",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("segments", sa.Text, nullable=False),
    )
    op.create_table(
        "corpus_live",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="singleton"), primary_key=True),
        sa.Column("release", sa.Text, sa.ForeignKey("corpus_releases.id"), nullable=False),
    )
    op.create_table(
        "passage_vectors",
        sa.Column("embedder", sa.Text, primary_key=True),
        sa.Column("passage", sa.Text, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )

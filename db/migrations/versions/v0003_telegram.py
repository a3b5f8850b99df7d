"""Telegram: updates, messages to send, buttons, chats, which message gave which answer, staff and their cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _updates()
    _outgoing()
    _chats()
    _staff()


def _updates() -> None:
    op.create_table(
        "telegram_updates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("bot", sa.BigInteger, nullable=False),
        sa.Column("update_id", sa.BigInteger),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("chat", sa.BigInteger),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("album", sa.Text),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", _MOMENT),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, index=True),
        sa.Column("placeholder", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("bot", "update_id", "digest"),
        sa.UniqueConstraint("bot", "key"),
    )
    op.create_index(None, "telegram_updates", ["state", "chat", "update_id"])


def _outgoing() -> None:
    op.create_table(
        "telegram_outgoing",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("chat", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.JSON),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, index=True),
        sa.Column("message", sa.BigInteger),
        sa.Column("error", sa.Text),
    )
    op.create_index(None, "telegram_outgoing", ["state", "chat", "id"])
    op.create_table(
        "telegram_keyboards",
        sa.Column("nonce", sa.Text, primary_key=True),
        sa.Column("chat", sa.BigInteger, nullable=False, index=True),
        sa.Column("owner", sa.BigInteger),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("form", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False, index=True),
    )


def _chats() -> None:
    op.create_table(
        "telegram_chats",
        sa.Column("chat", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("lang", sa.Text),
        sa.Column("awaits", sa.Text),
        sa.Column("contact_asked", sa.Boolean, nullable=False),
        sa.Column("unreachable_at", _MOMENT),
        sa.Column("last_message", sa.BigInteger),
        sa.Column("team", sa.Text, index=True),
        sa.Column("bound_by", sa.Text),
    )
    op.create_table(
        "telegram_answers",
        sa.Column("chat", sa.BigInteger, primary_key=True),
        sa.Column("message", sa.BigInteger, primary_key=True),
        sa.Column("draft", sa.Text),
        sa.Column("step", sa.Text),
        sa.Column("offered", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False, index=True),
    )


def _staff() -> None:
    op.create_table(
        "telegram_staff",
        sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("staff", sa.Text, nullable=False, index=True),
        sa.Column("linked_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "telegram_link_codes",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT),
    )
    op.create_table(
        "telegram_cards",
        sa.Column("notice", sa.Integer, primary_key=True),
        sa.Column("chat", sa.BigInteger, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False, index=True),
        sa.Column("created_at", _MOMENT, nullable=False, index=True),
    )

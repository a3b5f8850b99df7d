"""The console: credentials and sessions of staff, sign-ins, who views what, templates, targets, settings, exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _signing_in()
    _working()


def _signing_in() -> None:
    op.create_table(
        "staff_credentials",
        sa.Column("staff", sa.Text, primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("totp_secret", sa.Text),
        sa.Column("totp_pending", sa.Text),
        sa.Column("totp_step", sa.Integer),
        sa.Column("disabled_at", _MOMENT),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_digest", sa.Text, primary_key=True),
        sa.Column("staff", sa.Text, nullable=False, index=True),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False, index=True),
        sa.Column("reauth_at", _MOMENT),
        sa.Column("address", sa.Text, nullable=False),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_index(None, "sign_ins", ["staff", "at"])
    op.create_index(None, "sign_ins", ["address", "at"])


def _working() -> None:
    op.create_table(
        "viewing",
        sa.Column("case", sa.Text, primary_key=True),
        sa.Column("staff", sa.Text, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "plan_targets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("target", sa.Text, nullable=False, index=True),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "settings_rows",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
    )

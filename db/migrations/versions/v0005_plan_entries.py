"""The targets of the plan, entry by entry and append-only, in place of a table nothing was ever written to; turns by
their day, for counting them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_table("plan_targets")
    op.create_table(
        "plan_entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("target", sa.Text, nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("whole", sa.Integer),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("file_digest", sa.Text, index=True),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_size", sa.Integer, nullable=False),
        sa.Column("replaces", sa.Integer, sa.ForeignKey("plan_entries.id"), unique=True),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    _append_only()
    op.create_index(None, "turns", ["created_at", "status"])


def _append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION plan_entries_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'plan_entries is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER plan_entries_append_only BEFORE UPDATE OR DELETE ON plan_entries "
            "FOR EACH ROW EXECUTE FUNCTION plan_entries_append_only()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER plan_entries_no_{what.lower()} BEFORE {what} ON plan_entries "
            "BEGIN SELECT RAISE(ABORT, 'plan_entries is append-only'); END"
        )

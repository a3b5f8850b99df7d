"""The console's tables. No password, no session token and no text a person wrote stands in them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text

from db.schema import CleanText, UtcDateTime, metadata

_JSON = JSON(none_as_null=True)

staff_credentials = Table(
    "staff_credentials",
    metadata,
    Column("staff", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("totp_secret", Text),
    Column("totp_pending", Text),
    Column("totp_step", Integer),
    Column("disabled_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""How somebody of the staff proves who they are. `totp_step` is the last time step whose code was used: once each."""

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_digest", Text, primary_key=True),
    Column("staff", Text, nullable=False, index=True),
    Column("stage", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("reauth_at", UtcDateTime),
    Column("address", Text, nullable=False),
)
"""`stage` "code" has given the password and still owes the code, "full" is signed in. `roles`: those it began with."""

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("staff", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Index(None, "staff", "at"),
    Index(None, "address", "at"),
)
"""Every attempt. A name that is no account is kept as a digest: people type passwords into the wrong field."""

viewing = Table(
    "viewing",
    metadata,
    Column("case", Text, primary_key=True),
    Column("staff", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
)
"""Who has a case open just now (「×× 正在处理」)."""

templates = Table(
    "templates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", CleanText, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
"""Ready-made replies."""

settings_rows = Table(
    "settings_rows",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", _JSON, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""What an administrator set in the console, such as the working calendar."""

exports = Table(
    "exports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("staff", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("what", CleanText, nullable=False),
    Column("rows", Integer, nullable=False),
)
"""Who took what out of the house."""

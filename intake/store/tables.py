"""The tables of intake. Personal values stand in drafts, profiles, case_private, case_texts and parties only."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from db.schema import CleanText, UtcDateTime, metadata

_JSON = JSON(none_as_null=True)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("reasked", Text),
    Column("pace", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("pending", JSON, nullable=False),
    Column("origin", JSON, nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("last_message", CleanText),
    Column("reminders", Integer, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("person", "kind"),
)

form_versions = Table(
    "form_versions",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
)

consent_texts = Table(
    "consent_texts",
    metadata,
    Column("version", Text, primary_key=True),
    Column("body", CleanText, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("version", Text, ForeignKey("consent_texts.version"), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("via", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

profiles = Table(
    "profiles",
    metadata,
    Column("person", Text, primary_key=True),
    Column("answers", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uscc", Text, unique=True),
    Column("name", CleanText, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

org_members = Table(
    "org_members",
    metadata,
    Column("org", Text, ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("tier", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("kinds", JSON, nullable=False),
    Column("industries", JSON, nullable=False),
    Column("phone", CleanText),
    Column("rank", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("areas", JSON, nullable=False),
    Column("phone", CleanText),
    Column("deputy", Text),
    Column("away_from", UtcDateTime),
    Column("away_until", UtcDateTime),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

team_members = Table(
    "team_members",
    metadata,
    Column("team", Text, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    Column("staff", Text, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("lead", Boolean, nullable=False),
    Column("liaison", Boolean, nullable=False),
)

register_log = Table(
    "register_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("key", CleanText, nullable=False),
    Column("before", _JSON),
    Column("after", _JSON),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("draft", Text, unique=True),
    Column("kind", Text, nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("resume_state", Text),
    Column("outcome", Text),
    Column("person", Text, nullable=False, index=True),
    Column("account", Text, nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("org", Text, index=True),
    Column("title", CleanText, nullable=False),
    Column("summary", CleanText, nullable=False),
    Column("confidentiality", Text, nullable=False),
    Column("industry", Text),
    Column("district", Text),
    Column("zone", Text),
    Column("priority", Text, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("legacy_answers", JSON, nullable=False),
    Column("quality", JSON, nullable=False),
    Column("team", Text),
    Column("assignee", Text),
    Column("co_teams", JSON, nullable=False),
    Column("refused_by", JSON, nullable=False),
    Column("bounces", Integer, nullable=False),
    Column("final_team", Boolean, nullable=False),
    Column("redo", Integer, nullable=False),
    Column("extensions", Integer, nullable=False),
    Column("due_override", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("urged_at", UtcDateTime),
    Column("closed_at", UtcDateTime, index=True),
    Column("announced", JSON, nullable=False),
    Column("merged_into", Text, index=True),
    Column("split_from", Text, index=True),
    Column("external_refs", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("is_showcase", Boolean, nullable=False),
    Column("handler", Text, nullable=False),
    Column("erased", Boolean, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head", Text, nullable=False),
)
Index(None, cases.c.state, cases.c.team, cases.c.submitted_at)

case_private = Table(
    "case_private",
    metadata,
    Column("case", Text, ForeignKey("cases.id"), primary_key=True),
    Column("personal", JSON, nullable=False),
    Column("query_code", Text, nullable=False),
    Column("digest_key", Text, nullable=False),
)

# Append-only: triggers of migration 0002 refuse UPDATE and DELETE.
case_events = Table(
    "case_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", Text, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("detail", JSON, nullable=False),
    Column("notices", JSON, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("text_digest", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("case", "seq"),
)

case_texts = Table(
    "case_texts",
    metadata,
    Column("event", Integer, ForeignKey("case_events.id"), primary_key=True),
    Column("body", CleanText, nullable=False),
)

case_files = Table(
    "case_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", Text, ForeignKey("cases.id"), nullable=False, index=True),
    Column("step", Text, nullable=False),
    Column("digest", Text, nullable=False, index=True),
    Column("name", CleanText, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

case_outlines = Table(
    "case_outlines",
    metadata,
    Column("case", Text, ForeignKey("cases.id"), primary_key=True),
    Column("about", Text, primary_key=True, index=True),
    Column("lines", JSON, nullable=False),
    Column("digest", Text, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

draft_files = Table(
    "draft_files",
    metadata,
    Column("draft", Text, ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("step", Text, nullable=False),
    Column("name", CleanText, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

staff_notices = Table(
    "staff_notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("case", Text, ForeignKey("cases.id")),
    Column("staff", Text, index=True),
    Column("team", Text, index=True),
    Column("kind", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("case", Text, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("done_by", Text),
    Column("result", CleanText),
)

parties = Table(
    "parties",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", CleanText, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("fields", CleanText, nullable=False),
    Column("industries", JSON, nullable=False),
    Column("district", Text),
    Column("contact_name", CleanText),
    Column("contact_phone", CleanText),
    Column("contact_email", CleanText),
    Column("source", CleanText, nullable=False),
    Column("as_of", Text),
    Column("verified", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

society_matrix = Table(
    "society_matrix",
    metadata,
    Column("district", Text, primary_key=True),
    Column("industry", Text, primary_key=True),
    Column("party", Text, ForeignKey("parties.id", ondelete="CASCADE"), primary_key=True),
    Column("verified", Boolean, nullable=False),
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", Text, ForeignKey("cases.id"), nullable=False, index=True),
    Column("party", Text, ForeignKey("parties.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("amount", BigInteger),
    Column("tell_owner", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("case", "party"),
)

contact_log = Table(
    "contact_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("candidate", Integer, ForeignKey("candidates.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("result", CleanText, nullable=False),
)

# Append-only: triggers of migration 0005 refuse UPDATE and DELETE.
plan_entries = Table(
    "plan_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", Text, nullable=False, index=True),
    Column("name", CleanText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("whole", Integer),
    Column("day", Text, nullable=False),
    Column("evidence", CleanText, nullable=False),
    Column("link", CleanText, nullable=False),
    Column("file_digest", Text, index=True),
    Column("file_name", CleanText, nullable=False),
    Column("file_size", Integer, nullable=False),
    Column("replaces", Integer, ForeignKey("plan_entries.id"), unique=True),
    Column("withdrawn", Boolean, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

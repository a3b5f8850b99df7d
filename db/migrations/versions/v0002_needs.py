"""Needs: drafts, profiles and consent, teams and staff, cases with their history, parties and docking."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _forms_and_people()
    _teams()
    _cases()
    _parties()
    _append_only()


def _forms_and_people() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("form_version", sa.Integer, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("reasked", sa.Text),
        sa.Column("pace", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("pending", sa.JSON, nullable=False),
        sa.Column("origin", sa.JSON, nullable=False),
        sa.Column("parked", sa.Boolean, nullable=False),
        sa.Column("last_message", sa.Text),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("person", "kind", name=op.f("uq_drafts_person_kind")),
    )
    op.create_index(op.f("ix_drafts_person"), "drafts", ["person"], unique=False)
    op.create_index(op.f("ix_drafts_updated_at"), "drafts", ["updated_at"], unique=False)
    op.create_table(
        "draft_files",
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["drafts.id"], name=op.f("fk_draft_files_draft_drafts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("draft", "digest", name=op.f("pk_draft_files")),
    )
    op.create_table(
        "form_versions",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("first_used_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_form_versions")),
    )
    op.create_table(
        "consent_texts",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("first_used_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_consent_texts")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["version"], ["consent_texts.version"], name=op.f("fk_consents_version_consent_texts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_person"), "consents", ["person"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_profiles")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("uscc", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("uscc", name=op.f("uq_organisations_uscc")),
    )
    op.create_table(
        "org_members",
        sa.Column("org", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["org"], ["organisations.id"], name=op.f("fk_org_members_org_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("org", "person", name=op.f("pk_org_members")),
    )


def _teams() -> None:
    op.create_table(
        "teams",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("industries", sa.JSON, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("areas", sa.JSON, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("deputy", sa.Text),
        sa.Column("away_from", _MOMENT),
        sa.Column("away_until", _MOMENT),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_table(
        "team_members",
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("lead", sa.Boolean, nullable=False),
        sa.Column("liaison", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_team_members_staff_staff"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team"], ["teams.id"], name=op.f("fk_team_members_team_teams"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team", "staff", name=op.f("pk_team_members")),
    )
    op.create_table(
        "register_log",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_log")),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("draft", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("form_version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("resume_state", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("org", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("confidentiality", sa.Text, nullable=False),
        sa.Column("industry", sa.Text),
        sa.Column("district", sa.Text),
        sa.Column("zone", sa.Text),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("legacy_answers", sa.JSON, nullable=False),
        sa.Column("quality", sa.JSON, nullable=False),
        sa.Column("team", sa.Text),
        sa.Column("assignee", sa.Text),
        sa.Column("co_teams", sa.JSON, nullable=False),
        sa.Column("refused_by", sa.JSON, nullable=False),
        sa.Column("bounces", sa.Integer, nullable=False),
        sa.Column("final_team", sa.Boolean, nullable=False),
        sa.Column("redo", sa.Integer, nullable=False),
        sa.Column("extensions", sa.Integer, nullable=False),
        sa.Column("due_override", _MOMENT),
        sa.Column("expires_at", _MOMENT),
        sa.Column("urged_at", _MOMENT),
        sa.Column("closed_at", _MOMENT),
        sa.Column("announced", sa.JSON, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.Column("split_from", sa.Text),
        sa.Column("external_refs", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("is_showcase", sa.Boolean, nullable=False),
        sa.Column("handler", sa.Text, nullable=False),
        sa.Column("erased", sa.Boolean, nullable=False),
        sa.Column("submitted_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("draft", name=op.f("uq_cases_draft")),
        sa.UniqueConstraint("reference", name=op.f("uq_cases_reference")),
    )
    op.create_index(op.f("ix_cases_account"), "cases", ["account"], unique=False)
    op.create_index(op.f("ix_cases_closed_at"), "cases", ["closed_at"], unique=False)
    op.create_index(op.f("ix_cases_merged_into"), "cases", ["merged_into"], unique=False)
    op.create_index(op.f("ix_cases_org"), "cases", ["org"], unique=False)
    op.create_index(op.f("ix_cases_person"), "cases", ["person"], unique=False)
    op.create_index(op.f("ix_cases_split_from"), "cases", ["split_from"], unique=False)
    op.create_index(op.f("ix_cases_state_team_submitted_at"), "cases", ["state", "team", "submitted_at"], unique=False)
    op.create_table(
        "case_private",
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("personal", sa.JSON, nullable=False),
        sa.Column("query_code", sa.Text, nullable=False),
        sa.Column("digest_key", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_private_case_cases")),
        sa.PrimaryKeyConstraint("case", name=op.f("pk_case_private")),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text),
        sa.Column("to_state", sa.Text),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("notices", sa.JSON, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("text_digest", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_events_case_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("case", "seq", name=op.f("uq_case_events_case_seq")),
    )
    op.create_table(
        "case_texts",
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["event"], ["case_events.id"], name=op.f("fk_case_texts_event_case_events")),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_case_texts")),
    )
    op.create_table(
        "case_files",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_files_case_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_files")),
    )
    op.create_index(op.f("ix_case_files_case"), "case_files", ["case"], unique=False)
    op.create_index(op.f("ix_case_files_digest"), "case_files", ["digest"], unique=False)
    op.create_table(
        "staff_notices",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("staff", sa.Text),
        sa.Column("team", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_staff_notices_case_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_notices_key")),
    )
    op.create_index(op.f("ix_staff_notices_staff"), "staff_notices", ["staff"], unique=False)
    op.create_index(op.f("ix_staff_notices_team"), "staff_notices", ["team"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT),
        sa.Column("done_by", sa.Text),
        sa.Column("result", sa.Text),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_tasks_case_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("key", name=op.f("uq_tasks_key")),
    )
    op.create_index(op.f("ix_tasks_case"), "tasks", ["case"], unique=False)


def _parties() -> None:
    op.create_table(
        "parties",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("industries", sa.JSON, nullable=False),
        sa.Column("district", sa.Text),
        sa.Column("contact_name", sa.Text),
        sa.Column("contact_phone", sa.Text),
        sa.Column("contact_email", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("as_of", sa.Text),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
        sa.UniqueConstraint("name", name=op.f("uq_parties_name")),
    )
    op.create_table(
        "society_matrix",
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("industry", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["party"], ["parties.id"], name=op.f("fk_society_matrix_party_parties"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("district", "industry", "party", name=op.f("pk_society_matrix")),
    )
    op.create_table(
        "candidates",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("tell_owner", sa.Boolean, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_candidates_case_cases")),
        sa.ForeignKeyConstraint(["party"], ["parties.id"], name=op.f("fk_candidates_party_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sa.UniqueConstraint("case", "party", name=op.f("uq_candidates_case_party")),
    )
    op.create_index(op.f("ix_candidates_case"), "candidates", ["case"], unique=False)
    op.create_table(
        "contact_log",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("candidate", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["candidate"], ["candidates.id"], name=op.f("fk_contact_log_candidate_candidates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_log")),
    )
    op.create_index(op.f("ix_contact_log_candidate"), "contact_log", ["candidate"], unique=False)


def _append_only() -> None:
    """An event is never changed or removed, whoever asks: the database itself refuses."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION case_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'case_events is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER case_events_append_only BEFORE UPDATE OR DELETE ON case_events "
            "FOR EACH ROW EXECUTE FUNCTION case_events_append_only()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER case_events_no_{what.lower()} BEFORE {what} ON case_events "
            "BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END"
        )

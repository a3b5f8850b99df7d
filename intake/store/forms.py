"""The forms as they were when needs were submitted in them, so that a case can be read after its form has changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, select

from db.engine import reading
from db.rows import add_missing
from intake.models import Form
from intake.store.tables import form_versions


def keep_form(connection: Connection, form: Form, now: datetime) -> None:
    """Keep the form under its kind and version, inside the caller's transaction; the first one kept stays."""
    row = {"kind": form.kind, "version": form.version, "body": form.model_dump(mode="json"), "first_used_at": now}
    add_missing(connection, form_versions, [row])


def form_of(engine: Engine, kind: str, version: int) -> Form | None:
    """The form as it was kept; None where nothing was submitted in it."""
    with reading(engine) as connection:
        return form_in(connection, kind, version)


def form_in(connection: Connection, kind: str, version: int) -> Form | None:
    """The same, inside the caller's transaction."""
    mine = (form_versions.c.kind == kind) & (form_versions.c.version == version)
    body = connection.scalar(select(form_versions.c.body).where(mine))
    return None if body is None else Form.model_validate(body)

"""Conversations counted: turns by how they ended, and how far forms came. No word that anybody said is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, cast, func, select, type_coerce

from bot.history import FORM
from bot.turns import turns
from db.rows import stored
from intake.statistics_periods import Span
from intake.store.tables import cases


@dataclass(frozen=True, slots=True)
class Reached:
    """A question that a form asked in a conversation: of which draft, for the last time when and in which turn."""

    draft: str
    step: str
    last: int
    at: datetime


def endings(connection: Connection, span: Span) -> dict[str, int]:
    """How many turns of the span ended in which status."""
    query = select(turns.c.status, func.count()).where(_in(span)).group_by(turns.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def people_who_asked(connection: Connection, span: Span) -> int:
    """How many accounts asked something in the span; filling in a form is no question."""
    asking = _in(span) & ~turns.c.status.startswith(FORM, autoescape=True)
    return connection.scalar(select(func.count(turns.c.account.distinct())).where(asking)) or 0


def reached(connection: Connection, kind: str, span: Span) -> list[Reached]:
    """Each question a form of this kind asked, once a draft; of drafts that were talked about in the span, and up to
    now: who went on after it did not stop there."""
    postgres = connection.dialect.name == "postgresql"
    said = cast(turns.c.reply_json, JSON) if postgres else type_coerce(turns.c.reply_json, JSON)
    draft, name, shape = (said[("form", part)].as_string() for part in ("draft", "name", "input"))
    step = func.coalesce(func.nullif(name, ""), shape)
    form_turns = (
        turns.c.status.startswith(FORM, autoescape=True)
        & (turns.c.created_at >= span.start)
        & turns.c.reply_json.contains(f'"{kind}"', autoescape=True)  # cheaper than reading JSON that is not of it
    )
    query = (
        select(draft.label("draft"), step.label("step"), func.max(turns.c.id).label("last"),
               func.max(turns.c.created_at).label("at"), func.min(turns.c.created_at).label("began"))
        .where(form_turns, said[("form", "kind")].as_string() == kind)
        .group_by(draft, step)
    )  # fmt: skip
    rows: list[Any] = list(connection.execute(query))
    talked = {row.draft for row in rows if row.began < span.end}
    return [Reached(row.draft, row.step, row.last, row.at) for row in rows if row.draft in talked]


def submitted(connection: Connection, drafts: Iterable[str]) -> set[str]:
    """Which of these drafts became cases."""
    return stored(connection, cases.c.draft, sorted(set(drafts)))


def _in(span: Span) -> ColumnElement[bool]:
    return (turns.c.created_at >= span.start) & (turns.c.created_at < span.end)

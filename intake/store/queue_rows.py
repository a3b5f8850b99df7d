"""What a list of cases is drawn from: rows without their answers, what of them may be searched, their histories without
a word of what people wrote; what happened since it was last read; and which of them give a certain answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Numeric, Row, and_, cast, func, or_, select

from db.rows import fetch
from intake.cases import Case, CaseState, Recorded
from intake.models import Step
from intake.store.drafts import load_answers
from intake.store.queue import still_open
from intake.store.tables import case_events, cases, organisations

OVERLAP = 500
"""Events looked at again: on PostgreSQL one with a lower number may be committed after one with a higher."""

_LEFT_OUT = frozenset({"answers", "legacy_answers", "external_refs"})
_TUPLES = ("co_teams", "refused_by", "tags")
_STATES = ("state", "resume_state")
_CLOCKED = "deadline"
"""The one answer that clocks go by."""

Told = Mapping[str, frozenset[str]]
"""kind → the steps whose words may be searched."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`case` is without its answers, but for the one that clocks go by. `told`: title, summary, words, organisation."""

    case: Case
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter on one step: a code or words, and the ends of a range (of amounts in 元, of numbers, of days)."""

    step: Step
    value: str = ""
    least: str = ""
    most: str = ""


def queue_rows(connection: Connection, told: Told, only: Sequence[str] | None = None) -> Iterator[QueueRow]:
    """All cases, or those of these ids."""
    query = select(cases)
    if only is not None:
        yield from (_queue_row(row, told) for row in fetch(connection, query, cases.c.id, only))
        return
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield _queue_row(row, told)


def newest_event(connection: Connection) -> int:
    return connection.scalar(select(func.max(case_events.c.id))) or 0


def touched(connection: Connection, since: int) -> dict[str, int]:
    """The cases something happened to after the event of that number (and some before): id → number of their last."""
    last = func.max(case_events.c.seq)
    after = select(case_events.c.case, last).where(case_events.c.id > since - OVERLAP).group_by(case_events.c.case)
    return {row[0]: row[1] for row in connection.execute(after)}


def histories(
    connection: Connection, only: Sequence[str] | None = None, *, open_only: bool = False
) -> dict[str, list[Recorded]]:
    """The events of cases by id, in order, as clocks need them: without words, details of others and hashes.

    `open_only`: of all that are open; a case that is over has no clock that runs.
    """
    columns = (
        case_events.c.case, case_events.c.id, case_events.c.seq, case_events.c.at, case_events.c.actor_kind,
        case_events.c.action, case_events.c.from_state, case_events.c.to_state, case_events.c.public,
    )  # fmt: skip
    query = select(*columns)
    if open_only:
        query = query.join(cases, cases.c.id == case_events.c.case).where(still_open())
    found: dict[str, list[Recorded]] = {}
    rows: Any = connection.execute(query) if only is None else fetch(connection, query, case_events.c.case, only)
    for row in rows:
        found.setdefault(row.case, []).append(_recorded(row))
    for events in found.values():
        events.sort(key=lambda event: event.seq)
    return found


def with_answers(
    connection: Connection, kind: str, wanted: Sequence[Wanted], only: Sequence[str] | None = None
) -> frozenset[str]:
    """The ids of the cases of a kind (or of these ids of them) that answer so. What is personal is in no answer here
    and is never found.

    Reading an answer out of its JSON is what costs (15 µs a case on PostgreSQL), so `only` is worth giving.
    """
    conditions = [condition for each in wanted for condition in _conditions(each)]
    query = select(cases.c.id).where(and_(cases.c.kind == kind, *conditions))
    if only is not None:
        return frozenset(row.id for row in fetch(connection, query, cases.c.id, only))
    return frozenset(connection.scalars(query))


def organisation_names(connection: Connection, orgs: Collection[str]) -> dict[str, str]:
    """The names of these organisations by id: a page of the list in one question."""
    rows = fetch(connection, select(organisations.c.id, organisations.c.name), organisations.c.id, sorted(orgs))
    return {row.id: row.name for row in rows}


def _queue_row(row: Row[Any], told: Told) -> QueueRow:
    fields: dict[str, Any] = dict(row._mapping)
    answers: dict[str, Any] = fields["answers"]
    for name in _LEFT_OUT:
        fields[name] = () if name == "external_refs" else {}
    for name in _TUPLES:
        fields[name] = tuple(fields[name])
    for name in _STATES:
        fields[name] = CaseState(fields[name]) if fields[name] else None
    if _CLOCKED in answers:
        fields["answers"] = load_answers({_CLOCKED: answers[_CLOCKED]})
    words = tuple(_words(answers, told.get(fields["kind"], frozenset())))
    return QueueRow(Case(**fields), (fields["title"], fields["summary"], *words))


def _words(answers: Mapping[str, Any], steps: frozenset[str]) -> Iterator[str]:
    for step, answered in answers.items():
        value = answered.get("value") if step in steps else None
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from value


def _recorded(row: Row[Any]) -> Recorded:
    return Recorded(
        id=row.id, seq=row.seq, at=row.at, actor_kind=row.actor_kind, actor="", via="", action=row.action,
        from_state=CaseState(row.from_state) if row.from_state else None,
        to_state=CaseState(row.to_state) if row.to_state else None,
        detail={}, notices=(), public=row.public, text="", text_digest="", prev_hash="", hash="",
    )  # fmt: skip


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    step = wanted.step
    if wanted.value:
        yield _has(step, wanted.value)
    if step.type == "money":
        yield from _amounts(step, wanted)
    elif step.type == "date":
        yield from _days(step, wanted)
    elif step.type == "int":
        number = cast(_value(step), Numeric)
        yield from (number >= _number(end) for end in (wanted.least,) if end)
        yield from (number <= _number(end) for end in (wanted.most,) if end)


def _has(step: Step, value: str) -> ColumnElement[bool]:
    """The answer is this code, or is a list with it, or holds these words. JSON writes Chinese as escapes in a list."""
    held: ColumnElement[str] = _value(step)
    if step.type == "bool":
        return held.in_(("1", "true") if value == "yes" else ("0", "false"))
    if step.type == "multi":
        return held.contains(json.dumps(value), autoescape=True)
    if step.type in ("lines", "tags"):
        escaped = json.dumps(value.casefold())[1:-1]
        return or_(*(func.lower(held).contains(words, autoescape=True) for words in {escaped, value.casefold()}))
    if step.options:
        return held == value
    return func.lower(held).contains(value.casefold(), autoescape=True)


def _amounts(step: Step, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """The amount, or part of its range, lies within."""
    low, high = cast(_value(step, "low"), Numeric), cast(_value(step, "high"), Numeric)
    if wanted.least:
        yield func.coalesce(high, low) >= _number(wanted.least)
    if wanted.most:
        yield func.coalesce(low, high) <= _number(wanted.most)


def _days(step: Step, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.least:
        yield _value(step, "end") >= date.fromisoformat(wanted.least).isoformat()
    if wanted.most:
        yield _value(step, "start") <= date.fromisoformat(wanted.most).isoformat()


def _number(text: str) -> Decimal:
    return Decimal(text)


def _value(step: Step, *inside: str) -> Any:
    return cases.c.answers[(step.id, "value", *inside)].as_string()


def relatives(connection: Connection, case: str) -> tuple[list[str], list[str]]:
    """The numbers of the cases that were merged into this one (its id), and of those that were split off it."""
    numbered = select(cases.c.reference).order_by(cases.c.submitted_at, cases.c.id)
    merged = connection.scalars(numbered.where(cases.c.merged_into == case)).all()
    parts = connection.scalars(numbered.where(cases.c.split_from == case)).all()
    return list(merged), list(parts)

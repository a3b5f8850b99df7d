"""What numbers are made of, as it is stored: histories of cases without a word of what people wrote, and how far their
candidates have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from db.rows import fetch
from intake.docking_rates import Docked
from intake.parties import CandidateStatus
from intake.store.queue_rows import histories
from intake.store.tables import candidates, case_events

_TELLING = ("confirm", "extend", "candidate_status")
"""Events whose detail is counted: a score, a date that was granted, how far a candidate had come before it failed."""


@dataclass(frozen=True, slots=True)
class TriedRow:
    """A candidate as it is counted."""

    id: int
    status: CandidateStatus
    amount: int | None


def stories(connection: Connection, cases: Sequence[str]) -> dict[str, Docked]:
    """The histories and candidates of these cases (ids); one without an event is not there."""
    told = histories(connection, cases)
    detail = select(case_events.c.case, case_events.c.seq, case_events.c.detail).where(
        case_events.c.action.in_(_TELLING)
    )
    for row in fetch(connection, detail, case_events.c.case, cases):
        events = told[row.case]
        place = next(number for number, event in enumerate(events) if event.seq == row.seq)
        events[place] = replace(events[place], detail=row.detail)
    tried: dict[str, list[TriedRow]] = {}
    columns = (candidates.c.case, candidates.c.id, candidates.c.status, candidates.c.amount)
    for row in fetch(connection, select(*columns), candidates.c.case, cases):
        tried.setdefault(row.case, []).append(TriedRow(row.id, CandidateStatus(row.status), row.amount))
    return {case: Docked(events, tried.get(case, ())) for case, events in told.items()}

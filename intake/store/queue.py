"""The queue of staff as a question to the database: which rows could be theirs, and which of these are asked for.

It narrows only. Whose rows are whose is decided by intake/review_rows.py, and in one place.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, or_, select, true

from intake.cases import ALL_AREAS, OPEN, Actor, CaseState, Role
from intake.store.tables import case_private, cases


def rows_of(actor: Actor) -> ColumnElement[bool]:
    """The rows an actor's roles give them, or a few more."""
    reach: list[ColumnElement[bool]] = []
    if actor.has(Role.COORDINATOR, Role.AUDITOR, Role.SYSTEM):
        return true()
    if actor.has(Role.ENTERPRISE):
        reach.append(cases.c.person == actor.id)
    if actor.has(Role.CLERK, Role.SPECIALIST, Role.LEAD):
        reach += [cases.c.assignee == actor.id, _helped_by(actor.teams), cases.c.team.in_(sorted(actor.teams))]
    if actor.has(Role.CLERK):
        reach.append(_in(actor.areas))
    return or_(*reach) if reach else ~true()


def asked_for(
    *,
    state: CaseState | None = None,
    kind: str | None = None,
    area: str | None = None,
    team: str | None = None,
    assignee: str | None = None,
    ended: bool = False,
) -> ColumnElement[bool]:
    """The filters of the queue. Without `ended` only open cases, unless an ended state is asked for."""
    wanted: list[ColumnElement[bool]] = []
    if state is not None:
        wanted.append(cases.c.state == str(state))
    elif not ended:
        wanted.append(still_open())
    if kind is not None:
        wanted.append(cases.c.kind == kind)
    if area is not None:
        wanted.append(or_(cases.c.district == area, cases.c.zone == area))
    if team is not None:
        wanted.append(or_(cases.c.team == team, _helped_by({team})))
    if assignee is not None:
        wanted.append(cases.c.assignee == assignee)
    return and_(true(), *wanted)


def still_open() -> ColumnElement[bool]:
    return cases.c.state.in_(sorted(OPEN))


def following() -> ColumnElement[bool]:
    """Merged cases whose target had not ended when they were last looked at."""
    return and_(cases.c.state == str(CaseState.MERGED), cases.c.outcome == "merged")


def with_phone_ending(connection: Connection, digits: str) -> frozenset[str]:
    """The ids of cases one of whose telephone numbers ends so."""
    ends = cast(case_private.c.personal, Text).like(f'%"e164": "%{digits}"%')
    return frozenset(connection.scalars(select(case_private.c.case).where(ends)))


def _in(areas: Collection[str]) -> ColumnElement[bool]:
    if ALL_AREAS in areas:
        return true()
    listed = sorted(areas)
    return or_(cases.c.district.in_(listed), cases.c.zone.in_(listed))


def _helped_by(teams: Collection[str]) -> ColumnElement[bool]:
    """A team among those that help: the list is JSON, so its text is searched for the team as JSON writes it."""
    listed = cast(cases.c.co_teams, Text)
    return or_(~true(), *(listed.contains(json.dumps(team), autoescape=True) for team in sorted(teams)))

"""What staff are told: written in the transaction that gives rise to it, read when they come to look."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, or_, select, update

from db.engine import reading, writing
from db.rows import add_missing
from intake.cases import Telling
from intake.store.tables import staff_notices


@dataclass(frozen=True, slots=True)
class StaffNotice:
    """`case` is the case's id (its reference stands in `body`), None for what is about no case. Exactly one of staff
    and team is set."""

    id: int
    case: str | None
    staff: str | None
    team: str | None
    kind: str
    body: Mapping[str, Any]
    created_at: datetime


def tell_staff(connection: Connection, telling: Telling, at: datetime) -> None:
    """Add a notice to one of the staff, or to a team, inside the caller's transaction. A known key adds nothing."""
    who = {"staff": telling.target if telling.to == "staff" else None}
    who["team"] = telling.target if telling.to == "team" else None
    row = {"key": telling.key, "case": telling.case, "kind": telling.kind, "body": dict(telling.body)}
    add_missing(connection, staff_notices, [{**row, **who, "created_at": at}])


def tell_people(
    connection: Connection, key: str, people: Collection[str], kind: str, body: Mapping[str, Any], at: datetime
) -> None:
    """A notice about no case to each of these accounts, inside the caller's transaction. A known key adds nothing."""
    row = {"case": None, "team": None, "kind": kind, "body": dict(body), "created_at": at}
    rows = [{**row, "key": f"{key}/{person}", "staff": person} for person in sorted(people)]
    add_missing(connection, staff_notices, rows)


class StaffInbox:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def unread(self, staff: str, teams: Collection[str]) -> list[StaffNotice]:
        """Theirs and their teams', the oldest first. What one of a team has seen, the team has seen."""
        query = select(staff_notices).where(_theirs(staff, teams), staff_notices.c.seen_at.is_(None))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(staff_notices.c.id)).all()
        return [StaffNotice(row.id, row.case, row.staff, row.team, row.kind, row.body, row.created_at) for row in rows]

    def seen(self, staff: str, teams: Collection[str], notices: Collection[int], at: datetime) -> int:
        """Note that these were read, as far as they are theirs; how many that were."""
        mine = _theirs(staff, teams) & staff_notices.c.id.in_(list(notices)) & staff_notices.c.seen_at.is_(None)
        with writing(self._engine) as connection:
            return connection.execute(update(staff_notices).where(mine).values(seen_at=at)).rowcount


def _theirs(staff: str, teams: Collection[str]) -> ColumnElement[bool]:
    return or_(staff_notices.c.staff == staff, staff_notices.c.team.in_(sorted(teams)))

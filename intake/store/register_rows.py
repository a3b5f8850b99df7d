"""The rows of the register, inside the caller's transaction: read them, put them, log each change before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, select, update

from db.rows import add_missing
from intake.cases import Actor, Role
from intake.routing import NoCityTeamError, Team
from intake.staff import Staff, UnknownStaffError, UnknownTeamError
from intake.store.tables import case_events, register_log, staff, team_members, teams


def stands_in_for(connection: Connection, deputy: str, now: datetime) -> list[Staff]:
    named = select(staff).where((staff.c.deputy == deputy) & staff.c.active).order_by(staff.c.id)
    return [person for row in connection.execute(named) if (person := staff_of(row)).away(now)]


def teams_of(connection: Connection, people: set[str]) -> frozenset[str]:
    mine = select(team_members.c.team).where(team_members.c.staff.in_(people))
    return frozenset(connection.execute(mine).scalars())


def last_seen(connection: Connection, people: set[str]) -> dict[str, datetime]:
    theirs = (case_events.c.actor_kind == "staff") & case_events.c.actor.in_(people)
    latest = (
        select(case_events.c.actor, func.max(case_events.c.at).label("last"))
        .where(theirs)
        .group_by(case_events.c.actor)
    )
    return {row.actor: row.last for row in connection.execute(latest)}


def known_team(connection: Connection, team: str) -> Team:
    row = connection.execute(select(teams).where(teams.c.id == team)).first()
    if row is None:
        raise UnknownTeamError(team)
    return team_of(row)


def known_staff(connection: Connection, who: str) -> Staff:
    row = connection.execute(select(staff).where(staff.c.id == who)).first()
    if row is None:
        raise UnknownStaffError(who)
    return staff_of(row)


def place(connection: Connection, team: str, who: str) -> dict[str, Any] | None:
    mine = (team_members.c.team == team) & (team_members.c.staff == who)
    row = connection.execute(select(team_members.c.lead, team_members.c.liaison).where(mine)).first()
    return None if row is None else dict(row._mapping)


def put_team(connection: Connection, team: Team, actor: Actor, now: datetime) -> None:
    # Every change of a team locks the city's (PostgreSQL), or two admins could retire the last two of them at once.
    city = [team_of(row) for row in connection.execute(select(teams).where(teams.c.tier == "city").with_for_update())]
    present = {known.id for known in city if known.active}
    if present == {team.id} and not (team.active and team.tier == "city"):
        raise NoCityTeamError
    row = connection.execute(select(teams).where(teams.c.id == team.id)).first()
    before, after = (None if row is None else _team_row(team_of(row))), _team_row(team)
    put(connection, teams, {"id": team.id}, after)
    log(connection, "team", team.id, before, after, actor, now)


def put_staff(connection: Connection, person: Staff, actor: Actor, now: datetime) -> None:
    if person.deputy:
        known_staff(connection, person.deputy)
    row = connection.execute(select(staff).where(staff.c.id == person.id)).first()
    before, values = (None if row is None else _logged(staff_of(row))), _staff_row(person)
    created = now if row is None else row.created_at
    put(connection, staff, {"id": person.id}, {**values, "created_at": created})
    log(connection, "staff", person.id, before, _logged(person), actor, now)


def leave(connection: Connection, team: str, who: str, actor: Actor, now: datetime) -> None:
    before = place(connection, team, who)
    if before is not None:
        mine = (team_members.c.team == team) & (team_members.c.staff == who)
        connection.execute(delete(team_members).where(mine))
        log(connection, "member", f"{team}/{who}", before, None, actor, now)


def put(connection: Connection, table: Table, key: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Add the row of that key or change it; where two add it at once, the last one's values stay."""
    add_missing(connection, table, [{**key, **values}])
    connection.execute(update(table).filter_by(**key).values(**values))


def log(
    connection: Connection, what: str, key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Nothing is logged where nothing changed."""
    if before != after:
        row = {"at": now, "actor": actor.id, "what": what, "key": key, "before": before, "after": after}
        connection.execute(register_log.insert().values(row))


def _team_row(team: Team) -> dict[str, Any]:
    row = {name: value for name, value in asdict(team).items() if name != "id"}
    return row | {"kinds": sorted(team.kinds), "industries": sorted(team.industries)}


def team_of(row: Row[Any]) -> Team:
    fields = dict(row._mapping)
    return Team(**fields | {"kinds": frozenset(row.kinds), "industries": frozenset(row.industries)})


def _staff_row(person: Staff) -> dict[str, Any]:
    row = {name: value for name, value in asdict(person).items() if name != "id"}
    return row | {"roles": sorted(person.roles), "areas": sorted(person.areas)}


def _logged(person: Staff) -> dict[str, Any]:
    """As it stands in the log: dates as text, of the phone only its end (a log is not where numbers are looked up)."""
    row = _staff_row(person)
    dates = {name: row[name] and row[name].isoformat() for name in ("away_from", "away_until")}
    return row | dates | {"phone": person.phone and f"…{person.phone[-4:]}"}


def staff_of(row: Row[Any]) -> Staff:
    roles = frozenset(Role(role) for role in row.roles)
    names = ("id", "name", "phone", "deputy", "away_from", "away_until", "active")
    return Staff(**{name: getattr(row, name) for name in names}, roles=roles, areas=frozenset(row.areas))

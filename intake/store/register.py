"""The register of teams, their members, deputies and liaisons (联络员). Every change is logged with its actor."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine, select

from db.engine import reading, writing
from intake.cases import SYSTEM, Actor, Role, Via
from intake.routing import NoCityTeamError, Team, tier_order
from intake.staff import Liaison, Member, RegisterError, Staff, UnknownStaffError, UnknownTeamError, check, deputy_now
from intake.store import register_rows as rows
from intake.store.tables import staff, team_members, teams

__all__ = [
    "Liaison", "Member", "NoCityTeamError", "Register", "RegisterError", "Staff", "Team", "UnknownStaffError",
    "UnknownTeamError", "default_teams",
]  # fmt: skip

TEAMS_FILE = Path(__file__).parents[1] / "data" / "teams.toml"
_BY_AREA = frozenset({Role.CLERK, Role.EDITOR})
"""The roles whose rights go by area."""

_rows_of_teams = TypeAdapter(tuple[Team, ...])


class Register:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def seed(self, now: datetime) -> int:
        """Put in the default teams where there is no team at all; how many were put in. Raises RegisterError."""
        with writing(self._engine) as connection:
            if connection.execute(select(teams.c.id).limit(1)).first():
                return 0
            defaults = default_teams()
            for team in defaults:
                rows.put_team(connection, team, SYSTEM, now)
        return len(defaults)

    def teams(self) -> tuple[Team, ...]:
        """All teams, retired ones too: the city's, then the districts', then the zones', by rank and id."""
        with reading(self._engine) as connection:
            found = [rows.team_of(row) for row in connection.execute(select(teams))]
        return tuple(sorted(found, key=lambda team: (-tier_order(team.tier), team.rank, team.id)))

    def team(self, team: str) -> Team:
        """Raises UnknownTeamError."""
        with reading(self._engine) as connection:
            return rows.known_team(connection, team)

    def staff(self) -> tuple[Staff, ...]:
        """All accounts, retired ones too, by id."""
        with reading(self._engine) as connection:
            return tuple(rows.staff_of(row) for row in connection.execute(select(staff).order_by(staff.c.id)))

    def person(self, staff: str) -> Staff:
        """The account, retired or not. Raises UnknownStaffError where there is none."""
        with reading(self._engine) as connection:
            return rows.known_staff(connection, staff)

    def members(self, team: str) -> tuple[Member, ...]:
        """Who is in a team, leads first; retired accounts are not."""
        in_team = (team_members.c.team == team) & staff.c.active
        joined = select(staff, team_members.c.lead, team_members.c.liaison).join_from(team_members, staff)
        ordered = joined.where(in_team).order_by(team_members.c.lead.desc(), staff.c.id)
        with reading(self._engine) as connection:
            found = connection.execute(ordered).all()
        return tuple(Member(team, rows.staff_of(row), row.lead, row.liaison) for row in found)

    def liaisons(self, now: datetime) -> tuple[Liaison, ...]:
        """The directory: the liaisons of active teams, in the order of the teams."""
        named = select(team_members.c.team, team_members.c.staff).where(team_members.c.liaison)
        with reading(self._engine) as connection:
            pairs = sorted((row.team, row.staff) for row in connection.execute(named))
        people = {person.id: person for person in self.staff() if person.active}
        return tuple(
            Liaison(team, people[who], deputy_now(people[who], people, now))
            for team in self.teams()
            if team.active
            for of_team, who in pairs
            if of_team == team.id and who in people
        )

    def dormant(self, now: datetime, days: float) -> tuple[Liaison, ...]:
        """Liaisons who did nothing in any case for so many days (and whose account is older than that)."""
        before = now - timedelta(days=days)
        listed = self.liaisons(now)
        with reading(self._engine) as connection:
            seen = rows.last_seen(connection, {liaison.staff.id for liaison in listed})
            created = {row.id: row.created_at for row in connection.execute(select(staff.c.id, staff.c.created_at))}
        return tuple(
            replace(liaison, last_seen=seen.get(liaison.staff.id))
            for liaison in listed
            if seen.get(liaison.staff.id, created[liaison.staff.id]) < before
        )

    def actor(self, staff: str, via: Via, now: datetime) -> Actor:
        """The account as an actor. Raises UnknownStaffError where there is none or it is retired.

        A deputy stands in the teams of active colleagues who are away now. Their areas come along only where all the
        deputy may do by area they may do too, and their roles never: standing in gives nobody rights that neither had.
        """
        with reading(self._engine) as connection:
            person = rows.known_staff(connection, staff)
            if not person.active:
                raise UnknownStaffError(staff)
            absent = rows.stands_in_for(connection, staff, now)
            of_teams = rows.teams_of(connection, {staff} | {colleague.id for colleague in absent})
        by_area = person.roles & _BY_AREA
        lent = frozenset(area for c in absent if by_area and by_area <= c.roles for area in c.areas) - person.areas
        return Actor(person.id, person.name, person.roles, via, person.areas | lent, of_teams, lent)

    def put_team(self, team: Team, actor: Actor, now: datetime) -> None:
        """Add or replace a team. Raises NoCityTeamError if it was the last active city team and would be none."""
        with writing(self._engine) as connection:
            rows.put_team(connection, team, actor, now)

    def retire_team(self, team: str, actor: Actor, now: datetime) -> None:
        """End a team: nothing is routed to it any more. Raises UnknownTeamError, or NoCityTeamError as `put_team`."""
        with writing(self._engine) as connection:
            rows.put_team(connection, replace(rows.known_team(connection, team), active=False), actor, now)

    def put_staff(self, person: Staff, actor: Actor, now: datetime) -> None:
        """Add or replace an account. Raises UnknownStaffError for an unknown deputy, RegisterError for what no account
        can be."""
        check(person)
        with writing(self._engine) as connection:
            rows.put_staff(connection, person, actor, now)

    def set_away(
        self, staff: str, away_from: datetime | None, away_until: datetime | None, actor: Actor, now: datetime,
        *, deputy: str | None = None,
    ) -> None:  # fmt: skip
        """Note an absence (both None: back again); a deputy that is named replaces the one there was."""
        with writing(self._engine) as connection:
            person = rows.known_staff(connection, staff)
            after = replace(person, away_from=away_from, away_until=away_until, deputy=deputy or person.deputy)
            check(after)
            rows.put_staff(connection, after, actor, now)

    def retire(self, staff: str, actor: Actor, now: datetime) -> None:
        """End an account: it can act no more, and its places in teams are gone. Its events stay."""
        with writing(self._engine) as connection:
            person = rows.known_staff(connection, staff)
            for team in sorted(rows.teams_of(connection, {staff})):
                rows.leave(connection, team, staff, actor, now)
            rows.put_staff(connection, replace(person, active=False), actor, now)

    def join(
        self, team: str, staff: str, actor: Actor, now: datetime, *, lead: bool = False, liaison: bool = False
    ) -> None:
        """Put somebody into a team, or change their place in it. Raises UnknownTeamError, UnknownStaffError."""
        place = {"lead": lead, "liaison": liaison}
        with writing(self._engine) as connection:
            rows.known_team(connection, team)
            if not rows.known_staff(connection, staff).active:
                raise UnknownStaffError(staff)
            before = rows.place(connection, team, staff)
            rows.put(connection, team_members, {"team": team, "staff": staff}, place)
            rows.log(connection, "member", f"{team}/{staff}", before, place, actor, now)

    def leave(self, team: str, staff: str, actor: Actor, now: datetime) -> None:
        """Take somebody out of a team; nothing where they are not in it."""
        with writing(self._engine) as connection:
            rows.leave(connection, team, staff, actor, now)


def default_teams(path: Path = TEAMS_FILE) -> tuple[Team, ...]:
    """The teams a new register begins with. Raises RegisterError where the file is wrong."""
    try:
        with path.open("rb") as file:
            return _rows_of_teams.validate_python(tomllib.load(file)["teams"])
    except (OSError, KeyError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise RegisterError(f"{path.name}: {error}") from error

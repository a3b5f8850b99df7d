"""Teams and staff as they stand while something is done to a case: who leads, who coordinates, what they are called.

Read before the transaction begins: a second connection inside it could wait for a pool that waits for this one.
"""

from __future__ import annotations

from datetime import datetime

from intake.cases import Role
from intake.routing import Team
from intake.store.register import Member, Register, Staff


class Roster:
    def __init__(self, register: Register, *teams: str | None) -> None:
        """`teams` are those whose members will be asked for; of others they are read when they are."""
        self._register = register
        self._teams = {team.id: team for team in register.teams()}
        self._staff = {person.id: person for person in register.staff()}
        self._members = {team: register.members(team) for team in teams if team in self._teams}

    def team(self, team: str | None) -> Team | None:
        return self._teams.get(team) if team else None

    def person(self, staff: str | None) -> Staff | None:
        return self._staff.get(staff) if staff else None

    def name(self, staff: str | None) -> str:
        """How a colleague is called; their account's name where they left."""
        person = self.person(staff)
        return person.name if person and person.name else staff or ""

    def members(self, team: str | None) -> tuple[Member, ...]:
        if team is None or team not in self._teams:
            return ()
        if team not in self._members:
            self._members[team] = self._register.members(team)
        return self._members[team]

    def leads(self, team: str | None) -> tuple[str, ...]:
        """The ids of a team's leads; none where it has none."""
        return tuple(member.staff.id for member in self.members(team) if member.lead)

    def reached_by(self, staff: str | None, now: datetime) -> tuple[str, ...]:
        """Whom a notice to a colleague goes to: them, and who stands in while they are away; nobody once they left."""
        person = self.person(staff)
        if person is None or not person.active:
            return ()
        deputy = self.person(person.deputy) if person.away(now) else None
        return (person.id, deputy.id) if deputy is not None and deputy.active else (person.id,)

    def coordinators(self) -> tuple[str, ...]:
        return tuple(person.id for person in self._staff.values() if person.active and Role.COORDINATOR in person.roles)

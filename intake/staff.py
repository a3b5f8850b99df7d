"""The people of the service teams: accounts, their places in teams, and the directory of liaisons (联络员)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from intake.cases import SYSTEM, Role
from intake.routing import Team

STAFF_ROLES = frozenset(Role) - {Role.ENTERPRISE, Role.SYSTEM}


class RegisterError(Exception):
    """The register cannot be read or changed so; says why."""


class UnknownStaffError(RegisterError):
    """There is no such staff account, or it is not active any more."""

    def __init__(self, who: str) -> None:
        super().__init__(f"no active staff account {who!r}")
        self.who = who


class UnknownTeamError(RegisterError):
    """There is no such team."""

    def __init__(self, team: str) -> None:
        super().__init__(f"no team {team!r}")
        self.team = team


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff account. `areas` are codes of districts and zones (intake.cases.ALL_AREAS: the whole city).

    Away from `away_from` until `away_until` (None: open on that side; both None: here); `deputy` is a staff id.
    """

    id: str
    name: str
    roles: frozenset[Role]
    areas: frozenset[str] = frozenset()
    phone: str | None = None
    deputy: str | None = None
    away_from: datetime | None = None
    away_until: datetime | None = None
    active: bool = True

    def away(self, now: datetime) -> bool:
        """Whether they are away at that moment; the first moment counts, the last does not."""
        if self.away_from is None and self.away_until is None:
            return False
        return (self.away_from is None or self.away_from <= now) and (self.away_until is None or now < self.away_until)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in a team."""

    team: str
    staff: Staff
    lead: bool
    liaison: bool


@dataclass(frozen=True, slots=True)
class Liaison:
    """An entry of the directory. `deputy` stands in now; None while the liaison is here, or nobody does.

    `last_seen` is the liaison's last event in any case; only `dormant` looks it up.
    """

    team: Team
    staff: Staff
    deputy: Staff | None
    last_seen: datetime | None = None

    @property
    def phone(self) -> str | None:
        """Whom to ring now: the deputy while one stands in, else the liaison; the team where they have no phone."""
        return (self.deputy or self.staff).phone or self.team.phone


def check(person: Staff) -> None:
    if not person.id.strip() or person.id == SYSTEM.id:
        raise RegisterError(f"{person.id!r} cannot be the name of an account")
    if not person.roles or not person.roles <= STAFF_ROLES:
        raise RegisterError(f"{person.id}: an account needs roles among {', '.join(sorted(STAFF_ROLES))}")
    if person.deputy == person.id:
        raise RegisterError(f"{person.id}: nobody can be their own deputy")
    if person.away_from and person.away_until and person.away_from >= person.away_until:
        raise RegisterError(f"{person.id}: away until {person.away_until} is not after {person.away_from}")


def deputy_now(person: Staff, people: Mapping[str, Staff], now: datetime) -> Staff | None:
    """Who stands in for somebody now, among the active."""
    deputy = people.get(person.deputy or "")
    return deputy if deputy and person.away(now) and not deputy.away(now) else None

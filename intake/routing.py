"""Which team a case goes to: the zone's before the district's before the city's, and who knows the matter before who
does all. Pure: the teams are handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Tier = Literal["zone", "district", "city"]
TIERS: tuple[Tier, ...] = ("zone", "district", "city")
"""The three tiers of the plan, the nearest to the enterprise first (重心下移)."""


def tier_order(tier: Tier) -> int:
    """How far a tier is from the enterprise: 0 the nearest."""
    return TIERS.index(tier)


@dataclass(frozen=True, slots=True)
class Team:
    """A service team (服务团队). `area` is the code of its zone or district; "city" for a city team.

    `kinds` and `industries` are what it takes; where they are empty, everything. Among equals the lower `rank` goes
    first. `phone` is public; None where it is not known (待核对): receipts then name the general contact.
    """

    id: str
    name: str
    tier: Tier
    area: str
    kinds: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    phone: str | None = None
    rank: int = 0
    active: bool = True


class NoCityTeamError(Exception):
    """The register has no active city team, so there are cases nobody would get. Add or reactivate one."""

    def __init__(self) -> None:
        super().__init__("the register needs an active city team (tier city): cases no other team takes go to it")


def route_for(kind: str, industry: str | None, district: str | None, zone: str | None, teams: Iterable[Team]) -> Team:
    """The team for a case of that kind and industry, from that district and zone (codes; None where unknown).

    The nearest tier with a team that takes it; there, a team that names kind and industry, then one that names either,
    then a general one; then by rank, then by id. Where no team takes it (市外 too), the city's first team gets it.
    Raises NoCityTeamError where no city team is active.
    """
    active = [team for team in teams if team.active]
    city = sorted((team for team in active if team.tier == "city"), key=lambda team: (team.rank, team.id))
    if not city:
        raise NoCityTeamError
    near = {"zone": zone, "district": district}
    for tier in TIERS:
        here = [team for team in active if team.tier == tier and team.area == near.get(tier, team.area)]
        fitting = [team for team in here if _takes(team, kind, industry)]
        if fitting:
            return min(fitting, key=lambda team: (-_names(team), team.rank, team.id))
    return city[0]


def _takes(team: Team, kind: str, industry: str | None) -> bool:
    return (not team.kinds or kind in team.kinds) and (not team.industries or industry in team.industries)


def _names(team: Team) -> int:
    """How much a team that takes a case is made for it: 2 kind and industry, 1 either, 0 neither."""
    return bool(team.kinds) + bool(team.industries)

"""The service teams: what each takes, who is in it, whom to ring. All staff may look; administrators change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from bot.console.register_forms import (
    TEAM,
    Typed,
    check_stamp,
    read_chosen,
    read_name,
    read_new_id,
    read_number,
    read_one,
    read_phone,
    stamp_of,
)
from bot.console.rules import ADMINS, Routes
from bot.console.visit import Declined, Visit
from intake.cases import ALL_AREAS, Role
from intake.routing import NoCityTeamError, Team, Tier
from intake.staff import UnknownTeamError

routes = Routes()

DORMANT_DAYS = 30
"""A liaison who did nothing in any case for so long is named as dormant."""


@routes.rule("/teams")
def teams(visit: Visit) -> Response:
    register, now = visit.desk.parts.needs.register, visit.desk.parts.clock.now()
    retired = bool(visit.asked("retired"))
    shown = [team for team in register.teams() if team.active or retired]
    liaisons: dict[str, list[Any]] = {}
    for liaison in register.liaisons(now):
        liaisons.setdefault(liaison.team.id, []).append(liaison)
    context: dict[str, Any] = {
        "shown": shown,
        "sizes": {team.id: len(register.members(team.id)) for team in shown},
        "liaisons": liaisons,
        "dormant": {(found.team.id, found.staff.id) for found in register.dormant(now, DORMANT_DAYS)},
        "retired": retired,
        "labels": visit.desk.labels(visit.request),
        "editable": visit.who.has(Role.ADMIN),
    }
    return visit.page("teams.html", **context)


@routes.rule("/teams/new", roles=ADMINS)
def new_team(visit: Visit) -> Response:
    return _new_page(visit, Typed(_values(Team("", "", "district", ""))))


@routes.rule("/teams/new", "POST", roles=ADMINS)
def add_team(visit: Visit) -> Response:
    register, typed = visit.desk.parts.needs.register, Typed()
    name = read_new_id(visit, typed, "team", TEAM, (team.id for team in register.teams()))
    team = _read(visit, typed, Team(name, "", "district", ""))
    if typed.errors:
        return _new_page(visit, typed)
    register.put_team(team, visit.who.actor, visit.desk.parts.clock.now())
    return visit.go(f"/teams/{team.id}", "team_added")


@routes.rule("/teams/{team}")
def one_team(visit: Visit) -> Response:
    return _page(visit, _team(visit))


@routes.rule("/teams/{team}", "POST", roles=ADMINS)
def change_team(visit: Visit) -> Response:
    team, typed = _team(visit), Typed()
    check_stamp(visit, team)
    after = _read(visit, typed, team)
    if typed.errors:
        return _page(visit, team, typed, status=422)
    _put(visit, after)
    return visit.go(f"/teams/{team.id}", "saved")


@routes.rule("/teams/{team}/retire", "POST", roles=ADMINS)
def retire_team(visit: Visit) -> Response:
    """Nothing is routed to it any more. What it has in hand stays with it."""
    team = _team(visit)
    _put(visit, replace(team, active=False))
    return visit.go(f"/teams/{team.id}", "team_retired")


@routes.rule("/teams/{team}/return", "POST", roles=ADMINS)
def take_team_back(visit: Visit) -> Response:
    team = _team(visit)
    _put(visit, replace(team, active=True))
    return visit.go(f"/teams/{team.id}", "saved")


@routes.rule("/teams/{team}/member", "POST", roles=ADMINS, reauth=True)
def change_member(visit: Visit) -> Response:
    """As on the page of an account: join, lead, be its liaison, leave."""
    team, register, now = _team(visit), visit.desk.parts.needs.register, visit.desk.parts.clock.now()
    account = visit.line("account")
    if account not in {person.id for person in register.staff() if person.active}:
        raise Declined(422, "not_listed")
    if visit.ticked("leave"):
        register.leave(team.id, account, visit.who.actor, now)
    else:
        lead, liaison = visit.ticked("lead"), visit.ticked("liaison")
        register.join(team.id, account, visit.who.actor, now, lead=lead, liaison=liaison)
    return visit.go(f"/teams/{team.id}", "saved")


def _team(visit: Visit) -> Team:
    try:
        return visit.desk.parts.needs.register.team(visit.path("team"))
    except UnknownTeamError as error:
        raise Declined(404, "not_found") from error


def _put(visit: Visit, team: Team) -> None:
    try:
        visit.desk.parts.needs.register.put_team(team, visit.who.actor, visit.desk.parts.clock.now())
    except NoCityTeamError as error:
        raise Declined(422, "last_city_team") from error


def _read(visit: Visit, typed: Typed, before: Team) -> Team:
    labels = visit.desk.labels(visit.request)
    name, phone = read_name(visit, typed), read_phone(visit, typed)
    area = read_one(visit, typed, "area", labels.areas(), required=True) or before.area
    kinds = read_chosen(visit, typed, "kinds", labels.kinds())
    industries = read_chosen(visit, typed, "industries", labels.industries())
    rank = read_number(visit, typed, "rank", -999, 999)
    seat = _tier(visit, area)
    return replace(before, name=name, tier=seat, area=area, kinds=kinds, industries=industries, phone=phone, rank=rank)


def _tier(visit: Visit, area: str) -> Tier:
    if area == ALL_AREAS:
        return "city"
    zones = {zone.code for zone in visit.desk.parts.needs.reference.zones}
    return "zone" if area in zones else "district"


def _page(visit: Visit, team: Team, typed: Typed | None = None, *, status: int = 200) -> Response:
    desk, register = visit.desk, visit.desk.parts.needs.register
    members = register.members(team.id)
    inside = {member.staff.id for member in members}
    outside = [person for person in register.staff() if person.active and person.id not in inside]
    context: dict[str, Any] = {
        "team": team,
        "typed": (typed or Typed()).over(_values(team)),
        "stamp": stamp_of(team),
        "members": members,
        "others": [(person.id, f"{person.name}（{person.id}）") for person in outside],
        "changes": visit.desk.changes(visit.request, "team", team.id),
        "labels": desk.labels(visit.request),
        "now": desk.parts.clock.now(),
        "editable": visit.who.has(Role.ADMIN),
    }
    return visit.page("team_one.html", status=status, **context)


def _new_page(visit: Visit, typed: Typed) -> Response:
    status = 422 if typed.errors else 200
    return visit.page("team_new.html", status=status, typed=typed, labels=visit.desk.labels(visit.request))


def _values(team: Team) -> dict[str, Any]:
    return {
        "team": team.id,
        "name": team.name,
        "area": team.area,
        "kinds": team.kinds,
        "industries": team.industries,
        "phone": team.phone or "",
        "rank": str(team.rank),
    }

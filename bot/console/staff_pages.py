"""The register of staff: accounts with their roles, areas, telephone and absences. Administrators change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from bot.console.register_forms import (
    ACCOUNT,
    Typed,
    check_stamp,
    day_after,
    midnight,
    read_chosen,
    read_day,
    read_name,
    read_new_id,
    read_one,
    read_phone,
    stamp_of,
)
from bot.console.rights import keep_an_admin
from bot.console.rules import ADMINS, OVERSEERS, Routes
from bot.console.store.credentials import Credential
from bot.console.visit import Declined, Visit
from intake.cases import Role
from intake.staff import Member, Staff, UnknownStaffError

routes = Routes()


@dataclass(frozen=True, slots=True)
class Row:
    """An account as the list shows it."""

    person: Staff
    teams: list[str]
    credential: Credential | None
    last_in: datetime | None
    away: bool


@routes.rule("/staff", roles=OVERSEERS)
def staff(visit: Visit) -> Response:
    desk, register = visit.desk, visit.desk.parts.needs.register
    now, labels = desk.parts.clock.now(), desk.labels(visit.request)
    names, places = {team.id: team.name for team in register.teams()}, _places(visit)
    able, last = desk.signing_in.credentials.all(), desk.signing_in.log.last_in()
    rows = [
        Row(
            person,
            [names[member.team] for member in places.get(person.id, [])],
            able.get(person.id),
            last.get(person.id),
            person.away(now),
        )
        for person in register.staff()
    ]
    asked = {name: visit.asked(name) for name in ("q", "role")} | {"retired": bool(visit.asked("retired"))}
    shown = [row for row in rows if _wanted(row, asked)]
    return visit.page("staff.html", rows=shown, total=len(rows), asked=asked, labels=labels, now=now)


@routes.rule("/staff/new", roles=ADMINS)
def new_staff(visit: Visit) -> Response:
    return _new_page(visit, Typed({"account": "", "name": "", "phone": "", "roles": frozenset(), "areas": frozenset()}))


@routes.rule("/staff/new", "POST", roles=ADMINS, reauth=True)
def add_staff(visit: Visit) -> Response:
    register, typed = visit.desk.parts.needs.register, Typed()
    account = read_new_id(visit, typed, "account", ACCOUNT, (person.id for person in register.staff()))
    person = _read(visit, typed, Staff(account, "", frozenset()))
    if typed.errors:
        return _new_page(visit, typed)
    register.put_staff(person, visit.who.actor, visit.desk.parts.clock.now())
    return visit.go(f"/staff/{person.id}", "staff_added")


@routes.rule("/staff/{account}", roles=OVERSEERS)
def one_staff(visit: Visit) -> Response:
    return person_page(visit, person_of(visit))


@routes.rule("/staff/{account}", "POST", roles=ADMINS, reauth=True)
def change_staff(visit: Visit) -> Response:
    person, typed = person_of(visit), Typed()
    check_stamp(visit, person)
    after = _read(visit, typed, person)
    if typed.errors:
        return person_page(visit, person, typed, status=422)
    with visit.desk.rights:
        if Role.ADMIN not in after.roles:
            keep_an_admin(visit.desk, person)
        visit.desk.parts.needs.register.put_staff(after, visit.who.actor, visit.desk.parts.clock.now())
    return visit.go(f"/staff/{person.id}", "saved")


@routes.rule("/staff/{account}/away", "POST", roles=ADMINS, reauth=True)
def change_away(visit: Visit) -> Response:
    """An absence by days, the last one included; without days somebody is here. A deputy gets rights by it."""
    person, typed, register = person_of(visit), Typed(), visit.desk.parts.needs.register
    check_stamp(visit, person)
    first, last = read_day(visit, typed, "away_from"), read_day(visit, typed, "away_until")
    deputy = read_one(visit, typed, "deputy", deputies(visit, person))
    if first and last and last < first:
        typed.wrong("away_until", "away_order")
    if typed.errors:
        return person_page(visit, person, typed, status=422)
    after = replace(
        person,
        away_from=midnight(first) if first else None,
        away_until=day_after(last) if last else None,
        deputy=deputy,
    )
    register.put_staff(after, visit.who.actor, visit.desk.parts.clock.now())
    return visit.go(f"/staff/{person.id}", "saved")


@routes.rule("/staff/{account}/team", "POST", roles=ADMINS, reauth=True)
def change_place(visit: Visit) -> Response:
    """Put somebody into a team, change their place in it, or take them out: it decides whose cases they see."""
    person, register = person_of(visit), visit.desk.parts.needs.register
    team, now = visit.line("team"), visit.desk.parts.clock.now()
    if team not in {known.id for known in register.teams()} or not person.active:
        raise Declined(422, "not_listed")
    if visit.ticked("leave"):
        register.leave(team, person.id, visit.who.actor, now)
    else:
        register.join(team, person.id, visit.who.actor, now, lead=visit.ticked("lead"), liaison=visit.ticked("liaison"))
    return visit.go(f"/staff/{person.id}", "saved")


def person_of(visit: Visit) -> Staff:
    """The account in the address. Declines with 404 where there is none."""
    try:
        return visit.desk.parts.needs.register.person(visit.path("account"))
    except UnknownStaffError as error:
        raise Declined(404, "not_found") from error


def person_page(visit: Visit, person: Staff, typed: Typed | None = None, *, status: int = 200, **more: Any) -> Response:
    desk, register = visit.desk, visit.desk.parts.needs.register
    teams = [team for team in register.teams() if team.active]
    mine = _places(visit).get(person.id, [])
    context = {
        "person": person,
        "typed": (typed or Typed()).over(_values(person)),
        "stamp": stamp_of(person),
        "places": mine,
        "team_names": {team.id: team.name for team in register.teams()},
        "other_teams": [(t.id, t.name) for t in teams if t.id not in {member.team for member in mine}],
        "deputies": deputies(visit, person),
        "credential": desk.signing_in.credentials.of(person.id),
        "sign_ins": desk.signing_in.log.entries(staff=person.id, limit=8)[0],
        "changes": visit.desk.changes(visit.request, "staff", person.id),
        "labels": desk.labels(visit.request),
        "away": person.away(desk.parts.clock.now()),
        "editable": visit.who.has(Role.ADMIN),
        "once": None,
    }
    return visit.page("staff_one.html", status=status, **{**context, **more})


def deputies(visit: Visit, person: Staff) -> list[tuple[str, str]]:
    """Who could stand in: active colleagues."""
    colleagues = visit.desk.parts.needs.register.staff()
    return [(other.id, f"{other.name}（{other.id}）") for other in colleagues if other.active and other.id != person.id]


def _read(visit: Visit, typed: Typed, before: Staff) -> Staff:
    labels = visit.desk.labels(visit.request)
    name, phone = read_name(visit, typed), read_phone(visit, typed)
    roles = read_chosen(visit, typed, "roles", labels.roles(), least=1)
    areas = read_chosen(visit, typed, "areas", labels.areas())
    return replace(before, name=name, phone=phone, roles=frozenset(Role(role) for role in roles), areas=areas)


def _new_page(visit: Visit, typed: Typed) -> Response:
    status = 422 if typed.errors else 200
    return visit.page("staff_new.html", status=status, typed=typed, labels=visit.desk.labels(visit.request))


def _values(person: Staff) -> dict[str, Any]:
    """What stands in the form before anything is typed. The last day of an absence is the one before it ends."""
    last = person.away_until - timedelta(microseconds=1) if person.away_until else None
    return {
        "name": person.name,
        "phone": person.phone or "",
        "roles": person.roles,
        "areas": person.areas,
        "away_from": person.away_from,
        "away_until": last,
        "deputy": person.deputy or "",
    }


def _places(visit: Visit) -> dict[str, list[Member]]:
    """Account → its places in teams."""
    register, places = visit.desk.parts.needs.register, dict[str, list[Member]]()
    for team in register.teams():
        for member in register.members(team.id):
            places.setdefault(member.staff.id, []).append(member)
    return places


def _wanted(row: Row, asked: dict[str, Any]) -> bool:
    if not row.person.active and not asked["retired"]:
        return False
    if asked["role"] and asked["role"] not in row.person.roles:
        return False
    said = " ".join((row.person.id, row.person.name, row.person.phone or "", *row.teams)).casefold()
    return all(word in said for word in asked["q"].casefold().split())

"""`staff …`: who works in the service teams, what they may do, where, and who stands in. Admins change it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.clock import SHANGHAI
from bot.commands.desk import clean
from bot.commands.faults import CommandError
from bot.commands.register import ADMINS, Registers, absence, area_names, area_of, name_of, opened, phone_of
from bot.needs import Needs
from intake.cases import SYSTEM, Role
from intake.staff import STAFF_ROLES, Staff, UnknownStaffError

_ACCOUNT = re.compile(r"[a-z][a-z0-9_.-]{1,30}")


def staff_list(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        places = _places(registers.needs)
        shown = [person for person in registers.needs.register.staff() if person.active or options.all]
        registers.table("staff", (_staff_row(registers, person, places) for person in shown), "none.staff")
    return 0


def staff_add(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        first = not registers.needs.register.staff()
        roles = _roles(registers, options.roles)
        if first and Role.ADMIN not in roles:
            raise CommandError(registers.say("error.first_admin"))
        if not first and not options.account:
            raise CommandError(registers.say("error.as"))
        actor = SYSTEM if first else registers.actor(options, ADMINS)
        person = Staff(
            _new_account(registers, options.who),
            name_of(registers, options.name),
            roles,
            _areas(registers, options.areas),
            phone_of(registers, options.phone),
        )
        registers.needs.register.put_staff(person, actor, registers.now)
        registers.tell("done.first_admin" if first else "done.staff_added", account=person.id, name=person.name)
    return 0


def staff_role(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, person = registers.actor(options, ADMINS), registers.needs.register.person(options.who)
        roles = _roles(registers, options.roles)
        if Role.ADMIN not in roles:
            _keep_an_admin(registers, person)
        registers.needs.register.put_staff(replace(person, roles=roles), actor, registers.now)
        registers.tell("done.roles", account=person.id, roles=_role_names(registers, roles))
    return 0


def staff_area(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, person = registers.actor(options, ADMINS), registers.needs.register.person(options.who)
        areas = _areas(registers, options.areas)
        registers.needs.register.put_staff(replace(person, areas=areas), actor, registers.now)
        registers.tell("done.areas", account=person.id, areas=area_names(registers, areas))
    return 0


def staff_team(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, register = registers.actor(options, ADMINS), registers.needs.register
        team, person = register.team(options.team), register.person(options.who)
        if options.leave:
            register.leave(team.id, person.id, actor, registers.now)
            registers.tell("done.left", account=person.id, team=team.name)
            return 0
        register.join(team.id, person.id, actor, registers.now, lead=options.lead, liaison=options.liaison)
        registers.tell("done.joined", account=person.id, team=team.name)
    return 0


def staff_away(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, register = registers.actor(options, ADMINS), registers.needs.register
        if options.back:
            register.set_away(options.who, None, None, actor, registers.now)
            registers.tell("done.back", account=options.who)
            return 0
        today = registers.now.astimezone(SHANGHAI).date()
        begins = _day(registers, options.away_from) or today
        ends = _day(registers, options.away_until)
        if ends is not None and ends < begins:
            raise CommandError(registers.say("error.away_order"))
        until = _midnight(ends + timedelta(days=1)) if ends else None
        register.set_away(options.who, _midnight(begins), until, actor, registers.now, deputy=_deputy(options))
        deputy = register.person(options.who).deputy or registers.say("nobody")
        shown = ends.isoformat() if ends else registers.say("open_end")
        registers.tell("done.away", account=options.who, begins=begins, ends=shown, deputy=deputy)
    return 0


def staff_deputy(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, person = registers.actor(options, ADMINS), registers.needs.register.person(options.who)
        deputy = _deputy(options)
        if deputy and not registers.needs.register.person(deputy).active:
            raise UnknownStaffError(deputy)
        registers.needs.register.put_staff(replace(person, deputy=deputy), actor, registers.now)
        registers.tell("done.deputy", account=person.id, deputy=deputy or registers.say("nobody"))
    return 0


def staff_retire(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, person = registers.actor(options, ADMINS), registers.needs.register.person(options.who)
        _keep_an_admin(registers, person)
        registers.needs.register.retire(person.id, actor, registers.now)
        registers.tell("done.staff_retired", account=person.id)
    return 0


def _staff_row(registers: Registers, person: Staff, places: dict[str, list[str]]) -> tuple[str, ...]:
    return (
        person.id,
        person.name,
        _role_names(registers, person.roles),
        area_names(registers, person.areas),
        registers.say("separator").join(places.get(person.id, [])),
        person.phone or "",
        absence(registers, person),
        registers.say("yes" if person.active else "no"),
    )


def _places(needs: Needs) -> dict[str, list[str]]:
    """Account → the names of its teams."""
    places: dict[str, list[str]] = {}
    for team in needs.register.teams():
        for member in needs.register.members(team.id):
            places.setdefault(member.staff.id, []).append(team.name)
    return places


def _keep_an_admin(registers: Registers, leaving: Staff) -> None:
    """CommandError where nobody could change the registers any more."""
    others = (person for person in registers.needs.register.staff() if person.id != leaving.id)
    if Role.ADMIN in leaving.roles and not any(person.active and Role.ADMIN in person.roles for person in others):
        raise CommandError(registers.say("error.last_admin"))


def _new_account(registers: Registers, typed: str) -> str:
    if not _ACCOUNT.fullmatch(typed) or typed == SYSTEM.id:
        raise CommandError(registers.say("error.account", typed=clean(typed)[:40]))
    if any(person.id == typed for person in registers.needs.register.staff()):
        raise CommandError(registers.say("error.account_taken", account=typed))
    return typed


def _roles(registers: Registers, typed: Iterable[str]) -> frozenset[Role]:
    by_word = {registers.say(f"role.{role}"): role for role in STAFF_ROLES} | {str(role): role for role in STAFF_ROLES}
    unknown = [word for word in typed if word not in by_word]
    if unknown:
        listed = registers.say("separator").join(
            f"{role}（{registers.say(f'role.{role}')}）" for role in sorted(STAFF_ROLES)
        )
        raise CommandError(registers.say("error.unknown_role", typed=clean(unknown[0])[:40], listed=listed))
    return frozenset(by_word[word] for word in typed)


def _role_names(registers: Registers, roles: Iterable[Role]) -> str:
    return registers.say("separator").join(registers.say(f"role.{role}") for role in sorted(roles))


def _areas(registers: Registers, typed: Iterable[str]) -> frozenset[str]:
    return frozenset(area_of(registers, word) for word in typed)


def _deputy(options: argparse.Namespace) -> str | None:
    deputy = options.deputy
    return str(deputy) if deputy else None


def _day(registers: Registers, typed: str | None) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as fault:
        raise CommandError(registers.say("error.day", typed=clean(typed or "")[:40])) from fault


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)

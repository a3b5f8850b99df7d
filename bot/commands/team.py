"""`team …`: the service teams, who is in them, and the directory of liaisons (联络员). Admins change it."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import Any

from bot.clock import SHANGHAI
from bot.commands.desk import clean
from bot.commands.faults import CommandError
from bot.commands.register import ADMINS, Registers, absence, area_names, area_of, name_of, opened, phone_of
from intake.cases import ALL_AREAS
from intake.routing import Team, Tier

_TEAM = re.compile(r"[a-z0-9][a-z0-9_-]{1,30}")
_ALL = "-"


def team_list(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        shown = [team for team in registers.needs.register.teams() if team.active or options.all]
        registers.table("teams", (_team_row(registers, team) for team in shown), "none.teams")
    return 0


def team_add(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor = registers.actor(options, ADMINS)
        if not _TEAM.fullmatch(options.team):
            raise CommandError(registers.say("error.account", typed=clean(options.team)[:40]))
        if any(team.id == options.team for team in registers.needs.register.teams()):
            raise CommandError(registers.say("error.team_taken", team=options.team))
        tier, area = _seat(registers, options.area)
        team = _with_fields(registers, Team(options.team, name_of(registers, options.name), tier, area), options)
        registers.needs.register.put_team(team, actor, registers.now)
        registers.tell("done.team_added", team=team.id, name=team.name)
    return 0


def team_edit(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, team = registers.actor(options, ADMINS), registers.needs.register.team(options.team)
        if options.name is not None:
            team = replace(team, name=name_of(registers, options.name))
        if options.area is not None:
            tier, area = _seat(registers, options.area)
            team = replace(team, tier=tier, area=area)
        team = _with_fields(registers, replace(team, active=team.active or options.active), options)
        registers.needs.register.put_team(team, actor, registers.now)
        registers.tell("done.team_changed", team=team.id, name=team.name)
    return 0


def team_retire(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor = registers.actor(options, ADMINS)
        registers.needs.register.retire_team(options.team, actor, registers.now)
        registers.tell("done.team_retired", team=options.team)
    return 0


def team_members(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        team = registers.needs.register.team(options.team)
        rows = (
            (
                member.staff.id,
                member.staff.name,
                registers.say("yes" if member.lead else "no"),
                registers.say("yes" if member.liaison else "no"),
                member.staff.phone or "",
                absence(registers, member.staff),
            )
            for member in registers.needs.register.members(team.id)
        )
        registers.table("members", rows, "none.members")
    return 0


def team_liaisons(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        register = registers.needs.register
        dormant = options.dormant is not None
        found = register.dormant(registers.now, options.dormant) if dormant else register.liaisons(registers.now)
        rows = (
            (
                liaison.team.name,
                liaison.staff.name,
                liaison.deputy.name if liaison.deputy else "",
                liaison.phone or "",
                f"{liaison.last_seen.astimezone(SHANGHAI):%Y-%m-%d}" if liaison.last_seen else "",
            )
            for liaison in found
        )
        registers.table("liaisons", rows, "none.dormant" if dormant else "none.liaisons")
    return 0


def _team_row(registers: Registers, team: Team) -> tuple[str, ...]:
    forms = registers.needs.formbook.forms
    kinds = (forms[kind].label if kind in forms else kind for kind in sorted(team.kinds))
    industries = (registers.words.label("industries", code) for code in sorted(team.industries))
    everything = registers.say("everything")
    return (
        team.id,
        team.name,
        registers.say(f"tier.{team.tier}"),
        area_names(registers, [team.area]),
        registers.say("separator").join(kinds) or everything,
        registers.say("separator").join(industries) or everything,
        team.phone or registers.say("to_verify"),
        registers.say("yes" if team.active else "no"),
    )


def _seat(registers: Registers, typed: str) -> tuple[Tier, str]:
    """The tier and area of a team that sits there."""
    area = area_of(registers, typed)
    if area == ALL_AREAS:
        return "city", area
    zones = {zone.code for zone in registers.needs.reference.zones}
    return ("zone" if area in zones else "district"), area


def _with_fields(registers: Registers, team: Team, options: argparse.Namespace) -> Team:
    changes: dict[str, Any] = {}
    if options.kinds is not None:
        changes["kinds"] = frozenset(_kind(registers, word) for word in options.kinds if word != _ALL)
    if options.industries is not None:
        changes["industries"] = frozenset(registers.code("industries", w) for w in options.industries if w != _ALL)
    if options.phone is not None:
        changes["phone"] = phone_of(registers, options.phone)
    if options.rank is not None:
        changes["rank"] = options.rank
    return replace(team, **changes)


def _kind(registers: Registers, typed: str) -> str:
    forms = registers.needs.formbook.forms
    for kind, form in forms.items():
        if typed in (kind, form.label):
            return kind
    listed = registers.say("separator").join(f"{kind}（{form.label}）" for kind, form in forms.items())
    raise CommandError(registers.say("error.unknown_kind", typed=clean(typed)[:40], listed=listed))

"""Who is told what of a move: the table's decisions ("owner:accepted") made into notices to accounts, staff, teams.

Every body holds `reference`, `kind` and `priority` of the case, its `state`, and `seq`, the number of the event it
tells of (whose words, if it has any, are read from the history). The owner's holds `team` and `phone`, too, and:

    accepted, routed, reopened: final_due (a day; missing where there is none)   need_info: steps, labels, due
    need_info_reminder: due   docking: count, or why ("response", "expired")     published: ref, url, expires
    answered: outcome, due    extended: final_due, before                        rejected: reason
    message, taken_over, handed_back: nothing more
    merged: into, source      rekinded: from_kind                                closed: outcome, timeout (true, false)

Days are ISO, in Shanghai. Personal values and free words are in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from intake.cases import Actor, Case, Telling
from intake.handling.roster import Roster
from intake.worktime import SHANGHAI

Target = tuple[Literal["owner", "staff", "team"], str]
NOBODY = ("none",)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a notice tells of: the case before and after, the number of the event, who did it when, and who had sent
    the case here (a staff id), where somebody is told of that."""

    before: Case
    after: Case
    seq: int
    actor: Actor
    at: datetime
    router: str | None = None


def tellings(decided: Iterable[str], occasion: Occasion, roster: Roster, body: Mapping[str, Any]) -> list[Telling]:
    """The notices of these decisions, each receiver once a kind. Nobody is told of what they did themselves."""
    case = occasion.after
    common = _body(occasion) | dict(body)
    told: dict[str, Telling] = {}
    for decision in decided:
        who, _, kind = decision.partition(":")
        for to, target in _targets(who, occasion, roster):
            if to == "staff" and target == occasion.actor.id:
                continue
            key = f"{case.id}:{occasion.seq}:{kind}" + ("" if to == "owner" else f":{to}:{target}")
            extra = of_team(case, roster) if to == "owner" else {}
            told.setdefault(key, Telling(key, to, target, kind, case.id, extra | common))
    return list(told.values())


def day(moment: datetime) -> str:
    """The date in Shanghai, as bodies hold it."""
    return moment.astimezone(SHANGHAI).date().isoformat()


def promised(case: Case) -> dict[str, str]:
    """The final date last announced, for a body."""
    final = case.announced.get("final")
    return {"final_due": day_of(final)} if final else {}


def day_of(moment: str) -> str:
    """The same of a moment in ISO, as `announced` holds it."""
    return day(datetime.fromisoformat(moment))


def of_team(case: Case, roster: Roster) -> dict[str, Any]:
    """The name and the telephone of the team that has it; empty where none has, or has none."""
    team = roster.team(case.team)
    return {"team": team.name if team else "", "phone": team.phone or "" if team else ""}


def _body(occasion: Occasion) -> dict[str, Any]:
    case = occasion.after
    return {
        "reference": case.reference, "kind": case.kind, "priority": case.priority, "state": str(case.state),
        "seq": occasion.seq,
    }  # fmt: skip


def _targets(who: str, occasion: Occasion, roster: Roster) -> Iterator[Target]:
    case = occasion.after
    match who:
        case "owner":
            if not case.erased:
                yield "owner", case.account
        case "team":
            yield from _handlers(None, occasion, roster)
        case "old_team":
            yield from _team(occasion.before.team if occasion.before.team != case.team else None)
        case "assignee":
            yield from _handlers(case.assignee, occasion, roster)
        case "router":
            yield from _handlers(occasion.router, occasion, roster)
        case "lead":
            leads = roster.leads(case.team)
            yield from (("staff", who) for lead in leads for who in roster.reached_by(lead, occasion.at))
            if not leads:
                yield from _handlers(None, occasion, roster)
        case "coordinator":
            yield from (("staff", staff) for staff in roster.coordinators())


def _team(team: str | None) -> Iterator[Target]:
    if team is not None:
        yield "team", team


def _handlers(staff: str | None, occasion: Occasion, roster: Roster) -> Iterator[Target]:
    """Whoever has it in hand: the one, else the case's team, else the coordinators."""
    reached = roster.reached_by(staff, occasion.at)
    if not reached and occasion.after.team is not None:
        yield "team", occasion.after.team
        return
    yield from (("staff", person) for person in reached or roster.coordinators())

"""Who gets what: the routing table as the register makes it, and a place to try it (intake.routing decides)."""

from __future__ import annotations

from starlette.responses import Response

from bot.console.labels import Choices
from bot.console.rules import Routes
from bot.console.visit import Visit
from intake.routing import NoCityTeamError, Team, route_for

routes = Routes()


@routes.rule("/routing")
def routing(visit: Visit) -> Response:
    register, labels = visit.desk.parts.needs.register, visit.desk.labels(visit.request)
    lists = {
        "kind": labels.kinds(),
        "industry": labels.industries(),
        "district": labels.districts(),
        "zone": labels.zones(),
    }
    asked = {name: _listed(visit.asked(name), choices) for name, choices in lists.items()}
    teams = register.teams()
    found = _found(asked, teams) if asked["kind"] else None
    why = _why(found, asked) if found else ""
    active = [team for team in teams if team.active]
    return visit.page("routing.html", found=found, why=why, teams=active, lists=lists, asked=asked, labels=labels)


def _listed(value: str, choices: Choices) -> str:
    return value if value in {code for code, _ in choices} else ""


def _found(asked: dict[str, str], teams: tuple[Team, ...]) -> Team | None:
    given = {name: value or None for name, value in asked.items()}
    try:
        return route_for(asked["kind"], given["industry"], given["district"], given["zone"], teams)
    except NoCityTeamError:
        return None


def _why(team: Team, asked: dict[str, str]) -> str:
    """Which rule decided, as a key of `routing.why.<key>`."""
    if team.tier != "city":
        return f"{team.tier}_named" if team.kinds or team.industries else team.tier
    return "city_outside" if not (asked["district"] or asked["zone"]) else "city_otherwise"

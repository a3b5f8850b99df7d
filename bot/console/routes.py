"""Start here: the parts of the console, each with its routes. A new part is a line in PARTS."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.console import (
    calendar_pages,
    case_docking,
    case_entry,
    case_outlining,
    case_pages,
    case_templates,
    change_pages,
    corpus_pages,
    corpus_releases,
    corpus_unanswered,
    draft_list,
    draft_moves,
    draft_page,
    exchange_pages,
    exchange_sheets,
    home_pages,
    kept_form,
    kept_pages,
    log_pages,
    me_pages,
    numbers_pages,
    publish_pages,
    queue_pages,
    routing_pages,
    sign_in_pages,
    source_pages,
    staff_access_pages,
    staff_pages,
    target_pages,
    team_pages,
    wanted_pages,
    why_page,
)
from bot.console.desk import Desk, make_desk
from bot.console.guard import guarded
from bot.console.parts import ConsoleParts
from bot.console.rules import PREFIX, STAFF, Routes, Rule
from bot.console.visit import Declined

PARTS: tuple[Routes, ...] = (
    home_pages.routes,
    sign_in_pages.routes,
    me_pages.routes,
    queue_pages.routes,
    case_pages.routes,
    case_docking.routes,
    case_outlining.routes,
    case_templates.routes,
    case_entry.routes,
    exchange_pages.routes,
    exchange_sheets.routes,
    corpus_pages.routes,
    corpus_releases.routes,
    source_pages.routes,
    draft_list.routes,
    draft_page.routes,
    draft_moves.routes,
    publish_pages.routes,
    change_pages.routes,
    wanted_pages.routes,
    corpus_unanswered.routes,
    kept_form.routes,
    kept_pages.routes,
    why_page.routes,
    staff_pages.routes,
    staff_access_pages.routes,
    team_pages.routes,
    routing_pages.routes,
    calendar_pages.routes,
    numbers_pages.routes,
    target_pages.routes,
    log_pages.routes,
)


def console_routes(parts: ConsoleParts) -> list[Route]:
    """Every route under /console, each behind its rule; the last answers all that is left, whatever the method.

    Put them before the app's other routes: then nothing else can be reached under /console.
    """
    desk = make_desk(parts)
    declared = [route for part in PARTS for route in served(part, desk)]
    return [*declared, Route(f"{PREFIX}/{{rest:path}}", Elsewhere(desk))]


class Elsewhere:
    """Nothing is here: 404, as for what somebody may not see."""

    console_rule = Rule(f"{PREFIX}/{{rest:path}}", "GET", STAFF, anonymous=True)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._desk.declined(Request(scope), None, Declined(404, "not_found"))
        await response(scope, receive, send)


def served(part: Routes, desk: Desk) -> list[Route]:
    """The routes of a part, each handler behind its rule."""
    return [
        Route(rule.path, guarded(desk, rule, handler), methods=[rule.method], name=handler.__name__)
        for rule, handler in part.declared
    ]

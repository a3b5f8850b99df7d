"""The button of a case's page that has a language model draft an outline: only when pressed, never by itself."""

from __future__ import annotations

from starlette.responses import Response

from bot.console.case_facts import words_of
from bot.console.case_outline import why_not
from bot.console.case_pages import case_of, drawn
from bot.console.rules import CASEWORK, Routes
from bot.console.visit import Visit
from bot.outlining import NotMade

routes = Routes()


@routes.rule("/cases/{reference}/outline", "POST", roles=CASEWORK)
def outline(visit: Visit) -> Response:
    """Where nothing comes of it the page says why, and is otherwise as it was."""
    case = case_of(visit)
    made = visit.desk.parts.outlining.make(visit.who.actor, case)
    if isinstance(made, NotMade):
        return drawn(visit, case_of(visit), refused=why_not(made, words_of(visit).lang), status=422)
    return visit.go(f"/cases/{case.reference}", "case_outline")

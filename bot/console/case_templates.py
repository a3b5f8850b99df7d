"""Ready-made replies (回复模板): everybody inserts them, leads and coordinators write them."""

from __future__ import annotations

from starlette.responses import Response

from bot.console.rules import CASEWORK, Routes
from bot.console.store.reply_templates import ReplyTemplate, ReplyTemplates
from bot.console.visit import Declined, Visit
from intake.cases import Role

routes = Routes()

WRITERS = frozenset({Role.LEAD, Role.COORDINATOR})
LONGEST = 2000


@routes.rule("/templates", roles=CASEWORK)
def listed(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/templates", "POST", roles=WRITERS)
def keep(visit: Visit) -> Response:
    """Add one, or change the one that is named."""
    name, kind, body = visit.line("name", 60), visit.line("kind"), visit.text("body", LONGEST)
    if kind not in visit.desk.parts.needs.formbook.forms:
        kind = ""
    if not name or not body:
        return _page(visit, refused=True, status=422)
    number = _number(visit) if visit.line("id") else None
    now = visit.desk.parts.clock.now()
    _templates(visit).keep(number, name, kind, body, visit.who.actor.id, now)
    return visit.go("/templates", "template_kept")


@routes.rule("/templates/drop", "POST", roles=WRITERS)
def drop(visit: Visit) -> Response:
    _templates(visit).drop(_number(visit))
    return visit.go("/templates", "template_dropped")


def _page(visit: Visit, *, refused: bool = False, status: int = 200) -> Response:
    found: list[ReplyTemplate] = _templates(visit).all()
    register = visit.desk.parts.needs.register
    return visit.page(
        "templates.html",
        status=status,
        found=found,
        kinds=visit.desk.labels(visit.request).kinds(),
        names={person.id: person.name for person in register.staff()},
        kind_names=dict(visit.desk.labels(visit.request).kinds()),
        writes=visit.who.has(*WRITERS),
        refused=refused,
        typed={"name": visit.line("name", 60), "body": visit.text("body", LONGEST), "kind": visit.line("kind")},
    )


def _number(visit: Visit) -> int:
    typed = visit.line("id")
    if not typed.isdecimal() or len(typed) > 9 or _templates(visit).get(int(typed)) is None:
        raise Declined(404, "not_found")
    return int(typed)


def _templates(visit: Visit) -> ReplyTemplates:
    return ReplyTemplates(visit.desk.parts.engine)

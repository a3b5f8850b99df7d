"""What administrators and auditors read: the history of the registers, and the journal of sign-ins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.console.rules import OVERSEERS, Routes
from bot.console.shown_changes import shown
from bot.console.store.sign_ins import Outcome
from bot.console.visit import Visit
from intake.store.register_history import Changes

routes = Routes()

PER_PAGE = 50
GROUPS = {
    "failed": (Outcome.WRONG, Outcome.CODE_WRONG, Outcome.REENTRY_WRONG, Outcome.LOCKED, Outcome.DISABLED,
               Outcome.STALE, Outcome.CHECKING),
    "in": (Outcome.IN, Outcome.PASSWORD_RIGHT, Outcome.REENTERED, Outcome.OUT),
    "changed": (Outcome.PASSWORD_CHANGED, Outcome.PASSWORD_RESET, Outcome.CODE_SET, Outcome.CODE_REMOVED),
}  # fmt: skip


@routes.rule("/history", roles=OVERSEERS)
def history(visit: Visit) -> Response:
    asked = {"what": visit.asked("what"), "actor": visit.asked("actor")}
    changes, page = Changes(visit.desk.parts.engine), _page_number(visit)
    found, total = changes.page(what=asked["what"], actor=asked["actor"], limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    names = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    return visit.page(
        "history.html",
        found=shown(found, visit.desk.labels(visit.request), names),
        kinds=changes.kinds(),
        asked=asked,
        **_paging("/console/history", asked, page, total),
    )


@routes.rule("/sign-ins", roles=OVERSEERS)
def sign_ins(visit: Visit) -> Response:
    asked = {"account": visit.asked("account"), "group": visit.asked("group")}
    page = _page_number(visit)
    outcomes = GROUPS.get(asked["group"], ())
    found, total = visit.desk.signing_in.log.entries(
        staff=asked["account"], outcomes=outcomes, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
    )
    names = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    paging = _paging("/console/sign-ins", asked, page, total)
    return visit.page("sign_ins.html", found=found, asked=asked, names=names, groups=list(GROUPS), **paging)


def _paging(path: str, asked: dict[str, str], page: int, total: int) -> dict[str, Any]:
    pages = max(1, -(-total // PER_PAGE))
    filled = {name: value for name, value in asked.items() if value}

    def link(number: int) -> str:
        return f"{path}?{urlencode({**filled, 'page': number})}"

    return {"page": min(page, pages), "pages": pages, "total": total, "link": link}


def _page_number(visit: Visit) -> int:
    value = visit.query.get("page", "1")
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 6 and int(value) else 1

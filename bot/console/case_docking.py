"""Docking on a case's page: parties to try, how far each has come, the log of contacts; and citations to insert."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from bot.channels.web_chat.pages import lang_of
from bot.console.case_facts import words_of
from bot.console.case_pages import case_of, case_seen, drawn
from bot.console.rules import CASEWORK, Routes
from bot.console.visit import Declined, Visit
from intake.cases import Case
from intake.parties import CandidateStatus, ContactHow
from intake.review import NotFoundError, ReviewError
from rag.pipeline import terms_for_search
from rag.retrieval import Search, search

routes = Routes()

CITED_MOST = 8
QUOTED = 120


@routes.rule("/cases/{reference}/docking/{do}", "POST", roles=CASEWORK)
def docked(visit: Visit) -> Response:
    case, do = case_of(visit), visit.path("do")
    try:
        _docked(visit, case.reference, do)
    except NotFoundError:
        raise
    except ReviewError as error:
        return drawn(visit, case_of(visit), refused=words_of(visit).refused(error), status=422)
    return visit.go(f"/cases/{case.reference}#docking", "")


@routes.rule("/cases/{reference}/cite", roles=CASEWORK, background=True)
def cite(visit: Visit) -> Response:
    """Articles of the published policies that fit the words, each as the line to cite it by."""
    case_seen(visit)
    sought, reader = visit.asked("q"), visit.desk.parts.reader
    shelf = reader.shelf() if reader is not None else None
    found = []
    if shelf is not None and sought:
        today = visit.desk.parts.clock.today()
        for hit in search(shelf.opened, Search(terms_for_search(sought, today), None), None, CITED_MOST):
            passage = hit.passage
            row = shelf.catalogue.place.get(passage.document)
            policy = shelf.catalogue.policy(passage.document)
            if row is None or policy is None:
                continue
            standing = shelf.catalogue.standing(row, today)
            found.append(
                {
                    "cited": _cited(policy.title, policy.doc_no, passage.article),
                    "text": passage.text[:QUOTED],
                    "state": str(standing.state) if standing else "",
                    "retired": bool(standing and standing.state.retired),
                    "id": passage.document,
                }
            )
    drawing = visit.desk.drawing
    drawn_rows = drawing.draw(lang_of(visit.request), "console/case_cites.html", who=visit.who, found=found, q=sought)
    return HTMLResponse(drawn_rows)


def _docked(visit: Visit, reference: str, do: str) -> None:
    docking, actor = visit.desk.parts.needs.docking, visit.who.actor
    if do == "add":
        docking.add_candidate(actor, reference, visit.line("party"))
        return
    candidate = visit.line("candidate")
    number = int(candidate) if candidate.isdecimal() and len(candidate) < 12 else 0
    if number not in {one.id for one in docking.candidates(_stored(visit, reference))}:
        raise Declined(404, "not_found")
    if do == "status" and visit.line("status") in set(CandidateStatus):
        amount = visit.line("amount")
        docking.set_status(
            actor,
            number,
            CandidateStatus(visit.line("status")),
            amount=int(amount) * 10_000 if amount.isdecimal() and len(amount) < 10 else None,
            text=visit.text("text"),
            tell_owner=visit.ticked("tell_owner"),
        )
    elif do == "log" and visit.line("how") in set(ContactHow):
        docking.log(actor, number, ContactHow(visit.line("how")), visit.text("result"))
    elif do == "remove":
        docking.remove(actor, number, visit.text("text"))
    else:
        raise Declined(422, "not_allowed")


def _stored(visit: Visit, reference: str) -> Case:
    return visit.desk.parts.needs.handling.view(visit.who.actor, reference)


def _cited(title: str, number: str | None, article: str | None) -> str:
    """《…》（文号）第…条, no longer than a citation may be."""
    line = f"《{title}》" + (f"（{number}）" if number else "") + (article or "")
    return line[:200]

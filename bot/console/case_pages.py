"""A case's page (需求): all about it, the one thing to do next, and everything else that may be done to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from bot.channels.web_chat.pages import lang_of
from bot.console.case_facts import Sheet, contact_lines, sheet_of, words_of
from bot.console.case_moves import FIELDS, UnreadableError, act, choices, offered, typed_of, values_of
from bot.console.case_outline import ShownOutline, shown_outline
from bot.console.rules import CASEWORK, READERS, Routes
from bot.console.store.reply_templates import ReplyTemplates
from bot.console.store.viewing import Viewing
from bot.console.visit import Declined, Visit
from bot.files import FileStoreError
from intake.case_numbers import valid_number
from intake.cases import Case
from intake.docking import ADDING, FOLLOWING, may_dock
from intake.parties import CandidateStatus, ContactHow
from intake.review import NotFoundError, ReviewError, masked_for, sees, shown_to
from intake.store.cases import StaleCaseError
from intake.worktime import SHANGHAI

routes = Routes()

CHUNK = 64 * 1024


@routes.rule("/cases/{reference}", roles=READERS)
def case_page(visit: Visit) -> Response:
    case = case_of(visit)
    do, template = visit.asked("do"), visit.asked("template")
    typed: dict[str, Any] = {}
    if template.isdecimal() and len(template) < 10 and (found := _templates(visit).get(int(template))):
        typed["text"] = found.body
    return drawn(visit, case, do=do, typed=typed)


@routes.rule("/cases/{reference}/act/{action}", "POST", roles=CASEWORK)
def acted(visit: Visit) -> Response:
    """Make a move. Where it is refused the page comes back with what was typed, and says why."""
    case, action = case_of(visit), visit.path("action")
    if action not in FIELDS:
        raise Declined(404, "not_found")
    typed, words = typed_of(visit, action), words_of(visit)
    rev = visit.line("rev")
    try:
        values = values_of(visit, case, action, typed)
        after = act(visit, case, action, values, int(rev) if rev.isdecimal() and len(rev) < 10 else None)
    except UnreadableError as error:
        text = visit.desk.drawing.words[words.lang](f"case.wrong.{error.why}") if not error.saying else ""
        said = words.tell(error.saying) if error.saying else text
        return drawn(visit, case, do=action, typed=typed, refused=said, status=422)
    except NotFoundError as error:  # also of another case named in the form
        return drawn(visit, case, do=action, typed=typed, refused=words.refused(error), status=422)
    except ReviewError as error:
        held = isinstance(error, StaleCaseError)
        return drawn(
            visit, case_of(visit), do=action, typed=typed, refused=words.refused(error), status=409 if held else 422
        )
    return _after(visit, after, action)


@routes.rule("/cases/{reference}/contact", "POST", roles=READERS)
def contact(visit: Visit) -> Response:
    """The telephone in full, where it is theirs to see; the reason goes on record with who asked."""
    case, needs, words = case_of(visit), visit.desk.parts.needs, words_of(visit)
    reason = visit.line("reason")
    say = visit.desk.drawing.words[words.lang]
    if masked_for(visit.who.actor, case):
        return drawn(visit, case, refused=words.say("say.masked"), status=403)
    if len(reason) < 2:
        return drawn(visit, case, refused=say("case.wrong.reason"), status=422)
    try:
        found = needs.handling.contact(visit.who.actor, case.reference, reason)
    except ReviewError as error:
        return drawn(visit, case, refused=words.refused(error), status=422)
    return drawn(visit, case, shown=contact_lines(visit, case, found.personal, masked=found.masked))


@routes.rule("/cases/{reference}/files/{digest}", roles=READERS)
def file(visit: Visit) -> Response:
    """A file, to be saved: never shown inside a page of ours, whatever it says it is."""
    case, needs = case_of(visit), visit.desk.parts.needs
    files = needs.handling.files(visit.who.actor, case.reference)
    found = next((each for each in files if each.digest == visit.path("digest")), None)
    if found is None:
        raise Declined(404, "not_found")
    try:
        content = needs.files.open(found.digest)
    except FileStoreError as error:
        raise Declined(404, "not_found") from error

    def chunks() -> Iterator[bytes]:
        with content:
            while piece := content.read(CHUNK):
                yield piece

    return StreamingResponse(
        chunks(),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename=\"file\"; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Length": str(found.size),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",
        },
    )


@routes.rule("/cases/{reference}/print", roles=READERS)
def printed(visit: Visit) -> Response:
    case = case_of(visit)
    sheet, now = sheet_of(visit, case), visit.desk.parts.clock.now()
    return visit.page("case_print.html", sheet=sheet, now=now, outline=_outline(visit, case))


@routes.rule("/cases/{reference}/pulse", "POST", roles=READERS, background=True)
def pulse(visit: Visit) -> Response:
    """The open page says that it is there, and is told who else is and whether the case has moved on."""
    case = case_seen(visit)
    desk, actor, now = visit.desk, visit.who.actor, visit.desk.parts.clock.now()
    viewing = Viewing(desk.parts.engine)
    if visit.ticked("leaving"):
        viewing.leave(case.id, actor.id)
        return JSONResponse({})
    viewing.look(case.id, actor.id, now)
    names = {person.id: person.name for person in desk.parts.needs.register.staff()}
    others = [names.get(who, who) for who in viewing.present(now).get(case.id, ()) if who != actor.id]
    say = desk.drawing.words[lang_of(visit.request)]
    here = say("case.viewing", names=say("and").join(others)) if others else ""
    return JSONResponse({"here": here, "seq": case.seq, "rev": case.rev})


def case_seen(visit: Visit) -> Case:
    """The case of the address, as it is stored for whoever sees it: no read goes on record. Declines otherwise."""
    needs = visit.desk.parts.needs
    number = valid_number(visit.path("reference"))
    found = needs.cases.get(number) if number else None
    if found is None or not sees(visit.who.actor, found):
        raise Declined(404, "not_found")
    return shown_to(visit.who.actor, found)


def case_of(visit: Visit) -> Case:
    """The case of the address; that a restricted one was read goes on record. Declines what is not there, or not
    theirs to see: both look the same."""
    number = valid_number(visit.path("reference"))
    if number is None:
        raise Declined(404, "not_found")
    return visit.desk.parts.needs.handling.view(visit.who.actor, number)


def drawn(
    visit: Visit,
    case: Case,
    *,
    do: str = "",
    typed: dict[str, Any] | None = None,
    refused: str = "",
    shown: Any = None,
    status: int = 200,
) -> HTMLResponse:
    """The page. `do` is the move whose form is open, `typed` what stands in it, `shown` the contact in full."""
    sheet = sheet_of(visit, case)
    first, more = offered(visit, case) if visit.who.has(*CASEWORK) else ("", [])
    now_open = do if do in FIELDS and (do == first or do in more) else first
    return visit.page(
        "case.html",
        status=status,
        sheet=sheet,
        case=case,
        first=first,
        more=more,
        do=now_open,
        fields=FIELDS.get(now_open, ()),
        options=choices(visit, sheet, now_open) if now_open else {},
        typed=typed or {},
        refused=refused,
        shown=shown,
        label=words_of(visit).label,
        templates=_templates(visit).all(case.kind),
        docking=_docking(visit, sheet),
        outline=_outline(visit, case),
        today=visit.desk.parts.clock.now().astimezone(SHANGHAI).date(),
    )


def _outline(visit: Visit, case: Case) -> ShownOutline:
    parts = visit.desk.parts
    return shown_outline(parts.outlining, parts.needs, visit.who.actor, case, words_of(visit).lang)


def _docking(visit: Visit, sheet: Sheet) -> dict[str, Any] | None:
    """What the panel of docking shows; None where there is nothing to show or do."""
    case, words = sheet.case, words_of(visit)
    mine = sheet.readable and may_dock(visit.who.actor, case) and not case.erased
    adds, follows = mine and case.state in ADDING, mine and case.state in FOLLOWING
    if not sheet.tried and not adds:
        return None
    suggestions = visit.desk.parts.needs.docking.suggestions(case)[:8] if adds else ()
    return {
        "adds": adds,
        "follows": follows,
        "suggestions": [
            (one.party, words.say(f"why.{one.why}", words=visit.desk.drawing.words[words.lang]("and").join(one.words)))
            for one in suggestions
        ],
        "statuses": [(str(status), words.label("candidate", status)) for status in CandidateStatus],
        "hows": [(str(how), words.label("how", how)) for how in ContactHow],
        "label": words.label,
    }


def _after(visit: Visit, after: Case, action: str) -> Response:
    """On to the case as it stands; to the queue where it is no longer theirs to see."""
    with suppress(NotFoundError):
        visit.desk.parts.needs.handling.view(visit.who.actor, after.reference)
        return visit.go(f"/cases/{after.reference}", f"case_{action}")
    return visit.go("/queue", f"case_{action}")


def _templates(visit: Visit) -> ReplyTemplates:
    return ReplyTemplates(visit.desk.parts.engine)

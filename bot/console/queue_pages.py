"""The queue (需求): views with counts, search, filters, rows that follow what happens, work on many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.channels.web_chat.pages import lang_of
from bot.console.case_words import CaseWords
from bot.console.queue_board import KIND, Due, Entry
from bot.console.queue_views import PER_PAGE, SORTS, VIEWS, Asked, chosen, counts, of_view, page_of
from bot.console.rules import CASEWORK, READERS, Routes
from bot.console.store.viewing import Viewing
from bot.console.visit import Declined, Visit
from db.engine import reading
from intake.cases import Case, CaseState
from intake.models import Saying, Step
from intake.review import ReviewError, reads, shown_to
from intake.store.queue import with_phone_ending
from intake.store.queue_rows import Wanted, organisation_names

routes = Routes()

BULK_MOST = 100
_CLAIMS = {CaseState.SUBMITTED: "accept", CaseState.ROUTED: "sign"}
_FIELD = "f."
_STATES = tuple(str(state) for state in CaseState)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue as it is drawn. `due` is in words, `tone` how they look."""

    case: Case
    title: str
    kind: str
    place: str
    org: str
    state: str
    team: str
    assignee: str
    clock: str
    due: str
    tone: str
    viewers: tuple[str, ...]
    readable: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case of many."""

    reference: str
    done: bool
    text: str


@routes.rule("/queue", roles=READERS)
def queue(visit: Visit) -> Response:
    return _page(visit, asked_of(visit))


@routes.rule("/queue/rows", roles=READERS, background=True)
def rows(visit: Visit) -> Response:
    """The list alone, for the page that has it open; 304 where nothing has changed."""
    asked = asked_of(visit)
    context = _context(visit, asked)
    return visit.part("queue_rows.html", **context)


@routes.rule("/queue/bulk", "POST", roles=CASEWORK)
def bulk(visit: Visit) -> Response:
    """The same done to every case that was ticked; what came of each is said for itself."""
    references = visit.lines("case")[:BULK_MOST]
    do = visit.line("do")
    if do not in ("claim", "assign", "route"):
        raise Declined(422, "not_allowed")
    outcomes = [_done(visit, reference, do) for reference in references]
    return _page(visit, asked_of(visit), outcomes=outcomes, nothing=not references)


def asked_of(visit: Visit) -> Asked:
    """What the address asks for; what makes no sense there is left out."""
    kinds = visit.desk.parts.needs.formbook.forms
    view = visit.asked("view") or _first_view(visit)
    if view not in VIEWS and view.removeprefix(KIND) not in kinds:
        view = "all"
    kind = visit.asked("kind") if visit.asked("kind") in kinds else ""
    sort, page = visit.asked("sort"), visit.asked("page")
    asked = Asked(
        view=view,
        kind=kind,
        state=visit.asked("state") if visit.asked("state") in _STATES else "",
        area=visit.asked("area"),
        team=visit.asked("team"),
        text=visit.asked("q"),
        sort=sort if sort in SORTS else "due",
        ended=bool(visit.asked("ended")),
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )
    form = kinds.get(asked.of_kind)
    answers = tuple(_wanted(visit, form.steps)) if form else ()
    return Asked(**{name: getattr(asked, name) for name in asked.__slots__ if name != "answers"}, answers=answers)


def filterable(steps: tuple[Step, ...]) -> list[Step]:
    """Every step that may be filtered by: all but personal ones, which stand apart, and files."""
    return [step for step in steps if not step.personal and step.type not in ("file", "phone", "email")]


def find(visit: Visit, asked: Asked) -> list[Entry]:
    """The entries asked for that are this person's to see, in order."""
    desk, actor = visit.desk, visit.who.actor
    desk.board.refresh()
    now = desk.parts.clock.now()
    entries = of_view(desk.board.sight(actor), asked, now)
    reached: frozenset[str] = frozenset()
    if asked.digits:
        with reading(desk.parts.engine) as connection:
            reached = with_phone_ending(connection, asked.digits)
    answering = desk.board.answering(asked.of_kind, asked.answers, entries) if asked.answers else None
    return chosen(entries, asked, actor, reached=reached, answering=answering)


def _page(visit: Visit, asked: Asked, **more: Any) -> Response:
    labels, needs = visit.desk.labels(visit.request), visit.desk.parts.needs
    words = _words(visit)
    form = needs.formbook.forms.get(asked.of_kind)
    return visit.page(
        "queue.html",
        kinds=labels.kinds(),
        states=[(state, words.label("state", state)) for state in _STATES],
        areas=[*labels.districts(), *labels.zones()],
        teams=[(team.id, team.name) for team in needs.register.teams() if team.active],
        colleagues=[(person.id, person.name) for person in needs.register.staff() if person.active
                    and not person.roles.isdisjoint(CASEWORK)],
        steps=[_filter(visit, step) for step in filterable(form.steps)] if form else [],
        may_act=visit.who.has(*CASEWORK),
        **{"outcomes": None, "nothing": False, **more},
        **_context(visit, asked),
    )  # fmt: skip


def _context(visit: Visit, asked: Asked) -> dict[str, Any]:
    found = find(visit, asked)
    shown, page, pages = page_of(found, asked.page)
    query = {name: value for name, value in visit.query.items() if value and name not in ("page", "done", "lang")}
    query.setdefault("view", asked.view)
    return {
        "asked": asked,
        "rows": list(_rows(visit, shown)),
        "total": len(found),
        "counts": counts(visit.desk.board.sight(visit.who.actor), visit.desk.parts.clock.now()),
        "page": page,
        "pages": pages,
        "per_page": PER_PAGE,
        "query": urlencode(query),
        "link": lambda number: f"/console/queue?{urlencode({**query, 'page': number})}",
        "with_": lambda **changed: f"/console/queue?{urlencode({**query, **changed})}",
    }


def _rows(visit: Visit, entries: list[Entry]) -> Iterator[Row]:
    needs, actor, now = visit.desk.parts.needs, visit.who.actor, visit.desk.parts.clock.now()
    words, labels = _words(visit), visit.desk.labels(visit.request)
    names = {person.id: person.name for person in needs.register.staff()}
    teams = {team.id: team.name for team in needs.register.teams()}
    places, kinds = dict([*labels.districts(), *labels.zones()]), dict(labels.kinds())
    present = Viewing(visit.desk.parts.engine).present(now)
    orgs = _organisations(visit, entries)
    for entry in entries:
        case = shown_to(actor, entry.case)
        readable = reads(actor, case)
        clock, due, tone = _due_words(entry.due, words, now)
        yield Row(
            case, case.title, kinds.get(case.kind, case.kind),
            " / ".join(places.get(code, code) for code in (case.district, case.zone) if code and code != "none"),
            orgs.get(case.org or "", "") if readable else "",
            words.label("state", case.state), teams.get(case.team or "", case.team or ""),
            names.get(case.assignee or "", case.assignee or ""), clock, due, tone,
            tuple(names.get(who, who) for who in present.get(case.id, ()) if who != actor.id), readable,
        )  # fmt: skip


def _due_words(due: Due | None, words: CaseWords, now: datetime) -> tuple[str, str, str]:
    if due is None:
        return "", "", "none"
    clock = words.label("clock", due.clock)
    if due.paused:
        return clock, words.say("time.paused"), "paused"
    tone = "waiting" if due.waiting else "over" if due.over(now) else "soon" if due.soon(now) else "calm"
    return clock, words.left(due.at, now), tone


def _organisations(visit: Visit, entries: list[Entry]) -> Mapping[str, str]:
    with reading(visit.desk.parts.engine) as connection:
        return organisation_names(connection, {entry.case.org for entry in entries if entry.case.org})


def _done(visit: Visit, reference: str, do: str) -> Outcome:
    needs, actor, words = visit.desk.parts.needs, visit.who.actor, _words(visit)
    try:
        case = needs.handling.view(actor, reference)
        if do == "claim" and case.assignee not in (None, actor.id):
            return Outcome(reference, False, words.tell(_held(visit, case)))
        action, values = _bulk_move(visit, case, do)
        after = needs.handling.act(actor, case.reference, action, **values)
    except ReviewError as error:
        return Outcome(reference, False, words.refused(error))
    return Outcome(after.reference, True, f"{words.label('action', action)} · {words.label('state', after.state)}")


def _held(visit: Visit, case: Case) -> Saying:
    names = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    return Saying("review.held", {"reference": case.reference, "holder": names.get(case.assignee or "", "")})


def _bulk_move(visit: Visit, case: Case, do: str) -> tuple[str, dict[str, Any]]:
    if do == "route":
        return "route", {"team": visit.line("team")}
    if do == "assign":
        return "assign", {"staff": visit.line("staff")}
    action = _CLAIMS.get(case.state, "assign")
    return action, {"staff": visit.who.actor.id} if action == "assign" else {}


def _filter(visit: Visit, step: Step) -> dict[str, Any]:
    """A step as a field of the filter, with what stands in it."""
    say, name = visit.desk.drawing.words[lang_of(visit.request)], _FIELD + step.id
    options = [(option.code, option.label) for option in step.options]
    if step.type == "bool":
        options = [("yes", say("case.yes")), ("no", say("case.no"))]
    typed = {"value": name, "least": f"{name}.least", "most": f"{name}.most"}
    shown = {field: visit.asked(asked) for field, asked in typed.items()}
    return {"id": step.id, "label": step.label, "type": step.type, "options": options, **shown}


def _wanted(visit: Visit, steps: tuple[Step, ...]) -> Iterator[Wanted]:
    for step in filterable(steps):
        name = _FIELD + step.id
        wanted = Wanted(step, visit.asked(name), _end(step, visit.asked(f"{name}.least")),
                        _end(step, visit.asked(f"{name}.most")))  # fmt: skip
        if wanted.value or wanted.least or wanted.most:
            yield wanted


def _end(step: Step, typed: str) -> str:
    """An end of a range as it is compared: 万元 as 元, a day as it stands; "" for what is none."""
    try:
        if step.type == "date":
            return date.fromisoformat(typed).isoformat() if typed else ""
        number = Decimal(typed) if typed else None
    except (ValueError, InvalidOperation):
        return ""
    if number is None or not number.is_finite() or abs(number) > 10**12:
        return ""
    return str(number * 10_000 if step.type == "money" else number)


def _first_view(visit: Visit) -> str:
    """Where somebody begins: what has come in, for whom it is to take in; their own otherwise."""
    return "new" if visit.who.actor.has(*CASEWORK) else "all"


def _words(visit: Visit) -> CaseWords:
    return CaseWords(lang_of(visit.request), visit.desk.parts.needs.timing.calendar)

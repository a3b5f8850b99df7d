"""What may be done to a case, as forms: which fields each move has, what was filled in, and which comes first.

Nothing is decided here: what is offered is intake.review.allowed, what is done is Handling.act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from bot.clock import SHANGHAI
from bot.console.case_facts import Sheet, form_for, words_of
from bot.console.visit import Visit
from intake.cases import Actor, Case, CaseState, owner
from intake.handling.moves_desk import PROPOSALS
from intake.models import Saying, Unread
from intake.reading.steps import Circumstances, read_step
from intake.review import BOUNCE_REASONS, OUTCOMES, REJECT_REASONS, GuardError, allowed
from intake.store.tasks import Tasks

Option = tuple[str, str]
Kind = Literal["area", "line", "date", "pick", "ticks", "tick", "cites", "parts"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a move's form; its label is `case.field.<name>`. `many` fields come as lists."""

    name: str
    kind: Kind
    required: bool = True


TEXT = Asked("text", "area")
ASIDE = Asked("text", "area", required=False)
FIELDS: Mapping[str, tuple[Asked, ...]] = {
    "accept": (), "sign": (), "start": (), "release": (), "undock": (), "take_over": (), "hand_back": (),
    "claim": (), "verify_uscc": (),
    "ask": (Asked("steps", "ticks", required=False), ASIDE),
    "reject": (Asked("reason", "pick"), TEXT, Asked("alternative", "area")),
    "route": (Asked("team", "pick"), ASIDE),
    "bounce": (Asked("reason", "pick"), TEXT),
    "adjudicate": (Asked("team", "pick"), TEXT),
    "publish": (Asked("ref", "line"), Asked("url", "line"), Asked("expires", "date")),
    "platform": (Asked("ref", "line"), Asked("url", "line", required=False)),
    "response": (TEXT,),
    "answer": (Asked("outcome", "pick"), TEXT, Asked("citations", "cites", required=False)),
    "extend": (Asked("until", "date"), TEXT),
    "propose": (Asked("what", "pick"), TEXT),
    "reopen": (TEXT,),
    "merge": (Asked("into", "line"), Asked("common_need", "tick", required=False), ASIDE),
    "split": (Asked("parts", "parts"), ASIDE),
    "rekind": (Asked("kind", "pick"), ASIDE),
    "assign": (Asked("staff", "pick"), ASIDE),
    "urge": (ASIDE,),
    "note": (TEXT, Asked("public", "tick", required=False)),
    "message": (TEXT, Asked("take_over", "tick", required=False)),
    "told_offline": (TEXT,),
    "called": (Asked("task", "pick"), Asked("result", "area")),
    "correct": (Asked("step", "pick"), Asked("words", "area"), ASIDE),
    "by_phone": (Asked("said", "pick"), TEXT),
}  # fmt: skip
"""Moves by their forms. `claim` is assigning to oneself; `by_phone` what the enterprise asked for by telephone."""

BY_PHONE = ("confirm", "dissatisfied", "withdraw", "reply")
FIRST = ("sign", "accept", "claim", "start", "response", "answer", "route")
"""The one thing to do next, where it may be done; what comes sooner here comes first."""

ORDER = (
    "message", "ask", "route", "answer", "note", "told_offline", "called", "assign", "release", "reject", "extend",
    "propose", "publish", "platform", "response", "undock", "correct", "by_phone", "verify_uscc", "take_over",
    "hand_back", "merge", "split", "rekind", "urge", "bounce", "adjudicate", "reopen", "start", "accept", "sign",
    "claim",
)  # fmt: skip
PARTS_SHOWN = 4


class UnreadableError(Exception):
    """A field that was filled in cannot be read: `field`, and why as a key of `case.wrong`."""

    def __init__(self, field: str, why: str, saying: Saying | None = None) -> None:
        super().__init__(field)
        self.field = field
        self.why = why
        self.saying = saying


def offered(visit: Visit, case: Case) -> tuple[str, list[str]]:
    """The move that comes first ("" for none), and the others that are possible now."""
    actor, now = visit.who.actor, visit.desk.parts.clock.now()
    may = {move.action for move in allowed(actor, case, now)} & FIELDS.keys()
    if "assign" in may and case.assignee is None and case.state is not CaseState.SUBMITTED:
        may.add("claim")
    if not [task for task in Tasks(visit.desk.parts.engine).of_case(case.id) if task.done_at is None]:
        may.discard("called")
    if _phoned(case, visit) and "told_offline" in may:
        may.add("by_phone")
    first = "adjudicate" if "adjudicate" in may and case.bounces >= 2 else _first(case, may, actor)
    return first, [action for action in ORDER if action in may and action != first]


def _first(case: Case, may: set[str], actor: Actor) -> str:
    for action in FIRST:
        if action not in may or (action == "answer" and case.assignee != actor.id):
            continue
        if action == "claim" and case.state in (CaseState.NEED_INFO, CaseState.ANSWERED):
            continue
        return action
    return "hand_back" if "hand_back" in may else "message" if "message" in may else ""


def _phoned(case: Case, visit: Visit) -> list[str]:
    """What the enterprise could do itself now, and may therefore ask for by telephone."""
    caller, now = owner(case.person, "phone"), visit.desk.parts.clock.now()
    may = {move.action for move in allowed(caller, case, now)}
    return [action for action in BY_PHONE if action in may]


def choices(visit: Visit, sheet: Sheet, action: str) -> dict[str, list[Option]]:
    """The options of a move's fields, by field."""
    listed = _LISTS.get(action)
    return {} if listed is None else {listed[0]: listed[1](visit, sheet)}


def _steps(_visit: Visit, sheet: Sheet) -> list[Option]:
    return [(step.id, step.label) for step in sheet.form.steps if step.type != "file"]


def _teams(visit: Visit, sheet: Sheet) -> list[Option]:
    teams = visit.desk.parts.needs.register.teams()
    return [(team.id, team.name) for team in teams if team.active and team.id != sheet.case.team]


def _codes(table: str, codes: Sequence[str]) -> Callable[[Visit, Sheet], list[Option]]:
    return lambda visit, _sheet: [(code, words_of(visit).label(table, code)) for code in codes]


def _kinds(visit: Visit, sheet: Sheet) -> list[Option]:
    return [(kind, label) for kind, label in visit.desk.labels(visit.request).kinds() if kind != sheet.case.kind]


def _colleagues(visit: Visit, sheet: Sheet) -> list[Option]:
    members = visit.desk.parts.needs.register.members(sheet.case.team) if sheet.case.team else ()
    return [(each.staff.id, each.staff.name) for each in members if each.staff.id != sheet.case.assignee]


def _tasks(visit: Visit, sheet: Sheet) -> list[Option]:
    waiting = [task for task in sheet.tasks if task.done_at is None]
    return [(str(task.id), words_of(visit).label("task", task.kind)) for task in waiting]


def _calls(visit: Visit, sheet: Sheet) -> list[Option]:
    return [(code, words_of(visit).label("action", code)) for code in _phoned(sheet.case, visit)]


_LISTS: Mapping[str, tuple[str, Callable[[Visit, Sheet], list[Option]]]] = {
    "ask": ("steps", _steps),
    "route": ("team", _teams),
    "adjudicate": ("team", _teams),
    "reject": ("reason", _codes("reason", REJECT_REASONS)),
    "bounce": ("reason", _codes("reason", BOUNCE_REASONS)),
    "answer": ("outcome", _codes("outcome", OUTCOMES)),
    "propose": ("what", _codes("proposal", PROPOSALS)),
    "rekind": ("kind", _kinds),
    "assign": ("staff", _colleagues),
    "called": ("task", _tasks),
    "correct": ("step", _steps),
    "by_phone": ("said", _calls),
}


def typed_of(visit: Visit, action: str) -> dict[str, Any]:
    """What stands in the form's fields, to be drawn again where the move is refused."""
    found: dict[str, Any] = {}
    for asked in FIELDS[action]:
        if asked.kind == "ticks":
            found[asked.name] = visit.lines(asked.name)
        elif asked.kind == "tick":
            found[asked.name] = visit.ticked(asked.name)
        elif asked.kind == "parts":
            found[asked.name] = [(visit.line(f"title{n}"), visit.line(f"summary{n}")) for n in range(PARTS_SHOWN)]
        else:
            found[asked.name] = visit.text(asked.name)
    return found


def values_of(visit: Visit, case: Case, action: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the move, as intake/handling takes them. UnreadableError where a field cannot be read."""
    values = dict(typed)
    for asked in FIELDS[action]:
        if asked.kind == "date":
            values[asked.name] = _day(asked.name, typed[asked.name])
        elif asked.kind == "cites":
            values[asked.name] = [line.strip() for line in typed[asked.name].splitlines() if line.strip()]
        elif asked.kind == "parts":
            values[asked.name] = [
                {"title": title, "summary": told} for title, told in typed[asked.name] if title or told
            ]
    if action == "claim":
        return {"staff": visit.who.actor.id}
    if action == "called":
        values["task"] = int(typed["task"]) if typed["task"].isdecimal() and len(typed["task"]) < 12 else 0
    if action == "merge":
        values["into"] = typed["into"].strip().upper()
    if action == "correct":
        return {"answers": _answer(visit, case, typed["step"], typed["words"]), "text": typed["text"]}
    return values


def act(visit: Visit, case: Case, action: str, values: Mapping[str, Any], rev: int | None) -> Case:
    """Do it. What the enterprise asked for by telephone is done in its name, and who took the call is noted."""
    handling, actor = visit.desk.parts.needs.handling, visit.who.actor
    if action == "by_phone":
        return _by_phone(visit, case, str(values["said"]), str(values["text"]), rev)
    return handling.act(actor, case.reference, "assign" if action == "claim" else action, rev=rev, **values)


def _by_phone(visit: Visit, case: Case, said: str, text: str, rev: int | None) -> Case:
    words, needs = words_of(visit), visit.desk.parts.needs
    if said not in BY_PHONE:
        raise GuardError(Saying("review.not_allowed", {"action": said, "state": str(case.state)}))
    note = words.say("say.by_phone_said", what=words.label("action", said), said=text)
    with needs.cases.writing() as transaction:
        noted = needs.handling.act_within(
            transaction, visit.who.actor, case.reference, "told_offline", rev=rev, text=note
        )
        caller = owner(case.person, "phone")
        return needs.handling.act_within(transaction, caller, case.reference, said, rev=noted.rev, text=text)


def _answer(visit: Visit, case: Case, name: str, words: str) -> dict[str, Any]:
    """One answer, read as the enterprise's own would be."""
    form = form_for(visit, case)
    step = next((step for step in form.steps if step.id == name), None)
    if step is None:
        raise UnreadableError("step", "pick")
    now = visit.desk.parts.clock.now()
    read = read_step(step, words, Circumstances(visit.desk.parts.needs.reference, now.astimezone(SHANGHAI).date()))
    if isinstance(read, Unread):
        raise UnreadableError("words", "saying", read.error)
    return {name: read.answered(words)}


def _day(field: str, typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise UnreadableError(field, "date") from error

"""A case as plain facts, in words and in codes: what `--json` prints, and what the sheet at the terminal is drawn from.

Personal answers are masked throughout; `case phone` is the one way to a whole number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.commands.desk import Desk, clean
from bot.console.case_outline import marked, shown_outline
from intake.cases import Case, Private, Recorded
from intake.display import show
from intake.models import Form
from intake.quality import CRITERIA, score
from intake.review import reads
from intake.sla import Clock, Clocks
from intake.store.drafts import Attachment, dump_answers
from intake.store.forms import form_of
from intake.store.tasks import Tasks
from intake.values import Answers

Facts = dict[str, Any]

CLOCKS = ("first_response", "sign_off", "candidates", "final", "progress", "need_info", "confirm")
_PLAIN = (
    "reference", "rev", "kind", "title", "summary", "confidentiality", "priority", "outcome", "team", "assignee",
    "bounces", "extensions", "redo", "org", "industry", "district", "zone", "is_showcase", "erased",
)  # fmt: skip


def row(desk: Desk, case: Case) -> Facts:
    """A line of the queue."""
    clocks = desk.needs.timing.clocks(case, desk.needs.cases.events(case.id), desk.now)
    facts = {name: getattr(case, name) for name in _PLAIN}
    return facts | {
        "state": str(case.state),
        "state_label": desk.label("state", case.state),
        "kind_label": kind_label(desk, case.kind),
        "place": place(desk, case),
        "team_name": team_name(desk, case.team),
        "assignee_name": desk.colleague(case.assignee) if case.assignee else None,
        "submitted_at": case.submitted_at.isoformat(),
        "updated_at": case.updated_at.isoformat(),
        "clocks": [clock_facts(desk, name, clock) for name, clock in _of(clocks)],
    }


def whole(desk: Desk, case: Case) -> Facts:
    """Everything about a case this actor may have. Where they may not read it: the line of the queue."""
    facts = row(desk, case) | {
        "readable": reads(desk.actor, case),
        "co_teams": list(case.co_teams),
        "announced": dict(case.announced),
        "tags": list(case.tags),
        "external_refs": [dict(reference) for reference in case.external_refs],
        "merged_into": _reference(desk, case.merged_into),
        "split_from": _reference(desk, case.split_from),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "expires_at": case.expires_at.isoformat() if case.expires_at else None,
        "allowed": desk.allowed(case),
    }
    return facts | _content(desk, case) if facts["readable"] else facts


def _content(desk: Desk, case: Case) -> Facts:
    needs = desk.needs
    files, events = needs.handling.files(desk.actor, case.reference), needs.handling.history(desk.actor, case.reference)
    private, form = needs.cases.private(case.id), form_for(desk, case)
    personal = private.personal if private else {}
    return {
        "answers": answers_of(desk, form, case.answers),
        "legacy_answers": dict(case.legacy_answers),
        "contact": contact(desk, case, private, masked=True),
        "quality": _quality(desk, case, form, {**case.answers, **personal}, len(files)),
        "files": [_file(file) for file in files],
        "candidates": [_candidate(desk, candidate) for candidate in needs.docking.candidates(case)],
        "similar": [
            {"reference": other.reference, "title": other.title, "state": str(other.state), "score": other.score}
            for other in needs.submission.common_needs(case)
        ],
        "outline": _outline(desk, case),
        "tasks": [task_facts(desk, task, case.reference) for task in Tasks(needs.cases.engine).of_case(case.id)],
        "history": [_event(desk, event) for event in events],
    }


def _outline(desk: Desk, case: Case) -> Facts | None:
    """What a model wrote, each line with its label and proofs; None where nothing is kept."""
    lang = desk.phrases.lang
    shown = shown_outline(desk.house.outlining, desk.needs, desk.actor, case, lang)
    if shown.own is None:
        return None
    names = {party.id: party.name for party in desk.needs.docking.parties.all()}
    return {
        "label": shown.label,
        "model": shown.model,
        "at": shown.own.at.isoformat(),
        "lines": [{"text": line.text, "marked": marked(line, lang)} for line in shown.own.lines],
        "alike": [
            {"with": names.get(key, key), "text": line.text, "marked": marked(line, lang)}
            for key, line in shown.alike.items()
        ],
    }


def form_for(desk: Desk, case: Case) -> Form:
    """The form the case was submitted in."""
    kept = form_of(desk.needs.cases.engine, case.kind, case.form_version)
    return kept or desk.needs.formbook.form(case.kind)


def answers_of(desk: Desk, form: Form, answers: Answers) -> list[Facts]:
    """Answers in the order of the form, those no step knows at the end."""
    dumped = dump_answers(answers)
    return [line | {"answer": dumped[line["step"]]} for line in _lines(desk, form, answers)]


def contact(desk: Desk, case: Case, private: Private | None, *, masked: bool) -> list[Facts]:
    """Personal answers in words only, numbers and names with their middle hidden where `masked`."""
    form, answers = form_for(desk, case), private.personal if private else {}
    steps = tuple(step.model_copy(update={"personal": step.personal and masked}) for step in form.steps)
    return _lines(desk, form.model_copy(update={"steps": steps}), answers)


def _lines(desk: Desk, form: Form, answers: Answers) -> list[Facts]:
    steps = {step.id: step for step in form.steps}
    order = [step for step in steps if step in answers] + [step for step in answers if step not in steps]
    return [
        {
            "step": step,
            "label": steps[step].label if step in steps else step,
            "text": desk.tell(show(steps[step], answers[step])) if step in steps else answers[step].state,
        }
        for step in order
    ]


def _quality(desk: Desk, case: Case, form: Form, answers: Answers, files: int) -> Facts:
    """What was scored when it was last changed, and what would raise it."""
    reasons = score(form, answers, files).reasons if answers else ()
    kept = {name: case.quality.get(name) for name in (*CRITERIA, "total", "verdict")}
    return kept | {"reasons": [desk.tell(reason) for reason in reasons]}


def clock_facts(desk: Desk, name: str, clock: Clock) -> Facts:
    """A clock with what it says in words."""
    state = "met" if clock.met_at else "paused" if clock.paused else "running"
    return {
        "name": name,
        "label": desk.label("clock", name),
        "state": state,
        "started": clock.started.isoformat(),
        "due": clock.due.isoformat(),
        "met_at": clock.met_at.isoformat() if clock.met_at else None,
        "breached": clock.breached,
        "warned": clock.warned,
        "hold_hours": round(clock.hold / timedelta(hours=1), 2),
        "text": _clock_text(desk, clock),
    }


def _clock_text(desk: Desk, clock: Clock) -> str:
    if clock.met_at:
        return desk.say("time.met_late" if clock.breached else "time.met")
    over = desk.say("time.over" if clock.remaining < timedelta(0) else "time.left", time=_span(desk, clock.remaining))
    return f"{desk.say('time.paused')} · {over}" if clock.paused else over


def _span(desk: Desk, span: timedelta) -> str:
    """So much working time, in the unit that says most."""
    span, day = abs(span), desk.needs.timing.calendar.day
    if span >= day:
        return desk.say("time.days", count=f"{span / day:.1f}".removesuffix(".0"))
    if span >= timedelta(hours=1):
        return desk.say("time.hours", count=f"{span / timedelta(hours=1):.1f}".removesuffix(".0"))
    return desk.say("time.minutes", count=span // timedelta(minutes=1))


def next_clock(clocks: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The running clock that is due first; a paused one where none runs."""
    order = {"running": 0, "paused": 1}
    waiting = [clock for clock in clocks if clock["state"] in order]
    return min(waiting, key=lambda clock: (order[clock["state"]], datetime.fromisoformat(clock["due"])), default=None)


def task_facts(desk: Desk, task: Any, reference: str) -> Facts:
    why, _, about = task.reason.partition("/")
    return {
        "id": task.id,
        "reference": reference,
        "kind": task.kind,
        "kind_label": desk.label("task", task.kind),
        "reason": task.reason,
        "reason_text": desk.say(f"task.{why}", about=desk.label("about", about))
        if desk.phrases.has(f"task.{why}")
        else clean(task.reason),
        "created_at": task.created_at.isoformat(),
        "done_at": task.done_at.isoformat() if task.done_at else None,
        "done_by": task.done_by,
        "result": task.result,
    }


def kind_label(desk: Desk, kind: str) -> str:
    form = desk.needs.formbook.forms.get(kind)
    return form.label if form else kind


def team_name(desk: Desk, team: str | None) -> str | None:
    return next((known.name for known in desk.needs.register.teams() if known.id == team), team)


def place(desk: Desk, case: Case) -> str:
    """District and zone in words."""
    known = {o.code: o.label for name in ("districts", "zones") for o in desk.needs.reference.options(name)}
    return " / ".join(known.get(code, code) for code in (case.district, case.zone) if code)


def _of(clocks: Clocks) -> list[tuple[str, Clock]]:
    found = [(name, getattr(clocks, name)) for name in CLOCKS]
    return [(name, clock) for name, clock in found if clock is not None]


def _reference(desk: Desk, case: str | None) -> str | None:
    found = desk.needs.cases.by_id(case) if case else None
    return found.reference if found else None


def _file(file: Attachment) -> Facts:
    return {"name": file.name, "media_type": file.media_type, "size": file.size, "digest": file.digest}


def _candidate(desk: Desk, candidate: Any) -> Facts:
    return {
        "id": candidate.id,
        "party": candidate.party.name,
        "status": str(candidate.status),
        "status_label": desk.label("candidate", candidate.status),
        "amount": candidate.amount,
        "told": candidate.tell_owner,
        "contacts": [
            {"at": contact.at.isoformat(), "by": contact.by, "how": str(contact.how), "result": contact.result}
            for contact in desk.needs.docking.contacts(candidate.id)
        ],
    }


def _event(desk: Desk, event: Recorded) -> Facts:
    is_staff = event.actor_kind == "staff"
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "actor": event.actor if is_staff else event.actor_kind,
        "actor_name": desk.colleague(event.actor) if is_staff else desk.label("kind_of_actor", event.actor_kind),
        "via": event.via,
        "action": event.action,
        "action_label": desk.label("action", event.action),
        "from_state": event.from_state and str(event.from_state),
        "to_state": event.to_state and str(event.to_state),
        "public": event.public,
        "text": event.text,
        "detail": dict(event.detail),
    }

"""Everything a case's page shows, as far as this person may have it: answers and changes, clocks, timeline, people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.channels.web_chat.pages import lang_of
from bot.clock import SHANGHAI
from bot.console.case_words import CaseWords
from bot.console.visit import Visit
from bot.turns import Recorded as Spoken
from db.engine import reading
from intake.cases import Case, CaseState, Private, Recorded
from intake.display import show
from intake.models import Form
from intake.parties import Candidate, Contact
from intake.quality import CRITERIA, score
from intake.review import masked_for, reads, sees
from intake.sla import Clock
from intake.store.cases import verify_chain
from intake.store.drafts import Attachment
from intake.store.forms import form_of
from intake.store.queue_rows import relatives
from intake.store.tasks import Task, Tasks
from intake.values import Answers

CLOCKS = ("first_response", "sign_off", "candidates", "final", "progress", "need_info", "confirm")
_TURNS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """An answer in words; `changed` tells when it was changed after submission, and by whom."""

    step: str
    label: str
    text: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockLine:
    name: str
    label: str
    state: str
    text: str
    due: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of the timeline. `about` are codes of it in words (a team, an outcome, a reason)."""

    seq: int
    at: datetime
    who: str
    by_owner: bool
    what: str
    text: str
    about: tuple[str, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Tried:
    candidate: Candidate
    status: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A case as its page shows it. Where it may not be read, what is its content is empty."""

    case: Case
    form: Form
    kind: str
    state: str
    place: str
    team: str
    assignee: str
    readable: bool
    masked: bool
    clocks: tuple[ClockLine, ...]
    answers: tuple[Line, ...] = ()
    contact: tuple[Line, ...] = ()
    org: Any = None
    quality: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()
    similar: tuple[Any, ...] = ()
    tasks: tuple[Task, ...] = ()
    public: tuple[EventLine, ...] = ()
    internal: tuple[EventLine, ...] = ()
    tried: tuple[Tried, ...] = ()
    into: str = ""
    split_from: str = ""
    merged: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    talk: tuple[Spoken, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True
    asked: tuple[str, ...] = ()


def words_of(visit: Visit) -> CaseWords:
    return CaseWords(lang_of(visit.request), visit.desk.parts.needs.timing.calendar)


def form_for(visit: Visit, case: Case) -> Form:
    """The form the case was submitted in."""
    needs = visit.desk.parts.needs
    return form_of(needs.cases.engine, case.kind, case.form_version) or needs.formbook.form(case.kind)


def sheet_of(visit: Visit, case: Case) -> Sheet:
    """The case is one that this person may see (`Handling.view`)."""
    needs, actor = visit.desk.parts.needs, visit.who.actor
    words, labels, form = words_of(visit), visit.desk.labels(visit.request), form_for(visit, case)
    names = {person.id: person.name for person in needs.register.staff()}
    teams = {team.id: team.name for team in needs.register.teams()}
    events = needs.cases.events(case.id)
    places = dict([*labels.districts(), *labels.zones()])
    known: dict[str, Any] = {
        "case": case,
        "form": form,
        "kind": labels.kind(case.kind),
        "state": words.label("state", case.state),
        "place": " / ".join(places.get(code, code) for code in (case.district, case.zone) if code and code != "none"),
        "team": teams.get(case.team or "", case.team or ""),
        "assignee": names.get(case.assignee or "", case.assignee or ""),
        "masked": masked_for(actor, case),
        "readable": reads(actor, case),
        "clocks": tuple(_clocks(visit, case, events, words)),
    }
    if not known["readable"]:
        return Sheet(**known)
    stored = needs.cases.by_id(case.id) or case
    about = _About(words, names, teams)
    return Sheet(**known, **_content(visit, stored, form, events, about))


def contact_lines(visit: Visit, case: Case, answers: Answers, *, masked: bool) -> tuple[Line, ...]:
    """Personal answers in words, numbers and names with their middle hidden where `masked`."""
    form = form_for(visit, case)
    steps = tuple(step.model_copy(update={"personal": step.personal and masked}) for step in form.steps)
    return tuple(_lines(words_of(visit), form.model_copy(update={"steps": steps}), answers, {}))


@dataclass(frozen=True, slots=True)
class _About:
    """What codes in events are called."""

    words: CaseWords
    names: Mapping[str, str]
    teams: Mapping[str, str]

    def line(self, event: Recorded) -> EventLine:
        staff = event.actor_kind == "staff"
        who = self.names.get(event.actor, event.actor) if staff else self.words.label("kind_of_actor", event.actor_kind)
        what, about = self.words.label("action", event.action), tuple(self._details(event))
        owner = event.actor_kind == "person"
        return EventLine(event.seq, event.at, who, owner, what, event.text, about, event.hash)

    def _details(self, event: Recorded) -> Iterator[str]:
        detail = event.detail
        for name, table in (("reason", "reason"), ("outcome", "outcome"), ("status", "candidate"), ("to", "candidate")):
            if isinstance(detail.get(name), str):
                yield self.words.label(table, detail[name])
        if isinstance(detail.get("team"), str):
            yield self.teams.get(detail["team"], detail["team"])
        if isinstance(detail.get("staff"), str):
            yield self.names.get(detail["staff"], detail["staff"])
        yield from (
            str(detail[name]) for name in ("into", "from", "landed_on", "ref") if isinstance(detail.get(name), str)
        )
        for name in ("parts", "citations"):
            yield from (str(each) for each in detail.get(name) or ())


def _content(visit: Visit, case: Case, form: Form, events: list[Recorded], about: _About) -> dict[str, Any]:
    needs = visit.desk.parts.needs
    private = needs.cases.private(case.id)
    files = needs.cases.files(case.id)
    changed = _changes(events, about)
    with reading(needs.cases.engine) as connection:
        merged, parts = relatives(connection, case.id)
    return {
        "answers": tuple(_lines(about.words, form, case.answers, changed)),
        "contact": contact_lines(visit, case, private.personal if private else {}, masked=True),
        "org": needs.people.organisation(case.org) if case.org else None,
        "quality": {name: case.quality.get(name) for name in (*CRITERIA, "total", "verdict")},
        "reasons": tuple(_reasons(case, form, private, len(files), about.words)),
        "files": tuple(files),
        "similar": tuple(other for other in needs.submission.common_needs(case) if _may_see(visit, other.reference)),
        "tasks": tuple(Tasks(needs.cases.engine).of_case(case.id)),
        "public": tuple(about.line(event) for event in events if event.public),
        "internal": tuple(about.line(event) for event in events if not event.public),
        "tried": tuple(
            Tried(one, about.words.label("candidate", one.status), tuple(needs.docking.contacts(one.id)))
            for one in needs.docking.candidates(case)
        ),
        "into": _number(visit, case.merged_into),
        "split_from": _number(visit, case.split_from),
        "merged": tuple(number for number in merged if _may_see(visit, number)),
        "parts": tuple(number for number in parts if _may_see(visit, number)),
        "talk": () if case.erased else tuple(_talk(visit, case)),
        "origin": case.legacy_answers.get("origin") or {},
        "whole": verify_chain(case, events),
        "asked": _asked(case, events),
    }


def _asked(case: Case, events: list[Recorded]) -> tuple[str, ...]:
    """The steps the enterprise was last asked about, while it is waited for."""
    if case.state is not CaseState.NEED_INFO:
        return ()
    latest = next((event for event in reversed(events) if event.action == "ask"), None)
    return tuple(latest.detail.get("steps", ())) if latest else ()


def _lines(words: CaseWords, form: Form, answers: Answers, changed: Mapping[str, list[str]]) -> Iterator[Line]:
    steps = {step.id: step for step in form.steps}
    order = [step for step in steps if step in answers] + [step for step in answers if step not in steps]
    for step in order:
        known = steps.get(step)
        text = words.tell(show(known, answers[step])) if known else answers[step].text or answers[step].state
        yield Line(step, known.label if known else step, text, tuple(changed.get(step, ())))


def _changes(events: Iterable[Recorded], about: _About) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        if event.action in ("reply", "correct"):
            line = about.line(event)
            for step in event.detail.get("changed", ()):
                found.setdefault(step, []).append(f"{line.at.astimezone(SHANGHAI):%m-%d %H:%M} {line.who}")
    return found


def _clocks(visit: Visit, case: Case, events: list[Recorded], words: CaseWords) -> Iterator[ClockLine]:
    now = visit.desk.parts.clock.now()
    clocks = visit.desk.parts.needs.timing.clocks(case, events, now)
    for name in CLOCKS:
        clock: Clock | None = getattr(clocks, name)
        if clock is not None:
            state = "met" if clock.met_at else "paused" if clock.paused else "running"
            yield ClockLine(
                name, words.label("clock", name), state, _clock_text(clock, words, now), clock.due, clock.breached
            )


def _clock_text(clock: Clock, words: CaseWords, now: datetime) -> str:
    if clock.met_at:
        return words.say("time.met_late" if clock.breached else "time.met")
    left = words.left(clock.due, now)
    return f"{words.say('time.paused')} · {left}" if clock.paused else left


def _reasons(case: Case, form: Form, private: Private | None, files: int, words: CaseWords) -> Iterator[str]:
    answers = {**case.answers, **(private.personal if private else {})}
    yield from (words.tell(reason) for reason in (score(form, answers, files).reasons if answers else ()))


def _may_see(visit: Visit, reference: str) -> bool:
    other = visit.desk.parts.needs.cases.get(reference)
    return other is not None and sees(visit.who.actor, other)


def _number(visit: Visit, case: str | None) -> str:
    found = visit.desk.parts.needs.cases.by_id(case) if case else None
    return found.reference if found and sees(visit.who.actor, found) else ""


def _talk(visit: Visit, case: Case) -> list[Spoken]:
    """What was said in the enterprise's chat, the latest conversation, as it is kept (personal answers are not)."""
    history = visit.desk.parts.history
    threads = history.conversations(case.account)
    return history.last(case.account, threads[0].id, _TURNS) if threads else []

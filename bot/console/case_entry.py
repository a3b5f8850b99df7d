"""代录入: staff take down a need for somebody who rings or comes to the window, in the form everybody uses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.channels.web_chat.needs_fields import Section, Standings, sections
from bot.channels.web_chat.needs_take import Taken, consent_step, still_missing, take
from bot.channels.web_chat.pages import lang_of
from bot.clock import SHANGHAI
from bot.console.case_facts import words_of
from bot.console.rules import CASEWORK, Routes
from bot.console.visit import Declined, Visit
from intake.cases import Case, Event, Via
from intake.journey import missing_required
from intake.models import Form, Part, Saying
from intake.review import sees
from intake.submission import NotReadyError

routes = Routes()

PARTS: tuple[Part, ...] = ("need", "consent", "profile", "contact", "card")
VIAS = ("phone", "window")
_LONGEST = 4000


@routes.rule("/new", roles=CASEWORK)
def menu(visit: Visit) -> Response:
    return visit.page("entry_menu.html", kinds=visit.desk.labels(visit.request).kinds())


@routes.rule("/new/{kind}", roles=CASEWORK)
def form_page(visit: Visit) -> Response:
    return _drawn(visit, _form(visit), {}, Taken({}), entry=uuid.uuid4().hex, via="phone")


@routes.rule("/new/{kind}", "POST", roles=CASEWORK)
def submit(visit: Visit) -> Response:
    """Nothing is kept before the form is complete: then a person, their consent, a draft and its submission."""
    form, needs = _form(visit), visit.desk.parts.needs
    entry, via = visit.line("entry", 40), visit.line("via")
    if via not in VIAS or not (entry.isalnum() and entry.isascii() and len(entry) == 32):
        raise Declined(422, "not_allowed")
    typed, today = _typed(visit, form), visit.desk.parts.clock.now().astimezone(SHANGHAI).date()
    taken = take(form, {}, typed, [step.id for step in form.steps], needs.reference, today)
    missing = still_missing(form, taken.answers, [step.id for step in missing_required(form, taken.answers)])
    errors = {**missing, **taken.errors}
    if errors:
        return _drawn(visit, form, typed, replace(taken, errors=errors), entry=entry, via=via, status=422)
    try:
        case = _entered(visit, form, taken, entry, cast(Via, via))
    except NotReadyError as error:
        left = {step.id: Saying("web.needs.error.missing", {"label": step.label}) for step in error.steps}
        return _drawn(visit, form, typed, replace(taken, errors=left), entry=entry, via=via, status=422)
    return _receipt(visit, case)


def _receipt(visit: Visit, case: Case) -> Response:
    """What to tell the person; whoever took it down may not be whose it is now."""
    receipt = visit.desk.parts.needs.submission.receipt(case)
    return visit.page("entry_receipt.html", receipt=receipt, mine=sees(visit.who.actor, case))


def _entered(visit: Visit, form: Form, taken: Taken, entry: str, via: Via) -> Case:
    """The case of this form: once, however often it is sent (`entry` is its name)."""
    needs, now, actor = visit.desk.parts.needs, visit.desk.parts.clock.now(), visit.who.actor
    account = visit.desk.parts.accounts.of(via, entry)
    if known := needs.cases.of_person(account.person):
        return known[0]
    if consent_step(form) is not None and not needs.people.consented(account.person):
        needs.people.record_consent(account.person, True, via, now)
    draft = needs.drafts.begin(account.person, account.id, form.kind, form.version, now, answers=taken.answers)
    case = needs.submission.submit(draft, via).case
    with needs.cases.writing() as transaction:
        words = words_of(visit).label("action", "entered")
        transaction.witness(case, Event("note", actor, now, ("none",), text=words))
    return case


def _drawn(
    visit: Visit, form: Form, typed: Mapping[str, Sequence[str]], taken: Taken, *, entry: str, via: str,
    status: int = 200,
) -> Response:  # fmt: skip
    lang = lang_of(visit.request)
    at = Standings(taken.answers, typed, {}, taken.errors, taken.warnings)
    drawn: tuple[Section, ...] = sections(form, at, PARTS)
    words = words_of(visit)
    web = _WebWords(visit)
    return visit.page(
        "entry_form.html",
        status=status,
        form=form,
        sections=drawn,
        errors=taken.errors,
        tell=lambda saying: web.say(saying) or words.tell(saying),
        notice=visit.desk.parts.needs.people.notices[lang].text,
        entry=entry,
        via=via,
        vias=VIAS,
    )


class _WebWords:
    """The sentences that are the web form's own."""

    def __init__(self, visit: Visit) -> None:
        from bot.channels.web_chat.words import load_words

        self._words = load_words()[lang_of(visit.request)]

    def say(self, saying: Saying) -> str:
        key = saying.key.removeprefix("web.")
        return self._words(key, **saying.values) if saying.key.startswith("web.") and self._words.has(key) else ""


def _form(visit: Visit) -> Form:
    form = visit.desk.parts.needs.formbook.forms.get(visit.path("kind"))
    if form is None:
        raise Declined(404, "not_found")
    return form


def _typed(visit: Visit, form: Form) -> dict[str, Sequence[str]]:
    """What stands in the fields of the form, clean; an empty one included."""
    found: dict[str, Any] = {}
    for step in form.steps:
        for name in (step.id, f"{step.id}.way_out"):
            values = [value for value in visit.form.getlist(name) if not isinstance(value, UploadFile)]
            if values:
                found[name] = tuple(text for text in visit.lines(name, _LONGEST) if text)
    return found

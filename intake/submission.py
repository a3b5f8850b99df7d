"""Start here: a complete draft becomes a case, in one transaction, once however often it is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from intake.case_numbers import case_number, query_code
from intake.case_of_draft import (
    announced_row,
    code_of,
    deadline_of,
    first_event,
    merged_profile,
    new_case,
    personal_answers,
    tellings,
)
from intake.cases import Case, Private, Via
from intake.formbook import Formbook
from intake.headline import headline, main_text
from intake.journey import missing_required, submitted_answers
from intake.models import Form, Step
from intake.quality import score
from intake.receipts import Receipt, ReceiptLine, receipt_lines
from intake.routing import Team, route_for
from intake.similar import Gist, SimilarCase, alike
from intake.sla import Timing
from intake.store.cases import CaseStore, Transaction
from intake.store.drafts import Draft, StaleDraftError, attachments_of, drop_draft, locked_draft
from intake.store.forms import form_of, keep_form
from intake.store.organisations import join_organisation
from intake.store.people import People, keep_profile, profile_of
from intake.store.register import Register, UnknownTeamError
from intake.store.submitting import CollisionError, comparable, of_others, submitting
from intake.values import Answers
from intake.worktime import SHANGHAI

__all__ = ["NotReadyError", "Receipt", "ReceiptLine", "Submission"]

ATTEMPTS = 5
"""A number that was drawn before, or a code named by two in the same moment: drawn again, named again."""


class NotReadyError(Exception):
    """Something still bars submission: `steps`, in the order of the form. Ask the first of them.

    The consent step is among them where this person's consent to the notice in force is not on record.
    """

    def __init__(self, steps: tuple[Step, ...]) -> None:
        super().__init__(", ".join(step.id for step in steps))
        self.steps = steps


class Submission:
    def __init__(
        self,
        store: CaseStore,
        formbook: Formbook,
        people: People,
        register: Register,
        timing: Timing,
        now: Callable[[], datetime],
        *,
        choose: Callable[[str], str] = secrets.choice,
    ) -> None:
        """`choose` draws the characters of numbers and codes."""
        self._store = store
        self._formbook = formbook
        self._people = people
        self._register = register
        self._timing = timing
        self._now = now
        self._choose = choose

    def similar(self, draft: Draft) -> tuple[SimilarCase, ...]:
        """Open needs of this person, and of their organisation where they are accepted in it; the likest first."""
        form = self._formbook.form(draft.kind)
        found = self._store.find(comparable(draft.person, draft.kind))
        return tuple(alike(_gist(form, draft.answers), [(case, self._gist_of(case)) for case in found]))

    def common_needs(self, case: Case) -> list[SimilarCase]:
        """For staff only: like needs of other organisations (共性需求). Restricted needs are never among them."""
        if case.restricted or case.erased:
            return []
        found = self._store.find(of_others(case.kind, case.person, case.org))
        return alike(self._gist_of(case), [(other, self._gist_of(other)) for other in found], most=20)

    def submit(self, draft: Draft, via: Via, lang: str = "zh") -> Receipt:
        """The draft as a case, its first event, its notices and its files; the draft is gone. All of it, or none.

        The same draft again: the same receipt, `repeated`. Raises NotReadyError, and StaleDraftError where the draft
        was changed since it was read (or dropped): read it again and show the card again.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                case, repeated = self._submitted(draft, via, lang)
            except CollisionError:
                if attempt == ATTEMPTS:
                    raise
            else:
                break
        return self.receipt(case, repeated=repeated)

    def submit_within(self, transaction: Transaction, draft: Draft, via: Via, lang: str = "zh") -> Case:
        """A draft that is stored nowhere, as a case inside the caller's transaction (`submitting`), with others or not.

        The caller has recorded the person's consent. Raises NotReadyError.
        """
        form = self._formbook.form(draft.kind)
        if missing := missing_required(form, draft.answers):
            raise NotReadyError(missing)
        case = self._case(draft, form, via, lang)
        team = route_for(case.kind, case.industry, case.district, case.zone, self._register.teams())
        return self._write(transaction, replace(case, team=team.id), draft, form, team)

    def receipt(self, case: Case, *, repeated: bool = False) -> Receipt:
        """The receipt of a case, as it stands now."""
        private = self._store.private(case.id)
        team = self._team(case)
        answers = {**case.answers, **(private.personal if private else {})}
        return Receipt(
            case=case,
            query_code=private.query_code if private else "",
            team_name=team.name if team else "",
            team_phone=team.phone if team else None,
            first_due=_moment(case.announced.get("first")) or case.submitted_at,
            final_due=_moment(case.announced.get("final")),
            work_starts=_moment(case.announced.get("work_starts")),
            lines=receipt_lines(self._form_of(case), answers),
            repeated=repeated,
        )

    def _submitted(self, draft: Draft, via: Via, lang: str) -> tuple[Case, bool]:
        """The case of the draft, and whether it was there already."""
        found = self._store.of_draft(draft.id)
        if found is not None:
            return found, True
        form = self._formbook.form(draft.kind)
        self._check(form, draft)
        teams = self._register.teams()
        with submitting(self._store) as transaction:
            stored = locked_draft(transaction.connection, draft.id)
            found = transaction.of_draft(draft.id)
            if found is not None:
                return found, True
            if stored is None or stored.rev != draft.rev:
                raise StaleDraftError(draft.id)
            case = self._case(draft, form, via, lang)
            team = route_for(case.kind, case.industry, case.district, case.zone, teams)
            return self._write(transaction, replace(case, team=team.id), draft, form, team), False

    def _check(self, form: Form, draft: Draft) -> None:
        missing = missing_required(form, draft.answers)
        consent = tuple(step for step in form.steps if step.part == "consent" and step.must_be_yes)
        if consent and not self._people.consented(draft.person):
            wanting = {step.id for step in (*missing, *consent)}
            missing = tuple(step for step in form.steps if step.id in wanting)
        if missing:
            raise NotReadyError(missing)

    def _case(self, draft: Draft, form: Form, via: Via, lang: str) -> Case:
        now = self._now()
        case = new_case(draft, form, via, lang, now, case_number(now.astimezone(SHANGHAI).year, self._choose))
        deadline = deadline_of(case.answers)
        return replace(case, announced=announced_row(self._timing.announced(form.kind, case.priority, now, deadline)))

    def _write(self, transaction: Transaction, case: Case, draft: Draft, form: Form, team: Team) -> Case:
        connection, now = transaction.connection, case.submitted_at
        given = submitted_answers(form, draft.answers)
        files = attachments_of(connection, draft.id)
        keep_form(connection, form, now)
        org = _organisation(transaction, draft.person, given, now)
        case = replace(case, org=org, quality=score(form, given, len(files)).row())
        private = Private(personal_answers(form, given), query_code(self._choose), secrets.token_hex(32))
        transaction.insert(case, private)
        transaction.attach(case.id, files, case.person, now)
        case = transaction.first_event(case, first_event(case, given, private, files))
        profile = merged_profile(profile_of(connection, draft.person), form, given)
        keep_profile(connection, draft.person, profile, now)
        drop_draft(connection, draft.id)
        transaction.tell(tellings(case, team), now)
        return case

    def _team(self, case: Case) -> Team | None:
        try:
            return self._register.team(case.team) if case.team else None
        except UnknownTeamError:
            return None

    def _form_of(self, case: Case) -> Form:
        """The form the case was submitted in, where it has changed since."""
        form = self._formbook.form(case.kind)
        if form.version == case.form_version:
            return form
        return form_of(self._store.engine, case.kind, case.form_version) or form

    def _gist_of(self, case: Case) -> Gist:
        return Gist(case.title, _told(case.title, case.summary, main_text(self._form_of(case), case.answers)))


def _organisation(transaction: Transaction, person: str, given: Answers, now: datetime) -> str | None:
    """The organisation the person submits for; None where the form does not ask (简要登记)."""
    name = code_of(given, "org_name")
    if name is None:
        return None
    return join_organisation(transaction.connection, person, name, code_of(given, "uscc"), now)


def _moment(iso: str | None) -> datetime | None:
    return None if not iso else datetime.fromisoformat(iso)


def _gist(form: Form, answers: Answers) -> Gist:
    title, summary = headline(form, answers)
    return Gist(title, _told(title, summary, main_text(form, answers)))


def _told(*texts: str) -> str:
    return "\n".join(texts)

"""Start here: load the demonstration, and undo it. Neither tells anybody: no notice is written, nothing is delivered.

What undo can and cannot do: the history of cases is append-only, in the database too, so a case is never deleted. Undo
does what its owner could have had done (intake/privacy.py): open cases are withdrawn, every word, file and contact is
erased, the accounts of the fictional enterprises go. What is left of each case is an empty row whose history says that
it was a demonstration; `intake.cases.Case.hidden` keeps it out of every list, page and export.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.accounts import Account, Accounts
from bot.demo.marks import CHANNEL, KEY, STAFF
from bot.demo.reading import AlreadyLoadedError, DemoCase, DemoStep, answers_of, read_cases
from bot.needs import Needs
from intake.cases import DEMO_TAG, SYSTEM, Actor, Case, Event, owner
from intake.docking import Docking
from intake.handling import Handling
from intake.parties import ContactHow
from intake.privacy import Privacy
from intake.staff import UnknownStaffError
from intake.store.cases import CaseStore
from intake.submission import Submission
from intake.values import Answered
from intake.worktime import SHANGHAI

_MARKED = "演示数据：虚构的单位和需求，不是真实办件。"


@dataclass(slots=True)
class _Then:
    """The moment a case of the past is at."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class Demonstration:
    def __init__(self, needs: Needs, accounts: Accounts, now: Callable[[], datetime]) -> None:
        self._needs = needs
        self._accounts = accounts
        self._now = now
        self._silent = CaseStore(needs.cases.engine, lambda _connection, _telling, _at: None)

    def loaded(self) -> bool:
        return bool(self._accounts.beginning(CHANNEL, KEY))

    def load(self) -> list[Case]:
        """The cases, as they stand now. Raises AlreadyLoadedError, and DemoError where its file is wrong."""
        if self.loaded():
            raise AlreadyLoadedError
        wanted = read_cases()
        today = self._now().astimezone(SHANGHAI).date()
        read = [(case, answers_of(case, self._needs.formbook, self._needs.reference, today)) for case in wanted]
        self._hire()
        try:
            return [self._live(case, answers) for case, answers in read]
        except Exception:
            self.undo()  # all of it, or none
            raise

    def undo(self) -> int:
        """Erase exactly what `load` made and what was done with it since; how many cases there were."""
        privacy = Privacy(self._silent, self._needs.people, self._needs.formbook, self._now)
        files: set[str] = set()
        count = 0
        for account in self._accounts.beginning(CHANNEL, KEY):
            files |= set(privacy.erase(account.person).files)
            for case in self._needs.cases.of_person(account.person):
                self._hide(case)
                count += 1
            self._accounts.erase(account.id)
        for digest in files:
            self._needs.files.delete(digest)
        self._dismiss()
        return count

    def _hire(self) -> None:
        register, now = self._needs.register, self._now()
        register.put_staff(STAFF, SYSTEM, now)
        for team in register.teams():
            if team.active:
                register.join(team.id, STAFF.id, SYSTEM, now, lead=False, liaison=False)

    def _dismiss(self) -> None:
        try:
            if self._needs.register.person(STAFF.id).active:
                self._needs.register.retire(STAFF.id, SYSTEM, self._now())
        except UnknownStaffError:
            return

    def _live(self, case: DemoCase, answers: dict[str, Answered]) -> Case:
        """Go through the life of a case, from its submission up to now."""
        needs, calendar = self._needs, self._needs.timing.calendar
        then = _Then(calendar.add_days(self._now(), -case.before))
        began = then.at
        handling = Handling(self._silent, needs.formbook, needs.register, needs.timing, then.now)
        account = self._accounts.of(CHANNEL, f"{KEY}{case.key}")
        submitted = self._submit(case, answers, account, then)
        for step in case.steps:
            then.at = min(calendar.add_days(began, step.after), self._now())
            self._do(handling, submitted, step)
        if case.docking:
            self._dock(handling, submitted, then)
        found = needs.cases.get(submitted.reference)
        return found or submitted

    def _submit(self, case: DemoCase, answers: dict[str, Answered], account: Account, then: _Then) -> Case:
        needs, now = self._needs, then.now()
        submission = Submission(self._silent, needs.formbook, needs.people, needs.register, needs.timing, then.now)
        if not needs.people.consented(account.person):
            needs.people.record_consent(account.person, True, case.via, now)
        form = needs.formbook.form(case.kind)
        draft = needs.drafts.begin(account.person, account.id, case.kind, form.version, now, answers=answers)
        submitted = submission.submit(draft, case.via).case
        with self._silent.writing() as transaction:
            marked = replace(submitted, tags=(*submitted.tags, DEMO_TAG))
            return transaction.change(marked, Event("note", SYSTEM, now, ("none",), text=_MARKED))

    def _do(self, handling: Handling, case: Case, step: DemoStep) -> None:
        actor = owner(case.person, "web") if step.who == "owner" else self._staff(case)
        handling.act(actor, case.reference, step.action, **step.values)

    def _dock(self, handling: Handling, case: Case, then: _Then) -> None:
        """Two parties that suit it, the first of them reached already."""
        docking = Docking(self._silent, handling, self._needs.docking.parties, then.now)
        actor = self._staff(case)
        chosen = [suggestion.party.id for suggestion in docking.suggestions(case)[:2]]
        tried = [docking.add_candidate(actor, case.reference, party) for party in chosen]
        for candidate in tried[:1]:
            docking.log(actor, candidate.id, ContactHow.PHONE, "（演示）已电话联系，对方愿意进一步了解。")

    def _staff(self, case: Case) -> Actor:
        """`demo` as it stood when the case was handled: in the team that had it."""
        actor = self._needs.register.actor(STAFF.id, "console", self._now())
        return replace(actor, teams=actor.teams | ({case.team} if case.team else set()))

    def _hide(self, case: Case) -> None:
        with self._silent.writing() as transaction:
            hidden = replace(case, tags=(DEMO_TAG,))
            transaction.change(hidden, Event("erase", SYSTEM, self._now(), ("none",), case.state, case.state))

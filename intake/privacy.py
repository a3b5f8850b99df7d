"""A person's rights over what is kept about them: notice, export, withdrawal, erasure, retention (PIPL 15–47)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from db.engine import settle
from intake.cases import SYSTEM, Actor, Case, CaseState, Event, Telling, Via, owner
from intake.consent_texts import ConsentNotice
from intake.exporting import exported
from intake.formbook import Formbook
from intake.handling.notices import NOBODY, Occasion, tellings
from intake.handling.roster import Roster
from intake.review import moves_of
from intake.store.cases import CaseStore, Transaction
from intake.store.drafts import Draft, Drafts, attachments_of, drop_draft
from intake.store.erasing import (
    drop_unused_profiles,
    files_of,
    forget_elsewhere,
    forget_person,
    forget_personal,
    forget_words,
    hold,
    idle_draft,
    long_ended,
    owned_by,
    strip_drafts,
)
from intake.store.files import unnamed
from intake.store.people import People, keep_profile, profile_of, record_consent
from intake.store.register import Register

DRAFT_DAYS = 30
"""A draft untouched for so long is dropped; the notice people agree to says so."""

TellDraft = Callable[[Transaction, Draft, datetime], None]


@dataclass(frozen=True, slots=True)
class Erased:
    """Numbers of the cases that were erased (or only withdrawn, by `withdraw_consent`), how many drafts were dropped,
    and digests of files nobody refers to any more."""

    cases: tuple[str, ...]
    drafts: int
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retained:
    """What a round of retention removed: numbers of cases whose personal values went, drafts that went (their owners
    are to be told; `Draft.account` says where), and digests of files nobody refers to any more."""

    cases: tuple[str, ...]
    drafts: tuple[Draft, ...]
    files: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.cases) + len(self.drafts)


class Privacy:
    def __init__(
        self, store: CaseStore, people: People, formbook: Formbook, now: Callable[[], datetime], lang: str = "zh"
    ) -> None:
        """`lang`: the language of the notice where a withdrawal is recorded."""
        self._store = store
        self._people = people
        self._formbook = formbook
        self._now = now
        self._lang = lang

    def consent_notice(self, lang: str = "zh") -> ConsentNotice:
        """The notice in force."""
        return self._people.notices[lang]

    def export(self, person: str) -> dict[str, Any]:
        """Everything intake keeps about a person, as plain JSON: profile, consents, drafts, cases with their words."""
        return exported(person, self._store, self._people, self._formbook, self._now())

    def erase(self, person: str, via: Via = "system") -> Erased:
        """Withdraw the person's open cases and erase their words everywhere; codes for statistics and the chain stay.

        The files named in the result are for the caller to delete from the file store. A consent is taken back, so
        that the person is asked anew should they return.
        """
        now, roster = self._now(), self._roster()
        with self._store.writing() as transaction:
            connection = transaction.connection
            hold(connection, person)
            files = files_of(connection, person)
            mine = transaction.find(owned_by(person))
            for case in mine:
                self._erase_case(transaction, case, owner(person, via), now, roster)
            forget_elsewhere(connection, person)
            dropped = forget_person(connection, person)
            self._take_back(transaction, person, via, now)
        return Erased(_numbers(mine), dropped, self._settled(files))

    def withdraw_consent(self, person: str, via: Via) -> Erased:
        """Stop using the person's contact: record the no, withdraw open cases, erase contact values everywhere."""
        now, roster, personal = self._now(), self._roster(), self._personal_steps()
        withdrawn = []
        with self._store.writing() as transaction:
            connection = transaction.connection
            hold(connection, person)
            for case in transaction.find(owned_by(person)):
                after, notices = self._withdraw(transaction, case, owner(person, via), now, roster)
                transaction.tell(notices, now)
                withdrawn += [after] if case.is_open else []
                self._drop_personal(transaction, case.id)
            strip_drafts(connection, person, personal | self._consent_steps())
            kept = {step: value for step, value in profile_of(connection, person).items() if step not in personal}
            keep_profile(connection, person, kept, now)
            self._take_back(transaction, person, via, now)
        return Erased(_numbers(withdrawn), 0, self._settled(()))

    def retention(self, now: datetime, days: int, tell: TellDraft | None = None) -> Retained:
        """Erase the personal values of cases ended more than `days` ago, and drop drafts untouched for DRAFT_DAYS.

        `tell` writes the notice to a dropped draft's owner in the same transaction.
        """
        before = now - timedelta(days=days)
        cases = [self._expire(case, now) for case in self._store.find(long_ended(before))]
        drafts, files = self._drop_idle(now, tell)
        with self._store.writing() as transaction:
            drop_unused_profiles(transaction.connection, before)
        return Retained(_numbers(cases), drafts, self._settled(files))

    def _erase_case(self, transaction: Transaction, case: Case, actor: Actor, now: datetime, roster: Roster) -> None:
        case, notices = self._withdraw(transaction, case, actor, now, roster)
        forget_words(transaction.connection, case.id)
        if not case.erased:
            blank = replace(case, title="", summary="", answers={}, legacy_answers={}, org=None, erased=True)
            blank = replace(blank, tags=(), external_refs=())
            transaction.change(blank, Event("erase", actor, now, NOBODY, case.state, case.state))
        transaction.tell(notices, now)

    def _withdraw(
        self, transaction: Transaction, case: Case, actor: Actor, now: datetime, roster: Roster
    ) -> tuple[Case, list[Telling]]:
        """An open case withdrawn, by the table's own row, and its notices; one that ended as it stands."""
        if not case.is_open:
            return case, []
        (move,) = moves_of("withdraw")
        event = Event(move.action, actor, now, move.notices, case.state, move.target, public=move.public)
        ended = replace(
            case, state=CaseState.WITHDRAWN, outcome="withdrawn", closed_at=now, resume_state=None, expires_at=None
        )
        after = transaction.change(ended, event)
        return after, tellings(move.notices, Occasion(case, after, after.seq, actor, now), roster, {})

    def _roster(self) -> Roster:
        """Read before the transaction begins."""
        return Roster(Register(self._store.engine))

    def _drop_personal(self, transaction: Transaction, case: str) -> None:
        private = transaction.private(case)
        if private is not None:
            transaction.keep_private(case, replace(private, personal={}))

    def _expire(self, case: Case, now: datetime) -> Case:
        with self._store.writing() as transaction:
            forget_personal(transaction.connection, case.id)
            current = transaction.by_id(case.id) or case
            return transaction.change(current, Event("expire_personal", SYSTEM, now, NOBODY))

    def _drop_idle(self, now: datetime, tell: TellDraft | None) -> tuple[tuple[Draft, ...], set[str]]:
        before = now - timedelta(days=DRAFT_DAYS)
        dropped: list[Draft] = []
        files: set[str] = set()
        for idle in Drafts(self._store.engine).idle_since(before):
            with self._store.writing() as transaction:
                draft = idle_draft(transaction.connection, idle.id, before)
                if draft is None:
                    continue
                files |= {file.digest for file in attachments_of(transaction.connection, draft.id)}
                drop_draft(transaction.connection, draft.id)
                if tell is not None:
                    tell(transaction, draft, now)
            dropped.append(draft)
        return tuple(dropped), files

    def _take_back(self, transaction: Transaction, person: str, via: Via, now: datetime) -> None:
        record_consent(transaction.connection, person, False, via, now, self._people.notices[self._lang])

    def _settled(self, files: Iterable[str]) -> tuple[str, ...]:
        """Empty the log, so that what was erased is gone from the disk; of the files, those that no row names."""
        settle(self._store.engine)
        return tuple(sorted(unnamed(self._store.engine, set(files))))

    def _personal_steps(self) -> frozenset[str]:
        return frozenset(s.id for form in self._formbook.forms.values() for s in form.steps if s.personal)

    def _consent_steps(self) -> frozenset[str]:
        return frozenset(s.id for form in self._formbook.forms.values() for s in form.steps if s.part == "consent")


def _numbers(cases: Iterable[Case]) -> tuple[str, ...]:
    return tuple(case.reference for case in cases)

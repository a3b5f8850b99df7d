"""Start here: the counter where cases are seen and acted upon, for people and staff alike, by the rules of review."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from db.engine import reading
from intake.cases import OPEN, SYSTEM, Actor, Case, CaseState, Event, Recorded, Role
from intake.formbook import Formbook
from intake.handling import family, moves_desk, moves_intake, moves_work
from intake.handling.attempt import Attempt, HeldError, words
from intake.handling.contact import Contact, masked
from intake.handling.notices import NOBODY, day
from intake.handling.roster import Roster
from intake.handling.sweeping import alerts, due_action, tell_alerts
from intake.models import Saying
from intake.reading.plain import plain
from intake.review import GuardError, Move, NotAllowedError, NotFoundError, ReviewError, admitted, moves_of
from intake.review_guards import unready
from intake.review_rows import masked_for, reads, sees, shown_to
from intake.sla import Timing
from intake.store.cases import CaseStore, Transaction
from intake.store.drafts import Attachment
from intake.store.queue import asked_for, following, rows_of, still_open, with_phone_ending
from intake.store.register import Register

ACTIONS: Mapping[str, Callable[..., Case]] = {
    action.__name__: action
    for action in (
        moves_intake.accept, moves_intake.ask, moves_intake.reply, moves_intake.remind, moves_intake.timeout,
        moves_intake.reject, moves_intake.route, moves_intake.sign, moves_intake.bounce, moves_intake.adjudicate,
        moves_intake.start, moves_work.dock, moves_work.undock, moves_work.publish, moves_work.response,
        moves_work.expire, moves_work.answer, moves_work.confirm, moves_work.dissatisfied, moves_work.reopen,
        moves_work.withdraw, family.merge, family.follow, family.split, family.rekind, moves_desk.extend,
        moves_desk.propose, moves_desk.urge, moves_desk.assign, moves_desk.release, moves_desk.note, moves_desk.correct,
        moves_desk.verify_uscc, moves_desk.told_offline, moves_desk.called, moves_desk.message, moves_desk.take_over,
        moves_desk.hand_back, moves_desk.platform,
    )
}  # fmt: skip

_CLAIMS = frozenset({"accept", "assign", "sign"})
_TAIL = re.compile(r"[0-9]{4,}")
_SHOWN_DIGITS = 4
"""As many of a masked number are shown, so that looking for more would tell what is hidden."""


class Handling:
    def __init__(
        self,
        store: CaseStore,
        formbook: Formbook,
        register: Register,
        timing: Timing,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._formbook = formbook
        self._register = register
        self._timing = timing
        self._now = now

    def view(self, actor: Actor, reference: str) -> Case:
        """The case as this actor may have it. That staff read a restricted one goes on record, once a day.

        Raises NotFoundError where it is not there, or not theirs to see.
        """
        case = self._seen(actor, reference)
        if case.restricted and _is_staff(actor) and reads(actor, case):
            case = self._witnessed(actor, case, "read")
        return shown_to(actor, case)

    def history(self, actor: Actor, reference: str) -> list[Recorded]:
        """The case's events: all for staff who read it, the public ones for its owner. Raises NotFoundError."""
        case = self._read(actor, reference)
        events = self._store.events(case.id)
        return events if _is_staff(actor) else [event for event in events if event.public]

    def files(self, actor: Actor, reference: str) -> list[Attachment]:
        """Its files. Raises NotFoundError."""
        return self._store.files(self._read(actor, reference).id)

    def contact(self, actor: Actor, reference: str, reason: str = "") -> Contact:
        """Whom to ring. That staff were shown it in full goes on record with the reason, once a day. Raises
        NotFoundError, and GuardError for a reason that must not be kept."""
        case = self._read(actor, reference)
        private = self._store.private(case.id)
        personal = private.personal if private else {}
        if masked_for(actor, case):
            return masked(personal)
        if personal and _is_staff(actor):
            self._witnessed(actor, case, "unmask", words(reason))
        return Contact(dict(personal), False)

    def queue(
        self,
        actor: Actor,
        *,
        text: str = "",
        state: CaseState | None = None,
        kind: str | None = None,
        district: str | None = None,
        team: str | None = None,
        mine: bool = False,
        ended: bool = False,
    ) -> list[Case]:
        """The cases this actor sees, urgent ones first, then the oldest; open ones unless `ended` or an ended state.

        `text`: a number, words of title, summary or answers, or at least four last digits of a telephone number.
        `district` is the code of a district or zone. What an actor may not read is not searched for them.
        """
        assignee = actor.id if mine else None
        wanted = asked_for(state=state, kind=kind, area=district, team=team, assignee=assignee, ended=ended)
        found = [case for case in self._store.find(rows_of(actor) & wanted) if sees(actor, case)]
        if text.strip():
            found = self._holding(actor, found, text)
        found.sort(key=lambda case: case.priority != "urgent")
        return [shown_to(actor, case) for case in found]

    def act(self, actor: Actor, reference: str, action: str, *, rev: int | None = None, **values: Any) -> Case:
        """Do something to a case, in one transaction: the change, its event, its notices. The case as it is then.

        `rev` is the revision the actor saw; HeldError (a StaleCaseError) where it is another now. Raises NotFoundError
        where the case is not theirs to see, NotAllowedError where the move is not theirs or not as it stands,
        GuardError where something is missing. `values` are those of the functions in intake/handling/moves_*.py.
        """
        seen = self._seen(actor, reference)
        roster = Roster(self._register, seen.team, values.get("team"))
        with self._store.writing() as transaction:
            return self._act(transaction, roster, actor, reference, action, rev, values)

    def act_within(
        self,
        transaction: Transaction,
        actor: Actor,
        reference: str,
        action: str,
        *,
        rev: int | None = None,
        **values: Any,
    ) -> Case:
        """The same inside the caller's transaction, which is to be given up where this raises."""
        return self._act(transaction, Roster(self._register), actor, reference, action, rev, values)

    def sweep(self) -> int:
        """Do what time makes due; how much was done. To be called now and then, by one process or by several.

        A case that cannot be looked after keeps none of the others waiting: the faults are raised together at the end.
        """
        done, faults = 0, []
        for tend, cases in ((self._tend, still_open()), (self._follow, following())):
            for case in self._store.find(cases):
                try:
                    done += tend(case)
                except ReviewError:  # somebody acted on it meanwhile: the next sweep looks again
                    continue
                except Exception as fault:  # raised below, when the others are done
                    faults.append(fault)
        if faults:
            raise ExceptionGroup("cases that could not be looked after", faults)
        return done

    def _act(
        self,
        transaction: Transaction,
        roster: Roster,
        actor: Actor,
        reference: str,
        action: str,
        rev: int | None,
        values: Mapping[str, Any],
    ) -> Case:
        case = _locked(transaction, reference, values.get("into"))
        if case is None or not sees(actor, case):
            raise _not_found(reference)
        if rev is not None and rev != case.rev:
            raise HeldError(case, roster.name(case.assignee) if case.assignee != actor.id else "")
        now = self._now()
        move = _chosen(actor, action, case, now, roster)
        attempt = Attempt(transaction, actor, move, case, now, roster, self._formbook, self._timing)
        return shown_to(actor, ACTIONS[action](attempt, **values))

    def _seen(self, actor: Actor, reference: str) -> Case:
        case = self._store.get(reference)
        if case is None or not sees(actor, case):
            raise _not_found(reference)
        return case

    def _read(self, actor: Actor, reference: str) -> Case:
        case = self._seen(actor, reference)
        if not reads(actor, case):
            raise _not_found(reference)
        return case

    def _witnessed(self, actor: Actor, case: Case, action: str, text: str = "") -> Case:
        """The case with the event on record, unless it is there from the same day."""
        now = self._now()
        if self._is_on_record(actor, case, action, now):
            return case
        with self._store.writing() as transaction:
            return transaction.witness(case, Event(action, actor, now, NOBODY, text=text))

    def _is_on_record(self, actor: Actor, case: Case, action: str, now: datetime) -> bool:
        events = self._store.events(case.id)
        return any(e.action == action and e.actor == actor.id and day(e.at) == day(now) for e in events)

    def _holding(self, actor: Actor, found: list[Case], text: str) -> list[Case]:
        sought = plain(text).casefold()
        digits = "".join(sought.split())
        if not _TAIL.fullmatch(digits):
            return [case for case in found if self._holds(actor, case, sought)]
        with reading(self._store.engine) as connection:
            reached = with_phone_ending(connection, digits)
        return [case for case in found if self._holds(actor, case, sought) or _is_reached(actor, case, digits, reached)]

    def _holds(self, actor: Actor, case: Case, sought: str) -> bool:
        """Whether number, title, summary or an answer in words holds it, as far as the actor reads them."""
        shown = shown_to(actor, case)
        told = (shown.answers[step] for step in self._told_in_words(case.kind) if step in shown.answers)
        values = (answered.value for answered in told)
        texts = (shown.title, shown.summary, case.reference, *(value for value in values if isinstance(value, str)))
        return any(sought in plain(text).casefold() for text in texts)

    def _told_in_words(self, kind: str) -> list[str]:
        return [step.id for step in self._formbook.form(kind).steps if step.free_text or step.type == "uscc"]

    def _tend(self, case: Case) -> int:
        now, events = self._now(), self._store.events(case.id)
        action = due_action(case, events, self._timing, now)
        if action is not None:
            self.act(SYSTEM, case.reference, action, rev=case.rev)
            return 1
        if self._timing.calendar.is_working(now) and alerts(case, events, self._timing, now):
            return self._tell_alerts(case, now)
        return 0

    def _follow(self, merged: Case) -> int:
        """A merged case ends as what it was merged into."""
        target = merged
        while target.merged_into and (beyond := self._store.by_id(target.merged_into)) is not None:
            target = beyond
        if target.is_open or target is merged:
            return 0
        self.act(SYSTEM, merged.reference, "follow", rev=merged.rev)
        return 1

    def _tell_alerts(self, case: Case, now: datetime) -> int:
        roster = Roster(self._register, case.team)
        with self._store.writing() as transaction:
            locked = transaction.case(case.reference)
            if locked is None or locked.state not in OPEN:
                return 0
            return tell_alerts(transaction, locked, self._timing, roster, now)


def _locked(transaction: Transaction, reference: str, other: str | None) -> Case | None:
    """The case; where another is named, both are locked in the order of their numbers, so that two who merge two cases
    into each other do not wait for one another."""
    if other is not None and other < reference:
        transaction.case(other)
    return transaction.case(reference)


def _chosen(actor: Actor, action: str, case: Case, now: datetime, roster: Roster) -> Move:
    """The row of the table to go by: the first that admits it and is ready."""
    problems = []
    for move in admitted(actor, case, action):
        problem = unready(move.guard, case, actor, now)
        if problem is None:
            return move
        problems.append(problem)
    if action in _CLAIMS and case.assignee not in (None, actor.id) and _could_ever(actor, action):
        raise HeldError(case, roster.name(case.assignee))
    for problem in problems:
        raise GuardError(problem)
    raise NotAllowedError(Saying("review.not_allowed", {"action": action, "state": str(case.state)}))


def _could_ever(actor: Actor, action: str) -> bool:
    return any(actor.has(*move.roles) for move in moves_of(action))


def _not_found(reference: str) -> NotFoundError:
    return NotFoundError(Saying("review.not_found", {"reference": reference}))


def _is_staff(actor: Actor) -> bool:
    return not actor.roles <= {Role.ENTERPRISE, Role.SYSTEM}


def _is_reached(actor: Actor, case: Case, digits: str, reached: frozenset[str]) -> bool:
    if case.id not in reached or not reads(actor, case):
        return False
    return len(digits) <= _SHOWN_DIGITS or not masked_for(actor, case)

"""One move being made: what it may look at, and how what it changes is put on record with its event and notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from intake.cases import Actor, Case, CaseState, Event, Private, Recorded
from intake.formbook import Formbook
from intake.handling.notices import NOBODY, Occasion, tellings
from intake.handling.roster import Roster
from intake.models import Form, Saying
from intake.reading.sensitive import refusals
from intake.review import GuardError, Move, ReviewError
from intake.review_guards import refusal
from intake.sla import Timing
from intake.store.cases import StaleCaseError, Transaction
from intake.store.forms import form_in

LONGEST_TEXT = 2000


class HeldError(ReviewError, StaleCaseError):
    """Somebody else was first: `case` is how it stands now, the saying's `holder` who has it in hand."""

    def __init__(self, case: Case, holder: str) -> None:
        StaleCaseError.__init__(self, case)
        key = "review.held" if holder else "review.changed"
        self.saying = Saying(
            key, {"reference": case.reference, "holder": holder} if holder else {"reference": case.reference}
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What a move makes of a case.

    `text` is what the event says (on the enterprise's timeline where the move is public); `aside` what only staff read
    of it. `notices` and `public` replace those of the table. `router`: who had sent the case here.
    """

    case: Case
    detail: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    aside: str = ""
    notices: tuple[str, ...] | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    public: bool | None = None
    router: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A move on its way, inside its transaction. `case` is as it was read, locked."""

    transaction: Transaction
    actor: Actor
    move: Move
    case: Case
    now: datetime
    roster: Roster
    formbook: Formbook
    timing: Timing

    @property
    def events(self) -> list[Recorded]:
        return self.transaction.events(self.case.id)

    @property
    def private(self) -> Private | None:
        return self.transaction.private(self.case.id)

    @property
    def form(self) -> Form:
        """The form the case was submitted in."""
        form = self.formbook.form(self.case.kind)
        if form.version == self.case.form_version:
            return form
        return form_in(self.transaction.connection, self.case.kind, self.case.form_version) or form

    def moved(self, state: CaseState, **changes: Any) -> Case:
        return replace(self.case, state=state, **changes)

    def record(self, change: Change) -> Case:
        """Store the change with its event, then its notices. The case as it stands then."""
        state = change.case.state
        changes_state = state is not self.case.state or state is self.move.target  # routed to another team is a move
        notices = self.move.notices if change.notices is None else change.notices
        event = Event(
            self.move.action,
            self.actor,
            self.now,
            notices or NOBODY,
            from_state=self.case.state if changes_state else None,
            to_state=change.case.state if changes_state else None,
            detail=change.detail,
            text=change.text,
            public=self.move.public if change.public is None else change.public,
        )
        after = self.transaction.change(change.case, event)
        occasion = Occasion(self.case, after, after.seq, self.actor, self.now, change.router)
        self.transaction.tell(tellings(event.notices, occasion, self.roster, change.body), self.now)
        return self._said_aside(after, change.aside)

    def _said_aside(self, case: Case, words: str) -> Case:
        if not words:
            return case
        return self.transaction.witness(case, Event("note", self.actor, self.now, NOBODY, text=words))

    def of(self, case: Case) -> Attempt:
        """The same attempt on another case of the same transaction."""
        return replace(self, case=case)


def refuse(name: str, **values: str) -> GuardError:
    """The error of a guard that does not hold."""
    return GuardError(refusal(name, **values))


def words(text: str, guard: str | None = None, least: int = 1) -> str:
    """The text as it is kept. GuardError where it is too short for `guard`, too long, or holds what must not be kept
    (numbers of identity or bank cards, marks of secrecy)."""
    text = text.strip()
    if guard is not None and len(text) < least:
        raise refuse(guard, least=str(least))
    if len(text) > LONGEST_TEXT:
        raise refuse("too_long", most=str(LONGEST_TEXT))
    for saying in refusals(text):
        raise GuardError(saying)
    return text

"""Start here: who might help with a case, whom staff are trying, how far it has come, and what of it the owner hears.

Candidates are recorded by hand. Whoever may dock a case (intake/review.py, row 12) may do all of this to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from intake import societies
from intake.cases import Actor, Case, CaseState, Event, Telling
from intake.docking_rates import Docked, DockingRates, docking_rates
from intake.handling import Handling, HeldError
from intake.handling.attempt import words
from intake.models import Saying
from intake.parties import Candidate, CandidateStatus, Contact, ContactHow, Party, PartyError, mentioned, party_terms
from intake.party_words import type_label
from intake.review import GuardError, NotAllowedError, NotFoundError, can, moves_of, reads, sees
from intake.review_rows import holds
from intake.store import candidates as rows
from intake.store.cases import CaseStore, Transaction
from intake.store.parties import Parties
from intake.store.party_rows import one
from intake.store.register_rows import known_team
from intake.store.tables import parties as party_table
from intake.values import Answered

__all__ = ["ADDING", "FOLLOWING", "Docked", "Docking", "DockingRates", "Suggestion", "docking_rates", "may_dock"]

ADDING = frozenset({CaseState.ACCEPTED, CaseState.IN_PROGRESS, CaseState.DOCKING, CaseState.PUBLISHED})
"""Where parties may be added and taken away."""

FOLLOWING = ADDING | {CaseState.NEED_INFO, CaseState.ANSWERED, CaseState.CLOSED}
"""Where news of those that were added may be noted: contracts are often signed after a case was closed."""

MOST_AMOUNT = 10**13
_SEARCHED = ("keywords", "problem", "key_indicators", "tech_field", "content", "topic", "product")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A party that may be worth asking, and why: the matrix names it, words of its field stand in the need, or it is
    of the industry. For reference only (参考): the order says nothing about how well it fits."""

    party: Party
    why: Literal["matrix", "words", "industry"]
    words: tuple[str, ...] = ()


class Docking:
    def __init__(self, store: CaseStore, handling: Handling, parties: Parties, now: Callable[[], datetime]) -> None:
        self._store = store
        self._handling = handling
        self._now = now
        self.parties = parties

    def seed(self, now: datetime) -> int:
        """Fill an empty register with the national societies and the starter matrix; how many parties were added."""
        return societies.seed(self.parties, now)

    def suggestions(self, case: Case) -> tuple[Suggestion, ...]:
        """Parties in service that are no candidates yet, each once: those of the matrix for the case's zone, district
        and industry, those whose field its words name, those of its industry."""
        tried = {candidate.party.id for candidate in self.candidates(case)}
        there = {party.id: party for party in self.parties.all() if party.id not in tried}
        places = [place for place in (case.zone, case.district) if place]
        named = self.parties.matrix.parties(places, case.industry)
        found = {party: Suggestion(there[party], "matrix") for party in named if party in there}
        text = _told(case)
        for party in there.values():
            if own := mentioned(party_terms(party), text):
                found.setdefault(party.id, Suggestion(party, "words", own))
        for party in there.values():
            if case.industry in party.industries and case.industry != "other":
                found.setdefault(party.id, Suggestion(party, "industry"))
        return tuple(found.values())

    def candidates(self, case: Case) -> list[Candidate]:
        """Whom staff are trying for a case, in the order they were added. Who may see the case may see them."""
        return self.parties.candidates.of(case.id)

    def contacts(self, candidate: int) -> list[Contact]:
        """The contact log of a candidate, the oldest first."""
        return self.parties.candidates.contacts(candidate)

    def add_candidate(self, actor: Actor, reference: str, party: str, rev: int | None = None) -> Candidate:
        """Try this party (id or name) for the case. A case in progress moves to docking with the first.

        Raises NotFoundError, NotAllowedError, HeldError as `Handling.act` does; GuardError where there is no such
        party, or it is tried already, or was retired.
        """
        named = self._named(party)
        with self._store.writing() as transaction:
            case = _locked(transaction, actor, reference, ADDING, rev)
            chosen = one(transaction.connection, party_table.c.id == named.id)
            if chosen is None or not chosen.active:
                raise _refused("retired")
            if any(tried.party.id == chosen.id for tried in rows.of_case(transaction.connection, case.id)):
                raise _refused("tried_already", party=chosen.name)
            candidate = rows.add(transaction.connection, case.id, chosen, actor.id, self._now())
            self._record(transaction, actor, case, candidate, "candidate", {"to": str(candidate.status)})
            self._dock(transaction, actor, case)
        return candidate

    def set_status(
        self,
        actor: Actor,
        candidate: int,
        status: CandidateStatus,
        *,
        amount: int | None = None,
        text: str = "",
        tell_owner: bool = False,
        rev: int | None = None,
    ) -> Candidate:
        """Note how far it has come. `amount`: what was signed for, in 元. With `tell_owner` the owner is sent a notice,
        and the step stands on their timeline with `text`; otherwise only staff read it.

        Raises as `add_candidate`; GuardError where an amount does not go with the status.
        """
        text = words(text)
        if amount is not None and (status is not CandidateStatus.SIGNED or not 0 <= amount <= MOST_AMOUNT):
            raise _refused("amount", most=str(MOST_AMOUNT))
        with self._following(actor, candidate, rev) as (transaction, case, before):
            kept = amount if amount is not None or status is not before.status else before.amount
            after = replace(before, status=status, amount=kept, tell_owner=tell_owner, updated_at=self._now())
            rows.change(transaction.connection, after)
            changed = ["amount"] if after.amount != before.amount else []
            detail = {"from": str(before.status), "to": str(status), "changed": changed}
            told = self._record(
                transaction, actor, case, after, "candidate_status", detail, text=text, tell_owner=tell_owner
            )
            if tell_owner and not case.erased:
                transaction.tell([_telling(transaction, told, after)], after.updated_at)
            self._dock(transaction, actor, case)
        return after

    def log(self, actor: Actor, candidate: int, how: ContactHow, result: str) -> Contact:
        """Note that the party was reached, how, and what came of it. Staff read it. Raises as `set_status`."""
        result = words(result, "reason")
        with self._following(actor, candidate, None) as (transaction, case, tried):
            contact = rows.log(transaction.connection, candidate, actor.id, how, result, self._now())
            detail = {"contact": contact.id, "how": str(how)}
            self._record(transaction, actor, case, tried, "candidate_contact", detail, text=result)
        return contact

    def remove(self, actor: Actor, candidate: int, text: str = "") -> None:
        """Take away what was added by mistake; the last one ends docking. GuardError where there was any contact:
        what was tried and came to nothing is noted as failed."""
        text = words(text)
        with self._following(actor, candidate, None) as (transaction, case, tried):
            if case.state not in ADDING:
                raise _not_as_it_stands(case)
            touched = tried.status is not CandidateStatus.TO_CONTACT
            if touched or rows.has_contacts(transaction.connection, candidate):
                raise _refused("had_contact", party=tried.party.name)
            rows.remove(transaction.connection, candidate)
            self._record(transaction, actor, case, tried, "candidate_removed", {}, text=text)
            if case.state is CaseState.DOCKING and not rows.of_case(transaction.connection, case.id):
                self._handling.act_within(transaction, actor, case.reference, "undock")

    def _named(self, party: str) -> Party:
        try:
            return self.parties.named(party)
        except PartyError as fault:
            raise GuardError(fault.saying) from fault

    @contextmanager
    def _following(
        self, actor: Actor, candidate: int, rev: int | None
    ) -> Iterator[tuple[Transaction, Case, Candidate]]:
        """One transaction on a candidate and its case. Raises NotFoundError where either is not for the actor."""
        with self._store.writing() as transaction:
            found = rows.get(transaction.connection, candidate)
            case = transaction.by_id(found.case) if found else None
            if case is None:
                raise _no_candidate(candidate)
            case = _locked(transaction, actor, case.reference, FOLLOWING, rev)
            found = rows.get(transaction.connection, candidate)  # again: the case is locked now
            if found is None:
                raise _no_candidate(candidate)
            yield transaction, case, found

    def _record(
        self,
        transaction: Transaction,
        actor: Actor,
        case: Case,
        candidate: Candidate,
        action: str,
        detail: dict[str, Any],
        *,
        text: str = "",
        tell_owner: bool = False,
    ) -> Case:
        """An event that leaves the case as it is, its revision too."""
        named = {"candidate": candidate.id, "party": candidate.party.id, **detail}
        notices = ("owner:docking",) if tell_owner else ("none",)
        return transaction.witness(
            case, Event(action, actor, self._now(), notices, detail=named, text=text, public=tell_owner)
        )

    def _dock(self, transaction: Transaction, actor: Actor, case: Case) -> None:
        """The case moves to docking where it is in progress and somebody is being tried."""
        tried = rows.of_case(transaction.connection, case.id)
        if can(actor, "dock", case) and any(one.status is not CandidateStatus.FAILED for one in tried):
            self._handling.act_within(transaction, actor, case.reference, "dock")


def may_dock(actor: Actor, case: Case) -> bool:
    """Whether the case is the actor's to dock, whatever its state."""
    roles = {role for move in moves_of("dock") for role in move.roles}
    return reads(actor, case) and any(holds(role, actor, case) for role in roles)


def _locked(
    transaction: Transaction, actor: Actor, reference: str, states: frozenset[CaseState], rev: int | None
) -> Case:
    case = transaction.case(reference)
    if case is None or not sees(actor, case):
        raise NotFoundError(Saying("review.not_found", {"reference": reference}))
    if rev is not None and rev != case.rev:
        raise HeldError(case, "")
    if case.erased or case.state not in states or not may_dock(actor, case):
        raise _not_as_it_stands(case)
    return case


def _not_as_it_stands(case: Case) -> NotAllowedError:
    return NotAllowedError(Saying("review.not_allowed", {"action": "dock", "state": str(case.state)}))


def _no_candidate(candidate: int) -> NotFoundError:
    return NotFoundError(Saying("docking.no_candidate", {"candidate": str(candidate)}))


def _refused(name: str, **values: str) -> GuardError:
    return GuardError(Saying(f"docking.{name}", values))


def _telling(transaction: Transaction, case: Case, candidate: Candidate) -> Telling:
    """What the owner is told. An expert is not named: a person's name has no place in a notice."""
    party, connection = candidate.party, transaction.connection
    team = known_team(connection, case.team) if case.team else None
    body = {
        "reference": case.reference,
        "kind": case.kind,
        "priority": case.priority,
        "state": str(case.state),
        "seq": case.seq,
        "team": team.name if team else "",
        "phone": team.phone or "" if team else "",
        "party": type_label(party.type) if party.is_person else party.name,
        "status": str(candidate.status),
        "count": len(rows.of_case(connection, case.id)),
    }
    return Telling(f"{case.id}:{case.seq}:docking", "owner", case.account, "docking", case.id, body)


def _told(case: Case) -> str:
    """What the need says of itself, personal answers aside."""
    answers = (case.answers[step] for step in _SEARCHED if step in case.answers)
    return " ".join((case.title, case.summary, *map(_text, answers)))


def _text(answered: Answered) -> str:
    value = answered.value
    if isinstance(value, tuple):
        return " ".join(value)
    return value if isinstance(value, str) else ""

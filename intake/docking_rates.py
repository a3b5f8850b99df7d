"""What docking came to over many cases: rates of contact, interest and contracts, the sum signed for (§4.7). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from intake.cases import CaseState, Recorded
from intake.parties import CandidateStatus

_TAKEN_ON = frozenset(
    {CaseState.ACCEPTED, CaseState.IN_PROGRESS, CaseState.DOCKING, CaseState.PUBLISHED, CaseState.ANSWERED}
)
_ORDER = (
    CandidateStatus.TO_CONTACT, CandidateStatus.CONTACTED, CandidateStatus.INTERESTED, CandidateStatus.SIGNED,
)  # fmt: skip


class Tried(Protocol):
    """What of a candidate is counted."""

    @property
    def id(self) -> int: ...
    @property
    def status(self) -> CandidateStatus: ...
    @property
    def amount(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Docked:
    """A case as it is counted: its history and its candidates."""

    events: Sequence[Recorded]
    candidates: Sequence[Tried]


@dataclass(frozen=True, slots=True)
class DockingRates:
    """Numbers of cases, and the sum signed for in 元. A rate is None where no case was accepted."""

    accepted: int
    proposed: int
    contacted: int
    interested: int
    signed: int
    amount: int

    @property
    def proposal_rate(self) -> float | None:
        """荐出率: cases with at least one candidate / accepted cases."""
        return self._rate(self.proposed)

    @property
    def contact_rate(self) -> float | None:
        """对接率: cases with at least one contacted candidate / accepted cases."""
        return self._rate(self.contacted)

    @property
    def interest_rate(self) -> float | None:
        """意向率."""
        return self._rate(self.interested)

    @property
    def signing_rate(self) -> float | None:
        """落地率: signed / accepted."""
        return self._rate(self.signed)

    def _rate(self, count: int) -> float | None:
        return count / self.accepted if self.accepted else None


def docking_rates(cases: Iterable[Docked]) -> DockingRates:
    """Count the cases that were taken on, each by the candidate that came furthest.

    A candidate that failed counts as far as it had come before, but not as signed; one put back counts as it stands.
    """
    return counted(standing(case) for case in cases if taken_on_at(case.events) is not None)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a case has come: the stage of the candidate that came furthest (0 to contact, 1 contacted, 2 interested,
    3 signed; None without any), and the sum signed for in 元."""

    reached: int | None
    amount: int


def standing(case: Docked) -> Standing:
    far = max((_reached(candidate, case.events) for candidate in case.candidates), default=None)
    signed = (tried.amount or 0 for tried in case.candidates if tried.status is CandidateStatus.SIGNED)
    return Standing(far, sum(signed))


def taken_on_at(events: Iterable[Recorded]) -> datetime | None:
    """When a case was first accepted or taken into work; None where it never was."""
    return next((event.at for event in events if event.to_state in _TAKEN_ON), None)


def counted(cases: Iterable[Standing]) -> DockingRates:
    """The numbers of cases that were taken on."""
    taken = list(cases)
    reached = [case.reached for case in taken if case.reached is not None]
    proposed, contacted, interested, signed = (sum(far >= stage for far in reached) for stage in range(4))
    return DockingRates(len(taken), proposed, contacted, interested, signed, sum(case.amount for case in taken))


def _reached(candidate: Tried, events: Sequence[Recorded]) -> int:
    if candidate.status is not CandidateStatus.FAILED:
        return _ORDER.index(candidate.status)
    before = [
        CandidateStatus(event.detail["from"])
        for event in events
        if event.action == "candidate_status"
        and event.detail.get("candidate") == candidate.id
        and event.detail.get("to") == CandidateStatus.FAILED
        and event.detail.get("from") != CandidateStatus.FAILED
    ]
    return min(_ORDER.index(before[-1]), 2) if before else 0

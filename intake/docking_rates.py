"""What docking came to over many cases: rates of contact, interest and contracts, the sum signed for (§4.7). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.cases import CaseState, Recorded
from intake.parties import Candidate, CandidateStatus

_TAKEN_ON = frozenset(
    {CaseState.ACCEPTED, CaseState.IN_PROGRESS, CaseState.DOCKING, CaseState.PUBLISHED, CaseState.ANSWERED}
)
_ORDER = (
    CandidateStatus.TO_CONTACT, CandidateStatus.CONTACTED, CandidateStatus.INTERESTED, CandidateStatus.SIGNED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Docked:
    """A case as it is counted: its history and its candidates."""

    events: Sequence[Recorded]
    candidates: Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class DockingRates:
    """Numbers of cases, and the sum signed for in 元. A rate is None where no case was accepted."""

    accepted: int
    contacted: int
    interested: int
    signed: int
    amount: int

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
    reached: list[int] = []
    amount = 0
    for case in cases:
        if not any(event.to_state in _TAKEN_ON for event in case.events):
            continue
        reached.append(max((_reached(candidate, case.events) for candidate in case.candidates), default=0))
        amount += sum(
            candidate.amount or 0 for candidate in case.candidates if candidate.status is CandidateStatus.SIGNED
        )
    contacted, interested, signed = (sum(far >= stage for far in reached) for stage in (1, 2, 3))
    return DockingRates(len(reached), contacted, interested, signed, amount)


def _reached(candidate: Candidate, events: Sequence[Recorded]) -> int:
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

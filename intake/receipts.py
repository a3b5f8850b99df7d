"""What a person holds after submitting: number, code, team, dates, and a copy of the answers to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from intake.cases import Case
from intake.display import show
from intake.journey import route
from intake.models import Form, Saying
from intake.values import Answers


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of the printable copy: the step's label and its answer as shown (personal values masked)."""

    label: str
    shown: Saying


@dataclass(frozen=True, slots=True)
class Receipt:
    """Moments are aware. `work_starts` is set where it was submitted outside working hours; `final_due` is None where
    the kind has no date of its own. `team_phone` None: name the general contact. Once erased, the code is empty."""

    case: Case
    query_code: str
    team_name: str
    team_phone: str | None
    first_due: datetime
    final_due: datetime | None
    work_starts: datetime | None
    lines: tuple[ReceiptLine, ...]
    repeated: bool = False


def receipt_lines(form: Form, answers: Answers) -> tuple[ReceiptLine, ...]:
    """The answers in the order they were asked, those passed over left out."""
    return tuple(
        ReceiptLine(step.label, show(step, answers[step.id]))
        for step in route(form, answers)
        if step.id in answers and answers[step.id].state != "skipped"
    )

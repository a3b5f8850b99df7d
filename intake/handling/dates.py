"""The dates that a case promises anew when it is reopened or becomes another kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from intake.cases import Case
from intake.handling.attempt import Attempt
from intake.values import DateSpan


def promises(attempt: Attempt, case: Case, since: datetime) -> Mapping[str, str]:
    """What `Case.announced` holds for its kind, reckoned from a moment; a date that was granted since then stays."""
    dates = attempt.timing.announced(case.kind, case.priority, since, deadline_of(case))
    final = case.due_override if case.due_override and case.due_override > since else dates.final
    return {"first": dates.first.isoformat()} | ({"final": final.isoformat()} if final else {})


def deadline_of(case: Case) -> date | None:
    """The last day of the time the enterprise named."""
    answered = case.answers.get("deadline")
    return answered.value.end if answered and isinstance(answered.value, DateSpan) else None

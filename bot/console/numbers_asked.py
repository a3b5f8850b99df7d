"""What somebody wants numbers of: the days, and what they are set apart by. Read from the address, and put back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from bot.clock import SHANGHAI
from bot.console.visit import Visit
from intake.statistics_periods import KINDS, Period, PeriodError, PeriodKind, Span, own_period, period_of

GROUPS = ("team", "kind", "district")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """`error` is the key of a sentence (numbers.error.<key>) where the days make no period; then there is none.
    `day`, `first` and `last` are as they were typed."""

    kind: PeriodKind
    day: str
    first: str
    last: str
    by: str
    form: str
    period: Period | None
    error: str = ""

    def address(self, **changed: str) -> str:
        """The query that asks for the same, but for what is changed."""
        own = {"from": self.first, "to": self.last} if self.kind == "own" else {"day": self.day}
        asked = {"period": self.kind, **own, "by": self.by, "form": self.form, **changed}
        return urlencode({name: value for name, value in asked.items() if value})


def asked_of(visit: Visit) -> Asked:
    """A word that is on no list is passed over; days that cannot be counted are said."""
    today = visit.desk.parts.clock.now().astimezone(SHANGHAI).date()
    given = visit.asked("period")
    kind: PeriodKind = next((known for known in KINDS if known == given), "month")
    by = visit.asked("by") if visit.asked("by") in GROUPS else GROUPS[0]
    form = visit.asked("form") if visit.asked("form") in visit.desk.parts.needs.formbook.forms else ""
    day, first, last = visit.asked("day"), visit.asked("from"), visit.asked("to")
    period, error = None, ""
    try:
        if kind == "own":
            period = own_period(_day(first), _day(last), today)
        else:
            period = period_of(kind, _day(day) or today, today)
    except PeriodError as refused:
        error = refused.key
    return Asked(kind, day, first, last, by, form, period, error)


def earlier(asked: Asked) -> str:
    """The query of the period before; "" for days of one's own."""
    if asked.period is None or asked.kind == "own":
        return ""
    return asked.address(day=(asked.period.whole.first - _DAY).isoformat())


def later(asked: Asked, today: date) -> str:
    """The query of the period after; "" where that is still to come."""
    if asked.period is None or asked.kind == "own" or asked.period.whole.last >= today:
        return ""
    return asked.address(day=(asked.period.whole.last + _DAY).isoformat())


def day_words(span: Span) -> str:
    return span.first.isoformat() if span.days == 1 else f"{span.first.isoformat()} – {span.last.isoformat()}"


def kinds() -> tuple[PeriodKind, ...]:
    return KINDS


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PeriodError("not_a_day") from error

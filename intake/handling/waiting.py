"""Waiting for the enterprise to supply something: since when, how often it was reminded, and when that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.cases import CaseState, Recorded
from intake.sla import Timing

GAP_DAYS = 1
"""Working days after each reminder in which nothing further is done, however late the reminder was."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """`reminders` is when they are due, `reminded` when they were sent, `until` when waiting ends at the earliest."""

    reminders: tuple[datetime, ...]
    reminded: tuple[datetime, ...]
    until: datetime
    quiet_until: datetime | None

    def reminder_due(self, now: datetime) -> bool:
        sent = len(self.reminded)
        return sent < len(self.reminders) and now >= self.reminders[sent] and not self._quiet(now)

    def over(self, now: datetime) -> bool:
        """Whether it was reminded as often as it should be, and the time is up."""
        return now >= self.until and len(self.reminded) >= len(self.reminders) and not self._quiet(now)

    def _quiet(self, now: datetime) -> bool:
        return self.quiet_until is not None and now < self.quiet_until


def waiting_since(events: Sequence[Recorded], timing: Timing) -> Waiting | None:
    """The waiting that the last question began; None where nothing was asked."""
    asked = next((event for event in reversed(events) if event.to_state is CaseState.NEED_INFO), None)
    if asked is None:
        return None
    sent = tuple(event.at for event in events if event.action == "remind" and event.seq > asked.seq)
    return Waiting(
        reminders=timing.reminders(asked.at),
        reminded=sent,
        until=timing.calendar.add_days(asked.at, timing.targets.need_info.days),
        quiet_until=timing.calendar.add_days(sent[-1], GAP_DAYS) if sent else None,
    )

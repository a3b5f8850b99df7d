"""What only time does: reminders, time-outs, confirmations that lapse, publications that expire, clocks that run out.

Safe to run as often as one likes: what was done stands in the history and is not done again. Staff are told of their
clocks in working hours only; people are told what concerns them whenever it is time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.cases import SYSTEM, Case, CaseState, Event, Recorded
from intake.handling.notices import Occasion, day, tellings
from intake.handling.roster import Roster
from intake.handling.waiting import waiting_since
from intake.sla import Clock, Clocks, Timing
from intake.store.cases import Transaction

WATCHED = ("first_response", "sign_off", "candidates", "final", "progress")
"""The clocks staff are warned of. What the enterprise is waited for has reminders instead."""

_TOLD = {
    "warn": ("assignee:due_warning",),
    "breach": ("lead:breach",),
    "escalate": ("coordinator:breach",),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """A clock that staff are to be told of, and how bad it is."""

    name: str
    level: str
    clock: Clock

    def key(self, case: Case) -> tuple[str, str, str, int]:
        """The same clock is told of once a level; an extension makes it another."""
        return self.name, self.level, self.clock.started.isoformat(), case.extensions


def due_action(case: Case, events: Sequence[Recorded], timing: Timing, now: datetime) -> str | None:
    """The move that time makes of this case now."""
    if case.state is CaseState.PUBLISHED:
        return "expire" if case.expires_at is not None and now >= case.expires_at else None
    if case.state is CaseState.ANSWERED:
        clock = timing.clocks(case, events, now).confirm
        return "confirm" if clock is not None and now >= clock.due else None
    if case.state is CaseState.NEED_INFO:
        waiting = waiting_since(events, timing)
        if waiting is not None and waiting.reminder_due(now):
            return "remind"
        return "timeout" if waiting is not None and waiting.over(now) else None
    return None


def alerts(case: Case, events: Sequence[Recorded], timing: Timing, now: datetime) -> list[Alert]:
    """The alerts of this case that nobody was told of yet."""
    told = {_key_of(event) for event in events if event.action == "warn"}
    found = _alerts(timing.clocks(case, events, now))
    return [alert for alert in found if alert.key(case) not in told]


def tell_alerts(transaction: Transaction, case: Case, timing: Timing, roster: Roster, now: datetime) -> int:
    """Put them on record and tell whom they concern, inside the caller's transaction; how many there were."""
    due = alerts(case, transaction.events(case.id), timing, now)
    for alert in due:
        name, level, started, extensions = alert.key(case)
        detail = {
            "clock": name, "level": level, "started": started, "extensions": extensions,
            "due": alert.clock.due.isoformat(),
        }  # fmt: skip
        after = transaction.witness(case, Event("warn", SYSTEM, now, _TOLD[level], detail=detail))
        body = {"clock": name, "level": level, "due": day(alert.clock.due)}
        occasion = Occasion(case, after, after.seq, SYSTEM, now)
        transaction.tell(tellings(_TOLD[level], occasion, roster, body), now)
    return len(due)


def _alerts(clocks: Clocks) -> Iterator[Alert]:
    for name in WATCHED:
        clock: Clock | None = getattr(clocks, name)
        if clock is None or not clock.running:
            continue
        if clock.escalated:
            yield Alert(name, "escalate", clock)
        if clock.breached:
            yield Alert(name, "breach", clock)
        elif clock.warned:
            yield Alert(name, "warn", clock)


def _key_of(event: Recorded) -> tuple[str, str, str, int]:
    return event.detail["clock"], event.detail["level"], event.detail["started"], event.detail["extensions"]

"""The clocks of a case, computed when they are read: from its events, the targets and the working calendar.

Nothing about a clock is stored but the dates last announced to the enterprise; so an edit of the calendar or of a
target changes every clock at once. The final clock starts at submission, not at sign-off, and a bounce resets nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from intake.cases import ENDED, Case, CaseState, Recorded
from intake.spells import (
    WORKING,
    Pause,
    Spell,
    ended_at,
    granted_at,
    last_progress,
    last_run,
    pauses_after,
    pauses_of,
    spells_of,
    stood_still_at,
)
from intake.targets import TARGETS_FILE, Target, Targets, TargetsError, load_targets
from intake.values import DateSpan
from intake.worktime import WorkCalendar, load_calendar

__all__ = ["Announced", "Clock", "Clocks", "Target", "Targets", "TargetsError", "Timing", "load_targets", "load_timing"]

_CANDIDATES_FOUND = frozenset({CaseState.DOCKING, CaseState.PUBLISHED, CaseState.ANSWERED}) | ENDED
_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Announced:
    """What the receipt promises. `work_starts` is set when it was submitted outside working hours: when work begins."""

    first: datetime
    final: datetime | None
    work_starts: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock at one moment.

    `hold` is the working time it has stood still, `remaining` the working time left (negative when late); `due` of a
    paused clock is when it would be due if it went on now. `met_at` is when it stopped, whichever way. `warned`: most
    of its time is used (80 % as shipped). `breached`: it is, or was stopped, after it was due. `escalated`: so late
    that the city coordinator is told.
    """

    started: datetime
    due: datetime
    met_at: datetime | None
    paused: bool
    hold: timedelta
    breached: bool
    warned: bool
    escalated: bool
    remaining: timedelta

    @property
    def running(self) -> bool:
        return self.met_at is None and not self.paused


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a case; None where a clock never started (first_response, sign_off, candidates, final) or is not
    on now (progress, need_info, confirm)."""

    first_response: Clock | None = None
    sign_off: Clock | None = None
    candidates: Clock | None = None
    final: Clock | None = None
    progress: Clock | None = None
    need_info: Clock | None = None
    confirm: Clock | None = None


class Timing:
    def __init__(self, calendar: WorkCalendar, targets: Targets) -> None:
        self.calendar = calendar
        self.targets = targets
        self._known: dict[tuple[str, str], Target] = {}

    def target(self, kind: str, priority: str) -> Target:
        """The targets that hold for a case. Raises TargetsError for an unknown kind."""
        key = kind, priority
        if key not in self._known:
            self._known[key] = self.targets.target(kind, priority)
        return self._known[key]

    def announced(self, kind: str, priority: str, submitted_at: datetime, deadline: date | None = None) -> Announced:
        """The dates to promise for a need submitted at that moment. Raises TargetsError for an unknown kind."""
        target = self.target(kind, priority)
        outside = not self.calendar.is_working(submitted_at)
        return Announced(
            first=self.calendar.add_days(submitted_at, target.first),
            final=self._final_due(target, submitted_at, deadline),
            work_starts=self.calendar.opens(submitted_at) if outside else None,
        )

    def reminders(self, asked_at: datetime) -> tuple[datetime, ...]:
        """When a person who was asked for more information is reminded."""
        return tuple(self.calendar.add_days(asked_at, days) for days in self.targets.need_info.reminders)

    def clocks(self, case: Case, events: Sequence[Recorded], now: datetime) -> Clocks:
        """The clocks of a case at `now`, from its whole history in order. Raises TargetsError for an unknown kind.

        Reopening begins a new run with clocks of its own; those of the run before can be read from its events.
        """
        target = self.target(case.kind, case.priority)
        spells = spells_of(case, events)
        run = last_run(spells)
        return Clocks(
            first_response=self._first_response(target, spells, now),
            sign_off=self._sign_off(target, run, now),
            candidates=self._candidates(target, run, now),
            final=self._final(target, case, events, run, now),
            progress=self._progress(target, events, run, now),
            need_info=self._wait(CaseState.NEED_INFO, self.targets.need_info.days, run, now),
            confirm=self._wait(CaseState.ANSWERED, self.targets.confirm.days, run, now),
        )

    def _first_response(self, target: Target, spells: Sequence[Spell], now: datetime) -> Clock | None:
        """Runs until the case is no longer just submitted; coming back by a bounce does not start it again."""
        fresh = [spell for spell in spells if spell.fresh]
        return self._plain(fresh[-1].since, target.first, fresh[-1].until, now) if fresh else None

    def _sign_off(self, target: Target, run: Sequence[Spell], now: datetime) -> Clock | None:
        """Runs anew for each team the case is routed to."""
        routed = [spell for spell in run if spell.state is CaseState.ROUTED]
        if target.sign_off is None or not routed:
            return None
        return self._plain(routed[-1].since, target.sign_off, routed[-1].until, now)

    def _candidates(self, target: Target, run: Sequence[Spell], now: datetime) -> Clock | None:
        if target.candidates is None:
            return None
        started = run[0].since
        found = next((spell.since for spell in run if spell.state in _CANDIDATES_FOUND), None)
        pauses = [pause for pause in pauses_of(run) if found is None or pause[0] < found]
        return self._clock(started, self.calendar.add_days(started, target.candidates), pauses, found, now)

    def _final(
        self, target: Target, case: Case, events: Sequence[Recorded], run: Sequence[Spell], now: datetime
    ) -> Clock | None:
        """Stands still while the case is paused. An extension gives it a new date; pauses after it put that off."""
        started, pauses = run[0].since, pauses_of(run)
        due = self._final_due(target, started, _deadline(case))
        granted = granted_at(run, events) if case.due_override else None
        if case.due_override and granted:
            due, pauses = case.due_override, pauses_after(pauses, granted)
        return None if due is None else self._clock(started, due, pauses, ended_at(run), now)

    def _progress(
        self, target: Target, events: Sequence[Recorded], run: Sequence[Spell], now: datetime
    ) -> Clock | None:
        if target.progress is None or run[-1].state not in WORKING:
            return None
        return self._plain(last_progress(run, events), target.progress, None, now)

    def _wait(self, state: CaseState, days: float, run: Sequence[Spell], now: datetime) -> Clock | None:
        return self._plain(run[-1].since, days, None, now) if run[-1].state is state else None

    def _final_due(self, target: Target, started: datetime, deadline: date | None) -> datetime | None:
        """Where a date was named, so many days before it, but never sooner than the first response is due (ours)."""
        if target.final is None:
            return None
        due = self.calendar.add_days(started, target.final)
        if target.before_deadline is None or deadline is None:
            return due
        sooner = self.calendar.add_days(self.calendar.closing(deadline), -target.before_deadline)
        return min(due, max(sooner, self.calendar.add_days(started, target.first)))

    def _plain(self, started: datetime, days: float, met_at: datetime | None, now: datetime) -> Clock:
        """A clock that is never paused."""
        return self._clock(started, self.calendar.add_days(started, days), (), met_at, now)

    def _clock(
        self, started: datetime, due: datetime, pauses: Sequence[Pause], met_at: datetime | None, now: datetime
    ) -> Clock:
        """`due` is without the pauses, which put it off. A clock that stands still is judged by the moment it stopped
        going, so that waiting neither saves it nor breaks it."""
        calendar, alerts = self.calendar, self.targets.alerts
        stopped = met_at or now
        judged_at = stood_still_at(pauses, stopped)
        held = sum((calendar.between(since, until) for since, until in pauses if until and until <= judged_at), _NONE)
        judged_by = self._put_off(due, held)
        waiting = calendar.between(judged_at, stopped)
        remaining = calendar.between(judged_at, judged_by)
        return Clock(
            started=started,
            due=self._put_off(due, held + waiting),
            met_at=met_at,
            paused=met_at is None and judged_at != stopped,
            hold=held + waiting,
            breached=judged_at > judged_by,
            warned=calendar.between(started, judged_at) - held >= calendar.between(started, due) * alerts.warn_at,
            escalated=judged_at > judged_by and -remaining >= calendar.day * alerts.escalate_after,
            remaining=remaining,
        )

    def _put_off(self, due: datetime, hold: timedelta) -> datetime:
        return self.calendar.add(due, hold) if hold else due


def load_timing(overrides: Path | None = None, targets: Path = TARGETS_FILE) -> Timing:
    """The clocks as shipped; `overrides` is an admin's calendar file. Raises CalendarError or TargetsError."""
    return Timing(load_calendar(overrides), load_targets(targets))


def _deadline(case: Case) -> date | None:
    """The last day of the time the enterprise named."""
    answered = case.answers.get("deadline")
    return answered.value.end if answered and isinstance(answered.value, DateSpan) else None

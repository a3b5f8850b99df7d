"""The facts of cases, held in memory and reckoned again where something happened: so a page of numbers costs a count.

Every change of a case, and of a candidate of one, appends an event; the number of a case's last event tells whether
what is held still stands. Working time is reckoned anew when another calendar comes into force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import Engine

from db.engine import reading
from intake.cases import Case
from intake.sla import Timing
from intake.statistics import Counted
from intake.statistics_facts import Facts, facts_of
from intake.store.statistics import stories


class Ledger:
    def __init__(self, engine: Engine, timing: Timing, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._timing = timing
        self._now = now
        self._facts: dict[str, Facts] = {}
        self._calendar: Any = None
        self._lock = Lock()

    def rows(self, cases: Iterable[Case], since: datetime) -> list[Counted]:
        """Those of the cases that can count in what happened since that moment, with their facts: the open ones, and
        those that anything happened to."""
        wanted = [case for case in cases if case.is_open or case.updated_at >= since]
        with self._lock:
            self._follow_calendar()
            stale = [case for case in wanted if (held := self._facts.get(case.id)) is None or held.seq != case.seq]
            if stale:
                self._reckon(stale)
            return [Counted(case, self._facts[case.id]) for case in wanted]

    def catch_up(self, cases: Iterable[Case], most: int) -> int:
        """Reckon up to so many of the cases that are not reckoned as they stand, the latest first; how many those were.
        For whoever has time: so that nobody waits for a year's numbers."""
        with self._lock:
            self._follow_calendar()
            stale = [case for case in cases if (held := self._facts.get(case.id)) is None or held.seq != case.seq]
            some = sorted(stale, key=lambda case: case.updated_at, reverse=True)[:most]
            if some:
                self._reckon(some)
            return len(some)

    def _follow_calendar(self) -> None:
        calendar = getattr(self._timing.calendar, "in_force", self._timing.calendar)
        if calendar is not self._calendar:
            self._facts.clear()
            self._calendar = calendar

    def _reckon(self, cases: list[Case]) -> None:
        now = self._now()
        with reading(self._engine) as connection:
            told = stories(connection, [case.id for case in cases])
        for case in cases:
            story = told.get(case.id)
            self._facts[case.id] = Facts(case.seq) if story is None else facts_of(case, story, self._timing, now)

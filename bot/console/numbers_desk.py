"""Numbers of the cases somebody may see, worked out once for a page, its charts and its sheets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from bot.console.queue_board import Board
from intake.cases import DEMO_TAG, Actor, Case
from intake.docking_rates import DockingRates, Standing, counted
from intake.reference import Reference
from intake.sla import Timing
from intake.statistics import (
    Counted,
    Figures,
    Part,
    by_district,
    by_kind,
    by_team,
    docking_figures,
    figures_by,
    parts,
    submitted_in,
    taken_on,
    taken_over_in,
)
from intake.statistics_ledger import Ledger
from intake.statistics_periods import Period

_MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class Worked:
    """The numbers of a period and of the one before, of all cases and of each group (by code).

    `demo`: how many of the cases that were submitted are fictional ones of a demonstration.
    """

    now: Figures
    before: Figures
    groups: dict[str, Figures]
    groups_before: dict[str, Figures]
    docking: DockingRates
    docking_before: DockingRates
    docking_groups: dict[str, DockingRates]
    parts: list[Part]
    asked_policy: int
    asked_policy_before: int
    taken_over: int
    taken_over_before: int
    demo: int


class Numbers:
    def __init__(
        self, board: Board, ledger: Ledger, timing: Timing, reference: Reference, now: Callable[[], datetime]
    ) -> None:
        self._board, self._ledger, self._timing, self._now = board, ledger, timing, now
        self._keys: dict[str, Callable[[Case], str]] = {
            "team": by_team,
            "kind": by_kind,
            "district": by_district(reference),
        }
        self._kept: OrderedDict[Any, Worked] = OrderedDict()
        self._lock = Lock()

    def of(self, actor: Actor, period: Period, by: str) -> Worked:
        """Kept for a minute as long as nothing happens to a case: a page's pictures ask for the same again."""
        version = self._board.refresh()
        minute = self._now().replace(second=0, microsecond=0)
        key = (actor.id, actor.roles, actor.areas, actor.teams, version, minute, period, by)
        with self._lock:
            held = self._kept.get(key)
        if held is None:
            held = self._work(actor, period, self._keys[by])
        with self._lock:
            self._kept[key] = held
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return held

    def _work(self, actor: Actor, period: Period, key: Callable[[Case], str]) -> Worked:
        span, before, now, calendar = period.span, period.before, self._now(), self._timing.calendar
        cases = [entry.case for entry in self._board.visible(actor)]
        rows = self._ledger.rows(cases, before.start)
        this, groups = figures_by(rows, key, span, now, calendar)
        that, groups_before = figures_by(rows, key, before, now, calendar)
        came, came_before = submitted_in(rows, span), submitted_in(rows, before)
        docked: dict[str, list[Standing]] = {}
        for row in taken_on(rows, span):
            docked.setdefault(key(row.case), []).append(row.facts.docking)
        return Worked(
            now=this,
            before=that,
            groups=groups,
            groups_before=groups_before,
            docking=docking_figures(rows, span),
            docking_before=docking_figures(rows, before),
            docking_groups={name: counted(its) for name, its in docked.items()},
            parts=parts(rows, span),
            asked_policy=_asked_policy(came),
            asked_policy_before=_asked_policy(came_before),
            taken_over=taken_over_in(rows, span),
            taken_over_before=taken_over_in(rows, before),
            demo=sum(DEMO_TAG in row.case.tags for row in came),
        )


def _asked_policy(rows: list[Counted]) -> int:
    return sum(row.case.kind == "policy_help" for row in rows)

"""All cases as a list can use them, held in memory and kept up by what happened since: so a view costs no search.

Every change of a case appends an event, so the events' numbers tell what to read again. Whose rows are whose is asked
of intake.review for each of them; due dates are reckoned once for a case as it stands, its clocks and the calendar.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import Engine

from db.engine import reading
from intake.cases import Actor, Case, CaseState, Recorded
from intake.formbook import Formbook
from intake.handling.sweeping import WATCHED
from intake.reading.plain import plain
from intake.review import reads, sees
from intake.sla import Clock, Clocks, TargetsError, Timing
from intake.store.queue_rows import QueueRow, Wanted, histories, newest_event, queue_rows, touched, with_answers

WAITING = ("need_info", "confirm")
"""Clocks of what is waited for from the enterprise."""
KIND = "kind."
FEW = 400
"""Cases whose answers are looked at one by one; of more, all of their kind are, once for everybody."""

_MOST_FILTERS = 32
_MOST_CHANGES = 500
"""States of things back to which it is known what changed."""

_MOST_HELD = 400_000
"""Entries in all the sights that are kept: some 20 MB, twenty people who see 20,000 cases each."""

_RANK = {"urgent": 0, "soon": 1}


@dataclass(frozen=True, slots=True)
class Due:
    """What is due next on a case: the clock's name, when, and from when it counts as 即将超时.

    `paused`: no clock of the staff's runs; `waiting`: it is the enterprise's turn until then.
    """

    clock: str
    at: datetime
    warn_at: datetime
    paused: bool = False
    waiting: bool = False

    def over(self, now: datetime) -> bool:
        return not self.paused and not self.waiting and now > self.at

    def soon(self, now: datetime) -> bool:
        return not self.paused and not self.waiting and self.warn_at <= now <= self.at


@dataclass(frozen=True, slots=True)
class Entry:
    """A case in the list. `told` is what a search looks through, in small letters; `number` its reference without
    strokes. `order`: what is due first stands first; what runs for the staff, what is waited for, what stands still."""

    case: Case
    told: str
    due: Due | None
    number: str
    order: tuple[int, float, int, float, str]


@dataclass(frozen=True, slots=True)
class Sight:
    """What an actor sees in one state of things, sorted into the views that time does not change.

    `timed` are those with a clock of the staff's that runs: whether they are in time is asked of each at the moment.
    """

    version: int
    everything: list[Entry]
    standing: Mapping[str, list[Entry]]
    timed: list[Entry]


class Board:
    def __init__(self, engine: Engine, formbook: Formbook, timing: Timing, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._timing = timing
        self._now = now
        self._told = {
            form.kind: frozenset(step.id for step in form.steps if step.free_text or step.type == "uscc")
            for form in formbook.forms.values()
        }
        self._entries: dict[str, Entry] = {}
        self._newest: int | None = None
        self._calendar: Any = None
        self._lock = Lock()
        self._seen: OrderedDict[tuple[Any, ...], Sight] = OrderedDict()
        self._answering: OrderedDict[tuple[Any, ...], frozenset[str]] = OrderedDict()
        self._changes: deque[tuple[int, frozenset[str]]] = deque(maxlen=_MOST_CHANGES)
        self.version = 0

    def refresh(self) -> int:
        """Read what happened since the last time; the number of this state of things."""
        with self._lock:
            calendar = getattr(self._timing.calendar, "in_force", self._timing.calendar)
            if self._newest is None:
                self._load()
            else:
                self._follow()
            if calendar is not self._calendar:
                self._reckon_again(calendar)
            return self.version

    def visible(self, actor: Actor) -> list[Entry]:
        """The entries that are for this actor, in no particular order. As `refresh` last found them."""
        return self.sight(actor).everything

    def sight(self, actor: Actor) -> Sight:
        """As `visible`, sorted into views; kept until something happens to a case."""
        key = (actor.id, actor.roles, actor.areas, actor.teams)
        with self._lock:
            held = self._seen.get(key)
            if held is None or held.version != self.version:
                held = self._seen[key] = _sorted_out(self._seen_by(actor, held), actor, self.version)
            self._seen.move_to_end(key)
            while len(self._seen) > 1 and sum(len(sight.everything) for sight in self._seen.values()) > _MOST_HELD:
                self._seen.popitem(last=False)
            return held

    def _seen_by(self, actor: Actor, before: Sight | None) -> list[Entry]:
        """Whose rows are whose is asked again only of what changed: with 20,000 cases it is most of the work."""
        changed = self._changed_since(before.version) if before else None
        if before is None or changed is None:
            return [entry for entry in self._entries.values() if sees(actor, entry.case)]
        kept = [entry for entry in before.everything if entry.case.id not in changed]
        return kept + [entry for entry in map(self._entries.__getitem__, changed) if sees(actor, entry.case)]

    def _changed_since(self, version: int) -> set[str] | None:
        """The ids of what changed after that state of things; None where that is not known any more."""
        if not self._changes or self._changes[0][0] > version + 1:
            return None
        return {case for number, cases in self._changes if number > version for case in cases}

    def answering(self, kind: str, wanted: Sequence[Wanted], entries: Iterable[Entry]) -> frozenset[str]:
        """The ids of those of these entries that answer so, and perhaps of others. Kept until a case changes: a page
        that is open asks every few seconds."""
        ids = [entry.case.id for entry in entries if entry.case.kind == kind]
        version = self.version
        key = (version, kind, tuple((each.step.id, each.value, each.least, each.most) for each in wanted))
        with self._lock:
            held = self._answering.get(key)
        if held is not None:
            return held
        with reading(self._engine) as connection:
            found = with_answers(connection, kind, wanted, ids if len(ids) <= FEW else None)
        if len(ids) > FEW:
            with self._lock:
                self._answering[key] = found
                while len(self._answering) > _MOST_FILTERS:
                    self._answering.popitem(last=False)
        return found

    def _load(self) -> None:
        with reading(self._engine) as connection:
            self._newest = newest_event(connection)
            rows = list(queue_rows(connection, self._told))
            told = histories(connection, open_only=True)
        self._put(rows, told)
        self._calendar = getattr(self._timing.calendar, "in_force", self._timing.calendar)

    def _follow(self) -> None:
        with reading(self._engine) as connection:
            newest = newest_event(connection)
            if newest == self._newest:
                return
            last = touched(connection, self._newest or 0)
            changed = [case for case, seq in last.items() if self._stands_at(case) != seq]
            rows, told = list(queue_rows(connection, self._told, changed)), histories(connection, changed)
        self._newest = newest
        self._put(rows, told)

    def _stands_at(self, case: str) -> int:
        entry = self._entries.get(case)
        return entry.case.seq if entry else 0

    def _put(self, rows: Sequence[QueueRow], told: Mapping[str, Sequence[Recorded]]) -> None:
        for row in rows:
            due = self._due(row.case, told.get(row.case.id, ()))
            number = tight(row.case.reference)
            self._entries[row.case.id] = Entry(row.case, _searched(row), due, number, _order(row.case, due))
        self.version += 1
        self._changes.append((self.version, frozenset(row.case.id for row in rows)))

    def _reckon_again(self, calendar: Any) -> None:
        """Another calendar is in force: the dates are others, the cases are not."""
        waiting = [case for case, entry in self._entries.items() if entry.due is not None]
        with reading(self._engine) as connection:
            told = histories(connection, waiting)
        for case in waiting:
            entry = self._entries[case]
            due = self._due(entry.case, told.get(case, ()))
            self._entries[case] = replace(entry, due=due, order=_order(entry.case, due))
        self._calendar = calendar
        self.version += 1
        self._changes.clear()

    def _due(self, case: Case, events: Sequence[Recorded]) -> Due | None:
        if not case.is_open:
            return None
        try:
            clocks = self._timing.clocks(case, events, self._now())
        except TargetsError:  # a kind that has no targets any more has no dates either
            return None
        return next_due(clocks, self._timing)


def next_due(clocks: Clocks, timing: Timing) -> Due | None:
    """The running clock that is due first; else what the enterprise is waited for; else one that stands still."""
    running = [(name, clock) for name in WATCHED if (clock := getattr(clocks, name)) and clock.running]
    if running:
        name, clock = min(running, key=lambda pair: pair[1].due)
        return Due(name, clock.due, _warns(clock, timing))
    for name in WAITING:
        clock = getattr(clocks, name)
        if clock and clock.running:
            return Due(name, clock.due, clock.due, waiting=True)
    held = [(name, clock) for name in WATCHED if (clock := getattr(clocks, name)) and clock.paused]
    return Due(held[0][0], held[0][1].due, held[0][1].due, paused=True) if held else None


def standing_of(entry: Entry, actor: Actor) -> Iterator[str]:
    """The views an open case stands in whatever the time, besides 「全部」."""
    case = entry.case
    yield KIND + case.kind
    if case.assignee == actor.id:
        yield "mine"
    elif case.assignee is None and case.team in actor.teams:
        yield "team"
    if case.state is CaseState.SUBMITTED:
        yield "new"
    elif case.state is CaseState.NEED_INFO:
        yield "waiting"


def tight(text: str) -> str:
    """As numbers are compared: small letters, no strokes, no spaces."""
    return text.casefold().replace("-", "").replace(" ", "")


def rank(case: Case) -> int:
    """Of its priority: the pressing first."""
    return _RANK.get(case.priority, 2)


def _sorted_out(entries: list[Entry], actor: Actor, version: int) -> Sight:
    standing: dict[str, list[Entry]] = {}
    timed = []
    for entry in entries:
        if not entry.case.is_open:
            continue
        for view in standing_of(entry, actor):
            standing.setdefault(view, []).append(entry)
        if entry.due is not None and not entry.due.paused and not entry.due.waiting:
            timed.append(entry)
    return Sight(version, entries, standing, timed)


def _order(case: Case, due: Due | None) -> tuple[int, float, int, float, str]:
    turn = 3 if due is None else 2 if due.paused else 1 if due.waiting else 0
    return turn, due.at.timestamp() if due else 0.0, rank(case), case.submitted_at.timestamp(), case.id


def may_search(actor: Actor, case: Case) -> bool:
    """Whether its words are looked through for this actor; its number is for all who see it."""
    return reads(actor, case)


def _warns(clock: Clock, timing: Timing) -> datetime:
    """From when most of its time is used: the share of the targets, what it stood still not counted."""
    calendar, share = timing.calendar, timing.targets.alerts.warn_at
    span = calendar.between(clock.started, clock.due) - clock.hold
    return calendar.add(clock.started, clock.hold + span * share)


def _searched(row: QueueRow) -> str:
    return plain("\n".join(row.told)).casefold()

"""What the history of one case comes to, as numbers are made of it. Pure; reckoned once, and again when it changed.

Each thing is dated, so that a period takes what falls into it. A clock counts once: kept, on the day it was met;
missed, on the day it was due. So a number of a past month stays, unless the calendar or a target is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from intake.cases import ENDED, Case, CaseState, Recorded
from intake.docking_rates import Docked, Standing, standing, taken_on_at
from intake.sla import Clock, Clocks, TargetsError, Timing
from intake.spells import Pause, Spell, last_run, pauses_of, spells_of, stood_still_at

CLOCKS = ("first_response", "sign_off", "candidates", "final")
"""The clocks that have a target; the others say when something is asked for again."""

_PAUSING = frozenset({"candidates", "final"})
_NOT_OURS = "withdraw"
"""What the enterprise takes back was not answered by us."""


_UNTRIED = Standing(None, 0)


@dataclass(frozen=True, slots=True)
class Judged:
    """A clock that is decided: `kept` on the day it was met, missed on the day it was due."""

    clock: str
    at: datetime
    kept: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch in which the final clock stands still, and the working time of it where it is over."""

    since: datetime
    until: datetime | None
    work: timedelta | None


@dataclass(frozen=True, slots=True)
class Facts:
    """`seq` is the number of the last event these were made of. `running`: clocks that are missed once `due` passes.
    `lived`: from when to when the case was open (None: still). `scores` are 1–5 by when they were given."""

    seq: int
    response: tuple[datetime, timedelta] | None = None
    judged: tuple[Judged, ...] = ()
    running: tuple[tuple[str, datetime], ...] = ()
    held: tuple[Held, ...] = ()
    lived: tuple[tuple[datetime, datetime | None], ...] = ()
    bounced: tuple[datetime, ...] = ()
    redone: tuple[datetime, ...] = ()
    reopened: tuple[datetime, ...] = ()
    answered: tuple[datetime, ...] = ()
    confirmed: tuple[datetime, ...] = ()
    scores: tuple[tuple[datetime, int], ...] = ()
    taken_over: tuple[datetime, ...] = ()
    taken_on: datetime | None = None
    docking: Standing = _UNTRIED

    def decided(self, now: datetime) -> Iterator[Judged]:
        """The clocks decided by now, those that have run over since included."""
        yield from self.judged
        yield from (Judged(clock, due, kept=False) for clock, due in self.running if due < now)


def facts_of(case: Case, story: Docked, timing: Timing, now: datetime) -> Facts:
    """Of a case as it stands, from its whole history in order and its candidates; without clocks where its kind has no
    targets any more."""
    events = story.events
    spells = spells_of(case, events)
    judged, running = _clocks(case, events, timing, now)
    return Facts(
        seq=events[-1].seq if events else 0,
        response=_response(case, events, timing),
        judged=judged,
        running=running,
        held=tuple(_held(pauses_of(spells), timing)),
        lived=tuple(_lived(spells)),
        bounced=_when(events, "bounce"),
        redone=_when(events, "dissatisfied"),
        reopened=_when(events, "reopen"),
        answered=_when(events, "answer"),
        confirmed=_when(events, "confirm"),
        scores=tuple((event.at, score) for event in events if (score := _score(event)) is not None),
        taken_over=_when(events, "take_over"),
        taken_on=taken_on_at(events),
        docking=standing(story),
    )


def _clocks(
    case: Case, events: Sequence[Recorded], timing: Timing, now: datetime
) -> tuple[tuple[Judged, ...], tuple[tuple[str, datetime], ...]]:
    """The clocks that are decided, and those that run with the moment they are due."""
    judged: list[Judged] = []
    running: list[tuple[str, datetime]] = []
    try:
        for known, clocks, run, at in _runs(case, events, timing, now):
            judged += _signed_off(known, timing, run)
            for name in _started(run):
                _place(name, getattr(clocks, name), pauses_of(run), timing, at, judged, running)
    except TargetsError:
        return (), ()
    return tuple(judged), tuple(running)


def _runs(
    case: Case, events: Sequence[Recorded], timing: Timing, now: datetime
) -> Iterator[tuple[Case, Clocks, Sequence[Spell], datetime]]:
    """Each run of the case (reopening begins another) with its clocks: of one that is over, as it ended."""
    ends = [place for place, event in enumerate(events) if event.action == "reopen"]
    for end in ends:
        told = events[:end]
        known = replace(case, due_override=_granted(told))
        at = told[-1].at
        yield known, timing.clocks(known, told, at), last_run(spells_of(known, told)), at
    yield case, timing.clocks(case, events, now), last_run(spells_of(case, events)), now


def _started(run: Sequence[Spell]) -> tuple[str, ...]:
    """A case that was reopened in work is not waiting for a first response again."""
    return CLOCKS if run[0].fresh else CLOCKS[1:]


def _granted(events: Sequence[Recorded]) -> datetime | None:
    """The final date that was granted last in the run that these events end."""
    until: datetime | None = None
    for event in events:
        if event.action == "reopen":
            until = None
        elif event.action == "extend" and "until" in event.detail:
            until = datetime.fromisoformat(event.detail["until"])
    return until


def _signed_off(case: Case, timing: Timing, run: Sequence[Spell]) -> Iterator[Judged]:
    """Every team that a case was routed to has a clock of its own; these are the ones before the last."""
    days = timing.target(case.kind, case.priority).sign_off
    routed = [spell for spell in run if spell.state is CaseState.ROUTED]
    for spell in routed[:-1]:
        if days is not None and spell.until is not None:
            due = timing.calendar.add_days(spell.since, days)
            kept = spell.until <= due
            yield Judged("sign_off", spell.until if kept else due.astimezone(UTC), kept)


def _place(
    name: str,
    clock: Clock | None,
    pauses: Sequence[Pause],
    timing: Timing,
    at: datetime,
    judged: list[Judged],
    running: list[tuple[str, datetime]],
) -> None:
    if clock is None:
        return
    if clock.running:
        running.append((name, clock.due.astimezone(UTC)))
    elif clock.breached:
        judged.append(Judged(name, _missed_at(clock, pauses if name in _PAUSING else (), timing, at), kept=False))
    elif clock.met_at is not None:
        judged.append(Judged(name, clock.met_at, kept=True))


def _missed_at(clock: Clock, pauses: Sequence[Pause], timing: Timing, at: datetime) -> datetime:
    """When it was due, what it stood still before then counted and no more."""
    judged_at = stood_still_at(pauses, clock.met_at or at)
    return timing.calendar.add(judged_at, clock.remaining).astimezone(UTC)


def _response(case: Case, events: Sequence[Recorded], timing: Timing) -> tuple[datetime, timedelta] | None:
    """When somebody first did something with what was submitted, and the working time until then."""
    if not events or events[0].to_state not in (None, CaseState.SUBMITTED):
        return None
    for event in events[1:]:
        if event.to_state not in (None, CaseState.SUBMITTED):
            if event.action == _NOT_OURS:
                return None
            return event.at, timing.calendar.between(case.submitted_at, event.at)
    return None


def _held(pauses: Sequence[Pause], timing: Timing) -> Iterator[Held]:
    for since, until in pauses:
        yield Held(since, until, timing.calendar.between(since, until) if until else None)


def _lived(spells: Sequence[Spell]) -> Iterator[tuple[datetime, datetime | None]]:
    began: datetime | None = None
    for spell in spells:
        if spell.state in ENDED:
            if began is not None:
                yield began, spell.since
            began = None
        elif began is None:
            began = spell.since
    if began is not None:
        yield began, None


def _when(events: Sequence[Recorded], action: str) -> tuple[datetime, ...]:
    return tuple(event.at for event in events if event.action == action)


def _score(event: Recorded) -> int | None:
    score = event.detail.get("score") if event.action == "confirm" else None
    return score if isinstance(score, int) else None

"""Start here for numbers: what a stretch of days came to, over the cases somebody may see (design §4.7). Pure.

Whose rows are whose is decided before (intake/review_rows.py). What cannot be known is None, never 0: a median of no
response, a share of no clock, a satisfaction nobody expressed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import fmean, median

from intake.cases import Case, CaseState
from intake.docking_rates import DockingRates, counted
from intake.reference import Reference
from intake.statistics_facts import CLOCKS, Facts
from intake.statistics_periods import Span, parts_of
from intake.worktime import WorkCalendar

AGES = ((3, "d3"), (7, "d7"), (30, "d30"), (90, "d90"))
OLDER = "older"
AGE_BANDS = (*(name for _days, name in AGES), OLDER)
"""How many days an open case has been there: up to 3, 7, 30, 90, more."""

NO_PLACE, NO_TEAM = "", ""
SATISFIED = 4
"""From this score on, of five, somebody counts as satisfied."""

_NONE = timedelta()
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A case and what its history comes to."""

    case: Case
    facts: Facts


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`; its rate is None where there is no whole."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a span came to.

    `open` and `ages` are of its last moment (or of now); everything else is what happened in it. `response_*` is
    working time from submission to the first thing that staff did. `within` has a share for each clock. `held` is the
    working time that cases stood still, waiting for somebody outside, `held_cases` how many did. `redone` is what the
    enterprise wanted done again, of `answered`. `score` is the mean of what `scored` people gave, 1–5.
    """

    submitted: int
    closed: int
    open: int
    ages: Mapping[str, int]
    responses: int
    response_median: timedelta | None
    response_p90: timedelta | None
    within: Mapping[str, Share]
    held: timedelta
    held_cases: int
    bounced: int
    answered: int
    redone: int
    reopened: int
    scored: int
    score: float | None
    satisfied: Share

    @property
    def redo_rate(self) -> float | None:
        return Share(self.redone, self.answered).rate


@dataclass(frozen=True, slots=True)
class Part:
    """A day, a week or a month of a span."""

    span: Span
    submitted: int
    closed: int


@dataclass(slots=True)
class _Tally:
    """Figures in the making. Tallies of groups add up to that of all: nobody is counted twice, or walked over twice."""

    submitted: int = 0
    closed: int = 0
    held_cases: int = 0
    bounced: int = 0
    answered: int = 0
    redone: int = 0
    reopened: int = 0
    held: timedelta = _NONE
    ages: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    waits: list[timedelta] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)

    def add(self, other: _Tally) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def figures(self) -> Figures:
        waits, scores = sorted(self.waits), self.scores
        return Figures(
            submitted=self.submitted,
            closed=self.closed,
            open=self.ages.total(),
            ages={name: self.ages[name] for name in AGE_BANDS},
            responses=len(waits),
            response_median=_median(waits),
            response_p90=_p90(waits),
            within={name: Share(self.kept[name], self.judged[name]) for name in CLOCKS},
            held=self.held,
            held_cases=self.held_cases,
            bounced=self.bounced,
            answered=self.answered,
            redone=self.redone,
            reopened=self.reopened,
            scored=len(scores),
            score=fmean(scores) if scores else None,
            satisfied=Share(sum(score >= SATISFIED for score in scores), len(scores)),
        )


@dataclass(frozen=True, slots=True)
class _Window:
    """A span as moments. In UTC, as what is stored: comparing moments of two zones takes ten times as long."""

    start: datetime
    end: datetime
    at: datetime
    now: datetime
    calendar: WorkCalendar

    def count(self, moments: Iterable[datetime]) -> int:
        return sum(self.start <= moment < self.end for moment in moments)

    def take(self, row: Counted, tally: _Tally) -> None:
        start, end, facts = self.start, self.end, row.facts
        tally.submitted += start <= row.case.submitted_at < end
        tally.closed += _ended(row, start, end)
        if band := _age(facts, self.at):
            tally.ages[band] += 1
        if facts.response and start <= facts.response[0] < end:
            tally.waits.append(facts.response[1])
        for clock in facts.decided(self.now):
            if start <= clock.at < end:
                tally.judged[clock.clock] += 1
                tally.kept[clock.clock] += clock.kept
        if facts.held and (stood := self._held(facts)):
            tally.held_cases += 1
            tally.held += stood
        self._take_marks(facts, tally)

    def _take_marks(self, facts: Facts, tally: _Tally) -> None:
        if facts.bounced:
            tally.bounced += self.count(facts.bounced)
        if facts.answered:
            tally.answered += self.count(facts.answered)
        if facts.redone:
            tally.redone += self.count(facts.redone)
        if facts.reopened:
            tally.reopened += self.count(facts.reopened)
        if facts.scores:
            tally.scores += [score for given, score in facts.scores if self.start <= given < self.end]

    def _held(self, facts: Facts) -> timedelta:
        total = _NONE
        for held in facts.held:
            until = held.until or self.at
            if held.since >= self.at or until <= self.start:
                continue
            if held.work is not None and held.since >= self.start and until <= self.at:
                total += held.work
            else:
                total += self.calendar.between(max(held.since, self.start), min(until, self.at))
        return total


def figures(rows: Iterable[Counted], span: Span, now: datetime, calendar: WorkCalendar) -> Figures:
    """The numbers of a span. `now`: nothing that lies after it has happened yet."""
    return figures_by(rows, lambda _case: "", span, now, calendar)[0]


def figures_by(
    rows: Iterable[Counted], key: Callable[[Case], str], span: Span, now: datetime, calendar: WorkCalendar
) -> tuple[Figures, dict[str, Figures]]:
    """The numbers of a span, of all rows and of each group that `key` makes of them."""
    now = now.astimezone(UTC)
    start, end = _ends(span)
    window = _Window(start, end, min(end, now), now, calendar)
    tallies: dict[str, _Tally] = {}
    for row in rows:
        name = key(row.case)
        tally = tallies.get(name)
        if tally is None:
            tally = tallies[name] = _Tally()
        window.take(row, tally)
    total = _Tally()
    for tally in tallies.values():
        total.add(tally)
    return total.figures(), {name: tally.figures() for name, tally in tallies.items()}


def taken_on(rows: Iterable[Counted], span: Span) -> list[Counted]:
    """The cases that were first accepted, or taken into work, in the span."""
    start, end = _ends(span)
    return [row for row in rows if (at := row.facts.taken_on) and start <= at < end]


def docking_figures(rows: Iterable[Counted], span: Span) -> DockingRates:
    """Of the cases that were taken on in the span, how far docking has come since."""
    return counted(row.facts.docking for row in taken_on(rows, span))


def submitted_in(rows: Iterable[Counted], span: Span) -> list[Counted]:
    start, end = _ends(span)
    return [row for row in rows if start <= row.case.submitted_at < end]


def taken_over_in(rows: Iterable[Counted], span: Span) -> int:
    """How often staff took a conversation over in the span."""
    start, end = _ends(span)
    return sum(start <= at < end for row in rows if row.facts.taken_over for at in row.facts.taken_over)


def parts(rows: Iterable[Counted], span: Span) -> list[Part]:
    """Submitted and closed, day by day, week by week or month by month."""
    spans = list(parts_of(span))
    starts = [part.start.astimezone(UTC) for part in spans]
    start, end = starts[0], span.end.astimezone(UTC)
    came, went = Counter[int](), Counter[int]()
    for row in rows:
        if start <= row.case.submitted_at < end:
            came[bisect_right(starts, row.case.submitted_at) - 1] += 1
        if row.case.closed_at and _ended(row, start, end):
            went[bisect_right(starts, row.case.closed_at) - 1] += 1
    return [Part(part, came[place], went[place]) for place, part in enumerate(spans)]


def by_team(case: Case) -> str:
    return case.team or NO_TEAM


def by_kind(case: Case) -> str:
    return case.kind


def by_district(reference: Reference) -> Callable[[Case], str]:
    """The district, also of a case that a zone's team handles: a zone stands in its host's numbers (design §2)."""
    hosts = {zone.code: zone.hosts for zone in reference.zones}

    def district(case: Case) -> str:
        if case.district:
            return case.district
        hosting = hosts.get(case.zone or "", ())
        return hosting[0] if len(hosting) == 1 else NO_PLACE

    return district


def _ends(span: Span) -> tuple[datetime, datetime]:
    return span.start.astimezone(UTC), span.end.astimezone(UTC)


def _ended(row: Counted, start: datetime, end: datetime) -> int:
    """Whether it was brought to its end in the span, by whatever way, and did not come back since."""
    closed = row.case.closed_at
    return int(row.case.state is not CaseState.MERGED and closed is not None and start <= closed < end)


def _age(facts: Facts, at: datetime) -> str:
    """The band of a case that is open at that moment, by the calendar days since it came (back); "" of another."""
    for since, until in facts.lived:
        if since <= at and (until is None or until > at):
            days = (at - since) / _DAY
            return next((name for most, name in AGES if days <= most), OLDER)
    return ""


def _median(waits: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(wait.total_seconds() for wait in waits)) if waits else None


def _p90(waits: Sequence[timedelta]) -> timedelta | None:
    """Nine of ten waited no longer: the nearest rank, a time that somebody did wait."""
    return waits[-(-len(waits) * 9 // 10) - 1] if waits else None

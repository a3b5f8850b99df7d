"""Conversations in numbers: asked, answered, refused and why, handed on to a person, and how far each form came.

A conversation belongs to no jurisdiction; these are numbers of all of them, and no word or account is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console.numbers_asked import Asked
from bot.console.numbers_charts import Chart, Series, bars
from bot.console.numbers_desk import Worked
from bot.console.numbers_tables import Cell, Table, Telling
from bot.console.store.talk_numbers import Reached, endings, people_who_asked, reached, submitted
from bot.console.visit import Visit
from db.engine import reading
from intake.cases import Role
from intake.models import Form
from intake.statistics_periods import Period
from rag.models import AnswerStatus

IDLE = timedelta(hours=24)
"""A form nobody went on with for so long was left there."""

CAUSES = tuple(status for status in AnswerStatus if status.startswith(("unanswerable_", "guarded_")))
_ASKED_BACK = (AnswerStatus.CLARIFY,)
_CHATTED = (AnswerStatus.SMALLTALK,)
_FAULTS = tuple(status for status in AnswerStatus if status.startswith("error_"))
_HUMAN = "form_human"
_CARD = "card"
BEGINNING = "story"
_TELLING_IT = frozenset({"choice", "text"})
"""What a form waits for while it is still being found out what the need is."""


@dataclass(frozen=True, slots=True)
class Step:
    """A question of a form in the funnel: how many drafts came there, how many were left there, how many are there."""

    step: str
    reached: int
    left: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Funnel:
    drafts: int
    submitted: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Talked:
    """What the tables and charts of this tab are drawn from; `labels` are the funnel's questions in words."""

    now: dict[str, int]
    before: dict[str, int]
    funnel: Funnel
    labels: tuple[str, ...]
    title: str


def may_see_talk(visit: Visit, roles: Iterable[Role]) -> bool:
    return visit.who.has(*roles)


def funnel_of(form: Form, rows: Iterable[Reached], done: set[str], now: datetime) -> Funnel:
    """How far the drafts of a form came, question by question in the form's order; see `reached`."""
    met: dict[str, set[str]] = {}
    last: dict[str, tuple[int, datetime, str]] = {}
    for row in rows:
        step = BEGINNING if row.step in _TELLING_IT else row.step
        met.setdefault(step, set()).add(row.draft)
        if row.draft not in last or last[row.draft][0] < row.last:
            last[row.draft] = row.last, row.at, step
    steps = []
    for step in sorted(met, key=_order(form)):
        here = [(draft, at) for draft, (_turn, at, where) in last.items() if where == step and draft not in done]
        left = sum(now - at >= IDLE for _draft, at in here)
        steps.append(Step(step, len(met[step]), left, len(here) - left))
    return Funnel(len(last), len(last.keys() & done), tuple(steps))


def _order(form: Form) -> Callable[[str], tuple[float, str]]:
    places = {step.id: place for place, step in enumerate(form.steps)}
    profile = min((places[step.id] for step in form.steps if step.part == "profile"), default=0)
    fixed = {"story": -2.0, "proposals": -1.0, "profile": profile - 0.5, _CARD: float(len(places))}
    return lambda step: (fixed.get(step, places.get(step, len(places) - 0.5)), step)


def talk_tables(
    visit: Visit, telling: Telling, asked: Asked, period: Period, worked: Worked
) -> tuple[tuple[Table, ...], Talked]:
    forms = visit.desk.parts.needs.formbook.forms
    kind = asked.form or next(iter(forms))
    form, now = forms[kind], visit.desk.parts.clock.now()
    with reading(visit.desk.parts.engine) as connection:
        this, that = endings(connection, period.span), endings(connection, period.before)
        people = people_who_asked(connection, period.span), people_who_asked(connection, period.before)
        rows = reached(connection, kind, period.span)
        done = submitted(connection, {row.draft for row in rows})
    funnel = funnel_of(form, rows, done, now)
    labels = tuple(_label(telling, form, step.step) for step in funnel.steps)
    talked = Talked(this, that, funnel, labels, telling.words("numbers.table.funnel", form=form.label))
    tables = (_asked_table(telling, this, that, people), _causes_table(telling, this, that),
              _persons_table(telling, this, that, worked), _funnel_table(telling, talked))  # fmt: skip
    return tables, talked


def talk_charts(telling: Telling, talked: Talked) -> dict[str, Chart]:
    words = telling.words
    causes = [cause for cause in CAUSES if talked.now.get(cause) or talked.before.get(cause)]
    steps = talked.funnel.steps
    charts = {
        "causes": bars(words("numbers.table.causes"), [words(f"numbers.cause.{cause}") for cause in causes],
                       Series(words("numbers.head.now"), tuple(talked.now.get(cause, 0) for cause in causes)),
                       Series(words("numbers.head.before"), tuple(talked.before.get(cause, 0) for cause in causes)),
                       lying=True),
        "funnel": bars(talked.title, list(talked.labels),
                       Series(words("numbers.head.reached"), tuple(step.reached for step in steps)),
                       Series(words("numbers.head.left"), tuple(step.left for step in steps)), lying=True),
    }  # fmt: skip
    return {key: chart for key, chart in charts.items() if chart.labels}


def _asked_table(telling: Telling, now: dict[str, int], before: dict[str, int], people: tuple[int, int]) -> Table:
    words = telling.words
    questions = (AnswerStatus.ANSWERED, *_ASKED_BACK, *CAUSES, *_FAULTS)
    lines = (
        ("asked", questions), ("answered", (AnswerStatus.ANSWERED,)), ("clarified", _ASKED_BACK),
        ("refused", CAUSES), ("faults", _FAULTS), ("smalltalk", _CHATTED),
    )  # fmt: skip
    asked, asked_before = _sum(now, questions), _sum(before, questions)
    rows = [(Cell(words("numbers.talk.people")), telling.count(*people), Cell(""))]
    for key, statuses in lines:
        count, counted = _sum(now, statuses), _sum(before, statuses)
        share = telling.rate(count / asked if asked else None, counted / asked_before if asked_before else None)
        rows.append((Cell(words(f"numbers.talk.{key}")), telling.count(count, counted),
                     share if key in ("answered", "clarified", "refused", "faults") else Cell("")))  # fmt: skip
    heads = tuple(words(f"numbers.head.{key}") for key in ("measure", "count", "of_asked"))
    return Table("asked", words("numbers.table.asked"), heads, tuple(rows), words("numbers.note.asked"))


def _causes_table(telling: Telling, now: dict[str, int], before: dict[str, int]) -> Table:
    words = telling.words
    rows = [
        (Cell(words(f"numbers.cause.{cause}")), telling.count(now.get(cause, 0), before.get(cause, 0)))
        for cause in CAUSES
    ]
    heads = tuple(words(f"numbers.head.{key}") for key in ("cause", "count"))
    return Table("causes", words("numbers.table.causes"), heads, tuple(rows))


def _persons_table(telling: Telling, now: dict[str, int], before: dict[str, int], worked: Worked) -> Table:
    words = telling.words
    rows = (
        (Cell(words("numbers.persons.asked")), telling.count(now.get(_HUMAN, 0), before.get(_HUMAN, 0))),
        (Cell(words("numbers.persons.policy")), telling.count(worked.asked_policy, worked.asked_policy_before)),
        (Cell(words("numbers.persons.taken_over")), telling.count(worked.taken_over, worked.taken_over_before)),
    )
    heads = tuple(words(f"numbers.head.{key}") for key in ("way", "count"))
    return Table("persons", words("numbers.table.persons"), heads, rows, words("numbers.note.persons"))


def _funnel_table(telling: Telling, talked: Talked) -> Table:
    words, funnel = telling.words, talked.funnel
    rows = [
        (
            Cell(label),
            telling.count(step.reached),
            telling.rate(step.reached / funnel.drafts if funnel.drafts else None),
            telling.count(step.left),
            telling.count(step.waiting),
        )
        for label, step in zip(talked.labels, funnel.steps, strict=True)
    ]
    done = funnel.submitted / funnel.drafts if funnel.drafts else None
    rows.append(
        (
            Cell(words("numbers.funnel.submitted")),
            telling.count(funnel.submitted),
            telling.rate(done),
            Cell(""),
            Cell(""),
        )
    )
    heads = tuple(words(f"numbers.head.{key}") for key in ("question", "reached", "of_drafts", "left", "waiting"))
    return Table("funnel", talked.title, heads, tuple(rows), words("numbers.note.funnel"))


def _label(telling: Telling, form: Form, step: str) -> str:
    label = next((each.label for each in form.steps if each.id == step), "")
    key = f"numbers.funnel.{step}"
    return label or (telling.words(key) if telling.words.has(key) else step)


def _sum(counts: dict[str, int], statuses: Iterable[str]) -> int:
    return sum(counts.get(status, 0) for status in statuses)

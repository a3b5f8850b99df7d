"""Start here: where a form stands and what comes next, as pure functions over (form, answers). Nothing is stored.

The route is derived from the answers each time: walk the steps in order, keep those whose conditions hold among the
answers of the steps already kept. So going back, editing, resuming and changing a branch need no code of their own, and
an answer whose step is hidden is kept, neither shown nor submitted, and comes back when its step does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from intake.display import codes_of, show
from intake.models import Condition, Form, Option, Saying, Step
from intake.values import Answered, Answers

Pace = Literal["fast", "full"]
"""fast: what must be known before the first submission · full: the optional steps too (「补充」)."""
FAILURES_BEFORE_WAY_OUT = 3


class JourneyRefusal(Exception):  # noqa: N818  # a refusal in the domain's words, not a fault
    """A move that the form does not allow; `saying` tells the person what to do instead."""

    def __init__(self, saying: Saying) -> None:
        super().__init__(saying.key)
        self.saying = saying


@dataclass(frozen=True, slots=True)
class Standing:
    """A draft's answers and the one step being asked again (after back or edit); None means: the next open one."""

    answers: Answers
    reasked: str | None = None
    pace: Pace = "fast"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a step stands: on the whole route, and within its part of it (the need, the organisation …)."""

    number: int
    total: int
    number_in_part: int
    total_in_part: int


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line of the summary card. `number` is what a person types to change it; personal values are masked."""

    number: int
    step: Step
    shown: Saying
    missing: bool


def route(form: Form, answers: Answers, pace: Pace = "fast") -> tuple[Step, ...]:
    """The steps that apply now, in order: needed, fast and answered ones, and at full pace all."""
    visible: list[Step] = []
    live: dict[str, Answered] = {}
    for step in form.steps:
        if not all(_holds(condition, live) for condition in step.when):
            continue
        if step.id in answers:
            live[step.id] = answers[step.id]
        elif pace == "fast" and not step.fast and step.required == "O":
            continue
        visible.append(step)
    return tuple(visible)


def _holds(condition: Condition, live: Answers) -> bool:
    answered = live.get(condition.step)
    if answered is None or answered.value is None:
        return False
    return not condition.any_of or not codes_of(answered.value).isdisjoint(condition.any_of)


def asked_route(form: Form, answers: Answers, pace: Pace = "fast") -> tuple[Step, ...]:
    """The route without the steps that stand on the summary card."""
    return tuple(step for step in route(form, answers, pace) if step.part != "card")


def card_steps(form: Form, answers: Answers) -> tuple[Step, ...]:
    """The steps answered on the summary card: who may see it, and the two commitments."""
    return tuple(step for step in route(form, answers) if step.part == "card")


def next_step(form: Form, answers: Answers, pace: Pace = "fast") -> Step | None:
    """The first open step on the route; None when it is time for the summary card, or consent was refused."""
    if consent_refused(form, answers):
        return None
    return next((step for step in asked_route(form, answers, pace) if step.id not in answers), None)


def consent_refused(form: Form, answers: Answers) -> bool:
    """True where the person declined the notice: nothing further is asked, and nothing can be submitted."""
    return any(
        step.id in answers and answers[step.id].value is False
        for step in form.steps
        if step.must_be_yes and step.part == "consent"
    )


def current_step(form: Form, standing: Standing) -> Step | None:
    """The step being asked: the one asked again if it is still on the route, otherwise the next open one."""
    if standing.reasked is not None:
        for step in route(form, standing.answers, "full"):
            if step.id == standing.reasked:
                return step
    return next_step(form, standing.answers, standing.pace)


def give_answer(form: Form, standing: Standing, step_id: str, answered: Answered) -> Standing:
    """Take an answer to a step on the route. Dependent answers are left alone; JourneyRefusal off the route."""
    if step_id not in {step.id for step in route(form, standing.answers, "full")}:
        raise JourneyRefusal(Saying("journey.not_on_route", {"step": step_id}))
    return replace(standing, answers={**standing.answers, step_id: answered}, reasked=None)


def skip(form: Form, standing: Standing, failures: int = 0) -> Standing:
    """Pass over the current step: an optional one is skipped, one with a way out or three failures is left to staff."""
    step = current_step(form, standing)
    if step is None:
        return standing
    if step.id in standing.answers:
        return replace(standing, reasked=None)
    if step.required == "O":
        return give_answer(form, standing, step.id, Answered(value=None, state="skipped"))
    if step.way_out is not None:
        return give_answer(form, standing, step.id, Answered(value=None, state=step.way_out_state))
    if failures >= FAILURES_BEFORE_WAY_OUT and not step.must_be_yes:
        return give_answer(form, standing, step.id, Answered(value=None, state="to_verify"))
    raise JourneyRefusal(Saying("journey.cannot_skip", {"label": step.label}))


def back(form: Form, standing: Standing) -> Standing:
    """Ask the step before the current one again; at the first step nothing changes. No answer is touched."""
    steps = asked_route(form, standing.answers, standing.pace)
    current = current_step(form, standing)
    ids = [step.id for step in steps]
    index = ids.index(current.id) if current is not None and current.id in ids else len(ids)
    return replace(standing, reasked=ids[index - 1]) if index > 0 else standing


def edit(form: Form, standing: Standing, number: int) -> Standing:
    """Ask again the step that stands under `number` on the summary card."""
    for line in summary(form, standing.answers):
        if line.number == number:
            return replace(standing, reasked=line.step.id)
    raise JourneyRefusal(Saying("journey.no_such_number", {"number": str(number)}))


def progress(form: Form, standing: Standing) -> Position | None:
    """Where the current step stands on the current route (3/9); None on the summary card."""
    step = current_step(form, standing)
    steps = asked_route(form, standing.answers, standing.pace)
    if step is None or step not in steps:
        return None
    part = [other for other in steps if _same_part(other, step)]
    return Position(steps.index(step) + 1, len(steps), part.index(step) + 1, len(part))


def _same_part(one: Step, other: Step) -> bool:
    return (one.part == "need") == (other.part == "need")


def missing_required(form: Form, answers: Answers) -> tuple[Step, ...]:
    """The steps on the route that still bar submission: unanswered, or a commitment that was not given."""
    return tuple(step for step in route(form, answers) if step.required != "O" and _open(step, answers))


def _open(step: Step, answers: Answers) -> bool:
    answered = answers.get(step.id)
    if answered is None or answered.state == "skipped":
        return True
    return step.must_be_yes and answered.value is not True


def summary(form: Form, answers: Answers) -> tuple[SummaryLine, ...]:
    """The card: the steps on the route that are answered or required, numbered in route order, the missing first."""
    lines = [
        SummaryLine(number, step, show(step, answers.get(step.id)), _is_missing(step, answers))
        for number, step in enumerate(_carded(form, answers), start=1)
    ]
    return tuple(sorted(lines, key=lambda line: not line.missing))


def _carded(form: Form, answers: Answers) -> Iterator[Step]:
    for step in route(form, answers):
        if step.id in answers or step.required != "O" or step.part == "card":
            yield step


def _is_missing(step: Step, answers: Answers) -> bool:
    return step.required != "O" and _open(step, answers)


def submitted_answers(form: Form, answers: Answers) -> dict[str, Answered]:
    """What a case gets: the answers on the route, in route order, without those passed over."""
    return {
        step.id: answers[step.id]
        for step in route(form, answers)
        if step.id in answers and answers[step.id].state != "skipped"
    }


def supplements(form: Form, answers: Answers, most: int = 3) -> tuple[Step, ...]:
    """The optional steps most worth adding after submission, by what they gain in quality."""
    open_steps = [s for s in route(form, answers, "full") if s.id not in answers and s.required == "O" and s.gain > 0]
    return tuple(sorted(open_steps, key=lambda step: -step.gain)[:most])


def options_for(step: Step, answers: Answers) -> tuple[Option, ...]:
    """The step's options that fit the answers so far: zones only of the district that hosts them."""
    district = answers.get("district")
    if step.type != "zone" or district is None:
        return step.options
    return tuple(option for option in step.options if not option.hosts or district.value in option.hosts)


def carry_over(answers: Answers, source: Form, target: Form) -> tuple[dict[str, Answered], tuple[str, ...]]:
    """Answers that live on in another version or kind (same id and type, codes still offered), and the other ids."""
    kinds = {step.id: step for step in source.steps}
    kept = {
        step.id: answers[step.id]
        for step in target.steps
        if step.id in answers and step.id in kinds and _fits(answers[step.id], kinds[step.id], step)
    }
    return kept, tuple(step_id for step_id in answers if step_id not in kept)


def _fits(answered: Answered, old: Step, new: Step) -> bool:
    if old.type != new.type:
        return False
    if answered.value is None or not new.options:
        return True
    return codes_of(answered.value) <= {option.code for option in new.options}

"""How well a need is told, by rules only: four criteria of 0–5 with what would raise each (design §3.9, after EEN).

The criteria are read from what the answers are (texts, amounts, dates, choices), not from the kind, so every form is
scored. What a form does not ask for is not held against it: there the criterion starts at a middling value. Every part
of the score counts something that is there, so another answer never lowers it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from intake.headline import main_step
from intake.journey import route
from intake.models import Form, Saying
from intake.quality_facts import ASPECTS, Told, asks_for_quantity, own_choices, typed
from intake.values import Answers

Verdict = Literal["ready", "accept_and_supplement", "return"]
READY, ACCEPT = 12, 8
"""Of 20: from READY on it can be published and docked, from ACCEPT on taken in and supplemented (a proposal)."""

MOST = 5
CRITERIA = ("clarity", "quantified", "cooperation", "complete")
_ENOUGH_WORDS = (10, 30, 60)
_MANY_WORDS = 150
_CONTEXT_WORDS = 10


@dataclass(frozen=True, slots=True)
class Quality:
    """The score. `reasons` say what would raise it, the most useful first (keys of bot/wording/needs_quality)."""

    clarity: int
    quantified: int
    cooperation: int
    complete: int
    total: int
    verdict: Verdict
    reasons: tuple[Saying, ...]

    def row(self) -> dict[str, Any]:
        """What a case keeps of it (`Case.quality`): the numbers and the verdict."""
        return {name: getattr(self, name) for name in (*CRITERIA, "total", "verdict")}


def score(form: Form, answers: Answers, files: int = 0) -> Quality:
    """The score of a need told in this form, with so many files attached."""
    told = Told(form, answers, route(form, answers, "full"))
    scored = {
        "clarity": _clarity(told),
        "quantified": _quantified(told),
        "cooperation": _cooperation(told),
        "complete": _complete(told, files),
    }
    points = {name: min(part[0], MOST) for name, part in scored.items()}
    reasons = tuple(
        reason for name in sorted(CRITERIA, key=lambda name: points[name]) if points[name] < MOST
        for reason in scored[name][1]
    )  # fmt: skip
    total = sum(points.values())
    return Quality(**points, total=total, verdict=_verdict(total, min(points.values())), reasons=reasons)


def _verdict(total: int, least: int) -> Verdict:
    """A criterion of 0 bars 可直接对接, as in EEN."""
    if total >= READY and least > 0:
        return "ready"
    return "accept_and_supplement" if total >= ACCEPT else "return"


Part = tuple[int, list[Saying]]


def _clarity(told: Told) -> Part:
    """0 nothing told · 1–3 by how much is told · +1 told at length · +1 the background: tried, limits, expected."""
    length = told.length
    enough = sum(length >= least for least in _ENOUGH_WORDS)
    background = any(len(told.words(step)) >= _CONTEXT_WORDS for step in told.background())
    reasons = []
    if enough < len(_ENOUGH_WORDS):
        step = main_step(told.form)
        reasons.append(_reason("clarity.words", step.label if step else told.form.label))
    wanting = next(told.open_background(), None)
    if not background and wanting is not None:
        reasons.append(_reason("clarity.background", wanting.label))
    elif length < _MANY_WORDS:
        reasons.append(Saying("clarity.detail"))
    return enough + (length >= _MANY_WORDS) + background, reasons


def _quantified(told: Told) -> Part:
    """0 none and not declared · 1 declared 暂无 · 2 numbers, but not where they are asked for · 3 one with its unit
    · 4 two · 5 more, and how they are tested. Where the form asks for no quantity: 2 as soon as the need is told.
    """
    numbers, indicator = told.quantities, told.indicator
    asked = told.form.label if indicator is None else indicator.label
    if indicator is not None and not told.given(indicator):
        points = 2 if numbers else int(told.declared_none)
        return points, [_reason("quantified.number", asked)]
    if numbers == 0:
        start = 0 if asks_for_quantity(told.form) else 2 * told.is_told
        return start, [_reason("quantified.number", asked)]
    points = 3 + (numbers > 1) + (numbers > 2 and told.names_a_test)
    return points, [Saying("quantified.more" if numbers == 1 else "quantified.test")]


def _cooperation(told: Told) -> Part:
    """2 what is wanted of the other side · +1 money or time · +1 all of them the form asks for · +1 conditions."""
    asked = [aspect for aspect in ASPECTS if told.asks(aspect)]
    given = [aspect for aspect in asked if told.gives(aspect)]
    mode = told.is_told if not own_choices(told.form) else any(told.given(step) for step in own_choices(told.form))
    terms = told.gives_terms
    points = 2 * mode + bool(given) + (bool(given) and given == asked) + terms
    return points, list(_wanted_of_cooperation(told, mode, terms))


def _wanted_of_cooperation(told: Told, mode: bool, terms: bool) -> Iterator[Saying]:
    choices = own_choices(told.form)
    if not mode and choices:
        yield _reason("cooperation.mode", choices[0].label)
    for aspect in ASPECTS:
        step = told.open_step(aspect)
        if step is not None and not told.gives(aspect):
            yield _reason(f"cooperation.{aspect}", step.label)
    step = told.open_terms()
    if not terms and step is not None:
        yield _reason("cooperation.terms", step.label)


def _complete(told: Told, files: int) -> Part:
    """1 some required answers · 2 all of them · +1 who it is, in full · +1 files · +1 two answers beyond these."""
    required = [step for step in told.form.steps if step.part == "need" and step.required == "R"]
    there = [step for step in required if told.answered(step)]
    who = [step for step in told.form.steps if step.part in ("profile", "contact") and step.required == "R"]
    known = all(told.given(step) for step in who)
    beyond = sum(told.given(step) for step in told.form.steps if step.required == "O" and step.type != "file")
    missing = next((step for step in required if step not in there), None) or next(
        (step for step in who if not told.given(step)), None
    )
    reasons = [_reason("complete.missing", missing.label)] if missing else []
    reasons += [Saying("complete.files")] if files == 0 and any(typed(told.form, "file")) else []
    reasons += [Saying("complete.more")] if beyond < 2 else []
    return bool(there) + (there == required) + known + (files > 0) + (beyond > 1), reasons


def _reason(key: str, label: str) -> Saying:
    return Saying(key, {"label": label})

"""What the answers to any form tell: how much is told, which amounts, dates, choices and conditions are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from intake.headline import main_step
from intake.models import CHOICE_TYPES, FREE_TEXT_TYPES, Form, Step, StepType
from intake.reading.texts import numbers_with_unit
from intake.values import Answers, DateSpan, Money

ASPECTS = ("money", "time")
"""What is expected of a cooperation besides its mode, as far as a form asks for it."""

CORE = frozenset(
    {"title", "summary", "deadline", "keywords", "urgency", "urgency_reason", "expected_help", "expected_help_other"}
)
"""Steps every kind shares: not a form's own. A deadline counts as time all the same."""

TERMS = frozenset(
    {
        "ip_ownership", "ip_status", "solver_conditions", "partner_kinds", "partner_wanted", "requirements",
        "site_visit_ok", "collateral", "certs", "special", "target_region", "preferred_area", "partners",
        "suggested_societies", "countries", "working_language", "positions_1_support", "positions_1_experience",
        "policy_ref", "level_hint",
    }
)  # fmt: skip
"""Steps that tell a partner what is expected of them or offered to them."""

_NOT_THE_NEED = CORE - {"summary"}
_LEAST_TOLD = 10
_TEST = re.compile(
    r"检测|测试|试验|检验|标准|方法|按照|依据|GB|ISO|ASTM|[≥≤<>]|不低于|不高于|不超过|至少|以上|提高到|降到|降至|达到|目前|现在"
)


def own_choices(form: Form) -> tuple[Step, ...]:
    """The form's own required choices: what kind of thing is wanted, and how."""
    return tuple(step for step in form.steps if _own(step) and step.type in CHOICE_TYPES and step.required == "R")


def asks_for_quantity(form: Form) -> bool:
    """Whether the form requires an amount, a number, an indicator, or a choice between ranges."""
    return any(_own(step) and step.required == "R" and _quantity(step) for step in form.steps)


def typed(form: Form, kind: StepType) -> Iterator[Step]:
    return (step for step in form.steps if step.type == kind)


def _own(step: Step) -> bool:
    return step.part == "need" and step.id not in CORE


def _quantity(step: Step) -> bool:
    ranges = step.type == "enum" and any(numbers_with_unit(option.label) for option in step.options)
    return step.type in ("int", "money") or "number_with_unit" in step.rules or ranges


def _aspect(step: Step) -> str | None:
    if step.type == "date":
        return "time"
    if step.type == "money" or any(option.low is not None or option.high is not None for option in step.options):
        return "money"
    return None


@dataclass(frozen=True)
class Told:
    """A need as told: its form, its answers, and the steps of its route."""

    form: Form
    answers: Answers
    route: tuple[Step, ...]

    @cached_property
    def _need(self) -> tuple[Step, ...]:
        return tuple(step for step in self.route if step.part == "need")

    def answered(self, step: Step) -> bool:
        """Whether the person said something, be it that there is nothing yet."""
        return step.id in self.answers and self.answers[step.id].state != "skipped"

    def given(self, step: Step) -> bool:
        return step.id in self.answers and self.answers[step.id].value is not None

    def words(self, step: Step) -> str:
        """The answer in words, labels for codes; empty where it is none of words."""
        value = self.answers[step.id].value if step.id in self.answers else None
        labels = {option.code: option.label for option in step.options}
        if isinstance(value, bool):
            return ""
        if isinstance(value, str):
            return labels.get(value, value)
        return "、".join(labels.get(part, part) for part in value) if isinstance(value, tuple) else ""

    @cached_property
    def length(self) -> int:
        """How many characters tell the need; its title, keywords and urgency apart."""
        return sum(len(self.words(step)) for step in self._need if step.id not in _NOT_THE_NEED)

    @property
    def is_told(self) -> bool:
        return self.length >= _LEAST_TOLD

    def background(self) -> tuple[Step, ...]:
        """The form's own texts beside the main one, its indicators and its conditions: what was tried, limits, …"""
        main = main_step(self.form)
        return tuple(
            step for step in self._need
            if _own(step) and step.type in FREE_TEXT_TYPES and step != main and step.id not in TERMS
            and step.follow_up_of is None and "number_with_unit" not in step.rules
        )  # fmt: skip

    def open_background(self) -> Iterator[Step]:
        """The background not told yet, what gains most first."""
        wanting = (step for step in self.background() if not self.given(step) and step.copy_of is None)
        return iter(sorted(wanting, key=lambda step: -step.gain))

    @cached_property
    def quantities(self) -> int:
        """Numbers with units in the texts; where the form asks for no indicator in words, also amounts and ranges."""
        if self.indicator is not None:
            texts = (step for step in self._need if step.type in FREE_TEXT_TYPES)
            return sum(numbers_with_unit(self.words(step)) for step in texts if step.id not in _NOT_THE_NEED)
        steps = [step for step in self._need if step.id not in _NOT_THE_NEED]
        numbers = sum(step.type in ("int", "money") and self.given(step) for step in steps)
        return numbers + sum(numbers_with_unit(self.words(step)) for step in steps)

    @property
    def indicator(self) -> Step | None:
        """The step that asks for indicators in words, each with a number and a unit; None where the form has none."""
        return next((step for step in self.form.steps if "number_with_unit" in step.rules), None)

    @property
    def declared_none(self) -> bool:
        """Whether an indicator was asked for and said to be 暂无."""
        step = self.indicator
        return step is not None and step.id in self.answers and self.answers[step.id].state == "none_yet"

    @property
    def names_a_test(self) -> bool:
        return any(_TEST.search(self.words(step)) for step in self._need if step.type in FREE_TEXT_TYPES)

    def asks(self, aspect: str) -> bool:
        return any(_aspect(step) == aspect for step in self.form.steps if step.part == "need")

    def gives(self, aspect: str) -> bool:
        return any(_aspect(step) == aspect and self._bounded(step) for step in self._need)

    def _bounded(self, step: Step) -> bool:
        """An amount or a date that says something: 面议 does not."""
        value = self.answers[step.id].value if step.id in self.answers else None
        if isinstance(value, Money | DateSpan):
            return True
        return any(option.code == value and (option.low, option.high) != (None, None) for option in step.options)

    def open_step(self, aspect: str) -> Step | None:
        """The first step that would give the aspect."""
        return next((step for step in self._need if _aspect(step) == aspect and not self._bounded(step)), None)

    @property
    def gives_terms(self) -> bool:
        return any(step.id in TERMS and self.given(step) for step in self._need)

    def open_terms(self) -> Step | None:
        """The condition most worth adding."""
        wanting = [step for step in self._need if step.id in TERMS and not self.given(step)]
        return max(wanting, key=lambda step: step.gain, default=None)

"""The nouns of intake: forms and steps, what can be said to a person (a key, never a sentence), what reading gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from intake.values import Answered, AnswerState, Frozen, Value

StepType = Literal[
    "text",
    "lines",
    "tags",
    "enum",
    "multi",
    "bool",
    "int",
    "money",
    "date",
    "phone",
    "email",
    "uscc",
    "district",
    "zone",
    "industry",
    "file",
]
FREE_TEXT_TYPES: frozenset[StepType] = frozenset({"text", "lines", "tags"})
CHOICE_TYPES: frozenset[StepType] = frozenset({"enum", "multi", "district", "zone", "industry"})

Required = Literal["R", "C", "O"]
"""R always · C whenever its condition shows it · O never."""
Part = Literal["need", "consent", "profile", "contact", "card"]
Rule = Literal["number_with_unit", "not_the_org_name", "organisation_ending", "no_contact"]


@dataclass(frozen=True, slots=True)
class Saying:
    """Something to tell a person: a key of bot/wording/intake.*.toml and the values of its placeholders."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence that was understood. `echo` says how; `also` holds values it implies for other steps (proposals)."""

    value: Value | None
    echo: Saying
    warnings: tuple[Saying, ...] = ()
    also: Mapping[str, Value] = field(default_factory=dict)
    state: AnswerState = "given"

    def answered(self, text: str) -> Answered:
        """The answer to commit, keeping the person's own words."""
        return Answered(value=self.value, text=text, state=self.state)


@dataclass(frozen=True, slots=True)
class Unread:
    """A sentence that was not understood: what to do instead, perhaps a corrected form, or the codes it could mean."""

    error: Saying
    suggestion: str | None = None
    candidates: tuple[str, ...] = ()


class Option(Frozen):
    """One choice. Money bands carry their ends in 元 (low included, high excluded); zones their host districts."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    hosts: tuple[str, ...] = ()


class Condition(Frozen):
    """Holds when an earlier step on the route has an answer among `any_of` (any answer at all where it is empty)."""

    step: str
    any_of: tuple[str, ...] = ()


class Step(Frozen):
    """One question. Lengths count characters after NFKC; `min`/`max` bound characters, choices, tags or the number."""

    id: str
    type: StepType
    label: str
    ask: str
    help: str = ""
    example: str = ""
    why: str = ""
    required: Required = "O"
    fast: bool = False
    part: Part = "need"
    options: tuple[Option, ...] = ()
    min: int | None = None
    max: int | None = None
    soft_min: int | None = None
    max_each: int | None = None
    when: tuple[Condition, ...] = ()
    personal: bool = False
    question_is_answer: bool = False
    must_be_yes: bool = False
    proposed: bool = False
    gain: int = 0
    rules: tuple[Rule, ...] = ()
    way_out: Option | None = None
    way_out_state: Literal["to_verify", "none_yet"] = "none_yet"
    follow_up_of: str | None = None
    copy_of: str | None = None

    @property
    def free_text(self) -> bool:
        """True where any words are an answer, so that a question must be told apart from one."""
        return self.type in FREE_TEXT_TYPES

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.type in CHOICE_TYPES and not self.options:
            raise ValueError(f"{self.id}: a choice needs options")
        if (self.required == "C") != (bool(self.when) and self.required != "O"):
            raise ValueError(f"{self.id}: C goes with a condition, R without one")
        codes = [option.code for option in self.options]
        if len(set(codes)) != len(codes):
            raise ValueError(f"{self.id}: option codes repeat")
        return self


class Form(Frozen):
    """A kind of need as a list of steps in the order they are asked. A step's conditions look backwards only."""

    kind: str
    version: int
    label: str
    intro: str
    steps: tuple[Step, ...]
    default_confidentiality: str | None = None

    @model_validator(mode="after")
    def _forward_only(self) -> Self:
        seen: set[str] = set()
        for step in self.steps:
            if step.id in seen:
                raise ValueError(f"{self.kind}: step {step.id} stands twice")
            for condition in step.when:
                if condition.step not in seen:
                    raise ValueError(f"{self.kind}: {step.id} looks forward to {condition.step}")
            seen.add(step.id)
        return self

    def step(self, step_id: str) -> Step:
        """The step of that id; KeyError where the form has none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


class MenuEntry(Frozen):
    """One line of the menu in the owner's words: a heading, its chain, and the kinds behind it."""

    code: str
    label: str
    chain: str
    kinds: tuple[str, ...]
    aliases: tuple[str, ...] = ()

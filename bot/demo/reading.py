"""Reads bot/demo/cases.toml: each answer goes through the reader of its step, as if somebody had typed it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.demo.marks import code, phone
from intake.formbook import Formbook
from intake.journey import options_for
from intake.models import Form, Read
from intake.reading.steps import Circumstances, read_step
from intake.reference import Reference
from intake.values import Answered

CASES_FILE = Path(__file__).parent / "cases.toml"


class DemoError(Exception):
    """The demonstration cannot be loaded as it stands; says why."""


class AlreadyLoadedError(DemoError):
    """There is a demonstration: undo it first."""


class DemoStep(BaseModel):
    """Something done to the case, `after` so many working days."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    after: float
    who: Literal["staff", "owner"]
    action: str
    values: Mapping[str, Any] = Field(default_factory=dict)


class DemoCase(BaseModel):
    """A case as the file tells it. `docking`: two societies are tried for it in the end."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: str
    kind: str
    before: float
    via: Literal["web", "phone", "window"] = "web"
    answers: Mapping[str, str]
    docking: bool = False
    steps: tuple[DemoStep, ...] = ()


def read_cases(file: Path = CASES_FILE) -> tuple[DemoCase, ...]:
    """The cases in the order of the file, what they share filled in."""
    written = tomllib.loads(file.read_text("utf-8"))
    return tuple(
        DemoCase.model_validate({**case, "answers": {**written["common"], **case["answers"]}})
        for case in written["cases"]
    )


def answers_of(case: DemoCase, formbook: Formbook, reference: Reference, today: date) -> dict[str, Answered]:
    """Its answers by step. Raises DemoError where a reader does not understand one."""
    form, number = formbook.form(case.kind), int(case.key)
    given = {"contact_phone": Answered(value=phone(number), text="（演示）"), "uscc": Answered(value=code(number))}
    for name, text in case.answers.items():
        if any(step.id == name for step in form.steps):
            given[name] = _read(form, name, text.format(next_year=today.year + 1), reference, today, given)
    return given


def _read(
    form: Form, name: str, text: str, reference: Reference, today: date, given: Mapping[str, Answered]
) -> Answered:
    step = next(step for step in form.steps if step.id == name)
    options = options_for(step, given) if step.options else None
    read = read_step(step, text, Circumstances(reference, today, options=options))
    if not isinstance(read, Read):
        raise DemoError(f"{form.kind}.{name}: {text!r} is not understood ({read.error.key})")
    return read.answered(text)

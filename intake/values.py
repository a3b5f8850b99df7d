"""What a step's answer is made of: typed values that survive a trip through JSON, and the words they came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator


class Frozen(BaseModel):
    """A noun that never changes once made, and refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(Frozen):
    """An amount or a range in 元. One open end is allowed (至少, 不超过); `approx` keeps 左右."""

    low: Decimal | None
    high: Decimal | None
    approx: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("an amount needs at least one end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("the low end is above the high end")
        return self


class DateSpan(Frozen):
    """A closed range of days, Asia/Shanghai. A single day has equal ends; a deadline is its `end`."""

    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start > self.end:
            raise ValueError("the range ends before it starts")
        return self


class Phone(Frozen):
    """A telephone number as E.164 (+8653285911234), its extension apart."""

    e164: str
    ext: str | None = None


Value = bool | int | str | tuple[str, ...] | Money | DateSpan | Phone

AnswerState = Literal["given", "skipped", "to_verify", "none_yet"]
"""given: has a value · skipped: optional, passed over · to_verify: staff will ask · none_yet: the person has none."""


class Answered(Frozen):
    """One committed answer: its value, the person's own words, and how it came about."""

    value: Value | None
    text: str = ""
    state: AnswerState = "given"

    @model_validator(mode="after")
    def _value_goes_with_state(self) -> Self:
        if (self.value is None) == (self.state == "given"):
            raise ValueError("a given answer has a value, and only a given answer has one")
        return self


Answers = Mapping[str, Answered]
"""step id → answer. Answers of steps that are hidden at the moment stay in it."""

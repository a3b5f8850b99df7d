"""What a caller of the API sends, checked and cleaned field by field."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.channels.web_chat.hygiene import UncleanError, clean

TEXT_MAX = 20_000
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _text(limit: int, *, one_line: bool = False) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            value = clean(value)
        except UncleanError as error:
            raise PydanticCustomError("unclean", "characters that no keyboard types") from error
        if len(value) > limit:
            raise PydanticCustomError("string_too_long", "too long", {"max_length": limit})
        return " ".join(value.split()) if one_line else value

    return check


def _day(value: str) -> str:
    if not DAY.fullmatch(value):
        raise PydanticCustomError("day", "not a day")
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("day", "not a day") from error
    return value


Label = Annotated[str, AfterValidator(_text(100, one_line=True))]
Place = Annotated[str, AfterValidator(_text(40, one_line=True))]
Day = Annotated[str, AfterValidator(_day), Field(examples=["2026-11-22"], json_schema_extra={"format": "date"})]
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.:-]+$")]


class ChatRequest(BaseModel):
    """One message: either `text`, or the `choice` of a button by its id."""

    text: Annotated[str, AfterValidator(_text(TEXT_MAX))] | None = Field(
        default=None, description="the question, in the asker's own words (at most 300 characters are answered)"
    )
    user: Label | None = Field(default=None, description="an opaque label of yours, known only inside your session")
    district: Place | None = Field(default=None, description="for this message only; PUT /api/district keeps one")
    as_of: Day | None = Field(default=None, description="answer as of this day, YYYY-MM-DD; default today")
    id: IdempotencyKey | None = Field(default=None, description="idempotency key: the same id is handled once")
    choice: Label | None = Field(default=None, description="the id of one of the choices of the last reply")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.text and self.choice:
            raise PydanticCustomError("both", "text or choice, not both")
        if not self.text and not self.choice:
            raise PydanticCustomError("empty", "nothing asked")
        return self

    @property
    def day(self) -> date | None:
        return date.fromisoformat(self.as_of) if self.as_of else None


class DistrictRequest(BaseModel):
    district: Place | None = Field(description="one of the places of the library, or null for the whole city")
    user: Label | None = None

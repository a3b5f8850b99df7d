"""The API's JSON: what a caller sends and what comes back. Field names are part of the interface."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bot.channels.web_chat.hygiene import UncleanError, clean
from bot.messages import Reply
from rag.models import Citation, Claim

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


class Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class QuoteOut(Out):
    passage: str
    quote: str
    start: int | None = None


class ClaimOut(Out):
    text: str
    quotes: list[QuoteOut] = []

    @classmethod
    def of(cls, claim: Claim) -> Self:
        quotes = [QuoteOut(passage=q.passage, quote=q.quote, start=q.start) for q in claim.quotes]
        return cls(text=claim.text, quotes=quotes)


class CitationOut(Out):
    """The card under a claim. `policy_status` is the word shown to readers (现行有效, 待核实 …)."""

    policy: str
    provision: int | None = None
    title: str
    doc_no: str | None = None
    article: str | None = None
    quote: str
    policy_status: str | None = None
    level: str | None = None
    url: str | None = None
    jurisdiction: str | None = None
    confidence: Literal["high", "medium"] | None = None
    judged: date | None = None
    passage: str | None = None
    successor: str | None = None

    @classmethod
    def of(cls, citation: Citation) -> Self:
        return cls.model_validate({name: getattr(citation, name) for name in cls.model_fields})


class ChoiceOut(Out):
    id: str
    label: str


class FormOut(Out):
    draft: str
    step: int
    total: int
    input: str


class FileOut(Out):
    digest: str
    name: str
    media_type: str
    size: int


class ChatReply(Out):
    """What the assistant says. `text` stands alone; the other fields are there where the status brings them."""

    status: str
    text: str
    claims: list[ClaimOut] = []
    citations: list[CitationOut] = []
    nearest: list[CitationOut] = Field(default=[], description="clauses that did not answer, or a listing's policies")
    choices: list[ChoiceOut] = []
    release: str | None = None
    listing: bool = False
    as_of: date | None = None
    form: FormOut | None = None
    files: list[FileOut] = []
    id: str | None = None

    @classmethod
    def of(cls, reply: Reply, id: str | None = None) -> Self:  # noqa: A002 (the field's name)
        answer = reply.answer
        parts: dict[str, Any] = {}
        if answer:
            parts["claims"] = [ClaimOut.of(claim) for claim in answer.claims]
            parts["nearest"] = [CitationOut.of(citation) for citation in answer.nearest]
            parts |= {"release": answer.release, "listing": answer.listing, "as_of": answer.as_of}
        if reply.form:
            form = reply.form
            parts["form"] = FormOut(draft=form.draft, step=form.step, total=form.total, input=form.input)
        return cls(
            status=str(reply.status),
            text=reply.text,
            citations=[CitationOut.of(citation) for citation in reply.citations],
            choices=[ChoiceOut(id=choice.id, label=choice.label) for choice in reply.choices],
            files=[FileOut(digest=f.digest, name=f.name, media_type=f.media_type, size=f.size) for f in reply.files],
            id=id,
            **parts,
        )


def stored_reply(stored: Mapping[str, Any]) -> ChatReply:
    """A reply from the record; one in a form that is no longer read keeps its status and its text."""
    try:
        return ChatReply.model_validate(stored)
    except ValidationError:
        return ChatReply(status=str(stored.get("status", "")), text=str(stored.get("text", "")))


class TurnOut(Out):
    id: str
    question: str
    reply: ChatReply
    at: datetime


class HistoryOut(Out):
    turns: list[TurnOut]


class DistrictOut(Out):
    district: str | None


class ErrorOut(Out):
    """A refusal of the door: `status` starts with error_, `text` says what is wrong and what to do."""

    status: str
    text: str
    reference: str | None = Field(default=None, description="quote this code when you report the fault")
    retry_after: int | None = Field(default=None, description="seconds")

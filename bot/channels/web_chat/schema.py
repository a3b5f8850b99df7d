"""The API's replies as JSON. Field names are part of the interface."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.messages import Reply
from rag.models import Citation, Claim


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
    page: int | None = Field(default=None, description="of the official file, where the quote begins; from 1")
    last_page: int | None = Field(default=None, description="of the official file, where the quote ends")

    @classmethod
    def of(cls, citation: Citation) -> Self:
        return cls.model_validate({name: getattr(citation, name) for name in cls.model_fields})


class ChoiceOut(Out):
    id: str
    label: str


class FormOut(Out):
    """Where a form stands: `step` of `total`; `input` says what fits, `picked` which choices are ticked."""

    draft: str
    step: int
    total: int
    input: str
    kind: str = ""
    name: str = ""
    ask: str = ""
    picked: list[str] = []


class FileOut(Out):
    digest: str
    name: str
    media_type: str
    size: int


class ApprovedOut(Out):
    """Staff wrote this answer and approved it: `text` as they wrote it, good from `day` until `until`."""

    text: str
    day: date
    until: date
    by: str


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
    generated: bool = Field(
        default=False, description="a language model wrote the claims; each is proven by its quotes"
    )
    approved: ApprovedOut | None = Field(
        default=None, description="staff wrote the answer; citations are the clauses that it rests on"
    )
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
            parts["generated"] = answer.generated
            if (kept := answer.approved) is not None:
                parts["approved"] = ApprovedOut(text=kept.text, day=kept.day, until=kept.until, by=kept.by)
        if reply.form:
            parts["form"] = FormOut.model_validate({name: getattr(reply.form, name) for name in FormOut.model_fields})
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


class FileTurnOut(Out):
    """A file that was taken in, and what the assistant says to it."""

    file: FileOut
    reply: ChatReply
    html: str | None = Field(default=None, description="the reply drawn as HTML, where html=true")


class NoticeOut(Out):
    id: int
    text: str
    at: datetime
    reference: str = Field(description="受理编号 of the case it is about, or empty")
    html: str | None = Field(default=None, description="the notice drawn as HTML, where html=true")


class NoticesOut(Out):
    notices: list[NoticeOut]


class DistrictOut(Out):
    district: str | None


class ErrorOut(Out):
    """A refusal of the door: `status` starts with error_, `text` says what is wrong and what to do."""

    status: str
    text: str
    reference: str | None = Field(default=None, description="quote this code when you report the fault")
    retry_after: int | None = Field(default=None, description="seconds")

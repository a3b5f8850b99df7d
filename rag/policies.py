"""A policy's front matter: the card that stands above its text in policies_corpus/.

The same model checks files (`corpus check`), makes the JSON Schema that editors use, and feeds the legal clock.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from rag.models import Category, Confidence, Level
from rag.page_anchors import ANCHOR


def _in_the_calendar(partial: str) -> str:
    """2025-02-30 has the form of a date and is none."""
    if len(partial) == 10:
        try:
            date.fromisoformat(partial)
        except ValueError as error:
            raise PydanticCustomError("no_such_day", "no such day in the calendar") from error
    return partial


PartialDate = Annotated[
    str,
    StringConstraints(pattern=r"^(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"),
    AfterValidator(_in_the_calendar),
    Field(examples=["2025-04"]),
]
"""YYYY, YYYY-MM or YYYY-MM-DD: a date is kept as precisely as it is known, never more."""

PolicyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class JudgedStatus(StrEnum):
    """The status somebody judged a policy to have, on the day `status_asof`. What it is worth today is computed."""

    DRAFT = "征求意见稿"
    IN_FORCE = "有效"
    PARTLY_EXPIRED = "部分到期"
    CLOSED = "已截止"
    EXPIRED = "已到期"
    LAPSED = "已失效"
    REPEALED = "已废止"
    SUPERSEDED = "被替代"
    UNVERIFIED = "待核实"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Relation(Part):
    """How this policy stands to another one. `inferred` marks what we concluded rather than read."""

    rel: Line
    id: PolicyId
    inferred: bool = False


class Application(Part):
    """Where and when to apply, and with what."""

    where: Line | None = None
    window: Line | None = None
    materials: tuple[Line, ...] = ()


class Source(Part):
    """What the text was read from. Only official and press hosts are linked; a repost is named without a link."""

    title: Line
    kind: Line
    coverage: Literal["full", "excerpt", "none"]
    official: bool
    url: Annotated[str, StringConstraints(pattern=r"^https?://")] | None = None


OriginalEnding = Literal["pdf", "docx", "xlsx", "html", "htm", "mht", "mhtml", "txt", "md", "png", "jpg", "jpeg"]


class Original(Part):
    """The official file that the text was read from: the SHA-256 of its bytes, the ending of its name, and on which
    page each line of the text is printed (rag/page_anchors)."""

    file: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    ending: OriginalEnding
    pages: tuple[Annotated[str, StringConstraints(pattern=f"^{ANCHOR.pattern}$", max_length=50_000)], ...] = ()


class Condition(Part):
    """A typed condition for the eligibility check to come (政策体检)."""

    field: Line
    op: Literal["eq", "in", "ge", "le", "has"]
    value: str | int | float | tuple[str, ...]
    provision: int | None = None


class Deadline(Part):
    """An application deadline for the calendar to come."""

    label: Line
    on: PartialDate
    provision: int | None = None


class Policy(Part):
    """Front matter of one policy file; the order here is the order in the files."""

    id: PolicyId
    title: Line
    title_is_official: bool = True
    doc_no: Line | None = None
    issuer: Line
    level: Level
    jurisdiction: Line = Field(description="全国、山东省、青岛市, or the district or zone: 崂山区、青岛西海岸新区 …")
    categories: tuple[Category, ...] = Field(min_length=1)
    issued: PartialDate | None = None
    effective: PartialDate | None = None
    expires: PartialDate | None = None
    status: JudgedStatus
    status_asof: date
    status_basis: Line
    audience: tuple[Line, ...] = ()
    industries: tuple[Line, ...] = ()
    relations: tuple[Relation, ...] = ()
    supersedes: tuple[PolicyId, ...] = ()
    application: Application = Application()
    contact: Line | None = None
    contact_asof: date | None = None
    sources: tuple[Source, ...] = Field(min_length=1)
    text_kind: Literal["digest", "original"] = "digest"
    confidence: Confidence
    inferred: tuple[Line, ...] = Field(default=(), description="fields that are labels of ours, not read")
    conditions: tuple[Condition, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    notes: Line | None = None
    original: Original | None = None

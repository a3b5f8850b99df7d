"""Files on their way into the corpus: where each stands, what was read of it, and every step it took, in SQL.

The steps are only ever added. A file is known by the digest of its bytes: taken in twice, it is here once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Engine, ForeignKey, Integer, Row, Table, Text, func, insert, select, update

from db.engine import reading, writing
from db.schema import CleanText, UtcDateTime, metadata
from rag.parsing.models import Box


class Stage(StrEnum):
    """How far a file has come. What a live one is worth today is computed (rag.legal_time), never stored."""

    FOUND = "found"
    PARSED = "parsed"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    LIVE = "live"
    EXCLUDED = "excluded"
    FAILED = "failed"


STEPS: Mapping[Stage, frozenset[Stage]] = {
    Stage.FOUND: frozenset({Stage.PARSED, Stage.FAILED}),
    Stage.PARSED: frozenset({Stage.DRAFT, Stage.FAILED}),
    Stage.DRAFT: frozenset({Stage.DRAFT, Stage.IN_REVIEW, Stage.EXCLUDED}),
    Stage.IN_REVIEW: frozenset({Stage.DRAFT, Stage.LIVE, Stage.EXCLUDED}),
    Stage.LIVE: frozenset({Stage.DRAFT, Stage.EXCLUDED}),
    Stage.EXCLUDED: frozenset({Stage.DRAFT}),
    Stage.FAILED: frozenset({Stage.FOUND}),
}
"""Which stage may follow which."""

drafts = Table(
    "corpus_drafts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stage", Text, nullable=False, index=True),
    Column("why", CleanText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("file_name", CleanText, nullable=False),
    Column("file_digest", Text, nullable=False, unique=True),
    Column("read", CleanText, nullable=False),
    Column("card", CleanText, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

draft_steps = Table(
    "corpus_draft_steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("draft", Integer, ForeignKey("corpus_drafts.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("what", CleanText, nullable=False),
    Column("file_digest", Text, nullable=False),
    Column("parser_version", Text, nullable=False),
)


class UnknownDraftError(Exception):
    """There is no draft of this number."""


class StageError(Exception):
    """A step that does not follow from where the draft stands now; somebody else may have taken one."""

    def __init__(self, draft: int, stands: Stage, wanted: Stage) -> None:
        super().__init__(f"draft {draft} is {stands}, not to become {wanted}")
        self.draft, self.stands, self.wanted = draft, stands, wanted


class MovedError(Exception):
    """Somebody has changed the draft since it was looked at; nothing was done."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(f"draft {draft.id} is not as it was seen")
        self.draft = draft


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a file. `pages` are (offset in `text`, page) where each page begins, `page_count` how many the
    file has (0 where it has none), `places` (offset, page, box in points) of each printed line; `hidden` and `warnings`
    (notice, how often, and the pages where they are known) are for whoever confirms; `same` is the id of the policy
    here that it is the text of."""

    text: str = ""
    parser: str = ""
    parser_version: str = ""
    media_type: str = ""
    pages: tuple[tuple[int, int], ...] = ()
    places: tuple[tuple[int, int, Box], ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[Any, ...], ...] = ()
    remarks: tuple[str, ...] = ()
    same: str | None = None
    unknown: tuple[str, ...] = ()
    page_count: int = 0

    def page(self, offset: int) -> int | None:
        """The page that an offset of `text` was printed on; None where the file has none."""
        return next((page for start, page in reversed(self.pages) if start <= offset), None)


@dataclass(frozen=True, slots=True)
class Card:
    """The fields of the policy file to be. `origins` are the places a proposed value was read at, as (start, end,
    why); `confirmed` the fields that somebody has confirmed or written; `amended` the day its text was last changed by
    its issuer, "" where it says nothing of it: it tells editions of one title apart."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, Sequence[tuple[int, int, str]]] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()
    amended: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """`why` is the reason of an exclusion or of a failure; `attempts` counts the readings of the file."""

    id: int
    stage: Stage
    why: str
    attempts: int
    file_name: str
    file_digest: str
    read: Read
    card: Card
    changed_at: datetime

    @property
    def title(self) -> str:
        return str(self.card.fields.get("title") or self.file_name)

    @property
    def mark(self) -> str:
        """Stands for the draft as it is: another as soon as stage, reason, fields or text are others."""
        facts = [self.stage, self.why, self.attempts, _written(self.card), _written(self.read)]
        return hashlib.sha256(json.dumps(facts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a draft: the stage it came to, when, by whom, and what was done."""

    at: datetime
    by: str
    stage: Stage
    what: str
    file_digest: str
    parser_version: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A draft in a list, without its text: `open` counts the fields that nobody has confirmed, `by` took the last
    step, `policy` is the id it has or is to have."""

    id: int
    stage: Stage
    why: str
    attempts: int
    file_name: str
    title: str
    policy: str
    open: int
    changed_at: datetime
    by: str


class Drafts:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, file_name: str, file_digest: str, by: str, now: datetime) -> tuple[Draft, bool]:
        """The draft of this file, and whether it is new. A new one is on disk before the file is read."""
        with writing(self._engine) as connection:
            held = connection.execute(select(drafts).where(drafts.c.file_digest == file_digest)).one_or_none()
            if held is not None:
                return draft_of(held), False
            row = {"stage": Stage.FOUND, "why": "", "attempts": 0, "file_name": file_name, "file_digest": file_digest}
            query = insert(drafts).values(**row, read="{}", card="{}", changed_at=now).returning(*drafts.c)
            draft = draft_of(connection.execute(query).one())
            _note(connection, draft, by, "found", now)
            return draft, True

    def of_file(self, file_digest: str) -> Draft | None:
        """What became of the file with these bytes; None where it was not taken in here."""
        with reading(self._engine) as connection:
            row = connection.execute(select(drafts).where(drafts.c.file_digest == file_digest)).one_or_none()
            return draft_of(row) if row is not None else None

    def get(self, number: int) -> Draft:
        """Raises UnknownDraftError."""
        with reading(self._engine) as connection:
            return _held(connection, number)

    def all(self, stages: Sequence[Stage] = tuple(Stage)) -> list[Draft]:
        """In the order they were taken in."""
        query = select(drafts).where(drafts.c.stage.in_(stages)).order_by(drafts.c.id)
        with reading(self._engine) as connection:
            return [draft_of(row) for row in connection.execute(query)]

    def counts(self) -> Mapping[Stage, int]:
        """How many stand at each stage where there are any."""
        query = select(drafts.c.stage, func.count()).group_by(drafts.c.stage)
        with reading(self._engine) as connection:
            return {Stage(stage): count for stage, count in connection.execute(query)}

    def briefs(self, stages: Sequence[Stage], limit: int, offset: int = 0) -> list[Brief]:
        """Those that changed last first."""
        last = select(draft_steps.c.draft, func.max(draft_steps.c.id).label("id")).group_by(draft_steps.c.draft)
        newest = last.subquery()
        columns = [column for column in drafts.c if column.name != "read"]
        query = (
            select(*columns, draft_steps.c.by)
            .join(newest, newest.c.draft == drafts.c.id)
            .join(draft_steps, draft_steps.c.id == newest.c.id)
            .where(drafts.c.stage.in_(stages))
            .order_by(drafts.c.changed_at.desc(), drafts.c.id.desc())
        )
        with reading(self._engine) as connection:
            return [_brief(row) for row in connection.execute(query.limit(limit).offset(offset))]

    def cards(self, stages: Sequence[Stage]) -> list[tuple[int, Stage, Card]]:
        """The fields alone, without the texts, in the order they were taken in."""
        query = select(drafts.c.id, drafts.c.stage, drafts.c.card).where(drafts.c.stage.in_(stages))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(drafts.c.id))
            return [(row.id, Stage(row.stage), _card(json.loads(row.card))) for row in rows]

    def step(
        self,
        number: int,
        to: Stage,
        by: str,
        what: str,
        now: datetime,
        *,
        why: str = "",
        read: Read | None = None,
        card: Card | None = None,
        seen: str = "",
    ) -> Draft:
        """Take a step, with what it changes, in one transaction. `seen` is the mark of the draft as it was looked at.

        Raises UnknownDraftError, StageError, MovedError.
        """
        with writing(self._engine) as connection:
            draft = _held(connection, number)
            if seen and seen != draft.mark:
                raise MovedError(draft)
            if to not in STEPS[draft.stage]:
                raise StageError(number, draft.stage, to)
            values: dict[str, Any] = {"stage": to, "why": why, "changed_at": now}
            if to in {Stage.PARSED, Stage.FAILED}:
                values["attempts"] = draft.attempts + (draft.stage is Stage.FOUND)
            values |= {"read": _written(read)} if read is not None else {}
            values |= {"card": _written(card)} if card is not None else {}
            query = update(drafts).where(drafts.c.id == number).values(**values).returning(*drafts.c)
            changed = draft_of(connection.execute(query).one())
            _note(connection, changed, by, what, now)
            return changed

    def steps(self, number: int) -> list[Step]:
        query = select(draft_steps).where(draft_steps.c.draft == number).order_by(draft_steps.c.id)
        with reading(self._engine) as connection:
            return [
                Step(row.at, row.by, Stage(row.stage), row.what, row.file_digest, row.parser_version)
                for row in connection.execute(query)
            ]


def _held(connection: Connection, number: int) -> Draft:
    row = connection.execute(select(drafts).where(drafts.c.id == number)).one_or_none()
    if row is None:
        raise UnknownDraftError(number)
    return draft_of(row)


def _note(connection: Connection, draft: Draft, by: str, what: str, now: datetime) -> None:
    step = {"draft": draft.id, "at": now, "by": by, "stage": draft.stage, "what": what}
    more = {"file_digest": draft.file_digest, "parser_version": draft.read.parser_version}
    connection.execute(insert(draft_steps).values(**step, **more))


def draft_of(row: Row[Any]) -> Draft:
    """A row of `drafts`."""
    read, card = json.loads(row.read), json.loads(row.card)
    return Draft(
        row.id,
        Stage(row.stage),
        row.why,
        row.attempts,
        row.file_name,
        row.file_digest,
        Read(**{name: _tuples(value) for name, value in read.items()}),
        _card(card),
        row.changed_at,
    )


def _brief(row: Any) -> Brief:
    card = json.loads(row.card)
    fields = card.get("fields", {})
    title, policy = str(fields.get("title") or row.file_name), str(fields.get("id") or "")
    unconfirmed = len(set(fields) - set(card.get("confirmed", ())))
    return Brief(
        row.id, Stage(row.stage), row.why, row.attempts, row.file_name, title, policy, unconfirmed, row.changed_at,
        row.by,
    )  # fmt: skip


def _card(kept: Mapping[str, Any]) -> Card:
    return Card(
        kept.get("fields", {}), kept.get("origins", {}), tuple(kept.get("confirmed", ())), kept.get("amended", "")
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _written(noun: Read | Card) -> str:
    facts = {name: getattr(noun, name) for name in noun.__slots__}
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))

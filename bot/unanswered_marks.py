"""What staff did about questions without an answer: dealt with, left alone and why, a document on its way. In SQL.

A mark is about wordings. The row of the board that holds one of them is out of the way until somebody asks again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Engine, ForeignKey, Integer, Row, Table, Text, insert, select

from bot.corpus_drafts import drafts as corpus_drafts
from db.engine import reading, writing
from db.rows import add_missing
from db.schema import CleanText, UtcDateTime, metadata


class Mark(StrEnum):
    """document: one is being added, and the question is asked anew at every release · reopened: back on the board."""

    HANDLED = "handled"
    IGNORED = "ignored"
    DOCUMENT = "document"
    REOPENED = "reopened"


unanswered_marks = Table(
    "unanswered_marks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("question", CleanText, nullable=False),
    Column("keys", CleanText, nullable=False),
    Column("district", CleanText, nullable=False),
    Column("why", CleanText, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)


unanswered_drafts = Table(
    "unanswered_drafts",
    metadata,
    Column("mark", Integer, ForeignKey("unanswered_marks.id"), primary_key=True),
    Column("draft", Integer, ForeignKey(corpus_drafts.c.id), primary_key=True, index=True),
)
"""Files that were brought in to answer a question."""


@dataclass(frozen=True, slots=True)
class Marked:
    """`keys` are the wordings that it is about (rag.sameness.key_of); `district` where the askers are, or ""."""

    id: int
    state: Mark
    question: str
    keys: frozenset[str]
    district: str
    why: str
    by: str
    at: datetime


class UnansweredMarks:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(
        self, state: Mark, question: str, keys: Iterable[str], by: str, now: datetime, *, why: str = "",
        district: str = "",
    ) -> Marked:  # fmt: skip
        row = {"state": state, "question": question, "keys": json.dumps(sorted(keys), ensure_ascii=False)}
        query = insert(unanswered_marks).values(**row, district=district, why=why, by=by, at=now)
        with writing(self._engine) as connection:
            return _marked(connection.execute(query.returning(*unanswered_marks.c)).one())

    def all(self) -> list[Marked]:
        """The latest first."""
        query = select(unanswered_marks).order_by(unanswered_marks.c.id.desc())
        with reading(self._engine) as connection:
            return [_marked(row) for row in connection.execute(query)]

    def tie(self, mark: int, drafts: Iterable[int]) -> None:
        """Note that these files were brought in for this question; said twice, it is noted once."""
        with writing(self._engine) as connection:
            add_missing(connection, unanswered_drafts, [{"mark": mark, "draft": draft} for draft in drafts])

    def drafts_of(self, marks: Iterable[int]) -> dict[int, list[int]]:
        """The files that were brought in, by the mark of the question."""
        query = select(unanswered_drafts).where(unanswered_drafts.c.mark.in_(list(marks)))
        found: dict[int, list[int]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query.order_by(unanswered_drafts.c.draft)):
                found.setdefault(row.mark, []).append(row.draft)
        return found

    def for_draft(self, draft: int) -> list[Marked]:
        """The questions that a file was brought in for."""
        joined = unanswered_marks.join(unanswered_drafts, unanswered_drafts.c.mark == unanswered_marks.c.id)
        query = select(unanswered_marks).select_from(joined).where(unanswered_drafts.c.draft == draft)
        with reading(self._engine) as connection:
            return [_marked(row) for row in connection.execute(query.order_by(unanswered_marks.c.id))]

    def get(self, mark: int) -> Marked | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(unanswered_marks).where(unanswered_marks.c.id == mark)).one_or_none()
        return _marked(row) if row is not None else None


def _marked(row: Row[Any]) -> Marked:
    keys = frozenset(json.loads(row.keys))
    return Marked(row.id, Mark(row.state), row.question, keys, row.district, row.why, row.by, row.at)

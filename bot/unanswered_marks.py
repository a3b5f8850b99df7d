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

from sqlalchemy import Column, Engine, Integer, Row, Table, Text, insert, select

from db.engine import reading, writing
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


def _marked(row: Row[Any]) -> Marked:
    keys = frozenset(json.loads(row.keys))
    return Marked(row.id, Mark(row.state), row.question, keys, row.district, row.why, row.by, row.at)

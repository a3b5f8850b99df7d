"""Answers that staff wrote and approved, in SQL: the adapter of the port ApprovedAnswers, and the steps of their lives.

A text that was approved is never changed: who words it anew keeps another answer in its place. Steps are only added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Engine, ForeignKey, Integer, Row, Table, Text, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from db.engine import reading, writing
from db.schema import CleanText, UtcDateTime, metadata
from intake.cases import SYSTEM
from rag.models import ApprovedAnswer, Ground
from rag.ports import ApprovedAnswersError


class State(StrEnum):
    """waiting: for a second look · standing: given to whoever asks · suspended: fallen · revoked: taken back."""

    WAITING = "waiting"
    STANDING = "standing"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


STEPS: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.STANDING, State.REVOKED}),
    State.STANDING: frozenset({State.SUSPENDED, State.REVOKED}),
    State.SUSPENDED: frozenset({State.REVOKED}),
    State.REVOKED: frozenset(),
}
"""Which state may follow which. A suspended answer stands again only as a new one, on the clauses as they are now."""

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", Text, nullable=False, index=True),
    Column("question", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("wordings", CleanText, nullable=False),
    Column("grounds", CleanText, nullable=False),
    Column("place", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("by", CleanText, nullable=False),
    Column("release", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("replaces", Integer, ForeignKey("kept_answers.id")),
    Column("why", CleanText, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

kept_answer_steps = Table(
    "kept_answer_steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("answer", Integer, ForeignKey("kept_answers.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("what", CleanText, nullable=False),
)


class UnknownAnswerError(Exception):
    """There is no kept answer of this number."""


class AnswerStateError(Exception):
    """A step that does not follow from where the answer stands now; somebody else may have taken one."""

    def __init__(self, stands: State, wanted: State) -> None:
        super().__init__(f"the answer is {stands}, not to become {wanted}")
        self.stands, self.wanted = stands, wanted


class OwnAnswerError(Exception):
    """Two have to look at it, and this is the one who wrote it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer and where it stands. `question` is what it was written for, `release` the one it was written from;
    `why` the reason of a suspension or of a revocation; `replaces` the answer that it took the place of."""

    answer: ApprovedAnswer
    state: State
    question: str
    release: str
    author: str
    replaces: int | None
    why: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    by: str
    state: State
    what: str


class KeptAnswers:
    """The port's `standing` and `suspend`, and what staff do. Safe to use from several threads."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now
        self._seen: tuple[Any, tuple[ApprovedAnswer, ...]] = (None, ())

    def standing(self) -> Sequence[ApprovedAnswer]:
        """See the port. One small query; the answers are read only when a step was taken since."""
        with _faults(), reading(self._engine) as connection:
            last = connection.scalar(select(func.max(kept_answer_steps.c.id)))
            if last == self._seen[0]:
                return self._seen[1]
            query = select(kept_answers).where(kept_answers.c.state == State.STANDING).order_by(kept_answers.c.id)
            found = tuple(_kept(row).answer for row in connection.execute(query))
        self._seen = (last, found)
        return found

    def suspend(self, answer: int, why: str) -> bool:
        """See the port."""
        try:
            with _faults():
                self._step(answer, State.SUSPENDED, SYSTEM.id, why)
        except (AnswerStateError, UnknownAnswerError):
            return False
        return True

    def keep(
        self, new: ApprovedAnswer, question: str, release: str, author: str, *, waits: bool, replaces: int | None = None
    ) -> Kept:
        """Keep a new answer (its `id` is given here); with `waits`, for somebody else to approve.

        What it replaces is revoked once this one stands. Raises UnknownAnswerError.
        """
        state, now = State.WAITING if waits else State.STANDING, self._now()
        with writing(self._engine) as connection:
            if replaces is not None:
                _held(connection, replaces)
            row = _row(new) | {"state": state, "question": question, "release": release, "author": author}
            query = insert(kept_answers).values(**row, replaces=replaces, why="", changed_at=now)
            kept = _kept(connection.execute(query.returning(*kept_answers.c)).one())
            _note(connection, kept.answer.id, author, state, "kept", now)
            if not waits:
                _revoke_replaced(connection, kept, author, now)
            return kept

    def approve(self, answer: int, by: str) -> Kept:
        """The second look. Raises OwnAnswerError, AnswerStateError, UnknownAnswerError."""
        if self.get(answer).author == by:
            raise OwnAnswerError
        return self._step(answer, State.STANDING, by, "")

    def revoke(self, answer: int, by: str, why: str) -> Kept:
        """Raises AnswerStateError, UnknownAnswerError."""
        return self._step(answer, State.REVOKED, by, why)

    def get(self, answer: int) -> Kept:
        """Raises UnknownAnswerError."""
        with reading(self._engine) as connection:
            return _held(connection, answer)

    def all(self) -> list[Kept]:
        """The latest first."""
        with reading(self._engine) as connection:
            return [_kept(row) for row in connection.execute(select(kept_answers).order_by(kept_answers.c.id.desc()))]

    def steps(self, answer: int) -> list[Step]:
        query = select(kept_answer_steps).where(kept_answer_steps.c.answer == answer).order_by(kept_answer_steps.c.id)
        with reading(self._engine) as connection:
            return [Step(row.at, row.by, State(row.state), row.what) for row in connection.execute(query)]

    def _step(self, answer: int, to: State, by: str, why: str) -> Kept:
        now = self._now()
        with writing(self._engine) as connection:
            kept = _moved(connection, answer, to, by, why, now)
            if to is State.STANDING:
                _revoke_replaced(connection, kept, by, now)
            return kept


def _moved(connection: Connection, answer: int, to: State, by: str, why: str, now: datetime) -> Kept:
    held = _held(connection, answer)
    if to not in STEPS[held.state]:
        raise AnswerStateError(held.state, to)
    changed = update(kept_answers).where(kept_answers.c.id == answer).values(state=to, why=why, changed_at=now)
    kept = _kept(connection.execute(changed.returning(*kept_answers.c)).one())
    _note(connection, answer, by, to, why, now)
    return kept


def _revoke_replaced(connection: Connection, kept: Kept, by: str, now: datetime) -> None:
    if kept.replaces is not None and _held(connection, kept.replaces).state is not State.REVOKED:
        _moved(connection, kept.replaces, State.REVOKED, by, f"replaced {kept.answer.id}", now)


def _held(connection: Connection, answer: int) -> Kept:
    row = connection.execute(select(kept_answers).where(kept_answers.c.id == answer)).one_or_none()
    if row is None:
        raise UnknownAnswerError(answer)
    return _kept(row)


def _note(connection: Connection, answer: int, by: str, state: State, what: str, now: datetime) -> None:
    connection.execute(insert(kept_answer_steps).values(answer=answer, at=now, by=by, state=state, what=what))


def _row(answer: ApprovedAnswer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "wordings": _written(answer.wordings),
        "grounds": _written([asdict(ground) for ground in answer.grounds]),
        "place": answer.place,
        "day": answer.day.isoformat(),
        "until": answer.until.isoformat(),
        "by": answer.by,
    }


def _kept(row: Row[Any]) -> Kept:
    answer = ApprovedAnswer(
        id=row.id,
        text=row.text,
        wordings=tuple(json.loads(row.wordings)),
        grounds=tuple(Ground(**ground) for ground in json.loads(row.grounds)),
        place=row.place,
        day=date.fromisoformat(row.day),
        until=date.fromisoformat(row.until),
        by=row.by,
    )
    return Kept(answer, State(row.state), row.question, row.release, row.author, row.replaces, row.why, row.changed_at)


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as fault:
        raise ApprovedAnswersError(type(fault).__name__) from fault

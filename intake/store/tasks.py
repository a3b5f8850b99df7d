"""Things for staff to do beside a case's own moves, such as 「电话联系」 where a notice reached nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, select, update

from db.engine import reading
from db.rows import add_missing
from intake.store.tables import tasks

CALL = "call"
"""电话联系: telephone the owner of the case."""


@dataclass(frozen=True, slots=True)
class Task:
    """`case` is the case's id. `reason` is a code and what it is about ("unread/accepted"), for the wording to say."""

    id: int
    key: str
    case: str
    kind: str
    reason: str
    created_at: datetime
    done_at: datetime | None = None
    done_by: str | None = None
    result: str | None = None


def add_task(connection: Connection, key: str, case: str, kind: str, reason: str, at: datetime) -> None:
    """Add a task inside the caller's transaction. A key that is there already adds nothing."""
    add_missing(
        connection, tasks, [{"key": key, "case": case, "kind": kind, "reason": reason, "created_at": at}]
    )  # fmt: skip


def task_of(connection: Connection, task: int) -> Task | None:
    row = connection.execute(select(tasks).where(tasks.c.id == task)).first()
    return None if row is None else _task(row)


def finish_task(connection: Connection, task: int, by: str, result: str, at: datetime) -> bool:
    """Note what came of a task; False where it is done already, or there is none."""
    return _finish(connection, tasks.c.id == task, by, result, at)


def finish_task_of_key(connection: Connection, key: str, by: str, result: str, at: datetime) -> bool:
    """The same by the key the task was added with."""
    return _finish(connection, tasks.c.key == key, by, result, at)


class Tasks:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, task: int) -> Task | None:
        with reading(self._engine) as connection:
            return task_of(connection, task)

    def open(self) -> list[Task]:
        """What is still to be done, the oldest first."""
        return self._find(tasks.c.done_at.is_(None))

    def of_case(self, case: str) -> list[Task]:
        """All tasks of a case (its id), those that are done included."""
        return self._find(tasks.c.case == case)

    def _find(self, condition: ColumnElement[bool]) -> list[Task]:
        query = select(tasks).where(condition).order_by(tasks.c.created_at, tasks.c.id)
        with reading(self._engine) as connection:
            return [_task(row) for row in connection.execute(query)]


def _finish(connection: Connection, which: ColumnElement[bool], by: str, result: str, at: datetime) -> bool:
    change = update(tasks).where(which, tasks.c.done_at.is_(None))
    return connection.execute(change.values(done_at=at, done_by=by, result=result)).rowcount == 1


def _task(row: Row[Any]) -> Task:
    return Task(**row._mapping)

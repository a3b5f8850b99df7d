"""Notices to people: written in the transaction that gives rise to them, delivered after it, retried where that fails.

Delivery is at least once: a notice that was sent, but not marked before a crash, goes out again after LEASE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Connection, Engine, ForeignKey, Integer, Table, Text, select, update

from db.engine import writing
from db.rows import add_missing
from db.schema import CleanText, UtcDateTime, metadata

LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 12
"""With the waits above a notice is given up after about two days."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("account", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, index=True),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("failed_at", UtcDateTime),
    Column("error", CleanText),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell an account. `kind` names the wording, `body` is what goes into it; `attempts` failed so far."""

    id: int
    account: str
    kind: str
    body: Mapping[str, Any]
    attempts: int


def enqueue(
    connection: Connection,
    key: str,
    account: str,
    kind: str,
    body: Mapping[str, Any],
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Add a notice inside the caller's transaction, due now or later. A key that is there already adds nothing."""
    row = {"key": key, "account": account, "kind": kind, "body": dict(body)}
    add_missing(connection, outbox, [{**row, "created_at": now, "due_at": due_at or now, "attempts": 0}])


class Outbox:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, now: datetime, limit: int = 20) -> list[Notice]:
        """The notices to send now, the longest due first. Each is the caller's for LEASE: nobody else gets it then."""
        ready = select(outbox).where(outbox.c.due_at <= now).order_by(outbox.c.due_at, outbox.c.id).limit(limit)
        with writing(self._engine) as connection:
            rows = connection.execute(ready.with_for_update(skip_locked=True)).all()
            taken = outbox.c.id.in_([row.id for row in rows])
            connection.execute(update(outbox).where(taken).values(due_at=now + LEASE))
        return [Notice(row.id, row.account, row.kind, row.body, row.attempts) for row in rows]

    def mark_sent(self, notice: int, now: datetime) -> None:
        self._close(notice, sent_at=now, due_at=None, error=None)

    def mark_failed(
        self,
        notice: Notice,
        now: datetime,
        error: str,
        permanent: bool = False,
        given_up: Callable[[Connection], None] | None = None,
    ) -> None:
        """Try again later, each time after twice the wait; not at all if `permanent`, or after MOST_ATTEMPTS.

        `given_up` is what then follows, in the same transaction. A notice that was closed meanwhile stays as it is.
        """
        attempts = notice.attempts + 1
        if not permanent and attempts < MOST_ATTEMPTS:
            wait = min(FIRST_WAIT * 2**notice.attempts, LONGEST_WAIT)
            self._close(notice.id, due_at=now + wait, error=error, attempts=attempts)
            return
        values = {"failed_at": now, "due_at": None, "error": error, "attempts": attempts}
        self._close(notice.id, given_up, **values)

    def _close(self, notice: int, then: Callable[[Connection], None] | None = None, **values: Any) -> None:
        mine = (outbox.c.id == notice) & outbox.c.due_at.is_not(None)
        with writing(self._engine) as connection:
            closed = connection.execute(update(outbox).where(mine).values(values)).rowcount
            if closed and then is not None:
                then(connection)

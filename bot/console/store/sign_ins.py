"""The journal of sign-ins, and the lockout that reads it: so it holds across restarts and for all processes.

An attempt is written before the password is looked at, as a failure unless it turns out otherwise. So a hundred
attempts at once get as many tries as a hundred one after the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, desc, func, select, update

from bot.console.tables import sign_ins
from db.engine import reading, writing

ADDRESS_FAILURES, ADDRESS_WINDOW = 5, timedelta(minutes=5)
ACCOUNT_FAILURES, ACCOUNT_WINDOW = 10, timedelta(minutes=15)


class Outcome(StrEnum):
    """What came of it; its words are `sign_ins.outcome.<value>`."""

    CHECKING = "checking"
    WRONG = "wrong"
    CODE_WRONG = "code_wrong"
    REENTRY_WRONG = "reentry_wrong"
    PASSWORD_RIGHT = "password_right"  # noqa: S105  # the code is still to come
    IN = "in"
    REENTERED = "reentered"
    LOCKED = "locked"
    DISABLED = "disabled"
    STALE = "stale"
    OUT = "out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    CODE_SET = "code_set"
    CODE_REMOVED = "code_removed"


FAILURES = (Outcome.CHECKING, Outcome.WRONG, Outcome.CODE_WRONG, Outcome.REENTRY_WRONG)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal. `staff` is an account, or "?" and a digest where the name typed is none."""

    id: int
    staff: str
    at: datetime
    address: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many failures: nobody tries before `until`. `whose` says where they came from: "address" or "account"."""

    until: datetime
    whose: str


class SignInLog:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, name: str, address: str, now: datetime) -> int | Locked:
        """Write an attempt down; its id, or when to try again. One that comes while locked counts as no failure."""
        with writing(self._engine) as connection:
            # PostgreSQL: attempts of one name or address wait for each other here.
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("sign_ins"))))
            locked = _locked(connection, name, address, now)
            outcome = Outcome.CHECKING if locked is None else Outcome.LOCKED
            attempt = _write(connection, name, address, outcome, now)
        return attempt if locked is None else locked

    def settle(self, attempt: int, outcome: Outcome) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(sign_ins).where(sign_ins.c.id == attempt).values(outcome=outcome))

    def note(self, name: str, address: str, outcome: Outcome, now: datetime) -> None:
        """Write down what was no attempt: a sign-out, a new password."""
        with writing(self._engine) as connection:
            _write(connection, name, address, outcome, now)

    def entries(
        self, *, staff: str = "", outcomes: Sequence[str] = (), limit: int = 100, offset: int = 0
    ) -> tuple[list[Entry], int]:
        """The newest first, and how many there are in all."""
        wanted: list[ColumnElement[bool]] = []
        if staff:
            wanted.append(sign_ins.c.staff == staff)
        if outcomes:
            wanted.append(sign_ins.c.outcome.in_(outcomes))
        newest = select(sign_ins).where(*wanted).order_by(desc(sign_ins.c.id)).limit(limit).offset(offset)
        with reading(self._engine) as connection:
            total = connection.scalar(select(func.count()).select_from(sign_ins).where(*wanted)) or 0
            return [Entry(**row._mapping) for row in connection.execute(newest)], total

    def last_in(self) -> dict[str, datetime]:
        """When each account last signed in."""
        last = select(sign_ins.c.staff, func.max(sign_ins.c.at).label("last"))
        grouped = last.where(sign_ins.c.outcome == Outcome.IN).group_by(sign_ins.c.staff)
        with reading(self._engine) as connection:
            return {row.staff: row.last for row in connection.execute(grouped)}


def nobody(name: str) -> str:
    """What a name that is no account is written down as: people type passwords into the wrong field."""
    return "?" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _locked(connection: Connection, name: str, address: str, now: datetime) -> Locked | None:
    at_address = sign_ins.c.address == address
    by_address = _until(connection, at_address, ADDRESS_FAILURES, ADDRESS_WINDOW, now)
    since_success = select(func.max(sign_ins.c.id)).where(sign_ins.c.staff == name, sign_ins.c.outcome == Outcome.IN)
    last = connection.scalar(since_success) or 0
    of_account = (sign_ins.c.staff == name) & (sign_ins.c.id > last)
    by_account = _until(connection, of_account, ACCOUNT_FAILURES, ACCOUNT_WINDOW, now)
    both = [
        Locked(until, whose) for until, whose in ((by_address, "address"), (by_account, "account")) if until is not None
    ]
    return max(both, key=lambda locked: locked.until, default=None)


def _until(
    connection: Connection, whose: ColumnElement[bool], most: int, window: timedelta, now: datetime
) -> datetime | None:
    """When the oldest of the last `most` failures within the window leaves it; None where there are fewer."""
    failed = whose & (sign_ins.c.at > now - window) & sign_ins.c.outcome.in_(FAILURES)
    latest = select(sign_ins.c.at).where(failed).order_by(desc(sign_ins.c.at)).limit(most)
    moments = list(connection.execute(latest).scalars())
    return moments[-1] + window if len(moments) == most else None


def _write(connection: Connection, name: str, address: str, outcome: str, now: datetime) -> int:
    row: dict[str, Any] = {"staff": name, "at": now, "address": address, "outcome": outcome}
    key = connection.execute(sign_ins.insert().values(row)).inserted_primary_key
    return int(key[0]) if key else 0

"""The sessions of staff, on the server: a browser holds a token, the database nothing but its digest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Engine, delete, select, update

from bot.console.session import ABSOLUTE, CODE_STAGE, IDLE, digest, new_token
from bot.console.tables import staff_sessions
from db.engine import reading, writing
from intake.cases import Role

Stage = Literal["code", "full"]

_TOUCH_AFTER = timedelta(seconds=30)  # a visit sooner than this after the last writes nothing


@dataclass(frozen=True, slots=True)
class Session:
    token_digest: str
    staff: str
    stage: Stage
    roles: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    reauth_at: datetime | None
    address: str

    def over(self, now: datetime) -> bool:
        return self.expires_at <= now or self.last_seen_at + IDLE <= now


class StaffSessions:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(
        self, staff: str, roles: Iterable[Role], address: str, now: datetime, stage: Stage = "full",
        *, created_at: datetime | None = None, instead_of: str | None = None,
    ) -> str:  # fmt: skip
        """A new session; its token, which only the browser keeps. `instead_of` is a token that ends with it.

        `created_at` carries over the beginning of a session that goes on, so that it does not live longer.
        """
        token, began = new_token(), created_at or now
        row = {
            "token_digest": digest(token),
            "staff": staff,
            "stage": stage,
            "roles": roles_word(roles),
            "created_at": began,
            "last_seen_at": now,
            "expires_at": now + CODE_STAGE if stage == "code" else began + ABSOLUTE,
            "reauth_at": now if stage == "full" else None,
            "address": address,
        }
        with writing(self._engine) as connection:
            if instead_of is not None:
                connection.execute(delete(staff_sessions).where(staff_sessions.c.token_digest == digest(instead_of)))
            connection.execute(staff_sessions.insert().values(row))
        return token

    def find(self, token: str) -> Session | None:
        """The session of this token, over or not."""
        with reading(self._engine) as connection:
            row = connection.execute(_of(select(staff_sessions), token)).one_or_none()
        return None if row is None else Session(**row._mapping)

    def turn(self, token: str, roles: Iterable[Role], now: datetime) -> str | None:
        """The same session under a new token and today's roles; None where another request has turned it already."""
        fresh = new_token()
        values: dict[str, Any] = {"token_digest": digest(fresh), "roles": roles_word(roles), "last_seen_at": now}
        with writing(self._engine) as connection:
            turned = connection.execute(_of(update(staff_sessions), token).values(**values)).rowcount
        return fresh if turned else None

    def touch(self, session: Session, now: datetime) -> None:
        if now - session.last_seen_at >= _TOUCH_AFTER:
            self._set(session.token_digest, last_seen_at=now)

    def entered(self, token: str, now: datetime) -> None:
        """The password was entered again just now."""
        self._set(digest(token), reauth_at=now)

    def end(self, token: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(_of(delete(staff_sessions), token))

    def end_all(self, staff: str, but: str | None = None) -> int:
        """End every session of an account, except that of the token `but`; how many there were."""
        theirs = staff_sessions.c.staff == staff
        if but is not None:
            theirs &= staff_sessions.c.token_digest != digest(but)
        with writing(self._engine) as connection:
            return connection.execute(delete(staff_sessions).where(theirs)).rowcount

    def of(self, staff: str, now: datetime) -> list[Session]:
        """The sessions of an account that are not over, the newest first."""
        mine = (
            select(staff_sessions).where(staff_sessions.c.staff == staff).order_by(staff_sessions.c.created_at.desc())
        )
        with reading(self._engine) as connection:
            found = [Session(**row._mapping) for row in connection.execute(mine)]
        return [session for session in found if not session.over(now)]

    def forget_expired(self, now: datetime) -> int:
        """Delete what is over; a chore of the house."""
        gone = (staff_sessions.c.expires_at <= now) | (staff_sessions.c.last_seen_at <= now - IDLE)
        with writing(self._engine) as connection:
            return connection.execute(delete(staff_sessions).where(gone)).rowcount

    def _set(self, token_digest: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            mine = staff_sessions.c.token_digest == token_digest
            connection.execute(update(staff_sessions).where(mine).values(**values))


def roles_word(roles: Iterable[Role]) -> str:
    return " ".join(sorted(roles))


def _of(statement: Any, token: str) -> Any:
    return statement.where(staff_sessions.c.token_digest == digest(token))

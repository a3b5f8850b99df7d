"""How each of the staff proves who they are: the hash of a password, and the secret of a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from bot.console.tables import staff_credentials
from db.engine import reading, writing
from db.rows import add_missing


@dataclass(frozen=True, slots=True)
class Credential:
    """`must_change`: the password is a one-time one. `totp_pending` is a secret that was shown, not yet confirmed."""

    staff: str
    password_hash: str
    must_change: bool
    changed_at: datetime
    totp_secret: str | None = None
    totp_pending: str | None = None
    totp_step: int | None = None
    disabled_at: datetime | None = None


class Credentials:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, staff: str) -> Credential | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(staff_credentials).where(staff_credentials.c.staff == staff)).one_or_none()
        return None if row is None else Credential(**row._mapping)

    def all(self) -> dict[str, Credential]:
        with reading(self._engine) as connection:
            return {row.staff: Credential(**row._mapping) for row in connection.execute(select(staff_credentials))}

    def put_password(self, staff: str, password_hash: str, now: datetime, *, must_change: bool) -> None:
        """A new password; the second factor stays, and so does a disabled account."""
        with writing(self._engine) as connection:
            put_password(connection, staff, password_hash, now, must_change=must_change)

    def rehash(self, staff: str, before: str, password_hash: str) -> None:
        """The same password under newer parameters; nothing where it was changed meanwhile."""
        mine = (staff_credentials.c.staff == staff) & (staff_credentials.c.password_hash == before)
        with writing(self._engine) as connection:
            connection.execute(update(staff_credentials).where(mine).values(password_hash=password_hash))

    def offer_code(self, staff: str, secret: str) -> None:
        """Keep a secret that is being shown to its owner."""
        self._set(staff, totp_pending=secret)

    def take_code(self, staff: str, secret: str, step: int) -> None:
        """The secret that was shown is in use from now on."""
        self._set(staff, totp_secret=secret, totp_pending=None, totp_step=step)

    def drop_code(self, staff: str) -> None:
        self._set(staff, totp_secret=None, totp_pending=None, totp_step=None)

    def use_step(self, staff: str, step: int) -> bool:
        """Note that a code was used; False where it, or a later one, was used before (each counts once)."""
        unused = (staff_credentials.c.totp_step.is_(None)) | (staff_credentials.c.totp_step < step)
        with writing(self._engine) as connection:
            mine = (staff_credentials.c.staff == staff) & unused
            return connection.execute(update(staff_credentials).where(mine).values(totp_step=step)).rowcount == 1

    def disable(self, staff: str, at: datetime | None) -> None:
        """Bar an account from signing in; None admits it again."""
        self._set(staff, disabled_at=at)

    def drop(self, staff: str) -> None:
        """As if the account had never had a password."""
        with writing(self._engine) as connection:
            connection.execute(delete(staff_credentials).where(staff_credentials.c.staff == staff))

    def _set(self, staff: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            mine = staff_credentials.c.staff == staff
            connection.execute(update(staff_credentials).where(mine).values(**values))


def put_password(connection: Connection, staff: str, password_hash: str, now: datetime, *, must_change: bool) -> None:
    """As `Credentials.put_password`, inside the caller's transaction."""
    values = {"password_hash": password_hash, "must_change": must_change, "changed_at": now}
    add_missing(connection, staff_credentials, [{"staff": staff, **values}])
    connection.execute(update(staff_credentials).where(staff_credentials.c.staff == staff).values(**values))

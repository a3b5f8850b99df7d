"""The first account: made once, where nobody can sign in yet, with a one-time password and never a default one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.console.parts import ConsoleParts
from bot.console.passwords import Passwords, one_time_password
from bot.console.store.credentials import Credentials
from bot.demo.marks import STAFF as DEMO_STAFF
from intake.cases import SYSTEM, Role
from intake.staff import Staff

ACCOUNT = "admin"
NAME = "管理员"


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """To be told to whoever started the program, and to nobody else."""

    account: str
    password: str


def first_account(parts: ConsoleParts) -> FirstAccount | None:
    """An administrator who can sign in; None where somebody can already (the account of a demonstration counts not).

    An administrator whom `staff add` made is taken before a new account is.
    """
    credentials = Credentials(parts.engine)
    if credentials.all().keys() - {DEMO_STAFF.id}:
        return None
    register, now = parts.needs.register, parts.clock.now()
    known = register.staff()
    admin = next((person for person in known if person.active and Role.ADMIN in person.roles), None)
    if admin is None:
        admin = Staff(_free({person.id for person in known}), NAME, frozenset({Role.ADMIN}))
        register.put_staff(admin, SYSTEM, now)
    password = one_time_password()
    credentials.put_password(admin.id, Passwords(parts.hasher).hash(password), now, must_change=True)
    return FirstAccount(admin.id, password)


def _free(taken: set[str]) -> str:
    numbered = (f"{ACCOUNT}{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (ACCOUNT, *numbered) if name not in taken)

"""What an administrator may not do: leave the console without one, or bar themselves."""

from __future__ import annotations

from bot.console.desk import Desk
from bot.console.visit import Declined
from intake.cases import Role
from intake.staff import Staff


def keep_an_admin(desk: Desk, leaving: Staff) -> None:
    """Declines where nobody else could sign in and change the registers. Ask it under `desk.rights`."""
    if Role.ADMIN not in leaving.roles:
        return
    able = desk.signing_in.credentials.all()
    for person in desk.parts.needs.register.staff():
        credential = able.get(person.id)
        if person.id == leaving.id or not person.active or Role.ADMIN not in person.roles:
            continue
        if credential is not None and credential.disabled_at is None:
            return
    raise Declined(422, "last_admin")

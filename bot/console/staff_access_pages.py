"""Whether and how an account signs in: one-time passwords, lost telephones, disabled and ended accounts."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from bot.channels.web_chat.visitors import address_of
from bot.console.rights import keep_an_admin
from bot.console.rules import ADMINS, Routes
from bot.console.staff_pages import person_of, person_page
from bot.console.store.access_log import note_access
from bot.console.visit import Declined, Visit

routes = Routes()


@routes.rule("/staff/{account}/password", "POST", roles=ADMINS, reauth=True)
def reset_password(visit: Visit) -> Response:
    """A one-time password, drawn on this one page and nowhere else."""
    person = person_of(visit)
    if not person.active:
        raise Declined(422, "account_ended")
    if person.id == visit.who.staff.id:
        raise Declined(422, "own_account")
    once = visit.desk.signing_in.reset_password(person.id, address_of(visit.request))
    _note(visit, person.id, "password_reset")
    return person_page(visit, person, once=once)


@routes.rule("/staff/{account}/code", "POST", roles=ADMINS, reauth=True)
def clear_code(visit: Visit) -> Response:
    person = person_of(visit)
    _not_oneself(visit, person.id)
    visit.desk.signing_in.remove_code(person.id, address_of(visit.request))
    _note(visit, person.id, "code_removed")
    return visit.go(f"/staff/{person.id}", "code_cleared")


@routes.rule("/staff/{account}/disable", "POST", roles=ADMINS, reauth=True)
def disable(visit: Visit) -> Response:
    """No signing in until further notice. Sessions that are open end with their next request."""
    person, desk = person_of(visit), visit.desk
    _not_oneself(visit, person.id)
    with desk.rights:
        keep_an_admin(desk, person)
        desk.signing_in.credentials.disable(person.id, desk.parts.clock.now())
    _note(visit, person.id, "disabled")
    return visit.go(f"/staff/{person.id}", "disabled")


@routes.rule("/staff/{account}/enable", "POST", roles=ADMINS, reauth=True)
def enable(visit: Visit) -> Response:
    person = person_of(visit)
    visit.desk.signing_in.credentials.disable(person.id, None)
    _note(visit, person.id, "enabled")
    return visit.go(f"/staff/{person.id}", "enabled")


@routes.rule("/staff/{account}/retire", "POST", roles=ADMINS, reauth=True)
def retire(visit: Visit) -> Response:
    """End an account: out of every team, never an actor again; what it did stays in the histories."""
    person, desk = person_of(visit), visit.desk
    _not_oneself(visit, person.id)
    with desk.rights:
        keep_an_admin(desk, person)
        desk.parts.needs.register.retire(person.id, visit.who.actor, desk.parts.clock.now())
        desk.signing_in.credentials.disable(person.id, desk.parts.clock.now())
    return visit.go(f"/staff/{person.id}", "retired")


@routes.rule("/staff/{account}/return", "POST", roles=ADMINS, reauth=True)
def take_back(visit: Visit) -> Response:
    """An ended account in service again. It stays barred from signing in until it is admitted and has a new password,
    and it has its places in teams to be given anew."""
    person, desk = person_of(visit), visit.desk
    after = replace(person, active=True)
    desk.parts.needs.register.put_staff(after, visit.who.actor, desk.parts.clock.now())
    return visit.go(f"/staff/{person.id}", "taken_back")


def _not_oneself(visit: Visit, account: str) -> None:
    if account == visit.who.staff.id:
        raise Declined(422, "own_account")


def _note(visit: Visit, account: str, done: str) -> None:
    """In the history of the registers stands who did it; in the journal of sign-ins, to whom."""
    note_access(visit.desk.parts.engine, account, done, visit.who.actor, visit.desk.parts.clock.now())

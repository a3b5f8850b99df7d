"""`person export | erase`: a person's rights over what is kept about them, exercised by staff on their request."""

from __future__ import annotations

import argparse

from bot.commands.corpus import say
from bot.commands.desk import Desk, at_desk, clean
from bot.commands.faults import CommandError
from bot.commands.lines import print_json
from bot.history import History
from bot.personal import Personal
from db.engine import writing
from intake.case_numbers import valid_number
from intake.cases import Role
from intake.store.register_rows import log


def export(options: argparse.Namespace) -> int:
    """Everything kept about a person as JSON. Who asked for it and why stands in the register's log."""
    with at_desk(options) as desk:
        person = _person(desk, options.who)
        _note(desk, person, "export", options.reason)
        history = History(desk.house.engine, desk.needs.clock)
        accounts = [
            {
                "account": account.id,
                "channel": account.channel,
                "settings": dict(account.settings),
                "conversation": history.export(account.id),
            }
            for account in desk.house.accounts().of_person(person)
        ]
        print_json({"needs": desk.needs.privacy.export(person), "accounts": accounts})
    return 0


def erase(options: argparse.Namespace) -> int:
    """Erase a person for good: words and personal values of cases, drafts, profile, files, accounts, conversations."""
    with at_desk(options) as desk:
        person, needs, accounts = _person(desk, options.who), desk.needs, desk.house.accounts()
        _note(desk, person, "erase", options.reason)
        personal, mine = Personal(needs, History(desk.house.engine, needs.clock), accounts), accounts.of_person(person)
        exports = {digest for account in mine for digest in personal.exports(account.id)}
        erased = needs.privacy.erase(person, "cli")
        for account in mine:
            accounts.erase(account.id)
        files = personal.forget_files({*erased.files, *exports})
        counts = {
            "cases": len(erased.cases),
            "drafts": erased.drafts,
            "accounts": len(mine),
            "files": files,
        }
        say(desk.say("say.erased_person", **counts))
    return 0


def _person(desk: Desk, who: str) -> str:
    """The person of a case or of an account. Only admins and the coordinator may ask."""
    if not desk.actor.has(Role.ADMIN, Role.COORDINATOR):
        raise CommandError(desk.say("say.admin_only"))
    number = valid_number(who)
    case = desk.needs.cases.get(number) if number else None
    account = None if number else desk.house.accounts().get(who)
    found = case or account
    if found is None:
        raise CommandError(desk.say("say.unknown_person", who=clean(who)[:40]))
    return found.person


def _note(desk: Desk, person: str, did: str, reason: str) -> None:
    with writing(desk.house.engine) as connection:
        log(connection, "person", person, None, {"did": did, "reason": clean(reason)[:200]}, desk.actor, desk.now)

"""`staff password ACCOUNT`: a one-time password for somebody who has none, or forgot theirs."""

from __future__ import annotations

import argparse

from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.console.desk import signing_in_of
from bot.phrases import Phrases
from intake.staff import UnknownStaffError

TERMINAL = "terminal"


def staff_password(options: argparse.Namespace) -> int:
    """Needs no account of its own: who can run this can read the database. It is written into the journal."""
    options.no_vectors = True
    house = house_of(options)
    phrases = Phrases(house.settings.default_lang, "registers")
    try:
        signing_in = signing_in_of(house.console())
        password = signing_in.reset_password(options.who, TERMINAL)
        signing_in.credentials.disable(options.who, None)
        if options.clear_code:
            signing_in.remove_code(options.who, TERMINAL)
    except UnknownStaffError as error:
        raise CommandError(phrases.say("error.no_staff", account=options.who[:40])) from error
    finally:
        house.engine.dispose()
    print(phrases.say("done.password", account=options.who, password=password))  # noqa: T201  # what was asked for
    return 0

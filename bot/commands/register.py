"""What the commands over the registers share: who acts, which words, tables, and one line for what is refused."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.commands.desk import clean
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.needs import Needs
from bot.phrases import Phrases
from intake.cases import ALL_AREAS, Actor, Role
from intake.models import Saying
from intake.parties import PartyError
from intake.party_words import CellError, PartyWords
from intake.routing import NoCityTeamError
from intake.staff import RegisterError, Staff, UnknownStaffError, UnknownTeamError

_PHONE = re.compile(r"[0-9+][0-9 ()转ext.-]{4,30}")
_WIDE = 200
"""Characters of a table that nobody looks at on a terminal: wide enough that nothing is folded away."""

ADMINS = frozenset({Role.ADMIN})


@dataclass(frozen=True)
class Registers:
    """The registers at the command line, and the words for them."""

    needs: Needs
    phrases: Phrases
    words: PartyWords
    console: Console

    @property
    def now(self) -> datetime:
        return self.needs.clock.now()

    def say(self, key: str, **values: object) -> str:
        return self.phrases.say(key, **values)

    def tell(self, key: str, **values: object) -> None:
        self.console.print(Text(self.say(key, **values)))

    def table(self, columns: str, rows: Iterable[Sequence[str]], empty: str) -> None:
        """A table with the headings of `table.<columns>`, or the sentence for none."""
        drawn = Table(*self.say(f"table.{columns}").split("|"), show_edge=False)
        for row in rows:
            drawn.add_row(*(Text(clean(cell)) for cell in row))
        self.console.print(drawn if drawn.row_count else Text(self.say(empty)))

    def said(self, saying: Saying) -> str:
        """A saying of intake in words, wherever its sentence stands."""
        for part in ("intake", "sheets", "registers"):
            book = Phrases(self.phrases.lang, part)
            if book.has(saying.key):
                return book.say(saying.key, **saying.values)
        return saying.key

    def said_of(self, key: str, **values: object) -> str:
        """A sentence about a sheet."""
        return Phrases(self.phrases.lang, "sheets").say(key, **values)

    def actor(self, options: argparse.Namespace, roles: frozenset[Role]) -> Actor:
        """Who `--as` is. CommandError where the account is none in service, or has none of these roles."""
        actor = self.needs.register.actor(options.account, "cli", self.now)
        if not actor.has(*roles):
            names = self.say("separator").join(self.say(f"role.{role}") for role in sorted(roles))
            raise CommandError(self.say("error.role", account=actor.id, roles=names))
        return actor

    def code(self, name: str, typed: str) -> str:
        """The code of a label on one of the lists. CommandError where there is none."""
        try:
            return self.words.code(name, typed)
        except CellError as fault:
            raise CommandError(self.said(fault.saying)) from fault


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Registers]:
    """The registers of the settings; what is refused inside becomes one clear line."""
    options.no_vectors = True  # nothing is searched here
    house = house_of(options)
    needs, phrases = house.needs(), Phrases(house.settings.default_lang, "registers")
    console = Console(
        markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE, soft_wrap=True
    )
    registers = Registers(needs, phrases, PartyWords(needs.reference), console)
    try:
        yield registers
    except PartyError as fault:
        raise CommandError(registers.said(fault.saying)) from fault
    except (RegisterError, NoCityTeamError) as fault:
        raise CommandError(_refused(registers, fault)) from fault
    finally:
        house.engine.dispose()


def _refused(registers: Registers, fault: Exception) -> str:
    if isinstance(fault, NoCityTeamError):
        return registers.say("error.last_city_team")
    if isinstance(fault, UnknownTeamError):
        return registers.say("error.no_team", team=clean(fault.team))
    if isinstance(fault, UnknownStaffError):
        return registers.say("error.no_staff", account=clean(fault.who))
    return registers.say("error.register", fault=clean(str(fault)))


def absence(registers: Registers, person: Staff) -> str:
    """Who would stand in, or does."""
    if not person.away(registers.now):
        return registers.say("deputy_named", deputy=person.deputy) if person.deputy else ""
    return registers.say("away_now", deputy=person.deputy or registers.say("nobody"))


def area_of(registers: Registers, typed: str) -> str:
    """ALL_AREAS, or the code of a district or zone."""
    code = ALL_AREAS if typed == ALL_AREAS else registers.code("places", typed)
    return ALL_AREAS if code == "*" else code


def area_names(registers: Registers, areas: Iterable[str]) -> str:
    names = (
        registers.say("whole_city") if area == ALL_AREAS else registers.words.label("places", area)
        for area in sorted(areas)
    )
    return registers.say("separator").join(names)


def name_of(registers: Registers, typed: str) -> str:
    name = clean(typed).strip()
    if not 1 <= len(name) <= 40 or "\n" in name:
        raise CommandError(registers.say("error.name"))
    return name


def phone_of(registers: Registers, typed: str | None) -> str | None:
    """A number as it is shown to people; hotlines such as 12345 too."""
    if not typed:
        return None
    if not _PHONE.fullmatch(typed.strip()):
        raise CommandError(registers.say("error.phone", typed=clean(typed)[:40]))
    return typed.strip()

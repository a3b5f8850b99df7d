"""The counter of the command line: who acts, over which needs, in which words; refusals become one clear line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.bootstrap import House
from bot.clock import SHANGHAI
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.needs import Needs
from bot.phrases import Phrases
from intake.case_numbers import valid_number
from intake.cases import Actor, Case
from intake.models import Saying
from intake.parties import PartyError
from intake.review import NotAllowedError, NotFoundError, ReviewError, allowed
from intake.staff import RegisterError, UnknownStaffError
from intake.store.cases import StaleCaseError

_PARTS = ("intake", "needs", "needs_quality", "registers", "sheets", "desk")
COMMANDS = {
    "told_offline": "told", "verify_uscc": "verify-uscc", "confirm": "close", "take_over": "take-over",
    "hand_back": "hand-back",
}  # fmt: skip
"""Where a command is called otherwise than the move it makes."""

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Desk:
    """Somebody of the staff at work. `say` speaks a key of the part "desk"."""

    house: House
    needs: Needs
    actor: Actor
    phrases: Phrases

    @property
    def now(self) -> datetime:
        return self.needs.clock.now()

    def say(self, key: str, **values: object) -> str:
        return self.phrases.say(key, **values)

    def label(self, table: str, code: object) -> str:
        """The word for a code; the code itself where there is none."""
        key = f"{table}.{code}"
        return self.phrases.say(key) if self.phrases.has(key) else str(code)

    def tell(self, saying: Saying) -> str:
        return tell(saying, self.phrases)

    def reference(self, typed: str) -> str:
        """The number as it is stored. CommandError where it is none."""
        number = valid_number(typed)
        if number is None:
            raise CommandError(self.say("say.not_found", reference=clean(typed)[:40]))
        return number

    def case(self, typed: str) -> Case:
        """The case, as this actor may have it. CommandError where it is not theirs to see."""
        return self.needs.handling.view(self.actor, self.reference(typed))

    def colleague(self, account: str | None) -> str:
        """What a colleague is called."""
        names = {person.id: person.name for person in self.needs.register.staff()}
        return names.get(account or "") or account or self.say("say.nobody")

    def commands(self, actions: Iterable[str]) -> str:
        """Actions as they are typed, with what they mean."""
        return "、".join(f"{COMMANDS.get(action, action)}（{self.label('action', action)}）" for action in actions)

    def allowed(self, case: Case) -> list[str]:
        """What this actor may do to the case as it stands."""
        return sorted({move.action for move in allowed(self.actor, case, self.now)})


@contextmanager
def at_desk(options: argparse.Namespace) -> Iterator[Desk]:
    """The desk of `--as`. What is refused inside becomes a CommandError that says why, and what is possible."""
    options.no_vectors = True  # nothing is searched here
    house = house_of(options)
    try:
        desk = _desk(house, options.account)
        with _in_one_line(desk, getattr(options, "reference", None)):
            yield desk
    finally:
        house.engine.dispose()


def _desk(house: House, account: str) -> Desk:
    phrases, needs = Phrases(house.settings.default_lang, "desk"), house.needs()
    try:
        actor = needs.register.actor(account, "cli", needs.clock.now())
    except UnknownStaffError as fault:
        raise CommandError(phrases.say("say.no_staff", account=clean(account)[:40])) from fault
    return Desk(house, needs, actor, phrases)


@contextmanager
def _in_one_line(desk: Desk, reference: str | None) -> Iterator[None]:
    try:
        yield
    except StaleCaseError as fault:
        raise CommandError(_stale(desk, fault)) from fault
    except ReviewError as fault:
        raise CommandError(_refused(desk, fault, reference)) from fault
    except PartyError as fault:
        raise CommandError(desk.tell(fault.saying)) from fault
    except RegisterError as fault:
        raise CommandError(str(fault)) from fault


def tell(saying: Saying, phrases: Phrases) -> str:
    """A saying of intake in words, wherever its sentence stands."""
    for part in _PARTS:
        book = Phrases(phrases.lang, part)
        if book.has(saying.key):
            return book.say(saying.key, **saying.values)
    return saying.key


def clean(text: str) -> str:
    """What people wrote, without what would steer a terminal or turn the reading direction."""
    return _CONTROL.sub("\ufffd", text)


def moment(at: datetime) -> str:
    """2026-03-02 10:00, in Shanghai."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _stale(desk: Desk, fault: StaleCaseError) -> str:
    """Who was first, and how the case stands now."""
    said = desk.tell(fault.saying) + " " if isinstance(fault, ReviewError) else ""
    last = desk.needs.cases.events(fault.case.id)[-1]
    who = desk.colleague(last.actor) if last.actor_kind == "staff" else desk.label("kind_of_actor", last.actor_kind)
    return said + desk.say(
        "say.changed_by",
        who=who,
        at=moment(last.at),
        action=desk.label("action", last.action),
        state=desk.label("state", fault.case.state),
        rev=fault.case.rev,
    )


def _refused(desk: Desk, fault: ReviewError, reference: str | None) -> str:
    """Why; where the move is not possible as the case stands, who has the case in hand and which moves are."""
    said = desk.tell(fault.saying)
    if isinstance(fault, NotFoundError) or not isinstance(fault, NotAllowedError) or reference is None:
        return said
    case = desk.case(reference)
    actions = desk.commands(desk.allowed(case))
    if case.assignee not in (None, desk.actor.id):
        said += desk.say("say.in_hand", who=desk.colleague(case.assignee))
    return f"{said}{desk.say('say.allowed_now', actions=actions) if actions else desk.say('say.allowed_none')}"

"""A service team with its people, and enterprises that submit needs to it: the real parts, as the house wires them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bot.accounts import Account, Accounts
from bot.bootstrap import needs_of
from bot.clock import FixedClock
from bot.needs import Needs
from bot.settings import Settings
from intake.cases import SYSTEM, Actor, Case, Role, Via, owner
from intake.staff import Staff
from intake.values import Value
from tests.support.needs import complete

LAOSHAN = "370212"
"""The team that needs from 崂山区 go to, and the district's code."""

STAFF = {
    "clerk": Staff("clerk", "孙岚", frozenset({Role.CLERK}), frozenset({LAOSHAN})),
    "special": Staff("special", "李明", frozenset({Role.SPECIALIST})),
    "lead": Staff("lead", "周静", frozenset({Role.LEAD})),
    "city": Staff("city", "王统", frozenset({Role.COORDINATOR}), frozenset({"city"})),
    "boss": Staff("boss", "吴管", frozenset({Role.ADMIN})),
    "audit": Staff("audit", "郑审", frozenset({Role.AUDITOR})),
}


@dataclass
class Bureau:
    engine: Engine
    clock: FixedClock
    settings: Settings
    needs: Needs = field(init=False)
    accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self.needs = needs_of(self.engine, self.settings, self.clock)
        self.accounts = Accounts(self.engine, self.clock)
        for person in STAFF.values():
            self.needs.register.put_staff(person, SYSTEM, self.clock.now())
        for name, lead in (("clerk", False), ("special", False), ("lead", True)):
            self.needs.register.join(LAOSHAN, name, SYSTEM, self.clock.now(), lead=lead, liaison=False)

    def somebody(self, name: str = "wang", channel: Via = "web") -> Account:
        return self.accounts.of(channel, name)

    def submit(self, who: Account | None = None, kind: str = "technology", /, **answers: Value) -> Case:
        """A complete need of somebody who consented, in its team's queue."""
        who = who or self.somebody()
        needs, now, form = self.needs, self.clock.now(), self.needs.formbook.form(kind)
        if not needs.people.consented(who.person):
            needs.people.record_consent(who.person, True, "web", now)
        given = complete(form, (), **{"district": LAOSHAN, **answers})
        draft = needs.drafts.begin(who.person, who.id, kind, form.version, now, answers=given)
        via: Any = who.channel
        return needs.submission.submit(draft, via).case

    def staff(self, name: str) -> Actor:
        return self.needs.register.actor(name, "cli", self.clock.now())

    def act(self, who: str | Actor, case: Case, action: str, **values: Any) -> Case:
        """Somebody of the staff by name, or an actor, does something; how the case stands then."""
        actor = who if isinstance(who, Actor) else self.staff(who)
        return self.needs.handling.act(actor, case.reference, action, **values)

    def owner(self, case: Case) -> Actor:
        return owner(case.person, "web")

    def pass_days(self, days: float) -> None:
        """So many working days and the sweep at their end."""
        self.clock.moment = self.needs.timing.calendar.add_days(self.clock.now(), days) + timedelta(seconds=1)
        self.needs.handling.sweep()


def bureau_of(engine: Engine, clock: FixedClock, data_dir: Path, **settings: Any) -> Bureau:
    return Bureau(engine, clock, Settings.model_construct(data_dir=data_dir, **settings))

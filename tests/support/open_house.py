"""The whole house on a port of its own: web chat and console over one database, and staff with passwords."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from bot.bootstrap import House
from bot.channels.web_chat.limits import Limits
from bot.clock import Clock
from bot.commands.serve_needs import NeedsDesk, WebNotices
from bot.console.store.credentials import Credentials
from bot.web import create_app
from intake.cases import SYSTEM, Actor, Case, Via
from intake.staff import Staff
from intake.values import Value
from tests.support.browsing import Site, Visit, serve, watch
from tests.support.bureau import LAOSHAN, STAFF
from tests.support.consoles import PASSWORD, QUICK, hashed
from tests.support.houses import a_house
from tests.support.needs import complete


@dataclass
class OpenHouse:
    """Everybody's password is PASSWORD. `second` is another clerk of the same team."""

    house: House
    site: Site
    signed: dict[str, Any] = field(default_factory=dict)

    def submit(self, name: str = "wang", kind: str = "technology", /, via: Via = "web", **answers: Value) -> Case:
        needs, now = self.house.needs(), self.house.clock.now()
        account, form = self.house.accounts().of(via, name), needs.formbook.form(kind)
        if not needs.people.consented(account.person):
            needs.people.record_consent(account.person, True, via, now)
        given = complete(form, (), **{"district": LAOSHAN, **answers})
        draft = needs.drafts.begin(account.person, account.id, kind, form.version, now, answers=given)
        return needs.submission.submit(draft, via).case

    def staff(self, name: str) -> Actor:
        return self.house.needs().register.actor(name, "cli", self.house.clock.now())

    def act(self, who: str, case: Case, action: str, **values: Any) -> Case:
        return self.house.needs().handling.act(self.staff(who), case.reference, action, **values)

    def at_console(self, browser: Browser, account: str, **screen: Any) -> Visit:
        """A browser of its own in which that account has signed in."""
        context = browser.new_context(**screen)
        if account in self.signed:
            context.add_cookies(self.signed[account])
        visit = watch(context, self.site.address)
        if account not in self.signed:
            _sign_in(visit.open("/console"), account)
            self.signed[account] = context.cookies()
        return visit


def _sign_in(page: Page, account: str) -> None:
    page.locator("input[name=account]").fill(account)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_selector(".self")


def open_house(data_dir: Path, clock: Clock, **settings: Any) -> OpenHouse:
    from bot.commands.serve import WebAssistant, WebSessions

    house = a_house(data_dir, clock, **settings)
    needs, now = house.needs(), house.clock.now()
    people = {**STAFF, "second": replace(STAFF["clerk"], id="second", name="赵敏")}
    credentials = Credentials(house.engine)
    for person in people.values():
        assert isinstance(person, Staff)
        needs.register.put_staff(person, SYSTEM, now)
        credentials.put_password(person.id, hashed(), now, must_change=False)
    for name, lead in (("clerk", False), ("second", False), ("special", False), ("lead", True)):
        needs.register.join(LAOSHAN, name, SYSTEM, now, lead=lead, liaison=False)
    app = create_app(
        WebAssistant(house.conversation()),
        house.library(),
        WebSessions(house.accounts()),
        limits=Limits(session_per_minute=10_000, address_per_minute=10_000),
        needs=NeedsDesk(needs, house.accounts()),
        notices=WebNotices(needs.inbox, needs.clock) if needs.inbox else None,
        console=replace(house.console(), hasher=QUICK),
    )
    return OpenHouse(house, serve(app))

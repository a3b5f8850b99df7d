"""Staff on Telegram: linking by code, the team's group with its cards and claims, working hours, administrators."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram_bot.delivering import TelegramDeliverer
from bot.channels.telegram_bot.threads import in_thread
from bot.clock import FixedClock
from bot.commands.telegram import HouseCorpus
from bot.couriers import Courier
from intake.cases import SYSTEM, Case, CaseState, Role
from intake.staff import Staff
from intake.store.drafts import Draft
from intake.store.tasks import CALL, Tasks
from intake.values import Answered
from tests.support.bot_api import Posted
from tests.support.telegram_rig import Rig, rig

GROUP = {"id": -1001, "type": "supergroup", "title": "崂山服务团队"}
LEAD, CLERK, ADMIN = 21, 22, 23


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    """A house with a lead and a clerk of 崂山区's team and an administrator, none linked."""
    with rig(data_dir, clock) as made:
        register, now = made.house.needs().register, made.now.now()
        area = frozenset({team(made).area})
        for name, label, role in (
            ("wang", "王组长", Role.LEAD),
            ("zhao", "赵专员", Role.CLERK),
            ("root", "管理员", Role.ADMIN),
        ):
            register.put_staff(Staff(name, label, frozenset({role}), area), SYSTEM, now)
        register.join(team(made).id, "wang", SYSTEM, now, lead=True)
        register.join(team(made).id, "zhao", SYSTEM, now)
        yield made


def team(telegram: Rig) -> Any:
    return next(team for team in telegram.house.needs().register.teams() if "崂山" in team.name)


def link(telegram: Rig, staff: str, user: int) -> Posted:
    code = telegram.door.links.issue(staff, "root", telegram.now.now()).code
    return telegram.say(f"/link {code}", user)[0]


def in_group(telegram: Rig, text: str, user: int) -> list[Posted]:
    return telegram.send(-1001, {"message": telegram.api.message(text, user, chat=GROUP)})


def bound(telegram: Rig) -> None:
    link(telegram, "wang", LEAD)
    in_group(telegram, f"/bind {team(telegram).id}", LEAD)


def submitted(telegram: Rig, confidentiality: str = "on_match") -> Case:
    """A need of 崂山区, submitted over Telegram by somebody."""
    needs, now = telegram.house.needs(), telegram.now.now()
    account = telegram.house.accounts().of("telegram", "7")
    given = {
        "content": "我们做海洋传感器，想找高校一起攻关耐腐蚀涂层，盐雾试验要超过1000小时",
        "district": "370212",
        "contact_name": "张工",
        "confidentiality": confidentiality,
    }
    answers = {step: Answered(value=value, text=str(value)) for step, value in given.items()}
    from intake.values import Phone

    answers["contact_phone"] = Answered(value=Phone(e164="+8613800138000"), text="13800138000")
    for step in needs.formbook.form("brief").steps:
        if step.type == "bool":
            answers[step.id] = Answered(value=True, text="是")
    needs.people.record_consent(account.person, True, "telegram", now)
    form = needs.formbook.form("brief")
    draft: Draft = needs.drafts.begin(account.person, account.id, "brief", form.version, now, answers=answers)
    return needs.submission.submit(draft, "telegram").case


def cards(telegram: Rig) -> int:
    done = telegram.door._cards
    assert done is not None
    count = done.run_once()
    telegram.round()
    return count


# Linking


def test_a_code_links_an_account(telegram: Rig) -> None:
    assert "王组长" in link(telegram, "wang", LEAD).text
    assert telegram.door.links.staff_of(LEAD) == "wang"
    code = telegram.door.links.issue("root", "root", telegram.now.now()).code
    assert "管理员" in telegram.say(f"/start link_{code}", ADMIN)[0].text
    assert "已解除" in telegram.say("/unlink", LEAD)[0].text
    assert telegram.door.links.staff_of(LEAD) is None


@pytest.mark.parametrize("said", ["/link", "/link WRONGCODE1", "/start link_WRONGCODE1"])
def test_without_a_good_code_nobody_is_linked(telegram: Rig, said: str) -> None:
    (posted,) = telegram.say(said, 99)
    assert "关联码" in posted.text
    assert telegram.door.links.staff_of(99) is None


def test_a_retired_account_is_nobody(telegram: Rig) -> None:
    link(telegram, "root", ADMIN)
    telegram.house.needs().register.retire("root", SYSTEM, telegram.now.now())
    assert "没有这项权限" in telegram.say("/corpus", ADMIN)[0].text


# Groups


def test_a_lead_binds_a_group_and_others_may_not(telegram: Rig) -> None:
    (said,) = in_group(telegram, f"/bind {team(telegram).id}", CLERK)
    assert "还没有关联" in said.text
    link(telegram, "zhao", CLERK)
    (said,) = in_group(telegram, f"/bind {team(telegram).id}", CLERK)
    assert "没有这项权限" in said.text
    link(telegram, "wang", LEAD)
    (said,) = in_group(telegram, "/bind", LEAD)
    assert team(telegram).id in said.text
    (said,) = in_group(telegram, f"/bind {team(telegram).id}", LEAD)
    assert "已绑定" in said.text
    (said,) = in_group(telegram, "/unbind", CLERK)
    assert "没有这项权限" in said.text
    (said,) = in_group(telegram, "/unbind", LEAD)
    assert telegram.door.chats.teams() == set()
    assert "/bind" in telegram.say("/bind x", LEAD)[0].text  # in private


def test_a_new_case_comes_to_the_group_once_without_personal_data(telegram: Rig) -> None:
    bound(telegram)
    case = submitted(telegram)
    assert cards(telegram) == 1
    assert cards(telegram) == 0
    card = telegram.api.to(-1001)[-1]
    assert case.reference in card.text
    assert "崂山" in card.text
    assert "受理" in card.text
    assert "张工" not in card.text
    assert "13800138000" not in card.text
    assert card.labels == ["我来受理"]


def test_a_restricted_case_shows_no_words_of_its_own(telegram: Rig) -> None:
    bound(telegram)
    case = submitted(telegram, "restricted")
    cards(telegram)
    card = telegram.api.to(-1001)[-1]
    assert case.title not in card.text
    assert "仅经办人可见" in card.text


def test_a_claim_accepts_the_case_and_the_card_says_who(telegram: Rig) -> None:
    bound(telegram)
    link(telegram, "zhao", CLERK)
    case = submitted(telegram)
    cards(telegram)
    card = telegram.api.to(-1001)[-1]
    telegram.api.press(card, "我来受理", user=CLERK)
    telegram.round()
    after = telegram.house.needs().cases.get(case.reference)
    assert after is not None
    assert (after.state, after.assignee) == (CaseState.ACCEPTED, "zhao")
    assert "已由 赵专员 受理" in card.text
    assert card.labels == []
    events = telegram.house.needs().cases.events(case.id)
    assert (events[-1].actor, events[-1].via) == ("zhao", "telegram")


def test_the_second_to_claim_is_told_who_was_first(telegram: Rig) -> None:
    bound(telegram)
    link(telegram, "zhao", CLERK)
    case = submitted(telegram)
    cards(telegram)
    card = telegram.api.to(-1001)[-1]
    data = card.data("我来受理")
    telegram.api.press(card, "我来受理", user=CLERK)
    telegram.api.press(card, "", user=LEAD, data=data)
    telegram.round()
    assert "赵专员" in telegram.api.answered[-1][1]
    assert (telegram.house.needs().cases.get(case.reference) or case).assignee == "zhao"


@pytest.mark.parametrize("user", [99, ADMIN])
def test_who_may_not_claim_is_told_so(telegram: Rig, user: int) -> None:
    bound(telegram)
    link(telegram, "root", ADMIN)
    case = submitted(telegram)
    cards(telegram)
    telegram.api.press(telegram.api.to(-1001)[-1], "我来受理", user=user)
    telegram.round()
    assert telegram.api.answered[-1][1]
    assert (telegram.house.needs().cases.get(case.reference) or case).state is CaseState.SUBMITTED


def test_a_card_catches_up_with_a_claim_made_elsewhere(telegram: Rig) -> None:
    bound(telegram)
    case, needs = submitted(telegram), telegram.house.needs()
    cards(telegram)
    card = telegram.api.to(-1001)[-1]
    needs.handling.act(needs.register.actor("zhao", "console", telegram.now.now()), case.reference, "accept")
    telegram.api.press(card, "我来受理", user=LEAD)
    telegram.round()
    assert "赵专员" in card.text


# Personal notices


def test_personal_notices_come_in_working_hours(telegram: Rig) -> None:
    link(telegram, "zhao", CLERK)
    case, needs = submitted(telegram), telegram.house.needs()
    needs.handling.act(needs.register.actor("zhao", "console", telegram.now.now()), case.reference, "accept")
    telegram.now.moment = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai
    owner = telegram.house.accounts().of("telegram", "7").person
    from intake.cases import owner as owner_of

    needs.handling.act(owner_of(owner, "telegram"), case.reference, "urge")
    before = len(telegram.api.to(CLERK))
    assert cards(telegram) == 1
    assert len(telegram.api.to(CLERK)) == before
    telegram.now.moment = datetime(2026, 3, 3, 1, 1, tzinfo=UTC)  # 09:01 the next day
    telegram.round()
    (line,) = telegram.api.to(CLERK)[before:]
    assert case.reference in line.text
    assert "催办" in line.text


def test_old_notices_are_not_poured_into_a_group_bound_today(telegram: Rig) -> None:
    submitted(telegram)
    telegram.now.advance(timedelta(days=4))
    bound(telegram)
    assert cards(telegram) == 0


# Administrators


def test_administrators_see_and_refresh_the_policies_after_a_yes(telegram: Rig) -> None:
    assert "没有这项权限" in telegram.say("/corpus", 99)[0].text
    link(telegram, "zhao", CLERK)
    assert "没有这项权限" in telegram.say("/corpus", CLERK)[0].text
    link(telegram, "root", ADMIN)
    (status,) = telegram.say("/corpus", ADMIN)
    assert "政策库第 1 版" in status.text
    (asked,) = telegram.press(status, "更新")
    assert "确认" in asked.text
    refreshed: list[str] = []

    class Corpus:
        status = staticmethod(lambda: "第 2 版")
        unanswered = staticmethod(lambda limit: [])

        @staticmethod
        def refresh() -> str:
            refreshed.append("yes")
            return "已更新"

    object.__setattr__(telegram.door._hall, "corpus", Corpus())
    data = asked.data("确认更新")
    (done,) = telegram.press(asked, "确认更新")
    assert (done.text, refreshed) == ("已更新", ["yes"])
    telegram.api.press(asked, "", user=CLERK, data=data)
    telegram.round()
    assert refreshed == ["yes"]


def test_a_refresh_that_is_cancelled_or_fails_changes_nothing(telegram: Rig) -> None:
    link(telegram, "root", ADMIN)
    (status,) = telegram.say("/corpus", ADMIN)
    (asked,) = telegram.press(status, "更新")
    assert telegram.press(asked, "取消") == []

    class Broken:
        status = staticmethod(lambda: "第 1 版")

        @staticmethod
        def refresh() -> str:
            raise OSError("/secret/path")

    object.__setattr__(telegram.door._hall, "corpus", Broken())
    (asked,) = telegram.press(telegram.say("/corpus", ADMIN)[0], "更新")
    (said,) = telegram.press(asked, "确认更新")
    assert "没有成功" in said.text
    assert "secret" not in said.text


def test_unanswered_questions_are_listed_with_numbers_struck_out(telegram: Rig) -> None:
    telegram.say("深圳的高企补贴13800138000是多少", 8)
    link(telegram, "root", ADMIN)
    (listed,) = telegram.say("/unanswered", ADMIN)
    assert "深圳的高企补贴" in listed.text
    assert "13800138000" not in listed.text
    assert "没有这项权限" in telegram.say("/unanswered", 99)[0].text


def test_administrators_hear_of_a_message_that_could_not_be_handled(telegram: Rig) -> None:
    link(telegram, "root", ADMIN)

    class Broken:
        @staticmethod
        def handle(message: Any, on_stage: Any = None) -> Any:
            raise OSError

    object.__setattr__(telegram.door._hall, "talk", Broken())
    before = len(telegram.api.to(ADMIN))
    telegram.say("我的秘密")
    for _ in range(3):
        telegram.later(6)
        telegram.round()
    (alert,) = telegram.api.to(ADMIN)[before:]
    assert "没能处理" in alert.text
    assert "秘密" not in alert.text


# Who cannot be reached


def test_who_blocked_the_bot_becomes_a_task_to_telephone(telegram: Rig) -> None:
    """From the case's step through the courier and the door's queue to Telegram's refusal, and back as a task."""
    case, house = submitted(telegram), telegram.house
    needs = house.needs()
    telegram.api.blocked.add(7)
    needs.handling.act(needs.register.actor("zhao", "console", telegram.now.now()), case.reference, "accept")
    deliverer = TelegramDeliverer(telegram.door.outgoing, telegram.door, telegram.now.now)
    courier = Courier(house.engine, house.accounts(), {"telegram": deliverer})

    async def deliver() -> None:
        await telegram.door.round()
        delivering = asyncio.create_task(in_thread(courier.run_once, telegram.now.now()))
        while not delivering.done():
            await telegram.door.round()

    telegram.do(deliver())
    called = [(task.case, task.reason) for task in Tasks(house.engine).open() if task.kind == CALL]
    assert called == [(case.id, "undeliverable/accepted")]
    assert telegram.door.chats.unreachable() == 1


def test_a_refresh_while_another_runs_is_told_and_does_nothing(telegram: Rig) -> None:
    corpus = HouseCorpus(telegram.house)
    before = corpus.status()
    telegram.house.work._take()
    assert "请稍后再试" in corpus.refresh()
    assert corpus.status() == before

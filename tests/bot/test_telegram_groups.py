"""Groups on Telegram: answered when addressed, with policies only; nothing personal is taken or shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.clock import FixedClock
from bot.turns import turns
from db.engine import reading
from intake.store.tables import drafts
from tests.support.bot_api import USERNAME, Posted
from tests.support.telegram_rig import Rig, rig

GROUP = {"id": -1001, "type": "supergroup", "title": "企业群"}
QUESTION = "首次认定高新技术企业奖励多少钱"


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    with rig(data_dir, clock) as made:
        yield made


def say(telegram: Rig, text: str | None, **more: Any) -> list[Posted]:
    return telegram.send(-1001, {"message": telegram.api.message(text, 7, chat=GROUP, **more)})


@pytest.mark.parametrize(
    "text",
    [
        "大家好",
        QUESTION,
        "@another_bot 你好",
        f"@{USERNAME}x 你好",
        "/start",
        "/help@another_bot",
        "邮箱 a@b.cn",
        "/ask 高企",
    ],
)
def test_who_is_not_addressed_stays_silent(telegram: Rig, text: str) -> None:
    assert say(telegram, text) == []


def test_a_mention_a_reply_and_a_named_command_are_answered_as_replies(telegram: Rig) -> None:
    for text, more in (
        (f"@{USERNAME} {QUESTION}", {}),
        (f"{QUESTION} @{USERNAME.upper()}", {}),
        (QUESTION, {"reply_to_message": {"message_id": 1, "from": {"id": telegram.api.bot["id"]}}}),
        (f"/ask@{USERNAME} {QUESTION}", {}),
    ):
        (answer,) = say(telegram, text, **more)
        assert "10万元" in answer.text
        assert answer.reply_to is not None
        assert answer.keyboard == []


def test_a_bare_mention_is_told_how_to_ask(telegram: Rig) -> None:
    (said,) = say(telegram, f"@{USERNAME}")
    assert "后面写上问题" in said.text


@pytest.mark.parametrize(
    "text", ["提交需求", "我的需求", "查进度 KC26-7K2M9-4", "简要登记", "导出我的数据", "submit a need"]
)
def test_needs_are_sent_to_the_private_chat(telegram: Rig, text: str) -> None:
    (said,) = say(telegram, f"@{USERNAME} {text}")
    assert "私聊" in said.text
    ((button,),) = said.keyboard
    assert button["url"] == f"https://t.me/{USERNAME}?start=group"


def test_nothing_is_taken_in_and_nothing_is_recorded(telegram: Rig) -> None:
    for text in ("技术需求", "找人才", "/need", "用您自己的话说说", QUESTION):
        say(telegram, f"@{USERNAME} {text}")
        say(telegram, f"/need@{USERNAME}")
    with reading(telegram.house.engine) as connection:
        assert connection.execute(select(drafts)).all() == []
        assert connection.execute(select(turns)).all() == []


@pytest.mark.parametrize("text", ["我的电话13800138000，高企补贴多少", "身份证370202199001011234 能申请吗"])
def test_personal_numbers_are_not_handled_nor_repeated(telegram: Rig, text: str) -> None:
    (said,) = say(telegram, f"@{USERNAME} {text}")
    assert "个人信息" in said.text
    assert "13800138000" not in said.text


def test_a_form_in_the_private_chat_is_untouched_by_the_group(telegram: Rig) -> None:
    telegram.say("/brief")
    person = telegram.house.accounts().of("telegram", "7").person
    before = telegram.house.needs().drafts.active(person)
    (answer,) = say(telegram, f"@{USERNAME} {QUESTION}")
    assert "第 1/" not in answer.text
    assert telegram.house.needs().drafts.active(person) == before


def test_edits_in_a_group_are_passed_over(telegram: Rig) -> None:
    body = telegram.api.message(f"@{USERNAME} {QUESTION}", 7, chat=GROUP)
    assert telegram.send(-1001, {"edited_message": body}) == []


def test_it_says_hello_when_it_is_taken_in_and_forgets_its_team_when_thrown_out(telegram: Rig) -> None:
    body = {"chat": GROUP, "from": {"id": 7}, "date": 1}
    (hello,) = telegram.send(-1001, {"my_chat_member": {**body, "new_chat_member": {"status": "member"}}})
    assert f"@{USERNAME}" in hello.text
    telegram.door.chats.bind(-1001, "city", "admin")
    telegram.send(-1001, {"my_chat_member": {**body, "new_chat_member": {"status": "kicked"}}})
    assert telegram.door.chats.groups_of("city") == []


def test_a_group_that_moves_takes_its_team_along(telegram: Rig) -> None:
    telegram.door.chats.bind(-5, "city", "admin")
    old = {"id": -5, "type": "group", "title": "企业群"}
    moved = telegram.api.message(None, 7, chat=old, migrate_to_chat_id=-1005)
    assert telegram.send(-5, {"message": moved}) == []
    assert telegram.door.chats.groups_of("city") == [-1005]

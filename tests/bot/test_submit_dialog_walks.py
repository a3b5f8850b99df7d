"""Every kind of need can be told and submitted in the chat; wandering about in it leads to no dead end and no fault."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.clock import FixedClock
from intake.formbook import load_formbook
from intake.reference import load_reference
from tests.support.houses import a_house
from tests.support.talking import Talker

KINDS = sorted(load_formbook(load_reference()).forms)
WORDS = {
    "uscc": "91370200264574251E", "phone": "13905328765", "email": "zhang@example.com", "int": "2", "money": "300万",
    "date": "年底前", "bool": "否", "district": "崂山", "industry": "海水淡化设备", "zone": "不在功能区内",
    "tags": "反渗透、高盐废水", "lines": "不增加占地（必须）",
}  # fmt: skip
STORY = "年产 3000 吨的生产线在夏季停机两次，需要在半年内找到稳定可靠的解决办法"


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


def answer(talker: Talker) -> None:
    """Say something fitting to whatever is asked."""
    needs, part = talker.house.needs(), talker.reply.form
    assert part is not None, talker.reply
    if part.input == "story":
        talker.press("一项一项填")
    elif part.input == "consent":
        talker.say("同意")
    else:
        step = needs.formbook.form(part.kind).step(part.name)
        if step.type in ("enum", "multi"):
            talker.say(step.options[0].label)
        else:
            talker.say(WORDS.get(step.type, f"{STORY}"[: step.max or 60]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_step_by_step_and_submitted(house: House, kind: str) -> None:
    talker = Talker(house)
    talker.say(house.needs().formbook.form(kind).label)
    if talker.reply.form is None:
        talker.say(choice=f"m:kind.{kind}")
    for _ in range(40):
        if talker.asked == "card":
            break
        before = talker.asked
        answer(talker)
        assert talker.reply.status != "form_invalid", (before, talker.reply.text)
    if any("对接时披露" in label for label in talker.labels()):
        talker.press("对接时披露")
    talker.press("我承诺")
    talker.press("提交")
    assert talker.reply.status == "form_submitted", talker.reply.text
    (case,) = talker.cases
    assert case.kind == kind
    assert talker.drafts == []


SAID = [
    "上一步", "跳过", "暂存", "取消", "预览", "帮助", "转人工", "/restart", "继续填写", "我的草稿", "我的需求",
    "提交需求", "找技术", "用您自己的话说说", "简要登记", "高企有什么补贴？", "如何把通量提高到 25 LMH？",
    "1", "修改2", "2、3", "是", "否", "都对", "提交", "承诺", "仅经办人可见", "同意", "不同意", "工艺改进", STORY,
    "13905328765", "91370200264574251E", "崂山", "年底前", "300万", "张晓明", "青岛某某新材料有限公司", "暂不提供",
    "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%", "🙂", "其他：计量校准", "身份证 11010519491231002X", "导出我的信息",
    "撤回同意", "这是提问", "这是填写内容", "发送", "长" * 700, "\u202e", "%s {x}",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_wandering_about_meets_no_fault_and_no_dead_end(house: House, clock: FixedClock, seed: int) -> None:
    """Buttons and words at random, restarts in between: always a reply, and always something that can be done."""
    chance, talker = random.Random(seed), Talker(house, str(seed))  # noqa: S311  # a walk, no secret
    old: list[str] = []
    for number in range(120):
        choices = [choice.id for choice in talker.reply.choices]
        turn = chance.random()
        if choices and turn < 0.55:
            talker.say(choice=chance.choice(choices))
        elif old and turn < 0.62:
            talker.say(choice=chance.choice(old))
        elif turn < 0.66:
            talker.file(chance.choice(["图纸.pdf", "程序.exe"]))
        elif turn < 0.68:
            talker.contact(own=chance.random() < 0.5)
        else:
            talker.say(chance.choice(SAID))
        reply = talker.reply
        assert reply.status != "error_internal", (number, talker.sent)
        assert reply.text.strip(), (number, talker.sent)
        assert len({choice.id for choice in reply.choices}) == len(reply.choices), (number, reply)
        if reply.form is not None:
            assert reply.choices, (number, reply)
        assert sum(not draft.parked for draft in talker.drafts) <= 1
        old += choices[:2]
        if chance.random() < 0.05:
            talker.restart()
            clock.advance(clock.moment.resolution * 60_000_000)


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_to_the_receipt_with_every_message_sent_twice(house: House, seed: int) -> None:
    """The same message again changes nothing, whatever it was."""
    talker = Talker(house, str(seed))
    talker.say(["找人才", "找资金", "市场与供应链"][seed])
    for _ in range(40):
        before, reply = talker.drafts, talker.reply
        assert talker.again() == reply
        assert talker.drafts == before
        if talker.asked == "card":
            break
        answer(talker)
    talker.press("对接时披露")
    talker.press("我承诺")
    talker.press("提交")
    receipt = talker.reply
    assert talker.again() == receipt
    assert len(talker.cases) == 1

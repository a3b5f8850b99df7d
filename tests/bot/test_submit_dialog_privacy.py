"""What is told in a form stays where it belongs: nothing sensitive is kept, nothing personal recorded or embedded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.bootstrap import House
from bot.clock import FixedClock
from bot.history import as_turns
from db.engine import reading
from rag.adapters.hashed import HashedEmbedder
from rag.indexing import attach_vectors, fill_vectors
from tests.support.houses import a_house
from tests.support.talking import CODE, INDICATORS, NAME, ORGANISATION, PHONE, STORY, Talker

ID_CARD, BANK_CARD = "11010519491231002X", "6222021234567890128"
REFUSED = "（含敏感信息，未保存）"


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def talker(house: House) -> Talker:
    return Talker(house)


def kept(house: House) -> str:
    """Every value of every row of the database."""
    with reading(house.engine) as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = [
            row for name in tables if name.isidentifier()
            for row in connection.execute(text(f"SELECT * FROM {name}"))  # noqa: S608  # our own tables' names
        ]  # fmt: skip
    return "\n".join(str(tuple(row)) for row in rows)


class Spy:
    """Counts what an embedder is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        embed = HashedEmbedder._embed

        def spied(embedder: HashedEmbedder, words: str) -> list[float]:
            self.asked.append(words)
            return embed(embedder, words)

        monkeypatch.setattr(HashedEmbedder, "_embed", spied)


# Sensitive content


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"负责人身份证 {ID_CARD}，膜衰减 40%", "身份证号码"),
        (f"打到 {BANK_CARD} 这个账号，通量 25 LMH", "银行卡号"),
        ("【机密】某型装备的膜组件，通量 25 LMH", "密级标志"),
    ],
)
def test_what_must_not_be_kept_is_refused_and_stands_nowhere(talker: Talker, words: str, said: str) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    before = talker.draft
    reply = talker.say(words)
    assert reply.status == "form_refused"
    assert said in reply.text
    assert talker.asked == "key_indicators"
    assert talker.draft == before
    assert talker.turns()[-1].question == REFUSED
    assert words[:12] not in kept(talker.house)


@pytest.mark.parametrize("place", ["story", "proposals", "card", "consent", "kind", "question"])
def test_it_is_refused_wherever_it_is_said(talker: Talker, place: str) -> None:
    words = f"身份证 {ID_CARD} 能领补贴吗？"
    if place == "kind":
        talker.say("自己说")
        talker.say("我们这边遇到一点麻烦，希望有人来看看")
    elif place == "story":
        talker.say("找人才")
    elif place == "proposals":
        talker.say("找技术")
        talker.press("技术需求")
        talker.say(STORY)
    elif place == "card":
        talker.technology_card()
    elif place == "consent":
        talker.tell_technology()
    else:
        talker.begin_technology()
    assert talker.say(words).status == "form_refused"
    assert ID_CARD not in kept(talker.house)


def test_an_id_card_for_a_code_is_refused(talker: Talker) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say(ORGANISATION)
    assert talker.say(ID_CARD).status == "form_refused"
    assert talker.asked == "uscc"
    assert ID_CARD not in kept(talker.house)


# Personal values


def test_nothing_personal_stands_in_the_record_of_the_talk(talker: Talker) -> None:
    talker.submit_technology()
    talker.say("我的需求")
    record = [turn.question + turn.reply + turn.reply_json for turn in talker.turns()]
    assert not any(value in line for line in record for value in (NAME, PHONE))
    assert [turn.question for turn in talker.turns()].count("（联系人信息）") == 2


def test_a_wrong_or_asked_contact_does_not_stand_in_the_record_either(talker: Talker) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say(ORGANISATION)
    talker.say(CODE)
    talker.press("企业")
    talker.say(f"{NAME}，您看这样写可以吗？")
    talker.say(NAME)
    talker.say("1390532876")
    talker.say(f"{PHONE} 这个号可以吗？")
    record = [turn.question + turn.reply + turn.reply_json + str(turn.focus) for turn in talker.turns()]
    assert not any(value in line for line in record for value in (NAME, "1390532876"))


def test_a_personal_answer_repeated_after_a_crash_does_not_stand_in_the_record(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say(ORGANISATION)
    talker.say(CODE)
    talker.press("企业")
    sending = talker.message(NAME)
    with monkeypatch.context() as killed:
        killed.setattr("bot.history.History.record", _killed)
        with pytest.raises(KeyboardInterrupt):
            talker.conversation.handle(sending)
    talker.restart()
    talker.sent = sending
    assert "继续填写（第 8/8 项）" in talker.again().text
    assert talker.turns()[-1].question == "（联系人信息）"


def _killed(*_: object) -> str:
    raise KeyboardInterrupt


def test_a_shared_contact_does_not_stand_in_the_record(talker: Talker) -> None:
    talker.contact()
    talker.begin_technology()
    talker.contact()
    assert PHONE not in kept(talker.house)


# No embedder, no rewriting


def test_a_restricted_need_reaches_no_embedder_from_the_first_word_to_the_receipt(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = talker.house.reader.shelf()
    assert shelf is not None
    fill_vectors(shelf.opened, talker.house.places)
    attach_vectors(shelf.opened, talker.house.places)
    spy = Spy(monkeypatch)
    talker.say("自己说")
    talker.say("高企有什么补贴？")
    talker.say(STORY)
    if "技术需求" in talker.labels():
        talker.press("技术需求")
    talker.say("膜材料研发费用能加计扣除吗？")
    talker.press("都对")
    talker.say("高企有什么补贴？")
    talker.say(choice="ask:talent:0")
    talker.press("工艺改进")
    talker.say("如何把通量提高到 25 LMH？")
    talker.press("这是提问")
    talker.say(INDICATORS)
    talker.say("高企有什么补贴？")
    talker.introduce()
    talker.press("仅经办人可见")
    talker.say("高企有什么补贴？")
    talker.press("我承诺")
    talker.press("提交")
    case = talker.cases[0]
    assert case.restricted
    talker.say(case.reference)
    talker.press("补充：已有")
    talker.say("高企有什么补贴？")
    talker.say("试过更换三家供应商的膜，效果都不明显，清洗频率也加大过")
    talker.press("补充说明")
    talker.say("可以提供现场试验条件")
    assert spy.asked == []
    talker.say("首次认定高新技术企业奖励多少钱")
    assert spy.asked  # the spy sees what is asked outside a form


def test_a_later_question_leans_on_nothing_said_in_a_form(talker: Talker) -> None:
    talker.say("博士住房补贴一个月多少")
    talker.begin_technology()
    talker.say("高企有什么补贴？")
    talker.say("暂存")
    turns = as_turns(talker.turns())
    assert [turn.text for turn in turns if turn.role == "user"] == ["博士住房补贴一个月多少"]
    assert "每月800元" in talker.say("硕士呢").text


def test_statuses_of_forms_say_that_they_are(talker: Talker) -> None:
    talker.submit_technology()
    assert {turn.status.split("_")[0] for turn in talker.turns()} == {"form"}


# One's own data


def test_everything_kept_comes_out_as_one_file(talker: Talker) -> None:
    case = talker.submit_technology()
    reply = talker.say("导出我的信息")
    assert reply.status == "form_export"
    (file,) = reply.files
    assert (file.name, file.media_type) == ("我的信息-20260302.json", "application/json")
    with talker.house.needs().files.open(file.digest) as content:
        exported = json.loads(content.read())
    assert case.reference in json.dumps(exported["needs"], ensure_ascii=False)
    assert NAME in json.dumps(exported["needs"], ensure_ascii=False)
    assert any("工艺改进" in turn["question"] for turn in exported["conversation"])


def test_erasing_is_asked_first_and_then_leaves_nothing_personal(talker: Talker) -> None:
    talker.say("我们公司在崂山区")
    talker.begin_technology()
    talker.file("图纸.pdf", b"%PDF-1.7 " + b"secret drawing")
    digest = talker.house.needs().drafts.attached(talker.draft.id)[0].digest
    talker.press("工艺改进")
    talker.say(INDICATORS)
    talker.introduce()
    talker.press("对接时")
    talker.press("我承诺")
    talker.press("提交")
    case = talker.cases[0]
    talker.say("删除我的信息")
    assert "删除后不能恢复" in talker.reply.text
    assert talker.cases[0] == case
    reply = talker.press("确定删除")
    assert reply.status == "form_erased"
    assert "1 件需求里的文字" in reply.text
    assert case.reference in reply.text
    left = kept(talker.house)
    for value in (NAME, PHONE, "膜污染", ORGANISATION, "图纸.pdf"):
        assert value not in left
    with pytest.raises(Exception, match="could not be read"):
        talker.house.needs().files.open(digest)
    assert talker.conversation.district(talker.account) is None
    assert talker.house.needs().people.profile(talker.person) == {}
    assert "还没有提交过需求" in talker.say("我的需求").text


def test_erasing_takes_earlier_exports_along(talker: Talker) -> None:
    talker.submit_technology()
    (file,) = talker.say("导出我的信息").files
    talker.say("删除我的信息")
    assert talker.press("确定删除").status == "form_erased"
    with pytest.raises(Exception, match="could not be read"):
        talker.house.needs().files.open(file.digest)


def test_erasing_can_be_thought_better_of(talker: Talker) -> None:
    talker.submit_technology()
    talker.say("删除我的数据")
    assert "没有改动" in talker.press("不用了").text
    assert len(talker.cases) == 1


def test_consent_is_withdrawn_with_what_it_covered(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say("撤回同意")
    assert "没办结的需求会撤回" in talker.reply.text
    assert f"受理编号 {case.reference} 已撤回办理" in talker.press("确定撤回同意").text
    assert not talker.house.needs().people.consented(talker.person)
    assert talker.cases[0].state == "withdrawn"
    talker.tell_technology()
    assert talker.reply.status == "form_consent"


@pytest.mark.parametrize("words", ["我想导出我的信息怎么办", "撤回同意要什么材料", "删除我的信息吗"])
def test_rights_are_claimed_in_exact_words(talker: Talker, words: str) -> None:
    assert not talker.say(words).status.startswith("form_")


def test_rights_can_be_claimed_in_the_middle_of_a_form(talker: Talker) -> None:
    talker.begin_technology()
    assert talker.say("导出我的数据").files
    talker.press("继续填写")
    assert talker.asked == "tech_need_type"

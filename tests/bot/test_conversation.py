"""One message, one reply, kept once and given again; buttons, districts, follow-ups; a fault keeps nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.clock import FixedClock
from bot.conversation import Conversation
from bot.history import History
from bot.messages import Message, Reply
from rag.indexing import publish
from rag.models import Answer, Question
from rag.pipeline import Pipeline
from tests.support.houses import a_house
from tests.support.policies import changed, hitech

REWARD = "首次认定高新技术企业奖励多少钱"


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


class Talk:
    """Somebody's conversation: each message gets an id of its own unless one is given."""

    def __init__(self, house: House, key: str = "42", thread: str = "main") -> None:
        self.house, self.thread = house, thread
        self.conversation: Conversation = house.conversation()
        self.account = house.accounts().of("telegram", key).id
        self._count = 0

    def message(self, text: str | None = None, **fields: Any) -> Message:
        self._count += 1
        given = {"id": f"{self.account}-{self.thread}-{self._count}", **fields}
        return Message(
            account=self.account, conversation=self.thread, received_at=self.house.clock.now(), text=text, **given
        )

    def say(self, text: str | None = None, **fields: Any) -> Reply:
        return self.conversation.handle(self.message(text, **fields))

    def questions(self) -> list[str]:
        return [question for _, question, _, _ in self.conversation.past(self.account, self.thread)]


def cited(reply: Reply) -> list[str]:
    return [citation.policy for citation in reply.citations]


def topic(reply: Reply) -> str | None:
    assert reply.answer is not None
    return reply.answer.focus.topic


def test_a_question_is_answered_and_kept(house: House) -> None:
    talk = Talk(house)
    reply = talk.say(REWARD)
    assert reply.status == "answered"
    ((_, question, kept, at),) = talk.conversation.past(talk.account, "main")
    assert (question, kept, at) == (REWARD, reply, house.clock.now())


def test_a_repeated_message_gets_the_reply_it_got_before(house: House) -> None:
    talk = Talk(house)
    first = talk.say(REWARD, id="m1")
    publish([changed(hitech(), "10万元", "20万元")], house.places, house.clock.now())
    assert talk.say("another text entirely", id="m1") == first
    assert talk.questions() == [REWARD]
    assert "20万元" in talk.say(REWARD, id="m2").text


def test_a_repeated_message_is_not_asked_again(house: House) -> None:
    talk, stages = Talk(house), list[str]()
    talk.say(REWARD, id="m1")
    talk.conversation.handle(talk.message(REWARD, id="m1"), stages.append)
    assert stages == []


def test_the_same_id_of_somebody_else_is_another_message(house: House) -> None:
    one, other = Talk(house, "1"), Talk(house, "2")
    assert one.say(REWARD, id="m1").status == "answered"
    assert other.say("你好", id="m1").status == "smalltalk"


def test_a_kept_reply_comes_back_whole(house: House) -> None:
    talk = Talk(house)
    for text in (REWARD, "有什么补贴", "你好", "红烧肉怎么做才好吃"):
        reply = talk.say(text, id=text)
        assert talk.say(text, id=text) == reply
        assert reply.answer is not None
        assert reply.answer.release is not None


def test_what_was_found_is_recorded_beside_the_reply(house: House) -> None:
    talk = Talk(house)
    assert talk.say(REWARD).answer is not None
    (turn,) = History(house.engine, house.clock).last(talk.account, "main")
    assert turn.found is not None
    assert len(turn.found["hits"]) > len(turn.found["cited"]) > 0
    assert turn.timings is not None
    assert turn.timings.keys() == {"guarding", "rewriting", "recalling", "routing", "searching", "verifying"}
    assert '"hits":[]' in turn.reply_json


def test_a_follow_up_leans_on_the_turn_before(house: House) -> None:
    talk = Talk(house)
    talk.say("博士住房补贴一个月多少")
    reply = talk.say("硕士呢")
    assert "每月800元" in reply.text
    assert "住房补贴" in (topic(reply) or "")


def test_threads_and_people_do_not_lean_on_one_another(house: House) -> None:
    Talk(house, "1").say("博士住房补贴一个月多少")
    for other in (Talk(house, "1", "second"), Talk(house, "2")):
        assert topic(other.say("硕士呢")) == "硕士呢"


def test_looking_back_has_an_end(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> None:
    house = a_house(data_dir, clock, history_turns=0)
    talk = Talk(house)
    talk.say("博士住房补贴一个月多少")
    assert topic(talk.say("硕士呢")) == "硕士呢"
    house.engine.dispose()


@pytest.mark.parametrize(
    "text", ["我们公司在崂山区", "我在崂山。", "我在崂山区！", "公司在青岛市崂山区", "企业注册在崂山", "我们在崂山这边"]
)
def test_saying_where_one_is_is_kept(house: House, text: str) -> None:
    talk = Talk(house)
    reply = talk.say(text)
    assert (reply.status, talk.conversation.district(talk.account)) == ("smalltalk", "崂山区")
    assert "崂山区" in reply.text
    again = talk.say("住房补贴每月多少")
    assert "ls-compute-2025" in cited(again)
    assert again.answer is not None
    assert again.answer.focus.district == "崂山区"


@pytest.mark.parametrize(
    "text", ["崂山呢", "崂山区", "我在崂山区能拿什么补贴", "我们公司在上海", "公司在哪里申报", "在崂山区住房补贴多少"]
)
def test_a_question_with_a_place_in_it_keeps_no_district(house: House, text: str) -> None:
    talk = Talk(house)
    talk.say(text)
    assert talk.conversation.district(talk.account) is None


def test_a_kept_district_can_be_replaced_set_and_dropped(house: House) -> None:
    talk = Talk(house)
    talk.say("我在崂山")
    talk.say("我在市南区")
    assert talk.conversation.district(talk.account) == "市南区"
    talk.conversation.set_district(talk.account, "城阳区")
    assert house.conversation().district(talk.account) == "城阳区"
    talk.conversation.set_district(talk.account, None)
    assert talk.conversation.district(talk.account) is None


def test_the_district_of_one_message_outranks_the_kept_one_and_is_not_kept(house: House) -> None:
    talk = Talk(house)
    talk.say("我在市南区")
    reply = talk.say("住房补贴每月多少", district="崂山区")
    assert "ls-compute-2025" in cited(reply)
    assert talk.conversation.district(talk.account) == "市南区"


def test_a_district_is_somebodys_own(house: House) -> None:
    one, other = Talk(house, "1"), Talk(house, "2")
    one.say("我在崂山")
    assert other.conversation.district(other.account) is None


def test_buttons_lead_from_a_vague_question_to_an_answer(house: House) -> None:
    talk = Talk(house)
    vague = talk.say("有什么补贴")
    category = next(choice for choice in vague.choices if choice.id == "topic:talent")
    examples = talk.say(choice=category.id)
    assert (examples.status, examples.answer) == ("clarify", None)
    answered = talk.say(choice=examples.choices[0].id)
    assert answered.status == "answered"
    assert "qd-housing-2021" in cited(answered)


def test_what_a_button_says_is_kept_and_followed_up(house: House) -> None:
    talk = Talk(house)
    talk.say(choice="topic:talent")
    talk.say(choice="ask:talent:0")
    assert talk.questions() == ["人才发展", "博士、硕士住房补贴一个月多少？"]
    assert "每月500元" in talk.say("本科呢").text


def test_a_button_pressed_twice_is_one_turn(house: House) -> None:
    talk = Talk(house)
    first = talk.say(choice="ask:talent:0", id="m1")
    assert talk.say(choice="ask:talent:0", id="m1") == first
    assert len(talk.questions()) == 1


@pytest.mark.parametrize("choice", ["topic:nothing", "ask:science:99", "whatever", "topic:../x"])
def test_a_button_that_was_never_made_is_told_and_breaks_nothing(house: House, choice: str) -> None:
    talk = Talk(house)
    assert talk.say(choice=choice).status == "error_empty"
    assert talk.say(REWARD).status == "answered"


def test_an_english_message_is_answered_in_english(house: House) -> None:
    talk = Talk(house)
    assert "eligibility was not judged" in talk.say("我们是高新技术企业，能享受什么政策", lang="en").text
    assert talk.say("有什么补贴", lang="en").choices[0].label == "Science and technology"


def test_the_day_of_a_message_is_the_day_of_its_answer(house: House) -> None:
    today = house.clock.today()
    reply = Talk(house).say("首次创办小微企业创业补贴多少", as_of=today.replace(year=2023))
    assert reply.answer is not None
    assert reply.answer.as_of == today.replace(year=2023)
    assert cited(reply)[0] == "qd-startup-2022"


def test_forgetting_leaves_nothing_to_lean_on(house: House) -> None:
    talk = Talk(house)
    talk.say("博士住房补贴一个月多少")
    assert talk.conversation.forget(talk.account, "main") == 1
    assert talk.questions() == []
    assert topic(talk.say("硕士呢")) == "硕士呢"


def test_stages_are_told_while_a_question_is_worked_on(house: House) -> None:
    talk, stages = Talk(house), list[str]()
    talk.conversation.handle(talk.message(REWARD), stages.append)
    assert stages[-2:] == ["verifying", "done"]


class Failing(Pipeline):
    """Fails at the first question, whatever it is, and answers from then on."""

    failed = False

    def answer(self, question: Question, *rest: Any) -> Answer:
        if not self.failed:
            self.failed = True
            raise RuntimeError("secret detail")
        return super().answer(question, *rest)


def test_a_fault_says_sorry_with_a_reference_that_stands_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.ask._pipeline = Failing(house.reader, house.clock.today)
    talk = Talk(house)
    with caplog.at_level(logging.ERROR):
        reply = talk.say(REWARD, id="m1")
    assert reply.status == "error_internal"
    assert "secret detail" not in reply.text
    (reference,) = re.findall(r"[0-9a-f]{8}", reply.text)
    assert reference in caplog.text
    assert "secret detail" in caplog.text


def test_a_fault_keeps_nothing_and_the_same_message_can_be_sent_again(house: House) -> None:
    house.ask._pipeline = Failing(house.reader, house.clock.today)
    talk = Talk(house)
    assert talk.say(REWARD, id="m1").status == "error_internal"
    assert talk.questions() == []
    assert talk.say(REWARD, id="m1").status == "answered"
    assert talk.questions() == [REWARD]


def test_a_message_without_words_is_told(house: House) -> None:
    talk = Talk(house)
    assert talk.say("").status == "error_empty"
    assert talk.conversation.handle(replace(talk.message(None), id="m9")).status == "error_empty"


@pytest.mark.parametrize(
    "text", ["\x00\x01", "\ud800", "\u202e政策", "政" * 10_000, "🙂" * 50, "'; DROP TABLE turns; --"]
)
def test_awkward_words_are_answered_and_kept(house: House, text: str) -> None:
    talk = Talk(house)
    reply = talk.say(text, id="m1")
    assert reply.text
    assert talk.say(text, id="m1") == reply
    assert talk.say(REWARD).status == "answered"


# Beside needs


def without_needs(house: House) -> Conversation:
    return Conversation(house.ask, History(house.engine, house.clock), house.accounts())


@pytest.mark.parametrize("text", ["提交需求", "我的需求", "转人工", "找技术"])
def test_without_needs_everything_is_a_question(house: House, text: str) -> None:
    talk = Talk(house)
    talk.conversation = without_needs(house)
    assert not talk.say(text).status.startswith("form_")
    assert talk.say(REWARD, id="m9").choices == ()


def test_a_question_is_no_turn_of_a_form(house: House) -> None:
    talk = Talk(house)
    assert talk.say(REWARD).status == "answered"
    assert house.needs().drafts.all(talk.house.accounts().of("telegram", "42").person) == []


def test_a_refusal_offers_a_person_and_stays_the_refusal_it_was(house: House) -> None:
    talk = Talk(house)
    with_needs = talk.say("《飞天计划》奖励多少", id="m1")
    talk.conversation = without_needs(house)
    alone = talk.say("《飞天计划》奖励多少", id="m2")
    assert [choice.label for choice in with_needs.choices] == ["转人工，登记这个问题"]
    assert replace(with_needs, choices=(), answer=None) == replace(alone, answer=None)


def test_form_turns_are_kept_and_shown_but_leaned_on_by_no_follow_up(house: House) -> None:
    talk = Talk(house)
    talk.say("博士住房补贴一个月多少")
    talk.say("找人才")
    talk.say("暂存")
    assert talk.questions() == ["博士住房补贴一个月多少", "找人才", "暂存"]
    assert "每月800元" in talk.say("硕士呢").text


def test_a_fault_in_a_form_says_sorry_and_the_same_message_can_be_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Talk(house)
    with monkeypatch.context() as broken:
        broken.setattr(house.needs().drafts, "all", lambda person: 1 / 0)
        assert talk.say("找人才", id="m1").status == "error_internal"
    assert talk.questions() == []
    assert talk.say("找人才", id="m1").status == "form_question"


def test_an_account_that_was_erased_can_still_ask(house: House) -> None:
    talk = Talk(house)
    house.accounts().erase(talk.account)
    message = replace(talk.message("找人才"), account=house.accounts().of("telegram", "9").id)
    assert talk.conversation.handle(message).status == "form_question"

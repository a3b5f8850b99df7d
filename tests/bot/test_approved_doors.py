"""An approved answer in every door: staff's words as they are, under the line that says so, apart from the clauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.bootstrap import House
from bot.channels.telegram_bot.rendering import blocks_of
from bot.channels.web_chat.layout import Card, lay_out
from bot.channels.web_chat.schema import ChatReply
from bot.clock import FixedClock
from bot.dialogs.footnotes import FootnotedText
from bot.history import History
from bot.messages import Reply
from bot.phrases import Phrases
from rag.approved import ground_on
from rag.indexing import publish
from rag.models import ApprovedAnswer
from tests.support.houses import a_house
from tests.support.policies import changed, policies
from tests.support.talking import Talker

QUOTE = "首次通过高新技术企业认定的，一次性奖励10万元。"
SAID = f"《青岛市高新技术企业培育若干措施》写明：{QUOTE}\n\n<b>宿舍</b>没有单独的补贴。"
LINE = "工作人员核定的回答（政策服务组，2026-03-02 核定，有效至 2026-08-31）："
DORM = "员工宿舍有补贴吗"


@pytest.fixture
def house(data_dir: Path, clock: FixedClock) -> Iterator[House]:
    house = a_house(data_dir, clock)
    shelf = house.reader.shelf()
    assert shelf is not None
    passage = next(held for held in shelf.opened.passages_of("qd-hitech-2025") if QUOTE in held.text)
    ground = ground_on(passage, QUOTE, shelf)
    assert ground is not None
    answer = ApprovedAnswer(0, SAID, (DORM,), (ground,), "", date(2026, 3, 2), date(2026, 8, 31), "政策服务组")
    house.kept.keep(answer, DORM, shelf.opened.release.id, "edit", waits=False)
    yield house
    house.engine.dispose()


@pytest.fixture
def reply(house: House) -> Reply:
    return Talker(house).say("请问员工宿舍有没有补贴？")


def test_the_text_says_whose_words_they_are_and_has_them_as_they_are(house: House, reply: Reply) -> None:
    assert reply.text.startswith(
        f"{LINE}\n\n{SAID}\n\n依据条款：\n\n《青岛市高新技术企业培育若干措施》青科规〔2025〕7号\n"
    )
    assert reply.text.count(QUOTE) == 2
    turn = History(house.engine, house.clock).last(*_thread(house))[-1]
    assert turn.found is not None
    assert turn.found["approved"] == 1
    assert turn.release is not None


def test_the_page_draws_them_before_the_card_and_no_card_takes_their_place(reply: Reply) -> None:
    told = ChatReply.of(reply)
    assert told.approved is not None
    assert (told.approved.text, told.approved.by) == (SAID, "政策服务组")
    blocks = lay_out(ChatReply.model_validate(told.model_dump(mode="json"))).blocks
    assert blocks[:4] == [LINE, *SAID.split("\n\n"), "依据条款："]
    assert [block.policy.quote for block in blocks if isinstance(block, Card)] == [QUOTE]


def test_telegram_marks_the_clause_as_a_quote_and_not_what_staff_quote(reply: Reply) -> None:
    quotes = [block.text for block in blocks_of(reply) if block.style == "quote"]
    assert quotes == [QUOTE]
    assert "".join(block.text for block in blocks_of(reply)) == reply.text
    before = reply.text.index(QUOTE)
    at = 0
    for block in blocks_of(reply):
        assert not (block.style == "quote" and at <= before < at + len(block.text))
        at += len(block.text)


def test_programs_get_them_in_one_piece_with_footnotes(reply: Reply) -> None:
    assert reply.answer is not None
    parts = FootnotedText(Phrases("zh"), "12345", 300).parts(reply.answer)
    assert f"{LINE}\n\n{SAID}\n" in parts
    assert f"「{QUOTE}」" in "".join(parts)


def test_one_asked_again_goes_by_the_release_of_the_moment(house: House) -> None:
    talker = Talker(house)
    assert LINE in talker.say(DORM).text
    publish(
        [changed(held, "10万元", "20万元") if held.id == "qd-hitech-2025" else held for held in policies()],
        house.places,
        house.clock.now(),
    )
    assert LINE not in talker.say(DORM).text
    assert talker.conversation.handle(replace(talker.message(DORM), id=f"{talker.account}-1")).text.startswith(LINE)


def _thread(house: House) -> tuple[str, str]:
    account = house.accounts().of("telegram", "42").id
    return account, History(house.engine, house.clock).conversations(account)[0].id

"""Telegram as it behaves at its worst: everything three times and out of order, many at once, answers unlike any."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram_bot.crossing import Crossing
from bot.channels.telegram_bot.store.inbox import UNSURE
from bot.clock import FixedClock
from bot.messages import Message, Reply
from tests.support.telegram_rig import Rig, rig

QUESTION = "首次认定高新技术企业奖励多少钱"
WINDOW = 5


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    with rig(data_dir, clock) as made:
        made.round()
        yield made


# Everything three times, shuffled inside a window of five


class Thrice:
    """What anybody says comes together with questions of four others: five updates, each three times, shuffled."""

    def __init__(self, telegram: Rig) -> None:
        self._telegram = telegram
        self._dice = random.Random(5)  # noqa: S311  # the order of updates, no secret
        self._numbers = iter(range(5000, 9000))
        self._kept: list[dict[str, Any]] = []
        self.askers: list[int] = []

    def send(self, update: Mapping[str, Any]) -> int:
        window = [self._numbered(update), *(self._numbered(self._question()) for _ in range(WINDOW - 1))]
        deliveries = window * 3
        self._dice.shuffle(deliveries)
        for delivery in deliveries:
            self._telegram.door.keep([delivery])
        self._kept += window
        return int(window[0]["update_id"])

    def again(self) -> None:
        """All that ever came, once more."""
        self._telegram.door.keep(self._kept)
        self._telegram.round()

    def _numbered(self, update: Mapping[str, Any]) -> dict[str, Any]:
        return {"update_id": next(self._numbers), **update}

    def _question(self) -> dict[str, Any]:
        self.askers.append(20_000 + len(self.askers))
        return {"message": self._telegram.api.message(QUESTION, self.askers[-1])}


def fill_in(telegram: Rig, user: int = 7) -> None:
    """Fill in 简要登记 to its receipt."""

    def press(*labels: str) -> None:
        shown = telegram.api.to(user)[-1]
        telegram.press(shown, next(label for label in shown.labels if label.startswith(labels)))

    telegram.say("/brief", user)
    telegram.say("我们做海洋传感器，想找高校一起攻关耐腐蚀涂层", user)
    press("崂山区")
    press("同意")
    telegram.say("张工", user)
    telegram.say("13800138000", user)
    while not telegram.house.needs().cases.find():
        press("仅", "对接", "我承诺", "承诺", "提交")


def test_what_comes_three_times_and_out_of_order_is_answered_and_submitted_once(
    telegram: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrice = Thrice(telegram)
    monkeypatch.setattr(telegram.api, "send", thrice.send)
    fill_in(telegram)
    shown = [posted.text for posted in telegram.api.to(7)]
    thrice.again()
    (case,) = telegram.house.needs().cases.find()
    assert sum(case.reference in text for text in shown) == 1
    assert [posted.text for posted in telegram.api.to(7)] == shown
    assert {len(telegram.api.to(user)) for user in thrice.askers} == {1}
    assert telegram.door.inbox.counts() == {"done": len(thrice.askers) // (WINDOW - 1) * WINDOW}


# What nobody can use, at every step


UNUSABLE: tuple[dict[str, Any], ...] = (
    {"sticker": {"file_id": "s", "emoji": "😀"}},
    {"voice": {"file_id": "v", "duration": 3}},
    {"location": {"latitude": 36.1, "longitude": 120.4}},
    {"contact": {"phone_number": "+8613900139000", "first_name": "李", "user_id": 8}},
)


def test_in_every_step_what_cannot_be_used_is_said_so_and_the_step_is_asked_again(telegram: Rig) -> None:
    steps: list[str] = []
    person = telegram.house.accounts().of("telegram", "7").person
    step = telegram.round

    def interrupted() -> None:
        """After each round of the walk, the four of them."""
        step()
        draft = telegram.house.needs().drafts.active(person)
        if draft is None or draft.form_version is None:
            return
        asked = next(each for each in reversed(telegram.api.to(7)) if each.keyboard).text.splitlines()[-1]
        steps.append(asked)
        for content in UNUSABLE:
            telegram.api.say(None, 7, **content)
            step()
            assert asked in telegram.api.to(7)[-1].text
        after = telegram.house.needs().drafts.active(person)
        assert after is not None
        assert after.answers == draft.answers

    telegram.round = interrupted  # type: ignore[method-assign]
    fill_in(telegram)
    assert len(set(steps)) >= 6, steps


# Many at once


def test_no_chat_sees_a_word_of_another(telegram: Rig) -> None:
    """Eight at once, each with a word of its own in what it asks and in the need it fills in."""
    words = {user: f"灯塔{user}号" for user in range(101, 109)}

    def all_say(what: Callable[[str], str]) -> None:
        for user, word in words.items():
            telegram.api.say(what(word), user)
        telegram.round()

    all_say(lambda word: f"{word}首次认定高新技术企业奖励多少钱")
    all_say(lambda _: "/brief")
    all_say(lambda word: f"我们给{word}做传感器，想找高校一起攻关耐腐蚀涂层")
    all_say(lambda _: "预览")
    for user, word in words.items():
        shown = "\n".join(posted.text for posted in telegram.api.to(user))
        assert word in shown
        assert not [other for other in words.values() if other != word and other in shown]


# A note that a killed process sent and could not remember


class Killed:
    """An answer so slow that a note is sent, of which nothing is remembered at the first attempt."""

    def __init__(self, telegram: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self._telegram = telegram
        self._talk = telegram.door._hall.talk
        self._remember = telegram.door.inbox.note_placeholder
        self.attempts = 0
        object.__setattr__(telegram.door._hall, "talk", self)
        monkeypatch.setattr(telegram.door.inbox, "note_placeholder", self._note)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._talk, name)

    def _note(self, update: int, message: int | None) -> None:
        if self.attempts == 1 and message != UNSURE:
            raise OSError("killed")
        self._remember(update, message)

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        self.attempts += 1
        if self.attempts == 1:
            self._telegram.api.wait(self._noted)
            raise OSError("killed")
        return self._talk.handle(message, on_stage)

    def _noted(self) -> bool:
        self._telegram.loop.call_soon_threadsafe(self._telegram.time.advance, 0.5)
        return any("正在检索" in posted.text for posted in self._telegram.api.to(7))


def test_a_note_nobody_remembers_is_found_and_becomes_the_answer(
    telegram: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = Killed(telegram, monkeypatch)
    telegram.say(QUESTION)
    telegram.say(QUESTION, 8)
    telegram.later(2)
    telegram.round()
    assert killed.attempts == 3
    (answer,) = telegram.api.to(7)
    assert answer.history
    assert "10万元" in answer.text


def test_a_message_that_is_no_note_is_not_written_over(telegram: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note was taken away meanwhile, and what stands after the question is known to be something else."""
    killed = Killed(telegram, monkeypatch)
    telegram.say(QUESTION)
    (note,) = telegram.api.to(7)
    note.deleted = True
    telegram.door.outgoing.enqueue("notice:1", 7, [], telegram.now.now())
    telegram.api.say("后来的话", 9)
    telegram.later(2)
    telegram.round()
    assert killed.attempts == 3
    (answer,) = telegram.api.to(7)
    assert not answer.history
    assert "10万元" in answer.text
    assert len(telegram.api.to(9)) == 1


# One new message on its way at a time


def test_nobody_sets_out_before_the_one_ahead_is_marked() -> None:
    order: list[str] = []

    async def cross(crossing: Crossing, name: str, marked: asyncio.Event) -> None:
        async with crossing.alone() as arrived:
            order.append(f"{name} sets out")
            arrived()
            await marked.wait()
            order.append(f"{name} is marked")

    async def both() -> None:
        crossing, marked = Crossing(quick=0.0), asyncio.Event()
        crossings = [asyncio.create_task(cross(crossing, name, marked)) for name in "ab"]
        for _ in range(20):
            await asyncio.sleep(0)
        marked.set()
        await asyncio.gather(*crossings)

    asyncio.run(both())
    assert order == ["a sets out", "a is marked", "b sets out", "b is marked"]


def test_who_is_slow_to_arrive_or_falls_holds_up_nobody() -> None:
    async def cross() -> list[str]:
        crossing, order = Crossing(quick=0.0), list[str]()
        slow = asyncio.Event()

        async def late() -> None:
            async with crossing.alone():
                await slow.wait()
                raise OSError("no network")

        stuck = asyncio.create_task(late())
        await asyncio.sleep(0)
        async with crossing.alone():
            order.append("the next")
        slow.set()
        with pytest.raises(OSError, match="no network"):
            await stuck
        async with crossing.alone():
            order.append("the one after")
        return order

    assert asyncio.run(cross()) == ["the next", "the one after"]


# Answers unlike any


def odd(telegram: Rig, method: str, answer: Any) -> None:
    """From now on the Bot API does what is asked and answers this."""
    does = getattr(telegram.api, method)

    def oddly(parameters: dict[str, Any]) -> Any:
        does(parameters)
        return answer

    setattr(telegram.api, method, oddly)


def test_a_message_whose_receipt_has_fields_the_library_cannot_read_is_sent_once(telegram: Rig) -> None:
    does = telegram.api.on_send_message
    strange = {"poll": {"question": 1}, "reply_to_message": {}, "chat": {"id": 7}, "date": "today"}
    setattr(telegram.api, "on_send_message", lambda parameters: {**does(parameters), **strange})  # noqa: B010
    assert len(telegram.say(QUESTION)) == 1
    telegram.later(90_000)
    telegram.round()
    assert len(telegram.api.to(7)) == 1


def test_a_receipt_that_says_nothing_is_not_answered_with_the_same_message_for_a_day(telegram: Rig) -> None:
    odd(telegram, "on_send_message", {"ok": "?"})
    telegram.api.say(QUESTION)
    for _ in range(6):
        work = telegram.loop.create_task(telegram.door.round())
        while not work.done():
            telegram.do(asyncio.sleep(0.001))
            telegram.time.advance(60)
    assert sum("10万元" in posted.text for posted in telegram.api.to(7)) == 3
    assert telegram.door.status()["messages"] == {"failed": 1}


def test_a_button_works_where_its_ornaments_are_answered_with_nothing(telegram: Rig) -> None:
    odd(telegram, "on_edit_message_reply_markup", None)
    odd(telegram, "on_answer_callback_query", None)
    telegram.say("/brief")
    (asked,) = telegram.say("我们做海洋传感器，想找高校一起攻关耐腐蚀涂层")
    (after,) = telegram.press(asked, "崂山区")
    assert "同意" in "".join(after.labels)


def test_a_menu_that_cannot_be_shown_keeps_nobody_from_answers(data_dir: Path, clock: FixedClock) -> None:
    with rig(data_dir, clock) as telegram:
        telegram.api.fault("setMyCommands", 500, times=9)
        assert len(telegram.say(QUESTION)) == 1


def test_something_else_than_the_bot_api_at_the_address_is_named_and_tried_again(
    data_dir: Path, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    with rig(data_dir, clock) as telegram:
        knows = telegram.api.on_get_me
        setattr(telegram.api, "on_get_me", lambda _parameters: ["Welcome!"])  # noqa: B010

        async def connect() -> str:
            connecting = asyncio.create_task(telegram.door._connect())
            while not telegram.door.status()["trouble"]:
                await asyncio.sleep(0.001)
            setattr(telegram.api, "on_get_me", knows)  # noqa: B010
            while not connecting.done():
                telegram.time.advance(60)
                await asyncio.sleep(0.001)
            return connecting.result()

        assert telegram.do(connect()) == "kechuang_test_bot"
    assert "启动时连不上 Telegram" in caplog.text
    assert "已连上" in caplog.text

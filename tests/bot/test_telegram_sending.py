"""What the Telegram door sends: kept until it is out, retried, fallen back on, given up; notices; reply parts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.accounts import Account
from bot.channels.telegram_bot.delivering import TelegramDeliverer
from bot.channels.telegram_bot.parts import Attached, Button, Part
from bot.channels.telegram_bot.rendering import MOST_PAGES
from bot.clock import FixedClock
from bot.couriers import DeliveryError
from bot.outbox import Notice
from tests.support.bot_api import Posted
from tests.support.telegram_rig import Rig, rig


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    with rig(data_dir, clock) as made:
        yield made


def sent(telegram: Rig, *parts: Part, chat: int = 7, key: str = "k") -> list[Posted]:
    telegram.door.outgoing.enqueue(key, chat, parts, telegram.now.now())
    telegram.round()
    return telegram.api.to(chat)


def state(telegram: Rig, key: str = "k") -> list[tuple[str, str | None]]:
    return [(delivery.state, delivery.error) for delivery in telegram.door.outgoing.delivery(key)]


def test_parts_go_out_in_order_and_once(telegram: Rig) -> None:
    posted = sent(telegram, *(Part(str(number)) for number in range(5)))
    assert [each.text for each in posted] == ["0", "1", "2", "3", "4"]
    telegram.door.outgoing.enqueue("k", 7, [Part("again")], telegram.now.now())
    telegram.round()
    assert len(telegram.api.to(7)) == 5


@pytest.mark.parametrize("how", [502, 500, "drop", "garbage"])
def test_a_fault_of_the_network_is_tried_again(telegram: Rig, how: int | str) -> None:
    telegram.api.fault("sendMessage", how, times=2)
    telegram.door.outgoing.enqueue("k", 7, [Part("你好")], telegram.now.now())
    work = telegram.loop.create_task(telegram.door.round())

    def out() -> bool:
        telegram.loop.call_soon_threadsafe(telegram.time.advance, 1.0)
        return bool(telegram.api.to(7))

    waiter = threading.Thread(target=lambda: telegram.api.wait(out))
    waiter.start()
    telegram.do(work)
    waiter.join()
    assert [each.text for each in telegram.api.to(7)] == ["你好"]
    assert state(telegram) == [("sent", None)]


def test_who_blocked_the_bot_is_unreachable_and_their_queue_is_given_up(telegram: Rig) -> None:
    telegram.api.blocked.add(7)
    sent(telegram, Part("一"), Part("二"))
    assert [each[0] for each in state(telegram)] == ["failed", "failed"]
    assert telegram.door.chats.get(7).unreachable_at == telegram.now.now()
    assert telegram.door.status()["unreachable"] == 1
    telegram.api.blocked.clear()
    assert telegram.say("/help")
    assert telegram.door.chats.get(7).unreachable_at is None


def test_blocking_and_unblocking_are_noticed(telegram: Rig) -> None:
    body = {"chat": {"id": 7, "type": "private"}, "from": {"id": 7}, "date": 1}
    telegram.send(7, {"my_chat_member": {**body, "new_chat_member": {"status": "kicked"}}})
    assert telegram.door.chats.get(7).unreachable_at is not None
    telegram.send(7, {"my_chat_member": {**body, "new_chat_member": {"status": "member"}}})
    assert telegram.door.chats.get(7).unreachable_at is None


def test_a_chat_that_is_gone_is_given_up_like_one_that_blocks(telegram: Rig) -> None:
    telegram.api.fault("sendMessage", 400, times=9, description="Bad Request: chat not found")
    sent(telegram, Part("一"), Part("二"))
    assert [each[0] for each in state(telegram)] == ["failed", "failed"]


def test_a_message_that_telegram_takes_in_no_form_is_given_up_and_the_next_goes_out(telegram: Rig) -> None:
    telegram.api.fault("sendMessage", 400, times=2, description="Bad Request: odd")
    posted = sent(telegram, Part("一", "<b>一</b>"), Part("二"))
    assert [each.text for each in posted] == ["二"]
    assert state(telegram)[0][0] == "failed"


def test_buttons_that_telegram_refuses_are_left_out(telegram: Rig) -> None:
    (posted,) = sent(telegram, Part("看", rows=((Button("网页", url="gopher://x"),),)))
    assert posted.keyboard == []
    assert posted.text == "看"


def test_a_message_is_written_over_another_and_again_without_harm(telegram: Rig) -> None:
    (first,) = sent(telegram, Part("等"))
    sent(telegram, Part("好", edit=first.id), key="k2")
    assert [each.text for each in telegram.api.to(7)] == ["好"]
    sent(telegram, Part("好", edit=first.id), key="k3")  # "message is not modified"
    assert state(telegram, "k3") == [("sent", None)]
    assert len(telegram.api.to(7)) == 1


def test_what_cannot_be_written_over_is_sent_anew(telegram: Rig) -> None:
    posted = sent(telegram, Part("好", edit=4242))
    assert [each.text for each in posted] == ["好"]


def test_a_file_that_is_gone_is_said_to_be(telegram: Rig) -> None:
    (posted,) = sent(telegram, Part("表.pdf", file=Attached("表.pdf", digest="0" * 64)))
    assert "表.pdf" in posted.text
    assert posted.document is None


def test_a_group_that_became_a_supergroup_keeps_its_team_and_its_messages(telegram: Rig) -> None:
    telegram.door.chats.bind(-5, "city", "admin")
    telegram.api.fault("sendMessage", 400, description="moved", migrate_to=-1005)
    sent(telegram, Part("新需求"), chat=-5)
    telegram.round()
    assert [each.text for each in telegram.api.to(-1005)] == ["新需求"]
    assert telegram.door.chats.groups_of("city") == [-1005]


def test_a_long_text_comes_in_pages_and_a_very_long_one_as_a_file(telegram: Rig) -> None:
    from bot.channels.telegram_bot.paging import Block
    from bot.channels.telegram_bot.rendering import text_parts
    from bot.channels.telegram_bot.words import Words

    long = "这一句有十几个字，说的是申报条件。" * 500
    parts = text_parts([Block(long)], Words("zh").labels)
    posted = sent(telegram, *parts)
    assert len(posted) == len(parts) == 3
    assert all(each.text.endswith("。") for each in posted)
    assert "".join(each.text for each in posted) == long
    posted = sent(telegram, *text_parts([Block(long * 10)], Words("zh").labels), key="k2")[3:]
    assert len(posted) == MOST_PAGES
    assert posted[-1].document is not None
    assert posted[-1].document[1].decode("utf-8-sig") == long * 10


def test_what_was_not_sent_before_the_end_is_sent_after_the_next_start(telegram: Rig) -> None:
    telegram.door.outgoing.enqueue("k", 7, [Part("一")], telegram.now.now())
    telegram.restart()
    telegram.round()
    assert [each.text for each in telegram.api.to(7)] == ["一"]


def test_what_is_due_later_holds_up_nothing(telegram: Rig) -> None:
    later = telegram.now.now() + timedelta(hours=1)
    telegram.door.outgoing.enqueue("later", 7, [Part("晚")], telegram.now.now(), later)
    assert [each.text for each in sent(telegram, Part("早"))] == ["早"]
    telegram.later(3601)
    telegram.round()
    assert [each.text for each in telegram.api.to(7)] == ["早", "晚"]


# Notices


def notice(number: int = 1, **body: Any) -> Notice:
    return Notice(number, "a", "case.accepted", {"reference": "KC26-7K2M9-4", **body}, 0)


def deliver(telegram: Rig, note: Notice) -> BaseException | None:
    """As the courier does: from a thread of its own, while the door is up."""
    door = TelegramDeliverer(telegram.door.outgoing, telegram.door, telegram.now.now)
    fault: list[BaseException] = []

    def run() -> None:
        try:
            door.deliver(Account("a", "p", "telegram", "7", {}), "已受理", note)
        except DeliveryError as error:
            fault.append(error)
        finally:
            telegram.loop.call_soon_threadsafe(ended.set)

    import asyncio

    ended = asyncio.Event()

    async def serve() -> None:
        await telegram.door.round()
        thread = threading.Thread(target=run)
        thread.start()
        while not ended.is_set():
            await telegram.door.round()
        thread.join()

    telegram.do(serve())
    return fault[0] if fault else None


def test_a_notice_arrives_once_with_a_button_to_its_case(telegram: Rig) -> None:
    assert deliver(telegram, notice()) is None
    assert deliver(telegram, notice()) is None  # again, after a crash before it was marked
    (posted,) = telegram.api.to(7)
    assert (posted.text, posted.labels) == ("已受理", ["查看进度"])
    (said,) = telegram.press(posted, "查看进度")
    assert "KC26-7K2M9-4" in said.text


def test_a_notice_to_who_blocked_the_bot_fails_for_good(telegram: Rig) -> None:
    telegram.api.blocked.add(7)
    fault = deliver(telegram, notice(2))
    assert isinstance(fault, DeliveryError)
    assert fault.permanent


def test_a_notice_waits_where_the_door_is_not_up(telegram: Rig) -> None:
    door = TelegramDeliverer(telegram.door.outgoing, telegram.door, telegram.now.now)
    with pytest.raises(DeliveryError) as refused:
        door.deliver(Account("a", "p", "telegram", "7", {}), "已受理", notice(3))
    assert not refused.value.permanent
    telegram.round()
    assert [each.text for each in telegram.api.to(7)] == ["已受理"]

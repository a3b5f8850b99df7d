"""How fast messages go out, on a clock that stands still: limits hold, and one chat's wait is nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_bot.pacing import ALL_AT_ONCE, ALL_PER_SECOND, Bucket, Pace
from bot.channels.telegram_bot.parts import Part
from bot.clock import FixedClock
from tests.support.telegram_rig import Rig, StillTime, rig


@given(st.lists(st.floats(0, 3), max_size=200))
def test_no_second_has_more_than_thirty_messages(pauses: list[float]) -> None:
    bucket, now, sent = Bucket(ALL_PER_SECOND, ALL_AT_ONCE), 0.0, []
    for pause in pauses:
        now += pause / 10
        sent.append(now + bucket.reserve(now))
    sent.sort()
    assert all(sent[place + 30] - sent[place] > 1 - 1e-9 for place in range(len(sent) - 30))


def test_a_chat_has_a_short_burst_and_then_one_a_second() -> None:
    bucket = Bucket(1.0, 3)
    assert [bucket.reserve(0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert bucket.wait(10.0) == 0.0


def test_what_may_be_left_out_takes_no_place_that_is_not_free() -> None:
    pace = Pace(StillTime())
    assert [pace.spare(7) for _ in range(4)] == [True, True, True, False]
    assert pace.spare(8)
    pace.hold(8, 5)
    assert not pace.spare(8)


def test_a_group_gets_fewer() -> None:
    async def sent_in(chat: int, seconds: float) -> int:
        time = StillTime()
        pace, count = Pace(time), 0

        async def send() -> None:
            nonlocal count
            while True:
                await pace.turn(chat)
                count += 1

        task = asyncio.create_task(send())
        for _ in range(int(seconds * 10)):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            time.advance(0.1)
        task.cancel()
        return count

    assert asyncio.run(sent_in(-5, 60)) <= 25
    assert 55 <= asyncio.run(sent_in(5, 60)) <= 64


@pytest.fixture
def limited(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    """A door with the true limits."""
    with rig(data_dir, clock, paced=True) as made:
        yield made


def test_a_chat_that_is_told_to_wait_holds_up_nobody_else(limited: Rig) -> None:
    telegram = limited
    telegram.round()
    telegram.api.fault("sendMessage", 429, times=1, chat=1, retry_after=30)
    for chat in range(1, 21):
        telegram.door.outgoing.enqueue(f"k{chat}", chat, [Part("一"), Part("二")], telegram.now.now())

    async def until_sent(count: int, most_seconds: float, step: float) -> float:
        """Let time pass until so many messages are out; the seconds that took."""
        _, sender = telegram.door.sending() or pytest.fail("the door is not up")
        task, passed = asyncio.create_task(sender.drain()), 0.0
        try:
            while len(telegram.api.posted) < count:
                assert passed < most_seconds, [posted.chat for posted in telegram.api.posted]
                calls = len(telegram.api.calls)
                telegram.time.advance(step)
                telegram.now.advance(timedelta(seconds=step))
                passed += step
                for _ in range(100):  # what can go now goes: real HTTP, in which no time of ours passes
                    await asyncio.sleep(0.001)
                    if len(telegram.api.calls) > calls:
                        break
        finally:
            task.cancel()
        return passed

    telegram.do(until_sent(38, 5.0, 0.04))
    assert telegram.api.to(1) == []
    assert all([posted.text for posted in telegram.api.to(chat)] == ["一", "二"] for chat in range(2, 21))
    took = telegram.do(until_sent(40, 40.0, 1.0))
    assert took > 25  # it waited as long as it was told to
    assert [posted.text for posted in telegram.api.to(1)] == ["一", "二"]

"""Telegram survives kill -9 and SIGTERM under load: a kill at each point, a stop. `make faults` runs thirty at each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.telegram_bot import FAILPOINTS, door_at
from tests.faults.telegram_rounds import Ground, Person, RoundError, kill_rounds, stop_rounds


def test_a_kill_at_each_point_loses_nothing_and_submits_nothing_twice(tmp_path: Path) -> None:
    with Ground.at(tmp_path) as ground:
        kill_rounds(ground, list(FAILPOINTS))
        assert len(ground.killed) == len(FAILPOINTS)
        assert all(person.reference for person in ground.people)


def test_a_stop_under_load_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with Ground.at(tmp_path) as ground:
        stop_rounds(ground, 1, people=0)
        assert ground.repeated == 0


def test_the_rounds_notice_what_was_lost_and_what_came_twice(tmp_path: Path) -> None:
    with Ground.at(tmp_path) as ground:
        ground.questions.append(10_000)
        with pytest.raises(RoundError, match="lost"):
            ground.check()
        for _ in range(2):
            ground.api._post(10_000, "一", {})
        with pytest.raises(RoundError, match="repeated"):
            ground.check()
        ground.killed.append(0.0)
        with pytest.raises(RoundError, match="repeated"):  # the kill came before both
            ground.check()
        ground.killed[:] = [ground.api.posted[0].at]
        ground.people.append(Person(ground.api, 1, reference="KC26-AAAAA-A"))
        with pytest.raises(RoundError, match="needs"):
            ground.check()


def test_every_failpoint_is_passed(tmp_path: Path) -> None:
    """A failpoint that is never passed would kill nobody and prove nothing."""
    passed: list[str] = []
    with Ground.at(tmp_path) as ground:
        ground.people.append(Person(ground.api, 1_000_000))
        ground.ask()

        async def live() -> None:
            stopping = asyncio.Event()
            running = asyncio.create_task(door_at(tmp_path, ground.api.url, passed.append, slow=True).run(stopping))
            await asyncio.to_thread(ground.settle)
            stopping.set()
            await running

        asyncio.run(live())
        ground.check()
    assert set(FAILPOINTS) <= set(passed)

"""Over eighty odd updates, each between two good ones: the good ones are answered, the odd ones as is right."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels.telegram_bot.arriving import arrival_of
from bot.channels.telegram_bot.reading import UnreadableError, read_update
from bot.clock import FixedClock
from tests.support.odd_updates import CHAT, Odd, odd_updates
from tests.support.telegram_rig import Rig, rig

ODD = list(odd_updates())


@pytest.fixture(scope="module")
def telegram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One door for all of them: what one left behind would harm the next."""
    folder: Path = tmp_path_factory.mktemp("odd")
    with rig(folder, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), questions_per_minute=10_000) as made:
        yield made


def test_there_are_over_eighty_of_them() -> None:
    assert len(ODD) >= 100
    assert len({odd.name for odd in ODD}) == len(ODD)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_update_between_two_good_ones(telegram: Rig, odd: Odd, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    before = {chat: len(telegram.api.to(chat)) for chat in (1, 2, CHAT)}
    telegram.api.say("/help", 1)
    telegram.api.send(odd.update)
    telegram.api.say("/help", 2)
    telegram.round()
    telegram.later(3)  # an album of one
    telegram.round()
    assert len(telegram.api.to(1)) == before[1] + 1
    assert len(telegram.api.to(2)) == before[2] + 1
    said = telegram.api.to(CHAT)[before[CHAT] :]
    assert bool(said) == (odd.fate == "said"), [posted.text for posted in said]
    assert not any("Traceback" in posted.text or "Error" in posted.text for posted in said)
    assert all(posted.text for posted in said)
    assert telegram.door.inbox.heads() == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_reading_an_odd_update_ends_in_an_update_or_in_words(odd: Odd) -> None:
    arrival = arrival_of({"update_id": 1, **odd.update})
    assert arrival.raw.isascii()
    with suppress(UnreadableError):
        read_update(odd.update)


def test_what_is_no_update_at_all_is_put_aside() -> None:
    for raw in (None, 5, "x", [], [1], True, {}, {"update_id": None}, {"update_id": True}, {"update_id": -1}):
        assert arrival_of(raw).ending == "quarantined"


def test_no_words_of_a_person_are_in_the_log(telegram: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    telegram.say("我的电话是13800138000，想问高企补贴", 9)
    telegram.api.send({"message": {"chat": {"id": 9, "type": "private"}, "text": ["秘密的话"]}})
    telegram.round()
    assert "text is no text" in caplog.text
    assert "秘密" not in caplog.text
    assert "13800138000" not in caplog.text

"""The Telegram door as a process, over a small house, dying of SIGKILL where it was told to.

`python -m tests.faults.telegram_bot DATA URL [FAILPOINT [TIMES]]`: after a SIGUSR1 it dies when it comes to the
failpoint for the TIMES-th time. What is wired is what the assistant wires; SIGTERM ends it as it ends the assistant.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.bootstrap import House, build
from bot.channels.telegram_bot.door import TelegramDoor
from bot.channels.telegram_bot.hall import Talk
from bot.clock import SystemClock
from bot.commands.telegram import make_door
from bot.logs import set_up
from bot.messages import Message, Reply
from intake.store.drafts import Draft, Drafts
from intake.submission import Submission
from tests.support.bot_api import TOKEN
from tests.support.houses import small_settings

QUESTION = "首次认定高新技术企业奖励多少钱"
NOTED = "noted"
DOOR_POINTS = ("fetched", "committed", "handling", "handled", "stored", "sent", NOTED)
FORM_POINTS = ("form-step", "confirm")
FAILPOINTS = (*DOOR_POINTS, *FORM_POINTS)
"""fetched: not yet kept · committed: kept, not confirmed · handling · handled: answered, the reply not kept · stored:
the reply kept, not sent · sent: not marked · noted: a note that an answer is on its way was sent, not remembered ·
form-step: an answer committed · confirm: a need submitted."""

SLOW = 1.6
"""Seconds an answer takes where notes are wanted: a little more than the note waits for."""


class Failpoint:
    """Kills this process, as the kernel would, when `name` is passed for the last of `times` times after `arm`."""

    def __init__(self, name: str = "", times: int = 1) -> None:
        self.name = name
        self._left = times
        self._armed = False

    def arm(self) -> None:
        self._armed = True

    def __call__(self, passed: str) -> None:
        if self._armed and passed == self.name:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class DyingDrafts(Drafts):
    def __init__(self, engine: Any, pass_by: Callable[[str], None]) -> None:
        super().__init__(engine)
        self._pass_by = pass_by

    def save(self, *given: Any, **named: Any) -> Draft:
        saved = super().save(*given, **named)
        self._pass_by("form-step")
        return saved


class DyingSubmission:
    """The submission, with the end of it in sight."""

    def __init__(self, submission: Submission, pass_by: Callable[[str], None]) -> None:
        self._submission = submission
        self._pass_by = pass_by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._submission, name)

    def submit(self, *given: Any, **named: Any) -> Any:
        receipt = self._submission.submit(*given, **named)
        self._pass_by("confirm")
        return receipt


class SlowTalk:
    """The conversation, as slow to answer a question as with a model."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._talk, name)

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        if message.text == QUESTION:
            time.sleep(SLOW)
        return self._talk.handle(message, on_stage)


def house_at(data: Path, url: str, pass_by: Callable[[str], None]) -> House:
    settings = small_settings(
        data, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=url, questions_per_minute=10_000
    )
    house = build(settings, SystemClock())
    needs = house.needs()
    dying = replace(
        needs,
        drafts=DyingDrafts(house.engine, pass_by),
        submission=DyingSubmission(needs.submission, pass_by),  # type: ignore[arg-type]  # it answers as one
    )
    house.__dict__["_needs"] = dying
    return house


def door_at(data: Path, url: str, pass_by: Callable[[str], None], *, slow: bool) -> TelegramDoor:
    house = house_at(data, url, pass_by)
    if slow:
        house.__dict__["conversation"] = lambda: SlowTalk(type(house).conversation(house))
    return make_door(house, pass_by)


async def serve(data: Path, url: str, point: Failpoint) -> None:
    door, stopping = door_at(data, url, point, slow=point.name == NOTED), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, point.arm)
    await door.run(stopping)


if __name__ == "__main__":
    data, url, *failing = sys.argv[1:]
    set_up(small_settings(Path(data), telegram_bot_token=SecretStr(TOKEN)))
    point = Failpoint(failing[0], int(failing[1]) if len(failing) > 1 else 1) if failing else Failpoint()
    asyncio.run(serve(Path(data), url, point))

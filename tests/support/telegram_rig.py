"""The Telegram door over a small house and a Bot API on loopback, driven round by round: nothing runs by itself."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.bootstrap import House
from bot.channels.telegram_bot.cards import Cards
from bot.channels.telegram_bot.door import Access, TelegramDoor
from bot.channels.telegram_bot.pacing import Pace
from bot.channels.telegram_bot.polling import Patience
from bot.clock import FixedClock
from bot.commands.telegram import hall_of
from intake.store.staff_notices import StaffInbox
from tests.support.bot_api import TOKEN, BotApi, Posted, bot_api
from tests.support.houses import a_house

UNLIMITED = 1e9


class StillTime:
    """Stands still until it is moved; whoever sleeps in it wakes when it has passed."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 1e-6:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    def advance(self, seconds: float) -> None:
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            *_, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


@dataclass
class Rig:
    """`round` fetches, answers and sends what is due. `now` is the clock of the house; `time` that of pauses."""

    api: BotApi
    house: House
    now: FixedClock
    door: TelegramDoor
    time: StillTime
    loop: asyncio.AbstractEventLoop
    rebuild: Callable[[], TelegramDoor]
    passed: list[str] = field(default_factory=list)

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def round(self) -> None:
        self.do(self.door.round())

    def say(self, text: str | None, user: int = 7, **more: Any) -> list[Posted]:
        """A person says this; what the bot posted to them in return."""
        return self._after(user, lambda: self.api.say(text, user, **more))

    def press(self, posted: Posted, label: str, user: int | None = None, **more: Any) -> list[Posted]:
        return self._after(posted.chat, lambda: self.api.press(posted, label, user, **more))

    def edit(self, message: int, text: str, user: int = 7) -> list[Posted]:
        return self._after(user, lambda: self.api.edit(message, text, user))

    def send(self, chat: int, update: dict[str, Any]) -> list[Posted]:
        return self._after(chat, lambda: self.api.send(update))

    def later(self, seconds: float) -> None:
        """The house's clock moves on."""
        self.now.advance(timedelta(seconds=seconds))

    def restart(self) -> None:
        """Another process with the same database."""
        self.do(self.door.close())
        self.door = self.rebuild()

    def _after(self, chat: int, act: Callable[[], Any]) -> list[Posted]:
        before = len(self.api.to(chat))
        act()
        self.round()
        return self.api.to(chat)[before:]


@contextmanager
def rig(data_dir: Path, clock: FixedClock, *, needs: bool = True, paced: bool = False, **changes: Any) -> Iterator[Rig]:
    """`needs=False`: only questions are answered. `paced`: with the limits of the field. `changes` are settings."""
    with bot_api() as api, _house(data_dir, clock, **changes) as house:
        time, passed = StillTime(), list[str]()
        loop = asyncio.new_event_loop()

        def build() -> TelegramDoor:
            return _door(house, api.url, time, passed.append, needs=needs, paced=paced)

        made = Rig(api, house, clock, build(), time, loop, build, passed)
        try:
            yield made
        finally:
            made.do(made.door.close())
            loop.close()


@contextmanager
def _house(data_dir: Path, clock: FixedClock, **changes: Any) -> Iterator[House]:
    house = a_house(data_dir, clock, **changes)
    try:
        yield house
    finally:
        house.engine.dispose()


def _door(
    house: House, url: str, time: StillTime, pass_by: Callable[[str], None], *, needs: bool, paced: bool
) -> TelegramDoor:
    hall = hall_of(house) if needs else replace(hall_of(house), needs=None, files=None)

    def cards(links: Any, chats: Any, outgoing: Any) -> Cards:
        return Cards(house.needs(), StaffInbox(house.engine), links, chats, outgoing, house.clock.now)

    access = Access(TOKEN, url, patience=Patience(hold=0, grace=20))
    pace = Pace(time) if paced else Pace(time, per_chat=UNLIMITED, all_per_second=UNLIMITED)
    return TelegramDoor(
        house.engine, hall, access, cards=cards if needs else None, clock=time, pace=pace, pass_by=pass_by
    )

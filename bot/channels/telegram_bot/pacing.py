"""How fast messages may go out: token buckets on a clock that is handed in, one for each chat and one for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

ALL_PER_SECOND, ALL_AT_ONCE = 25.0, 5
"""Together never more than 30 in any second, Telegram's limit for a bot."""

CHAT_PER_SECOND, CHAT_AT_ONCE = 1.0, 3
GROUP_PER_SECOND, GROUP_AT_ONCE = 1 / 3, 5
"""Telegram: one message a second in a chat, short bursts aside; twenty a minute in a group."""

_FULL = 10_000


class Time(Protocol):
    """What passes and can be waited for."""

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemTime:
    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Bucket:
    """At most `burst` at once and `rate` a second; whoever comes too early is told how long to wait for its place."""

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate
        self._ahead = (burst - 1) / rate
        self._next = float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until a place is free; takes none."""
        return max(0.0, self._next - self._ahead - now)

    def reserve(self, now: float) -> float:
        """Take the next place; seconds until it comes."""
        wait = self.wait(now)
        self._next = max(self._next, now + wait) + self._interval
        return wait

    def idle(self, now: float) -> bool:
        return self._next <= now


class Pace:
    """Whose turn it is to send."""

    def __init__(self, clock: Time, per_chat: float = CHAT_PER_SECOND, all_per_second: float = ALL_PER_SECOND) -> None:
        self._clock = clock
        self._per_chat = per_chat
        self._all = Bucket(all_per_second, ALL_AT_ONCE)
        self._chats: dict[int, Bucket] = {}
        self._held: dict[int, float] = {}

    async def turn(self, chat: int) -> None:
        """Wait until a message may go to this chat. One at a time for each chat."""
        await self._until(lambda now: self._held.get(chat, now) - now)
        await self._sleep(self._bucket(chat).reserve(self._clock.monotonic()))
        await self._sleep(self._all.reserve(self._clock.monotonic()))

    def spare(self, chat: int) -> bool:
        """Whether something that may be left out (typing, a progress note) can go now; takes its place if so."""
        now = self._clock.monotonic()
        if self._held.get(chat, now) > now or self._bucket(chat).wait(now) > 0 or self._all.wait(now) > 0:
            return False
        self._bucket(chat).reserve(now)
        self._all.reserve(now)
        return True

    def hold(self, chat: int, seconds: float) -> None:
        """Send nothing to this chat for so long (Telegram said so). Other chats go on."""
        self._held[chat] = self._clock.monotonic() + seconds

    async def _until(self, left: Callable[[float], float]) -> None:
        while (wait := left(self._clock.monotonic())) > 0:
            await self._clock.sleep(wait)

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self._clock.sleep(seconds)

    def _bucket(self, chat: int) -> Bucket:
        if chat not in self._chats:
            if len(self._chats) >= _FULL:
                self._sweep()
            group = chat < 0
            rate = self._per_chat * (GROUP_PER_SECOND / CHAT_PER_SECOND if group else 1)
            self._chats[chat] = Bucket(rate, GROUP_AT_ONCE if group else CHAT_AT_ONCE)
        return self._chats[chat]

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        self._chats = {chat: bucket for chat, bucket in self._chats.items() if not bucket.idle(now)}
        self._held = {chat: until for chat, until in self._held.items() if until > now}

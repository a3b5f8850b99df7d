"""Work on many chats side by side, on each of them by one task at a time."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Coroutine

IDLE = 30.0
"""Seconds after which it is looked again though nobody woke it."""

_PAUSE = 1.0
_log = logging.getLogger(__name__)


class PerChat(ABC):
    """`_begin` starts the chats whose turn it is with `_start`; `source` is what it reads, for the log."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False

    @abstractmethod
    async def _begin(self) -> float:
        """Start the chats whose turn it is; seconds until the next turn."""

    def wake(self) -> None:
        """Something new was kept. Call it in the loop's thread."""
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`. What is unfinished then is done at the next start."""
        while not self._stopping:
            self._wake.clear()
            wait = IDLE
            try:
                wait = await self._begin()
            except Exception:  # the database: it is logged, and tried again
                _log.exception("%s cannot be read", self._source)
                wait = _PAUSE
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue

    async def stop(self, seconds: float) -> None:
        """Begin nothing more, and let what is under way end, for so long at most."""
        self._stopping = True
        self._wake.set()
        if self._busy:
            _, late = await asyncio.wait(list(self._busy.values()), timeout=seconds)
            for task in late:
                task.cancel()

    async def drain(self) -> None:
        """Until nothing is due any more (tests)."""
        while True:
            await self._begin()
            if not self._busy:
                return
            await asyncio.wait(list(self._busy.values()), return_when=asyncio.FIRST_COMPLETED)

    def _start(self, chat: int, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._busy[chat] = task
        task.add_done_callback(lambda _task: self._rest(chat))

    def _rest(self, chat: int) -> None:
        """A chat's task has ended; something may have been kept between its last look and its end."""
        self._busy.pop(chat, None)
        self._wake.set()

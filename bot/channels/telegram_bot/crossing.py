"""One new message on its way to Telegram at a time, over all chats, so that a kill repeats one at most.

The Bot API knows no idempotency key: what was sent but not marked before a kill goes out once more. Whoever sends (the
queue of replies, a note that something is being worked on) crosses here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

QUICK = 1.0
"""Seconds Telegram may take before the next message sets out beside the one it is slow with: nobody waits for ever."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One message's: `arrived` once Telegram answered, `over` once that is marked."""

    arrived: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    over: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Crossing:
    def __init__(self, quick: float = QUICK) -> None:
        self._quick = quick
        self._turnstile = asyncio.Lock()
        self._ahead: _Way | None = None

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Callable[[], None]]:
        """Set out when the message before is marked, or is slow to arrive. Call what is given once it arrived, and mark
        it inside the block: from then on the next one waits however long the marking takes.
        """
        async with self._turnstile:
            if self._ahead is not None:
                await self._behind(self._ahead)
            mine = self._ahead = _Way()
        try:
            yield lambda: _done(mine.arrived)
        finally:
            _done(mine.arrived)
            _done(mine.over)

    async def _behind(self, ahead: _Way) -> None:
        await asyncio.wait({ahead.arrived}, timeout=self._quick)
        if ahead.arrived.done():
            await asyncio.wait({ahead.over})


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

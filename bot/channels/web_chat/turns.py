"""Takes a message to the assistant and its reply back: in order for one account, many accounts at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from anyio import CapacityLimiter, to_thread

from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.observed import Observed
from bot.channels.web_chat.ports import Assistant
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.messages import Message, Reply

BUSY_SECONDS = 5


class _Line:
    """One account's queue: a lock that serves in the order of coming, and how many stand in it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.length = 0


class Turns:
    """Crosses from the event loop to the assistant's threads, with a cap on how many and how long a queue."""

    def __init__(self, assistant: Assistant, limits: Limits, observed: Observed) -> None:
        self._assistant = assistant
        self._limits = limits
        self._observed = observed
        self._lines: dict[str, _Line] = {}
        self._in_flight = 0
        self._threads: CapacityLimiter | None = None

    async def take(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        """The reply; a Refusal where too much is going on. What the assistant raises comes through."""
        return await self.run(message.account, partial(self._assistant.handle, message, on_stage))

    async def run(self, account: str, work: Callable[[], Reply]) -> Reply:
        """As `take`, for whatever makes a reply: in this account's turn, counted, within the cap."""
        async with self.place(account):
            began = time.perf_counter()
            status = str(DoorStatus.INTERNAL)
            try:
                reply = await to_thread.run_sync(work, limiter=self._limiter())
                status = str(reply.status)
            finally:
                self._observed.questions.labels(status).inc()
                self._observed.seconds.observe(time.perf_counter() - began)
        return reply

    @asynccontextmanager
    async def place(self, account: str) -> AsyncIterator[None]:
        """This account's turn, for whatever changes what is its own; a Refusal where too many wait for theirs."""
        line = self._lines.get(account) or _Line()
        if self._in_flight >= self._limits.in_flight or line.length > self._limits.waiting_per_account:
            raise Refusal(DoorStatus.BUSY, retry_after=BUSY_SECONDS)
        self._lines[account] = line
        line.length += 1
        self._in_flight += 1
        self._observed.in_flight.inc()
        try:
            async with line.lock:
                yield
        finally:
            self._observed.in_flight.dec()
            self._in_flight -= 1
            line.length -= 1
            if not line.length:
                del self._lines[account]

    def _limiter(self) -> CapacityLimiter:
        if self._threads is None:  # made here and not in __init__: it belongs to the running event loop
            self._threads = CapacityLimiter(self._limits.threads)
        return self._threads

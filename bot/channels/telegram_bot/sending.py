"""Sends what was kept: one queue a chat, in order, none holding up another, until it is out or cannot be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from telegram.error import ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.channels.telegram_bot.crossing import Crossing
from bot.channels.telegram_bot.pacing import Pace, Time
from bot.channels.telegram_bot.per_chat import IDLE, PerChat
from bot.channels.telegram_bot.posting import GoneError, OddAnswerError, Post, RefusedError
from bot.channels.telegram_bot.store.chats import Chats
from bot.channels.telegram_bot.store.outgoing import Delivery, Outgoing, Queued
from bot.channels.telegram_bot.threads import in_thread

GIVE_UP_AFTER = timedelta(hours=24)
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LOST_TOKEN_WAIT = 60.0
ODD_ATTEMPTS = 3
"""An answer that cannot be read may stand for a message that arrived: it is not sent for a day."""

AT_ONCE = 16
_log = logging.getLogger(__name__)


def nothing_fails(_passed: str) -> None:
    """The failpoint of a door that is not under test."""


class Sender(PerChat):
    """`pass_by` is called with the name of each point a test may kill at."""

    def __init__(
        self,
        outgoing: Outgoing,
        chats: Chats,
        post: Post,
        pace: Pace,
        crossing: Crossing,
        clock: Time,
        now: Callable[[], datetime],
        pass_by: Callable[[str], None] = nothing_fails,
    ) -> None:
        super().__init__("the queue of messages")
        self._outgoing = outgoing
        self._chats = chats
        self._post = post
        self._pace = pace
        self._crossing = crossing
        self._clock = clock
        self._now = now
        self._pass_by = pass_by
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._posting: set[int] = set()
        self._settled = asyncio.Event()

    async def stop(self, seconds: float) -> None:
        """Let what is on its way arrive, for so long at most."""
        self._stopping = True
        self._settled.set()
        for chat, task in self._busy.items():
            if chat not in self._posting:
                task.cancel()
        await super().stop(seconds)

    async def delivered(self, key: str) -> list[Delivery]:
        """Wait until everything kept under a key is sent or given up. Cancelled when the door goes down."""
        while True:
            if self._stopping:
                raise asyncio.CancelledError
            self._settled.clear()
            found = await in_thread(self._outgoing.delivery, key)
            if all(delivery.state != "waiting" for delivery in found):
                return found
            await self._settled.wait()

    async def _begin(self) -> float:
        """Start a queue for each chat that has none; seconds until something more will be due."""
        now = self._now()
        for chat in await in_thread(self._outgoing.chats, now):
            if chat not in self._busy and not self._stopping:
                self._start(chat, self._serve(chat), f"send {chat}")
        due = await in_thread(self._outgoing.next_due, now)
        return IDLE if due is None else min(max((due - now).total_seconds(), 0.05), IDLE)

    def _rest(self, chat: int) -> None:
        super()._rest(chat)
        self._posting.discard(chat)

    async def _serve(self, chat: int) -> None:
        """Send what is due in a chat, one after the other."""
        try:
            while not self._stopping:
                queued = await in_thread(self._outgoing.next, chat, self._now())
                if queued is None:
                    return
                await self._pace.turn(chat)
                await self._attempt(queued)
                self._posting.discard(chat)
                self._settled.set()
        except Exception:  # the database: it is logged, and tried again at the next look
            _log.exception("messages to a chat cannot be read or marked")
            await self._clock.sleep(FIRST_WAIT)

    async def _attempt(self, queued: Queued) -> None:
        try:
            async with self._slots, self._crossing.alone() as arrived:
                self._posting.add(queued.chat)
                message = await self._post.post(queued.chat, queued.payload)
                arrived()
                self._pass_by("sent")
                await in_thread(self._outgoing.mark_sent, queued.id, message, self._now())
        except RetryAfter as wait:
            self._pace.hold(queued.chat, _seconds(wait))
        except (Forbidden, GoneError) as fault:
            await in_thread(self._unreachable, queued, str(fault))
        except RefusedError as fault:
            _log.error("Telegram refuses a message: %s", fault)
            await in_thread(self._outgoing.mark_failed, queued.id, str(fault), self._now())
        except OddAnswerError as odd:
            await self._failed(queued, odd, ODD_ATTEMPTS)
        except ChatMigrated as moved:
            await in_thread(self._move, queued.chat, moved.new_chat_id)
        except InvalidToken:
            self._pace.hold(queued.chat, LOST_TOKEN_WAIT)
        except NetworkError as fault:
            await self._failed(queued, fault)
        except TelegramError as fault:
            await self._failed(queued, fault)

    def _unreachable(self, queued: Queued, reason: str) -> None:
        now = self._now()
        self._chats.keep(queued.chat, unreachable_at=now)
        count = self._outgoing.fail_chat(queued.chat, reason, now)
        _log.warning("a chat cannot be written to any more (%s); %d messages given up", reason, count)

    def _move(self, old: int, new: int) -> None:
        self._chats.move(old, new)
        self._outgoing.move(old, new)

    async def _failed(self, queued: Queued, fault: Exception, most: int | None = None) -> None:
        """Wait and try again, each time twice as long; give up after a day, or after so many attempts."""
        reason = str(fault) if isinstance(fault, OddAnswerError) else type(fault).__name__
        attempts = await in_thread(self._outgoing.note_attempt, queued.id, reason)
        if attempts >= (most or attempts + 1) or self._now() - queued.created_at > GIVE_UP_AFTER:
            await in_thread(self._outgoing.mark_failed, queued.id, reason, self._now())
            _log.error("a message was given up after %d attempts: %s", attempts, reason)
            return
        self._pace.hold(queued.chat, min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT))


def _seconds(wait: RetryAfter) -> float:
    told = wait.retry_after
    return told.total_seconds() if isinstance(told, timedelta) else float(told)

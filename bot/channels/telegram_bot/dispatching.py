"""Whose turn is it: updates of one chat one after the other, many chats at once, each tried a few times."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot.channels.telegram_bot.outcome import NotHandledError, Outcome
from bot.channels.telegram_bot.per_chat import IDLE, PerChat
from bot.channels.telegram_bot.reading import UnreadableError
from bot.channels.telegram_bot.sending import nothing_fails
from bot.channels.telegram_bot.store.inbox import Head, Inbox, Taken
from bot.channels.telegram_bot.store.ledger import Ledger
from bot.channels.telegram_bot.threads import in_thread

CHATS_AT_ONCE = 32
ATTEMPTS = 3
DEATHS = 6
"""Attempts at which an update is given up without having failed: the process died over it, or over its company."""

SUSPECT = 2
"""After so many attempts an update is handled alone: if it kills the process, it takes no others along."""

WAITS = (timedelta(seconds=1), timedelta(seconds=5))
"""Before the second and the third attempt."""

_log = logging.getLogger(__name__)

Answer = Callable[[Sequence[Taken]], Awaitable[Outcome]]
Apologise = Callable[[Taken, str], Awaitable[Outcome]]


class Dispatcher(PerChat):
    """`answer` handles an update (or an album) and may raise; `apologise` says what is said after the last attempt.

    `said` is called after something to say was kept.
    """

    def __init__(
        self,
        inbox: Inbox,
        ledger: Ledger,
        answer: Answer,
        apologise: Apologise,
        said: Callable[[], None],
        now: Callable[[], datetime],
        pass_by: Callable[[str], None] = nothing_fails,
    ) -> None:
        super().__init__("the inbox")
        self._inbox = inbox
        self._ledger = ledger
        self._answer = answer
        self._apologise = apologise
        self._said = said
        self._now = now
        self._pass_by = pass_by
        self._alone = False

    async def _begin(self) -> float:
        now, wait = self._now(), IDLE
        for head in await in_thread(self._inbox.heads):
            if head.chat in self._busy or self._stopping:
                continue
            if head.due > now:
                wait = min(wait, max((head.due - now).total_seconds(), 0.01))
            elif self._has_room(head):
                self._alone = head.deaths >= SUSPECT
                self._start(head.chat, self._serve(head), f"answer {head.chat}")
            else:
                break  # whoever comes next waits behind it
        return wait

    def _has_room(self, head: Head) -> bool:
        if head.deaths >= SUSPECT:
            return not self._busy
        return len(self._busy) < CHATS_AT_ONCE and not self._alone

    def _rest(self, chat: int) -> None:
        super()._rest(chat)
        self._alone = self._alone and bool(self._busy)

    async def _serve(self, head: Head) -> None:
        try:
            taken = await in_thread(self._inbox.take, head)
            if not taken:
                return
            self._pass_by("handling")
            outcome = await self._handled(taken)
            if outcome is None:
                return
            self._pass_by("handled")
            await in_thread(self._ledger.finish, taken, outcome, self._now())
            self._pass_by("stored")
            if outcome.parts or outcome.more:
                self._said()
        except Exception:  # the database: nothing was ended, so it is tried again after a pause
            _log.exception("an update cannot be taken or ended")
            await asyncio.sleep(WAITS[0].total_seconds())

    async def _handled(self, taken: Sequence[Taken]) -> Outcome | None:
        """None: to be tried again later."""
        first = taken[0]
        if first.attempts > DEATHS:
            return await self._given_up(first, "died")
        try:
            return await self._answer(taken)
        except UnreadableError as fault:
            _log.warning("an update cannot be read: %s", fault)
            return await self._apologise(first, f"unreadable: {fault}")
        except Exception as fault:  # the one catch-all of this door: logged, tried again, in the end said
            reason = type(fault).__name__
            if not isinstance(fault, NotHandledError):
                _log.warning("handling an update failed, attempt %d: %s", first.attempts, frames_of(fault))
            if first.attempts >= ATTEMPTS:
                return await self._given_up(first, reason)
            due = self._now() + WAITS[first.attempts - 1]
            await in_thread(self._inbox.later, [one.id for one in taken], due, reason)
            return None

    async def _given_up(self, taken: Taken, reason: str) -> Outcome:
        _log.error("an update was given up after %d attempts: %s", taken.attempts, reason)
        return await self._apologise(taken, reason)


def frames_of(fault: BaseException) -> str:
    """A fault for the log: what kind and where. Its own words may hold what a person wrote."""
    return f"{type(fault).__name__}\n{''.join(traceback.format_tb(fault.__traceback__))}"

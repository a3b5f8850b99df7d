"""Shows that an answer is being worked on: 「正在输入」 first, then a note that becomes the answer. A mere ornament.

The inbox knows before a note is sent that one may stand: a second attempt after a kill looks for it (strays.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram_bot.crossing import Crossing
from bot.channels.telegram_bot.pacing import Pace, Time
from bot.channels.telegram_bot.sending import nothing_fails
from bot.channels.telegram_bot.store.inbox import UNSURE, Inbox
from bot.channels.telegram_bot.threads import in_thread

TYPING_AFTER, NOTE_AFTER = 0.3, 1.2
TYPING_LASTS = 4.5
ARRIVAL = 5.0
FIRST_STAGE = "searching"
_log = logging.getLogger(__name__)


class Presence:
    """`async with`: `placeholder` is the note's message id at the end, None where none was needed.

    An answer that comes at once is not announced. `update` is the row of the inbox that remembers the note, so that a
    second attempt writes over it instead of leaving it behind.
    """

    def __init__(
        self,
        bot: Bot,
        inbox: Inbox,
        pace: Pace,
        clock: Time,
        chat: int,
        update: int,
        words: Mapping[str, str],
        crossing: Crossing,
        placeholder: int | None = None,
        pass_by: Callable[[str], None] = nothing_fails,
    ) -> None:
        self._bot = bot
        self._inbox = inbox
        self._pace = pace
        self._clock = clock
        self._chat = chat
        self._update = update
        self._words = words
        self._crossing = crossing
        self._pass_by = pass_by
        self._loop = asyncio.get_running_loop()
        self._staged = asyncio.Event()
        self._stage = FIRST_STAGE
        self._shown = ""
        self._posting = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.placeholder = placeholder

    async def __aenter__(self) -> Presence:
        self._task = asyncio.create_task(self._show())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TimeoutError):  # a note on its way should arrive, or nobody would write over it
            async with asyncio.timeout(ARRIVAL), self._posting:
                pass
        if self._task is not None:
            self._task.cancel()

    @property
    def on_stage(self) -> Callable[[str], None]:
        """To be called from the thread that handles."""

        def staged(stage: str) -> None:
            with suppress(RuntimeError):  # the door went down meanwhile: nobody looks any more
                self._loop.call_soon_threadsafe(self._enter, stage)

        return staged

    def _enter(self, stage: str) -> None:
        if stage in self._words:
            self._stage = stage
            self._staged.set()

    async def _show(self) -> None:
        try:
            await self._clock.sleep(TYPING_AFTER)
            await self._type()
            await self._clock.sleep(NOTE_AFTER - TYPING_AFTER)
            while True:
                await self._note()
                self._staged.clear()
                try:
                    async with asyncio.timeout(TYPING_LASTS):
                        await self._staged.wait()
                except TimeoutError:
                    await self._type()
        except Exception:  # an ornament: what fails is left out
            _log.debug("a sign of life failed", exc_info=True)

    async def _type(self) -> None:
        if self._pace.spare(self._chat):
            try:
                await self._bot.send_chat_action(self._chat, ChatAction.TYPING)
            except TelegramError:
                _log.debug("typing was not shown")

    async def _note(self) -> None:
        words = self._words[self._stage]
        if words == self._shown:
            return
        if self.placeholder is not None:
            if self._pace.spare(self._chat):
                await self._bot.edit_message_text(words, self._chat, self.placeholder)
                self._shown = words
            return
        async with self._crossing.alone() as arrived, self._posting:
            if self._pace.spare(self._chat):
                await self._post(words, arrived)

    async def _post(self, words: str, arrived: Callable[[], None]) -> None:
        await in_thread(self._inbox.note_placeholder, self._update, UNSURE)
        sent = await self._bot.send_message(self._chat, words)
        arrived()
        self._pass_by("noted")
        self.placeholder, self._shown = sent.message_id, words
        await in_thread(self._inbox.note_placeholder, self._update, sent.message_id)

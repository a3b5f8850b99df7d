"""Finds the note 「正在检索」 that a killed process sent and could not remember, so that the answer is written over it.

Telegram does not tell a bot which messages it sent. But the ids in a bot's private chats are one rising sequence, and
the store knows nearly all of them; of the few others after the person's message, only a message of the bot's own in
that chat can be written over. Who writes the note's words over the note changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.channels.telegram_bot.presence import FIRST_STAGE
from bot.channels.telegram_bot.store.inbox import UNSURE, Inbox
from bot.channels.telegram_bot.store.outgoing import Outgoing
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit

REACH = 400
"""How far past the person's message a note can lie: what a bot under load sends and gets within two seconds."""

TRIES = 12
_log = logging.getLogger(__name__)


class Strays:
    def __init__(self, bot: Bot, inbox: Inbox, outgoing: Outgoing) -> None:
        self._bot = bot
        self._inbox = inbox
        self._outgoing = outgoing

    async def settled(self, visit: Visit) -> Visit:
        """The visit with its note found, or with none; as it is where nothing is unsure."""
        if visit.taken.placeholder != UNSURE:
            return visit
        found = await self._found(visit) if visit.incoming.private else None
        await in_thread(self._inbox.note_placeholder, visit.taken.id, found)
        return replace(visit, taken=replace(visit.taken, placeholder=found))

    async def _found(self, visit: Visit) -> int | None:
        pressed = visit.incoming.kind == "press"
        after = (visit.chat.last_message if pressed else visit.incoming.message) or 0
        for candidate in await in_thread(self._candidates, visit, after):
            try:
                await self._bot.edit_message_text(visit.words.stages[FIRST_STAGE], visit.incoming.chat, candidate)
            except BadRequest as fault:
                if "not modified" not in fault.message.lower():
                    continue
            except TelegramError:
                _log.debug("a note was not looked for to the end")
                return None
            return candidate
        return None

    def _candidates(self, visit: Visit, after: int) -> list[int]:
        ids = range(after + 1, after + REACH)
        known = self._inbox.messages_since(visit.taken.id) | self._outgoing.messages_between(ids.start, ids.stop)
        return [number for number in ids if number not in known][:TRIES]

"""A button was pressed: acknowledge it, see whose it is, and do what it says."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import TelegramError

from bot.channels.telegram_bot.api import UNREAD
from bot.channels.telegram_bot.clauses import clause
from bot.channels.telegram_bot.commands import Commands
from bot.channels.telegram_bot.conversing import STALE, Conversing
from bot.channels.telegram_bot.edits import Edits
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import IGNORED, Outcome
from bot.channels.telegram_bot.pacing import Pace
from bot.channels.telegram_bot.reading import Incoming
from bot.channels.telegram_bot.replies import say
from bot.channels.telegram_bot.staff import StaffRoom
from bot.channels.telegram_bot.store.outgoing import Outgoing, Pressed
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit

_log = logging.getLogger(__name__)
DONE = "done"
"""What a button does that was pressed already and says so."""


class Pressing:
    def __init__(
        self,
        hall: Hall,
        bot: Bot,
        outgoing: Outgoing,
        pace: Pace,
        conversing: Conversing,
        commands: Commands,
        edits: Edits,
        staff: StaffRoom,
    ) -> None:
        self._hall = hall
        self._bot = bot
        self._outgoing = outgoing
        self._pace = pace
        self._conversing = conversing
        self._commands = commands
        self._edits = edits
        self._staff = staff

    async def answer(self, visits: Sequence[Visit]) -> Outcome:
        visit = visits[0]
        incoming = visit.incoming
        pressed = await in_thread(self._outgoing.pressed, incoming.pressed or "")
        if pressed is None or pressed.chat != incoming.chat:
            return await self._stale(visit, visit.words.say("trouble.stale"))
        if pressed.owner not in (None, visit.sender.id):
            return await self._stale(visit, visit.words.say("trouble.foreign"))
        if not incoming.private or "claim" in pressed.action:
            toast, outcome = await self._staff.press(visit, pressed)
            await self._acknowledge(incoming, toast)
            return outcome
        await self._acknowledge(incoming)
        return await self._do(visit, pressed)

    async def _do(self, visit: Visit, pressed: Pressed) -> Outcome:
        action = pressed.action
        if "choice" in action:
            outcome = await self._conversing.talk(visit, visit.message(choice=str(action["choice"])), pressed=pressed)
            if outcome.parts and outcome.parts[0].edit != visit.incoming.message:
                await self._tick(visit, pressed)
            return outcome
        if "clause" in action:
            policy, passage = action["clause"]
            return await in_thread(clause, self._hall, policy, passage, visit.words)
        if "district" in action:
            name = str(action["district"])
            if not name:
                return await in_thread(self._commands.clear_district, visit)
            return await in_thread(self._commands.district, visit, name)
        if "edited" in action:
            await self._tick(visit, pressed)
            return await self._edits.decide(visit, str(action["edited"]), int(action["message"]))
        return await self._other(visit, pressed)

    async def _other(self, visit: Visit, pressed: Pressed) -> Outcome:
        action = pressed.action
        if action.get("ask") == "district":
            return await in_thread(self._commands.district, visit, "")
        if "corpus" in action:
            await self._tick(visit, pressed)
            return await self._staff.corpus_pressed(visit, str(action["corpus"]))
        return IGNORED if DONE in action else await self._stale(visit, visit.words.say("trouble.stale"))

    async def _stale(self, visit: Visit, words: str) -> Outcome:
        """Say so in the little window; in a private chat the step at hand is shown again."""
        await self._acknowledge(visit.incoming, words)
        if not visit.incoming.private:
            return IGNORED
        if self._hall.needs is None:
            return say(words)
        return await self._conversing.talk(visit, visit.message(choice=STALE))

    async def _acknowledge(self, incoming: Incoming, text: str = "") -> None:
        """Stops the button's spinning. After a restart Telegram may call the query too old: that is no matter."""
        try:
            await self._bot.answer_callback_query(
                incoming.callback or "", text=text[:200] or None, show_alert=bool(text)
            )
        except (TelegramError, *UNREAD):
            _log.debug("a pressed button could not be acknowledged")

    async def _tick(self, visit: Visit, pressed: Pressed) -> None:
        """Leave only the chosen button, ticked: a press leaves no other trace in the chat. An ornament."""
        message = visit.incoming.message
        if message is None or not self._ticked(pressed) or not self._pace.spare(visit.incoming.chat):
            return
        label = visit.words.say("button.chosen", label=pressed.label)
        markup = InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=DONE)]])
        try:
            await self._bot.edit_message_reply_markup(visit.incoming.chat, message, reply_markup=markup)
        except (TelegramError, *UNREAD):
            _log.debug("a pressed button could not be ticked")

    @staticmethod
    def _ticked(pressed: Pressed) -> bool:
        """Steps of a form are over once answered; menus and topics may be chosen from again."""
        return pressed.form is not None or "choice" not in pressed.action

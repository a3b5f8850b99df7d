"""A message in a group: answered only when addressed, with policies only; what is personal goes to the private chat."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import IGNORED, Outcome
from bot.channels.telegram_bot.parts import Button, Part, Rows
from bot.channels.telegram_bot.reading import Incoming
from bot.channels.telegram_bot.rendering import parts_of
from bot.channels.telegram_bot.staff import StaffRoom
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit
from bot.channels.telegram_bot.words import Words
from bot.logs import STRUCK, Redactor

_NEEDS = re.compile(
    "提交需求|提需求|登记需求|我的需求|我的进度|查进度|受理编号|撤回需求|简要登记|我的数据|KC[0-9]{2}-|"
    "(?i:submit a need|my needs|my cases)"
)
_STAFF = ("bind", "unbind")


class Groups:
    """`username` is the bot's own, without the @."""

    def __init__(self, hall: Hall, staff: StaffRoom, bot_id: int, username: str) -> None:
        self._hall = hall
        self._staff = staff
        self._bot_id = bot_id
        self._username = username
        self._mention = re.compile(rf"@{re.escape(username)}(?![A-Za-z0-9_])", re.IGNORECASE)
        self._redact: Callable[[str], str] = Redactor()

    async def answer(self, visit: Visit) -> Outcome:
        incoming = visit.incoming
        if incoming.content == "service" or not self._addressed(incoming):
            return IGNORED
        command = incoming.command
        if command is not None and command.name in _STAFF:
            return self._replying(visit, await self._staff.in_group(visit, command))
        text = self._mention.sub(" ", incoming.text).strip()
        if command is not None:
            text = command.argument if command.name == "ask" else ""
        return self._replying(visit, await in_thread(self._say, visit.words, text))

    def greeting(self, words: Words) -> Outcome:
        """Said once, when the bot is taken into a group."""
        return Outcome((Part(words.say("group.hello", username=self._username), rows=self._link(words)),))

    def _addressed(self, incoming: Incoming) -> bool:
        command = incoming.command
        if command is not None:
            named = command.bot is not None and command.bot.lower() == self._username.lower()
            return named or (command.bot is None and command.name in _STAFF)
        return incoming.answers_bot == self._bot_id or self._mention.search(incoming.text) is not None

    def _say(self, words: Words, text: str) -> Outcome:
        if not text:
            return Outcome((Part(words.say("group.ask_how", username=self._username), rows=self._link(words)),))
        if STRUCK in self._redact(text):
            return Outcome((Part(words.say("group.personal"), rows=self._link(words)),))
        if _NEEDS.search(text):
            return Outcome((Part(words.say("group.private"), rows=self._link(words)),))
        reply = replace(self._hall.ask(text, words.lang), choices=(), form=None, files=())
        return Outcome(tuple(parts_of(reply, words.labels, None, cite=False)))

    def _link(self, words: Words) -> Rows:
        return ((Button(words.say("button.private"), url=f"https://t.me/{self._username}?start=group"),),)

    @staticmethod
    def _replying(visit: Visit, outcome: Outcome) -> Outcome:
        """As a reply to whoever asked, so that it is clear what is answered."""
        parts = [replace(part, reply_to=visit.incoming.message) for part in outcome.parts[:1]]
        return replace(outcome, parts=(*parts, *outcome.parts[1:]))

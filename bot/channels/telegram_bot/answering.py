"""Start here: an update → what becomes of it. Who speaks, where, and which part of the door that concerns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.channels.telegram_bot.edits import Edits
from bot.channels.telegram_bot.groups import Groups
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import IGNORED, Outcome
from bot.channels.telegram_bot.parts import Part
from bot.channels.telegram_bot.pressing import Pressing
from bot.channels.telegram_bot.private import Private
from bot.channels.telegram_bot.reading import ANONYMOUS, Incoming
from bot.channels.telegram_bot.replies import say
from bot.channels.telegram_bot.staff import StaffRoom
from bot.channels.telegram_bot.store.chats import Chats
from bot.channels.telegram_bot.store.inbox import Taken
from bot.channels.telegram_bot.strays import Strays
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit, introduce, read_taken
from bot.channels.telegram_bot.words import Words
from bot.channels.web_chat.limits import Rate
from bot.phrases import Lang

_GROUPS = frozenset({"group", "supergroup"})
_SPOKEN = frozenset({"message", "callback_query"})
_GONE = frozenset({"kicked", "left"})


class Answering:
    """`key` gives a taken update's id as a message."""

    def __init__(
        self,
        hall: Hall,
        chats: Chats,
        key: Callable[[Taken], str],
        private: Private,
        pressing: Pressing,
        edits: Edits,
        groups: Groups,
        staff: StaffRoom,
        rate: Rate,
        strays: Strays,
    ) -> None:
        self._hall = hall
        self._chats = chats
        self._key = key
        self._private = private
        self._pressing = pressing
        self._edits = edits
        self._groups = groups
        self._staff = staff
        self._rate = rate
        self._strays = strays

    async def answer(self, taken: Sequence[Taken]) -> Outcome:
        """Raises UnreadableError; anything else that is raised is tried again."""
        incomings = [read_taken(one) for one in taken]
        first = incomings[0]
        if first.kind == "membership":
            return await in_thread(self._membership, first)
        if first.migrate_to is not None:
            await in_thread(self._chats.move, first.chat, first.migrate_to)
            return IGNORED
        if not _is_somebody(first):
            return IGNORED
        visits = await in_thread(self._introduced, taken, incomings)
        visits[0] = await self._strays.settled(visits[0])
        if visits[0].incoming.kind == "press":
            return await self._pressing.answer(visits)
        if not first.private:
            return await self._groups.answer(visits[0]) if first.kind == "message" else IGNORED
        if first.kind == "edited":
            return await self._edits.answer(visits[0])
        if taken[0].attempts == 1 and self._rate.wait(str(first.chat)):
            return say(visits[0].words.say("trouble.too_fast"))
        return await self._private.answer(visits)

    async def apologise(self, taken: Taken, reason: str) -> Outcome:
        """What is said where an update could not be read or handled; staff are told of the latter."""
        return await in_thread(self._apology, taken, reason)

    def _apology(self, taken: Taken, reason: str) -> Outcome:
        unreadable = reason.startswith("unreadable")
        lang: Lang = "en" if self._chats.get(taken.chat).lang == "en" else self._hall.default_lang
        key = "trouble.unreadable" if unreadable else "trouble.failed"
        parts = (Part(Words(lang).say(key, contact=self._hall.contact), edit=taken.placeholder or None),)
        spoken = taken.chat > 0 and taken.kind in _SPOKEN
        return Outcome(
            parts=parts if spoken else (),
            ending="quarantined" if unreadable else "failed",
            error=reason[:200],
            more=() if unreadable else self._staff.alerts(taken, reason),
        )

    def _introduced(self, taken: Sequence[Taken], incomings: Sequence[Incoming]) -> list[Visit]:
        return [
            introduce(one, incoming, incoming.sender, self._key(one), self._hall, self._chats)
            for one, incoming in zip(taken, incomings, strict=True)
            if incoming.sender is not None
        ]

    def _membership(self, incoming: Incoming) -> Outcome:
        """Taken in, thrown out, blocked, unblocked."""
        gone = incoming.standing in _GONE
        if incoming.private:
            self._chats.keep(incoming.chat, unreachable_at=self._hall.now() if gone else None)
            return IGNORED
        if gone:
            self._chats.keep(incoming.chat, team=None)
            return IGNORED
        if incoming.chat_type in _GROUPS and incoming.standing == "member":
            return self._groups.greeting(Words(self._hall.default_lang))
        return IGNORED


def _is_somebody(incoming: Incoming) -> bool:
    """Not a channel's post, not another bot, not an administrator who hides: those are nobody to speak with."""
    sender = incoming.sender
    if sender is None or incoming.anonymous or sender.id == ANONYMOUS:
        return False
    return not sender.bot and (incoming.private or incoming.chat_type in _GROUPS)

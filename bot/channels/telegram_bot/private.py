"""A private message: words, a command, a file, a contact, or something the conversation has no use for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.channels.telegram_bot.conversing import Conversing
from bot.channels.telegram_bot.fetching import Fetching, Unfetched
from bot.channels.telegram_bot.outcome import IGNORED, Outcome
from bot.channels.telegram_bot.reading import Command, Remote, SharedContact
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit
from bot.messages import Contact, Message

FILE = "file"
FILES = ("photo", "document")
_UNREAD = {
    "voice": "voice", "audio": "voice", "video": "video", "video_note": "video", "animation": "sticker",
    "sticker": "sticker", "dice": "sticker", "location": "location", "venue": "location", "poll": "poll",
}  # fmt: skip


class Commands(Protocol):
    async def run(self, visit: Visit, command: Command) -> Outcome | None:
        """None for a command that is the conversation's to understand."""


class Private:
    """`needs`: whether needs are taken in; `fetching` is None where files have no use."""

    def __init__(self, conversing: Conversing, commands: Commands, fetching: Fetching | None, *, needs: bool) -> None:
        self._needs = needs
        self._conversing = conversing
        self._commands = commands
        self._fetching = fetching

    async def answer(self, visits: Sequence[Visit]) -> Outcome:
        """One message, or all of an album."""
        visit = visits[0]
        incoming = visit.incoming
        if incoming.content in FILES:
            return await self._files(visits)
        if incoming.contact is not None:
            return await self._contact(visit, incoming.contact)
        if incoming.content == "text":
            return await self._text(visit)
        if incoming.content == "service":
            return IGNORED
        return await self._conversing.remark(
            visit, visit.words.say(f"unread.{_UNREAD.get(incoming.content, 'unknown')}")
        )

    async def _text(self, visit: Visit) -> Outcome:
        text = visit.incoming.text
        if not text:
            return await self._conversing.remark(visit, visit.words.say("unread.empty"))
        if (command := visit.incoming.command) is not None:
            done = await self._commands.run(visit, command)
            if done is not None:
                return done
            text = f"/{command.name}"
        return await self._conversing.talk(visit, visit.message(text=text))

    async def _contact(self, visit: Visit, contact: SharedContact) -> Outcome:
        """Only the sender's own number is theirs: anybody's card can be forwarded."""
        if not self._needs:
            return await self._conversing.remark(visit, visit.words.say("unread.contact"))
        shared = Contact(contact.name, contact.phone, own=contact.user == visit.sender.id)
        return await self._conversing.talk(visit, visit.message(contact=shared))

    async def _files(self, visits: Sequence[Visit]) -> Outcome:
        visit = visits[0]
        caption = next((each.incoming.text for each in visits if each.incoming.text), "")
        if self._fetching is None or not await in_thread(self._conversing.has_place, visit):
            if caption:
                before = visit.words.say("unread.caption")
                return await self._conversing.talk(visit, visit.message(text=caption), before=before)
            return await self._conversing.remark(visit, visit.words.say("unread.file_only_in_form"))
        messages, refusals = await self._fetched(visits, self._fetching)
        if caption and visit.chat.awaits != FILE:
            messages.append(visit.message(":caption", text=caption))
        if not messages:
            return await self._conversing.remark(visit, "\n".join(refusals))
        return await self._conversing.hand_in(visit, messages, before="\n".join(refusals))

    async def _fetched(self, visits: Sequence[Visit], fetching: Fetching) -> tuple[list[Message], list[str]]:
        """The files as messages, and why others are none."""
        messages: list[Message] = []
        refusals: list[str] = []
        for visit in visits:
            remote = visit.incoming.file
            if not isinstance(remote, Remote):
                continue
            file = await fetching.fetch(remote, visit.words)
            if isinstance(file, Unfetched):
                refusals.append(file.text)
            else:
                messages.append(visit.message(file=file))
        return messages, refusals

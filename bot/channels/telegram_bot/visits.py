"""One update, read and introduced: who speaks, in which chat and language, under which id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.accounts import Account
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.reading import Incoming, Sender, UnreadableError, read_update
from bot.channels.telegram_bot.store.chats import Chat, Chats
from bot.channels.telegram_bot.store.inbox import Taken
from bot.channels.telegram_bot.words import Words, language_of
from bot.messages import Message

CHANNEL = "telegram"
CONVERSATION = "main"


@dataclass(frozen=True, slots=True)
class Visit:
    """`key` is the message's id: the same update always has the same."""

    taken: Taken
    incoming: Incoming
    sender: Sender
    chat: Chat
    account: Account
    words: Words
    key: str

    def message(self, suffix: str = "", **what: Any) -> Message:
        """What was said, as the conversation hears it. `suffix` tells apart what one update says twice."""
        return Message(
            id=self.key + suffix,
            account=self.account.id,
            conversation=CONVERSATION,
            received_at=self.incoming.at or self.taken.received_at,
            lang=self.words.lang,
            **what,
        )


def read_taken(taken: Taken) -> Incoming:
    """Raises UnreadableError."""
    try:
        raw = json.loads(taken.raw)
    except (ValueError, RecursionError):
        raise UnreadableError("no JSON") from None
    if not isinstance(raw, dict):
        raise UnreadableError("no object")
    return read_update(raw)


def introduce(taken: Taken, incoming: Incoming, sender: Sender, key: str, hall: Hall, chats: Chats) -> Visit:
    """Find or make the speaker's account and note that the chat can be reached. Synchronous."""
    known = chats.get(incoming.chat)
    lang, remember = language_of(incoming, known.lang, hall.default_lang)
    if incoming.kind == "message" and incoming.message is not None:
        chats.seen(incoming.chat, incoming.message, remember)
    account = hall.accounts.of(CHANNEL, str(sender.id))
    return Visit(taken, incoming, sender, known, account, Words(lang), key)

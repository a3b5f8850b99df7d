"""Ends an update: what is to be said for it, and that it was handled, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from bot.channels.telegram_bot.outcome import Outcome
from bot.channels.telegram_bot.store.chats import keep_chat, note_answers, wipe_answers
from bot.channels.telegram_bot.store.inbox import Taken, close, wipe_chat
from bot.channels.telegram_bot.store.outgoing import add_parts, wipe_outgoing
from db.engine import settle, writing


class Ledger:
    """`bot` is the id of the bot that speaks."""

    def __init__(self, engine: Engine, bot: int) -> None:
        self._engine = engine
        self._bot = bot

    def key(self, taken: Taken) -> str:
        """What the replies to an update are kept under, and the id of the message it stands for."""
        return f"tg:{self._bot}:{taken.update_id}.{taken.id}"

    def finish(self, taken: Sequence[Taken], outcome: Outcome, now: datetime) -> None:
        first = taken[0]
        with writing(self._engine) as connection:
            if outcome.forget:
                _wipe(connection, first.chat)
            if outcome.parts:
                add_parts(connection, self.key(first), first.chat, outcome.parts, now)
            for key, chat, part in outcome.more:
                add_parts(connection, key, chat, [part], now)
            if outcome.given is not None:
                given = outcome.given
                note_answers(connection, first.chat, given.message, given.draft, given.steps, now)
            if outcome.chat:
                keep_chat(connection, first.chat, **outcome.chat)
            close(connection, [one.id for one in taken], outcome.ending, now, outcome.error)

        if outcome.forget:
            settle(self._engine)


def _wipe(connection: Connection, chat: int) -> None:
    """Erase what this door keeps of a private chat. Updates that wait, and replies not out yet, go their way."""
    wipe_chat(connection, chat)
    wipe_outgoing(connection, chat)
    wipe_answers(connection, chat)

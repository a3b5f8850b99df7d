"""What is kept of a chat: its language, whether it can be reached, which message gave which answer, a group's team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from bot.channels.telegram_bot.store.tables import telegram_answers as answers
from bot.channels.telegram_bot.store.tables import telegram_chats as chats
from db.engine import reading, writing
from db.rows import add_missing

KEEP_ANSWERS = timedelta(days=30)
KEEP_OFFERS = timedelta(days=1)
"""The new words of an edited message wait so long for a yes."""


@dataclass(frozen=True, slots=True)
class Chat:
    """`lang` is the language its person was seen to write; `awaits` the input that the form at hand asks for.

    `contact_asked`: the button that shares a number is out. `last_message` is the newest message known in it, `team`
    the service team a group belongs to.
    """

    chat: int
    lang: str | None = None
    awaits: str | None = None
    contact_asked: bool = False
    unreachable_at: datetime | None = None
    last_message: int | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """The answer a message gave: a step of a draft, or (both None) a question. `offered` are its new words."""

    draft: str | None
    step: str | None
    offered: str | None = None


class Chats:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, chat: int) -> Chat:
        with reading(self._engine) as connection:
            row = connection.execute(select(chats).where(chats.c.chat == chat)).first()
        if row is None:
            return Chat(chat)
        return Chat(
            row.chat, row.lang, row.awaits, row.contact_asked, row.unreachable_at, row.last_message, row.team
        )  # fmt: skip

    def keep(self, chat: int, **values: Any) -> None:
        """Set columns of a chat's row, which is made where there is none."""
        with writing(self._engine) as connection:
            keep_chat(connection, chat, **values)

    def seen(self, chat: int, message: int, lang: str | None) -> None:
        """Note a message: it can be reached, this is the newest, and perhaps which language is written in it."""
        with writing(self._engine, lasting=False) as connection:
            note_message(connection, chat, message, lang)

    def groups_of(self, team: str) -> list[int]:
        """The groups that belong to a team."""
        with reading(self._engine) as connection:
            return list(connection.execute(select(chats.c.chat).where(chats.c.team == team)).scalars())

    def teams(self) -> set[str]:
        """The teams that have a group."""
        with reading(self._engine) as connection:
            return set(connection.execute(select(chats.c.team).where(chats.c.team.is_not(None))).scalars())

    def bind(self, chat: int, team: str | None, by: str) -> None:
        self.keep(chat, team=team, bound_by=by)

    def move(self, old: int, new: int) -> None:
        """A group became a supergroup: what belonged to it follows."""
        with writing(self._engine) as connection:
            row = connection.execute(select(chats).where(chats.c.chat == old)).first()
            if row is not None and row.team is not None:
                keep_chat(connection, new, team=row.team, bound_by=row.bound_by)
                keep_chat(connection, old, team=None)

    def unreachable(self) -> int:
        """How many chats cannot be written to."""
        query = select(func.count()).where(chats.c.unreachable_at.is_not(None))
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)

    def given(self, chat: int, message: int) -> Given | None:
        """What a message was the answer to; None for one that is not known."""
        mine = (answers.c.chat == chat) & (answers.c.message == message)
        with reading(self._engine) as connection:
            row = connection.execute(select(answers).where(mine)).first()
        return None if row is None else Given(row.draft, row.step, row.offered)

    def offer(self, chat: int, message: int, words: str | None) -> None:
        """Keep an edited message's new words until its person says what to do with them; None wipes them."""
        mine = (answers.c.chat == chat) & (answers.c.message == message)
        with writing(self._engine) as connection:
            connection.execute(update(answers).where(mine).values(offered=words))

    def clean(self, now: datetime) -> int:
        old = answers.c.created_at < now - KEEP_ANSWERS
        stale = (answers.c.created_at < now - KEEP_OFFERS) & answers.c.offered.is_not(None)
        with writing(self._engine) as connection:
            connection.execute(update(answers).where(stale).values(offered=None))
            return connection.execute(delete(answers).where(old)).rowcount


def keep_chat(connection: Connection, chat: int, **values: Any) -> None:
    """Set columns of a chat's row inside the caller's transaction."""
    add_missing(connection, chats, [{"chat": chat, "contact_asked": False}])
    connection.execute(update(chats).where(chats.c.chat == chat).values(values))


def note_message(connection: Connection, chat: int, message: int, lang: str | None = None) -> None:
    """Note inside the caller's transaction that a chat can be reached, and the newest message in it."""
    before = connection.execute(select(chats).where(chats.c.chat == chat)).first()
    newest = max(message, (before.last_message if before else None) or 0)
    values: dict[str, Any] = {"last_message": newest, "unreachable_at": None}
    if lang is not None:
        values["lang"] = lang
    if before is None or any(getattr(before, name) != value for name, value in values.items()):
        keep_chat(connection, chat, **values)


def note_answers(
    connection: Connection, chat: int, message: int, draft: str | None, steps: Sequence[str], now: datetime
) -> None:
    """Note inside the caller's transaction which answer a message gave (the first step, where it gave several)."""
    step = steps[0] if steps else None
    row = {"chat": chat, "message": message, "draft": draft if step else None, "step": step, "created_at": now}
    add_missing(connection, answers, [row])


def wipe_answers(connection: Connection, chat: int) -> None:
    connection.execute(delete(answers).where(answers.c.chat == chat))

"""The record of turns: what was asked, what was answered and why, and the reply to give again to a repeated message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from bot.messages import Message, Reply
from bot.turns import Recorded, conversations, recorded_of, turn_row, turns
from db.engine import reading, settle, writing
from db.rows import add_missing
from rag.models import Turn


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread: `opening` is its first question."""

    id: str
    opening: str
    turns: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Miss:
    """A question that found no answer; `asker` tells those who asked apart, and says nothing of them."""

    turn: Recorded
    asker: int


class History:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def replied(self, account: str, message: str) -> str | None:
        """The reply that this message got already, as JSON; None for a new message."""
        with reading(self._engine) as connection:
            return _replied(connection, account, message)

    def record(self, message: Message, reply: Reply, reply_json: str) -> str:
        """Keep a turn and return the reply to send: of a message recorded before, the one that was kept then."""
        try:
            with writing(self._engine) as connection:
                if (kept := _replied(connection, message.account, message.id)) is not None:
                    return kept
                self._insert(connection, message, reply, reply_json)
                return reply_json
        except IntegrityError:  # the same message in another process, or an account that was erased meanwhile
            kept = self.replied(message.account, message.id)
            if kept is None:
                raise
            return kept

    def last(self, account: str, conversation: str, limit: int | None = None) -> list[Recorded]:
        """The latest turns of a conversation (all without a limit), the oldest first."""
        mine = select(turns).where(turns.c.account == account, turns.c.conversation == conversation)
        with reading(self._engine) as connection:
            rows = connection.execute(mine.order_by(turns.c.id.desc()).limit(limit)).all()
        return [recorded_of(row) for row in reversed(rows)]

    def conversations(self, account: str) -> list[Conversation]:
        """The account's conversations, the latest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(_summary(account)).all()
        return [Conversation(row.id, row.question, row.turns, row.created_at, row.updated_at) for row in rows]

    def unanswered(self, limit: int) -> list[Recorded]:
        """The latest questions that found no answer, of everybody, the newest first."""
        return [miss.turn for miss in self.misses(limit)]

    def misses(self, limit: int) -> list[Miss]:
        """The same, with a number in place of who asked: the same one for the same account, and good for this read."""
        query = select(turns).where(turns.c.status.startswith("unanswerable_")).order_by(turns.c.id.desc())
        askers: dict[str, int] = {}
        with reading(self._engine) as connection:
            return [
                Miss(recorded_of(row), askers.setdefault(row.account, len(askers)))
                for row in connection.execute(query.limit(limit))
            ]

    def delete(self, account: str, conversation: str | None = None) -> int:
        """Forget a conversation, or all of an account's, for good; returns how many turns that were."""
        theirs = turns.c.account == account
        threads = conversations.c.account == account
        if conversation is not None:
            theirs &= turns.c.conversation == conversation
            threads &= conversations.c.id == conversation
        with writing(self._engine) as connection:
            count = connection.execute(delete(turns).where(theirs)).rowcount
            connection.execute(delete(conversations).where(threads))
        settle(self._engine)
        return count

    def export(self, account: str) -> list[dict[str, Any]]:
        """Everything recorded of an account, in order, fit for JSON."""
        mine = select(turns).where(turns.c.account == account).order_by(turns.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(mine).mappings().all()
        left_out = {"id", "account"}
        return [
            {name: _plain(value) for name, value in row.items() if name not in left_out and value is not None}
            for row in rows
        ]

    def _insert(self, connection: Connection, message: Message, reply: Reply, reply_json: str) -> None:
        now = self._clock.now()
        thread = {"account": message.account, "id": message.conversation, "created_at": now, "updated_at": now}
        add_missing(connection, conversations, [thread])
        mine = (conversations.c.account == message.account) & (conversations.c.id == message.conversation)
        connection.execute(update(conversations).where(mine).values(updated_at=now))
        connection.execute(turns.insert().values(turn_row(message, reply, reply_json, now)))


FORM = "form_"
"""What the status of a turn in a form begins with."""


def as_turns(recorded: Iterable[Recorded]) -> tuple[Turn, ...]:
    """Recorded turns as rag/ reads them: the user's words, then the answer's with its focus.

    Turns in a form are left out: what an enterprise writes into one reaches no rewriting, no prompt, no embedder.
    """
    return tuple(
        turn
        for entry in recorded
        if not entry.status.startswith(FORM)
        for turn in (Turn("user", entry.question), Turn("assistant", entry.reply, entry.focus))
    )


def _replied(connection: Connection, account: str, message: str) -> str | None:
    kept: str | None = connection.scalar(
        select(turns.c.reply_json).where(turns.c.account == account, turns.c.message == message)
    )
    return kept


def _summary(account: str) -> Any:
    per_thread = (
        select(turns.c.conversation, func.min(turns.c.id).label("first"), func.count().label("turns"))
        .where(turns.c.account == account)
        .group_by(turns.c.conversation)
        .subquery()
    )
    return (
        select(conversations, turns.c.question, per_thread.c.turns)
        .join(per_thread, per_thread.c.conversation == conversations.c.id)
        .join(turns, turns.c.id == per_thread.c.first)
        .where(conversations.c.account == account)
        .order_by(conversations.c.updated_at.desc(), per_thread.c.first.desc())
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

"""Messages to send: kept with what gave rise to them, marked once they are out, then wiped."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, select, update

from bot.channels.telegram_bot.parts import Action, Key, Part, Payload
from bot.channels.telegram_bot.store.chats import note_message
from bot.channels.telegram_bot.store.tables import telegram_keyboards as keyboards
from bot.channels.telegram_bot.store.tables import telegram_outgoing as outgoing
from db.engine import reading, writing
from db.rows import add_missing

WAITING, SENT, FAILED = "waiting", "sent", "failed"
KEEP_SENT = timedelta(days=7)
KEEP_BUTTONS = timedelta(days=60)
"""Longer than a draft is kept: a button of a draft that is there still works."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message to send to a chat, after `attempts` that failed."""

    id: int
    key: str
    chat: int
    payload: Payload
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: `state` is waiting, sent or failed; `message` its id in the chat once it is there."""

    state: str
    message: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """The button behind callback data: what it does and says, whose it is (None: anybody's), the step it belongs to."""

    action: Action
    label: str
    owner: int | None
    chat: int
    form: str | None


class Outgoing:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enqueue(self, key: str, chat: int, parts: Sequence[Part], now: datetime, due: datetime | None = None) -> None:
        """Keep parts to send, in their order. A key that is there already adds nothing."""
        with writing(self._engine) as connection:
            add_parts(connection, key, chat, parts, now, due)

    def chats(self, now: datetime) -> list[int]:
        """The chats that have something to send now."""
        query = select(outgoing.c.chat).where(outgoing.c.state == WAITING, outgoing.c.due_at <= now).distinct()
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def next_due(self, now: datetime) -> datetime | None:
        """When the next message that is not due yet will be."""
        query = select(func.min(outgoing.c.due_at)).where(outgoing.c.state == WAITING, outgoing.c.due_at > now)
        with reading(self._engine) as connection:
            found: datetime | None = connection.scalar(query)
        return found

    def next(self, chat: int, now: datetime) -> Queued | None:
        """The oldest message that is due in this chat."""
        mine = (outgoing.c.chat == chat) & (outgoing.c.state == WAITING) & (outgoing.c.due_at <= now)
        with reading(self._engine) as connection:
            row = connection.execute(select(outgoing).where(mine).order_by(outgoing.c.id).limit(1)).first()
        if row is None:
            return None
        return Queued(row.id, row.key, row.chat, Payload.load(row.payload), row.attempts, row.created_at)

    def mark_sent(self, id: int, message: int | None, now: datetime) -> None:  # noqa: A002  # the column's name
        """It is out, and is the newest message of its chat that is known."""
        mine = outgoing.c.id == id
        values = {"state": SENT, "message": message, "done_at": now, "payload": None, "error": None}
        with writing(self._engine, lasting=False) as connection:
            connection.execute(update(outgoing).where(mine).values(values))
            chat = connection.scalar(select(outgoing.c.chat).where(mine))
            if chat is not None and message is not None:
                note_message(connection, chat, message)

    def mark_failed(self, id: int, error: str, now: datetime) -> None:  # noqa: A002  # the column's name
        self._close(id, state=FAILED, done_at=now, payload=None, error=error)

    def note_attempt(self, id: int, error: str) -> int:  # noqa: A002  # the column's name
        """Count a failed attempt; how many that makes."""
        with writing(self._engine, lasting=False) as connection:
            mine = outgoing.c.id == id
            connection.execute(update(outgoing).where(mine).values(attempts=outgoing.c.attempts + 1, error=error))
            return int(connection.scalar(select(outgoing.c.attempts).where(mine)) or 0)

    def fail_chat(self, chat: int, error: str, now: datetime) -> int:
        """Give up everything that waits for a chat that cannot be written to; how much that was."""
        mine = (outgoing.c.chat == chat) & (outgoing.c.state == WAITING)
        values = {"state": FAILED, "done_at": now, "payload": None, "error": error}
        with writing(self._engine) as connection:
            return connection.execute(update(outgoing).where(mine).values(values)).rowcount

    def move(self, old: int, new: int) -> None:
        """A group became a supergroup: what waits for it goes there."""
        mine = (outgoing.c.chat == old) & (outgoing.c.state == WAITING)
        with writing(self._engine) as connection:
            connection.execute(update(outgoing).where(mine).values(chat=new))

    def delivery(self, key: str) -> list[Delivery]:
        """What became of the parts that were kept under a key, in their order."""
        mine = select(outgoing).where(outgoing.c.key.startswith(f"{key}#", autoescape=True)).order_by(outgoing.c.id)
        with reading(self._engine) as connection:
            return [Delivery(row.state, row.message, row.error) for row in connection.execute(mine)]

    def messages_between(self, first: int, past: int) -> set[int]:
        """Which of the ids from `first` to before `past` are messages that were sent to private chats."""
        mine = (outgoing.c.message >= first) & (outgoing.c.message < past) & (outgoing.c.chat > 0)
        with reading(self._engine) as connection:
            return set(connection.execute(select(outgoing.c.message).where(mine)).scalars())

    def pressed(self, data: str) -> Pressed | None:
        """The button that this callback data stands for; None for one that was forgotten or never made."""
        nonce, _, place = data.partition(".")
        with reading(self._engine) as connection:
            row = connection.execute(select(keyboards).where(keyboards.c.nonce == nonce)).first()
        if row is None or not place.isascii() or not place.isdigit() or int(place) >= len(row.actions):
            return None
        action = dict(row.actions[int(place)])
        return Pressed(action, action.pop("label"), row.owner, row.chat, row.form)

    def counts(self) -> dict[str, int]:
        query = select(outgoing.c.state, func.count()).group_by(outgoing.c.state)
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def clean(self, now: datetime) -> int:
        """Forget what was sent a while ago, and buttons older than any draft."""
        over = (outgoing.c.state != WAITING) & (outgoing.c.done_at < now - KEEP_SENT)
        with writing(self._engine) as connection:
            connection.execute(delete(keyboards).where(keyboards.c.created_at < now - KEEP_BUTTONS))
            return connection.execute(delete(outgoing).where(over)).rowcount

    def _close(self, id: int, **values: object) -> None:  # noqa: A002  # the column's name
        with writing(self._engine) as connection:
            connection.execute(update(outgoing).where(outgoing.c.id == id).values(values))


def add_parts(
    connection: Connection,
    key: str,
    chat: int,
    parts: Sequence[Part],
    now: datetime,
    due: datetime | None = None,
) -> None:
    """Keep parts to send inside the caller's transaction, each under key#place."""
    known = select(outgoing.c.id).where(outgoing.c.key == f"{key}#0")
    if connection.scalar(known) is not None:
        return
    rows = [
        {
            "key": f"{key}#{place}",
            "chat": chat,
            "payload": Payload.of(part, _keys(connection, chat, part, now)).dump(),
            "state": WAITING,
            "attempts": 0,
            "due_at": due or now,
            "created_at": now,
        }
        for place, part in enumerate(parts)
    ]
    add_missing(connection, outgoing, rows)


def wipe_outgoing(connection: Connection, chat: int) -> None:
    """Forget what was said to a chat and the buttons it was given (an erasure)."""
    connection.execute(delete(outgoing).where(outgoing.c.chat == chat, outgoing.c.state != WAITING))
    connection.execute(delete(keyboards).where(keyboards.c.chat == chat))


def _keys(connection: Connection, chat: int, part: Part, now: datetime) -> tuple[tuple[Key, ...], ...]:
    """The part's buttons as they are sent, and a row that says what each does."""
    actions = [
        {**button.action, "label": button.label} for row in part.rows for button in row if button.action is not None
    ]
    nonce = secrets.token_urlsafe(9)
    if actions:
        row = {"nonce": nonce, "chat": chat, "owner": part.owner, "actions": actions, "form": part.form}
        connection.execute(keyboards.insert().values({**row, "created_at": now}))
    place = iter(range(len(actions)))
    return tuple(
        tuple(
            Key(button.label, url=button.url)
            if button.action is None
            else Key(button.label, data=f"{nonce}.{next(place)}")
            for button in row
        )
        for row in part.rows
    )

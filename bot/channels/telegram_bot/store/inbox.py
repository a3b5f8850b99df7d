"""The inbox: every update as it came, kept before it is confirmed to Telegram, handled once, in order within a chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, and_, delete, func, or_, select, update

from bot.channels.telegram_bot.store.tables import telegram_updates as updates
from db.engine import reading, writing
from db.rows import add_missing

WAITING = "waiting"
Ending = Literal["done", "ignored", "failed", "quarantined"]
ALBUM_WAIT = timedelta(seconds=2)
"""An album comes as several updates without an end mark: it is whole when nothing of it came for so long."""

UNSURE = 0
"""A placeholder that may stand or not: it was about to be sent."""

KEEP_DONE = timedelta(days=14)
"""Telegram repeats an update for a day at most; ids may begin anew after a week of silence."""

KEEP_UNREAD = timedelta(days=30)
"""What could not be read or handled is kept raw so long, for staff to look at."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update to keep. Without a chat, or of a kind that is not answered, it is `ending` at once."""

    raw: str
    kind: str
    digest: str
    update_id: int | None = None
    key: str | None = None
    chat: int | None = None
    album: str | None = None
    ending: Ending | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The next update of a chat: its turn comes at `due`. `deaths` attempts at it have begun and never ended."""

    id: int
    chat: int
    album: str | None
    due: datetime
    deaths: int


@dataclass(frozen=True, slots=True)
class Taken:
    """An update being handled, for the `attempts`-th time (this one included)."""

    id: int
    update_id: int
    chat: int
    kind: str
    raw: str
    attempts: int
    placeholder: int | None
    received_at: datetime


class Inbox:
    """`bot` is the id of the bot whose updates these are."""

    def __init__(self, engine: Engine, bot: int) -> None:
        self._engine = engine
        self._bot = bot

    def add(self, arrivals: Sequence[Arrival], now: datetime) -> int:
        """Keep what is not there yet, in one transaction; durable when this returns. How many update ids were new."""
        with writing(self._engine) as connection:
            known = self._known(connection, arrivals)
            rows = [self._row(each, now) for each in arrivals if (each.update_id, each.digest) not in known]
            add_missing(connection, updates, rows)
            for album in {(row["chat"], row["album"]) for row in rows if row["album"] and row["state"] == WAITING}:
                self._await_more(connection, *album, now + ALBUM_WAIT)
        return len(rows)

    def heads(self) -> list[Head]:
        """The first waiting update of each chat, the longest due first."""
        first = (
            select(updates.c.chat, func.min(updates.c.update_id).label("first"))
            .where(updates.c.bot == self._bot, updates.c.state == WAITING)
            .group_by(updates.c.chat)
            .subquery()
        )
        query = (
            select(updates)
            .join(first, and_(first.c.chat == updates.c.chat, first.c.first == updates.c.update_id))
            .where(updates.c.bot == self._bot, updates.c.state == WAITING)
            .order_by(updates.c.due_at, updates.c.update_id)
        )
        with reading(self._engine) as connection:
            heads = {row.chat: _head(row) for row in connection.execute(query)}
        return list(heads.values())

    def take(self, head: Head) -> list[Taken]:
        """Begin with an update, or with all of its album; the attempt counts from now on, whatever becomes of it."""
        mine = updates.c.id == head.id
        if head.album:
            mine = (updates.c.bot == self._bot) & (updates.c.chat == head.chat) & (updates.c.album == head.album)
        mine &= updates.c.state == WAITING
        with writing(self._engine, lasting=False) as connection:
            connection.execute(update(updates).where(mine).values(attempts=updates.c.attempts + 1))
            rows = connection.execute(select(updates).where(mine).order_by(updates.c.update_id)).all()
        return [_taken(row) for row in rows]

    def later(self, ids: Sequence[int], due: datetime, error: str) -> None:
        """Try again at `due`; the chat's later updates wait, so that their order is kept."""
        with writing(self._engine, lasting=False) as connection:
            connection.execute(update(updates).where(updates.c.id.in_(ids)).values(due_at=due, error=error))

    def note_placeholder(self, id: int, message: int | None) -> None:  # noqa: A002  # the column's name
        with writing(self._engine, lasting=False) as connection:
            connection.execute(update(updates).where(updates.c.id == id).values(placeholder=message))

    def messages_since(self, id: int) -> set[int]:  # noqa: A002  # the column's name
        """The ids of messages and notes in private chats that came with this update or after it."""
        query = select(updates.c.key, updates.c.placeholder).where(
            updates.c.bot == self._bot, updates.c.id >= id, updates.c.chat > 0
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        messages = {int(row.key.split(":")[1]) for row in rows if row.key}
        return messages | {row.placeholder for row in rows if row.placeholder}

    def counts(self) -> dict[str, int]:
        """How many updates of this bot are in each state."""
        query = select(updates.c.state, func.count()).where(updates.c.bot == self._bot).group_by(updates.c.state)
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def clean(self, now: datetime) -> int:
        """Forget what was handled long ago, and later what was not."""
        settled = updates.c.state.in_(("done", "ignored")) & (updates.c.done_at < now - KEEP_DONE)
        unread = updates.c.state.in_(("failed", "quarantined")) & (updates.c.done_at < now - KEEP_UNREAD)
        with writing(self._engine) as connection:
            return connection.execute(delete(updates).where(or_(settled, unread))).rowcount

    def _row(self, arrival: Arrival, now: datetime) -> dict[str, Any]:
        over = arrival.ending is not None
        return {
            "bot": self._bot,
            "update_id": arrival.update_id,
            "digest": arrival.digest,
            "key": arrival.key,
            "chat": arrival.chat,
            "kind": arrival.kind,
            "album": arrival.album,
            "raw": "" if arrival.ending == "ignored" else arrival.raw,
            "state": arrival.ending or WAITING,
            "attempts": 0,
            "due_at": None if over else now + (ALBUM_WAIT if arrival.album else timedelta()),
            "received_at": now,
            "done_at": now if over else None,
            "error": arrival.error,
        }

    def _known(self, connection: Connection, arrivals: Sequence[Arrival]) -> set[tuple[int, str]]:
        ids = [arrival.update_id for arrival in arrivals if arrival.update_id is not None]
        mine = (updates.c.bot == self._bot) & updates.c.update_id.in_(ids)
        rows = connection.execute(select(updates.c.update_id, updates.c.digest).where(mine))
        return {(row.update_id, row.digest) for row in rows}

    def _await_more(self, connection: Connection, chat: int, album: str, until: datetime) -> None:
        mine = (updates.c.bot == self._bot) & (updates.c.chat == chat) & (updates.c.album == album)
        connection.execute(update(updates).where(mine, updates.c.state == WAITING).values(due_at=until))


def close(connection: Connection, ids: Sequence[int], ending: Ending, now: datetime, error: str | None = None) -> None:
    """End updates inside the caller's transaction. What was handled is wiped; what was not is kept raw for a while."""
    values: dict[str, Any] = {"state": ending, "done_at": now, "due_at": None, "error": error}
    if ending in ("done", "ignored"):
        values["raw"] = ""
    connection.execute(update(updates).where(updates.c.id.in_(ids)).values(values))


def wipe_chat(connection: Connection, chat: int) -> None:
    """Take what a chat wrote out of the inbox (an erasure); the ids stay, so that nothing is handled twice."""
    connection.execute(update(updates).where(updates.c.chat == chat, updates.c.state != WAITING).values(raw=""))


def _head(row: Row[Any]) -> Head:
    """An attempt that failed left its reason; one over which the process died left none."""
    return Head(row.id, row.chat, row.album, row.due_at, 0 if row.error else row.attempts)


def _taken(row: Row[Any]) -> Taken:
    return Taken(
        row.id, row.update_id, row.chat, row.kind, row.raw, row.attempts, row.placeholder, row.received_at
    )  # fmt: skip

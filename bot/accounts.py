"""Who is talking: a person, their accounts on the channels, and the web's sessions.

An account is (channel, key): a Telegram user id, the id of a web session, or, for the API's `user`, a label inside the
session that sent it. A name that a caller chose never reaches outside that caller's session.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Table,
    Text,
    UniqueConstraint,
    delete,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from db.engine import reading, settle, writing
from db.schema import CleanText, UtcDateTime, metadata

SESSION_LIFE = timedelta(days=90)
"""Counted from the last visit."""

_TOUCH_AFTER = timedelta(hours=1)  # a visit sooner than this after the last writes nothing

persons = Table(
    "persons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("persons.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("key", CleanText, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("channel", "key"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_digest", Text, primary_key=True),
    Column("account", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person on one channel. `settings` is what they chose once and is kept, such as their district."""

    id: str
    person: str
    channel: str
    key: str
    settings: Mapping[str, Any]


class Accounts:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, channel: str, key: str) -> Account:
        """The account of this key on this channel, made where there is none, with a person of its own."""
        if found := self._find(channel, key):
            return found
        try:
            with writing(self._engine) as connection:
                return self._create(connection, channel, key)
        except IntegrityError:  # another message of the same person came first
            found = self._find(channel, key)
            if found is None:
                raise
            return found

    def find(self, channel: str, key: str) -> Account | None:
        """The account of this key on this channel, where there is one."""
        return self._find(channel, key)

    def create_within(self, connection: Connection, channel: str, key: str, settings: Mapping[str, Any]) -> Account:
        """A new account inside the caller's transaction. IntegrityError where the key has one."""
        return self._create(connection, channel, key, settings)

    def get(self, account: str) -> Account | None:
        with reading(self._engine) as connection:
            return _account(connection, accounts.c.id == account)

    def of_person(self, person: str) -> list[Account]:
        """All accounts of a person, the oldest first."""
        mine = select(accounts).where(accounts.c.person == person).order_by(accounts.c.created_at, accounts.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(mine).all()
        return [Account(row.id, row.person, row.channel, row.key, row.settings) for row in rows]

    def beginning(self, channel: str, start: str) -> list[Account]:
        """The accounts of a channel whose key begins so, in the order of their keys."""
        named = (accounts.c.channel == channel) & accounts.c.key.startswith(start, autoescape=True)
        with reading(self._engine) as connection:
            rows = connection.execute(select(accounts).where(named).order_by(accounts.c.key)).all()
        return [Account(row.id, row.person, row.channel, row.key, row.settings) for row in rows]

    def labelled(self, session: Account, label: str) -> Account:
        """The API's `user` inside a session. Without a label it is the session's own account."""
        if session.channel != "web":
            raise ValueError("labels live inside a web session")
        return self.of("api", f"{session.key}/{label}") if label else session

    def open_session(self) -> tuple[str, Account]:
        """A new web session: its token, which only the browser keeps, and its account."""
        token, now = secrets.token_urlsafe(32), self._clock.now()
        with writing(self._engine) as connection:
            account = self._create(connection, "web", uuid.uuid4().hex)
            connection.execute(
                web_sessions.insert().values(
                    token_digest=_digest(token),
                    account=account.id,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + SESSION_LIFE,
                )
            )
        return token, account

    def resolve_session(self, token: str) -> Account | None:
        """The account of a session that has not expired, and a note that it was used; None for any other token."""
        key, now = web_sessions.c.token_digest == _digest(token), self._clock.now()
        with reading(self._engine) as connection:
            session = connection.execute(select(web_sessions).where(key)).one_or_none()
            if session is None or session.expires_at <= now:
                return None
            account = _account(connection, accounts.c.id == session.account)
        if now - session.last_seen_at >= _TOUCH_AFTER:
            with writing(self._engine) as connection:
                seen = {"last_seen_at": now, "expires_at": now + SESSION_LIFE}
                connection.execute(update(web_sessions).where(key).values(seen))
        return account

    def close_session(self, token: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(web_sessions).where(web_sessions.c.token_digest == _digest(token)))

    def forget_expired_sessions(self) -> int:
        with writing(self._engine) as connection:
            return connection.execute(
                delete(web_sessions).where(web_sessions.c.expires_at <= self._clock.now())
            ).rowcount

    def keep_setting(self, account: str, name: str, value: str | None) -> None:
        """Keep a choice of the account's, or drop it (None)."""
        mine = accounts.c.id == account
        with writing(self._engine) as connection:
            before = connection.scalar(select(accounts.c.settings).where(mine).with_for_update())
            if before is None:
                return
            after = {**before, name: value}
            kept = {key: chosen for key, chosen in after.items() if chosen is not None}
            connection.execute(update(accounts).where(mine).values(settings=kept))

    def erase(self, account: str) -> None:
        """Remove an account with its sessions, history and notices, and its person if that was the last account."""
        with writing(self._engine) as connection:
            person = connection.scalar(select(accounts.c.person).where(accounts.c.id == account))
            connection.execute(delete(accounts).where(accounts.c.id == account))
            left = select(accounts.c.id).where(accounts.c.person == person).exists()
            connection.execute(delete(persons).where(persons.c.id == person, ~left))
        settle(self._engine)

    def _find(self, channel: str, key: str) -> Account | None:
        with reading(self._engine) as connection:
            return _account(connection, (accounts.c.channel == channel) & (accounts.c.key == key))

    def _create(
        self, connection: Connection, channel: str, key: str, settings: Mapping[str, Any] | None = None
    ) -> Account:
        person, account, now = uuid.uuid4().hex, uuid.uuid4().hex, self._clock.now()
        connection.execute(persons.insert().values(id=person, created_at=now))
        chosen = dict(settings or {})
        row = {"id": account, "person": person, "channel": channel, "key": key, "settings": chosen, "created_at": now}
        connection.execute(accounts.insert().values(row))
        return Account(account, person, channel, key, chosen)


def _account(connection: Connection, condition: Any) -> Account | None:
    row = connection.execute(select(accounts).where(condition)).one_or_none()
    return None if row is None else Account(row.id, row.person, row.channel, row.key, row.settings)


def _digest(token: str) -> str:
    """The token itself is not stored: who reads the database cannot take over a session."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

"""Staff on Telegram: which account is whose, one-time codes that link them, and which notice went to which chat."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select, update

from bot.channels.telegram_bot.parts import Part
from bot.channels.telegram_bot.store.outgoing import add_parts
from bot.channels.telegram_bot.store.tables import telegram_cards as cards
from bot.channels.telegram_bot.store.tables import telegram_link_codes as codes
from bot.channels.telegram_bot.store.tables import telegram_staff as linked
from db.engine import reading, writing
from db.rows import add_missing

CODE_LIFE = timedelta(minutes=15)
KEEP_CARDS = timedelta(days=90)
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXY23456789"
_CODE_LENGTH = 10
"""Over 10^14 codes, each valid for a quarter of an hour and for one use: not to be guessed through a chat."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code to send to the bot, and until when."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Posting:
    """A staff notice to put before a chat, not before `due`."""

    notice: int
    chat: int
    reference: str
    part: Part
    created_at: datetime
    due: datetime | None = None

    @property
    def key(self) -> str:
        return f"staff:{self.notice}:{self.chat}"


class StaffLinks:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def issue(self, staff: str, by: str, now: datetime) -> Code:
        """A new code for a staff account; the codes it was given before end."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        row = {"digest": _digest(code), "staff": staff, "issued_by": by}
        with writing(self._engine) as connection:
            connection.execute(delete(codes).where((codes.c.staff == staff) | (codes.c.expires_at <= now)))
            connection.execute(codes.insert().values({**row, "created_at": now, "expires_at": now + CODE_LIFE}))
        return Code(code, now + CODE_LIFE)

    def redeem(self, code: str, user: int, now: datetime) -> str | None:
        """Link a Telegram user to the staff account of a code; None where the code is unknown, used or expired."""
        good = (codes.c.digest == _digest(code)) & codes.c.used_at.is_(None) & (codes.c.expires_at > now)
        with writing(self._engine) as connection:
            staff: str | None = connection.scalar(select(codes.c.staff).where(good).with_for_update())
            if staff is None:
                return None
            connection.execute(update(codes).where(codes.c.digest == _digest(code)).values(used_at=now))
            connection.execute(delete(linked).where((linked.c.user == user) | (linked.c.staff == staff)))
            connection.execute(linked.insert().values(user=user, staff=staff, linked_at=now))
        return staff

    def staff_of(self, user: int) -> str | None:
        with reading(self._engine) as connection:
            found: str | None = connection.scalar(select(linked.c.staff).where(linked.c.user == user))
        return found

    def user_of(self, staff: str) -> int | None:
        with reading(self._engine) as connection:
            found: int | None = connection.scalar(select(linked.c.user).where(linked.c.staff == staff))
        return found

    def everybody(self) -> dict[str, int]:
        """Staff account → Telegram user."""
        with reading(self._engine) as connection:
            return {row.staff: row.user for row in connection.execute(select(linked))}

    def unlink(self, user: int) -> bool:
        with writing(self._engine) as connection:
            return connection.execute(delete(linked).where(linked.c.user == user)).rowcount > 0

    def carded(self, notices: list[int]) -> set[tuple[int, int]]:
        """Which of these notices were put before which chats already: (notice, chat)."""
        query = select(cards.c.notice, cards.c.chat).where(cards.c.notice.in_(notices))
        with reading(self._engine) as connection:
            return {(row.notice, row.chat) for row in connection.execute(query)}

    def post(self, posting: Posting, now: datetime) -> None:
        """Keep a notice to be sent, and that it was."""
        row = {"notice": posting.notice, "chat": posting.chat, "reference": posting.reference, "created_at": now}
        with writing(self._engine) as connection:
            add_missing(connection, cards, [row])
            add_parts(connection, posting.key, posting.chat, [posting.part], now, posting.due)

    def cards_of(self, reference: str) -> list[tuple[int, int]]:
        """Where the cards of a case are: (notice, chat)."""
        query = select(cards.c.notice, cards.c.chat).where(cards.c.reference == reference)
        with reading(self._engine) as connection:
            return [(row.notice, row.chat) for row in connection.execute(query)]

    def clean(self, now: datetime) -> int:
        with writing(self._engine) as connection:
            connection.execute(delete(codes).where(codes.c.expires_at <= now - CODE_LIFE))
            return connection.execute(delete(cards).where(cards.c.created_at < now - KEEP_CARDS)).rowcount


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode("utf-8", "surrogatepass")).hexdigest()

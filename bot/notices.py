"""What people are told of their cases: written in the transaction that gives rise to it, read where they come to look.

A door that people come to (web, API, terminal) shows what is unread at the next visit. Its notice is due one working
day later: if nobody has read it by then, bot/couriers.py makes it a task 「电话联系」.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Row, delete, or_, select, update

from bot.accounts import accounts
from bot.notice_words import notice_text
from bot.outbox import enqueue, outbox
from bot.phrases import Lang
from db.engine import reading, settle, writing
from intake.cases import Telling
from intake.store.drafts import Drafts
from intake.store.staff_notices import StaffInbox, tell_staff
from intake.store.tasks import finish_task_of_key
from intake.store.told import language_of, words_of

__all__ = ["GATEWAY", "VISITED", "Inbox", "Notices", "StaffInbox", "UnreadNotice", "call_key"]

VISITED = frozenset({"web", "api", "terminal"})
"""The channels people come to; on any other a notice is sent to them at once."""

GATEWAY = "gateway."
"""Before the kind of a notice that goes to the webhook beside the one that is shown."""

_SHOWN = ("case.", "draft.")


class WorkingDays(Protocol):
    def add_days(self, moment: datetime, days: float) -> datetime: ...


@dataclass(frozen=True, slots=True)
class UnreadNotice:
    """Something the owner was not shown yet, in their language."""

    id: int
    text: str
    at: datetime
    reference: str | None
    kind: str


class Notices:
    """Writes notices inside the caller's transaction. `gateway`: whether a webhook is told of them, too."""

    def __init__(self, calendar: WorkingDays, *, gateway: bool = False) -> None:
        self._calendar = calendar
        self._gateway = gateway

    def tell(self, connection: Connection, telling: Telling, at: datetime) -> None:
        """The `Tell` of intake. Owners who erased their account are told nothing."""
        if telling.to != "owner":
            tell_staff(connection, telling, at)
            return
        lang = language_of(connection, telling.case) or "zh"
        body = {**telling.body, "case": telling.case, "lang": lang}
        self.write(connection, telling.key, telling.target, f"case.{telling.kind}", body, at)

    def write(
        self, connection: Connection, key: str, account: str, kind: str, body: Mapping[str, Any], at: datetime
    ) -> None:
        """One notice to an account, on its channel."""
        channel = connection.scalar(select(accounts.c.channel).where(accounts.c.id == account))
        if channel is None:
            return
        due = self._calendar.add_days(at, 1) if channel in VISITED else at
        enqueue(connection, key, account, kind, body, at, due)
        if self._gateway and channel in VISITED:
            enqueue(connection, f"{key}/gateway", account, f"{GATEWAY}{kind}", body, at)


class Inbox:
    """What an account was not shown yet. A notice stays here until it was seen, its call task made or not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._drafts = Drafts(engine)

    def unread(self, account: str, lang: Lang = "zh") -> list[UnreadNotice]:
        """The oldest first. A reminder of a draft that was gone on with is no news any more."""
        mine = _unseen(account).order_by(outbox.c.id)
        with reading(self._engine) as connection:
            rows = [(row, words_for(connection, row.body)) for row in connection.execute(mine).all()]
        return [_unread(row, words, lang) for row, words in rows if not self._outdated(row)]

    def seen(self, account: str, notices: Collection[int], at: datetime) -> int:
        """Note that these were shown, as far as they are the account's; their call tasks are done. How many."""
        with writing(self._engine) as connection:
            rows = connection.execute(_unseen(account).where(outbox.c.id.in_(list(notices)))).all()
            self._close(connection, [row.id for row in rows], at)
        return len(rows)

    def shown(self, account: str, kind: str, reference: str, at: datetime) -> None:
        """The door has said this by itself (a receipt is the reply to a submission): not to be shown again."""
        with writing(self._engine) as connection:
            rows = connection.execute(_unseen(account).where(outbox.c.kind == f"case.{kind}")).all()
            self._close(connection, [row.id for row in rows if row.body.get("reference") == reference], at)

    def forget(self, account: str) -> int:
        """Remove all notices of an account, read or not, for good; how many."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(outbox).where(outbox.c.account == account)).rowcount
        settle(self._engine)
        return gone

    def _close(self, connection: Connection, notices: list[int], at: datetime) -> None:
        if not notices:
            return
        connection.execute(update(outbox).where(outbox.c.id.in_(notices)).values(sent_at=at, due_at=None))
        for notice in notices:
            finish_task_of_key(connection, call_key(notice), "system", "read", at)

    def _outdated(self, row: Row[Any]) -> bool:
        if row.kind != "draft.reminder":
            return False
        draft = self._drafts.get(str(row.body.get("draft", "")))
        return draft is None or draft.updated_at > row.created_at


def call_key(notice: int) -> str:
    """The key of the call task of a notice: there is one at most."""
    return f"call/{notice}"


def _unseen(account: str) -> Any:
    shown = or_(*(outbox.c.kind.startswith(prefix) for prefix in _SHOWN))
    return select(outbox).where(outbox.c.account == account, outbox.c.sent_at.is_(None), shown)


def words_for(connection: Connection, body: Mapping[str, Any]) -> str:
    """What staff wrote with the event a notice tells of, as long as it was not erased."""
    if not {"case", "seq"} <= body.keys():
        return ""
    return words_of(connection, str(body["case"]), int(body["seq"]))


def _unread(row: Row[Any], words: str, lang: Lang) -> UnreadNotice:
    text = notice_text(row.kind, row.body, lang, words)
    return UnreadNotice(row.id, text, row.created_at, row.body.get("reference"), row.kind)

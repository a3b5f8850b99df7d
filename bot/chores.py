"""The chores of housekeeping: what each does, and how often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Engine, select

from bot.accounts import Accounts
from bot.couriers import Courier, Deliverer, WebhookDeliverer
from bot.files import FileStoreError, FolderFileStore
from bot.housekeeping import Chore, Housekeeping, start
from bot.needs import Needs
from bot.notices import Notices
from bot.turns import turns
from db.engine import reading, writing
from intake.store.cases import Transaction
from intake.store.drafts import Draft, Drafts
from intake.store.files import unnamed

if TYPE_CHECKING:
    from bot.bootstrap import House

REMIND_AFTER = (timedelta(hours=24), timedelta(days=7))
"""An idle draft is recalled once after each of these, in working hours; then there is silence (design §6.9)."""

ORPHAN_AFTER = timedelta(days=7)
"""A file that was sent in and belongs to nothing is kept so long: its owner may still be filling in the form."""

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def keep_house(
    house: House, deliverers: Mapping[str, Deliverer] | None = None, more: Iterable[Chore] = ()
) -> Callable[[], None]:
    """Start housekeeping for `serve`; what is returned stops it. `deliverers`: ways to push notices, by channel.

    `more` are the chores of a door, done before the rest.
    """
    settings, needs, accounts, stopping = house.settings, house.needs(), house.accounts(), threading.Event()
    url = settings.notice_webhook_url.get_secret_value()
    gateway = WebhookDeliverer(url, settings.notice_webhook_secret.get_secret_value()) if url else None
    courier = Courier(house.engine, accounts, deliverers or {}, gateway, stopping.is_set)
    notices = Notices(needs.timing.calendar, gateway=bool(url))
    own = chores(needs, house.engine, accounts, courier, notices, settings.retention_days)
    return start(Housekeeping((*more, *own)), house.clock.now, stopping)


class WorkingHours(Protocol):
    def is_working(self, moment: datetime) -> bool: ...


def chores(
    needs: Needs, engine: Engine, accounts: Accounts, courier: Courier, notices: Notices, retention_days: int
) -> tuple[Chore, ...]:
    """In the order of their urgency."""
    reminders = DraftReminders(engine, needs.drafts, notices, needs.timing.calendar)
    leftovers = Leftovers(engine, needs.files)
    retention = Retention(needs, notices, leftovers, retention_days)
    return (
        Chore("notices", timedelta(0), courier.run_once),
        Chore("deadlines", _MINUTE, lambda _now: needs.handling.sweep()),
        Chore("reminders", 30 * _MINUTE, reminders.run),
        Chore("sessions", _HOUR, lambda _now: accounts.forget_expired_sessions()),
        Chore("retention", 6 * _HOUR, retention.run),
        Chore("files", 24 * _HOUR, leftovers.run),
    )


@dataclass(frozen=True, slots=True)
class DraftReminders:
    """Recalls drafts that were begun and left."""

    engine: Engine
    drafts: Drafts
    notices: Notices
    calendar: WorkingHours

    def run(self, now: datetime) -> int:
        """Nobody is reminded outside working hours."""
        if not self.calendar.is_working(now):
            return 0
        due = [(draft, _reminders_due(draft, now)) for draft in self.drafts.idle_since(now - REMIND_AFTER[0])]
        wanted = [(draft, count) for draft, count in due if draft.answers and draft.reminders < count]
        for draft, count in wanted:
            self._remind(draft, count, now)
        return len(wanted)

    def _remind(self, draft: Draft, count: int, now: datetime) -> None:
        body = {"draft": draft.id, "kind": draft.kind}
        with writing(self.engine) as connection:
            self.notices.write(connection, f"draft/{draft.id}/{count}", draft.account, "draft.reminder", body, now)
        self.drafts.reminded(draft.id, count)


def _reminders_due(draft: Draft, now: datetime) -> int:
    return sum(now - draft.updated_at >= wait for wait in REMIND_AFTER)


@dataclass(frozen=True, slots=True)
class Retention:
    """Erases what was kept long enough, and tells the owners of drafts that went."""

    needs: Needs
    notices: Notices
    leftovers: Leftovers
    days: int

    def run(self, now: datetime) -> int:
        gone = self.needs.privacy.retention(now, self.days, self._tell)
        self.leftovers.remove(gone.files)
        return gone.count

    def _tell(self, transaction: Transaction, draft: Draft, now: datetime) -> None:
        """Who had filled in nothing is told nothing."""
        if draft.answers:
            key, body = f"draft/{draft.id}/purged", {"kind": draft.kind}
            self.notices.write(transaction.connection, key, draft.account, "draft.purged", body, now)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Removes files that belong to nothing any more."""

    engine: Engine
    files: FolderFileStore

    def run(self, now: datetime) -> int:
        return self.remove(self.files.kept_before(now - ORPHAN_AFTER), put_before=now - ORPHAN_AFTER)

    def remove(self, digests: Iterable[str], put_before: datetime | None = None) -> int:
        """Remove those that no draft, case or reply names; how many. A file sent in again meanwhile stays."""
        orphans = [digest for digest in sorted(unnamed(self.engine, set(digests))) if not self._in_a_reply(digest)]
        if put_before is not None:
            orphans = sorted(set(orphans) & set(self.files.kept_before(put_before)))
        for digest in orphans:
            with suppress(FileStoreError):
                self.files.delete(digest)
        return len(orphans)

    def _in_a_reply(self, digest: str) -> bool:
        shown = select(turns.c.id).where(turns.c.reply_json.contains(digest)).limit(1)
        with reading(self.engine) as connection:
            return connection.scalar(shown) is not None

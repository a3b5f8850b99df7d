"""Fetches updates by long polling: raw, kept before the offset moves, with a deadline on every call.

A connection that is half open answers nothing for hours; each poll therefore ends at a deadline of its own, and the
client is built anew whenever one did.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram_bot.api import QuietRequest, call, polling_request
from bot.channels.telegram_bot.arriving import update_id_of
from bot.channels.telegram_bot.pacing import Time
from bot.channels.telegram_bot.reading import ANSWERED_KINDS
from bot.channels.telegram_bot.threads import in_thread

SILENCE = timedelta(hours=24)
"""After a week without updates their ids may begin anew below the offset, so it is forgotten in time."""

AT_RISK = timedelta(hours=12)
"""Telegram keeps what was not fetched for 24 hours."""

LONGEST_WAIT = 60.0
CONFLICT_WAIT = 30.0
NOTHING_NEW_WAIT = 1.0
_log = logging.getLogger(__name__)


class TokenRefusedError(Exception):
    """Telegram does not know the bot's token (any more)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `hold` is how long Telegram may keep a poll open, `grace` what it may take beyond that."""

    hold: int = 25
    grace: float = 10.0

    @property
    def deadline(self) -> float:
        return self.hold + self.grace


class Polling:
    """`keep` commits updates and says how many were new. `last_success` is when a poll was last answered."""

    def __init__(
        self,
        base_url: str,
        keep: Callable[[Sequence[Any]], int],
        clock: Time,
        now: Callable[[], datetime],
        patience: Patience | None = None,
    ) -> None:
        self._base_url = base_url
        self._keep = keep
        self._clock = clock
        self._now = now
        self._patience = patience or Patience()
        self._request: QuietRequest | None = None
        self._offset: int | None = None
        self._heard: datetime | None = None
        self._failures = 0
        self._told: str | None = None
        self._warned = False
        self.last_success: datetime | None = None
        self.trouble: str | None = None

    async def run(self) -> None:
        """Until cancelled. Raises TokenRefusedError; everything else is waited out."""
        self._heard = self._now()
        try:
            while True:
                await self._clock.sleep(await self.once())
        finally:
            await self.close()

    async def once(self) -> float:
        """One poll; seconds to wait before the next. Raises TokenRefusedError."""
        try:
            updates = await self._poll()
        except InvalidToken as fault:
            raise TokenRefusedError from fault
        except Conflict:
            return self._troubled("另一个程序正在用同一个令牌接收消息（409）：请停掉其中一个", CONFLICT_WAIT)
        except RetryAfter as wait:
            told = wait.retry_after
            return told.total_seconds() if isinstance(told, timedelta) else float(told)
        except (TelegramError, TimeoutError) as fault:
            await self.close()
            return self._troubled(f"连不上 Telegram（{type(fault).__name__}）", self._backoff())
        return await self._kept(updates)

    async def _kept(self, updates: Sequence[Any]) -> float:
        """Keep what came; only then does the offset move."""
        try:
            new = await in_thread(self._keep, updates) if updates else 0
        except Exception as fault:  # the database: nothing is confirmed, so nothing is lost
            _log.exception("updates could not be kept")
            return self._troubled(f"消息存不下来（{type(fault).__name__}）", self._backoff())
        self._offset = _after(updates) or self._offset
        return self._went_well(updates, new)

    def _went_well(self, updates: Sequence[Any], new: int) -> float:
        now = self._now()
        if self._told:
            _log.warning("Telegram：已恢复")
        self._failures, self._told, self.trouble, self.last_success = 0, None, None, now
        self._warned = False
        if new:
            self._heard = now
        elif self._heard and now - self._heard > SILENCE:
            self._offset, self._heard = None, now
        return NOTHING_NEW_WAIT if updates and not new else 0.0

    async def _poll(self) -> Sequence[Any]:
        """The next updates. Asking for them confirms those before the offset: they were kept."""
        if self._request is None:
            self._request = polling_request(self._patience.deadline)
        parameters: dict[str, Any] = {"timeout": self._patience.hold, "allowed_updates": list(ANSWERED_KINDS)}
        if self._offset is not None:
            parameters["offset"] = self._offset
        async with asyncio.timeout(self._patience.deadline):
            updates = await call(self._request, self._base_url, "getUpdates", **parameters)
        if not isinstance(updates, list):
            raise TelegramError("the answer holds no updates")
        return updates

    def _troubled(self, what: str, wait: float) -> float:
        """Say what is wrong, once until it changes; seconds to wait."""
        self.trouble = what
        if what != self._told:
            _log.warning("Telegram：%s。会一直重试。", what)
            self._told = what
        silent = self._now() - (self.last_success or self._now())
        if silent > AT_RISK and not self._warned:
            _log.error("Telegram：已 12 小时没有收到消息；超过 24 小时未取走的消息会被 Telegram 丢弃")
            self._warned = True
        return wait

    def _backoff(self) -> float:
        self._failures += 1
        return float(min(2 ** min(self._failures - 1, 10), LONGEST_WAIT))

    async def close(self) -> None:
        """A client that failed is not used again: a connection of it may be half open."""
        request, self._request = self._request, None
        if request is not None:
            try:
                async with asyncio.timeout(2):
                    await request.shutdown()
            except (TimeoutError, Exception):  # it is thrown away, whatever it says
                _log.debug("a client did not close", exc_info=True)


def _after(updates: Sequence[Any]) -> int | None:
    """The offset that confirms these: one past the highest id among them."""
    known = [number for update in updates if (number := update_id_of(update)) is not None]
    return max(known) + 1 if known else None

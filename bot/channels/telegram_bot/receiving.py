"""Keeps what came, by polling or by webhook, before Telegram is told that it arrived."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot.channels.telegram_bot.arriving import arrival_of
from bot.channels.telegram_bot.sending import nothing_fails
from bot.channels.telegram_bot.store.inbox import Inbox

_log = logging.getLogger(__name__)


class Receiver:
    """`arrived` is called, from any thread, after something new was kept."""

    def __init__(
        self,
        inbox: Inbox,
        now: Callable[[], datetime],
        arrived: Callable[[], None],
        pass_by: Callable[[str], None] = nothing_fails,
    ) -> None:
        self._inbox = inbox
        self._now = now
        self._arrived = arrived
        self._pass_by = pass_by

    def keep(self, raws: Sequence[Any]) -> int:
        """Commit these updates; durable when this returns. How many were new. Raises the database's errors."""
        self._pass_by("fetched")
        arrivals = [arrival_of(raw) for raw in raws]
        new = self._inbox.add(arrivals, self._now())
        self._pass_by("committed")
        for reason, count in Counter(arrival.error for arrival in arrivals if arrival.error).items():
            _log.warning("%d updates were put aside: %s", count, reason)
        if new:
            self._arrived()
        return new

"""Notices to people on Telegram, for the courier: kept once, sent by the same queues as replies."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.accounts import Account
from bot.channels.telegram_bot.paging import Block
from bot.channels.telegram_bot.parts import Button
from bot.channels.telegram_bot.rendering import text_parts
from bot.channels.telegram_bot.sending import Sender
from bot.channels.telegram_bot.store.outgoing import FAILED, Delivery, Outgoing
from bot.channels.telegram_bot.words import Words
from bot.couriers import DeliveryError
from bot.dialogs.buttons import of_case
from bot.outbox import Notice

SECONDS = 8.0
"""As long as one notice may hold up the courier; then it is looked at again at the next round."""


class Running(Protocol):
    """A door that is up: its loop and its sender; None where it is not."""

    def sending(self) -> tuple[asyncio.AbstractEventLoop, Sender] | None: ...


class TelegramDeliverer:
    """A `bot.couriers.Deliverer`. A notice comes twice at most to the queue, and is in it once: its id is the key."""

    def __init__(self, outgoing: Outgoing, door: Running, now: Callable[[], datetime]) -> None:
        self._outgoing = outgoing
        self._door = door
        self._now = now

    def deliver(self, account: Account, text: str, notice: Notice) -> None:
        """Raises DeliveryError; permanent where the person has blocked the bot."""
        key = f"notice:{notice.id}"
        words = Words("en" if notice.body.get("lang") == "en" else "zh")
        parts = text_parts([Block(text)], words.labels)
        if reference := notice.body.get("reference"):
            button = Button(words.say("button.open_case"), {"choice": of_case(str(reference), "v", "").id})
            parts[-1] = replace(parts[-1], rows=((button,),), owner=int(account.key))
        self._outgoing.enqueue(key, int(account.key), parts, self._now())
        _judge(self._sent(key))

    def _sent(self, key: str) -> list[Delivery]:
        up = self._door.sending()
        if up is None:
            raise DeliveryError("the Telegram door is not up")
        loop, sender = up
        loop.call_soon_threadsafe(sender.wake)
        waiting = asyncio.run_coroutine_threadsafe(sender.delivered(key), loop)
        try:
            return waiting.result(SECONDS)
        except concurrent.futures.TimeoutError:
            waiting.cancel()
            raise DeliveryError("not sent yet") from None
        except concurrent.futures.CancelledError:
            raise DeliveryError("the Telegram door went down") from None


def _judge(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        if delivery.state == FAILED:
            raise DeliveryError(delivery.error or "refused", permanent=True)

"""Start here: the Telegram door, wired: receive → inbox → answer → outgoing → send; up, running, and down again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram_bot.answering import Answering
from bot.channels.telegram_bot.api import UNREAD, make_application
from bot.channels.telegram_bot.cards import Cards
from bot.channels.telegram_bot.commands import Commands, publish_menu
from bot.channels.telegram_bot.conversing import Conversing
from bot.channels.telegram_bot.crossing import Crossing
from bot.channels.telegram_bot.dispatching import Dispatcher
from bot.channels.telegram_bot.edits import Edits
from bot.channels.telegram_bot.fetching import Fetching
from bot.channels.telegram_bot.groups import Groups
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.pacing import Pace, SystemTime, Time
from bot.channels.telegram_bot.polling import Patience, Polling, TokenRefusedError
from bot.channels.telegram_bot.posting import Post
from bot.channels.telegram_bot.pressing import Pressing
from bot.channels.telegram_bot.private import Private
from bot.channels.telegram_bot.reading import ANSWERED_KINDS
from bot.channels.telegram_bot.receiving import Receiver
from bot.channels.telegram_bot.sending import Sender, nothing_fails
from bot.channels.telegram_bot.staff import StaffRoom
from bot.channels.telegram_bot.store.chats import Chats
from bot.channels.telegram_bot.store.inbox import Inbox
from bot.channels.telegram_bot.store.ledger import Ledger
from bot.channels.telegram_bot.store.outgoing import Outgoing
from bot.channels.telegram_bot.store.staff import StaffLinks
from bot.channels.telegram_bot.strays import Strays
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.web_chat.limits import Rate

LONGEST_WAIT = 60.0
CARDS_EVERY = 15.0
CLEAN_EVERY = timedelta(hours=1)
ANSWERS_END, SENDING_ENDS, CLOSING = 4.0, 2.5, 1.0
"""Seconds each may take at a stop, the last one twice; together under the ten that a stop may take."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """How the Bot API is reached. With a `webhook_url` updates are sent to us, else they are fetched."""

    token: str = field(repr=False)
    api_url: str = "https://api.telegram.org"
    webhook_url: str = ""
    secret: str = field(default="", repr=False)
    patience: Patience = field(default_factory=Patience)

    @property
    def bot(self) -> int:
        return int(self.token.partition(":")[0])

    @property
    def webhook_path(self) -> str:
        return urlsplit(self.webhook_url).path or "/"


class TelegramDoor:
    """One bot. `keep` takes raw updates from any thread at any time; `run` does the rest until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        hall: Hall,
        access: Access,
        *,
        cards: Callable[[StaffLinks, Chats, Outgoing], Cards] | None = None,
        clock: Time | None = None,
        pace: Pace | None = None,
        pass_by: Callable[[str], None] = nothing_fails,
    ) -> None:
        self._hall = hall
        self._access = access
        self._clock = clock or SystemTime()
        self._pass_by = pass_by
        self.inbox = Inbox(engine, access.bot)
        self.outgoing = Outgoing(engine)
        self.chats = Chats(engine)
        self.links = StaffLinks(engine)
        self.ledger = Ledger(engine, access.bot)
        self._cards = cards(self.links, self.chats, self.outgoing) if cards else None
        self._application = make_application(access.token, access.api_url)
        self._pace = pace or Pace(self._clock)
        self._crossing = Crossing()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dispatcher: Dispatcher | None = None
        self._sender: Sender | None = None
        self._polling: Polling | None = None
        self._trouble: str | None = None
        self._cleaned: datetime | None = None
        self._receiver = Receiver(self.inbox, hall.now, self._arrived, pass_by)
        self.keep = self._receiver.keep

    def sending(self) -> tuple[asyncio.AbstractEventLoop, Sender] | None:
        """The loop and the sender while the door is up."""
        return (self._loop, self._sender) if self._loop is not None and self._sender is not None else None

    async def run(self, stopping: asyncio.Event, ready: Callable[[str], None] = lambda _username: None) -> None:
        """Until `stopping`. `ready` is told the bot's name. Raises TokenRefusedError."""
        self._loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[Any]] = []
        stop = asyncio.create_task(stopping.wait())
        try:
            username = await self._first_of(stop, self._connect())
            if username is None:
                return
            dispatcher, sender = self._open(username)
            tasks = [asyncio.create_task(_kept_up(work)) for work in (dispatcher.run, sender.run, self._chores)]
            ready(username)
            await self._first_of(stop, self._receive())
        finally:
            stop.cancel()
            await self._close(tasks)

    async def round(self) -> None:
        """Connect if need be, fetch once, answer and send all that is due now. For tests: nothing is waited for."""
        self._loop = asyncio.get_running_loop()
        if self._dispatcher is None or self._sender is None:
            self._open(await self._connect())
        if self._polling is None and not self._access.webhook_url:
            self._polling = self._poller()
        if self._polling is not None:
            await self._polling.once()
        if self._dispatcher is not None and self._sender is not None:
            await self._dispatcher.drain()
            await self._sender.drain()

    async def close(self) -> None:
        """The end of `round`s."""
        await self._close([])

    def status(self) -> dict[str, Any]:
        """How the door stands, for /health and the log: no names, no words. Synchronous."""
        polling = self._polling
        return {
            "mode": "webhook" if self._access.webhook_url else "polling",
            "trouble": self._trouble or (polling.trouble if polling else None),
            "last_poll": polling.last_success.isoformat() if polling and polling.last_success else None,
            "updates": self.inbox.counts(),
            "messages": self.outgoing.counts(),
            "unreachable": self.chats.unreachable(),
        }

    def _arrived(self) -> None:
        loop, dispatcher = self._loop, self._dispatcher
        if loop is not None and dispatcher is not None and not loop.is_closed():
            loop.call_soon_threadsafe(dispatcher.wake)

    async def _first_of(self, stop: asyncio.Task[Any], work: Awaitable[Any]) -> Any:
        """What `work` gives; None where the stop came first."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({stop, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task}, timeout=CLOSING)
        return None

    async def _connect(self) -> str:
        """The bot's name, as soon as Telegram can be reached. Raises TokenRefusedError."""
        wait = 1.0
        while True:
            try:
                await self._application.initialize()
                await self._introduce()
            except InvalidToken:
                raise TokenRefusedError from None
            except (TelegramError, *UNREAD) as fault:  # the latter where something else than the Bot API answers
                if self._trouble is None:
                    self._trouble = f"连不上 Telegram（{type(fault).__name__}）"
                    _log.warning("Telegram：启动时%s。会一直重试；如需代理，请设置 HTTPS_PROXY。", self._trouble)
                await self._clock.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                if self._trouble is not None:
                    _log.warning("Telegram：已连上")
                self._trouble = None
                return str(self._application.bot.username)

    async def _introduce(self) -> None:
        """Menu, and how updates come. What waits at Telegram is kept in either case."""
        bot = self._application.bot
        if self._access.webhook_url:
            await bot.set_webhook(
                self._access.webhook_url,
                secret_token=self._access.secret,
                allowed_updates=list(ANSWERED_KINDS),
                max_connections=1,  # one after the other: the order within a chat is that of arrival
            )
        else:
            await bot.delete_webhook()
        try:
            await publish_menu(bot, needs=self._hall.needs is not None)
        except TelegramError as fault:  # commands work without their menu, and a next start shows it
            _log.warning("Telegram：命令菜单未能更新（%s）", type(fault).__name__)

    async def _receive(self) -> None:
        if self._access.webhook_url:
            await asyncio.Event().wait()
        self._polling = self._poller()
        await self._polling.run()

    def _poller(self) -> Polling:
        base_url = f"{self._access.api_url}/bot{self._access.token}"
        return Polling(base_url, self.keep, self._clock, self._hall.now, self._access.patience)

    def _open(self, username: str) -> tuple[Dispatcher, Sender]:
        post = Post(self._application.bot, self._hall.files)
        now = self._hall.now
        sender = Sender(self.outgoing, self.chats, post, self._pace, self._crossing, self._clock, now, self._pass_by)
        answering = self._answering(username)
        dispatcher = Dispatcher(
            self.inbox, self.ledger, answering.answer, answering.apologise, sender.wake, now, self._pass_by
        )
        self._sender, self._dispatcher = sender, dispatcher
        return dispatcher, sender

    def _answering(self, username: str) -> Answering:
        hall, bot = self._hall, self._application.bot
        conversing = Conversing(hall, bot, self.inbox, self._pace, self._crossing, self._clock, self._pass_by)
        staff = StaffRoom(hall, self.links, self.chats, self._cards)
        commands = Commands(hall, conversing, staff)
        edits = Edits(hall, conversing, self.chats)
        fetching = Fetching(bot, hall.files) if hall.files is not None and hall.needs is not None else None
        return Answering(
            hall,
            self.chats,
            self.ledger.key,
            Private(conversing, commands, fetching, needs=hall.needs is not None),
            Pressing(hall, bot, self.outgoing, self._pace, conversing, commands, edits, staff),
            edits,
            Groups(hall, staff, self._access.bot, username),
            staff,
            Rate(hall.per_minute, self._clock.monotonic),
            Strays(bot, self.inbox, self.outgoing),
        )

    async def _chores(self) -> None:
        while True:
            new = await in_thread(self._cards.run_once) if self._cards is not None else 0
            if new and self._sender is not None:
                self._sender.wake()
            now = self._hall.now()
            if self._cleaned is None or now - self._cleaned >= CLEAN_EVERY:
                self._cleaned = now
                for store in (self.inbox, self.outgoing, self.chats, self.links):
                    await in_thread(store.clean, now)
            await self._clock.sleep(CARDS_EVERY)

    async def _close(self, tasks: list[asyncio.Task[Any]]) -> None:
        """What is being handled and sent ends; the rest waits in the database for the next start."""
        if self._dispatcher is not None:
            await self._dispatcher.stop(ANSWERS_END)
        if self._sender is not None:
            await self._sender.stop(SENDING_ENDS)
        for task in tasks:
            task.cancel()
        self._loop = None
        closing = [self._application.shutdown(), *([self._polling.close()] if self._polling else [])]
        await asyncio.wait([asyncio.ensure_future(_closed(each)) for each in closing], timeout=CLOSING)


async def _closed(closing: Awaitable[None]) -> None:
    """Whatever a connection says at its end: it is thrown away."""
    try:
        await closing
    except (TelegramError, RuntimeError):
        _log.debug("the connections did not close well")


async def _kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Run it, and again should it ever fail: a door half of which has died would be silent."""
    while True:
        try:
            await work()
        except Exception:  # logged; begun anew after a moment
            _log.exception("a part of the Telegram door failed and is started again")
            await asyncio.sleep(1)
        else:
            return

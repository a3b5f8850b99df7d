"""`serve`: own the data folder, index at a first start, serve the web (and Telegram, where set), say so in one line."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI

from bot.accounts import Account, Accounts
from bot.bootstrap import House, build
from bot.channels.api_keys import ApiKeys
from bot.channels.openai_door.ports import Asked
from bot.channels.openai_door.routes import Programs
from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.ports import PastTurn
from bot.channels.web_chat.schema import ChatReply
from bot.chores import keep_house
from bot.commands.corpus import index_corpus, say
from bot.commands.faults import CommandError
from bot.commands.house import settings_of
from bot.commands.serve_needs import NeedsDesk, WebNotices
from bot.console.chores import console_chores, put_calendar_back
from bot.console.first_account import first_account
from bot.console.parts import ConsoleParts
from bot.conversation import Conversation
from bot.dialogs.ask import AskDialog
from bot.messages import Message, Reply
from bot.model_metrics import registry_of
from bot.ownership import own
from bot.phrases import Lang
from bot.settings import Settings
from bot.stopping import Stopping, leave_in
from bot.web import Agents, create_app
from intake.reading.sensitive import without_numbers

if TYPE_CHECKING:
    from bot.commands.telegram import Telegram

WEB_ENDS = 7
"""Seconds that requests have to be answered after the signal; then they are cut, and asked again they are known."""

_log = logging.getLogger(__name__)


def serve(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    bound = _bound(settings)
    address = f"http://{settings.host}:{bound.getsockname()[1]}"
    with own(settings.data_dir, "serve", address):
        house = build(settings)
        if house.reader.shelf() is None:
            say("首次启动：正在建立政策索引…")
            index_corpus(house, embed=False)
        _announce(house, address)
        threading.Thread(target=house.filling.keep, args=(house,), name="vectors", daemon=True).start()
        if house.model is not None:
            threading.Thread(target=house.model.warm, name="language model", daemon=True).start()
        _run(house, bound, address)
    return 0


def _run(house: House, bound: socket.socket, address: str) -> None:
    """Every door, and the chores behind them, until a signal ends it."""
    telegram = _telegram(house)
    console = house.console()
    put_calendar_back(console)
    if not house.settings.corpus_sources_dir:
        house.settings.sources_root.mkdir(parents=True, exist_ok=True)
    house.arrivals.resume()
    stop_chores = keep_house(house, {"telegram": telegram.deliverer()} if telegram else None, console_chores(console))
    app: Any = _app(house, console, telegram)
    config = uvicorn.Config(
        telegram.before(app) if telegram else app, access_log=False, log_config=None, timeout_graceful_shutdown=WEB_ENDS
    )
    _tell_first_account(console, address)
    stopping = Stopping(stop_chores, console.rounds.stop, *([telegram.stop] if telegram else []))
    server = _Server(config, stopping)
    # From before anybody is answered, and after: uvicorn raises the signal anew once it has ended.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, server.handle_exit)
    if telegram:
        telegram.start()
    try:
        server.run(sockets=[bound])
    finally:
        if not stopping.wait():
            _log.warning("not everything had ended in time; it goes on at the next start")


class _Server(uvicorn.Server):
    """The web server, with whose end that of everything else begins."""

    def __init__(self, config: uvicorn.Config, stopping: Stopping) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.begin()
        leave_in()
        super().handle_exit(sig, frame)


def _tell_first_account(console: ConsoleParts, address: str) -> None:
    """The last line at a first start. Only this terminal gets it: it is in no log."""
    first = first_account(console)
    if first is not None:
        told = f"账号 {first.account}，一次性密码 {first.password}（72 小时内有效，登录后须修改）"
        say(f"工作台：{address}/console  {told}")


def _telegram(house: House) -> Telegram | None:
    """Imported only where it is wanted: the library costs a second."""
    if not house.settings.telegram_bot_token.get_secret_value():
        return None
    from bot.commands.telegram import Telegram

    return Telegram(house)


def _bound(settings: Settings) -> socket.socket:
    """The listening socket, taken before anything slow, so that a busy port is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
        bound.listen(128)
    except OSError as fault:
        bound.close()
        raise CommandError(
            f"端口 {settings.host}:{settings.port} 不能使用（{fault.strerror}）。"
            f"换一个端口再试：PORT={settings.port + 1} make run"
        ) from fault
    return bound


def _announce(house: House, address: str) -> None:
    card = house.library().release()
    notes = f"；{'；'.join(house.notes)}" if house.notes else ""
    say(f"科创政策助手已就绪：{address}（{card.documents if card else 0} 份政策{notes}；按 Ctrl+C 停止）")


def _app(house: House, console: ConsoleParts, telegram: Telegram | None = None) -> FastAPI:
    settings, needs = house.settings, house.needs()
    return create_app(
        WebAssistant(house.conversation()),
        WatchfulLibrary(house.library(), telegram.status) if telegram else house.library(),
        WebSessions(house.accounts()),
        limits=Limits(session_per_minute=settings.questions_per_minute),
        hosts=_hosts(settings),
        https=settings.public_https,
        question_chars=settings.question_max_chars,
        contact=settings.fallback_contact,
        needs=NeedsDesk(needs, house.accounts()),
        notices=WebNotices(needs.inbox, needs.clock) if needs.inbox else None,
        console=console,
        programs=Programs(ProgramAnswers(house.ask), ApiKeys(settings.program_keys)),
        agents=_agents(house),
        registry=registry_of(house.model, settings, house.reranking),
    )


def _agents(house: House) -> Agents | None:
    """The door for agents, where `make mcp` installed what it needs; importing it costs a second."""
    if find_spec("mcp") is None:
        return None
    from bot.channels.mcp_door.http import McpDoor
    from bot.channels.mcp_door.server import mcp_server
    from bot.commands.mcp import lookups_of
    from bot.logs import set_up

    door = McpDoor(mcp_server(lookups_of(house)), ApiKeys(house.settings.program_keys))
    set_up(house.settings)  # its SDK sets up logging of its own
    return door


def _hosts(settings: Settings) -> list[str]:
    """Names the server answers to. A wildcard address names none: those of PUBLIC_HOSTS do."""
    named = [name.strip() for name in settings.public_hosts.split(",") if name.strip()]
    return named if settings.host in {"0.0.0.0", "::"} else [settings.host, *named]  # noqa: S104  # told apart, not bound


class WatchfulLibrary:
    """The library, whose health tells operators how Telegram stands as well: nobody else would notice its silence."""

    def __init__(self, library: Any, telegram: Callable[[], Mapping[str, Any]]) -> None:
        self._library = library
        self._telegram = telegram

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def health(self) -> Mapping[str, Any]:
        facts, stands = dict(self._library.health()), self._telegram()
        notes = [f"Telegram：{stands['trouble']}"] if stands["trouble"] else []
        shown = {name: stands[name] for name in ("mode", "trouble", "last_poll")}
        return {**facts, "degraded": [*facts.get("degraded", ()), *notes], "telegram": shown}


@dataclass(frozen=True, slots=True)
class WebAssistant:
    """The conversation, as the web door asks for it."""

    conversation: Conversation

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        return self.conversation.handle(message, on_stage)

    def past(self, account: str, conversation: str, limit: int = 50) -> list[PastTurn]:
        return [
            PastTurn(key, question, ChatReply.of(reply, key).model_dump(mode="json"), at)
            for key, question, reply, at in self.conversation.past(account, conversation, limit)
        ]

    def forget(self, account: str, conversation: str) -> None:
        self.conversation.forget(account, conversation)

    def district(self, account: str) -> str | None:
        return self.conversation.district(account)

    def set_district(self, account: str, name: str | None) -> None:
        self.conversation.set_district(account, name)


@dataclass(frozen=True, slots=True)
class ProgramAnswers:
    """The ask dialog, as the door for programs asks it: no history is read or kept, no need is taken in."""

    dialog: AskDialog

    def answer(self, asked: Asked, on_stage: Callable[[str], None] | None = None) -> Reply:
        try:
            return self.dialog.ask(
                asked.text,
                lang=asked.lang,
                history=[replace(turn, text=without_numbers(turn.text)) for turn in asked.history],
                district=asked.district,
                as_of=asked.as_of,
                on_stage=on_stage,
                account=asked.asker,
            )
        except Exception:  # as in the conversation: it is logged, and the program is told
            return self.dialog.failed(asked.lang)

    def parts(self, reply: Reply, lang: Lang) -> Sequence[str]:
        return self.dialog.parts(reply, lang)


@dataclass(frozen=True, slots=True)
class WebSessions:
    """The accounts, as the web door asks for them."""

    accounts: Accounts

    def open(self) -> tuple[str, str]:
        token, account = self.accounts.open_session()
        return token, account.id

    def resolve(self, token: str) -> str | None:
        account = self.accounts.resolve_session(token)
        return account.id if account else None

    def labelled(self, account: str, label: str) -> str:
        session = self.accounts.get(account)
        return self.accounts.labelled(session, label).id if isinstance(session, Account) else account

"""`telegram`: the Telegram door alone (`serve` starts it beside the web server). `staff-link`: a code for staff."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from bot.bootstrap import House
from bot.channels.telegram_bot.cards import Cards
from bot.channels.telegram_bot.delivering import TelegramDeliverer
from bot.channels.telegram_bot.door import Access, TelegramDoor
from bot.channels.telegram_bot.hall import Hall, Unanswered
from bot.channels.telegram_bot.polling import TokenRefusedError
from bot.channels.telegram_bot.sending import nothing_fails
from bot.channels.telegram_bot.store.chats import Chats
from bot.channels.telegram_bot.store.outgoing import Outgoing
from bot.channels.telegram_bot.store.staff import StaffLinks
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import CHANNEL
from bot.channels.telegram_bot.webhook import Webhook
from bot.chores import keep_house
from bot.commands.corpus import index_corpus, say
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.history import History
from bot.messages import Reply
from bot.ownership import own
from bot.phrases import Lang
from bot.refreshing import BusyError
from bot.settings import Settings
from bot.stopping import Stopping, leave_in
from intake.cases import Role
from intake.store.register import UnknownStaffError
from intake.store.staff_notices import StaffInbox

STOP_SECONDS = 9.5
PER_QUESTION = 4
GROUPS = "telegram groups"
"""Whose share of the language model questions in groups use up: theirs together."""

"""Messages a minute for each question a minute: a form's steps come quicker than questions."""

REFUSED = "Telegram 不认可这个令牌：请核对 TELEGRAM_BOT_TOKEN（向 @BotFather 查看或重新生成）。"
_log = logging.getLogger(__name__)


class Telegram:
    """The door in a thread of its own, beside whatever else the process does."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.door = make_door(house)
        self.trouble: str | None = None
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)

    def start(self) -> Telegram:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends what is being answered and sent, in under ten seconds."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_SECONDS)

    def deliverer(self) -> TelegramDeliverer:
        """For the courier: {"telegram": deliverer}."""
        return TelegramDeliverer(self.door.outgoing, self.door, self._house.clock.now)

    def before(self, app: Any) -> Any:
        """The web app with the webhook's address before it; the app itself where updates are fetched."""
        access = access_of(self._house.settings)
        return Webhook(app, access.webhook_path, access.secret, self.door.keep) if access.webhook_url else app

    def status(self) -> dict[str, Any]:
        return {**self.door.status(), **({"trouble": self.trouble} if self.trouble else {})}

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self.door.run(self._stopping, _log_ready))
        except TokenRefusedError:
            self.trouble = REFUSED
            _log.error("%s 网页照常服务。", REFUSED)
        except Exception:  # the catch-all of this thread: the web goes on
            self.trouble = "Telegram 已停止，请查看日志"
            _log.exception("the Telegram door stopped")
        finally:
            self._loop.close()


def telegram(options: argparse.Namespace) -> int:
    """The door alone, until SIGTERM or Ctrl+C."""
    house = house_of(options)
    if not house.settings.telegram_bot_token.get_secret_value():
        raise CommandError("没有设置 TELEGRAM_BOT_TOKEN。请向 @BotFather 申请令牌，写进 .env 后再试。")
    with own(house.settings.data_dir, "telegram"):
        if house.reader.shelf() is None:
            say("首次启动：正在建立政策索引…")
            index_corpus(house)
        try:
            asyncio.run(_alone(house))
        except TokenRefusedError:
            raise CommandError(REFUSED) from None
    return 0


async def _alone(house: House) -> None:
    door, stopping = make_door(house), asyncio.Event()
    server = _webhook_server(house, door) if house.settings.telegram_webhook_url else None
    serving = asyncio.create_task(server.serve()) if server else None
    chores = Stopping(keep_house(house, {CHANNEL: TelegramDeliverer(door.outgoing, door, house.clock.now)}))

    def stop() -> None:
        stopping.set()
        chores.begin()
        if server:
            server.should_exit = True

    def signalled() -> None:
        leave_in()
        stop()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, signalled)
    try:
        await door.run(stopping, lambda username: say(f"Telegram 机器人 @{username} 已就绪（按 Ctrl+C 停止）"))
    finally:
        stop()
        if serving:
            await serving
        await in_thread(chores.wait)


def _webhook_server(house: House, door: TelegramDoor) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        def install_signal_handlers(self) -> None:
            """The door's own handlers stop both."""

    async def nothing_else(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    access, settings = access_of(house.settings), house.settings
    app = Webhook(nothing_else, access.webhook_path, access.secret, door.keep)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return Server(config)


def make_door(house: House, pass_by: Callable[[str], None] = nothing_fails) -> TelegramDoor:
    needs = house.needs()
    inbox = StaffInbox(house.engine)

    def cards(links: StaffLinks, chats: Chats, outgoing: Outgoing) -> Cards:
        return Cards(needs, inbox, links, chats, outgoing, house.clock.now)

    return TelegramDoor(house.engine, hall_of(house), access_of(house.settings), cards=cards, pass_by=pass_by)


def hall_of(house: House) -> Hall:
    needs, settings = house.needs(), house.settings

    def ask(text: str, lang: Lang) -> Reply:
        return house.ask.ask(text, lang=lang, account=GROUPS)

    return Hall(
        talk=house.conversation(),
        accounts=house.accounts(),
        ask=ask,
        library=house.library(),
        now=house.clock.now,
        contact=settings.fallback_contact,
        default_lang=settings.default_lang,
        public_url=settings.public_url,
        per_minute=settings.questions_per_minute * PER_QUESTION,
        needs=needs,
        files=needs.files,
        corpus=HouseCorpus(house),
    )


def access_of(settings: Settings) -> Access:
    return Access(
        token=settings.telegram_bot_token.get_secret_value(),
        api_url=settings.telegram_api_url.rstrip("/"),
        webhook_url=settings.telegram_webhook_url,
        secret=settings.telegram_webhook_secret.get_secret_value(),
    )


class HouseCorpus:
    """What administrators may do to the policies from a chat."""

    def __init__(self, house: House) -> None:
        self._house = house

    def status(self) -> str:
        card = self._house.library().release()
        if card is None:
            return "政策库还没有发布过。"
        notes = f"\n{card.note}" if card.note else ""
        return (
            f"政策库第 {card.number} 版：{card.documents} 份，{card.passages} 段；"
            f"{card.created_at:%Y-%m-%d %H:%M} UTC 发布；向量 {card.vectors_ready:.0%}{notes}"
        )

    def refresh(self) -> str:
        try:
            faulty = index_corpus(self._house) != 0
        except BusyError:
            return "有人正在更新政策库，请稍后再试。您的操作没有执行。"
        skipped = "\n有文件不合格，已跳过；请运行 corpus check 查看。" if faulty else ""
        return f"已更新。{self.status()}{skipped}"

    def unanswered(self, limit: int) -> Sequence[Unanswered]:
        found = History(self._house.engine, self._house.clock).unanswered(limit)
        return [Unanswered(turn.question, turn.status, turn.created_at) for turn in found]


def staff_link(options: argparse.Namespace) -> int:
    """Print a one-time code that links a Telegram account to a staff account."""
    house = house_of(options)
    register, now = house.needs().register, house.clock.now()
    try:
        by = register.actor(options.acting, "cli", now)
        register.actor(options.account, "cli", now)
    except UnknownStaffError as unknown:
        raise CommandError(f"没有这个在用的工作人员账号（{unknown}）。用 staff list 查看。") from None
    if not (by.has(Role.ADMIN) or by.id == options.account):
        raise CommandError("只有管理员能给别人发关联码；自己的可以自己要。")
    code = StaffLinks(house.engine).issue(options.account, by.id, now)
    print(code.code)  # noqa: T201  # the command's output
    say(f"请本人在 Telegram 里私聊机器人发送：/link {code.code}（15 分钟内有效，只能用一次）")
    return 0


def _log_ready(username: str) -> None:
    _log.warning("Telegram 机器人 @%s 已就绪", username)

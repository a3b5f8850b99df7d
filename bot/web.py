"""The web server's app: the web door around whoever answers. Start here for everything that speaks HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from bot.channels.openai_door.routes import Programs, openai_routes
from bot.channels.web_chat.api import api_routes
from bot.channels.web_chat.assets import load_assets
from bot.channels.web_chat.chat_page import chat_page_routes
from bot.channels.web_chat.desk import Desk, make_desk
from bot.channels.web_chat.door import Door
from bot.channels.web_chat.faults import Faults, install
from bot.channels.web_chat.library_pages import library_routes
from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.needs_door import make_needs_door
from bot.channels.web_chat.needs_ports import Notices, WebNeeds
from bot.channels.web_chat.needs_routes import needs_routes
from bot.channels.web_chat.observed import Observed
from bot.channels.web_chat.original_pages import original_routes
from bot.channels.web_chat.pages import Pages
from bot.channels.web_chat.ports import Assistant, Library, Sessions
from bot.channels.web_chat.service_pages import service_routes
from bot.channels.web_chat.stream import stream_routes
from bot.channels.web_chat.words import load_words
from bot.console.parts import ConsoleParts
from bot.console.routes import console_routes
from bot.console.rules import check_declared

TITLE = "kechuang-assistant"


class Agents(Protocol):
    """The Model Context Protocol's door (bot/channels/mcp_door/http.py), where its SDK is installed."""

    def open_at(self, app: FastAPI, desk: Desk) -> None: ...

    def lifespan(self, app: FastAPI, /) -> AbstractAsyncContextManager[None]:
        """Around the app's own life."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    assistant: Assistant,
    library: Library,
    sessions: Sessions,
    *,
    needs: WebNeeds | None = None,
    notices: Notices | None = None,
    console: ConsoleParts | None = None,
    programs: Programs | None = None,
    agents: Agents | None = None,
    registry: CollectorRegistry | None = None,
    limits: Limits | None = None,
    hosts: Sequence[str] = (),
    https: bool = False,
    session_days: int = 180,
    question_chars: int = 300,
    contact: str = "",
    version: str = "0",
    now: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    lifespan: Any = None,
) -> FastAPI:
    """The app, ready for uvicorn. Serve it with `access_log=False`: an address may hold a question.

    `hosts` are the names it answers to besides this machine's own ("*" for any); `https` says that browsers reach it
    over TLS, which makes the cookies Secure; `question_chars` is what the box counts against (it is the assistant that
    refuses more); `contact` is the line at the foot of each page. Without `needs` there are no pages to submit one on,
    without `notices` no news of them, without `console` no /console, without `programs` no /v1, without `agents` no
    /mcp. Raises UndeclaredRouteError where a route of the console does not say who may use it.
    """
    limits = limits or Limits()
    pages = Pages(load_words(), load_assets(), contact=contact, https=https, needs=needs is not None)
    observed = Observed(registry or CollectorRegistry())
    faults = Faults(pages, observed)
    desk = make_desk(
        assistant,
        library,
        sessions,
        pages,
        observed,
        limits,
        https=https,
        session_days=session_days,
        question_chars=question_chars,
        now=now,
        monotonic=monotonic,
    )
    app = FastAPI(
        title=TITLE,
        version=version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=agents.lifespan if agents else lifespan,
    )
    install(app, faults)
    door = make_needs_door(desk, faults, needs, notices, https=https, monotonic=monotonic) if needs else None
    for routes in (
        api_routes(desk),
        stream_routes(desk, faults),
        chat_page_routes(desk, faults, door),
        library_routes(desk),
        original_routes(desk),
        *(needs_routes(door) if door else ()),
        *((openai_routes(desk, faults, programs),) if programs else ()),
        service_routes(desk, app),
    ):
        app.include_router(routes)
    if console is not None:
        app.router.routes[:0] = console_routes(console)  # before all others: see console_routes
    if agents is not None:
        agents.open_at(app, desk)
    check_declared(app.router.routes)
    app.add_middleware(Door, hosts=hosts, https=https, limits=limits, refuse=faults.draw)
    return app

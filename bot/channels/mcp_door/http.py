"""The protocol over HTTP at /mcp: stateless, behind the same keys, limits and door as everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server.mcpserver import MCPServer
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.channels.api_keys import ApiKeys
from bot.channels.web_chat.desk import Desk

PATH = "/mcp"


class McpDoor:
    """Runs with the app's lifespan; each request stands alone, so nothing of one caller is kept for another."""

    def __init__(self, server: MCPServer[Any], keys: ApiKeys) -> None:
        self._keys = keys
        self._manager = StreamableHTTPSessionManager(server._lowlevel_server, json_response=True, stateless=True)
        self._desk: Desk | None = None

    def open_at(self, app: FastAPI, desk: Desk) -> None:
        self._desk = desk
        app.router.routes.append(Route(PATH, endpoint=self))

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._desk is not None:
            self._desk.count_program(Request(scope, receive), self._keys)
        await self._manager.handle_request(scope, receive, send)

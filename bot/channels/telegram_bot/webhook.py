"""Webhook mode: an ASGI app that takes updates at one address, keeps them, and only then says 200."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

LARGEST = 1024 * 1024
SECRET = b"x-telegram-bot-api-secret-token"
_log = logging.getLogger(__name__)


class Webhook:
    """Stands before `app`, which gets every other request: its own checks (host, origin, size) are for browsers.

    `keep` commits updates. A wrong secret is answered with 403; neither it nor the body is logged.
    """

    def __init__(self, app: ASGIApp, path: str, secret: str, keep: Callable[[Sequence[Any]], int]) -> None:
        self._app = app
        self._path = path
        self._secret = secret.encode()
        self._keep = keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        status = await self._take(scope, receive)
        headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _take(self, scope: Scope, receive: Receive) -> int:
        if scope["method"] != "POST":
            return 405
        given = dict(scope["headers"]).get(SECRET, b"")
        if not hmac.compare_digest(given, self._secret):
            return 403
        body = await _body(receive)
        if body is None:
            return 413
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return 400
        try:
            await asyncio.to_thread(self._keep, [update])
        except Exception:  # not kept: Telegram will send it again
            _log.exception("an update could not be kept")
            return 500
        return 200


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is too large or its sender went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if not message.get("more_body", False):
            return bytes(body)

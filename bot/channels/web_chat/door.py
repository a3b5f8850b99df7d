"""The outermost layer of the web door: who may knock, how much may come in, and what every response carries."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Sequence
from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.web_chat.body import Upload, brings_files, drain, read_body
from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.origin import check_host, check_same_origin
from bot.channels.web_chat.refusals import DoorStatus, Refusal

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
HSTS = "max-age=31536000"
COOKIES = "kc_cookies"
LARGE = frozenset({DoorStatus.TOO_LARGE, DoorStatus.FILE_TOO_LARGE})
REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

Refuse = Callable[[Scope, Refusal], Awaitable[ASGIApp]]


class Door:
    """Checks host, origin and body; adds headers and cookies; turns every fault into a short, true reply.

    `refuse` draws a Refusal as JSON or as a page. Nothing behind the door can answer without these headers.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], https: bool, limits: Limits, refuse: Refuse) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._https = https
        self._limits = limits
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "state": {**scope.get("state", {}), COOKIES: []}}
        sealed = Sealed(send, scope, self._https)
        try:
            await self._admit(scope, receive, sealed)
        except Refusal as refusal:
            await self._answer(scope, receive, sealed, refusal)
        except Exception as error:  # the catch-all of this door
            reference = note_fault(error, scope["path"])
            await self._answer(scope, receive, sealed, Refusal(DoorStatus.INTERNAL, reference=reference))

    async def _admit(self, scope: Scope, receive: Receive, send: Sealed) -> None:
        headers = Headers(scope=scope)
        check_host(headers, self._hosts)
        check_same_origin(scope["method"], scope["path"], headers)
        if brings_files(scope["method"], scope["path"], headers):
            upload = Upload(headers, receive, self._limits, scope["path"])
            await self._app(scope, upload, self._lingering(receive, send, lambda: upload.unread))
            return
        receive = await read_body(headers, receive, self._limits)
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
            send.headless = True
        await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Sealed, refusal: Refusal) -> None:
        if send.started:
            return
        response = await self._refuse(scope, refusal)
        lingers = refusal.status in LARGE and "expect" not in Headers(scope=scope)
        await response(scope, receive, self._lingering(receive, send, lambda: lingers))

    def _lingering(self, receive: Receive, send: Send, wanted: Callable[[], bool]) -> Send:
        """Holds back the end of a response until the client has sent what it is sending (nginx's lingering close)."""

        async def held(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body") or not wanted():
                await send(message)
                return
            await send({**message, "more_body": True})
            await drain(receive, self._limits)
            await send({"type": "http.response.body", "body": b""})

        return held


class Sealed:
    """A `send` that puts the security headers and this request's cookies on the response."""

    def __init__(self, send: Send, scope: Scope, https: bool) -> None:
        self._send = send
        self._scope = scope
        self._https = https
        self.started = False
        self.headless = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message.setdefault("headers", [])
            self._seal(MutableHeaders(scope=message))
        elif self.headless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    def _seal(self, headers: MutableHeaders) -> None:
        for name, value in SECURITY_HEADERS.items():
            headers[name] = value
        if self._https:
            headers["Strict-Transport-Security"] = HSTS
        headers.setdefault("Cache-Control", "no-store")
        for cookie in self._scope["state"][COOKIES]:
            headers.append("Set-Cookie", cookie)


def set_cookie(scope: Scope, name: str, value: str, *, seconds: int, https: bool, http_only: bool = True) -> None:
    """Have this request's response set a cookie for the whole site (SameSite=Lax)."""
    jar: SimpleCookie = SimpleCookie()
    jar[name] = value
    cookie = jar[name]
    cookie["path"], cookie["samesite"], cookie["max-age"] = "/", "Lax", str(seconds)
    cookie["httponly"], cookie["secure"] = http_only, https
    scope["state"][COOKIES].append(jar[name].OutputString())


def note_fault(error: Exception, where: str) -> str:
    """Log a fault under a short code and give the code.

    The error's own words stay out of the log above DEBUG: a database error carries the row it failed on.
    """
    reference = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault %s at %s: %s\n%s", reference, where.replace("\n", " ")[:200], type(error).__name__, frames)
    log.debug("fault %s in full", reference, exc_info=error)
    return reference

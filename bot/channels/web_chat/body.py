"""Takes a request's body in up to its limit, before anything behind the door starts to work on it."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.refusals import DoorStatus, Refusal

WITH_FILES = ("/api/files", "/files", "/needs/form/", "/needs/case/", "/console/")
ORIGINALS = "/console/corpus/"
"""Where several files of an office come in at once."""

MULTIPART = "multipart/form-data"


def brings_files(method: str, path: str, headers: Headers) -> bool:
    """Whether a body is a form that may hold a file: it is handed on as it comes, up to a limit of its own."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return method == "POST" and kind == MULTIPART and path.startswith(WITH_FILES)


async def read_body(headers: Headers, receive: Receive, limits: Limits) -> Receive:
    """A `receive` that hands out the whole body at once.

    A body that is announced as too large is refused unread; one that grows too large or comes too slowly is refused
    where that shows.
    """
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return receive
    if _announced(headers) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            body = await _collect(receive, limits)
    except TimeoutError as error:
        raise Refusal(DoorStatus.TOO_SLOW) from error
    return _replay(body, receive)


def _announced(headers: Headers) -> int:
    announced = headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdigit()) or len(announced) > 18:
        raise Refusal(DoorStatus.INVALID_FIELD, field="Content-Length")
    return int(announced)


class Upload:
    """A `receive` for a form with a file: nothing is kept here, and nothing beyond the limit is handed on.

    `unread` says that the client is still sending something that nobody waits for.
    """

    def __init__(self, headers: Headers, receive: Receive, limits: Limits, path: str = "") -> None:
        self._receive = receive
        self._limits = limits
        self._most = limits.originals_bytes if path.startswith(ORIGINALS) else limits.file_bytes
        self._left = self._most + limits.form_bytes
        self._until: float | None = None
        self._whole = False
        self.unread = "expect" not in headers
        if _announced(headers) > self._left:
            raise self._too_large()

    async def __call__(self) -> Message:
        if self._whole:  # a response that is sent bit by bit waits here for a client that goes away
            return await self._receive()
        message = await self._next()
        self._whole = message["type"] == "http.request" and not message.get("more_body", False)
        self.unread = message["type"] == "http.request" and message.get("more_body", False)
        if message["type"] != "http.request":
            raise Refusal(DoorStatus.REFUSED)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise self._too_large()
        return message

    async def _next(self) -> Message:
        now = asyncio.get_running_loop().time()
        self._until = self._until or now + self._limits.upload_seconds
        try:
            async with asyncio.timeout_at(self._until):
                return await self._receive()
        except TimeoutError as error:
            raise Refusal(DoorStatus.TOO_SLOW) from error

    def _too_large(self) -> Refusal:
        return Refusal(DoorStatus.FILE_TOO_LARGE, limit=self._most // 2**20)


async def _collect(receive: Receive, limits: Limits) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(DoorStatus.REFUSED)
        body += message.get("body", b"")
        if len(body) > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body", False):
            return bytes(body)


async def drain(receive: Receive, limits: Limits) -> None:
    """Take in and throw away what a client is still sending, so that it gets to read why it was refused."""
    left = limits.drain_bytes
    try:
        async with asyncio.timeout(limits.drain_seconds):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _too_large(limits: Limits) -> Refusal:
    return Refusal(DoorStatus.TOO_LARGE, limit=limits.body_bytes // 1024)


def _replay(body: bytes, receive: Receive) -> Receive:
    handed_out = False

    async def replayed() -> Message:
        nonlocal handed_out
        if handed_out:
            return await receive()
        handed_out = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed

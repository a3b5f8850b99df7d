"""Draws the door's refusals: JSON for callers of the API, a page for people; FastAPI's own errors become refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from bot.channels.openai_door.errors import PATHS as PROGRAM_PATHS
from bot.channels.openai_door.errors import code_for_programs, error_body, param_of
from bot.channels.web_chat.needs_files import FileRefused
from bot.channels.web_chat.observed import Observed
from bot.channels.web_chat.pages import Pages, lang_of
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.channels.web_chat.schema import ErrorOut

MACHINE_PATHS = ("/api/", "/v1/", "/mcp", "/health", "/metrics", "/openapi.json")
BY_CODE = {
    400: DoorStatus.INVALID_JSON,
    404: DoorStatus.NOT_FOUND,
    405: DoorStatus.METHOD,
    413: DoorStatus.TOO_LARGE,
}
BY_TYPE = {
    "json_invalid": DoorStatus.INVALID_JSON,
    "unclean": DoorStatus.UNCLEAN,
    "string_unicode": DoorStatus.UNCLEAN,
    "empty": DoorStatus.EMPTY,
}
FIELDS = frozenset(
    {"text", "user", "district", "as_of", "id", "ids", "choice", "lang", "model", "messages", "stream", "n"}
    | {"stream_options", "response_format"}
)


class Faults:
    """Turns a Refusal into a response. Nothing a caller sent is repeated, only the names of our own fields."""

    def __init__(self, pages: Pages, observed: Observed) -> None:
        self._pages = pages
        self._observed = observed

    async def draw(self, scope: Scope, refusal: Refusal) -> Response:
        self._observed.refused.labels(refusal.status).inc()
        request = Request(scope)
        response = self._json(request, refusal) if is_machine(request.url.path) else self._page(request, refusal)
        if refusal.retry_after:
            response.headers["Retry-After"] = str(refusal.retry_after)
        if refusal.status is DoorStatus.API_KEY:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def error(self, request: Request, refusal: Refusal) -> ErrorOut:
        words = self._pages.words[lang_of(request)]
        if refusal.status is DoorStatus.FILE_TYPE:
            key = f"needs.file.{refusal.values['why']}"
            return ErrorOut(status=refusal.status, text=words(key))
        text = words(refusal.key, seconds=refusal.retry_after or 0, reference=refusal.reference, **refusal.values)
        return ErrorOut(status=refusal.status, text=text, reference=refusal.reference, retry_after=refusal.retry_after)

    def _json(self, request: Request, refusal: Refusal) -> Response:
        if request.url.path.startswith(PROGRAM_PATHS):
            code = code_for_programs(refusal.code)
            return JSONResponse(error_body(self.error(request, refusal), code, param_of(refusal)), code)
        return JSONResponse(self.error(request, refusal).model_dump(mode="json"), refusal.code)

    def _page(self, request: Request, refusal: Refusal) -> Response:
        error = self.error(request, refusal)
        return self._pages.page(request, "error.html", status=refusal.code, error=error, code=refusal.code)


def is_machine(path: str) -> bool:
    return path.startswith(MACHINE_PATHS)


def install(app: FastAPI, faults: Faults) -> None:
    """Have the app answer its own errors through `faults`."""

    async def refused(request: Request, error: Exception) -> Response:
        return await faults.draw(request.scope, as_refusal(error))

    for kind in (Refusal, RequestValidationError, HTTPException, FileRefused):
        app.add_exception_handler(kind, refused)

    app.router.redirect_slashes = False


def as_refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, FileRefused):
        return Refusal(DoorStatus.FILE_TYPE, why=error.key)
    if isinstance(error, HTTPException):
        return Refusal(BY_CODE.get(error.status_code, DoorStatus.REFUSED))
    raise error


def _invalid(errors: Sequence[Any]) -> Refusal:
    first = errors[0]
    status = BY_TYPE.get(first["type"], DoorStatus.INVALID_FIELD)
    if status is not DoorStatus.INVALID_FIELD:
        return Refusal(status)
    names = [part for part in first["loc"] if part in FIELDS]
    return Refusal(status, field=names[0] if names else "JSON")

"""A page of a policy's official file as it was printed, with the words that an answer quotes marked on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from bot.channels.web_chat.desk import Desk
from bot.channels.web_chat.ports import Sheet
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.page_images import CrowdedError

_SECONDS_TO_WAIT = 5.0
_CACHING = "public, max-age=3600"
"""The file behind an address may change: the next release may have another original."""


def original_routes(desk: Desk) -> APIRouter:
    """Only originals of what is published are shown, as pictures that we drew: never the file itself."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/originals/{policy}/{page}.png")
    async def picture(request: Request, policy: str, page: str) -> Response:
        desk.count_sheet(request)
        try:
            found = await run_in_threadpool(desk.library.page_image, policy, _number(page))
        except CrowdedError as crowd:
            raise Refusal(DoorStatus.BUSY, retry_after=_SECONDS_TO_WAIT) from crowd
        if found is None:
            raise Refusal(DoorStatus.NOT_FOUND)
        return Response(found, media_type="image/png", headers={"Cache-Control": _CACHING})

    @routes.get("/originals/{policy}/{page}")
    async def sheet(request: Request, policy: str, page: str) -> Response:
        desk.count_sheet(request)
        query = request.query_params
        passage, span = query.get("passage", "")[:64], _span(query)
        try:
            found = await run_in_threadpool(desk.library.sheet, policy, _number(page), passage, span)
        except CrowdedError as crowd:
            raise Refusal(DoorStatus.BUSY, retry_after=_SECONDS_TO_WAIT) from crowd
        if found is None:
            raise Refusal(DoorStatus.NOT_FOUND)
        before, after = _beside(found)
        context: dict[str, Any] = {"sheet": found, "passage": passage, "span": span, "before": before, "after": after}
        return desk.pages.page(request, "original.html", **context)

    return routes


def _beside(sheet: Sheet) -> tuple[int | None, int | None]:
    """The pages before and after it."""
    place = sheet.pages.index(sheet.page)
    return sheet.pages[place - 1] if place else None, next(iter(sheet.pages[place + 1 :]), None)


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0


def _span(query: Mapping[str, str]) -> tuple[int, int] | None:
    start, end = (_number(query.get(name, "")) for name in ("start", "end"))
    return (start, end) if start < end else None

"""News of cases on the page: polled while it is looked at, and marked as read once they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse

from bot.channels.web_chat.api import ERRORS, UserLabel, require_json
from bot.channels.web_chat.needs_door import NeedsDoor, count
from bot.channels.web_chat.needs_ports import Notices, PageNotice
from bot.channels.web_chat.needs_upload import HtmlView
from bot.channels.web_chat.pages import lang_of
from bot.channels.web_chat.schema import NoticeOut, NoticesOut
from bot.channels.web_chat.visitors import address_of

IDS_MOST = 100
ID_MOST = 2**53
NoticeId = Annotated[int, Field(ge=1, le=ID_MOST)]


class SeenRequest(BaseModel):
    ids: list[NoticeId] = Field(max_length=IDS_MOST, description="ids of notices that were shown")


def notice_routes(door: NeedsDoor, notices: Notices) -> APIRouter:
    routes = APIRouter(responses=ERRORS, tags=["api"])

    @routes.get("/api/notices")
    async def unread(request: Request, user: UserLabel, html: HtmlView = False) -> NoticesOut:
        """News of one's own cases that were not shown yet, the oldest first."""
        found = await unread_notices(door, request, user)
        return NoticesOut(notices=[_out(door, request, notice, html) for notice in found])

    @routes.post("/api/notices/seen", status_code=204, dependencies=[Depends(require_json)])
    async def seen(request: Request, user: UserLabel, shown: SeenRequest) -> Response:
        """Note that these were shown. Others' notices are passed over."""
        await _mark(door, notices, request, shown.ids, user)
        return Response(status_code=204)

    @routes.post("/notices/seen", include_in_schema=False)
    async def seen_by_form(request: Request) -> Response:
        async with door.posted(request) as posted:
            given = posted.values.get("id", ())[:IDS_MOST]
        await _mark(
            door,
            notices,
            request,
            [int(each) for each in given if each.isascii() and each.isdigit() and len(each) < 17],
        )
        return RedirectResponse("/", 303)

    return routes


async def unread_notices(door: NeedsDoor, request: Request, label: str | None = None) -> Sequence[PageNotice]:
    account = await door.known(request, label)
    if account is None or door.notices is None:
        return ()
    return await door.ask(door.notices.unread, account, lang_of(request))


async def _mark(
    door: NeedsDoor, notices: Notices, request: Request, ids: Sequence[int], label: str | None = None
) -> None:
    count(door.saves_by_address, address_of(request))
    account = await door.known(request, label)
    if account is not None:
        await door.ask(notices.seen, account, [each for each in ids if 0 < each <= ID_MOST])


def _out(door: NeedsDoor, request: Request, notice: PageNotice, html: bool) -> NoticeOut:
    drawn = door.desk.pages.draw(lang_of(request), "_needs_notice.html", notice=notice) if html else None
    return NoticeOut(id=notice.id, text=notice.text, at=notice.at, reference=notice.reference, html=drawn)

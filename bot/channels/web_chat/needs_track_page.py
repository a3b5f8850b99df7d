"""Look up a case by 受理编号 and 查询码, for whoever holds both: its public history, and a place for words to staff.

A wrong number and a wrong code are the same to the eye and to the clock. Never by 统一社会信用代码, which is public.
"""

from __future__ import annotations

import math

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from bot.channels.web_chat.needs_case_pages import TEXT_MOST, Doing
from bot.channels.web_chat.needs_door import NeedsDoor, count
from bot.channels.web_chat.needs_ports import CasePage, NeedRefusal
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.channels.web_chat.visitors import address_of
from intake.case_numbers import valid_number

LONGEST = 40
MINUTE = 60


def track_routes(door: NeedsDoor) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    pages = TrackPages(door)
    routes.add_api_route("/needs/track", pages.ask, methods=["GET"])
    routes.add_api_route("/needs/track", pages.look_up, methods=["POST"])
    routes.add_api_route("/needs/track/{reference}", pages.show, methods=["GET"])
    routes.add_api_route("/needs/track/{reference}", pages.add, methods=["POST"])
    return routes


class TrackPages:
    def __init__(self, door: NeedsDoor) -> None:
        self._door = door

    async def ask(self, request: Request) -> Response:
        return self._asked(request, _written(request.query_params.get("ref", "")))

    async def look_up(self, request: Request) -> Response:
        """The right code opens the case to this session for half an hour; the number itself rests after wrong ones."""
        count(self._door.lookups_by_address, address_of(request))
        async with self._door.posted(request) as posted:
            number, code = _written(posted.one("ref")), _written(posted.one("code"))
        if not number or not code:
            return self._asked(request, number, error="needs.track.both", status=422)
        wait = self._door.locks.locked(_key(number))
        if wait:
            minutes = str(math.ceil(wait / MINUTE))
            return self._asked(request, number, error="needs.track.locked", minutes=minutes, status=429)
        reference = await self._door.ask(self._door.needs.unlock, number, code)
        if reference is None:
            self._door.locks.wrong(_key(number))
            return self._asked(request, number, error="needs.track.wrong", status=422)
        self._door.locks.right(_key(number))
        account = await self._door.desk.visitors.account(request)
        self._door.grants.give(account, reference)
        return RedirectResponse(f"/needs/track/{reference}", 303)

    async def show(self, request: Request, reference: str) -> Response:
        case = await self._opened(request, reference)
        if case is None:
            return RedirectResponse(f"/needs/track?ref={_address(reference)}", 303)
        return self._drawn(request, case, Doing())

    async def add(self, request: Request, reference: str) -> Response:
        """Words to staff: an answer where they asked, otherwise an addition."""
        account = await self._door.admit(request)
        case = await self._opened(request, reference)
        if case is None:
            raise Refusal(DoorStatus.NOT_FOUND)
        async with self._door.posted(request) as posted, self._door.desk.turns.place(account):
            doing = Doing("reply", posted.one("text")[:TEXT_MOST])
            try:
                await self._door.ask(self._door.needs.reply_by_code, case.row.reference, doing.text)
            except NeedRefusal as refusal:
                doing = Doing("reply", doing.text, refused=self._door.sorry(request, refusal))
                return self._drawn(request, case, doing, status=422)
        return RedirectResponse(f"/needs/track/{case.row.reference}?done=reply#timeline", 303)

    async def _opened(self, request: Request, reference: str) -> CasePage | None:
        account = await self._door.known(request)
        if not self._door.grants.holds(account, reference):
            return None
        return await self._door.ask(self._door.needs.followed, reference)

    def _asked(self, request: Request, number: str, *, error: str = "", status: int = 200, **values: str) -> Response:
        return self._door.page(request, "needs_track.html", status=status, number=number, error=error, values=values)

    def _drawn(self, request: Request, case: CasePage, doing: Doing, status: int = 200) -> Response:
        form = self._door.needs.formbook.forms.get(case.row.kind)
        return self._door.page(
            request,
            "needs_case.html",
            status=status,
            case=case,
            own=False,
            doing=doing,
            done="reply" if "done" in request.query_params else "",
            scores=(),
            kind=form.label if form else case.row.kind,
            asked=(),
        )


def _written(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def _key(number: str) -> str:
    """One lock for all ways to write a number; all that cannot be one share a few."""
    return valid_number(number) or number[:4]


def _address(reference: str) -> str:
    return "".join(sign for sign in reference if sign.isascii() and (sign.isalnum() or sign == "-"))[:20]

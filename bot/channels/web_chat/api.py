"""The HTTP API: questions, the record of a conversation, the kept district."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from bot.channels.web_chat.asked import ChatRequest, DistrictRequest
from bot.channels.web_chat.desk import CONVERSATION, Desk
from bot.channels.web_chat.hygiene import UncleanError, clean
from bot.channels.web_chat.ports import PastTurn
from bot.channels.web_chat.refusals import DoorStatus, Refusal, code_of
from bot.channels.web_chat.schema import (
    ChatReply,
    DistrictOut,
    ErrorOut,
    HistoryOut,
    TurnOut,
    stored_reply,
)

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorOut, "description": why}
    for code, why in {
        400: "not JSON, or an unknown host",
        403: "sent by another site's page",
        413: "more than 64 kB",
        415: "not application/json",
        422: "a field that cannot be used; nothing asked",
        429: "too many questions; see Retry-After",
        500: "a fault of ours, with a reference",
        503: "busy, or not ready yet",
    }.items()
}


def require_json(request: Request) -> None:
    """A page of another site cannot send this type without asking first (CORS), so it guards against forgery."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(DoorStatus.MEDIA_TYPE)


def label_of(
    user: Annotated[str | None, Query(max_length=100, description="your label for the asker")] = None,
) -> str | None:
    try:
        return clean(user or "") or None
    except UncleanError as error:
        raise Refusal(DoorStatus.UNCLEAN) from error


UserLabel = Annotated[str | None, Depends(label_of)]


def api_routes(desk: Desk) -> APIRouter:
    """Routes under /api. A caller without a session cookie is given one with the first question."""
    routes = APIRouter(prefix="/api", responses=ERRORS, tags=["api"])
    _add_chat(routes, desk)
    _add_history(routes, desk)
    _add_district(routes, desk)
    return routes


def _add_chat(routes: APIRouter, desk: Desk) -> None:
    @routes.post("/chat", response_model=ChatReply, dependencies=[Depends(require_json)])
    async def chat(request: Request, asked: ChatRequest) -> Response:
        """Ask a question and wait for the reply."""
        account = await desk.admit(request, asked.user)
        message = desk.message(request, account, asked)
        reply = ChatReply.of(await desk.turns.take(message), asked.id)
        return JSONResponse(reply.model_dump(mode="json"), code_of(reply.status))


def _add_history(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/history")
    async def history(request: Request, user: UserLabel) -> HistoryOut:
        """The turns of this conversation so far, oldest first."""
        account = await desk.known(request, user)
        return HistoryOut(turns=[_turn(turn) for turn in await desk.past(account)])

    @routes.delete("/history", status_code=204)
    async def forget(request: Request, user: UserLabel) -> Response:
        """Forget this conversation."""
        account = await desk.known(request, user)
        if account is not None:
            await run_in_threadpool(desk.assistant.forget, account, CONVERSATION)
        return Response(status_code=204)


def _turn(past: PastTurn) -> TurnOut:
    return TurnOut(id=past.message_id, question=past.question, reply=stored_reply(past.reply), at=past.at)


def _add_district(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/district")
    async def district(request: Request, user: UserLabel) -> DistrictOut:
        """The district that is kept for this asker, or null."""
        return DistrictOut(district=await desk.district(await desk.known(request, user)))

    @routes.put("/district", dependencies=[Depends(require_json)])
    async def keep(request: Request, wanted: DistrictRequest) -> DistrictOut:
        """Keep a district for the questions to come; null means the whole city."""
        account = await desk.admit(request, wanted.user)
        await desk.keep_district(account, wanted.district or None)
        return DistrictOut(district=wanted.district or None)

"""The chat page, and the same conversation for a browser without JavaScript: forms in, a whole page back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from bot.channels.web_chat.asked import ChatRequest
from bot.channels.web_chat.desk import CONVERSATION, Desk
from bot.channels.web_chat.faults import Faults, as_refusal
from bot.channels.web_chat.hygiene import clean
from bot.channels.web_chat.needs_door import NeedsDoor
from bot.channels.web_chat.needs_notices import unread_notices
from bot.channels.web_chat.needs_ports import PageNotice
from bot.channels.web_chat.ports import PastTurn
from bot.channels.web_chat.refusals import DoorStatus, Refusal, code_of
from bot.channels.web_chat.schema import ChatReply

FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 10


def chat_page_routes(desk: Desk, faults: Faults, needs: NeedsDoor | None = None) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    page = ChatPage(desk, faults, needs)
    routes.add_api_route("/", page.show, methods=["GET"])
    routes.add_api_route("/", page.ask, methods=["POST"])
    routes.add_api_route("/district", page.keep_district, methods=["POST"])
    routes.add_api_route("/new", page.begin_anew, methods=["POST"])
    return routes


class ChatPage:
    """Draws the conversation from the assistant's own record, so a reload shows what was there."""

    def __init__(self, desk: Desk, faults: Faults, needs: NeedsDoor | None) -> None:
        self._desk = desk
        self._faults = faults
        self._needs = needs

    async def show(self, request: Request) -> Response:
        account = await self._desk.known(request)
        return await self._drawn(request, account, await self._desk.past(account))

    async def ask(self, request: Request) -> Response:
        """A question from the form. What was typed stands in the box again where it could not be taken."""
        fields = await form_fields(request)
        try:
            asked = _asked(fields)
            account = await self._desk.admit(request)
            message = self._desk.message(request, account, asked)
            reply = ChatReply.of(await self._desk.turns.take(message), asked.id)
        except Refusal as refusal:
            return await self._sorry(request, refusal, fields.get("text", ""))
        question = asked.text or asked.choice or ""
        latest = PastTurn(message.id, question, reply.model_dump(mode="json"), message.received_at)
        past = [turn for turn in await self._desk.past(account) if turn.message_id != message.id]
        return await self._drawn(request, account, [*past, latest], status=code_of(reply.status))

    async def keep_district(self, request: Request) -> Response:
        fields = await form_fields(request)
        account = await self._desk.admit(request)
        await self._desk.keep_district(account, fields.get("district") or None)
        return RedirectResponse("/", 303)

    async def begin_anew(self, request: Request) -> Response:
        account = await self._desk.known(request)
        if account is not None:
            await run_in_threadpool(self._desk.assistant.forget, account, CONVERSATION)
        return RedirectResponse("/", 303)

    async def _sorry(self, request: Request, refusal: Refusal, draft: str) -> Response:
        account = await self._desk.known(request)
        error = self._faults.error(request, refusal)
        past = await self._desk.past(account)
        return await self._drawn(request, account, past, status=refusal.code, draft=draft, error=error)

    async def _drawn(
        self,
        request: Request,
        account: str | None,
        turns: list[PastTurn],
        *,
        status: int = 200,
        draft: str = "",
        error: Any = None,
    ) -> Response:
        library = self._desk.library
        context = {
            "turns": with_labels(turns),
            "draft": draft,
            "question_chars": self._desk.question_chars,
            "error": error,
            "key": uuid.uuid4().hex,
            "places": await run_in_threadpool(library.places),
            "examples": await run_in_threadpool(library.examples),
            "release": await run_in_threadpool(library.release),
            "district": await self._desk.district(account),
            "notices": await self._news(request),
        }
        return self._desk.pages.page(request, "chat.html", status=status, **context)

    async def _news(self, request: Request) -> Sequence[PageNotice] | None:
        """News of cases that were not shown yet; None where nobody brings any."""
        if self._needs is None or self._needs.notices is None:
            return None
        return await unread_notices(self._needs, request)


def with_labels(turns: list[PastTurn]) -> list[PastTurn]:
    """A choice is recorded by its id; the reader pressed the label that the turn before had offered."""
    offered: dict[str, str] = {}
    shown = []
    for turn in turns:
        shown.append(replace(turn, question=offered.get(turn.question, turn.question)))
        offered = {choice["id"]: choice["label"] for choice in turn.reply.get("choices") or []}
    return shown


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a plain form, cleaned without fuss: whoever uses one cannot see what a paste brought along."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refusal(DoorStatus.MEDIA_TYPE)
    try:
        body = (await request.body()).decode("utf-8")
        fields = parse_qs(body, encoding="utf-8", errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Refusal(DoorStatus.UNCLEAN) from error
    return {name: clean(values[0], lenient=True) for name, values in fields.items()}


def _asked(fields: dict[str, str]) -> ChatRequest:
    """The question of a form. Its key is joined with what was asked: a page gone back to may ask something else."""
    given = {name: fields[name] for name in ("text", "choice") if fields.get(name)}
    if fields.get("id"):
        asked = hashlib.sha256("\n".join(given.values()).encode()).hexdigest()
        given["id"] = f"{fields['id']}-{asked[:16]}"
    try:
        return ChatRequest.model_validate(given)
    except ValidationError as error:
        raise as_refusal(RequestValidationError(error.errors())) from error

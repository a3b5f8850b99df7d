"""Start here for OpenAI's chat protocol: GET /v1/models and POST /v1/chat/completions, with every guarantee of ours.

Nothing is kept and nothing changes: no session, no history, no need. Limits are those of POST /api/chat.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from bot.channels.api_keys import ApiKeys
from bot.channels.openai_door.asked import MODEL, CompletionRequest
from bot.channels.openai_door.errors import code_for_programs, error_body, param_of
from bot.channels.openai_door.ports import Answers, Asked
from bot.channels.openai_door.told import DONE, Completion, data
from bot.channels.web_chat.api import require_json
from bot.channels.web_chat.desk import Desk
from bot.channels.web_chat.door import note_fault
from bot.channels.web_chat.faults import Faults
from bot.channels.web_chat.hygiene import UncleanError
from bot.channels.web_chat.pages import lang_of
from bot.channels.web_chat.refusals import DoorStatus, Refusal, code_of
from bot.channels.web_chat.schema import ErrorOut
from bot.channels.web_chat.stream import EVENT_STREAM, HEADERS
from bot.messages import Reply

CREATED = 1_767_225_600  # 2026-01-01: the protocol wants a number; this model is no release of anybody's


@dataclass(frozen=True, slots=True)
class Programs:
    """Who answers programs, and who of them may ask."""

    answers: Answers
    keys: ApiKeys


def openai_routes(desk: Desk, faults: Faults, programs: Programs) -> APIRouter:
    """Routes under /v1."""
    routes = APIRouter(prefix="/v1", tags=["openai"])

    @routes.get("/models")
    async def models(request: Request) -> dict[str, Any]:
        """The one model there is."""
        desk.count_program(request, programs.keys)
        return {"object": "list", "data": [_model()]}

    @routes.get("/models/{name}")
    async def model(request: Request, name: str) -> dict[str, Any]:
        desk.count_program(request, programs.keys)
        return _known(name)

    @routes.post("/chat/completions", dependencies=[Depends(require_json)])
    async def completions(request: Request, wanted: CompletionRequest) -> Response:
        """Ask as one asks OpenAI. `content` holds the claims with footnotes, `kechuang` what they stand on."""
        asker = desk.count_program(request, programs.keys, wanted.user)
        _known(wanted.model)
        completing = Completing(desk, faults, programs.answers, request, _asked(request, wanted, asker))
        if not wanted.stream:
            return await completing.at_once()
        usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
        return StreamingResponse(completing.events(usage=usage), media_type=EVENT_STREAM, headers=HEADERS)

    return routes


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": CREATED, "owned_by": "kechuang-assistant"}


def _known(name: str) -> dict[str, Any]:
    if name != MODEL:
        raise Refusal(DoorStatus.MODEL, field="model", model=MODEL)
    return _model()


def _asked(request: Request, wanted: CompletionRequest, asker: str) -> Asked:
    try:
        question, history = wanted.question, wanted.history
    except UncleanError as error:
        raise Refusal(DoorStatus.UNCLEAN, field="messages") from error
    if not question:
        raise Refusal(DoorStatus.EMPTY, field="messages")
    return Asked(question, history, wanted.district or None, wanted.day, asker, lang_of(request))


class Completing:
    """One question of a program on its way."""

    def __init__(self, desk: Desk, faults: Faults, answers: Answers, request: Request, asked: Asked) -> None:
        self._desk = desk
        self._faults = faults
        self._answers = answers
        self._request = request
        self._asked = asked
        read = len(asked.text) + sum(len(turn.text) for turn in asked.history)
        self._completion = Completion(f"chatcmpl-{uuid.uuid4().hex}", int(desk.now().timestamp()), read)

    async def at_once(self) -> Response:
        reply = await self._reply()
        if (code := code_for_programs(code_of(reply.status))) != 200:
            return JSONResponse(error_body(ErrorOut(status=reply.status, text=reply.text), code, "messages"), code)
        return JSONResponse(self._completion.whole(reply, self._parts(reply)))

    async def events(self, *, usage: bool) -> AsyncIterator[str]:
        """Chunks; comments while it is worked on, so that nobody in between takes the line for dead."""
        yield self._completion.first()
        work = asyncio.get_running_loop().create_task(self._reply())
        while not (await asyncio.wait({work}, timeout=self._desk.limits.heartbeat_seconds))[0]:
            yield ": \n\n"
        try:
            for event in self._told(work.result(), usage=usage):
                yield event
        except Refusal as refusal:
            yield self._refused(refusal)
        except Exception as error:  # the catch-all of the stream: its response has begun, the door cannot answer
            yield self._refused(Refusal(DoorStatus.INTERNAL, reference=note_fault(error, self._request.url.path)))

    async def _reply(self) -> Reply:
        return await self._desk.turns.run(self._completion.id, partial(self._answers.answer, self._asked))

    def _parts(self, reply: Reply) -> list[str]:
        return list(self._answers.parts(reply, self._asked.lang))

    def _told(self, reply: Reply, *, usage: bool) -> list[str]:
        if (code := code_for_programs(code_of(reply.status))) != 200:
            return [data(error_body(ErrorOut(status=reply.status, text=reply.text), code, "messages")), DONE]
        return list(self._completion.chunks(reply, self._parts(reply), usage=usage))

    def _refused(self, refusal: Refusal) -> str:
        error = self._faults.error(self._request, refusal)
        return data(error_body(error, code_for_programs(refusal.code), param_of(refusal))) + DONE

"""The same question as Server-Sent Events: its stages while it is worked on, then the claims, then the reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from bot.channels.web_chat.api import ERRORS, require_json
from bot.channels.web_chat.asked import ChatRequest
from bot.channels.web_chat.desk import Desk
from bot.channels.web_chat.door import note_fault
from bot.channels.web_chat.faults import Faults
from bot.channels.web_chat.pages import lang_of
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.channels.web_chat.schema import ChatReply
from bot.messages import Message, Reply

EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STREAMED: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    200: {
        "content": {EVENT_STREAM: {}},
        "description": "events: stage {stage, text} · claim {text, quotes, generated} · answer (as POST /api/chat) · "
        "turn {html}, where html=true · error {status, text, reference}; comments are heartbeats",
    },
}
HtmlView = Annotated[bool, Query(alias="html", description="send the reply drawn as HTML as well")]


def stream_routes(desk: Desk, faults: Faults) -> APIRouter:
    """GET for an EventSource, POST for callers who keep questions out of addresses (and so out of logs)."""
    routes = APIRouter(prefix="/api/chat", responses=STREAMED, tags=["api"], default_response_class=StreamingResponse)

    @routes.post("/stream", dependencies=[Depends(require_json)])
    async def post_stream(request: Request, asked: ChatRequest, html: HtmlView = False) -> Response:
        """Ask, and follow the stages."""
        return await _answered(Streaming(desk, faults, request, asked, html))

    @routes.get("/stream", openapi_extra={"parameters": _parameters()})
    async def get_stream(request: Request, html: HtmlView = False) -> Response:
        """Ask, and follow the stages. An EventSource that connects again after its reply gets 204 and stops."""
        if request.headers.get("last-event-id"):
            return Response(status_code=204)
        return await _answered(Streaming(desk, faults, request, _asked(request), html))

    return routes


async def _answered(streaming: Streaming) -> Response:
    message = await streaming.admitted()
    return StreamingResponse(streaming.events(message), media_type=EVENT_STREAM, headers=HEADERS)


class Streaming:
    """One question on its way. The work goes on when the asker hangs up: its reply is in the history then."""

    def __init__(self, desk: Desk, faults: Faults, request: Request, asked: ChatRequest, html: bool) -> None:
        self._desk = desk
        self._faults = faults
        self._request = request
        self._asked = asked
        self._html = html
        self._stages: asyncio.Queue[str | None] = asyncio.Queue()

    async def admitted(self) -> Message:
        account = await self._desk.admit(self._request, self._asked.user)
        return self._desk.message(self._request, account, self._asked)

    async def events(self, message: Message) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()

        def on_stage(stage: str) -> None:
            loop.call_soon_threadsafe(self._stages.put_nowait, stage)

        work = loop.create_task(self._desk.turns.take(message, on_stage))
        work.add_done_callback(lambda _: self._stages.put_nowait(None))
        async for event in self._waiting():
            yield event
        try:
            for event in self._told(work.result()):
                yield event
        except Refusal as refusal:
            yield self._refused(refusal)
        except Exception as error:  # the catch-all of the stream: its response has begun, the door cannot answer
            yield self._refused(Refusal(DoorStatus.INTERNAL, reference=note_fault(error, self._request.url.path)))

    async def _waiting(self) -> AsyncIterator[str]:
        """Stages as they come, a heartbeat where none comes for long; ends with the work."""
        words = self._desk.pages.words[lang_of(self._request)]
        while True:
            try:
                async with asyncio.timeout(self._desk.limits.heartbeat_seconds):
                    stage = await self._stages.get()
            except TimeoutError:
                yield ": \n\n"
                continue
            if stage is None:
                return
            text = words(f"stage.{stage}") if words.has(f"stage.{stage}") else ""
            yield event("stage", {"stage": stage, "text": text})

    def _told(self, reply: Reply) -> list[str]:
        answer = ChatReply.of(reply, self._asked.id)
        claims = [{**claim.model_dump(mode="json"), "generated": answer.generated} for claim in answer.claims]
        events = [event("claim", claim) for claim in claims]
        if self._html:
            html = self._desk.pages.draw(lang_of(self._request), "_reply.html", reply=answer, latest=True)
            events.append(event("turn", {"html": html}))
        return [*events, event("answer", answer.model_dump(mode="json"), last=True)]

    def _refused(self, refusal: Refusal) -> str:
        return event("error", self._faults.error(self._request, refusal).model_dump(mode="json"), last=True)


def event(name: str, content: object, *, last: bool = False) -> str:
    """One event on the wire. JSON has no raw line feed, so the content is one line; the last one carries an id."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\n" + ("id: end\n" if last else "") + f"data: {body}\n\n"


def _asked(request: Request) -> ChatRequest:
    """The question in the query string, by the same rules as in a body."""
    try:
        request.scope["query_string"].decode("ascii")
        fields = {key: value for key, value in request.query_params.items() if key in ChatRequest.model_fields}
        if any("\ufffd" in value for value in fields.values()):
            raise Refusal(DoorStatus.UNCLEAN)
        return ChatRequest.model_validate(fields)
    except UnicodeDecodeError as error:
        raise Refusal(DoorStatus.UNCLEAN) from error
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _parameters() -> list[dict[str, Any]]:
    properties = ChatRequest.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]

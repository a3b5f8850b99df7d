"""Takes a file in: judged by its content, kept under its digest, sent to the conversation like any other message."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, StreamingResponse

from bot.channels.web_chat.api import ERRORS, UserLabel
from bot.channels.web_chat.asked import IdempotencyKey
from bot.channels.web_chat.desk import CONVERSATION
from bot.channels.web_chat.needs_door import NeedsDoor
from bot.channels.web_chat.needs_files import FileRefused, judge
from bot.channels.web_chat.needs_posted import Posted, PostedFile
from bot.channels.web_chat.pages import lang_of
from bot.channels.web_chat.refusals import DoorStatus, Refusal, code_of
from bot.channels.web_chat.schema import ChatReply, FileOut, FileTurnOut, stored_reply
from bot.files import FileStoreError
from bot.messages import FileIn, Message, Reply
from intake.store.drafts import Attachment

CHUNK = 64 * 1024
FILE_FIELD = "file"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FILE_FIELD],
                    "properties": {FILE_FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
HtmlView = Annotated[bool, Query(alias="html", description="send the reply drawn as HTML as well")]


def upload_routes(door: NeedsDoor) -> APIRouter:
    routes = APIRouter()

    @routes.post("/api/files", response_model=FileTurnOut, responses=ERRORS, tags=["api"], openapi_extra=_BODY)
    async def upload(
        request: Request,
        user: UserLabel,
        html: HtmlView = False,
        id: IdempotencyKey | None = None,  # noqa: A002 (the field's name)
    ) -> Response:
        """Send a file into the conversation: pdf, docx, xlsx, pptx, jpg, png or txt of at most 10 MB."""
        kept, reply = await _sent(door, request, id, user)
        answer = ChatReply.of(reply, id)
        drawn = door.desk.pages.draw(lang_of(request), "_reply.html", reply=answer, latest=True) if html else None
        out = FileTurnOut(file=_out(kept), reply=answer, html=drawn)
        return JSONResponse(out.model_dump(mode="json"), code_of(answer.status))

    @routes.post("/files", include_in_schema=False)
    async def upload_by_form(request: Request) -> Response:
        """The same from a browser without JavaScript."""
        await _sent(door, request, None, None)
        return RedirectResponse("/", 303)

    @routes.get("/files/{digest}", include_in_schema=False)
    async def download(request: Request, digest: str) -> Response:
        """A file that a reply of one's own conversation brought."""
        turns = await door.desk.past(await door.known(request))
        offered = (file for turn in turns for file in stored_reply(turn.reply).files)
        file = next((file for file in offered if file.digest == digest), None)
        if file is None:
            raise Refusal(DoorStatus.NOT_FOUND)
        return await sent_back(door, Attachment(file.digest, file.name, file.media_type, file.size))

    return routes


async def _sent(door: NeedsDoor, request: Request, key: str | None, label: str | None) -> tuple[FileIn, Reply]:
    account = await door.desk.admit(request, label)
    async with door.posted(request) as posted:
        file = await kept_file(door, posted)
    if file is None:
        raise FileRefused("none")
    message = Message(
        id=key or uuid.uuid4().hex,
        account=account,
        conversation=CONVERSATION,
        received_at=door.desk.now(),
        file=file,
        lang=lang_of(request),
    )
    return file, await door.desk.turns.take(message)


async def kept_file(door: NeedsDoor, posted: Posted) -> FileIn | None:
    """The posted file, judged and kept; None where none was sent. Refusals say what is wrong with it."""
    if posted.file is None:
        return None
    return await run_in_threadpool(_keep, door, posted.file)


def _keep(door: NeedsDoor, file: PostedFile) -> FileIn:
    judged = judge(file.content, file.name)
    file.content.seek(0)
    try:
        stored = door.needs.keep_file(_chunks(file.content))
    except FileStoreError as fault:
        raise FileRefused("not_kept") from fault
    return FileIn(stored.digest, judged.name, judged.media_type, stored.size)


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk


async def sent_back(door: NeedsDoor, file: Attachment) -> Response:
    """A file to its owner: to be saved, never shown by the browser."""
    try:
        content = await run_in_threadpool(door.needs.open_file, file.digest)
    except FileStoreError as fault:
        raise Refusal(DoorStatus.NOT_FOUND) from fault
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.size),
    }
    return StreamingResponse(_read_out(content), media_type=file.media_type, headers=headers)


def _read_out(content: BinaryIO) -> Iterator[bytes]:
    with content:
        yield from _chunks(content)


def _out(file: FileIn) -> FileOut:
    return FileOut(digest=file.digest, name=file.name, media_type=file.media_type, size=file.size)

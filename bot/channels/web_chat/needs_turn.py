"""From a page back into the conversation: the draft is asked for there by an ordinary message."""

from __future__ import annotations

import uuid

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bot.channels.web_chat.desk import CONVERSATION
from bot.channels.web_chat.needs_door import NeedsDoor
from bot.channels.web_chat.pages import lang_of
from bot.messages import Message

GO_ON = "继续填写"


async def go_on_in_chat(door: NeedsDoor, request: Request, account: str) -> None:
    """Have the conversation ask the draft's next question. To be called inside the account's turn."""
    message = Message(
        id=uuid.uuid4().hex,
        account=account,
        conversation=CONVERSATION,
        received_at=door.desk.now(),
        text=GO_ON,
        lang=lang_of(request),
    )
    await run_in_threadpool(door.desk.assistant.handle, message)

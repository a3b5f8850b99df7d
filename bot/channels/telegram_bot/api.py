"""The way to the Bot API: the library's Application and requests, which never write what people said to a log."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlencode

from telegram.error import TelegramError
from telegram.ext import Application, ApplicationBuilder
from telegram.request import HTTPXRequest

ANY_APPLICATION = Application[Any, Any, Any, Any, Any, Any]

UNREAD = (TypeError, ValueError, LookupError, AttributeError)
"""What the library raises over an answer that is well and good but not as it expects."""

CONNECTIONS = 64
SEND_SECONDS = 20.0
CONNECT_SECONDS = 10.0


class QuietRequest(HTTPXRequest):
    """The library's own logs an answer it cannot parse in full, messages and all, and refuses a message for a field of
    it that nobody asked about: what was sent would then count as unsent, and go out for ever.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("the answer is no JSON") from None
        if not isinstance(answer, dict):
            raise TelegramError("the answer is no object")
        return {**answer, "result": _bare(answer["result"])} if "result" in answer else answer


def _bare(result: Any) -> Any:
    """Of a message that was sent or changed, what the door reads of it; of an account, what the library insists on."""
    if not isinstance(result, dict):
        return True if result is None else result
    if isinstance(result.get("message_id"), int):
        chat = result.get("chat")
        place = chat.get("id", 0) if isinstance(chat, dict) else 0
        return {"message_id": result["message_id"], "date": 0, "chat": {"id": place, "type": "private"}}
    return {"is_bot": True, "first_name": "", **result} if "username" in result else result


def make_application(token: str, api_url: str) -> ANY_APPLICATION:
    """An Application that sends. What comes in is fetched by polling.py or handed in by webhook.py: no Updater."""
    _waits_as_spans()
    request = QuietRequest(
        connection_pool_size=CONNECTIONS,
        read_timeout=SEND_SECONDS,
        write_timeout=SEND_SECONDS,
        connect_timeout=CONNECT_SECONDS,
        pool_timeout=SEND_SECONDS,
    )
    builder = ApplicationBuilder().token(token).base_url(f"{api_url}/bot").base_file_url(f"{api_url}/file/bot")
    return builder.request(request).get_updates_request(QuietRequest()).updater(None).job_queue(None).build()


def polling_request(seconds: float) -> QuietRequest:
    """A connection of its own for getUpdates, so that sending never waits for it; each read ends after `seconds`."""
    _waits_as_spans()
    return QuietRequest(
        connection_pool_size=1,
        read_timeout=seconds,
        connect_timeout=CONNECT_SECONDS,
        pool_timeout=CONNECT_SECONDS,
    )


def _waits_as_spans() -> None:
    """Else the library warns wherever Telegram says how long to wait."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")


async def call(request: HTTPXRequest, base_url: str, method: str, **parameters: Any) -> Any:
    """The raw result of a method of the Bot API. Raises telegram.error.TelegramError."""
    given = {name: value if isinstance(value, (str, int)) else json.dumps(value) for name, value in parameters.items()}
    return await request.post(f"{base_url}/{method}?{urlencode(given)}" if given else f"{base_url}/{method}")

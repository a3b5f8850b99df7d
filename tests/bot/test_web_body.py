"""A form with a file as it comes in: in pieces up to a limit; afterwards only whether the client is there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from bot.channels.web_chat.body import Upload
from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.refusals import Refusal

GONE = {"type": "http.disconnect"}


def piece(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def taken(*messages: dict[str, Any], limits: Limits | None = None) -> list[Any]:
    coming = iter(messages)

    async def receive() -> dict[str, Any]:
        message = next(coming)
        if message is GONE:
            await asyncio.sleep(0)  # it is waited for, so that a time that is over shows
        return message

    async def all_of_them() -> list[Any]:
        upload = Upload(Headers({}), receive, limits or Limits())
        return [await upload() for _ in messages]

    return asyncio.run(all_of_them())


def test_a_client_that_goes_away_while_a_long_answer_is_sent_is_no_fault() -> None:
    assert taken(piece(b"a", more=True), piece(b"b", more=False), GONE)[-1] == GONE


def test_the_time_for_sending_a_form_is_not_the_time_for_taking_the_answer() -> None:
    assert taken(piece(b"a", more=False), GONE, limits=Limits(upload_seconds=0))[-1] == GONE


def test_a_client_that_goes_away_within_its_form_is_refused() -> None:
    with pytest.raises(Refusal):
        taken(piece(b"a", more=True), GONE)

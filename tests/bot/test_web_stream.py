"""Server-Sent Events: the stages, the claims, the reply, and how a stream ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.stream import event
from tests.bot.fakes_web import Door, FakeAssistant, events


@pytest.fixture
def door() -> Door:
    return Door()


def test_stages_come_first_then_claims_then_the_same_reply_as_the_plain_api(door: Door) -> None:
    told = events(door.client.get("/api/chat/stream", params={"text": "创业补贴怎么领"}).text)
    assert [name for name, _ in told] == ["stage"] * 3 + ["claim"] * 3 + ["answer"]
    assert [content["stage"] for name, content in told if name == "stage"] == ["searching", "verifying", "done"]
    assert told[0][1]["text"] == "检索中"
    assert told[-1][1] == door.ask("创业补贴怎么领")


def test_a_posted_question_stays_out_of_the_address(door: Door) -> None:
    response = door.client.post("/api/chat/stream", json={"text": "火星"})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert events(response.text)[-1][1]["status"] == "unanswerable_not_found"


def test_the_page_gets_the_reply_drawn_as_well(door: Door) -> None:
    told = dict(events(door.client.post("/api/chat/stream?html=true", json={"text": "创业补贴"}).text))
    assert told["turn"]["html"].startswith("<article")
    assert "查看条款" in told["turn"]["html"]


def test_a_fault_in_mid_stream_is_an_error_event_with_a_reference(door: Door) -> None:
    response = door.client.get("/api/chat/stream", params={"text": "坏了"})
    name, error = events(response.text)[-1]
    assert name == "error"
    assert error["status"] == "error_internal"
    assert error["reference"] in error["text"]
    assert "locked" not in response.text


def test_an_event_source_that_comes_back_after_the_end_is_told_to_stop(door: Door) -> None:
    ended = door.client.get("/api/chat/stream", params={"text": "您好"}).text
    assert "id: end\n" in ended
    again = door.client.get("/api/chat/stream", params={"text": "您好"}, headers={"Last-Event-ID": "end"})
    assert again.status_code == 204
    assert len(door.assistant.messages) == 1


def test_line_feeds_in_a_reply_cannot_end_an_event() -> None:
    assert event("answer", {"text": "一\n\nevent: stage\ndata: {}"}).count("\n\n") == 1


def test_a_bad_question_is_refused_before_the_stream_begins(door: Door) -> None:
    for query in ("", "?text=", "?text=%FF%FE", "?text=a&as_of=soon", "?text=a&choice=b"):
        response = door.client.get(f"/api/chat/stream{query}")
        assert 400 <= response.status_code < 500, query
        assert response.json()["status"].startswith("error_")


async def _call(door: Door, path: str, heard: list[bytes], leave: asyncio.Event) -> None:
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"text=a",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "scheme": "http", "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.4"},
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            heard.append(bytes(message.get("body", b"")))  # type: ignore[arg-type]  # an ASGI body is bytes
            if message.get("body") == b": \n\n":
                leave.set()

    await door.app(scope, receive, send)  # type: ignore[arg-type]  # a hand-made ASGI call


def test_a_long_wait_is_filled_with_heartbeats() -> None:
    assistant = FakeAssistant()
    assistant.gate = threading.Event()
    door = Door(assistant=assistant, limits=Limits(heartbeat_seconds=0.01))
    heard: list[bytes] = []

    async def scene() -> None:
        leave = asyncio.Event()
        call = asyncio.create_task(_call(door, "/api/chat/stream", heard, leave))
        await leave.wait()
        assert assistant.gate is not None
        assistant.gate.set()
        await call

    asyncio.run(scene())
    assert b": \n\n" in heard
    assert len(assistant.messages) == 1

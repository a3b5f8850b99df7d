"""Limits: the size of a body, the pace of questions, the length of the queue."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from anyio import to_thread

from bot.channels.web_chat.limits import Limits, Rate, neighbourhood
from tests.bot.fakes_web import Door, FakeAssistant

KB = 1024


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def question(size: int) -> bytes:
    return json.dumps({"text": "x" * (size - 12)}).encode()


def test_a_body_at_the_limit_is_read_and_one_beyond_it_is_not() -> None:
    door = Door()
    at = door.client.post("/api/chat", content=question(64 * KB), headers={"Content-Type": "application/json"})
    assert len(question(64 * KB)) == 64 * KB
    assert at.json()["status"] == "error_invalid_field"
    beyond = door.client.post("/api/chat", content=question(64 * KB + 1), headers={"Content-Type": "application/json"})
    assert beyond.status_code == 413
    assert beyond.json()["text"] == "内容太长，超过 64 kB，请缩短后再试。"


def test_ten_megabytes_are_refused_on_every_door() -> None:
    door = Door()
    for path in ("/api/chat", "/", "/district", "/api/chat/stream"):
        response = door.client.post(path, content=b"x" * (10 * KB * KB), headers={"Content-Type": "application/json"})
        assert response.status_code == 413
        assert "64 kB" in response.text


def test_a_body_without_a_length_is_cut_off_where_it_grows_too_large() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(10_000):
            taken += 1
            yield b"x" * KB

    door = Door(limits=Limits(drain_bytes=0))
    response = door.client.post("/api/chat", content=endless(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


async def _raw(door: Door, headers: list[tuple[bytes, bytes]], incoming: Any) -> tuple[list[Any], int]:
    """One POST by hand: what was sent back, and how many times the body was asked for."""
    sent: list[Any] = []
    asked = 0

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        return await incoming()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/chat", "raw_path": b"/api/chat", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers], "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    await door.app(scope, receive, send)
    return sent, asked


def test_a_body_that_is_announced_as_too_large_is_refused_before_any_of_it_is_read() -> None:
    door = Door(limits=Limits(drain_bytes=0))

    async def never() -> Any:
        raise AssertionError("the body was read")

    sent, asked = asyncio.run(_raw(door, [(b"content-length", b"10485760")], never))
    assert sent[0]["status"] == 413
    assert asked == 0


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"\xef\xbc\x91", b"9" * 40, b""])
def test_a_length_that_is_no_length_is_refused(length: bytes) -> None:
    async def never() -> Any:
        raise AssertionError("the body was read")

    sent, _ = asyncio.run(_raw(Door(), [(b"content-length", length)], never))
    assert 400 <= sent[0]["status"] < 500


def test_a_body_that_does_not_come_is_not_waited_for_without_end() -> None:
    async def stalled() -> Any:
        await asyncio.Event().wait()

    sent, _ = asyncio.run(_raw(Door(limits=Limits(body_seconds=0.01)), [(b"content-length", b"5")], stalled))
    assert sent[0]["status"] == 408


def test_a_caller_who_hangs_up_in_mid_body_asks_nothing() -> None:
    door = Door()
    parts = iter([{"type": "http.request", "body": b'{"text": "a"}', "more_body": True}, {"type": "http.disconnect"}])

    async def cut() -> Any:
        return next(parts)

    asyncio.run(_raw(door, [(b"content-length", b"40")], cut))
    assert door.assistant.messages == []


def test_the_sixteenth_question_within_a_minute_has_to_wait() -> None:
    seconds = Seconds()
    door = Door(monotonic=seconds)
    codes = [door.client.post("/api/chat", json={"text": "您好"}).status_code for _ in range(15)]
    assert codes == [200] * 15
    late = door.client.post("/api/chat", json={"text": "您好"})
    assert late.status_code == 429
    assert late.json()["status"] == "error_too_many"
    assert late.headers["retry-after"] == str(late.json()["retry_after"])
    assert late.headers["retry-after"] in late.json()["text"]
    seconds.now += 61
    assert door.client.post("/api/chat", json={"text": "您好"}).status_code == 200


def test_one_visitor_does_not_use_up_the_pace_of_another() -> None:
    door = Door(monotonic=Seconds())
    for _ in range(16):
        door.client.post("/api/chat", json={"text": "您好"})
    assert door.visitor().post("/api/chat", json={"text": "您好"}).status_code == 200


def test_a_flood_without_cookies_is_stopped_by_its_address_and_opens_no_more_sessions() -> None:
    door = Door(monotonic=Seconds(), limits=Limits(address_per_minute=20))
    codes = [door.visitor().post("/api/chat", json={"text": "您好"}).status_code for _ in range(40)]
    assert codes == [200] * 20 + [429] * 20
    assert len(door.sessions.accounts) == 20


def test_stream_form_and_district_count_as_well() -> None:
    door = Door(monotonic=Seconds(), limits=Limits(session_per_minute=3))
    assert door.client.get("/api/chat/stream?text=a").status_code == 200
    assert door.client.post("/", data={"text": "a"}).status_code == 200
    assert door.client.put("/api/district", json={"district": "崂山区"}).status_code == 200
    assert door.client.get("/api/chat/stream?text=a").status_code == 429
    assert door.client.post("/api/chat/stream", json={"text": "a"}).status_code == 429
    page = door.client.post("/", data={"text": "我想问的话"})
    assert page.status_code == 429
    assert "我想问的话</textarea>" in page.text


def test_the_window_slides_and_forgets_keys_that_went_quiet() -> None:
    seconds = Seconds()
    rate = Rate(2, seconds)
    assert (rate.wait("a"), rate.wait("a")) == (0.0, 0.0)
    seconds.now += 20
    assert rate.wait("a") == pytest.approx(40.0)
    for number in range(11_000):
        rate.wait(f"k{number}")
    seconds.now += 100
    for number in range(10_001):
        rate.wait(f"n{number}")
    assert len(rate._calls) < 11_000


@pytest.mark.parametrize(
    ("address", "counted"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff:1", "2001:db8::/64"),
     ("::ffff:203.0.113.9", "203.0.113.9"), ("testclient", "testclient")],
)  # fmt: skip
def test_an_address_is_counted_with_its_neighbourhood(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted


def _held(limits: Limits) -> tuple[Door, FakeAssistant]:
    assistant = FakeAssistant()
    assistant.gate = threading.Event()
    return Door(assistant=assistant, limits=limits), assistant


async def _asked(door: Door, client: Any) -> Any:
    return await to_thread.run_sync(lambda: client.post("/api/chat", json={"text": "您好"}))


def test_when_too_many_questions_are_in_flight_the_next_is_told_so_at_once() -> None:
    door, assistant = _held(Limits(in_flight=1))

    async def scene() -> Any:
        first = asyncio.create_task(_asked(door, door.visitor()))
        await to_thread.run_sync(assistant.started.wait)
        second = await _asked(door, door.visitor())
        assert assistant.gate is not None
        assistant.gate.set()
        return await first, second

    first, second = asyncio.run(scene())
    assert first.status_code == 200
    assert second.status_code == 503
    assert second.json()["status"] == "error_busy"
    assert int(second.headers["retry-after"]) > 0


def test_the_gauge_of_questions_in_flight_returns_to_nothing() -> None:
    door = Door()
    door.ask("创业补贴")
    door.ask("坏了")
    metrics = door.client.get("/metrics").text
    assert "kc_web_questions_in_flight 0.0" in metrics
    assert 'kc_web_questions_total{status="answered"} 1.0' in metrics
    assert 'kc_web_questions_total{status="error_internal"} 1.0' in metrics
    assert "kc_web_question_seconds_count 2.0" in metrics

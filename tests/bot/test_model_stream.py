"""Over a real port: the stages reach the reader while a slow model still thinks, the proven claims when it is done."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.web_chat.limits import Limits
from bot.clock import FixedClock
from bot.commands.serve import WebAssistant, WebSessions
from bot.web import create_app
from tests.support.browsing import serve, stop
from tests.support.houses import a_house
from tests.support.model_minds import written
from tests.support.model_server import given, model_server

REWARD = "首次认定高新技术企业奖励多少钱"
CLAUSE = "首次通过高新技术企业认定的，一次性奖励10万元。"
SAID = "首次认定的高新技术企业，一次性奖励10万元。"
Told = tuple[str, dict[str, Any]]


class SlowMind:
    """Answers when it is let. `asked` is set as soon as a question reached it."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.set()
        self.let.wait(20)
        handle = next(p["id"] for p in json.loads(given(body))["passages"] if p["text"] == CLAUSE)
        return written((SAID, handle, CLAUSE))


@pytest.fixture
def mind() -> SlowMind:
    return SlowMind()


@pytest.fixture
def address(sqlite_engine: object, data_dir: Path, clock: FixedClock, mind: SlowMind) -> Iterator[str]:
    with model_server(mind) as server:
        house = a_house(data_dir, clock, llm_base_url=server.url, llm_model="m")
        assert house.model is not None
        house.model.warm()
        limits = Limits(session_per_minute=1000, address_per_minute=1000)
        sessions = WebSessions(house.accounts())
        site = serve(create_app(WebAssistant(house.conversation()), house.library(), sessions, limits=limits))
        yield site.address
        mind.let.set()
        stop(site)
        house.engine.dispose()


def told(lines: Iterator[str]) -> Iterator[Told]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_the_stages_are_told_while_the_model_thinks_and_the_claims_when_they_are_proven(
    address: str, mind: SlowMind
) -> None:
    with httpx.stream("POST", f"{address}/api/chat/stream", json={"text": REWARD}, timeout=20) as response:
        events = told(response.iter_lines())
        stages = [next(events)]
        while stages[-1][1].get("stage") != "writing":
            stages.append(next(events))
        assert mind.asked.wait(20)
        assert not mind.let.is_set()  # so all of that was told before the model had said a word
        mind.let.set()
        rest = list(events)
    assert {name for name, _ in stages} == {"stage"}
    assert [name for name, _ in rest] == ["stage", "claim", "answer"]
    assert rest[1][1]["text"] == SAID
    assert (rest[-1][1]["generated"], rest[-1][1]["text"][:4]) == (True, "AI生成")

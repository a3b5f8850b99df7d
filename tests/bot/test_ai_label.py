"""Every place where a model's words may appear says that they are: each door and export by name, and no other words.

The console's page, print and sheets of needs: tests/console/test_console_outline.py; what a person exports:
tests/intake/test_outlines.py; the proposals from a story: test_model_story.py. Notices hold codes and no answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.bootstrap import House
from bot.channels.api_keys import ApiKeys
from bot.channels.openai_door.routes import Programs
from bot.channels.telegram_bot.rendering import blocks_of
from bot.clock import FixedClock
from bot.commands import ask as ask_command
from bot.commands.serve import ProgramAnswers, WebAssistant, WebSessions
from bot.history import History
from bot.messages import Message
from bot.web import create_app
from tests.bot.fakes_web import events
from tests.support.houses import a_house
from tests.support.model_minds import written
from tests.support.model_server import ModelServer, given, model_server

REWARD = "首次认定高新技术企业奖励多少钱"
CLAUSE = "首次通过高新技术企业认定的，一次性奖励10万元。"
SAID = "首次认定的高新技术企业，一次性奖励10万元。"
LABEL = "AI生成"
KEY = "k" * 24


def retelling(body: dict[str, Any]) -> dict[str, Any]:
    passages = json.loads(given(body)).get("passages", ())
    handle = next((passage["id"] for passage in passages if passage["text"] == CLAUSE), "P1")
    return written((SAID, handle, "一次性奖励10万元"))


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server(retelling) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[House]:
    clock = FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    made = a_house(tmp_path_factory.mktemp("data"), clock, llm_base_url=server.url, llm_model="m", llm_seconds=20.0)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def web(house: House) -> TestClient:
    app = create_app(
        WebAssistant(house.conversation()),
        house.library(),
        WebSessions(house.accounts()),
        programs=Programs(ProgramAnswers(house.ask), ApiKeys((KEY,))),
    )
    return TestClient(app, base_url="http://127.0.0.1:8000")


Asked = Callable[[str], str]
Facts = dict[str, Any]


class Doors:
    """Each returns what somebody sees or gets, as text."""

    def __init__(self, house: House, web: TestClient, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.house, self.web, self.folder, self.capsys = house, web, folder, capsys

    def api(self) -> str:
        return str(self._api()["text"])

    def _api(self) -> Facts:
        reply: Facts = self.web.post("/api/chat", json={"text": REWARD}).json()
        assert reply["generated"] == (SAID in reply["text"])
        return reply

    def stream(self) -> str:
        told = events(self.web.post("/api/chat/stream?html=true", json={"text": REWARD}).text)
        answer = dict(told)["answer"]
        assert [claim["generated"] for name, claim in told if name == "claim"] == [answer["generated"]] * len(
            answer["claims"]
        )
        return str(dict(told)["turn"]["html"])

    def page_without_script(self) -> str:
        page = self.web.post("/", data={"text": REWARD}, headers={"sec-fetch-site": "same-origin"})
        return _latest(page.text)

    def history_page(self) -> str:
        self.page_without_script()
        return _latest(self.web.get("/").text)

    def history_api(self) -> str:
        reply = self._api()
        past = self.web.get("/api/history").json()
        turns = past["turns"] if isinstance(past, dict) else past
        return json.dumps(turns[-1] if turns else reply, ensure_ascii=False)

    def terminal(self) -> str:
        return self._said("terminal")

    def telegram(self) -> str:
        account = self.house.accounts().of("telegram", "42")
        message = Message(_key(), account.id, "c", self.house.clock.now(), text=REWARD)
        return "\n".join(block.text for block in blocks_of(self.house.conversation().handle(message)))

    def what_staff_see_of_the_chat(self) -> str:
        """A case's page shows the latest turns as they are kept."""
        self._said("web")
        account = self.house.accounts().of("web", "wang")
        kept = History(self.house.engine, self.house.clock)
        return kept.last(account.id, "c", 1)[0].reply

    def command(self) -> str:
        self.capsys.readouterr()
        options = {"batch": None, "question": REWARD, "district": None, "as_of": None, "why": False}
        self._run(**options)
        return self.capsys.readouterr().out

    def batch(self) -> str:
        file = self.folder / "q.jsonl"
        file.write_text(json.dumps({"id": 1, "text": REWARD}, ensure_ascii=False), "utf-8")
        self.capsys.readouterr()
        self._run(batch=str(file), question=None, district=None, as_of=None, why=False)
        answer = json.loads(self.capsys.readouterr().out)["answer"]
        assert answer["generated"] == (SAID in answer["text"])
        return str(answer["text"])

    def programs(self) -> str:
        body = {"model": "kechuang-assistant", "messages": [{"role": "user", "content": REWARD}]}
        return str(self._programs(body).json()["choices"][0]["message"]["content"])

    def programs_in_chunks(self) -> str:
        body = {"model": "kechuang-assistant", "messages": [{"role": "user", "content": REWARD}], "stream": True}
        lines = self._programs(body).text.splitlines()
        chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
        return "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c.get("choices"))

    def _programs(self, body: Facts) -> Any:
        return self.web.post("/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"})

    def _said(self, channel: Any) -> str:
        account = self.house.accounts().of(channel, "wang")
        message = Message(_key(), account.id, "c", self.house.clock.now(), text=REWARD)
        return self.house.conversation().handle(message).text

    def _run(self, **options: Any) -> None:
        from argparse import Namespace

        kept, ask_command.house_of = ask_command.house_of, lambda _options: self.house
        try:
            ask_command.ask(Namespace(**options))
        finally:
            ask_command.house_of = kept


_count = iter(range(10_000))


def _key() -> str:
    return f"label-{next(_count)}"


def _latest(html: str) -> str:
    return html[html.rindex("<article") :]


DOORS = [name for name in vars(Doors) if not name.startswith("_")]


@pytest.mark.parametrize("door", DOORS)
def test_what_a_model_wrote_says_so_and_what_was_extracted_does_not(
    house: House, web: TestClient, server: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], door: str
) -> None:
    doors = Doors(house, web, tmp_path, capsys)
    server.down = None
    shown = getattr(doors, door)()
    assert SAID in shown
    assert LABEL in shown
    assert shown.index(LABEL) < shown.index(SAID)
    server.reply = lambda _body: "不是 JSON"
    try:
        extracted = getattr(doors, door)()
    finally:
        server.reply = retelling
        house.model._breaker.succeeded()  # type: ignore[union-attr]  # the next door is asked as a new day
    assert CLAUSE in extracted
    assert SAID not in extracted
    assert LABEL not in extracted

"""A house with a language model: wired only where one is configured, labelled in every door, no worse than without."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.admission import Admission
from bot.bootstrap import House
from bot.channels.telegram_bot.rendering import blocks_of
from bot.channels.web_chat.layout import Card, lay_out
from bot.channels.web_chat.schema import ChatReply
from bot.clock import FixedClock
from bot.messages import Message, Reply
from bot.spending import FileSpendBook
from tests.support.houses import a_house
from tests.support.model_minds import written
from tests.support.model_server import ModelServer, given, model_server

ROOT = Path(__file__).parents[2]
REWARD = "首次认定高新技术企业奖励多少钱"
CLAUSE = "首次通过高新技术企业认定的，一次性奖励10万元。"
SAID = "首次认定的高新技术企业，一次性奖励10万元。"


def retelling(body: dict[str, Any]) -> dict[str, Any]:
    passages = json.loads(given(body))["passages"]
    handle = next(passage["id"] for passage in passages if passage["text"] == CLAUSE)
    return written((SAID, handle, "一次性奖励10万元"))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(retelling) as running:
        yield running


@pytest.fixture
def house(sqlite_engine: object, data_dir: Path, clock: FixedClock, server: ModelServer) -> Iterator[House]:
    wired = a_house(
        data_dir, clock, llm_base_url=server.url, llm_model="m", llm_api_key=SecretStr("k-1"), llm_seconds=5.0
    )
    yield wired
    wired.engine.dispose()


def asked(house: House, text: str, key: str = "1") -> Reply:
    account = house.accounts().of("terminal", "wang").id
    return house.conversation().handle(Message(key, account, "c", house.clock.now(), text=text))


def test_a_written_answer_is_labelled_in_every_door(house: House) -> None:
    reply = asked(house, REWARD)
    assert reply.text.startswith("AI生成，依据见引用")
    assert SAID in reply.text
    shown = ChatReply.of(reply)
    assert (shown.generated, shown.claims[0].text, shown.citations[0].quote) == (True, SAID, CLAUSE)
    laid = lay_out(shown).blocks
    assert laid[0] == "AI生成，依据见引用"
    assert any(isinstance(block, str) and SAID in block for block in laid)
    cards = [block for block in laid if isinstance(block, Card)]
    assert [clause.citation.quote for card in cards for clause in card.clauses] == [CLAUSE]
    quoted = [block.text for block in blocks_of(reply) if block.style == "quote"]
    assert quoted == [CLAUSE]


def test_the_english_reader_is_told_as_well(house: House) -> None:
    reply = house.ask.ask(REWARD, lang="en")
    assert reply.text.startswith("AI-generated")


def test_it_is_the_same_when_it_is_read_again(house: House) -> None:
    first = asked(house, REWARD)
    assert asked(house, REWARD) == first
    assert first.answer is not None
    assert first.answer.generated


def test_where_the_model_is_away_the_answer_is_as_without_one(house: House, server: ModelServer) -> None:
    server.reply = lambda _: "不是 JSON"
    reply = asked(house, REWARD)
    assert "AI生成" not in reply.text
    assert f"：{CLAUSE}" in reply.text
    assert not ChatReply.of(reply).generated


def test_a_users_share_is_a_days(clock: FixedClock) -> None:
    admission = Admission(2, clock.today)
    assert [_used(admission, "a"), _used(admission, "a"), _used(admission, "a"), _used(admission, "b")] == [
        True,
        True,
        False,
        True,
    ]
    clock.advance(timedelta(days=1))
    assert _used(admission, "a")


def _used(admission: Admission, account: str) -> bool:
    with admission.one(account) as admitted:
        return admitted


def test_one_chat_has_one_question_at_the_model_at_a_time(clock: FixedClock) -> None:
    admission = Admission(9, clock.today)
    with admission.one("a") as first, admission.one("a") as second, admission.one("b") as other:
        assert (first, second, other) == (True, False, True)
    with admission.one("a") as again:
        assert again


def test_what_was_spent_today_outlives_a_restart_and_ends_with_the_day(data_dir: Path, clock: FixedClock) -> None:
    FileSpendBook(data_dir / "s.json", clock.today).add(100, 20)
    FileSpendBook(data_dir / "s.json", clock.today).add(1, 1)
    book = FileSpendBook(data_dir / "s.json", clock.today)
    assert (book.today().tokens_in, book.today().tokens_out) == (101, 21)
    clock.advance(timedelta(days=1))
    assert book.today().tokens == 0


def test_what_cannot_be_written_down_still_counts(data_dir: Path, clock: FixedClock) -> None:
    book = FileSpendBook(data_dir / "nowhere" / "s.json", clock.today)
    book.add(100, 20)
    assert book.today().tokens == 120


def test_without_a_model_nothing_of_one_is_imported() -> None:
    code = (
        "import sys, tempfile, pathlib; from bot.settings import Settings; from bot.bootstrap import build\n"
        "house = build(Settings.model_construct(data_dir=pathlib.Path(tempfile.mkdtemp()), embed_model='hashed',"
        " vector_store='none'))\n"
        "assert house.model is None; house.conversation()\n"
        "print([name for name in ('langchain', 'langchain_core', 'langchain_openai', 'openai', 'langsmith')"
        " if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.strip() == "[]"

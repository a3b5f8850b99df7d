"""Whatever a model's server does, the clauses answer: over real HTTP, through the whole house, inside its time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from bot.bootstrap import House
from bot.clock import FixedClock
from bot.model_metrics import registry_of
from rag.models import Answer
from tests.support.houses import a_house
from tests.support.model_minds import written
from tests.support.model_server import Failing, ModelServer, Said, given, model_server

REWARD = "首次认定高新技术企业奖励多少钱"
CLAUSE = "首次通过高新技术企业认定的，一次性奖励10万元。"


def honest(body: dict[str, Any]) -> dict[str, Any]:
    passages = json.loads(given(body))["passages"]
    handle = next(passage["id"] for passage in passages if passage["text"] == CLAUSE)
    return written(("首次认定的高新技术企业，一次性奖励10万元。", handle, CLAUSE))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(honest) as running:
        yield running


@pytest.fixture
def house(sqlite_engine: object, data_dir: Any, clock: FixedClock, server: ModelServer) -> Iterator[House]:
    settings = {"llm_base_url": server.url, "llm_model": "m", "llm_api_key": SecretStr("k-1"), "llm_seconds": 20.0}
    settings |= {"llm_yuan_in": 2.0, "llm_yuan_out": 8.0}
    wired = a_house(data_dir, clock, **settings)
    assert wired.model is not None
    wired.model.warm()
    yield wired
    wired.engine.dispose()


def impatient(house: House) -> None:
    """Wait for a moment only, once the server's ways are known."""
    assert house.model is not None
    house.model._caps = replace(house.model._caps, seconds=0.3)


def asked(house: House) -> Answer:
    answer = house.ask.ask(REWARD, account="wang").answer
    assert answer is not None
    return answer


FAULTS: dict[str, Said] = {
    "hang": Failing("hang"),
    "trickle": Failing("trickle"),
    "429": Failing("429"),
    "500": Failing("500"),
    "empty": Failing("empty"),
    "cut": Failing("cut"),
    "refusal": Failing("refusal"),
    "no choices": Failing("no choices"),
    "broken JSON": '{"completeness": "complete", "claims": [{"text": "首次',
    "another shape": {"answer": "10万元"},
    "wrong language": written(("The reward is 100,000 yuan.", "P1", CLAUSE)),
    "a megabyte": "政策" * 500_000,
    "long sentences": written(("一次性奖励10万元" * 60, "P1", CLAUSE)),
    "a forged number": written(("首次认定奖励100万元。", "P1", CLAUSE)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_answered_by_the_clauses(house: House, server: ModelServer, fault: str) -> None:
    server.reply = lambda _: FAULTS[fault]
    if fault in {"hang", "trickle"}:
        impatient(house)
    answer = asked(house)
    assert (answer.status.value, answer.generated, answer.claims[0].text) == ("answered", False, CLAUSE)
    assert answer.writing is not None
    assert answer.writing.fault or answer.writing.dropped
    assert 1 <= len(server.asked) <= 2


def test_after_five_failures_nothing_is_asked_any_more(house: House, server: ModelServer) -> None:
    server.reply = lambda _: Failing("hang")
    impatient(house)
    for _ in range(7):
        assert asked(house).claims[0].text == CLAUSE
    assert len(server.asked) == 5
    answer = asked(house)
    assert answer.writing is not None
    assert answer.writing.fault == "resting"


def test_tokens_cost_and_outcomes_are_counted(house: House, server: ModelServer) -> None:
    assert asked(house).generated
    server.reply = lambda _: Failing("500")
    asked(house)
    told = generate_latest(registry_of(house.model, house.settings)).decode()
    assert 'kc_llm_calls_total{outcome="ok"} 1.0' in told
    assert 'kc_llm_calls_total{outcome="server"} 2.0' in told
    assert "kc_llm_resting 0.0" in told
    assert 'kc_llm_tokens_total{direction="out"} 20.0' in told
    assert house.model is not None
    cost = (house.model.spent.tokens_in * 2.0 + 20 * 8.0) / 1_000_000
    assert f"kc_llm_yuan_total {cost}" in told


def test_without_a_model_the_metrics_are_as_they_were(house: House) -> None:
    assert b"kc_llm" not in generate_latest(registry_of(None, house.settings))


def test_the_days_tokens_are_a_hard_stop(data_dir: Any, clock: FixedClock, sqlite_engine: object) -> None:
    with model_server(honest) as server:
        wired = a_house(data_dir, clock, llm_base_url=server.url, llm_model="m", llm_tokens_day=200)
        generated = [asked(wired).generated for _ in range(4)]
        wired.engine.dispose()
        again = a_house(data_dir, clock, llm_base_url=server.url, llm_model="m", llm_tokens_day=200)
        generated.append(asked(again).generated)
        again.engine.dispose()
    assert generated == [True, True, False, False, False]
    assert len(server.asked) == 2

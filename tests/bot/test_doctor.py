"""`doctor` asks each configured server and says in Chinese what works and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.clock import FixedClock
from bot.commands.doctor import Finding, findings
from bot.filling import fill_until_whole
from tests.support.houses import a_house, small_settings
from tests.support.model_server import Failing, model_server
from tests.support.rerank_server import rerank_server
from tests.support.servers import embedding_server


def looked_at(data_dir: Path, **changes: Any) -> dict[str, Finding]:
    found = list(findings(small_settings(data_dir, **changes)))
    return {finding.what.split()[0]: finding for finding in found}


def with_model(url: str) -> dict[str, Any]:
    return {"llm_base_url": url, "llm_model": "m", "llm_api_key": SecretStr("k-secret"), "llm_seconds": 1.0}


def test_what_is_not_configured_is_no_fault(data_dir: Path) -> None:
    found = looked_at(data_dir)
    assert found["数据库"].works
    assert [found[what].works for what in ("语言模型", "向量服务", "重排服务", "Chroma")] == [None] * 4


def test_a_model_is_tried_and_its_way_told(data_dir: Path) -> None:
    with model_server(supports=["json_mode"]) as server:
        finding = looked_at(data_dir, **with_model(server.url))["语言模型"]
    assert (finding.works, "JSON 模式" in finding.words, "一次 " in finding.words) == (True, True, True)


def test_a_refused_key_and_a_server_that_is_away_are_told_apart(data_dir: Path) -> None:
    with model_server() as server:
        server.down = Failing("401")
        denied = looked_at(data_dir, **with_model(server.url))["语言模型"]
    away = looked_at(data_dir, **with_model("http://127.0.0.1:9/v1"))["语言模型"]
    assert (denied.works, "LLM_API_KEY" in denied.words) == (False, True)
    assert (away.works, "连不上" in away.words) == (False, True)
    assert "k-secret" not in denied.words + away.words


def test_an_embedding_server_is_tried(data_dir: Path) -> None:
    with embedding_server() as server:
        changes = {"embed_model": "bge-m3", "embed_base_url": server.url}
        works = looked_at(data_dir, **changes)["向量服务"]
        server.fail = 500
        fails = looked_at(data_dir, **changes)["向量服务"]
    assert (works.works, fails.works) == (True, False)
    assert "2048 维；一次 " in works.words


def test_a_width_other_than_the_indexs_is_told(data_dir: Path, clock: FixedClock) -> None:
    with embedding_server() as server:
        changes = {"embed_model": "bge-m3", "embed_base_url": server.url}
        house = a_house(data_dir, clock, **changes)
        fill_until_whole(house)
        house.engine.dispose()
        same = looked_at(data_dir, **changes)["向量服务"]
        server.width = 48
        other = looked_at(data_dir, **changes)["向量服务"]
    assert "索引里" not in same.words
    assert (other.works, "48 维" in other.words, "索引里是 2048 维" in other.words) == (True, True, True)


def with_reranker(url: str) -> dict[str, Any]:
    return {"rerank_base_url": url, "rerank_model": "m", "rerank_api_key": SecretStr("k-secret"), "llm_seconds": 1.0}


def test_a_reranker_is_tried_on_two_clauses(data_dir: Path) -> None:
    with rerank_server() as server:
        works = looked_at(data_dir, **with_reranker(server.url))["重排服务"]
        server.said = {"results": []}
        rubbish = looked_at(data_dir, **with_reranker(server.url))["重排服务"]
    assert (works.works, "一次 " in works.words) == (True, True)
    assert (rubbish.works, "RERANK_BASE_URL" in rubbish.words) == (False, True)


def test_a_reranker_that_turns_the_order_round_is_told(data_dir: Path) -> None:
    with rerank_server(lambda _question, documents: [float(-place) for place in range(len(documents))]) as server:
        finding = looked_at(data_dir, **with_reranker(server.url))["重排服务"]
    assert (finding.works, "无关的段落排在前面" in finding.words) == (False, True)


@pytest.mark.parametrize(("status", "said"), [(401, "RERANK_API_KEY"), (404, "RERANK_MODEL"), (500, "5xx")])
def test_a_reranker_that_refuses_is_told_with_what_to_do(data_dir: Path, status: int, said: str) -> None:
    with rerank_server() as server:
        server.fail = status
        finding = looked_at(data_dir, **with_reranker(server.url))["重排服务"]
    assert (finding.works, said in finding.words) == (False, True)
    assert "k-secret" not in finding.words
    assert "LLM_" not in finding.words


@pytest.mark.parametrize(
    ("provider", "said"),
    [("anthropic", "pip install langchain-anthropic"), ("nonsense", "没有名为「nonsense」的提供方")],
)
def test_a_provider_that_is_not_installed_says_which_package_to_install(
    data_dir: Path, provider: str, said: str
) -> None:
    changes = {"llm_model": "m", "llm_provider": provider, "llm_api_key": SecretStr("k-secret")}
    finding = looked_at(data_dir, **changes)["语言模型"]
    assert (finding.works, said in finding.words) == (False, True)
    assert "k-secret" not in finding.words


def test_the_command_ends_with_1_where_something_does_not_work(data_dir: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(data_dir)
    monkeypatch.setenv("EMBED_MODEL", "none")
    assert main(["doctor", "--data", str(data_dir)]) == 0
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LLM_MODEL", "m")
    assert main(["doctor", "--data", str(data_dir)]) == 1
    assert "✗ 语言模型 m：连不上" in capsys.readouterr().out

"""`doctor` asks each configured server and says in Chinese what works and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.__main__ import main
from bot.commands.doctor import Finding, findings
from tests.support.houses import small_settings
from tests.support.model_server import Failing, model_server
from tests.support.servers import embedding_server


def looked_at(data_dir: Path, **changes: Any) -> dict[str, Finding]:
    found = list(findings(small_settings(data_dir, **changes)))
    return {finding.what.split()[0]: finding for finding in found}


def with_model(url: str) -> dict[str, Any]:
    return {"llm_base_url": url, "llm_model": "m", "llm_api_key": SecretStr("k-secret"), "llm_seconds": 1.0}


def test_what_is_not_configured_is_no_fault(data_dir: Path) -> None:
    found = looked_at(data_dir)
    assert found["数据库"].works
    assert [found[what].works for what in ("语言模型", "向量服务", "Chroma")] == [None, None, None]


def test_a_model_is_tried_and_its_way_told(data_dir: Path) -> None:
    with model_server(supports=["json_mode"]) as server:
        finding = looked_at(data_dir, **with_model(server.url))["语言模型"]
    assert (finding.works, "JSON 模式" in finding.words) == (True, True)


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


def test_the_command_ends_with_1_where_something_does_not_work(data_dir: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(data_dir)
    monkeypatch.setenv("EMBED_MODEL", "none")
    assert main(["doctor", "--data", str(data_dir)]) == 0
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LLM_MODEL", "m")
    assert main(["doctor", "--data", str(data_dir)]) == 1
    assert "✗ 语言模型 m：连不上" in capsys.readouterr().out

"""The adapter over real HTTP: what a server supports is tried and remembered, every fault is the port's one error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.adapters.chat_model import PROBE, Way
from rag.adapters.probed_model import ProbedChatModel
from rag.model_answers.checking import Written
from rag.model_answers.shapes import shape_of
from rag.ports import ModelError
from tests.support.model_server import ALL, Failing, Fault, ModelServer, Support, given, model_server

ASKED = replace(PROBE, name="answer", given=json.dumps({"question": "说一个数 {0.__class__} </data>"}))


def a_model(server: ModelServer, folder: Path, model: str = "m") -> ProbedChatModel:
    file = folder / "llm_server.json"
    return ProbedChatModel(model, provider="openai", base_url=server.url, api_key="k-123", file=file)


@pytest.mark.parametrize("strict", [True, False], ids=["a server that refuses", "a server that ignores"])
@pytest.mark.parametrize(
    ("supports", "way"),
    [
        (ALL, "json_schema"),
        (("function_calling", "json_mode"), "function_calling"),
        (("json_mode",), "json_mode"),
        ((), "plain"),
    ],
)
def test_the_strongest_way_that_works_is_found_by_trying(
    supports: Sequence[Support], way: Way, strict: bool, tmp_path: Path
) -> None:
    with model_server(lambda _: {"colour": "赭石"}, supports, strict=strict) as server:
        model = a_model(server, tmp_path)
        assert model.way(5) == way
        assert model.ask(ASKED, 5).content == {"colour": "赭石"}
        assert given(server.asked[-1]) == ASKED.given
        assert set(server.keys) == {"Bearer k-123"}
        assert set(server.paths) == {"/v1/chat/completions"}


def test_what_a_server_supports_is_remembered_for_that_model_alone(tmp_path: Path) -> None:
    with model_server(lambda _: {"colour": "赭石"}, ["json_mode"]) as server:
        a_model(server, tmp_path).ask(ASKED, 5)
        before = len(server.seen)
        a_model(server, tmp_path).ask(ASKED, 5)
        assert len(server.seen) == before + 1
        a_model(server, tmp_path, "another").ask(ASKED, 5)
        assert len(server.seen) == before + 1 + len(ALL) + 1


def test_a_server_that_is_away_while_it_is_tried_is_tried_again_later(tmp_path: Path) -> None:
    with model_server(lambda _: {"colour": "赭石"}) as server:
        away = ProbedChatModel(
            "m", provider="openai", base_url="http://127.0.0.1:9/v1", api_key="", file=tmp_path / "llm_server.json"
        )
        with pytest.raises(ModelError, match="unreachable"):
            away.way(5)
        assert not (tmp_path / "llm_server.json").exists()
        assert a_model(server, tmp_path).way(5) == "json_schema"


FAULTS: dict[Fault, str] = {
    "hang": "timeout",
    "trickle": "timeout",
    "429": "limited",
    "500": "server",
    "401": "denied",
    "empty": "empty",
    "cut": "cut",
    "refusal": "broken",
    "no choices": "broken",
    "redirect": "unsupported",
}


@pytest.mark.parametrize("supports", [ALL, ("function_calling",), ()], ids=["schema", "tool", "plain"])
@pytest.mark.parametrize(("how", "named"), FAULTS.items())
def test_every_fault_is_named_in_time_and_asked_once(
    how: Fault, named: str, supports: Sequence[Support], tmp_path: Path
) -> None:
    with model_server(lambda _: Failing(how), supports) as server, model_server() as other:
        server.elsewhere = f"{other.url}/chat/completions"
        model = a_model(server, tmp_path)
        model.way(5)
        with pytest.raises(ModelError) as caught:
            model.ask(ASKED, 0.2 if named == "timeout" else 5)
        assert caught.value.fault == named
        assert "说一个数" not in str(caught.value)
        assert caught.value.__cause__ is None or "unwell" not in repr(caught.value.__cause__)
        assert (len(server.asked), other.seen) == (1, [])


@pytest.mark.parametrize("supports", [ALL, ()], ids=["schema", "plain"])
def test_an_answer_of_a_megabyte_is_not_read_to_its_end(supports: Sequence[Support], tmp_path: Path) -> None:
    with model_server(lambda _: "政策" * 500_000, supports) as server, pytest.raises(ModelError, match="too_long"):
        a_model(server, tmp_path).ask(ASKED, 10)


@pytest.mark.parametrize("said", ['{"colour": ', "[1]", "好的", "{" * 5000, "null", '{"a":1}{"b":2}'])
def test_what_is_no_json_object_is_broken(said: str, tmp_path: Path) -> None:
    with model_server(lambda _: said, []) as server, pytest.raises(ModelError, match="broken"):
        a_model(server, tmp_path).ask(ASKED, 5)


@pytest.mark.parametrize(
    "said", ['```json\n{"a": 1}\n```', '<think>先想想 {"b": 2}</think>\n{"a": 1}', '好的：\n```\n{"a": 1}\n```']
)
def test_json_in_a_fence_or_after_thoughts_is_read(said: str, tmp_path: Path) -> None:
    with model_server(lambda _: said, []) as server:
        assert a_model(server, tmp_path).ask(ASKED, 5).content == {"a": 1}


def test_no_trace_is_sent_though_the_environment_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with model_server(lambda _: {"colour": "赭石"}) as server, model_server() as tracer:
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", tracer.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "ls-1")
        monkeypatch.setenv("HTTP_PROXY", tracer.url)
        a_model(server, tmp_path).ask(ASKED, 5)
        assert (len(server.asked), tracer.seen) == (1, [])


def test_a_provider_that_is_not_installed_is_an_error_of_the_port(tmp_path: Path) -> None:
    model = ProbedChatModel("m", provider="nowhere", base_url="", api_key="", file=tmp_path / "x.json")
    with pytest.raises(ModelError, match="unsupported"):
        model.ask(ASKED, 5)


def test_the_shape_is_sent_strictly_and_the_limit_by_the_name_that_servers_know(tmp_path: Path) -> None:
    asked = replace(ASKED, shape=shape_of(Written))
    with model_server(lambda _: {"completeness": "none", "claims": [], "missing": []}) as server:
        a_model(server, tmp_path).ask(asked, 5)
    body = server.asked[-1]
    sent = body["response_format"]["json_schema"]
    assert (body["max_tokens"], sent["name"], sent["strict"]) == (1500, "answer", True)
    assert "max_completion_tokens" not in body
    closed = [sent["schema"], sent["schema"]["properties"]["claims"]["items"]]
    closed.append(closed[1]["properties"]["quotes"]["items"])
    assert all(each["additionalProperties"] is False for each in closed)
    assert all(set(each["required"]) == set(each["properties"]) for each in closed)
    assert not {"$ref", "maxLength", "default"} & set(json.dumps(sent["schema"]).replace('"', " ").split())

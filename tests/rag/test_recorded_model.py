"""What a model said is kept by the digest of what it was asked, and said again in its order, offline."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.adapters.chat_model import PROBE
from rag.adapters.recorded_model import HEADER, RecordedModel, Recording, RecordingModel, digest
from rag.ports import ModelError, Prompt
from tests.support.model_minds import Mind, ScriptedModel

ASKED = replace(PROBE, name="answer", given='{"question": "奖励多少"}')
FROM = {
    "model": "small",
    "weights_sha256": "ab12",
    "served_by": "a server",
    "recorded_on": "2026-11-30",
    "sample": "16",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "replies.jsonl"


def counting() -> Mind:
    said = iter(range(100))
    return lambda _prompt: {"said": next(said)}


def recorded(file: Path, mind: Mind, *prompts: Prompt) -> ScriptedModel:
    model = ScriptedModel(mind, "small")
    recording = RecordingModel(model, file, FROM)
    for prompt in prompts:
        with suppress(ModelError):
            recording.ask(prompt, 5)
    return model


def replayed(file: Path, *prompts: Prompt) -> list[Any]:
    model = RecordedModel(Recording.read(file))
    return [model.ask(prompt, 5).content["said"] for prompt in prompts]


def test_replies_are_said_again_in_their_order_and_the_last_one_from_then_on(file: Path) -> None:
    other = replace(ASKED, given="{}")
    recorded(file, counting(), ASKED, other, ASKED)
    assert replayed(file, ASKED, ASKED, other, ASKED) == [0, 2, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, system=p.system + " "),
        lambda p: replace(p, given=p.given.replace("奖", "补")),
        lambda p: replace(p, shape={**p.shape, "description": "another"}),
        lambda p: replace(p, name="follow"),
    ],
    ids=["our words", "the question or a clause", "the shape", "the kind"],
)
def test_a_prompt_that_changed_in_anything_was_never_recorded(file: Path, change: Callable[[Prompt], Prompt]) -> None:
    recorded(file, counting(), ASKED)
    model = RecordedModel(Recording.read(file))
    with pytest.raises(ModelError, match="no recording"):
        model.ask(change(ASKED), 5)
    assert model.unknown == 1
    assert digest(change(ASKED)) != digest(ASKED)


def test_a_fault_is_recorded_as_what_it_was(file: Path) -> None:
    def fails(_prompt: Prompt) -> dict[str, Any]:
        raise ModelError("timeout")

    recorded(file, fails, ASKED)
    with pytest.raises(ModelError) as caught:
        RecordedModel(Recording.read(file)).ask(ASKED, 5)
    assert caught.value.fault == "timeout"


def test_a_recording_that_broke_off_is_gone_on_with_and_asks_nothing_twice(file: Path) -> None:
    recorded(file, counting(), ASKED)
    again = recorded(file, counting(), ASKED, ASKED)
    assert len(again.seen) == 1
    assert replayed(file, ASKED, ASKED) == [0, 0]


def test_a_recording_says_where_it_comes_from_and_holds_no_prompt(file: Path) -> None:
    recorded(file, counting(), ASKED)
    assert Recording.read(file).header == FROM
    assert "奖励多少" not in file.read_text("utf-8")


def test_replies_of_another_model_are_not_added_to(file: Path) -> None:
    recorded(file, counting(), ASKED)
    for key in ("model", "weights_sha256"):
        with pytest.raises(ValueError, match="holds replies of small"):
            RecordingModel(ScriptedModel(counting()), file, FROM | {key: "other"})


@pytest.mark.parametrize("text", ["", "[]\n", '{"model": "x"}\n', "not JSON\n", json.dumps(FROM) + "\n{}\n"])
def test_what_is_no_recording_is_refused(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError):  # noqa: PT011  # of several kinds, with a text each
        Recording.read(file)


def test_the_header_is_the_first_line(file: Path) -> None:
    recorded(file, counting(), ASKED)
    assert tuple(json.loads(file.read_text("utf-8").splitlines()[0])) == HEADER

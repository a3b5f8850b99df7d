"""Language models of our own making, behind the port: one that writes well, one that says what it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rag.model_answers.guarded import Caps, GuardedModel, UnkeptBook
from rag.ports import ModelError, ModelReply, Prompt

Mind = Callable[[Prompt], Mapping[str, Any]]


class ScriptedModel:
    """Says what `mind` makes of each prompt, or raises what it raises; `seen` are the prompts as they arrived."""

    def __init__(self, mind: Mind, name: str = "scripted") -> None:
        self.name = name
        self.mind = mind
        self.seen: list[Prompt] = []

    def ask(self, prompt: Prompt, seconds: float) -> ModelReply:
        self.seen.append(prompt)
        return ModelReply(self.mind(prompt), 100, 20)

    def warm(self, seconds: float) -> None:
        """There is nothing to find out."""


def guarded(mind: Mind, caps: Caps | None = None) -> tuple[GuardedModel, ScriptedModel]:
    model = ScriptedModel(mind)
    return GuardedModel(model, UnkeptBook(), caps), model


def data(prompt: Prompt) -> dict[str, Any]:
    """What the model was given, as the object it is."""
    given = json.loads(prompt.given)
    assert isinstance(given, dict)
    return given


def written(
    *claims: tuple[str, str, str], completeness: str = "complete", missing: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A reply of (sentence, passage, quote)."""
    return {
        "completeness": completeness,
        "claims": [{"text": t, "quotes": [{"passage": p, "quote": q}]} for t, p, q in claims],
        "missing": list(missing),
    }


def repeating(prompt: Prompt) -> dict[str, Any]:
    """An honest writer of few gifts: the first sentence of each of the first two passages, as it stands."""
    if prompt.name != "answer":
        raise ModelError("broken")
    passages = data(prompt)["passages"][:2]
    sentences = [(p["text"].split("。")[0], p["id"]) for p in passages if not p["text"].startswith("|")]
    return written(*((f"{text}。", handle, text) for text, handle in sentences))

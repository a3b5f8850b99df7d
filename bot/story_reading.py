"""Intake's story model over the guarded language model: one call, masked, and nothing where it fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from intake.story_model import Asked, Found
from rag.model_answers.guarded import GuardedModel
from rag.model_answers.shapes import shape_of
from rag.ports import ModelError, Prompt

MOST_CALLS = 2


class _One(BaseModel):
    model_config = ConfigDict(extra="ignore")
    step: Annotated[str, Field(max_length=100)]
    source: Annotated[str, Field(max_length=2000)]
    option: Annotated[str, Field(max_length=200)] = ""


class _Said(BaseModel):
    """The shape that a model is asked for."""

    model_config = ConfigDict(extra="ignore")
    found: Annotated[list[_One], Field(max_length=60)]


class StoryReading:
    """Implements intake.story_model.StoryModel."""

    def __init__(self, model: GuardedModel) -> None:
        self._model = model
        self._system = resources.files("intake").joinpath("prompts/story.md").read_text("utf-8").strip()
        self._shape = shape_of(_Said)

    def find(self, story: str, fields: Sequence[Asked]) -> Sequence[Found]:
        given = json.dumps({"story": story, "fields": [asdict(field) for field in fields]}, ensure_ascii=False)
        prompt = Prompt("story", self._system, given, self._shape)
        try:
            said = self._model.ask(prompt, self._model.allowance(MOST_CALLS), _Said.model_validate)
        except ModelError:
            return ()
        return [Found(each.step, each.source, each.option) for each in said.found]

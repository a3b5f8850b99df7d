"""A follow-up made a question that stands alone, and where it belongs, by a model in one call; rules where it fails.

What the model says is used only as far as it is made of the conversation's own words, so that nobody else's text can
put a question into somebody's mouth. It finds nothing, starts nothing, and refuses nothing by itself.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.guardrails import clean, guard
from rag.model_answers.guarded import Allowance, GuardedModel
from rag.model_answers.quantities import quantities, stated
from rag.model_answers.shapes import shape_of
from rag.model_answers.support import folded, is_unmarked, keeps_to
from rag.model_answers.writing import prompt_text
from rag.models import Turn
from rag.ports import ModelError, Prompt
from rag.rewriting import LONGEST_TURN

MOST_TURNS = 4
LONGEST_QUESTION = 300
KEPT = 500
"""Conversations remembered; a question that is sent again costs nothing."""

Route = Literal["policy", "smalltalk", "need", "outside", "unclear"]


class _Said(BaseModel):
    """The shape that a model is asked for."""

    model_config = ConfigDict(extra="ignore")
    standalone: Annotated[str, Field(max_length=2000)]
    route: Route


@dataclass(frozen=True, slots=True)
class Followed:
    """The question as it stands alone, and where it belongs."""

    text: str
    route: Route


class Follower:
    """Thread-safe; keeps what it learnt of the latest conversations."""

    def __init__(self, model: GuardedModel) -> None:
        self._model = model
        self._system = prompt_text("follow")
        self._shape = shape_of(_Said)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], Followed] = OrderedDict()

    def follow(self, text: str, history: Sequence[Turn], allowance: Allowance) -> Followed | None:
        """None where the rules must do: no earlier question, no answer, or one in words that nobody said.

        Its text is the question as it was where the model only copied it or put an earlier one before it.
        """
        turns = (clean(turn.text) for turn in history if turn.role == "user" and len(turn.text) <= LONGEST_TURN)
        earlier = [turn[:LONGEST_QUESTION] for turn in turns if turn][-MOST_TURNS:]
        if not earlier:
            return None
        key = (text, *earlier)
        found = self._remembered(key) or self._asked(text, earlier, allowance)
        if found is None or not _is_theirs(found.text, [*earlier, text]):
            return None
        self._remember(key, found)
        return found if _adds(found.text, text, earlier) else replace(found, text=text)

    def _asked(self, text: str, earlier: list[str], allowance: Allowance) -> Followed | None:
        given = json.dumps({"earlier": earlier, "question": text}, ensure_ascii=False)
        try:
            said = self._model.ask(Prompt("follow", self._system, given, self._shape), allowance, _Said.model_validate)
        except ModelError:
            return None
        return Followed(clean(said.standalone), said.route)

    def _remembered(self, key: tuple[str, ...]) -> Followed | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _remember(self, key: tuple[str, ...], found: Followed) -> None:
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def _is_theirs(text: str, said: Sequence[str]) -> bool:
    """Whether a rewritten question is made of what the person said, and passes what any question must."""
    everything = " ".join(said)
    checked = guard(text, LONGEST_QUESTION)
    unasked = re.sub(r"[?？!！]", "，", text)  # a question ends in what no sentence of an answer holds
    if checked.cut or checked.stop is not None or not is_unmarked(unasked):
        return False
    numbers = quantities(everything)
    return keeps_to(text, everything) and all(stated(quantity, numbers) for quantity in quantities(text))


def _adds(text: str, question: str, earlier: Sequence[str]) -> bool:
    """Whether a rewritten question says more than this one, and is not just an earlier one with this one behind it."""
    bare, own = _bare(text), _bare(question)
    if bare in {_bare(before) + own for before in earlier}:
        return False
    return any(bare[place : place + 2] not in own for place in range(len(bare) - 1))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", folded(text))

"""Start here: a question and the clauses found → sentences that are proven, or None, and then the clauses answer alone.

One call, one more where nothing of the first could be proven. Nothing a model wrote is shown unchecked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from rag.model_answers.checking import WHY, Checked, Written, check
from rag.model_answers.guarded import Allowance, GuardedModel
from rag.model_answers.shapes import shape_of
from rag.models import Hit, Passage, Writing
from rag.ports import ModelError, Prompt

MOST_CALLS = 2
"""Of one plain question: one, and one more to mend a reply or to ask again after a fault that passes. A follow-up has
one more, to be understood."""

MOST_PASSAGES = 8
LONGEST_PASSAGE = 900


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. `checked` is None where the clauses must answer alone; `writing` says why."""

    checked: Checked | None
    writing: Writing


class Writer:
    """Writes answers with a model. Stateless but for the model's own budget."""

    def __init__(self, model: GuardedModel) -> None:
        self._model = model
        self._system = prompt_text("answer")
        self._repair = prompt_text("repair")
        self._shape = shape_of(Written)

    def allowance(self, *, follows: bool = False) -> Allowance:
        """What one question may ask of the model in all. `follows`: others came before it."""
        return self._model.allowance(MOST_CALLS + follows)

    def write(self, question: str, hits: Sequence[Hit], allowance: Allowance, synonyms: Sequence[str] = ()) -> Outcome:
        """`hits` are the clauses it may stand on, best first."""
        passages = {f"P{number}": hit.passage for number, hit in enumerate(hits[:MOST_PASSAGES], start=1)}
        dropped: list[str] = []
        try:
            checked = self._asked(self._prompt(question, passages), passages, question, synonyms, allowance)
            dropped += [why for _, why in checked.dropped]
            if not checked.claims and checked.dropped and allowance.calls:
                again = self._prompt(question, passages, checked)
                checked = self._asked(again, passages, question, synonyms, allowance)
                dropped += [why for _, why in checked.dropped]
        except ModelError as fault:
            return Outcome(None, Writing(self._model.name, 0, tuple(dropped), fault.fault))
        written = Writing(self._model.name, len(checked.claims), tuple(dropped))
        return Outcome(checked if checked.claims else None, written)

    def _asked(
        self,
        prompt: Prompt,
        passages: Mapping[str, Passage],
        question: str,
        synonyms: Sequence[str],
        allowance: Allowance,
    ) -> Checked:
        written = self._model.ask(prompt, allowance, Written.model_validate)
        return check(written, passages, question, synonyms)

    def _prompt(self, question: str, passages: Mapping[str, Passage], before: Checked | None = None) -> Prompt:
        """Everything but our own words goes as JSON: what a document says cannot end its own quotation."""
        given: dict[str, Any] = {"question": question, "passages": [_given(h, p) for h, p in passages.items()]}
        if before is not None:
            given["rejected"] = [{"text": text, "why": WHY[why]} for text, why in before.dropped]
        system = self._system if before is None else f"{self._system}\n{self._repair}"
        return Prompt("answer", system, json.dumps(given, ensure_ascii=False), self._shape)


def _given(handle: str, passage: Passage) -> dict[str, str]:
    return {
        "id": handle,
        "title": passage.path[0],
        "where": " › ".join(passage.path[1:]),
        "lead": passage.lead,
        "text": passage.text[:LONGEST_PASSAGE],
    }


def prompt_text(name: str) -> str:
    """A prompt of rag/prompts. It holds nothing secret: whoever asks cleverly enough may get to read it."""
    return resources.files("rag").joinpath(f"prompts/{name}.md").read_text("utf-8").strip()

"""What is asked of a model for an outline, and what of its words is proven, by quotes of the fields it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from intake.outlines import OWN, Line, Proof, Told
from rag.model_answers.checking import Written, WrittenClaim, check
from rag.model_answers.guarded import Allowance, GuardedModel
from rag.model_answers.shapes import shape_of
from rag.models import Passage
from rag.ports import Prompt

MOST_LINES = 3

_FRAME = re.compile(
    r"(?:两者|二者|双方|两家单位|两个单位|两件需求|两项需求)(?:都|均|同样)?"
    r"(?:是|在|要|涉及|围绕|针对|属于|需要|希望|研究|从事|寻找)?"
)
"""How a comparison begins. It carries no fact of its own; what follows it must be proven."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Another need or a party, as a model may be told it."""

    about: str
    told: tuple[Told, ...]


class _Likeness(WrittenClaim):
    about: Annotated[str, Field(max_length=20)]


class _Likenesses(BaseModel):
    """The shape that a model is asked for."""

    model_config = ConfigDict(extra="ignore")
    claims: Annotated[list[_Likeness], Field(max_length=20)]


class OutlineWriter:
    """Stateless but for the model's own budget."""

    def __init__(self, model: GuardedModel) -> None:
        self._model = model
        self._prompts = {name: _prompt_text(name) for name in ("outline", "likeness")}
        self._shapes = {"outline": shape_of(Written), "likeness": shape_of(_Likenesses)}

    def outline(self, own: Sequence[Told], allowance: Allowance) -> tuple[Line, ...]:
        """At most three lines about a need; none where nothing is proven. Raises ModelError."""
        fields = _fields("F", OWN, own)
        prompt = self._prompt("outline", {"fields": _given(fields)})
        return _proven(self._model.ask(prompt, allowance, Written.model_validate), fields)[:MOST_LINES]

    def likenesses(
        self, own: Sequence[Told], others: Sequence[Compared], allowance: Allowance
    ) -> dict[str, tuple[Line, Compared]]:
        """By what it is about: the line that says why it is like the need, proven from both. Raises ModelError."""
        mine = _fields("F", OWN, own)
        named = {f"C{number}": other for number, other in enumerate(others, start=1)}
        theirs = {handle: _fields(f"{handle}F", other.about, other.told) for handle, other in named.items()}
        given = {
            "need": _given(mine),
            "others": [{"id": handle, "fields": _given(fields)} for handle, fields in theirs.items()],
        }
        said = self._model.ask(self._prompt("likeness", given), allowance, _Likenesses.model_validate)
        found: dict[str, tuple[Line, Compared]] = {}
        for claim in said.claims:
            handle = claim.about.strip()
            if handle not in named:
                continue
            if line := _compared(claim, {**mine, **theirs[handle]}, named[handle].about):
                found.setdefault(named[handle].about, (line, named[handle]))
        return found

    def _prompt(self, name: str, given: Mapping[str, Any]) -> Prompt:
        return Prompt(name, self._prompts[name], json.dumps(given, ensure_ascii=False), self._shapes[name])


_Fields = dict[str, tuple[str, Told]]
"""Handle → whose field it is, and the field."""


def _fields(prefix: str, of: str, told: Sequence[Told]) -> _Fields:
    return {f"{prefix}{number}": (of, field) for number, field in enumerate(told, start=1)}


def _given(fields: _Fields) -> list[dict[str, str]]:
    return [{"id": handle, "label": told.label, "text": told.text} for handle, (_, told) in fields.items()]


def _compared(claim: WrittenClaim, fields: _Fields, about: str) -> Line | None:
    """The line of a comparison whose words, but for how it begins, are proven by quotes from both sides."""
    text = claim.text.strip()
    frame = _FRAME.match(text)
    bare = claim.model_copy(update={"text": text[frame.end() :] if frame else text})
    for line in _proven(Written(completeness="complete", claims=[bare]), fields):
        if {proof.of for proof in line.proofs} == {OWN, about}:
            return Line(f"{frame.group() if frame else ''}{line.text}", line.proofs)
    return None


def _proven(written: Written, fields: _Fields) -> tuple[Line, ...]:
    """The claims that their quotes of these fields prove (rag/model_answers/checking.py)."""
    passages = {
        handle: Passage(handle, of or "need", "paragraph", (told.label,), None, "", told.text)
        for handle, (of, told) in fields.items()
    }
    claims = check(written, passages, "").claims
    return tuple(
        Line(claim.text, tuple(Proof(fields[q.passage][0], fields[q.passage][1].label, q.quote) for q in claim.quotes))
        for claim in claims
    )


def _prompt_text(name: str) -> str:
    return resources.files("intake").joinpath(f"prompts/{name}.md").read_text("utf-8").strip()

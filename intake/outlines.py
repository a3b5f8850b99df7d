"""What of a need a model may be told for staff, and what its outline of one is kept as. Pure.

Nothing of a restricted need, nothing personal, no name, number or address: the form's own words about the need only,
and in them no value that the same need gave as personal or of its organisation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.cases import Case
from intake.display import show
from intake.headline import without_people
from intake.models import Form, Saying, Step
from intake.parties import Party
from intake.party_words import type_label
from intake.values import Answered, Phone

OWN = ""
"""What an outline is about where it is the need itself; else "case:<id>" or "party:<id>", whom it is compared with."""

LONGEST_FIELD = 500
LEFT_OUT = "〔略〕"

_STAYS = frozenset({"site", "partner_wanted", "partners", "applied_no", "bank_now", "related_technology_case"})
"""Steps of a need that name others, a place or a number, though they are nobody's personal answer."""

_OF_THE_ORGANISATION = frozenset({"org_name", "on_behalf_name", "uscc", "address", "website"})
"""What names the organisation; where another field repeats it, it is left out there."""

_NO_WORDS = frozenset({"phone", "email", "uscc", "file"})


@dataclass(frozen=True, slots=True)
class Told:
    """A field as a model may be told it."""

    step: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The stretch of a field that a line stands on. `of` is OWN, or whose field it is."""

    of: str
    label: str
    quote: str


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that a model wrote and what proves it."""

    text: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Lines about a need, or about why another is like it; marked as AI wherever they are shown.

    `digest` is that of what the model was told: where it is another now, the lines are not shown any more.
    """

    about: str
    lines: tuple[Line, ...]
    digest: str
    model: str
    by: str
    at: datetime


def may_be_outlined(case: Case) -> bool:
    """Never a need for its handlers' eyes only, nor one of which nothing is left."""
    return not (case.restricted or case.erased or case.hidden)


def told_of_case(
    case: Case, form: Form, personal: Mapping[str, Answered], tell: Callable[[Saying], str]
) -> tuple[Told, ...]:
    """The fields of a case that may be told, in the order of its form; none where it may not be outlined.

    `personal` are its personal answers: what they say is left out of all other fields. `tell` puts a saying into words.
    """
    if not may_be_outlined(case):
        return ()
    everything = {**case.answers, **personal}
    hidden = _hidden(form, everything)
    fields = []
    for step in form.steps:
        answered = case.answers.get(step.id)
        if answered is None or answered.value is None or not may_be_told(step):
            continue
        text = without_people(tell(show(step, answered)), form, everything)
        for value in hidden:
            text = text.replace(value, LEFT_OUT)
        if text.strip():
            fields.append(Told(step.id, step.label, text.strip()[:LONGEST_FIELD]))
    return tuple(fields)


def may_be_told(step: Step) -> bool:
    """Whether a step is about the need and about nobody: by the form's own marks."""
    return (
        step.part == "need"
        and not step.personal
        and step.type not in _NO_WORDS
        and step.id not in _STAYS
        and step.follow_up_of not in _STAYS
    )


def told_of_party(party: Party, industries: Mapping[str, str]) -> tuple[Told, ...]:
    """What a party works on. An expert's name and everybody's contact stay here."""
    known = (
        Told("name", "名称", "" if party.is_person else party.name),
        Told("type", "类型", type_label(party.type)),
        Told("fields", "专业领域", party.fields[:LONGEST_FIELD]),
        Told("industries", "产业", "、".join(industries.get(code, "") for code in party.industries)),
    )
    return tuple(field for field in known if field.text.strip("、 "))


def digest_of(*told: Sequence[Told]) -> str:
    """The digest of what a model is told."""
    plain = [[(field.step, field.label, field.text) for field in fields] for fields in told]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()[:32]


def _hidden(form: Form, answers: Mapping[str, Answered]) -> list[str]:
    """What the need says of its person and organisation, in every way it may stand in other fields; longest first."""
    found: set[str] = set()
    for step in form.steps:
        if step.id in answers and _names_somebody(step):
            found.update(_ways(answers[step.id]))
    return sorted((value for value in found if len(value) > 1), key=len, reverse=True)


def _names_somebody(step: Step) -> bool:
    """A person's title (经理) names nobody, and may well stand in the need."""
    if step.id in _OF_THE_ORGANISATION:
        return True
    return step.personal and step.id != "contact_title" and (step.free_text or step.type in _NO_WORDS)


def _ways(answered: Answered) -> Iterable[str]:
    value = answered.value
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Phone):
        yield from (value.e164, value.e164.removeprefix("+86"), f"0{value.e164.removeprefix('+86')}")
    if answered.text:
        yield answered.text.strip()

"""Whom to ring about a case: its personal answers, whole for who has it in hand, else with the middle hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intake.display import mask_phone
from intake.values import Answered, Phone, Value


@dataclass(frozen=True, slots=True)
class Contact:
    """The personal answers of a case as an actor may have them; `masked`: numbers and addresses are not whole."""

    personal: Mapping[str, Answered]
    masked: bool


def masked(personal: Mapping[str, Answered]) -> Contact:
    """The answers with numbers and mail addresses hidden, and without the person's own words, which may hold them."""
    hidden = {
        step: answered.model_copy(update={"value": _hidden(answered.value), "text": ""})
        for step, answered in personal.items()
    }
    return Contact(hidden, True)


def _hidden(value: Value | None) -> Value | None:
    if isinstance(value, Phone):
        return Phone(e164=f"+86{mask_phone(value)}")
    if isinstance(value, str) and "@" in value:
        name, _, domain = value.partition("@")
        return f"{name[:1]}***@{domain}"
    return value

"""An answer as a cell of a sheet, and back: written so that reading gives the same value and state again.

What people type into a cell is judged by the readers of the form itself; only what `written` writes is known besides:
labels in full, 「待工作人员核实」, both ends of a range of days.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from intake.display import WAN, show
from intake.models import CHOICE_TYPES, Option, Read, Saying, Step, Unread
from intake.party_words import written_phone
from intake.reading.sensitive import without_numbers
from intake.reading.steps import Circumstances, read_step
from intake.reference import DATA_FOLDER
from intake.values import Answered, DateSpan, Money, Phone, Value

MASK = "**"
_APART = "、"


@lru_cache(maxsize=1)
def case_book() -> dict[str, Any]:
    """What people read on the sheets of needs."""
    return tomllib.loads((DATA_FOLDER / "case_sheets.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """The words that stand in cells and notes."""
    return MappingProxyType(case_book()["words"])


def written(step: Step, answered: Answered) -> str | date:
    """The cell of an answer. `read_cell` gives its value and state back, but not the person's own words for it."""
    if answered.value is None:
        return _without_value(step, answered)
    return _value(step, answered.value)


def masked(step: Step, answered: Answered) -> str | date:
    """The cell for who may not see personal values: names, numbers and addresses hidden, numbers in words hidden."""
    if step.personal and answered.value is not None:
        return _hidden(show(step, answered))
    cell = written(step, answered)
    return without_numbers(cell) if isinstance(cell, str) and step.free_text else cell


def read_cell(step: Step, text: str, at: Circumstances) -> tuple[Answered, str | None] | Saying:
    """The answer, with the word that 「其他：…」 gave for its follow-up; or what to write instead."""
    text = text.strip()
    if step.personal and MASK in text:
        return Saying("sheet.fault.masked")
    known = _known(step, text, at)
    if known is not None:
        return known if isinstance(known, Saying) else (known, None)
    read = read_step(step, text, at)
    if isinstance(read, Unread):
        return read.error
    read = _about(text, read)
    other = read.also.get(f"{step.id}_other")
    return read.answered(text), other if isinstance(other, str) else None


def _known(step: Step, text: str, at: Circumstances) -> Answered | Saying | None:
    """What `written` writes and no reader knows."""
    told = words()
    if text == told["to_verify"] and not step.must_be_yes and step.required != "O":
        return Answered(value=None, text=text, state="to_verify")
    if text == told["none_yet"] and step.way_out is not None:
        return Answered(value=None, text=text, state=step.way_out_state)
    if step.type in CHOICE_TYPES:
        return _chosen(step, text, at.options or step.options)
    return None


def _chosen(step: Step, text: str, options: Sequence[Option]) -> Answered | Saying | None:
    """Labels or codes to the letter: a label may hold a separator, and a code is nobody's word for a reader."""
    by_word = {option.code: option.code for option in options} | {option.label: option.code for option in options}
    if step.type != "multi":
        return Answered(value=by_word[text], text=text) if text in by_word else None
    pieces = [piece.strip() for piece in text.replace("\n", _APART).split(_APART) if piece.strip()]
    codes = {by_word.get(piece) for piece in pieces}
    if not pieces or None in codes:
        return None
    if step.max is not None and len(codes) > step.max:
        return Saying("error.choice.too_many", {"max": str(step.max), "typed": str(len(codes))})
    if len(codes) < (step.min or 1):
        return Saying("error.choice.too_few", {"min": str(step.min)})
    return Answered(value=tuple(option.code for option in options if option.code in codes), text=text)


def _about(text: str, read: Read) -> Read:
    """A range may be 约 on both ends; the reader keeps that for single amounts only."""
    if isinstance(read.value, Money) and text.startswith("约") and not read.value.approx:
        return replace(read, value=read.value.model_copy(update={"approx": True}))
    return read


def _without_value(step: Step, answered: Answered) -> str:
    if answered.state == "skipped":
        return ""
    if step.way_out is not None and step.way_out_state == answered.state:
        return step.way_out.label
    return str(words()["to_verify" if answered.state == "to_verify" else "none_yet"])


def _value(step: Step, value: Value) -> str | date:
    told = words()
    if isinstance(value, bool):
        return str(told["yes" if value else "no"])
    if isinstance(value, Money):
        return _money(value)
    if isinstance(value, DateSpan):
        if value.start == value.end:
            return value.start
        return str(told["days"]).format(start=value.start.isoformat(), end=value.end.isoformat())
    if isinstance(value, Phone):
        return written_phone(value.e164 + (f";ext={value.ext}" if value.ext else ""))
    labels = {option.code: option.label for option in step.options}
    if isinstance(value, tuple):
        return ("\n" if step.type == "lines" else _APART).join(labels.get(code, code) for code in value)
    return labels.get(value, value) if isinstance(value, str) else str(value)


def _money(money: Money) -> str:
    told = words()
    low, high = (None if end is None else format((end / WAN).normalize(), "f") for end in (money.low, money.high))
    if low is None or high is None:
        return str(told["at_most" if low is None else "at_least"]).format(low=low, high=high)
    shape = "exact" if low == high else "range"
    name = shape if not money.approx else "about" if shape == "exact" else "about_range"
    return str(told[name]).format(low=low, high=high)


def _hidden(shown: Saying) -> str:
    """A masked value as `show` gives it; its placeholders hold nothing that is not masked."""
    number = shown.values.get("number")
    if number is not None:
        return f"{number} 转 {shown.values.get('ext', '')}"
    return shown.values.get("text", "")

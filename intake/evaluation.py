"""How well typed answers are read and questions told apart, over annotated cases (tests/evals/intake_*.jsonl).

A parse case is {id, type, text, today?, expect}; expect was annotated before any reader existed: the value, or the key
of the error. An utterance is {id, form, step, text, expect}, expect being answer, question, unsure or control.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from intake.formbook import Formbook
from intake.interruption import control_of, decide
from intake.models import Read, Unread
from intake.reading.dates import read_date
from intake.reading.industries import read_industry
from intake.reading.money import read_money
from intake.reading.phone import read_phone
from intake.reading.places import read_district
from intake.reading.steps import Circumstances, read_step
from intake.reading.uscc import read_uscc
from intake.reference import Reference
from intake.values import DateSpan, Money, Phone

Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One case: what was annotated, what was found, and whether they agree."""

    id: str
    group: str
    expected: object
    found: object

    @property
    def right(self) -> bool:
        return self.expected == self.found


def load_cases(path: Path) -> list[Case]:
    """The cases of a JSONL file, in its order."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def judge_parses(cases: Iterable[Case], reference: Reference) -> list[Verdict]:
    """Every parse case against its reader."""
    return [Verdict(case["id"], case["type"], case["expect"], _found(case, reference)) for case in cases]


def judge_turns(cases: Iterable[Case], book: Formbook, at: Circumstances) -> list[Verdict]:
    """Every utterance against the decision taken on its step."""
    return [Verdict(case["id"], case["expect"], case["expect"], _turn(case, book, at)) for case in cases]


def accuracy(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """Share right by group, and under "all"."""
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for verdict in verdicts:
        for group in (verdict.group, "all"):
            total[group] += 1
            right[group] += verdict.right
    return {group: right[group] / total[group] for group in total}


def confusions(verdicts: Iterable[Verdict]) -> Counter[tuple[str, str]]:
    """(annotated, found) pairs that differ, with how often."""
    return Counter((str(verdict.expected), str(verdict.found)) for verdict in verdicts if not verdict.right)


def _turn(case: Case, book: Formbook, at: Circumstances) -> str:
    if control_of(case["text"]) is not None:
        return "control"
    step = book.form(case["form"]).step(case["step"])
    parsed = isinstance(read_step(step, case["text"], at), Read)
    return str(decide(step, case["text"], parsed, at.reference.policy_words))


def _found(case: Case, reference: Reference) -> dict[str, object]:
    read = _read(case, reference)
    if isinstance(read, Unread):
        found: dict[str, object] = {"error": read.error.key}
        return {**found, "suggestion": read.suggestion} if read.suggestion else found
    found = _value(read.value)
    if case["type"] == "district":
        found |= {"zone": read.also["zone"]} if "zone" in read.also else {}
        found |= {"warning": read.warnings[0].key} if read.warnings else {}
    return found


def _read(case: Case, reference: Reference) -> Read | Unread:
    text = case["text"]
    match case["type"]:
        case "uscc":
            return read_uscc(text)
        case "phone":
            return read_phone(text)
        case "money":
            return read_money(text)
        case "date":
            return read_date(text, date.fromisoformat(case["today"]))
        case "district":
            return read_district(text, reference)
        case "industry":
            return read_industry(text, reference)
        case other:
            raise ValueError(f"{case['id']}: no reader for {other}")


def _value(value: object) -> dict[str, object]:
    if isinstance(value, Money):
        ends: dict[str, object] = {"low": _plain(value.low), "high": _plain(value.high)}
        return {**ends, "approx": True} if value.approx else ends
    if isinstance(value, DateSpan):
        return {"start": value.start.isoformat(), "end": value.end.isoformat()}
    if isinstance(value, Phone):
        return {"value": value.e164, "ext": value.ext} if value.ext else {"value": value.e164}
    return {"value": value}


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize(), "f")

"""Reads the forms of the registers: what was typed, what is wrong with it, and whether somebody else was quicker."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.clock import SHANGHAI
from bot.console.labels import Choices
from bot.console.visit import Declined, Visit

ACCOUNT = re.compile(r"[a-z][a-z0-9_.-]{1,30}")
TEAM = re.compile(r"[a-z0-9][a-z0-9_-]{1,30}")
PHONE = re.compile(r"[0-9+][0-9 ()转ext.-]{4,30}")
LONGEST_NAME = 40


@dataclass(slots=True)
class Typed:
    """A form on its way: the values to show again, and for each wrong field the key of its sentence (`error.<key>`)."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def over(self, drawn: Mapping[str, Any]) -> Typed:
        """With what was drawn wherever this form has no field: a page may hold several forms."""
        return Typed({**drawn, **self.values}, self.errors)

    def wrong(self, name: str, key: str) -> None:
        self.errors.setdefault(name, key)


def read_name(visit: Visit, typed: Typed, name: str = "name") -> str:
    value = typed.values[name] = visit.line(name)
    if not 1 <= len(value) <= LONGEST_NAME:
        typed.wrong(name, "name")
    return value


def read_new_id(visit: Visit, typed: Typed, name: str, shape: re.Pattern[str], taken: Iterable[str]) -> str:
    """The id of something new, as it stands in addresses and histories for good."""
    value = typed.values[name] = visit.line(name)
    if not shape.fullmatch(value) or value in {"new", "system"}:
        typed.wrong(name, "account" if shape is ACCOUNT else "team_id")
    elif value in set(taken):
        typed.wrong(name, "taken")
    return value


def read_phone(visit: Visit, typed: Typed, name: str = "phone") -> str | None:
    """As it is shown to people: hotlines, too."""
    value = typed.values[name] = visit.line(name)
    if value and not PHONE.fullmatch(value):
        typed.wrong(name, "phone")
    return value or None


def read_chosen(visit: Visit, typed: Typed, name: str, choices: Choices, *, least: int = 0) -> frozenset[str]:
    """What was ticked; anything that is not on the list cannot have come from our form and is declined."""
    chosen = frozenset(visit.lines(name))
    if not chosen <= {code for code, _ in choices}:
        raise Declined(422, "not_listed")
    typed.values[name] = chosen
    if len(chosen) < least:
        typed.wrong(name, "choose_one")
    return chosen


def read_one(visit: Visit, typed: Typed, name: str, choices: Choices, *, required: bool = False) -> str | None:
    """What was picked; None for nothing."""
    value = typed.values[name] = visit.line(name)
    if value and value not in {code for code, _ in choices}:
        raise Declined(422, "not_listed")
    if required and not value:
        typed.wrong(name, "choose_one")
    return value or None


def read_day(visit: Visit, typed: Typed, name: str) -> date | None:
    value = typed.values[name] = visit.line(name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        typed.wrong(name, "day")
        return None


def read_number(visit: Visit, typed: Typed, name: str, lowest: int, highest: int) -> int:
    value = typed.values[name] = visit.line(name) or "0"
    if not re.fullmatch(r"-?\d{1,6}", value) or not lowest <= int(value) <= highest:
        typed.wrong(name, "number")
        return 0
    return int(value)


def midnight(day: date) -> datetime:
    """The beginning of a day in Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI)


def day_after(day: date) -> datetime:
    return midnight(day + timedelta(days=1))


def stamp_of(row: Any) -> str:
    """What a row looked like when its form was drawn; the form brings it back."""
    said = json.dumps(_plain(asdict(row)), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def check_stamp(visit: Visit, row: Any) -> None:
    """Declines a form that was drawn before somebody else changed the row: their change must not be lost unseen."""
    if visit.line("stamp") != stamp_of(row):
        raise Declined(409, "changed_meanwhile")


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in row.items()}

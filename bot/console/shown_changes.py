"""Lines of the registers' history in words: fields by name, codes by label, days as days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import SHANGHAI
from bot.console.labels import Labels
from intake.cases import SYSTEM
from intake.store.register_history import Change


@dataclass(frozen=True, slots=True)
class ShownChange:
    """`lines` are (field, before, after); before is "" where the whole row is new."""

    at: datetime
    actor: str
    what: str
    key: str
    kind: str
    lines: list[tuple[str, str, str]]


def shown(changes: Iterable[Change], labels: Labels, names: Mapping[str, str]) -> list[ShownChange]:
    """`names` are those of accounts."""
    return [
        ShownChange(
            change.at,
            labels.words("history.system") if change.actor == SYSTEM.id else names.get(change.actor, change.actor),
            change.what,
            change.key,
            _word(labels, f"history.kind.{change.what.replace('.', '_')}", change.what),
            list(_lines(change, labels)),
        )
        for change in changes
    ]


def _lines(change: Change, labels: Labels) -> Iterable[tuple[str, str, str]]:
    if change.after is None:
        yield labels.words("history.gone"), "", ""
        return
    for field, before, after in change.fields:
        if change.before is None and after in (None, "", []):
            continue
        old = "" if change.before is None else _value(field, before, labels)
        yield _word(labels, f"history.field.{field}", field), old, _value(field, after, labels)


def _value(field: str, value: Any, labels: Labels) -> str:
    if value is None or value in ("", []):
        return labels.words("history.nothing")
    if isinstance(value, bool):
        return labels.words("yes" if value else "no")
    if isinstance(value, list):
        return labels.words("and").join(_value(field, part, labels) for part in value)
    if isinstance(value, Mapping):
        return labels.words("and").join(f"{name}: {part}" for name, part in value.items())
    return _one(field, str(value), labels)


def _one(field: str, value: str, labels: Labels) -> str:
    if field in {"area", "areas"}:
        return labels.area(value)
    if field in {"kinds", "industries"}:
        return labels.kind(value) if field == "kinds" else labels.industry(value)
    if field in {"roles", "tier", "done", "failure"}:
        prefix = {"roles": "role", "tier": "tier", "done": "history.done", "failure": "history.failure"}[field]
        return _word(labels, f"{prefix}.{value}", value)
    if field in {"away_from", "away_until"}:
        return _moment(value)
    return value


def _moment(value: str) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    except ValueError:
        return value


def _word(labels: Labels, key: str, otherwise: str) -> str:
    return labels.words(key) if labels.words.has(key) else otherwise

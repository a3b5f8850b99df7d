"""What was taken out of the queue and brought into it, in the history of the registers; and what a batch came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from db.engine import writing
from intake.cases import Actor
from intake.store import register_rows
from intake.store.register_history import Changes

TAKEN, FILED = "case_export", "case_import"


@dataclass(frozen=True, slots=True)
class Batch:
    """An import: by whom, when, for which association, and the numbers that came of it, by sheet and row."""

    key: str
    by: str
    at: datetime
    behalf: str
    file: str
    cases: tuple[tuple[str, int, str], ...]


def note_export(engine: Engine, what: str, told: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """`told` names filters and counts, never words that were searched for."""
    with writing(engine) as connection:
        register_rows.log(connection, TAKEN, what, None, {"done": TAKEN, **told}, actor, now)


def note_import(connection: Connection, batch: Batch, actor: Actor) -> None:
    """Inside the transaction that registers the cases."""
    told = {"done": FILED, "behalf": batch.behalf, "file": batch.file, "rows": len(batch.cases)}
    after = {**told, "cases": [" ".join((number, sheet, str(row))) for sheet, row, number in batch.cases]}
    register_rows.log(connection, FILED, batch.key, None, after, actor, batch.at)


def batch_of(engine: Engine, key: str) -> Batch | None:
    """The import of that key."""
    for change in Changes(engine).of(FILED, key, limit=1):
        told = change.after or {}
        lines = [line.split(" ") for line in told.get("cases", ())]
        cases = tuple((" ".join(sheet), int(row), number) for number, *sheet, row in lines)
        return Batch(key, change.actor, change.at, str(told.get("behalf", "")), str(told.get("file", "")), cases)
    return None

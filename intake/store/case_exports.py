"""Many cases whole, some at a time: as an export reads them, without keeping more than those in hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from db.engine import reading
from db.rows import fetch
from intake.cases import Case
from intake.store.cases import CaseStore
from intake.store.drafts import load_answers
from intake.store.tables import case_files, case_private, cases
from intake.values import Answered

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Whole:
    """A case with what stands apart from it. `merged_into` and `split_from` are numbers; "" where there are none."""

    case: Case
    personal: Mapping[str, Answered]
    files: int
    merged_into: str
    split_from: str


def whole_cases(store: CaseStore, ids: Sequence[str]) -> Iterator[Whole]:
    """The cases of these ids in this order; one that is gone is left out."""
    for start in range(0, len(ids), AT_ONCE):
        yield from _some(store, ids[start : start + AT_ONCE])


def agreed_to_publish(store: CaseStore) -> frozenset[str]:
    """The ids of all cases whose owners agreed to publishing. A database writes a JSON true as 1 or as true."""
    said = cases.c.answers[("publish_consent", "value")].as_string()
    with reading(store.engine) as connection:
        return frozenset(connection.scalars(select(cases.c.id).where(said.in_(("1", "true")))))


def _some(store: CaseStore, ids: Sequence[str]) -> Iterator[Whole]:
    found = {case.id: case for case in store.find(cases.c.id.in_(ids))}
    others = {other for case in found.values() for other in (case.merged_into, case.split_from) if other}
    counted = select(case_files.c.case, func.count().label("many")).group_by(case_files.c.case)
    with reading(store.engine) as connection:
        personal = {row.case: row.personal for row in fetch(connection, select(case_private), case_private.c.case, ids)}
        files = {row.case: row.many for row in fetch(connection, counted, case_files.c.case, ids)}
        numbered = select(cases.c.id, cases.c.reference)
        numbers = {row.id: row.reference for row in fetch(connection, numbered, cases.c.id, sorted(others))}
    for key in ids:
        if case := found.get(key):
            yield Whole(
                case, load_answers(personal.get(key) or {}), files.get(key, 0), numbers.get(case.merged_into or "", ""),
                numbers.get(case.split_from or "", ""),
            )  # fmt: skip

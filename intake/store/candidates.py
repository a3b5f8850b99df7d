"""Candidates of cases and the log of contacts with them: read on their own, written inside a case's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, select, update

from db.engine import reading
from db.rows import fetch
from intake.parties import Candidate, CandidateStatus, Contact, ContactHow, Party
from intake.store.party_rows import party_of
from intake.store.tables import candidates, contact_log, parties


class Candidates:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, case: str) -> list[Candidate]:
        """Those of a case (its id), in the order they were added."""
        with reading(self._engine) as connection:
            return of_case(connection, case)

    def of_cases(self, cases: Sequence[str]) -> dict[str, list[Candidate]]:
        """Those of many cases (ids), by case; a case without any is there with an empty list."""
        found: dict[str, list[Candidate]] = {case: [] for case in cases}
        with reading(self._engine) as connection:
            for row in fetch(connection, _joined(), candidates.c.case, list(found)):
                found[row.case].append(_candidate(row))
        return {case: sorted(its, key=lambda candidate: candidate.id) for case, its in found.items()}

    def get(self, candidate: int) -> Candidate | None:
        with reading(self._engine) as connection:
            return get(connection, candidate)

    def contacts(self, candidate: int) -> list[Contact]:
        """The contact log, the oldest first."""
        mine = select(contact_log).where(contact_log.c.candidate == candidate).order_by(contact_log.c.id)
        with reading(self._engine) as connection:
            return [_contact(row) for row in connection.execute(mine)]


def of_case(connection: Connection, case: str) -> list[Candidate]:
    mine = _joined().where(candidates.c.case == case).order_by(candidates.c.id)
    return [_candidate(row) for row in connection.execute(mine)]


def get(connection: Connection, candidate: int) -> Candidate | None:
    row = connection.execute(_joined().where(candidates.c.id == candidate)).first()
    return None if row is None else _candidate(row)


def add(connection: Connection, case: str, party: Party, by: str, now: datetime) -> Candidate:
    """A new candidate, still to be contacted. The caller has made sure that the party is not one already."""
    row = {
        "case": case, "party": party.id, "status": str(CandidateStatus.TO_CONTACT), "amount": None,
        "tell_owner": False, "by": by, "created_at": now, "updated_at": now,
    }  # fmt: skip
    key = connection.execute(candidates.insert().values(row)).inserted_primary_key
    assert key is not None  # noqa: S101  # the table has a primary key
    return Candidate(int(key[0]), case, party, CandidateStatus.TO_CONTACT, None, False, by, now, now)


def change(connection: Connection, candidate: Candidate) -> None:
    """Store the status, amount and time of a candidate."""
    values = {
        "status": str(candidate.status), "amount": candidate.amount, "tell_owner": candidate.tell_owner,
        "updated_at": candidate.updated_at,
    }  # fmt: skip
    connection.execute(update(candidates).where(candidates.c.id == candidate.id).values(values))


def remove(connection: Connection, candidate: int) -> None:
    connection.execute(delete(candidates).where(candidates.c.id == candidate))


def log(connection: Connection, candidate: int, by: str, how: ContactHow, result: str, now: datetime) -> Contact:
    row = {"candidate": candidate, "at": now, "by": by, "how": str(how), "result": result}
    key = connection.execute(contact_log.insert().values(row)).inserted_primary_key
    assert key is not None  # noqa: S101  # the table has a primary key
    return Contact(int(key[0]), candidate, now, by, how, result)


def has_contacts(connection: Connection, candidate: int) -> bool:
    count = select(func.count()).select_from(contact_log).where(contact_log.c.candidate == candidate)
    return bool(connection.scalar(count))


def _joined() -> Select[Any]:
    own = [column.label(f"party_{column.name}") for column in parties.columns]
    return select(candidates, *own).join(parties, parties.c.id == candidates.c.party)


def _candidate(row: Row[Any]) -> Candidate:
    named = row._mapping
    party = party_of({column.name: named[f"party_{column.name}"] for column in parties.columns})
    return Candidate(
        row.id, row.case, party, CandidateStatus(row.status), row.amount, row.tell_owner, row.by,
        row.created_at, row.updated_at,
    )  # fmt: skip


def _contact(row: Row[Any]) -> Contact:
    return Contact(row.id, row.candidate, row.at, row.by, ContactHow(row.how), row.result)

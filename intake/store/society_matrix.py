"""The matrix district × industry × society: whom to ask first, edited per district. Every change is logged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, select
from sqlalchemy.exc import IntegrityError

from db.engine import reading, writing
from db.rows import add_missing
from intake.cases import Actor
from intake.parties import ANY_DISTRICT, MatrixRow, PartyError
from intake.store.register_rows import log
from intake.store.tables import society_matrix

_Key = tuple[str, str, str]
_ORDER = (society_matrix.c.district, society_matrix.c.industry, society_matrix.c.party)


class SocietyMatrix:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self) -> list[MatrixRow]:
        """All of it, by district, industry and party."""
        with reading(self._engine) as connection:
            return _rows(connection)

    def parties(self, places: Collection[str], industry: str | None) -> list[str]:
        """The ids named for these districts or zones, then those for any district; each once."""
        if industry is None:
            return []
        wanted = society_matrix.c.district.in_([*places, ANY_DISTRICT]) & (society_matrix.c.industry == industry)
        with reading(self._engine) as connection:
            rows = connection.execute(select(society_matrix).where(wanted).order_by(*_ORDER)).all()
        own_first = sorted(rows, key=lambda row: row.district == ANY_DISTRICT)
        return list(dict.fromkeys(row.party for row in own_first))

    def replace(self, rows: Sequence[MatrixRow], actor: Actor, now: datetime) -> tuple[int, int, int]:
        """Make this the whole matrix; how many rows were added, changed and removed.

        Raises PartyError (changed_meanwhile) where somebody else changes it at the same moment.
        """
        wanted = {_key(row): row for row in rows}
        try:
            with writing(self._engine) as connection:
                there = {_key(row): row for row in _rows(connection)}
                return _replace(connection, there, wanted, actor, now)
        except IntegrityError as fault:
            raise PartyError("changed_meanwhile", name="*") from fault

    def seed(self, rows: Sequence[MatrixRow], actor: Actor, now: datetime) -> int:
        """Put these in where there is no row at all; how many were put in."""
        with writing(self._engine) as connection:
            if not rows or _rows(connection):
                return 0
            add_missing(connection, society_matrix, [_values(row) for row in rows])
            log(connection, "matrix.seed", "*", None, {"rows": len(rows)}, actor, now)
        return len(rows)


def _replace(
    connection: Connection,
    there: Mapping[_Key, MatrixRow],
    wanted: Mapping[_Key, MatrixRow],
    actor: Actor,
    now: datetime,
) -> tuple[int, int, int]:
    added = [key for key in wanted if key not in there]
    changed = [key for key, row in wanted.items() if key in there and there[key] != row]
    removed = [key for key in there if key not in wanted]
    _drop(connection, [*changed, *removed])
    if added or changed:
        connection.execute(society_matrix.insert(), [_values(wanted[key]) for key in (*added, *changed)])
    for key in (*added, *changed, *removed):
        before, after = _verified(there.get(key)), _verified(wanted.get(key))
        log(connection, "matrix", " ".join(key), before, after, actor, now)
    return len(added), len(changed), len(removed)


def _rows(connection: Connection) -> list[MatrixRow]:
    return [_matrix_row(row) for row in connection.execute(select(society_matrix).order_by(*_ORDER))]


def _matrix_row(row: Row[Any]) -> MatrixRow:
    return MatrixRow(row.district, row.industry, row.party, row.verified)


def _drop(connection: Connection, keys: Iterable[_Key]) -> None:
    table = society_matrix.c
    for district, industry, party in keys:
        mine = (table.district == district) & (table.industry == industry) & (table.party == party)
        connection.execute(delete(society_matrix).where(mine))


def _verified(row: MatrixRow | None) -> dict[str, bool] | None:
    return None if row is None else {"verified": row.verified}


def _key(row: MatrixRow) -> _Key:
    return row.district, row.industry, row.party


def _values(row: MatrixRow) -> dict[str, Any]:
    return {"district": row.district, "industry": row.industry, "party": row.party, "verified": row.verified}

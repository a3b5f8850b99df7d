"""Parties as rows, rows as parties, and what the register's log keeps of a change.

The log names the fields that changed and holds the values of those that are not personal: contacts never stand in it,
nor does an expert's name or field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from intake.parties import Party, PartyType, normal_name
from intake.store.tables import parties

CONTACT = ("contact_name", "contact_phone", "contact_email")
_SILENT = frozenset({"id", "updated_at"})
_OF_A_PERSON = frozenset({"name", "fields", "source"})


def party_of(row: Mapping[Any, Any]) -> Party:
    """A row of the table as a party; other columns are passed over."""
    values = {field.name: row[field.name] for field in fields(Party)}
    return Party(**{**values, "type": PartyType(values["type"]), "industries": tuple(values["industries"])})


def row_of(party: Party) -> dict[str, Any]:
    row = {field.name: getattr(party, field.name) for field in fields(Party)}
    return {**row, "type": str(party.type), "industries": list(party.industries)}


def one(connection: Connection, condition: ColumnElement[bool]) -> Party | None:
    row = connection.execute(select(parties).where(condition)).first()
    return None if row is None else party_of(row._mapping)


def has_name(name: str) -> ColumnElement[bool]:
    """Of this name, however its letters and spaces are written."""
    return func.lower(parties.c.name) == name_key(name)


def name_key(name: str) -> str:
    return normal_name(name).lower()


def unchanged(party: Party, stored: Party | None) -> bool:
    """Whether storing the party would change nothing."""
    return stored is not None and replace(party, name=normal_name(party.name), updated_at=stored.updated_at) == stored


def logged(before: Party | None, after: Party) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What the log keeps: the names of all fields that changed, the values before and after of those it may hold."""
    hidden = frozenset(CONTACT)
    if after.is_person or (before is not None and before.is_person):
        hidden |= _OF_A_PERSON
    old, new = row_of(before) if before else {}, row_of(after)
    changed = [name for name in new if name not in _SILENT and new[name] != old.get(name)]
    told = [name for name in changed if name not in hidden]
    return {name: old[name] for name in told} if before else None, {"changed": changed, **{n: new[n] for n in told}}

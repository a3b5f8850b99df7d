"""Statements over many keys, on both databases: which are stored, add what is missing, remove some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

_MANY = 900  # keys a statement: SQLite before 3.32 takes 999 variables


def chunks(keys: Sequence[str] | set[str]) -> Iterator[list[str]]:
    """The keys in lists that fit a statement."""
    rest = iter(keys)
    while some := list(islice(rest, _MANY)):
        yield some


def fetch(connection: Connection, query: Select[Any], key: Column[str], keys: Sequence[str]) -> list[Row[Any]]:
    """The rows of `query` whose `key` is among `keys`, in no particular order."""
    statement = query.where(key.in_(bindparam("keys", expanding=True)))
    return [row for some in chunks(keys) for row in connection.execute(statement, {"keys": some})]


def stored(connection: Connection, key: Column[str], keys: Sequence[str]) -> set[str]:
    """Which of these keys are there."""
    return {row[0] for row in fetch(connection, select(key), key, keys)}


def add_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; those that are there stay as they are."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def remove(connection: Connection, key: Column[str], keys: set[str]) -> None:
    for some in chunks(keys):
        connection.execute(delete(key.table).where(key.in_(some)))

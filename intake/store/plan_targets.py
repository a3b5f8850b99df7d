"""What was entered towards the targets of the plan. Rows are only ever added; the database refuses anything else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.exc import IntegrityError

from db.engine import reading, writing
from intake.plan_targets import Entry, Evidence, Said, check, in_force
from intake.store.tables import plan_entries
from intake.worktime import SHANGHAI


class ChangedError(Exception):
    """The entry was corrected or taken back meanwhile, or there is none of that number. Look again."""


class PlanEntries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Entry]:
        """Every entry of every target, corrected and withdrawn ones too, in the order they were entered."""
        with reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(select(plan_entries).order_by(plan_entries.c.id))]

    def get(self, number: int) -> Entry | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(plan_entries).where(plan_entries.c.id == number)).first()
        return None if row is None else _entry(row)

    def add(self, said: Said, by: str, now: datetime, *, replaces: int | None = None) -> int:
        """Keep an entry, or the correction of one; its number. Raises EntryError, and ChangedError for a correction of
        what is not in force any more."""
        return self._keep(said, by, now, replaces, withdrawn=False)

    def withdraw(self, number: int, why: str, by: str, now: datetime) -> int:
        """Take an entry back, saying why. Raises ChangedError, EntryError."""
        entry = self.get(number)
        if entry is None:
            raise ChangedError
        said = entry.said
        taken = Said(said.target, said.name, said.number, said.whole, said.day, Evidence(why))
        return self._keep(taken, by, now, number, withdrawn=True)

    def _keep(self, said: Said, by: str, now: datetime, replaces: int | None, *, withdrawn: bool) -> int:
        try:
            with writing(self._engine) as connection:
                standing = in_force(_of_target(connection, said.target))
                if replaces is not None and replaces not in {entry.id for entry in standing}:
                    raise ChangedError
                others = [entry for entry in standing if entry.id != replaces]
                check(said, others, now.astimezone(SHANGHAI).date())
                row = _row(said, by, now, replaces, withdrawn=withdrawn)
                key = connection.execute(plan_entries.insert().values(row)).inserted_primary_key
        except IntegrityError as error:  # corrected by somebody else between the look and the line
            raise ChangedError from error
        assert key is not None  # noqa: S101  # the table has a primary key
        return int(key[0])


def _of_target(connection: Connection, target: str) -> list[Entry]:
    mine = select(plan_entries).where(plan_entries.c.target == target).order_by(plan_entries.c.id)
    return [_entry(row) for row in connection.execute(mine)]


def _row(said: Said, by: str, now: datetime, replaces: int | None, *, withdrawn: bool) -> dict[str, Any]:
    evidence = said.evidence
    return {
        "target": said.target, "name": said.name, "number": said.number, "whole": said.whole,
        "day": said.day.isoformat(), "evidence": evidence.words, "link": evidence.link,
        "file_digest": evidence.file_digest, "file_name": evidence.file_name, "file_size": evidence.file_size,
        "replaces": replaces, "withdrawn": withdrawn, "entered_by": by, "at": now,
    }  # fmt: skip


def _entry(row: Row[Any]) -> Entry:
    evidence = Evidence(row.evidence, row.link, row.file_digest, row.file_name, row.file_size)
    said = Said(row.target, row.name, row.number, row.whole, date.fromisoformat(row.day), evidence)
    return Entry(row.id, said, row.replaces, row.withdrawn, row.entered_by, row.at)

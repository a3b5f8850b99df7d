"""The history of the registers: who changed which row when, and what it said before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, desc, func, select

from db.engine import reading
from intake.store.tables import register_log


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the history. `before` is None where something is new, `after` where it is gone."""

    id: int
    at: datetime
    actor: str
    what: str
    key: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def fields(self) -> list[tuple[str, Any, Any]]:
        """What differs: field, before, after; None on a side where there was nothing."""
        old, new = self.before or {}, self.after or {}
        names = list(dict.fromkeys((*new, *old)))
        pairs = ((name, old.get(name), new.get(name)) for name in names)
        return [(name, before, after) for name, before, after in pairs if before != after]


class Changes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, *, what: str = "", actor: str = "", limit: int = 50, offset: int = 0) -> tuple[list[Change], int]:
        """The newest first, and how many there are in all."""
        wanted: list[ColumnElement[bool]] = []
        if what:
            wanted.append(register_log.c.what == what)
        if actor:
            wanted.append(register_log.c.actor == actor)
        newest = select(register_log).where(*wanted).order_by(desc(register_log.c.id)).limit(limit).offset(offset)
        with reading(self._engine) as connection:
            total = connection.scalar(select(func.count()).select_from(register_log).where(*wanted)) or 0
            return [Change(**row._mapping) for row in connection.execute(newest)], total

    def of(self, what: str, key: str, limit: int = 20) -> list[Change]:
        """The last changes of one row."""
        mine = (register_log.c.what == what) & (register_log.c.key == key)
        newest = select(register_log).where(mine).order_by(desc(register_log.c.id)).limit(limit)
        with reading(self._engine) as connection:
            return [Change(**row._mapping) for row in connection.execute(newest)]

    def kinds(self) -> list[str]:
        """What has a history."""
        with reading(self._engine) as connection:
            named = select(register_log.c.what).distinct().order_by(register_log.c.what)
            return list(connection.execute(named).scalars())

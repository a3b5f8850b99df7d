"""What was set in the console: the present value of each key, with the change in the history of the registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, update

from bot.console.tables import settings_rows
from db.engine import reading, writing
from db.rows import add_missing
from intake.cases import Actor
from intake.store import register_rows


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    value: Any
    updated_by: str
    at: datetime


class SettingsRows:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, key: str) -> Setting | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(settings_rows).where(settings_rows.c.key == key)).one_or_none()
        return None if row is None else Setting(**row._mapping)

    def put(
        self, key: str, value: Any, change: tuple[Mapping[str, Any], Mapping[str, Any]], actor: Actor, now: datetime,
        also: Callable[[], None],
    ) -> None:  # fmt: skip
        """Keep a value and log the change (before, after), and do `also` before it is committed: where that raises,
        nothing is kept."""
        before, after = change
        row = {"value": value, "updated_by": actor.id, "at": now}
        with writing(self._engine) as connection:
            add_missing(connection, settings_rows, [{"key": key, **row}])
            connection.execute(update(settings_rows).where(settings_rows.c.key == key).values(**row))
            register_rows.log(connection, key, key, before, after, actor, now)
            also()

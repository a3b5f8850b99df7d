"""Who has which case open just now (「×× 正在处理」): a note that is renewed while the page is open, and fades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select, update

from bot.console.tables import viewing
from db.engine import reading, writing
from db.rows import add_missing

FADES = timedelta(seconds=60)
_KEPT = timedelta(hours=1)


class Viewing:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, case: str, staff: str, now: datetime) -> None:
        """Note that somebody has the case (its id) open."""
        mine = (viewing.c.case == case) & (viewing.c.staff == staff)
        with writing(self._engine) as connection:
            if connection.execute(update(viewing).where(mine).values(at=now)).rowcount == 0:
                connection.execute(delete(viewing).where(viewing.c.at < now - _KEPT))
                add_missing(connection, viewing, [{"case": case, "staff": staff, "at": now}])

    def leave(self, case: str, staff: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(viewing).where((viewing.c.case == case) & (viewing.c.staff == staff)))

    def present(self, now: datetime) -> Mapping[str, list[str]]:
        """Case → the staff who have it open, by account."""
        fresh = select(viewing).where(viewing.c.at > now - FADES).order_by(viewing.c.staff)
        found: dict[str, list[str]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(fresh):
                found.setdefault(row.case, []).append(row.staff)
        return found

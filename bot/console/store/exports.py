"""Who took what out of the house, and when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from bot.console.tables import exports
from db.engine import writing


def record_export(engine: Engine, staff: str, what: str, rows: int, now: datetime) -> None:
    """One line for one file that was taken; `what` names it, without a word of what stands in it."""
    with writing(engine) as connection:
        connection.execute(exports.insert().values(staff=staff, at=now, what=what, rows=rows))

"""Forgets what the console keeps for a while only: old lines of the journal of sign-ins, and who viewed what."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete

from bot.console.tables import sign_ins, viewing
from db.engine import writing

JOURNAL_LIFE = timedelta(days=365)
VIEWING_LIFE = timedelta(hours=1)


def forget_leftovers(engine: Engine, now: datetime) -> int:
    """How many rows went."""
    old = delete(sign_ins).where(sign_ins.c.at < now - JOURNAL_LIFE)
    gone = delete(viewing).where(viewing.c.at < now - VIEWING_LIFE)
    with writing(engine) as connection:
        return sum(connection.execute(statement).rowcount for statement in (old, gone))

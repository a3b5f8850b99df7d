"""Who changed how somebody signs in: lines in the history of the registers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from db.engine import writing
from intake.cases import Actor
from intake.store import register_rows


def note_access(engine: Engine, account: str, done: str, actor: Actor, now: datetime) -> None:
    """`done` is a word of `history.done.<done>`."""
    with writing(engine) as connection:
        register_rows.log(connection, "access", account, None, {"done": done}, actor, now)

"""Ready-made replies: texts that staff insert and then change. No personal value belongs into one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select, update

from bot.console.tables import templates
from db.engine import reading, writing


@dataclass(frozen=True, slots=True)
class ReplyTemplate:
    """`kind` is the kind of need it is for, "" for any."""

    id: int
    name: str
    kind: str
    body: str
    updated_by: str
    updated_at: datetime


class ReplyTemplates:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, kind: str | None = None) -> list[ReplyTemplate]:
        """By name; with a kind those that are for it or for any."""
        query = select(templates).order_by(templates.c.kind, templates.c.name, templates.c.id)
        if kind is not None:
            query = query.where(templates.c.kind.in_(("", kind)))
        with reading(self._engine) as connection:
            return [ReplyTemplate(**row._mapping) for row in connection.execute(query)]

    def get(self, template: int) -> ReplyTemplate | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(templates).where(templates.c.id == template)).first()
        return ReplyTemplate(**row._mapping) if row else None

    def keep(self, template: int | None, name: str, kind: str, body: str, by: str, now: datetime) -> None:
        values = {"name": name, "kind": kind, "body": body, "updated_by": by, "updated_at": now}
        with writing(self._engine) as connection:
            if template is None:
                connection.execute(templates.insert().values(**values))
            else:
                connection.execute(update(templates).where(templates.c.id == template).values(**values))

    def drop(self, template: int) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(templates).where(templates.c.id == template))
